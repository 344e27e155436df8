"""What the letters of two words say of their being translations: names are copied, inflected and transliterated.

Every cell of a text, a source word type and a target word type that meet, falls into one of a few classes of likeness.
How much more often linked words are of a class than any two words that meet is learnt with the rest of the model, so
that likeness counts much where names are kept (isiXhosa) and little where it misleads. Words of other scripts are
compared by a rough romanisation that is read off the Unicode names of their letters, which needs no table. Start at
`Surface`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import name, normalize

import numpy as np

from exonym.align.tables import Table
from exonym.data import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from exonym.align.cells import Batch, View

_WHOLE = np.array([0.05, 0.15, 0.25, 0.35, 0.5, 0.7, 0.95])  # bins of the Dice coefficient of trigrams of letters
_BONES = np.array([0.35, 0.55, 0.75, 0.95])  # bins of the same of bigrams of consonants
_INSIDE = np.array([0.35, 0.6])  # bins of the share of the shorter word's trigrams
_SHORT = len(_WHOLE) + 1  # class of equal words of one or two letters, digits or marks
_CLASSES = (_SHORT + 1) * (len(_BONES) + 1) * (len(_INSIDE) + 1)
_CHUNK = 200_000  # cells compared at a time
_MAX_RATIO = 2000.0
_RARE = 5  # classes with fewer cells say nothing

_LATIN = {"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "þ": "th", "ð": "d", "ł": "l", "ı": "i", "đ": "d", "ŋ": "ng"}
_LATIN |= {"ɓ": "b", "ɗ": "d", "ƙ": "k", "ɔ": "o", "ɛ": "e", "ƴ": "y", "ə": "e"}
_CYRILLIC = {"ie": "e", "io": "e", "i": "i", "yi": "i", "yeru": "y", "sign": "", "yu": "yu", "ya": "ya", "ha": "h"}
_CYRILLIC |= {"ghe": "g", "shcha": "shch"}
_SAME_SOUND = (
    ("tsch", "ch"),
    ("sch", "sh"),
    ("dzh", "j"),
    ("ph", "f"),
    ("ck", "k"),
    ("qu", "kv"),
    ("x", "ks"),
    ("c", "k"),
    ("q", "k"),
    ("w", "v"),
    ("z", "s"),
    ("j", "y"),
    ("h", ""),
)


@lru_cache(maxsize=1 << 16)
def _letter(character: str) -> str:
    """Romanise one folded character; empty for what has no sound."""
    base = normalize("NFD", character)[0]
    if base < "\x80":
        return base
    if character in _LATIN:
        return _LATIN[character]
    title = name(character, "").partition(" WITH ")[0]
    sound = title.rpartition(" ")[2].lower()
    script = title.partition(" ")[0]
    if script == "CYRILLIC":
        consonants = "".join(letter for letter in sound if letter not in "aeiou")
        return _CYRILLIC.get(sound, consonants or sound)
    if script in ("GREEK", "HEBREW", "ARABIC", "GEORGIAN", "ARMENIAN"):
        if "LETTER" not in title:
            return ""
        vowel = next((place for place, letter in enumerate(sound) if letter in "aeiou"), len(sound))
        return sound[: max(vowel, 1)]
    if "LETTER" in title or "SYLLABLE" in title or "VOWEL SIGN" in title:
        return sound if sound.isalpha() else ""
    return character if character.isalnum() else ""


@lru_cache(maxsize=1 << 18)
def romanised(word: str) -> str:
    """Return a word in rough Latin letters: equal sounds become like letters, and no more is promised.

    Letters are named after their sounds (CYRILLIC SMALL LETTER BE, ETHIOPIC SYLLABLE HA): alphabets give their first or
    their consonants, syllabaries the syllable. Vowels that a script does not write are not added.
    """
    return "".join(map(_letter, fold(word)))


@lru_cache(maxsize=1 << 18)
def bones(word: str) -> str:
    """Return the consonants of a word, as they sound, none twice in a row, and `a` for a vowel at the start."""
    letters = romanised(word)
    if not letters.isalpha():
        return ""
    for spelling, sound in _SAME_SOUND:
        letters = letters.replace(spelling, sound)
    kept = "a" if letters[:1] in set("aeiouy") else letters[:1]
    for letter in letters[1:]:
        if letter not in "aeiouy" and not kept.endswith(letter):
            kept += letter
    return kept


class ClassCounts(NamedTuple):
    """Counts by class of likeness, in one direction.

    Attributes:
        linked: expected links, float64 (classes,).
        met: cells, as often as they stand in the text, float64 (classes,).
    """

    linked: NDArray[np.float64]
    met: NDArray[np.float64]

    def times(self, weight: float) -> ClassCounts:
        """Return the counts times `weight`."""
        return ClassCounts(self.linked * weight, self.met * weight)

    def plus(self, other: ClassCounts) -> ClassCounts:
        """Return the sum of both counts."""
        return ClassCounts(self.linked + other.linked, self.met + other.met)


class Surface:
    """The classes of likeness of a text's cells.

    Args:
        view: the text, its words whole.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        source, target = view.cell_source[:-1], view.cell_target[:-1]
        classes = _classes(view.source_forms, view.target_forms, source, target)
        self._class = np.append(classes, _CLASSES).astype(np.int16)  # the last cell is padding
        cells = np.zeros(len(self._class))
        for batch in view.batches:
            cells += np.bincount(batch.cells.ravel(), minlength=len(cells))
        self._met: NDArray[np.float64] = np.bincount(classes, cells[:-1], _CLASSES).astype(np.float64)

    def first(self, power: float, *, backward: bool) -> Table:
        """Return a table in which likeness counts somewhat."""
        numbers = np.arange(_CLASSES)
        whole = numbers // ((len(_BONES) + 1) * (len(_INSIDE) + 1))
        skeleton = numbers // (len(_INSIDE) + 1) % (len(_BONES) + 1)
        return self._table(np.exp(0.6 * np.minimum(whole, len(_WHOLE)) + 0.5 * skeleton), power, backward=backward)

    def _table(self, ratio: NDArray[np.float64], power: float, *, backward: bool) -> Table:
        weights = np.append(ratio**power, 0.0).astype(np.float32)
        types = self.view.source_types if backward else self.view.target_types
        return Table(weights[self._class], np.ones(types + 1, dtype=np.float32))


class SurfaceCounts:
    """Expected links by class in one direction, summed over batches; `known` of other text are added to the table."""

    def __init__(self, surface: Surface, *, backward: bool, known: ClassCounts | None = None) -> None:
        self._known = known
        self._surface = surface
        self._backward = backward
        self._cells = np.zeros(len(surface._class))

    def add(self, batch: Batch, linked: NDArray[np.float32], unlinked: NDArray[np.float32]) -> None:
        """Add the expected links (B, m, n) of a batch; words without a counterpart say nothing here."""
        self._cells += np.bincount(batch.cells.ravel(), linked.ravel(), len(self._cells))

    def classes(self) -> ClassCounts:
        """Return the counts of this text alone, by class."""
        linked = np.bincount(self._surface._class[:-1], self._cells[:-1], _CLASSES)
        return ClassCounts(linked.astype(np.float64), self._surface._met)

    def table(self, prior: float, power: float) -> Table:
        """Turn the counts into p(class | linked) / p(class | any two words that meet), to the power of the view.

        The ratio is relative to that of words that are not alike, and at least 1: unlike words are no worse off than
        with no such view, beside words without a counterpart too.

        Args:
            prior: without effect.
            power: of the view, > 0.
        """
        counts = self.classes()
        expected, met = counts if self._known is None else counts.plus(self._known)
        share = met / met.sum()
        ratio = (expected + 0.5 * share) / (share * (expected.sum() + 0.5) + 1e-9)
        ratio[met < _RARE] = 1.0
        ratio = np.clip(ratio / max(ratio[0], 1e-3), 1.0, _MAX_RATIO)
        return self._surface._table(ratio, power, backward=self._backward)


def _classes(
    source: Sequence[str], target: Sequence[str], left: NDArray[np.int32], right: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Return the class of each cell; `left` and `right` are its word types."""
    whole, inside = _likeness(source, target, left, right, romanised, 3)
    skeleton, _ = _likeness(source, target, left, right, bones, 2)
    short = np.minimum(_lengths(source, romanised)[left], _lengths(target, romanised)[right]) < 3
    bare = np.minimum(_lengths(source, bones)[left], _lengths(target, bones)[right]) < 3
    a, b, c = np.digitize(whole, _WHOLE), np.digitize(skeleton, _BONES), np.digitize(inside, _INSIDE)
    b[bare] = 0
    c[short | (a >= _SHORT - 3)] = 0
    a[short] = np.where(a[short] == len(_WHOLE), _SHORT, 0)
    classes: NDArray[np.int64] = (a * (len(_BONES) + 1) + b) * (len(_INSIDE) + 1) + c
    return classes


def _lengths(words: Sequence[str], key: Callable[[str], str]) -> NDArray[np.int64]:
    return np.array([len(key(word)) for word in words], dtype=np.int64)


def _likeness(
    source: Sequence[str],
    target: Sequence[str],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    key: Callable[[str], str],
    size: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the Dice coefficient of the cells' n-grams, and the share of the shorter word's that the other has."""
    from scipy.sparse import csr_array

    known: dict[str, int] = {}

    def table(words: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        ends, grams = [0], []
        for word in words:
            text = key(word)
            if text:
                marked = f"^{text}$"
                own = {marked[k : k + size] for k in range(max(1, len(marked) - size + 1))}
                grams += [known.setdefault(gram, len(known)) for gram in sorted(own)]
            ends.append(len(grams))
        return np.array(ends), np.array(grams, dtype=np.int64)

    parts = [table(source), table(target)]
    one, other = (
        csr_array((np.ones(len(grams), dtype=np.float32), grams, ends), shape=(len(ends) - 1, max(len(known), 1)))
        for ends, grams in parts
    )
    sizes = [np.diff(ends) for ends, _ in parts]
    both = np.zeros(len(left))
    for start in range(0, len(left), _CHUNK):
        rows = slice(start, start + _CHUNK)
        both[rows] = one[left[rows]].multiply(other[right[rows]]).sum(axis=1)
    first, second = sizes[0][left], sizes[1][right]
    return 2.0 * both / np.maximum(first + second, 1), both / np.maximum(np.minimum(first, second), 1)
