"""How likely a target word is to belong to the translation of a source span, and the score that follows from it.

Word links alone leave a span's edges open: articles, verbs beside a name that nothing else explains, one English word
that is two or three abroad. What else tells is the same in all languages once it is measured in the text itself: how
frequent a word is, which words it is met with, and whether capitals mark names there. A logistic model puts that
together, word by word, with one set of weights for all languages. Start at `Background` and `beliefs_of`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, islice, pairwise
from math import exp, log, log10
from operator import mul
from typing import TYPE_CHECKING

from exonym.data import fold
from exonym.project.candidates import Votes
from exonym.project.together import Notes, Together

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from exonym.data import Links, Pair, Span

FEATURES = (
    "bias",
    "link",  # weight of its links with the span, at most 1
    "relative",  # the same as a share of the best linked word's
    "elsewhere",  # weight of its links with words outside the span, at most 1
    "lower",  # it has no capital, though the span's words have and capitals tell names here
    "capital",  # it has one, the span's words have, and capitals tell names here
    "frequent",  # 1 - its information
    "together",  # how surely it belongs to the span's words by the company it keeps, if its links do not say so
)
WEIGHTS = (-3.68, 3.98, 3.02, -1.90, -0.39, 1.84, -1.88, 3.02)

_LEAST = 0.03  # words whose links with the span weigh less do not count
_FAINT = 0.4  # where all links of a span weigh less, none is made much of
_SURE = 0.5  # links that tell whether names are capitalised; words that belong for sure
_SURELY = 0.9  # a word that is linked so surely needs nothing else
_INFORMATIVE = 3.0  # a word that is one in 10^3 words, or rarer, counts in full
_MOST = 20_000  # pairs that a background is learnt from


@dataclass(frozen=True)
class Background:
    """What a whole text tells of its words.

    Attributes:
        lower: how telling it is, in [0, 1], that a word has no capital where the source has one; 0 in a script without.
        capital: how telling it is that a word has one.
        information: target word -> how much it counts, in (0, 1]; a word that is not there counts 1.
        together: which words keep which company.
    """

    lower: float = 0.0
    capital: float = 0.0
    information: Mapping[str, float] = field(default_factory=dict)
    together: Together = field(default_factory=Together)

    @classmethod
    def learn(cls, pairs: Iterable[Pair], links: Iterable[Links], most: int = _MOST) -> Background:
        """Count the words and the capitals of a text.

        Args:
            pairs: sentence pairs.
            links: the links of each. One that points outside its pair is passed over: projection refuses it.
            most: so many pairs at the beginning are counted, so that memory does not grow with the text.
        """
        words: Counter[str] = Counter()
        notes = Notes()
        cased: Counter[tuple[bool, bool]] = Counter()
        for pair, own in islice(zip(pairs, links, strict=False), most):
            words.update(pair.target)
            notes.add(pair)
            sure = own.weight > _SURE
            for i, j in zip(own.source[sure].tolist(), own.target[sure].tolist(), strict=True):
                if 0 < i < len(pair.source) and 0 < j < len(pair.target):  # first words have capitals anyway
                    one, other = pair.source[i], pair.target[j]
                    if _has_letter(one) and _has_letter(other):
                        cased[_has_capital(one), _has_capital(other)] += 1
        of_names = (cased[True, True] + 1) / (cased[True, True] + cased[True, False] + 2)
        of_others = (cased[False, True] + 1) / (cased[False, True] + cased[False, False] + 2)
        return cls(
            min(1.0, max(0.0, log((1 - of_others) / (1 - of_names)) / 3)),
            min(1.0, max(0.0, log(of_names / of_others) / 3)),
            _information(words),
            notes.together(),
        )

    def lengths(self, words: Sequence[str]) -> list[float]:
        """Return for each place of a target sentence, its end included, how much the words before it count."""
        return [0.0, *accumulate(self.information.get(word, 1.0) for word in words)]


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of one source span: which target words belong to its translation.

    Attributes:
        words: the target words that may, sorted.
        probability: of each.
        features: of each word, in the order of `FEATURES`.
    """

    words: list[int]
    probability: list[float]
    features: list[tuple[float, ...]]

    def votes(self, lengths: list[float]) -> Votes:
        """Return the votes whose score of a range q is the Dice coefficient expected of it.

        With p(t) the probability of word t, and v(t) how much it counts, that is

            2 sum over q of v(t) p(t) / (sum over q of v(t) + sum over all words of v(t) p(t)),

        in [0, 1]. A word at the edge of a range is worth having if its probability is over half the range's score.

        Args:
            lengths: for each place of the target sentence, how much the words before it count.
        """
        masses = [
            2.0 * (lengths[word + 1] - lengths[word]) * probability
            for word, probability in zip(self.words, self.probability, strict=True)
        ]
        sums = [list(accumulate(masses[first:])) for first in range(len(masses))]
        return Votes(sum(masses) / 2.0, self.words, sums, lengths)


def beliefs_of(
    spans: Sequence[Span],
    source: Sequence[str],
    target: Sequence[str],
    links: Sequence[Sequence[tuple[int, int, float]]],
    total: Mapping[int, float],
    background: Background,
) -> list[Belief]:
    """Say for each source span how likely each target word belongs to its translation.

    Args:
        spans: M source spans.
        source: the words of the source sentence.
        target: the words of the target sentence.
        links: for each span its links, as (source word, target word, weight).
        total: target word -> summed weight of all links of the sentence.
        background: what the whole text tells.

    Returns:
        M beliefs.

    Source:
        Ours. The weights were fitted on gold and silver projections of other texts; see docs/results/projection.md.
    """
    found = [_belief(span, source, target, rows, total, background) for span, rows in zip(spans, links, strict=True)]
    return _with_shared_heads(spans, links, found)


def _belief(
    span: Span,
    source: Sequence[str],
    target: Sequence[str],
    rows: Sequence[tuple[int, int, float]],
    total: Mapping[int, float],
    background: Background,
) -> Belief:
    mass: dict[int, float] = {}
    for _, j, weight in rows:
        mass[j] = mass.get(j, 0.0) + weight
    most = max(min(max(mass.values(), default=1.0), 1.0), _FAINT)
    capitals = _share_of_capitals(source[span.start : span.stop])
    when_lower, when_capital = capitals * background.lower, capitals * background.capital
    information = background.information
    words = sorted([word for word, weight in mass.items() if weight >= _LEAST])
    features: list[tuple[float, ...]] = []
    probability: list[float] = []
    for j in words:
        word, own = target[j], mass[j]
        link = own if own < 1.0 else 1.0
        lower = capital = 0.0
        if capitals and _has_letter(word):
            if _has_capital(word):
                capital = when_capital
            else:
                lower = when_lower
        outside = min(1.0, max(0.0, total.get(j, 0.0) - own))
        company = 0.0
        if link < _SURELY:
            company = (1.0 - link) * background.together.belongs(j, target, source, span.start, span.stop)
        row = (1.0, link, link / most, outside, lower, capital, 1.0 - information.get(word, 1.0), company)
        features.append(row)
        probability.append(1.0 / (1.0 + exp(-sum(map(mul, WEIGHTS, row)))))
    return Belief(words, probability, features)


def _with_shared_heads(
    spans: Sequence[Span], links: Sequence[Sequence[tuple[int, int, float]]], beliefs: list[Belief]
) -> list[Belief]:
    """Give the head that two coordinated names share to the name that it stands beside.

    "Structural and Cohesion Funds" is two names, and its head is a word of the second; in "Fondos estructurales y de
    cohesión" it stands with the first. So where two spans of one label have one word between them, and the target word
    of the second one's last word touches sure words of the first and none of the second, it is moved to the first.
    """
    for index, (one, other) in enumerate(pairwise(spans)):
        if other.start - one.stop != 1 or one.label != other.label or len(other) < 2:
            continue
        first, second = beliefs[index : index + 2]
        head = max((row[::-1] for row in links[index + 1] if row[0] == other.stop - 1), default=(0.0, -1, -1))[1]
        if head not in second.words or head in first.words:
            continue
        beside = {head - 1, head + 1}
        if beside & _sure(first) and not beside & _sure(second):
            place = second.words.index(head)
            row = (head, second.probability[place], second.features[place])
            left = [each for each in _rows(second) if each[0] != head]
            beliefs[index : index + 2] = [_of_rows(sorted([*_rows(first), row])), _of_rows(left)]
    return beliefs


def _sure(belief: Belief) -> set[int]:
    return {word for word, chance in zip(belief.words, belief.probability, strict=True) if chance >= _SURE}


def _rows(belief: Belief) -> list[tuple[int, float, tuple[float, ...]]]:
    return list(zip(belief.words, belief.probability, belief.features, strict=True))


def _of_rows(rows: list[tuple[int, float, tuple[float, ...]]]) -> Belief:
    return Belief([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])


def _share_of_capitals(name: Sequence[str]) -> float:
    lettered = [word for word in name if _has_letter(word)]
    return sum(map(_has_capital, lettered)) / len(lettered) if lettered else 0.0


def _information(words: Counter[str]) -> dict[str, float]:
    """Return how much each word counts: in proportion to its information, up to a limit; marks count half."""
    folded: Counter[str] = Counter()
    for word, count in words.items():
        folded[fold(word)] += count
    tokens = words.total()
    found = {}
    for word in words:
        if not any(map(str.isalnum, word)):
            found[word] = 0.5
        else:
            share = log10(tokens / folded[fold(word)]) / _INFORMATIVE
            if share < 1.0:
                found[word] = max(share, 0.05)
    return found


@lru_cache(maxsize=1 << 18)
def _has_capital(word: str) -> bool:
    """Whether one of the first letters is a capital: some languages put a prefix before it."""
    return any(map(str.isupper, word[:4]))


@lru_cache(maxsize=1 << 18)
def _has_letter(word: str) -> bool:
    return any(map(str.isalpha, word))
