"""Links of shuffled sentences: a control, which says what projection does without an alignment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from exonym.align.statistical import StatisticalAligner
from exonym.data import Alignment, Links

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.data import Bitext


@dataclass(frozen=True, kw_only=True)
class ShuffledAligner:
    """Aligns, and then shuffles the target words of each pair: as many links to as many words, all at random.

    Attributes:
        kind: names the aligner in a recipe.
        aligner: whose links are shuffled.
        seed: of the shuffling.
    """

    deterministic: ClassVar[bool] = True
    requires: ClassVar[dict[str, str]] = {}

    kind: Literal["shuffled"] = "shuffled"
    aligner: StatisticalAligner = field(default_factory=StatisticalAligner)
    seed: int = 1

    def align(self, bitext: Bitext, extra: Sequence[Bitext] = ()) -> Alignment:
        """Link the words of each pair of `bitext`; see `Aligner.align`."""
        found = self.aligner.align(bitext, extra)
        random = np.random.default_rng(self.seed)
        shuffled = []
        for pair, links in zip(bitext, found, strict=True):
            places = random.permutation(len(pair.target)).astype(np.int32)
            moved = Links(places[links.target], links.source, links.weight)
            shuffled.append(moved.swapped())  # which sorts them
        return Alignment(tuple(shuffled), "shuffled", found.ledger)
