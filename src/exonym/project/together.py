"""How often two words, one of each side, stand in the same sentence pairs.

Where one source word is two or three target words ("U.N.", "Umoja wa Mataifa"), an aligner links it to one of them and
gives the others to whatever stands near. That they are never met apart is seen without links. Start at
`Together.learn`.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from exonym.data import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from exonym.data import Pair

_PRIOR = 4.0  # pairs without the other word, added to each count: two words met twice together say little
_COMMON = 0.03  # words that stand in a larger share of the pairs tell nothing
_FEW = 10  # but nothing is common that stands in so few pairs
_FULL = 0.5  # a Dice coefficient from which on two words belong together in full
_LEAST = 0.05  # a smaller one counts as 0, and needs no counting
_REMEMBERED = 1 << 15  # coefficients that are kept
_LARGE = 64  # pairs of a word whose set is kept


@dataclass(frozen=True, eq=False)
class Together:
    """In which sentence pairs the words of a text stand.

    Attributes:
        source: folded source word -> numbers of the pairs, ascending; common words are left out.
        target: the same of target words.
    """

    source: Mapping[str, array[int]] = field(default_factory=dict)
    target: Mapping[str, array[int]] = field(default_factory=dict)
    _known: dict[tuple[str, str], float] = field(default_factory=dict, compare=False, repr=False)
    _sets: dict[int, set[int]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def learn(cls, pairs: Iterable[Pair]) -> Together:
        """Note where the words of a text stand."""
        notes = Notes()
        for pair in pairs:
            notes.add(pair)
        return notes.together()

    def __reduce__(self) -> tuple[object, ...]:
        return Together, (self.source, self.target)

    def belongs(self, place: int, target: Sequence[str], source: Sequence[str], start: int, stop: int) -> float:
        """Say how surely a target word belongs to a source span by the company it keeps in other sentence pairs.

        Args:
            place: of the target word.
            target: the words of the target sentence.
            source: the words of the source sentence.
            start: first word of the span.
            stop: one past its last word.

        Returns:
            0 if some word outside the span keeps it company as much as those inside, else the Dice coefficient of
            the word and its closest companion in the span, as a share of .5, at most 1. The sentence pair at hand does
            not count.

        Source:
            Ours. Dice 1945 for the coefficient; the other numbers were chosen with the weights of `belief`.
        """
        word = target[place]
        if _fold(word) not in self.target:
            return 0.0
        inside = max(self._dice(source[index], word) for index in range(start, stop))
        if not inside:
            return 0.0
        for index, other in enumerate(source):
            if not start <= index < stop and self._dice(other, word) >= inside:
                return 0.0
        return min(1.0, inside / _FULL)

    def _dice(self, one: str, other: str) -> float:
        key = (one, other)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[key] = self._counted(_fold(one), _fold(other))
        return found

    def _counted(self, one: str, other: str) -> float:
        """Dice coefficient of the pairs of two words, less the one pair that they are asked about in."""
        few, many = self.source.get(one), self.target.get(other)
        if few is None or many is None:
            return 0.0
        if len(few) > len(many):
            few, many = many, few
        whole = len(few) + len(many) - 2 + _PRIOR
        if 2.0 * (len(few) - 1) < _LEAST * whole:
            return 0.0
        found = 2.0 * (len(self._set(many).intersection(few)) - 1) / whole
        return found if found >= _LEAST else 0.0

    def _set(self, numbers: array[int]) -> set[int]:
        """Return the numbers of a word's pairs as a set; large ones, which are few, are made once."""
        if len(numbers) < _LARGE:
            return set(numbers)
        found = self._sets.get(id(numbers))  # of an array that lives as long as this object
        if found is None:
            found = self._sets[id(numbers)] = set(numbers)
        return found


class Notes:
    """Where the words of the pairs stand that were added so far."""

    def __init__(self) -> None:
        self.source: dict[str, array[int]] = {}
        self.target: dict[str, array[int]] = {}
        self.pairs = 0

    def add(self, pair: Pair) -> None:
        """Note the words of one more pair."""
        for places, words in ((self.source, pair.source), (self.target, pair.target)):
            for word in set(map(_fold, words)):
                places.setdefault(word, array("I")).append(self.pairs)
        self.pairs += 1

    def together(self) -> Together:
        """Return what was noted, without common words."""
        most = max(_FEW, _COMMON * self.pairs)
        return Together(_at_most(self.source, most), _at_most(self.target, most))


def _at_most(places: dict[str, array[int]], most: float) -> dict[str, array[int]]:
    return {word: at for word, at in places.items() if len(at) <= most}


@lru_cache(maxsize=1 << 17)
def _fold(word: str) -> str:
    return fold(word)
