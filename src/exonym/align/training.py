"""Expectation maximisation of one model: rounds of IBM model 1, then of the hidden Markov model with agreement.

Both directions are trained at once. A model is a table for each expert and the weights of jumps; the counts that it was
made of are kept beside it, as `counts` and `model` give them to other texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from exonym.align.hmm import first_jumps, forward_backward, learnt_jumps
from exonym.align.ibm1 import Expected, diagonal, expected_links
from exonym.align.tables import Table, emission

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from exonym.align.cells import Batch
    from exonym.align.experts import Expert
    from exonym.align.surface import SurfaceCounts
    from exonym.align.tables import Counts

    Jumps = tuple[NDArray[np.float64], NDArray[np.float64]]

DIRECTIONS = (False, True)  # backward?


class Trained(NamedTuple):
    """What is learnt, for the forward and the backward direction: a table for each expert, and the jumps."""

    tables: tuple[list[Table], list[Table]]
    jumps: tuple[NDArray[np.float32], NDArray[np.float32]]


class Counted(NamedTuple):
    """What a round counted in the text itself: for each expert, and each width of a jump."""

    experts: tuple[list[Counts | SurfaceCounts], list[Counts | SurfaceCounts]]
    jumps: Jumps


@dataclass(frozen=True)
class Trainer:
    """Trains models; the attributes are those options of `StatisticalAligner` that training needs."""

    model1_iterations: int
    hmm_iterations: int
    tension: float
    concentration: float
    null_prior: float

    def train(
        self, experts: Sequence[Expert], known: Jumps | None, done: Callable[[int, int], object]
    ) -> tuple[Trained, Counted]:
        """Learn translation tables and jumps.

        Args:
            experts: of the model; if they know another text, model 1 is skipped.
            known: jumps counted in another text, added to those of this one.
            done: called before each round with its number and how many there are.

        Returns:
            The model, and the counts of the last round without those of the other text.
        """
        counted = _nothing(experts)
        forward, backward = (
            [expert.first(self.concentration, backward=side) for expert in experts] for side in DIRECTIONS
        )
        if known is None:
            model = Trained((forward, backward), (first_jumps(), first_jumps()))
        else:
            model = Trained((forward, backward), (learnt_jumps(known[0]), learnt_jumps(known[1])))
        rounds = [False] * (self.model1_iterations if known is None else 0) + [True] * self.hmm_iterations
        for number, agree in enumerate(rounds):
            done(number, len(rounds))
            del counted  # it is large
            model, counted = self._round(model, experts, known, agree=agree)
        return model, counted

    def posteriors(self, model: Trained, batches: Sequence[Batch]) -> tuple[list[Expected], Jumps]:
        """Return the posteriors of both directions under the hidden Markov model, and the expected jumps."""
        both, jumps = [], []
        for side in DIRECTIONS:
            seen = emission(model.tables[side], batches, backward=side)
            # Time runs over the generated words, so their axis goes first and that of the generating words last.
            order, back = ((1, 0, 2), (1, 0, 2)) if side else ((2, 0, 1), (1, 2, 0))
            found = forward_backward(
                np.ascontiguousarray(seen.cells.transpose(order)),
                seen.null.T,
                batches[0].target_lengths if side else batches[0].source_lengths,
                model.jumps[side],
                self.null_prior,
            )
            both.append(Expected(found.linked.transpose(back), found.unlinked.T))
            jumps.append(found.jumps)
        return both, (jumps[0], jumps[1])

    def _round(
        self, model: Trained, experts: Sequence[Expert], known: Jumps | None, *, agree: bool
    ) -> tuple[Trained, Counted]:
        """Do one round of expectation maximisation: of model 1, or, with agreement, of the hidden Markov model."""
        counts, (ahead, back) = _nothing(experts)
        for batches in zip(*(expert.view.batches for expert in experts), strict=True):
            if agree:
                both, jumps = self.posteriors(model, batches)
                agreed = both[0].linked * both[1].linked
                both = [Expected(agreed, one.unlinked) for one in both]
                ahead, back = ahead + jumps[0], back + jumps[1]
            else:
                both = self._model1(model, batches)
            for expected, of_direction in zip(both, counts, strict=True):
                linked = None if agree and of_direction is counts[1] else expected.linked
                for count, batch in zip(of_direction, batches, strict=True):
                    count.add(batch, linked, expected.unlinked)
        if agree:  # both directions count the same links
            for one, other in zip(*counts, strict=True):
                other.cells = one.cells
        concentration = self.concentration if agree else 0.0
        forward, backward = (
            [count.table(concentration, expert.power) for count, expert in zip(side, experts, strict=True)]
            for side in counts
        )
        counted = Counted(counts, (ahead, back))
        if not agree:
            return Trained((forward, backward), model.jumps), counted
        if known is not None:
            ahead, back = ahead + known[0], back + known[1]
        return Trained((forward, backward), (learnt_jumps(ahead), learnt_jumps(back))), counted

    def _model1(self, model: Trained, batches: Sequence[Batch]) -> list[Expected]:
        """Return the posteriors of both directions under model 1."""
        near = diagonal(batches[0], self.tension)
        return [
            expected_links(emission(model.tables[side], batches, backward=side), near, backward=side)
            for side in DIRECTIONS
        ]


def _nothing(experts: Sequence[Expert]) -> Counted:
    """Return empty counts."""
    forward, backward = ([expert.counts(backward=side) for expert in experts] for side in DIRECTIONS)
    return Counted((forward, backward), (np.zeros(len(first_jumps())), np.zeros(len(first_jumps()))))
