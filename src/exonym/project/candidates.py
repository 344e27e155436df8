"""Target candidates for source spans, and what word links say of them.

A candidate is a half-open range of target words. Where only links count, only ranges whose first and last word are
linked to the source span are made: see `candidates_of` for why no optimum is lost. Other evidence is in
`exonym.project.evidence`.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate, combinations_with_replacement
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from exonym.data import Links, Span
    from exonym.project.options import Score

Range = tuple[int, int]


class Candidate(NamedTuple):
    """A scored target range `[start, stop)` for one source span.

    Attributes:
        start: its first word.
        stop: one past its last word.
        score: what matching goes by, > 0 for candidates that are matched: the weighted mean of what follows.
        alignment: what the word links say, >= 0.
        tagger: what a tagger of the target language says, >= 0; 0 where it is not asked.
        translation: how well the two translate each other, in [0, 1]; 0 where that is not asked.
    """

    start: int
    stop: int
    score: float
    alignment: float = 0.0
    tagger: float = 0.0
    translation: float = 0.0


def links_of(spans: Sequence[Span], links: Links) -> list[list[tuple[int, int, float]]]:
    """Return for each source span its links, as (source word, target word, weight)."""
    source, target, weight = links.source.tolist(), links.target.tolist(), links.weight.tolist()
    found = []
    for span in spans:  # links are sorted by source word
        first, last = bisect_left(source, span.start), bisect_left(source, span.stop)
        found.append(list(zip(source[first:last], target[first:last], weight[first:last], strict=True)))
    return found


@dataclass(frozen=True, slots=True)
class Votes:
    """What the links of one source span say of every target range.

    Attributes:
        size: number of words of the source span, or what stands for it.
        words: the target words that it is linked to, sorted.
        sums: `sums[a][b - a]` is what the links between the span and `words[a]` to `words[b]` count together.
        lengths: for each place of the target sentence, how much the words before it count; None if each counts 1.
    """

    size: float
    words: list[int]
    sums: list[list[float]]
    lengths: list[float] | None = None

    def length(self, start: int, stop: int) -> float:
        """Return how much the words of the target range `[start, stop)` count together."""
        return stop - start if self.lengths is None else self.lengths[stop] - self.lengths[start]

    def score(self, start: int, stop: int) -> float:
        """Return the score of the target range `[start, stop)`."""
        first, last = bisect_left(self.words, start), bisect_left(self.words, stop)
        return self.sums[first][last - first - 1] / (self.size + self.length(start, stop)) if last > first else 0.0


def votes_of(size: int, links: Iterable[tuple[int, int, float]], score: Score = "soft", power: float = 1.0) -> Votes:
    """Count the links of a source span.

    The score of a target range q for a source span p is one of

    - `soft`: `2 a / (|p| + |q|)`, where a is the sum of the weights, to the power of `power`, of the links between p
      and q. Weights of an aligner sum to at most 1 per word and direction, which keeps it in [0, 1];
    - `pairs`: the same with a the number of the links. It passes 1 where a word has several;
    - `words`: `(u + v) / (|p| + |q|)`, where u words of p are linked to q and v words of q to p; in [0, 1].

    Args:
        size: number of words of the source span.
        links: its links, as from `links_of`.
        score: how they count.
        power: `soft`: exponent of the weights, > 0.

    Source:
        `pairs`: Politov et al. 2025, released code. `words` is the Dice coefficient that it is often taken for; `soft`
        is ours. For links of weight 1, one for each word, the three are the same.
    """
    if score == "words":
        return _votes_of_words(size, links)
    if score == "pairs" or power != 1.0:
        links = [(source, target, 1.0 if score == "pairs" else weight**power) for source, target, weight in links]
    mass: dict[int, float] = {}
    for _, target, weight in links:
        mass[target] = mass.get(target, 0.0) + weight
    words = sorted(mass)
    masses = [2.0 * mass[word] for word in words]
    return Votes(size, words, [list(accumulate(masses[first:])) for first in range(len(words))])


def _votes_of_words(size: int, links: Iterable[tuple[int, int, float]]) -> Votes:
    linked: dict[int, set[int]] = {}
    for source, target, _ in links:
        linked.setdefault(target, set()).add(source)
    words = sorted(linked)
    sums: list[list[float]] = []
    for first in range(len(words)):
        seen: set[int] = set()
        row: list[float] = []
        for count, word in enumerate(words[first:], start=1):
            seen |= linked[word]
            row.append(float(count + len(seen)))
        sums.append(row)
    return Votes(size, words, sums)


def candidates_of(votes: Votes, threshold: float = 0.0) -> list[Candidate]:
    """Score the target ranges that a source span may be projected to, by its links alone.

    Two kinds of ranges are not made, since an optimum without them always exists, whatever the score and the limit. A
    range whose first or last word is not linked to the span: without that word it scores more and leaves a word to
    others. And a range that holds another one that scores at least as much, for the same reason.

    Args:
        votes: what the links of the span say.
        threshold: candidates that score less are left out.

    Returns:
        Candidates by start, then stop.

    Source:
        Politov et al. 2025, candidate matching over n-grams; what is left out is ours.
    """
    size, words = votes.size, votes.words
    found: list[Candidate] = []
    inside = [0.0] * len(words)  # inside[k]: the best score of a range from here on that ends at or before words[k]
    for first in range(len(words) - 1, -1, -1):
        start, best = words[first], 0.0
        for last, total in enumerate(votes.sums[first], start=first):
            stop = words[last] + 1
            score = total / (size + votes.length(start, stop))
            if inside[last] > best:
                best = inside[last]
            if score > best:
                best = score
                if score >= threshold:
                    found.append(Candidate(start, stop, score, score))
            inside[last] = best
    return sorted(found)


def undominated(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Leave out every candidate that holds another one that scores at least as much.

    An optimum is left: the inner one may always stand in for the outer one. Holds for any score.
    """
    rows: dict[int, dict[int, Candidate]] = {}
    for candidate in sorted(candidates):  # of two with the same range, the better one
        rows.setdefault(candidate.start, {})[candidate.stop] = candidate
    inside = dict.fromkeys(sorted({stop for row in rows.values() for stop in row}), 0.0)  # as in `candidates_of`
    found: list[Candidate] = []
    for start in sorted(rows, reverse=True):
        best = 0.0
        for stop, score in inside.items():
            best = max(best, score)
            own = rows[start].get(stop)
            if own is not None and own.score > best:
                best = own.score
                found.append(own)
            inside[stop] = best
    return sorted(found)


def linked_ranges(votes: Votes) -> list[Range]:
    """Return every target range whose first and last word are linked to the source span."""
    return [(first, last + 1) for first, last in combinations_with_replacement(votes.words, 2)]


def ngrams(words: Sequence[str], max_words: int = 0, stop: Collection[str] = ()) -> list[Range]:
    """Return every range of at most `max_words` words (0: any number) that holds none of the `stop` words.

    Source:
        Politov et al. 2025, n-gram candidates, where the words left out are "!" and "?" and the limit is the sentence.
    """
    found: list[Range] = []
    most = max_words or len(words)
    for first in range(len(words)):
        for last in range(first, min(first + most, len(words))):
            if words[last] in stop:
                break
            found.append((first, last + 1))
    return found
