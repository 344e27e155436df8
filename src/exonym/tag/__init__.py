"""Taggers: from labelled sentences to label probabilities of words, and the one decoder from those to spans.

`train_light` makes the built-in tagger, `train_neural` one with PyTorch, `load_tagger` reads any tagger from disk,
`label` puts a tagger's spans on a corpus. A tagger sees words, never subwords, on both sides of its interface. Start at
`Tagger`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from exonym.data import Corpus
from exonym.errors import DataError
from exonym.tag.decode import decode, decode_spans
from exonym.tag.folder import read_about
from exonym.tag.light import LightOptions, LightTagger, train_light
from exonym.tag.neural import (
    HashedEncoder,
    NeuralOptions,
    Objective,
    TransformerEncoder,
    load_checkpoint,
    load_neural,
    train_neural,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from exonym.data import Sentence

__all__ = [
    "HashedEncoder",
    "LightOptions",
    "LightTagger",
    "NeuralOptions",
    "Objective",
    "Tagger",
    "TransformerEncoder",
    "decode",
    "decode_spans",
    "label",
    "load_checkpoint",
    "load_tagger",
    "train_light",
    "train_neural",
]


@runtime_checkable
class Tagger(Protocol):
    """Something trained that gives label probabilities for words.

    Each kind has a frozen options class, a function `train_<kind>(corpus, options, progress)` that returns the trained
    tagger, and a class method `load(folder)`.
    """

    @property
    def tags(self) -> tuple[str, ...]:
        """The K tags, IOB2, `O` first, as `exonym.data.tag_set` makes them."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of all that the probabilities depend on."""
        ...

    def predict(self, corpus: Iterable[Sentence]) -> Iterator[NDArray[np.float32]]:
        """Yield for each sentence its label probabilities, shape (T, K), rows sum to one."""
        ...

    def save(self, folder: str | Path) -> None:
        """Write the tagger as a folder."""
        ...


def label(tagger: Tagger, corpus: Corpus) -> Corpus:
    """Put the spans that a tagger finds on the sentences of a corpus.

    Args:
        tagger: the tagger.
        corpus: the sentences; spans on them are replaced and not looked at.

    Returns:
        The same sentences with spans, their scores (see `decode_spans`) and the probabilities of every tag.
    """
    sentences = tuple(
        replace(sentence, spans=decode_spans(probabilities, tagger.tags), probabilities=probabilities, lost=())
        for sentence, probabilities in zip(corpus, tagger.predict(corpus), strict=True)
    )
    return replace(corpus, sentences=sentences, tags=tagger.tags)


def load_tagger(folder: str | Path) -> Tagger:
    """Read a tagger of any kind that `save` wrote.

    Raises:
        DataError: there is none, it is damaged, or its kind is unknown.
        MissingExtra: it is a neural tagger, and PyTorch is not installed.
    """
    kind = read_about(Path(folder))["kind"]
    if kind == "neural":
        return load_neural(folder)
    if kind != "light":
        raise DataError(f"{folder}: found a tagger of kind {kind!r}; expected 'light' or 'neural'. Update exonym.")
    return LightTagger.load(folder)
