"""Taggers: from labelled sentences to label probabilities of words, and the one decoder from those to spans.

`train_light` makes the built-in tagger, `train_neural` one with PyTorch, `load_tagger` reads any tagger from disk,
`label` puts a tagger's spans on a corpus. Taggers are put together by `Ensemble`, given other labels by `relabelled`,
and written down for a text by `write_soft_labels`. A tagger sees words, never subwords, on both sides of its interface.
Start at `Tagger`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from exonym.data import Corpus, Ledger
from exonym.errors import DataError
from exonym.tag.chance import ChanceTagger
from exonym.tag.decode import decode, decode_spans
from exonym.tag.ensemble import Ensemble, mix
from exonym.tag.folder import kind_of
from exonym.tag.light import LightOptions, LightTagger, train_light
from exonym.tag.neural import (
    HashedEncoder,
    NeuralOptions,
    Objective,
    Sharing,
    TransformerEncoder,
    load_checkpoint,
    load_neural,
    train_neural,
    train_shared,
)
from exonym.tag.relabel import Relabelled, relabelled
from exonym.tag.soft import SoftLabels, write_soft_labels
from exonym.tag.spacy_pipeline import SpacyTagger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from exonym.data import Sentence

__all__ = [
    "KINDS",
    "ChanceTagger",
    "Ensemble",
    "HashedEncoder",
    "LightOptions",
    "LightTagger",
    "NeuralOptions",
    "Objective",
    "Relabelled",
    "Sharing",
    "SoftLabels",
    "SpacyTagger",
    "Tagger",
    "TransformerEncoder",
    "decode",
    "decode_spans",
    "events",
    "label",
    "load_checkpoint",
    "load_tagger",
    "mix",
    "relabelled",
    "train",
    "train_light",
    "train_neural",
    "train_shared",
    "write_soft_labels",
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


def train(
    corpus: Corpus,
    options: LightOptions | NeuralOptions,
    *,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Tagger:
    """Train a tagger of the kind of its options on the spans of a corpus; see `train_light` and `train_neural`."""
    if isinstance(options, LightOptions):
        return train_light(corpus, options, progress)
    return train_neural(corpus, options, seed=seed, progress=progress)


def events(tagger: Tagger) -> Ledger:
    """Return what a tagger, and those inside it, had to change in the texts that they tagged so far."""
    own = Ledger(getattr(tagger, "ledger", {}))
    inner = getattr(tagger, "inner", None)
    for part in (*([inner] if inner is not None else []), *getattr(tagger, "taggers", ())):
        own.update(events(part))
    return own


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


# How a tagger of each kind is read from its folder, given the function that reads the taggers inside it.
KINDS: dict[str, Callable[[Path, Callable[[Path], Tagger]], Tagger]] = {
    "chance": lambda folder, _: ChanceTagger.load(folder),
    "light": lambda folder, _: LightTagger.load(folder),
    "neural": lambda folder, _: load_neural(folder),
    "checkpoint": lambda folder, _: load_checkpoint(folder),
    "spacy": lambda folder, _: SpacyTagger.load(folder),
    "soft_labels": lambda folder, _: SoftLabels.load(folder),
    "relabelled": Relabelled.load,
    "ensemble": Ensemble.load,
}


def load_tagger(
    folder: str | Path, others: Mapping[str, Callable[[Path, Callable[[Path], Tagger]], Tagger]] | None = None
) -> Tagger:
    """Read a tagger of any kind that `save` wrote, or a token classification checkpoint of Transformers.

    Args:
        folder: where it lies.
        others: kinds that are not of this package, such as those of `exonym.transfer`, as in `KINDS`.

    Raises:
        DataError: there is none, it is damaged, or its kind is unknown.
        MissingExtra: it is a neural tagger, and PyTorch is not installed.
    """
    kinds = KINDS | dict(others or {})

    def load(place: Path) -> Tagger:
        kind = kind_of(place)
        if kind not in kinds:
            known = ", ".join(map(repr, sorted(kinds)))
            raise DataError(f"{place}: found a tagger of kind {kind!r}; expected one of {known}. Update exonym.")
        return kinds[kind](place, load)

    return load(Path(folder))
