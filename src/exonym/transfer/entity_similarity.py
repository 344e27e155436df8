"""The similarity teacher of `mtmt`: a network in whose vectors words of one entity type are alike.

It is trained like a tagger and is none: it has no labels to give. PyTorch is imported where it is used. Start at
`learn_entity_similarity`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from exonym.tag.neural import NeuralOptions, check_installed, load_neural

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from exonym.data import Corpus, Sentence
    from exonym.tag.neural.tagger import NeuralTagger


@dataclass(frozen=True, eq=False)
class EntitySimilarity:
    """A similarity teacher, made by `learn_entity_similarity` or `EntitySimilarity.load`.

    Attributes:
        network: the encoder, as part of a tagger whose scores of tags were not trained.
    """

    network: NeuralTagger

    @property
    def fingerprint(self) -> str:
        """Hash of all that the vectors depend on."""
        return self.network.fingerprint

    def vectors(self, corpus: Iterable[Sentence]) -> tuple[NDArray[np.float32], ...]:
        """Return for each sentence the vectors of its words, shape (T, D); their cosines are the similarities."""
        return tuple(self.network.vectors(corpus))

    def save(self, folder: str | Path) -> None:
        """Write it as a folder, in the form of a neural tagger."""
        self.network.save(folder)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what `save` wrote.

        Raises:
            DataError: it is missing or damaged.
        """
        return cls(load_neural(folder))


def learn_entity_similarity(
    source: Corpus, options: NeuralOptions, *, balanced: bool = True, seed: int = 1
) -> EntitySimilarity:
    """Train a similarity teacher on labelled sentences: which two words of a batch are of one entity type.

    Every word is paired with another of its batch in every epoch, and the last epoch is kept.

    Args:
        source: labelled sentences; `O` is a type too, and `B-X` and `I-X` are one.
        options: its encoder and how it is trained; it has no CRF.
        balanced: pairs of one type and of two are equally likely, and each type counts as much as the others.
        seed: the same seed gives the same bytes.

    Raises:
        DataError: there is no labelled span.
        MissingExtra: PyTorch is not installed.

    Source:
        Li et al. 2022 (ACL), the entity similarity evaluator: BCE of sigmoid(cos) of the vectors of two words. Their
        code takes words for alike if their tags are equal, so that `B-PER` and `I-PER` are not, which is not what the
        paper says; draws up to 500,000 pairs before training, and runs the encoder twice for each pair, without an
        attention mask; and keeps the checkpoint that is best on target dev labels. Ours pairs the words of a batch,
        which costs one run for as many pairs as it has words.
    """
    check_installed()
    from exonym.data import tag_set
    from exonym.tag.neural.entity_similarity import LearnTypes, types_of
    from exonym.tag.neural.learning import Side, train

    side = Side(LearnTypes(types_of(tag_set(source.labels)), balanced))
    return EntitySimilarity(train(source, replace(options, crf=False), seed=seed, side=side))
