"""What a source tagger says of a translation, carried over word links onto the words of the text that was translated.

Spans need a matcher, which says where each of them stands (`exonym.project`); distributions are carried word by word,
and are only decoded once they are averaged with those of others. Start at `carried`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exonym.data import OUTSIDE, split_tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from exonym.data import Links, Sentence


def carried(tagged: Sentence, links: Links, words: int, tags: Sequence[str]) -> NDArray[np.float32]:
    """Carry the label probabilities of a source sentence over word links.

    A target word gets the mean of what is said of the source words that it is linked to, by the weights of the links.
    `B-X` and `I-X` change places where a word has another part in a name than its partner: in the source sentence the
    first word of a decoded span begins the name; here the first of neighbouring words that are linked to that span.
    A word without links gets a row of zeros, which is to say nothing: a mean is then that of the others.

    Args:
        tagged: source sentence with probabilities and the spans decoded from them.
        links: between it and its translation, the target sentence.
        words: T, of the target sentence.
        tags: the K tags of the probabilities, IOB2, `O` first.

    Returns:
        Shape (T, K); each row sums to one, or is zero.
    """
    rows = np.zeros((words, len(tags)))
    if tagged.probabilities is None:
        return rows.astype(np.float32)
    turned = _turned(tags)
    name = {word: number for number, span in enumerate(tagged.spans) for word in range(span.start, span.stop)}
    first = {span.start for span in tagged.spans}
    reached = {(target, name[source]) for source, target, _ in links if source in name}
    for source, target, weight in links:
        row = tagged.probabilities[source].astype(np.float64)
        if source in name and (source in first) == ((target - 1, name[source]) in reached):
            row = row[turned]
        rows[target] += weight * row
    total = rows.sum(axis=1, keepdims=True)
    np.divide(rows, total, out=rows, where=total > 0)
    return rows.astype(np.float32)


def _turned(tags: Sequence[str]) -> list[int]:
    """Return for each tag the column of its other half: of `I-X` for `B-X`, of `B-X` for `I-X`, its own for `O`."""
    place = {split_tag(tag): column for column, tag in enumerate(tags)}
    other = {"B": "I", "I": "B", OUTSIDE: OUTSIDE}
    return [place[other[prefix], label] for prefix, label in map(split_tag, tags)]
