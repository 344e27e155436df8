"""How well translations find each other: precision at one in both directions, and what chance would give.

Knows vectors and pairs, and no model but through `word_vectors`. Start at `retrieval`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from exonym.errors import DataError
from exonym.transfer.word_pairs import WordPair

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from exonym.data import Ledger

_BLOCK = 1024  # words that are compared at once with all of the other side


@dataclass(frozen=True, kw_only=True)
class Retrieval:
    """How well the words of pairs find their translations by the cosine of their vectors.

    Attributes:
        layer: whose vectors they are; 0 is the embeddings.
        pairs: how many.
        to_target: P@1: share of the distinct source words whose most similar target word is a translation of theirs.
        to_source: the same the other way.
        chance: mean of what both would be on average if partners were given out at random.
        similarity: mean cosine of the pairs.
        random_similarity: mean cosine of all other combinations of a source and a target word.
    """

    layer: int
    pairs: int
    to_target: float
    to_source: float
    chance: float
    similarity: float
    random_similarity: float

    @property
    def mean(self) -> float:
        """The mean of both directions."""
        return (self.to_target + self.to_source) / 2

    @property
    def gap(self) -> float:
        """By how much pairs are more alike than other combinations: if all words grow alike, it does not grow."""
        return self.similarity - self.random_similarity


def retrieval(
    model: str | Path, pairs: Sequence[WordPair], *, hub: bool = False, ledger: Ledger | None = None
) -> tuple[Retrieval, ...]:
    """Measure an encoder at every layer on pairs of words, each read by itself.

    A vector is the mean of the subwords of a word, without special subwords. Pairs with the same word on both sides
    are left out: they would be found by any encoder.

    Args:
        model: a folder with an encoder, or a name on the Hugging Face hub.
        pairs: the pairs; a word may have several translations.
        hub: allow a download.
        ledger: where pairs that are left out are counted.

    Returns:
        A measurement for each layer, the embeddings first.

    Raises:
        DataError: there is no such model, or no pair can be used.
        MissingExtra: PyTorch or Transformers is not installed.

    Source:
        Ngugi 2025, "Targeted Lexical Injection", whose code reports the mean cosine of pairs at one layer
        and no negatives, so that a rise of all similarities would look the same; retrieval and the gap tell them apart.
    """
    from exonym.transfer.word_vectors import WordEncoder

    return WordEncoder.open(str(model), hub=hub).measured(pairs, ledger)


def measured(
    layer: int, source: NDArray[np.floating], target: NDArray[np.floating], links: Sequence[tuple[int, int]]
) -> Retrieval:
    """Measure retrieval between the vectors of distinct words.

    Args:
        layer: for the result.
        source: of the source words, shape (S, D).
        target: of the target words, shape (T, D).
        links: which source word and which target word are translations, at least one for each word.

    Raises:
        DataError: there is no pair.
    """
    if not links:
        raise DataError("retrieval: found no pair that can be compared; expected pairs of different words.")
    one, other = _unit(source), _unit(target)
    known = set(links)
    to_target = np.mean([(i, j) in known for i, j in enumerate(_nearest(one, other))])
    to_source = np.mean([(i, j) in known for j, i in enumerate(_nearest(other, one))])
    rows, columns = (np.array(side) for side in zip(*sorted(known), strict=True))
    of_pairs = float((one[rows] * other[columns]).sum())
    rest = len(one) * len(other) - len(known)
    of_all = float(one.sum(axis=0) @ other.sum(axis=0))
    # The mean over source words of (partners / T) is pairs / (S T); the other way round it is the same.
    return Retrieval(
        layer=layer,
        pairs=len(known),
        to_target=float(to_target),
        to_source=float(to_source),
        chance=len(known) / (len(one) * len(other)),
        similarity=of_pairs / len(known),
        random_similarity=(of_all - of_pairs) / rest if rest else 0.0,
    )


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    rows = np.asarray(vectors, dtype=np.float64)
    unit: NDArray[np.float64] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit


def _nearest(queries: NDArray[np.float64], candidates: NDArray[np.float64]) -> list[int]:
    blocks = (queries[at : at + _BLOCK] for at in range(0, len(queries), _BLOCK))
    return [int(place) for block in blocks for place in (block @ candidates.T).argmax(axis=1)]
