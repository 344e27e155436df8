"""Translation tables: how probable a word is given a word, in several views of a word at once.

A view compares words by their first characters, or by their shape. The views of a model speak together: a link's
emission is the product of what they say, each to a power. For P prefixes it is 1 / P: a geometric mean, in which a
short prefix shares evidence between inflected forms and a long one tells words apart. Tables are stored with their
power already taken. The product is not normalised over words; each view is estimated from the links that all agree on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from exonym.align.cells import Batch, View

_FLOOR = 1e-12  # of the probability of a word without counterpart, so that every sentence has some explanation


class Table(NamedTuple):
    """What one view says in one direction, to the power of the view.

    Attributes:
        cells: p(generated word | generating word) by cell id, float32 (cells + 1,); 0 for padding.
        null: p(generated word | no word) by generated word type, float32 (types + 1,); 1 for padding.
    """

    cells: NDArray[np.float32]
    null: NDArray[np.float32]


class Emission(NamedTuple):
    """What all views say of a batch in one direction; g is n, or m backward.

    Attributes:
        cells: emission of each cell, float32 (B, m, n); 0 for padding.
        null: emission of each generated word by no word, float32 (B, g); 1 for padding.
    """

    cells: NDArray[np.float32]
    null: NDArray[np.float32]


def uniform(view: View, *, backward: bool) -> Table:
    """Return a table in which every word generates every word alike; it matters only up to a constant."""
    cells = np.ones(len(view.cell_source), dtype=np.float32)
    cells[-1] = 0.0
    return Table(cells, np.ones((view.source_types if backward else view.target_types) + 1, dtype=np.float32))


def emission(tables: Sequence[Table], batches: Sequence[Batch], *, backward: bool) -> Emission:
    """Multiply what the views say.

    Args:
        tables: of each view, of this direction.
        batches: the same pieces in each view.
        backward: source words are generated from target words.

    Returns:
        The product, each view to its power.
    """
    first, *rest = zip(tables, batches, strict=True)
    cells = first[0].cells[first[1].cells]
    null = first[0].null[first[1].source if backward else first[1].target]
    for table, batch in rest:
        cells *= table.cells[batch.cells]
        null *= table.null[batch.source if backward else batch.target]
    return Emission(cells, null)


class Counts:
    """Expected counts of one view in one direction, summed over batches."""

    def __init__(self, view: View, *, backward: bool) -> None:
        self._given = view.cell_target if backward else view.cell_source
        self._backward = backward
        self._cells = np.zeros(len(view.cell_source))
        self._null = np.zeros((view.source_types if backward else view.target_types) + 1)

    def add(self, batch: Batch, linked: NDArray[np.float32], unlinked: NDArray[np.float32]) -> None:
        """Add the expected links (B, m, n) and the expected words without counterpart (B, g) of a batch."""
        words = batch.source if self._backward else batch.target
        self._cells += np.bincount(batch.cells.ravel(), linked.ravel(), len(self._cells))
        self._null += np.bincount(words.ravel(), unlinked.ravel(), len(self._null))

    def table(self, prior: float, power: float) -> Table:
        """Turn the counts into a translation table.

        Args:
            prior: Dirichlet parameter. 0 gives relative frequencies; more gives the mean-field posterior
                exp(digamma(count + prior)) / exp(digamma(total)), which favours few translations per word.
            power: of the view, > 0.

        Source:
            Brown et al. 1993, equation 14 for prior 0; Riley and Gildea 2012 for the variational form.
        """
        total = np.bincount(self._given, weights=self._cells)
        empty = float(self._null[:-1].sum())
        if prior:
            from scipy.special import digamma

            # Words that never meet cannot be linked: a word's vocabulary is the words it meets.
            spread = digamma(total + prior * np.bincount(self._given))
            logs = digamma(self._cells + prior) - spread[self._given]
            nulls = digamma(self._null + prior) - digamma(empty + prior * (len(self._null) - 1))
            cells, null = np.exp(power * logs), np.exp(power * nulls)
        else:
            cells = (self._cells / np.maximum(total, _FLOOR)[self._given]) ** power
            null = np.maximum(self._null / max(empty, _FLOOR), _FLOOR) ** power
        cells[-1] = 0.0
        null[-1] = 1.0
        return Table(cells.astype(np.float32), null.astype(np.float32))
