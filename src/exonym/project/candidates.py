"""Target candidates for source spans, scored by word links.

A candidate is a half-open range of target words. Only ranges whose first and last word are linked to the source span
are made: see `candidates_of` for why no optimum is lost.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.data import Links, Span


class Candidate(NamedTuple):
    """A scored target range `[start, stop)` for one source span; the score is > 0."""

    start: int
    stop: int
    score: float


def link_mass(spans: Sequence[Span], links: Links) -> list[dict[int, float]]:
    """Sum, for each source span and target word, the weights of the links between them.

    Args:
        spans: M disjoint source spans.
        links: the links of the sentence pair.

    Returns:
        M dictionaries from target word to summed weight, with linked words only.
    """
    found = []
    for rows in links_of(spans, links):
        mass: dict[int, float] = {}
        for _, target, weight in rows:
            mass[target] = mass.get(target, 0.0) + weight
        found.append(mass)
    return found


def links_of(spans: Sequence[Span], links: Links) -> list[list[tuple[int, int, float]]]:
    """Return for each source span its links, as (source word, target word, weight)."""
    source, target, weight = links.source.tolist(), links.target.tolist(), links.weight.tolist()
    found = []
    for span in spans:  # links are sorted by source word
        first, last = bisect_left(source, span.start), bisect_left(source, span.stop)
        found.append(list(zip(source[first:last], target[first:last], weight[first:last], strict=True)))
    return found


def candidates_of(mass: dict[int, float], source_length: int, threshold: float = 0.0) -> list[Candidate]:
    """Score the target ranges that a source span may be projected to.

    The score of a range q for a span p is `2 a(p, q) / (|p| + |q|)`, where a is the summed weight of the links between
    them. With links of weight 1 it is the published score, which passes 1 where a word has several links; with
    posterior weights, which sum to at most 1 per word and direction, it stays in [0, 1].

    Two kinds of ranges are not made, since an optimum without them always exists. A range whose first or last word is
    not linked to the span: without that word it scores more and leaves a word to others. And a range that holds another
    one that scores at least as much, for the same reason.

    Args:
        mass: target word -> summed link weight, as from `link_mass`.
        source_length: number of words of the source span.
        threshold: candidates that score less are left out.

    Returns:
        Candidates by start, then stop.

    Source:
        Politov et al. 2025, candidate matching over n-grams; the soft score and what is left out are ours.
    """
    words = sorted(mass)
    found: list[Candidate] = []
    inside = [0.0] * len(words)  # inside[k]: the best score of a range from here on that ends at or before words[k]
    for first in range(len(words) - 1, -1, -1):
        start, total, best = words[first], 0.0, 0.0
        for last in range(first, len(words)):
            word = words[last]
            total += mass[word]
            score = 2.0 * total / (source_length + word + 1 - start)
            best = max(best, inside[last])
            if score > best:
                best = score
                if score >= threshold:
                    found.append(Candidate(start, word + 1, score))
            inside[last] = best
    return sorted(found)
