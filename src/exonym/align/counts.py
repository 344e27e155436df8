"""What a text taught the aligner, by the forms of words: it outlives the text and can be a prior for another one.

Inside a text words and cells are numbers (see `cells`); here they are forms, so that texts can be put together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from exonym.align.tables import Known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from exonym.align.cells import View

PRUNED = 0.05  # smaller counts are left out, though not of the totals


@dataclass(frozen=True, eq=False)
class WordCounts:
    """Expected counts of one view in one direction: G generating forms, H generated forms, C counts.

    Attributes:
        given_forms: the generating forms (G).
        made_forms: the generated forms (H).
        given: generating form of each count, int32 (C,).
        made: generated form of each count, int32 (C,); counts are in order of `given`, then `made`.
        count: expected links of both forms, float32 (C,).
        total: expected links of each generating form, small ones too, float32 (G,).
        met: how many generated forms each generating form has met, int32 (G,).
        null: expected occurrences of each generated form without counterpart, float32 (H,).
    """

    given_forms: tuple[str, ...]
    made_forms: tuple[str, ...]
    given: NDArray[np.int32]
    made: NDArray[np.int32]
    count: NDArray[np.float32]
    total: NDArray[np.float32]
    met: NDArray[np.int32]
    null: NDArray[np.float32]

    @classmethod
    def of(cls, view: View, cells: NDArray[np.float64], null: NDArray[np.float64], *, backward: bool) -> WordCounts:
        """Name the counts of a view.

        Args:
            view: the text.
            cells: expected links by cell id (cells + 1,).
            null: expected words without counterpart by generated word type (types + 1,).
            backward: source words are generated from target words.
        """
        given, made, given_forms, made_forms = _sides(view, backward=backward)
        given, made, cells = given[:-1], made[:-1], cells[:-1]  # the last one is padding
        size = len(given_forms)
        total, met = np.bincount(given, cells, size), np.bincount(given, minlength=size)
        kept = np.flatnonzero(cells >= PRUNED)
        kept = kept[np.lexsort((made[kept], given[kept]))]
        return cls(
            tuple(given_forms),
            tuple(made_forms),
            given[kept],
            made[kept],
            cells[kept].astype(np.float32),
            total.astype(np.float32),
            met.astype(np.int32),
            null[:-1].astype(np.float32),
        )

    def times(self, weight: float) -> WordCounts:
        """Return all counts times `weight`."""
        if weight == 1.0:
            return self
        share = np.float32(weight)
        return replace(self, count=self.count * share, total=self.total * share, null=self.null * share)

    def known(self, view: View, *, backward: bool) -> Known:
        """Look up the words and the cells of another text."""
        cell_given, cell_made, given_forms, made_forms = _sides(view, backward=backward)
        given, made = _places(self._given_ids, given_forms), _places(self._made_ids, made_forms)
        keys = _keys(given[cell_given], made[cell_made], len(self.made_forms))
        keys[(given[cell_given] < 0) | (made[cell_made] < 0)] = -1
        at = np.minimum(np.searchsorted(self._counted, keys), len(self._counted) - 1)
        cells = np.where(self._counted[at] == keys, self._count[at], np.float32(0.0))
        return Known(
            cells,
            np.append(self.total, 0.0)[given],  # -1 is unknown, and the last
            np.append(self.met, np.int32(0))[given],
            np.append(self.null, 0.0)[made],
            float(self.null.sum(dtype=np.float64)),
            len(self.made_forms) + int((made[:-1] < 0).sum()),
        )

    def plus(self, other: WordCounts) -> WordCounts:
        """Add the counts of another text."""
        given_ids, made_ids = dict(self._given_ids), dict(self._made_ids)
        given = np.array([given_ids.setdefault(form, len(given_ids)) for form in other.given_forms], dtype=np.int32)
        made = np.array([made_ids.setdefault(form, len(made_ids)) for form in other.made_forms], dtype=np.int32)
        keys = np.concatenate(
            [_keys(self.given, self.made, len(made_ids)), _keys(given[other.given], made[other.made], len(made_ids))]
        )
        known, place = np.unique(keys, return_inverse=True)
        count = np.bincount(place, np.concatenate([self.count, other.count]), len(known))
        total, met = np.zeros(len(given_ids)), np.zeros(len(given_ids), dtype=np.int32)
        null = np.zeros(len(made_ids))
        total[: len(self.total)], met[: len(self.met)], null[: len(self.null)] = self.total, self.met, self.null
        total[given] += other.total
        null[made] += other.null
        met[given] = np.maximum(met[given], other.met)
        left, right = np.divmod(known, max(len(made_ids), 1))
        return WordCounts(
            tuple(given_ids),
            tuple(made_ids),
            left.astype(np.int32),
            right.astype(np.int32),
            count.astype(np.float32),
            total.astype(np.float32),
            met,
            null.astype(np.float32),
        )

    @cached_property
    def _given_ids(self) -> dict[str, int]:
        return {form: number for number, form in enumerate(self.given_forms)}

    @cached_property
    def _made_ids(self) -> dict[str, int]:
        return {form: number for number, form in enumerate(self.made_forms)}

    @cached_property
    def _counted(self) -> NDArray[np.int64]:
        """Sorted keys of the counts; a last one that equals none keeps every look-up inside."""
        return np.append(_keys(self.given, self.made, len(self.made_forms)), np.iinfo(np.int64).max)

    @cached_property
    def _count(self) -> NDArray[np.float32]:
        return np.append(self.count, np.float32(0.0))


def _sides(view: View, *, backward: bool) -> tuple[NDArray[np.int32], NDArray[np.int32], list[str], list[str]]:
    """Return the types of each cell and the forms of the types, generating ones first."""
    if backward:
        return view.cell_target, view.cell_source, view.target_forms, view.source_forms
    return view.cell_source, view.cell_target, view.source_forms, view.target_forms


def _places(ids: dict[str, int], forms: Sequence[str]) -> NDArray[np.int64]:
    """Return the id of each form, -1 if it has none, and -1 for padding."""
    return np.array([*(ids.get(form, -1) for form in forms), -1], dtype=np.int64)


def _keys(given: NDArray[np.integer], made: NDArray[np.integer], size: int) -> NDArray[np.int64]:
    keys: NDArray[np.int64] = given.astype(np.int64) * size + made
    return keys
