"""Which automatically labelled sentences are sure enough to learn from. Start at `surest`."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from exonym.data import tags_of
from exonym.errors import DataError
from exonym.tag.decode import FLOOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.data import Corpus, Sentence

_NAMELESS = ""  # the class of the sentences without names; no type is called so


def confidence(sentence: Sentence, tags: Sequence[str]) -> float:
    """Say how sure a tagger is of all its labels of a sentence.

    It is the geometric mean, over the words, of the probability of the tag that the word was given: the mean log
    probability of the labels, so that long sentences are not punished for their length.

    Args:
        sentence: with the spans and probabilities of a tagger.
        tags: the K tags of the probabilities.

    Returns:
        A number in [0, 1]; 1 for a sentence without words.

    Raises:
        DataError: the sentence has no probabilities.
    """
    if sentence.probabilities is None:
        raise DataError(f"sentence {sentence.id!r}: found no label probabilities; expected those of a tagger")
    if not len(sentence):
        return 1.0
    place = {tag: column for column, tag in enumerate(tags)}
    path = [place[tag] for tag in tags_of(len(sentence), sentence.spans)]
    chosen = sentence.probabilities[np.arange(len(path)), path].astype(np.float64)
    return float(np.exp(np.log(np.maximum(chosen, FLOOR)).mean()))


def surest(corpus: Corpus, share: float, *, balanced: bool = False) -> Corpus:
    """Keep the sentences whose labels are surest, in their order.

    Sentences without names are as a rule the surest, so a small share would leave few names. With `balanced` the share
    is taken of each class of sentences apart: of those with a name of a type, for every type, and of those without
    names. A sentence with names of several types is kept if one of its classes keeps it.

    Args:
        corpus: sentences with the spans and probabilities of a tagger.
        share: how many to keep, in (0, 1]; rounded up, of each class if balanced.
        balanced: True takes the share of each class.

    Returns:
        The sentences kept; of equally sure ones the first.

    Raises:
        DataError: a sentence has no probabilities.
    """
    if share == 1:
        return corpus
    sure = [confidence(sentence, corpus.tags) for sentence in corpus]
    classes: dict[str, list[int]] = {}
    for number, sentence in enumerate(corpus):
        labels = {span.label for span in sentence.spans} or {_NAMELESS}
        for label in sorted(labels) if balanced else [_NAMELESS]:
            classes.setdefault(label, []).append(number)
    kept = set()
    for members in classes.values():
        ranked = sorted(members, key=lambda number: -sure[number])
        kept.update(ranked[: ceil(share * len(members))])
    return replace(corpus, sentences=tuple(corpus[number] for number in sorted(kept)))
