"""How likely a target word is to belong to the translation of a source span, and the score that follows from it.

Word links alone leave a span's edges open: articles, verbs beside a name that nothing else explains, one English word
that is two or three abroad. What else tells is the same in all languages once it is measured in the text itself: how
frequent a word is, whether capitals mark names there, and whether two words are linked elsewhere. A logistic model puts
that together, word by word, with one set of weights for all languages. Start at `Background` and `beliefs_of`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate, islice
from math import exp, log, log10
from operator import mul
from typing import TYPE_CHECKING

from exonym.data import fold
from exonym.project.candidates import Votes

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
    "associated",  # Dice coefficient of the links of its best linked word pair in the rest of the text
    "strange",  # both words of that pair are linked elsewhere, but never with each other
)
WEIGHTS = (-2.79, 3.38, 3.06, -2.25, -1.29, 1.46, -2.50, 0.09, -1.15)

_LEAST = 0.03  # words whose links with the span weigh less do not count
_FAINT = 0.4
_COUNTED = 0.1  # links that weigh less are not counted in the text
_SURE = 0.5  # links that tell whether names are capitalised
_STEM = 6  # words are counted by so many first characters
_INFORMATIVE = 3.0  # a word that is one in 10^3 words, or rarer, counts in full
_MOST = 100_000  # pairs that a background is learnt from


@dataclass(frozen=True)
class Background:
    """What a whole text tells of its words.

    Attributes:
        lower: how telling it is, in [0, 1], that a word has no capital where the source has one; 0 in a script without.
        capital: how telling it is that a word has one.
        information: target word -> how much it counts, in (0, 1]; a word that is not there counts 1.
        linked: (source word, target word) -> summed weight of their links, both folded and cut.
        source: the same sum for each source word.
        target: the same sum for each target word.
    """

    lower: float = 0.0
    capital: float = 0.0
    information: dict[str, float] = field(default_factory=dict)
    linked: dict[tuple[str, str], float] = field(default_factory=dict)
    source: dict[str, float] = field(default_factory=dict)
    target: dict[str, float] = field(default_factory=dict)

    @classmethod
    def learn(cls, pairs: Iterable[Pair], links: Iterable[Links], most: int = _MOST) -> Background:
        """Count the words, links and capitals of a text.

        Args:
            pairs: sentence pairs.
            links: the links of each.
            most: so many pairs at the beginning are counted, so that memory does not grow with the text.
        """
        words: Counter[str] = Counter()
        linked: defaultdict[tuple[str, str], float] = defaultdict(float)
        source: defaultdict[str, float] = defaultdict(float)
        target: defaultdict[str, float] = defaultdict(float)
        cased: Counter[tuple[bool, bool]] = Counter()
        for pair, own in islice(zip(pairs, links, strict=False), most):
            words.update(pair.target)
            for i, j, weight in zip(own.source.tolist(), own.target.tolist(), own.weight.tolist(), strict=True):
                if weight < _COUNTED or i >= len(pair.source) or j >= len(pair.target):  # projection refuses the latter
                    continue
                left, right = _stem(pair.source[i]), _stem(pair.target[j])
                linked[left, right] += weight
                source[left] += weight
                target[right] += weight
                if i and j and weight > _SURE and _has_letter(pair.source[i]) and _has_letter(pair.target[j]):
                    cased[_has_capital(pair.source[i]), _has_capital(pair.target[j])] += 1
        of_names = (cased[True, True] + 1) / (cased[True, True] + cased[True, False] + 2)
        of_others = (cased[False, True] + 1) / (cased[False, True] + cased[False, False] + 2)
        return cls(
            min(1.0, max(0.0, log((1 - of_others) / (1 - of_names)) / 3)),
            min(1.0, max(0.0, log(of_names / of_others) / 3)),
            _information(words),
            dict(linked),
            dict(source),
            dict(target),
        )

    def lengths(self, words: Sequence[str]) -> list[float]:
        """Return for each place of a target sentence, its end included, how much the words before it count."""
        return [0.0, *accumulate(self.information.get(word, 1.0) for word in words)]

    @property
    def fingerprint(self) -> str:
        """Hash of all that was counted."""
        hasher = blake2b(digest_size=16)
        hasher.update(repr((self.lower, self.capital)).encode())
        for table in (self.information, self.linked, self.source, self.target):
            for item in sorted(table.items()):
                hasher.update(repr(item).encode(errors="surrogatepass"))
        return hasher.hexdigest()

    def association(self, source: str, target: str, weight: float) -> tuple[float, float]:
        """Return `associated` and `strange` of two words that are linked here with this weight."""
        left, right = _stem(source), _stem(target)
        one, other = self.source.get(left, 0.0) - weight, self.target.get(right, 0.0) - weight
        both = self.linked.get((left, right), 0.0) - weight
        dice = 2 * both / (one + other) if both > 0.05 and one + other > 0.2 else 0.0
        return min(dice, 1.0), float(dice == 0.0 and min(one, other) >= 1.5)


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
    features: Sequence[tuple[float, ...]]

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
    return [
        _belief([source[place] for place in range(span.start, span.stop)], source, target, rows, total, background)
        for span, rows in zip(spans, links, strict=True)
    ]


def _belief(
    name: Sequence[str],
    source: Sequence[str],
    target: Sequence[str],
    rows: Sequence[tuple[int, int, float]],
    total: Mapping[int, float],
    background: Background,
) -> Belief:
    mass: dict[int, float] = {}
    best: dict[int, tuple[float, int]] = {}
    for i, j, weight in rows:
        mass[j] = mass.get(j, 0.0) + weight
        if weight > best.get(j, (0.0, 0))[0]:
            best[j] = weight, i
    most = min(max(mass.values(), default=1.0), 1.0)
    most = max(most, _FAINT)  # where all links are faint, none is made much of
    lettered = [word for word in name if _has_letter(word)]
    capitals = sum(map(_has_capital, lettered)) / max(1, len(lettered))
    words = sorted(word for word, weight in mass.items() if weight >= _LEAST)
    features = []
    for j in words:
        word, link = target[j], min(mass[j], 1.0)
        weight, i = best[j]
        lower = capital = 0.0
        if capitals and _has_letter(word):
            if _has_capital(word):
                capital = capitals * background.capital
            else:
                lower = capitals * background.lower
        features.append(
            (
                1.0,
                link,
                link / most,
                min(1.0, max(0.0, total.get(j, 0.0) - mass[j])),
                lower,
                capital,
                1.0 - background.information.get(word, 1.0),
                *background.association(source[i], word, weight),
            )
        )
    return Belief(words, [_logistic(row) for row in features], features)


def _logistic(row: Sequence[float]) -> float:
    return 1.0 / (1.0 + exp(-sum(map(mul, WEIGHTS, row))))


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
            bits = log10(tokens / folded[fold(word)]) / _INFORMATIVE
            if bits < 1.0:
                found[word] = max(bits, 0.05)
    return found


@lru_cache(maxsize=1 << 18)
def _stem(word: str) -> str:
    return fold(word)[:_STEM]


@lru_cache(maxsize=1 << 18)
def _has_capital(word: str) -> bool:
    """Whether one of the first letters is a capital: some languages put a prefix before it."""
    return any(map(str.isupper, word[:4]))


@lru_cache(maxsize=1 << 18)
def _has_letter(word: str) -> bool:
    return any(map(str.isalpha, word))
