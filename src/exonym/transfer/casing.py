"""Which words of a glossed sentence begin with a capital.

Most languages that write capitals write them where English does. Some do not (German capitalises every noun), and some
put prefixes before the capital (isiXhosa eMzantsi, chiShona muHarare). Start at `Casing.learn`.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Self

import numpy as np

from exonym.data import fold, nfc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from exonym.data import Alignment, Bitext

PREFIX = 4  # a capital among the first so many characters is the capital of the word
AGREES = 0.65  # agreement from which on target capitals are taken as they are: it is 0.5 for German, 0.7 to 1 for most
_SURE = 0.5  # weight of the links that casing is learnt from
_SAMPLE = 2000  # sentence pairs on which capitals are counted
_GENEROUS = 0.5  # log odds by which capitals are given more freely than the source gives them, since a missing capital
# costs more names than one too many; of 0, 0.5 and 1 on CoNLL German dev: gloss F1 46.5, 47.4, 47.8
_PRIOR = 2.0  # weight of the suffix's rate in the rate of a word
_SUFFIX = 3


@lru_cache(maxsize=1 << 18)
def capital_at(word: str) -> int:
    """Return the index of the first capital among the first four characters of the NFC form of a word, or -1."""
    return next((index for index, letter in enumerate(nfc(word)[:PREFIX]) if letter.isupper()), -1)


@dataclass(frozen=True)
class Casing:
    """A model of which target words have capitalised translations.

    Attributes:
        agreement: of the linked words of which either is capitalised, the share where both are, in [0, 1].
        rates: for each folded target word, and for each suffix (as `-suffix`), how often it was linked and how often
            the translation was capitalised.
        weights: logistic weights of the features of `_features`; empty where target capitals are taken as they are.
    """

    agreement: float = 1.0
    rates: dict[str, tuple[int, int]] = field(default_factory=dict)
    weights: tuple[float, ...] = ()

    @classmethod
    def learn(cls, bitext: Bitext, alignment: Alignment) -> Self:
        """Learn from surely linked words; words that begin a source sentence say nothing and are left out.

        Where the two languages' capitals agree in less than 65 % (German, with its nouns; scripts without capitals), a
        logistic model is trained on how the word, its suffix and its neighbours are written, and on how often the word
        had a capitalised translation; elsewhere target capitals are kept. Surely linked words are seldom names, so the
        model's threshold is set to give a few more capitals than the source sides have.

        Source:
            Mayhew et al. 2017, "Cheap Translation for Cross-Lingual NER", for gloss with a recaser; model ours.
        """
        examples = list(_examples(bitext, alignment))
        both = sum(upper and capital_at(words[index]) >= 0 for words, index, upper in examples)
        either = sum(upper or capital_at(words[index]) >= 0 for words, index, upper in examples)
        agreement = both / either if either else 1.0
        if agreement >= AGREES:
            return cls(agreement)
        seen: Counter[str] = Counter()
        upper_seen: Counter[str] = Counter()
        for words, index, upper in examples:
            for key in _keys(words[index]):
                seen[key] += 1
                upper_seen[key] += upper
        rates = {key: (seen[key], upper_seen[key]) for key in seen}
        features = np.array([_features(words, index, rates, (1, int(upper))) for words, index, upper in examples])
        target = np.array([upper for _, _, upper in examples], dtype=np.float64)
        weights = _logistic(features, target)
        weights[0] += _GENEROUS - _threshold(bitext, rates, weights)
        return cls(agreement, rates, tuple(weights.tolist()))

    def capitals(self, words: Sequence[str]) -> list[bool]:
        """Say for each target word whether its gloss begins with a capital."""
        if not self.weights:
            return [capital_at(word) >= 0 for word in words]
        features = np.array([_features(words, index, self.rates) for index in range(len(words))])
        upper: list[bool] = (features @ np.array(self.weights) > 0).tolist()
        return upper

    def to_json(self) -> str:
        """Write the model as JSON."""
        return json.dumps(asdict(self), ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        row = json.loads(text)
        rates = {key: (int(seen), int(upper)) for key, (seen, upper) in row["rates"].items()}
        return cls(float(row["agreement"]), rates, tuple(map(float, row["weights"])))


def _examples(bitext: Bitext, alignment: Alignment) -> Iterator[tuple[tuple[str, ...], int, bool]]:
    """Yield target sentence, word index, and whether the word's translation is capitalised."""
    for pair, links in zip(bitext, alignment, strict=True):
        for source, target, weight in links:
            if weight >= _SURE and source and pair.source[source][0].isalpha():
                yield pair.target, target, pair.source[source][0].isupper()


def _keys(word: str) -> tuple[str, str]:
    return fold(word), f"-{fold(word)[-_SUFFIX:]}"


def _features(
    words: Sequence[str], index: int, rates: dict[str, tuple[int, int]], held_out: tuple[int, int] = (0, 0)
) -> list[float]:
    """How a word is written, and how often it and its suffix had capitalised translations, as log odds.

    `held_out` is what the word itself added to the rates, so that no training example knows its own answer.
    """
    word = words[index]
    odds, rate, seen = [], 0.5, 0
    for key in reversed(_keys(word)):  # the suffix backs the word up
        seen, upper = (a - b for a, b in zip(rates.get(key, held_out), held_out, strict=True))
        rate = (upper + _PRIOR * rate) / (seen + _PRIOR)
        odds.append(np.log(max(rate, 1e-3) / max(1 - rate, 1e-3)))
    before, after = words[index - 1] if index else "", words[index + 1] if index + 1 < len(words) else ""
    capital, first, new = capital_at(word) >= 0, index == 0, seen == 0
    return [
        1.0,
        *odds,
        float(capital and not first),
        float(first),
        float(capital and new and not first),
        float(new),
        float(len(word) > 1 and word.isupper()),
        float(capital_at(before) >= 0),
        float(capital_at(after) >= 0),
        float(any(letter.isdigit() for letter in word)),
    ]


def _threshold(bitext: Bitext, rates: dict[str, tuple[int, int]], weights: NDArray[np.float64]) -> float:
    """Return the log odds above which as many target words lie as source words begin with a capital.

    Words that begin a sentence are not counted on either side.
    """
    pairs = bitext.pairs[:: max(1, len(bitext) // _SAMPLE)]
    capitals = sum(word[0].isupper() for pair in pairs for word in pair.source[1:])
    features = [_features(pair.target, index, rates) for pair in pairs for index in range(1, len(pair.target))]
    odds = np.sort(np.array(features) @ weights)
    return float(odds[-min(capitals, len(odds))]) - 1e-9 if capitals else np.inf


def _logistic(features: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit logistic weights with a unit L2 penalty by Newton's method."""
    weights = np.zeros(features.shape[1])
    for _ in range(25):
        probability = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        gradient = features.T @ (probability - target) + weights
        curvature = (features * (probability * (1 - probability))[:, None]).T @ features + np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights
