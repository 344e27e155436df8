"""Several taggers as one: the weighted average of their distributions. Start at `Ensemble`."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from exonym.data import OUTSIDE, Corpus
from exonym.errors import DataError, RecipeError
from exonym.tag.decode import decode_spans
from exonym.tag.folder import read_about, whole_tagger
from exonym.tag.relabel import reconcile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from exonym.data import Sentence
    from exonym.tag import Tagger

_CLOSE = 1e-6  # weights whose sum is farther from one than rounding can bring it are a mistake


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The weighted average of several taggers.

    Attributes:
        taggers: E taggers over the same tags.
        weights: their weights, >= 0, sum one; one of weight 0 is not asked.

    Source:
        Wu et al. 2020, section 3.2, the average of teachers.
    """

    taggers: tuple[Tagger, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        check_weights(self.weights, len(self.taggers))
        sets = sorted({tuple(tagger.tags) for tagger in self.taggers})
        if len(sets) > 1:
            shown = "; ".join(", ".join(tags) for tags in sets)
            raise DataError(f"ensemble: found the tag sets {shown}; expected one. Reconcile them with `relabelled`.")

    @property
    def tags(self) -> tuple[str, ...]:
        """The K tags of the taggers."""
        return self.taggers[0].tags

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the taggers and their weights."""
        parts = json.dumps([[tagger.fingerprint for tagger in self.taggers], self.weights])
        return blake2b(parts.encode(), digest_size=16).hexdigest()

    def predict(self, corpus: Iterable[Sentence]) -> Iterator[NDArray[np.float32]]:
        """Yield for each sentence the average of the label probabilities, shape (T, K), rows sum to one."""
        asked = [(tagger, weight) for tagger, weight in zip(self.taggers, self.weights, strict=True) if weight]
        streams = [tagger.predict(stream) for (tagger, _), stream in zip(asked, tee(corpus, len(asked)), strict=True)]
        weights = [weight for _, weight in asked]
        for rows in zip(*streams, strict=True):
            yield average(rows, weights)

    def save(self, folder: str | Path) -> None:
        """Write the tagger as a folder, with each of its taggers in a folder of its own, numbered from 1."""
        about = {"kind": "ensemble", "tags": list(self.tags), "weights": list(self.weights)}
        with whole_tagger(Path(folder), about) as fresh:
            for number, tagger in enumerate(self.taggers, start=1):
                tagger.save(fresh / str(number))

    @classmethod
    def load(cls, folder: Path, load: Callable[[Path], Tagger]) -> Ensemble:
        """Read what `save` wrote; `load` reads each of the taggers.

        Raises:
            DataError: a part is missing or damaged.
        """
        weights = tuple(read_about(folder, "ensemble", {"weights"})["weights"])
        return cls(tuple(load(folder / str(number)) for number in range(1, len(weights) + 1)), weights)


def check_weights(weights: Sequence[float], number: int) -> None:
    """Refuse weights of teachers that are no average.

    Raises:
        RecipeError: there are not as many as teachers, one is negative, or they do not sum to one.
    """
    if len(weights) != number or not number:
        raise RecipeError(f"weights: found {len(weights)} for {number} teachers; expected one for each.")
    if not all(weight >= 0 for weight in weights) or not abs(sum(weights) - 1) < _CLOSE:
        shown = ", ".join(f"{weight:g}" for weight in weights)
        raise RecipeError(f"weights: found {shown}; expected numbers >= 0 that sum to one.")


def average(rows: Sequence[NDArray[np.float32]], weights: Sequence[float]) -> NDArray[np.float32]:
    """Average E arrays (T, K) by weights that sum to one; equal arrays, or one-hot weights, give the same array.

    A row of zeros says nothing of its word: the average is that of the other arrays, and zero if there are none.
    """
    total = np.zeros(rows[0].shape)
    heard = np.zeros((len(total), 1))
    for row, weight in zip(rows, weights, strict=True):
        total += weight * row.astype(np.float64)
        heard += weight * row.any(axis=1, keepdims=True)
    silent = ~np.all([row.any(axis=1, keepdims=True) for row in rows], axis=0) & (heard > 0)
    np.divide(total, heard, out=total, where=silent)
    return total.astype(np.float32)


def mix(parts: Sequence[Corpus], weights: ArrayLike, tags: Sequence[str]) -> Corpus:
    """Average what several teachers say of the same sentences, and decode it.

    A word of which no teacher says anything, by a row of zeros, is `O`.

    Args:
        parts: for each of E teachers the sentences with its probabilities; its tags may be others than `tags`.
        weights: of the teachers, shape (E,), or of the teachers for each sentence, shape (sentences, E); >= 0, sum one.
        tags: the K tags wanted.

    Returns:
        The sentences with the mixture as probabilities, and its spans.

    Raises:
        DataError: the parts are not of the same sentences, or the weights have another shape.

    Source:
        Wu et al. 2020, section 3.2, there with one weight for each source language; their code also has one for each
        sentence.
    """
    matrix = np.asarray(weights, dtype=np.float64)
    matrix = np.broadcast_to(matrix, (len(parts[0]), len(parts))) if matrix.ndim == 1 else matrix
    if matrix.shape != (len(parts[0]), len(parts)):
        expected = f"({len(parts[0])}, {len(parts)}), the sentences and the teachers"
        raise DataError(f"found weights of shape {matrix.shape}; expected {expected}")
    columns = [None if part.tags == tuple(tags) else reconcile(part.tags, tags).matrix for part in parts]
    sentences = []
    for own, *same in zip(matrix.tolist(), *parts, strict=True):
        if any(sentence.words != same[0].words for sentence in same):
            raise DataError(f"sentence {same[0].id!r}: found other words with another teacher; expected the same text")
        rows = [_columns(sentence, column) for sentence, column in zip(same, columns, strict=True)]
        mixed = average(rows, own)
        mixed[~mixed.any(axis=1), tags.index(OUTSIDE)] = 1
        sentences.append(replace(same[0], spans=decode_spans(mixed, tags), probabilities=mixed))
    return Corpus(tuple(sentences), parts[0].name, tuple(tags))


def _columns(sentence: Sentence, matrix: NDArray[np.float64] | None) -> NDArray[Any]:
    if sentence.probabilities is None:
        raise DataError(f"sentence {sentence.id!r}: found no label probabilities; expected those of a teacher")
    return sentence.probabilities if matrix is None else sentence.probabilities.astype(np.float64) @ matrix
