"""What the letters of two words say of their being translations: names are copied, inflected and transliterated.

Every cell of a text, a source word type and a target word type that meet, falls into one of a few classes of likeness.
How much more often linked words are of a class than any two words that meet is learnt with the rest of the model, so
that likeness counts much where names are kept (isiXhosa) and little where it misleads. Words are compared in Latin
letters (see `romanise`). Start at `Surface`.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from exonym.align.romanise import bones
from exonym.align.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from exonym.align.cells import Batch, View

_WHOLE = np.array([0.05, 0.15, 0.25, 0.35, 0.5, 0.7, 0.95])  # bins of the Dice coefficient of trigrams of letters
_BONES = np.array([0.35, 0.55, 0.75, 0.95])  # bins of the same of bigrams of consonants
_INSIDE = np.array([0.35, 0.6])  # bins of the share of the shorter word's trigrams
_SHORT = len(_WHOLE) + 1  # class of equal words of one or two letters, digits or marks
_SHAPE = _SHORT + 1, len(_BONES) + 1, len(_INSIDE) + 1  # classes by likeness of whole words, of consonants, of a part
_CLASSES = prod(_SHAPE)
_CHUNK = 200_000  # cells compared at a time
_MAX_RATIO = 2000.0
_RARE = 5  # classes with fewer cells say nothing


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
        romanise: writes a word in Latin letters; asked once for each word type.

    Attributes:
        classes: of each cell, int16 (cells + 1,); padding has the last class.
        met: cells of each class, as often as they stand in the text, float64 (classes,).
    """

    def __init__(self, view: View, romanise: Callable[[str], str]) -> None:
        self.view = view
        source, target = ([romanise(word) for word in forms] for forms in (view.source_forms, view.target_forms))
        classes = _classes(source, target, view.cell_source[:-1], view.cell_target[:-1])
        self.classes = np.append(classes, _CLASSES).astype(np.int16)
        cells = np.zeros(len(self.classes))
        for batch in view.batches:
            cells += np.bincount(batch.cells.ravel(), minlength=len(cells))
        self.met: NDArray[np.float64] = np.bincount(classes, cells[:-1], _CLASSES).astype(np.float64)

    def first(self, power: float, *, backward: bool) -> Table:
        """Return a table in which likeness counts somewhat."""
        whole, skeleton, _ = np.unravel_index(np.arange(_CLASSES), _SHAPE)
        return self.table(np.exp(0.6 * np.minimum(whole, len(_WHOLE)) + 0.5 * skeleton), power, backward=backward)

    def table(self, ratio: NDArray[np.float64], power: float, *, backward: bool) -> Table:
        """Return a table in which each cell has the ratio of its class, (classes,), to a power."""
        weights = np.append(ratio**power, 0.0).astype(np.float32)
        types = self.view.source_types if backward else self.view.target_types
        return Table(weights[self.classes], np.ones(types + 1, dtype=np.float32))


class SurfaceCounts:
    """Expected links by class in one direction, summed over batches.

    Args:
        surface: the text.
        backward: source words are generated from target words.
        known: counts of other text, added when a table is made.

    Attributes:
        cells: expected links by cell id, (cells + 1,).
    """

    def __init__(self, surface: Surface, *, backward: bool, known: ClassCounts | None = None) -> None:
        self._known = known
        self._surface = surface
        self._backward = backward
        self.cells = np.zeros(len(surface.classes))

    def add(self, batch: Batch, linked: NDArray[np.float32] | None, unlinked: NDArray[np.float32]) -> None:
        """Add the expected links (B, m, n) of a batch, if any; words without a counterpart say nothing here."""
        if linked is not None:
            self.cells += np.bincount(batch.cells.ravel(), linked.ravel(), len(self.cells))

    def classes(self) -> ClassCounts:
        """Return the counts of this text alone, by class."""
        linked = np.bincount(self._surface.classes[:-1], self.cells[:-1], _CLASSES)
        return ClassCounts(linked.astype(np.float64), self._surface.met)

    def table(self, concentration: float, power: float) -> Table:
        """Turn the counts into p(class | linked) / p(class | any two words that meet), to the power of the view.

        The ratio is relative to that of words that are not alike, and at least 1: unlike words are no worse off than
        with no such view, beside words without a counterpart too.

        Args:
            concentration: without effect.
            power: of the view, > 0.
        """
        counts = self.classes()
        expected, met = counts if self._known is None else counts.plus(self._known)
        share = met / met.sum()
        ratio = (expected + 0.5 * share) / (share * (expected.sum() + 0.5) + 1e-9)
        ratio[met < _RARE] = 1.0
        ratio = np.clip(ratio / max(ratio[0], 1e-3), 1.0, _MAX_RATIO)
        return self._surface.table(ratio, power, backward=self._backward)


def _classes(
    source: Sequence[str], target: Sequence[str], left: NDArray[np.int32], right: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Return the class of each cell (cells,); `left` and `right` are its word types, which come romanised."""
    skeletons = [bones(word) for word in source], [bones(word) for word in target]
    whole, inside = _likeness(source, target, left, right, 3)
    skeleton, _ = _likeness(*skeletons, left, right, 2)
    short = np.minimum(_lengths(source)[left], _lengths(target)[right]) < 3
    bare = np.minimum(_lengths(skeletons[0])[left], _lengths(skeletons[1])[right]) < 3
    a, b, c = np.digitize(whole, _WHOLE), np.digitize(skeleton, _BONES), np.digitize(inside, _INSIDE)
    b[bare] = 0
    c[short | (a >= _SHORT - 3)] = 0
    a[short] = np.where(a[short] == len(_WHOLE), _SHORT, 0)
    return np.ravel_multi_index((a, b, c), _SHAPE)


def _lengths(words: Sequence[str]) -> NDArray[np.int64]:
    return np.array([len(word) for word in words], dtype=np.int64)


def _likeness(
    source: Sequence[str], target: Sequence[str], left: NDArray[np.int32], right: NDArray[np.int32], size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compare the n-grams of the words of each cell, n being `size`.

    Returns:
        Their Dice coefficient, and the share of those of the word that has fewer which the other has, both (cells,).
    """
    from scipy.sparse import csr_array

    known: dict[str, int] = {}

    def table(words: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        ends, grams = [0], []
        for word in words:
            if word:
                marked = f"^{word}$"
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
