"""What several taggers say of a text as one opinion, and what a text as a whole says of its words.

A name that a tagger misses in one sentence it often finds in another: `pooled` lets the occurrences of a word in a text
speak to each other. `geometric` multiplies opinions where `exonym.tag.mix` adds them. Start at `pooled`.
"""

from __future__ import annotations

from dataclasses import replace
from math import log
from typing import TYPE_CHECKING

import numpy as np

from exonym.data import nfc
from exonym.errors import DataError
from exonym.tag.decode import decode_spans
from exonym.tag.relabel import reconcile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from exonym.data import Corpus

SMOOTHING = 1e-6  # added to probabilities, since 0 has no logarithm
FEW = 3  # of a word that occurs so often the text says half as much as of one that is everywhere


def geometric(
    parts: Sequence[NDArray[np.float64]], weights: Sequence[float], outside: float = 1.0
) -> NDArray[np.float64]:
    """Multiply what E taggers say of words: p(k) is proportional to prod_e (p_e(k) + 1e-6) ^ w_e.

    Args:
        parts: of each tagger its label probabilities, shape (N, K), `O` first.
        weights: of the taggers, shape (E,), >= 0, sum one.
        outside: the product for `O` is multiplied by this, > 0; below 1 a word is more readily taken for a name.

    Returns:
        Shape (N, K), rows sum to one.

    Source:
        The logarithmic opinion pool, see Genest and Zidek 1986; of taggers, Smith, Cohn and Osborne 2005. The factor on
        `O` is ours.
    """
    scores = np.zeros(parts[0].shape)
    for part, weight in zip(parts, weights, strict=True):
        scores += weight * np.log(part + SMOOTHING)
    scores[:, 0] += log(outside)
    return _distributions(scores)


def pooled(
    parts: Sequence[Corpus], weights: Sequence[float], tags: Sequence[str], *, outside: float, strength: float
) -> Corpus:
    """Multiply what taggers say of a text, let the occurrences of each word agree, and decode that.

    With q_t what `geometric` makes of the taggers for word t, n the occurrences of the word in the text and m the mean
    of q over them, the result is proportional to q_t ^ (1 - a) * m ^ a, where a = strength * n / (n + 3): the more
    often a word is there, the more all its occurrences say of each.

    Args:
        parts: for each of E taggers the same sentences with its probabilities. Types that are not in `tags` count as
            `O`; one that a tagger lacks is hardly found, since its product with 0 is next to nothing.
        weights: of the taggers, >= 0, sum one.
        tags: the K tags wanted, `O` first.
        outside: as in `geometric`.
        strength: how much a word's other occurrences count, in [0, 1]; 0 leaves every sentence alone.

    Returns:
        The sentences with these probabilities and the spans decoded from them. Words are compared in NFC, with case.

    Raises:
        DataError: there is no part, one has no probabilities, or their sentences differ.

    Source:
        Ours. Near it: Subramanya, Petrov and Pereira 2010, who average posteriors over the occurrences of an n-gram,
        smooth them over a graph and mix them back in before decoding and training again; here the n-gram is the word,
        and there is no graph.
    """
    rows = [_rows(part, tags) for part in parts]
    text = parts[0] if parts else None
    if text is None or any([one.words for one in part] != [one.words for one in text] for part in parts[1:]):
        raise DataError("found no text, or another one with another tagger; expected one text that all have tagged")
    mixed = geometric(rows, weights, outside)
    if strength and len(mixed):
        mixed = _shared([nfc(word) for sentence in text for word in sentence.words], mixed, strength)
    stops = np.cumsum([len(sentence) for sentence in text], dtype=np.int64)
    found = np.split(mixed.astype(np.float32), stops)[: len(text)]
    return replace(
        text,
        sentences=tuple(
            replace(sentence, spans=decode_spans(own, tags), probabilities=own)
            for sentence, own in zip(text, found, strict=True)
        ),
        tags=tuple(tags),
    )


def _shared(words: Sequence[str], rows: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
    """Mix into the row of each word the mean row of its type, shape (N, K)."""
    place: dict[str, int] = {}
    types = np.array([place.setdefault(word, len(place)) for word in words])
    often = np.bincount(types)
    sums = np.stack([np.bincount(types, column) for column in rows.T], axis=1)
    share = (strength * often / (often + FEW))[types, None]
    means = (sums / often[:, None])[types]
    return _distributions((1 - share) * np.log(rows + SMOOTHING) + share * np.log(means + SMOOTHING))


def _distributions(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return found


def _rows(part: Corpus, tags: Sequence[str]) -> NDArray[np.float64]:
    """Return the probabilities of all words of a text over the tags wanted, shape (N, K)."""
    rows = [sentence.probabilities for sentence in part if sentence.probabilities is not None]
    if len(rows) != len(part):
        raise DataError(f"{part.name}: found sentences without label probabilities; expected those of a tagger")
    if not rows:
        return np.zeros((0, len(tags)))
    found: NDArray[np.float64] = np.concatenate(rows).astype(np.float64)
    return found if part.tags == tuple(tags) else found @ reconcile(part.tags, tags).matrix
