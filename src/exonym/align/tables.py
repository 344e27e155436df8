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


class Known(NamedTuple):
    """What other text has counted for the words and the cells of a view, in one direction.

    Attributes:
        cells: expected links by cell id, (cells + 1,).
        total: expected links by generating word type, with all words of the other text, (types + 1,).
        met: how many words each generating word type has met there, (types + 1,).
        null: expected occurrences without counterpart by generated word type, (types + 1,).
        empty: their sum over all words of the other text.
        types: generated word types of both texts.
    """

    cells: NDArray[np.float32]
    total: NDArray[np.float64]
    met: NDArray[np.int32]
    null: NDArray[np.float64]
    empty: float
    types: int


class Counts:
    """Expected counts of one view in one direction, summed over batches.

    Args:
        view: the text.
        backward: source words are generated from target words.
        known: counts of other text, added when a table is made.

    Attributes:
        cells: expected links by cell id, (cells + 1,).
        null: expected words without counterpart by generated word type, (types + 1,).
    """

    def __init__(self, view: View, *, backward: bool, known: Known | None = None) -> None:
        self._known = known
        self._given = view.cell_target if backward else view.cell_source
        self._backward = backward
        self.cells = np.zeros(len(view.cell_source))
        self.null = np.zeros((view.source_types if backward else view.target_types) + 1)

    def add(self, batch: Batch, linked: NDArray[np.float32] | None, unlinked: NDArray[np.float32]) -> None:
        """Add the expected links (B, m, n), if any, and the expected words without counterpart (B, g) of a batch."""
        words = batch.source if self._backward else batch.target
        if linked is not None:
            self.cells += np.bincount(batch.cells.ravel(), linked.ravel(), len(self.cells))
        self.null += np.bincount(words.ravel(), unlinked.ravel(), len(self.null))

    def table(self, concentration: float, power: float) -> Table:
        """Turn the counts into a translation table.

        Args:
            concentration: of the Dirichlet prior. 0 gives relative frequencies; more gives the mean-field posterior
                exp(digamma(count + concentration)) / exp(digamma(total)), which favours few translations per word.
            power: of the view, > 0.

        Source:
            Brown et al. 1993, equation 14 for concentration 0; Riley and Gildea 2012 for the variational form.
        """
        cells, null = self.cells, self.null
        total = np.bincount(self._given, weights=cells).astype(np.float64, copy=False)
        met = np.bincount(self._given)
        empty, types = float(null[:-1].sum()), len(null) - 1
        if self._known is not None:
            cells, null, total = cells + self._known.cells, null + self._known.null, total + self._known.total
            met, types = np.maximum(met, self._known.met), self._known.types
            empty += self._known.empty
        if concentration:
            from scipy.special import digamma

            # Words that never meet cannot be linked: a word's vocabulary is the words it meets.
            spread = digamma(total + concentration * met)
            logs = digamma(cells + concentration) - spread[self._given]
            nulls = digamma(null + concentration) - digamma(empty + concentration * types)
            cells, null = np.exp(power * logs), np.exp(power * nulls)
        else:
            cells = (cells / np.maximum(total, _FLOOR)[self._given]) ** power
            null = np.maximum(null / max(empty, _FLOOR), _FLOOR) ** power
        cells[-1] = 0.0
        null[-1] = 1.0
        return Table(cells.astype(np.float32), null.astype(np.float32))
