"""Matching source spans with target candidates: at most one candidate per span, and no two chosen ones overlap.

The problem is the weighted job interval selection problem (spans are jobs, candidates their intervals), NP-hard in
general and small in practice. `match_greedy` takes the best candidate first; `match_exact` finds the optimum, by
dynamic programming where few spans compete at one place and by integer programming (`match_milp`) where many do.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from exonym.errors import ExonymError
from exonym.project.candidates import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDEST = 9  # spans that compete at one place; past that the integer programme is faster than the dynamic one
_EPSILON = 1e-9  # totals that differ by less are equal

Choice = list[Candidate | None]


def match_greedy(candidates: Sequence[Sequence[Candidate]]) -> Choice:
    """Choose the best candidate of all, strike out what overlaps it, and repeat.

    Ties go to the earlier span, then the earlier start, then the shorter range.

    Args:
        candidates: for each of the M source spans, its candidates.

    Returns:
        For each source span its candidate, or None.

    Source:
        Politov et al. 2025, the "argmax" solver of the released code.
    """
    choice: Choice = [None] * len(candidates)
    order = sorted(
        (-candidate.score, span, candidate.start, candidate.stop)
        for span, own in enumerate(candidates)
        for candidate in own
    )
    taken = 0  # bit t is set when target word t is part of a chosen candidate
    for score, span, start, stop in order:
        words = (1 << stop) - (1 << start)
        if choice[span] is None and not taken & words:
            choice[span] = Candidate(start, stop, -score)
            taken |= words
    return choice


def match_exact(candidates: Sequence[Sequence[Candidate]]) -> Choice:
    """Choose the candidates with the greatest total score.

    Where the greedy choice is one of several optima it is returned, so that the two matchers differ only where
    exactness matters.

    Args:
        candidates: for each of the M source spans, its candidates; scores > 0.

    Returns:
        For each source span its candidate, or None.

    Source:
        The optimisation problem of Politov et al. 2025 (their released "exact" solver is a bipartite matching without
        the overlap constraint; this is the problem as stated). Dynamic programme ours.
    """
    greedy = match_greedy(candidates)
    if all(chosen == _best(own) for chosen, own in zip(greedy, candidates, strict=True)):
        return greedy  # every span got its best candidate: nothing can be better
    exact = match_milp(candidates) if _width(candidates) > WIDEST else _match_dynamic(candidates)
    return exact if total(exact) > total(greedy) + _EPSILON else greedy


def total(choice: Iterable[Candidate | None]) -> float:
    """Return the summed score of a choice."""
    return sum(candidate.score for candidate in choice if candidate is not None)


def _best(own: Sequence[Candidate]) -> Candidate | None:
    return min(own, key=lambda candidate: (-candidate.score, candidate.start, candidate.stop), default=None)


def _width(candidates: Sequence[Sequence[Candidate]]) -> int:
    """Return the greatest number of spans that have candidates on both sides of, or across, one place."""
    events: list[tuple[int, int]] = []
    for own in candidates:
        if own:
            events.append((min(candidate.start for candidate in own), 1))
            events.append((max(candidate.stop for candidate in own), -1))
    alive = widest = 0
    for _, change in sorted(events):
        alive += change
        widest = max(widest, alive)
    return widest


def _match_dynamic(candidates: Sequence[Sequence[Candidate]]) -> Choice:
    """Sweep over the ends of candidates; a state is the set of spans used so far that could be used again later."""
    last_start = [max((candidate.start for candidate in own), default=-1) for own in candidates]
    ending: dict[int, list[tuple[int, Candidate]]] = {}
    for span, own in enumerate(candidates):
        for candidate in own:
            ending.setdefault(candidate.stop, []).append((span, candidate))
    ends = sorted(ending)
    best: list[_States] = [{0: (0.0, None)}]  # best[k]: the states after the k-th end
    for number, end in enumerate(ends):
        open_later = sum(1 << span for span, start in enumerate(last_start) if start >= end)
        states: _States = {}
        for used, (score, chain) in best[number].items():
            _keep(states, used & open_later, score, chain)
        for span, candidate in ending[end]:
            before = bisect_right(ends, candidate.start)  # the states after the last end at or before its start
            for used, (score, chain) in best[before].items():
                if not used >> span & 1:
                    link = _Chosen(chain, span, candidate)
                    _keep(states, (used | 1 << span) & open_later, score + candidate.score, link)
        best.append(states)
    choice: Choice = [None] * len(candidates)
    chosen = max(best[-1].values(), key=lambda state: state[0])[1]
    while chosen is not None:
        choice[chosen.span] = chosen.candidate
        chosen = chosen.before
    return choice


class _Chosen(NamedTuple):
    """The last candidate of a partial choice, and the choice before it."""

    before: _Chosen | None
    span: int
    candidate: Candidate


_States = dict[int, tuple[float, _Chosen | None]]  # bit set of used spans -> best score and choice


def _keep(states: _States, used: int, score: float, chosen: _Chosen | None) -> None:
    known = states.get(used)
    if known is None or score > known[0]:
        states[used] = score, chosen


def match_milp(candidates: Sequence[Sequence[Candidate]]) -> Choice:
    """Choose the candidates with the greatest total score by integer programming (HiGHS through scipy).

    One variable per candidate; one row per source span (at most one candidate) and one per target word (at most one
    chosen candidate covers it), which is the tightest way to write that no two overlap.

    Args:
        candidates: for each of the M source spans, its candidates.

    Returns:
        For each source span its candidate, or None.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    variables = [(span, candidate) for span, own in enumerate(candidates) for candidate in own]
    choice: Choice = [None] * len(candidates)
    if not variables:
        return choice
    rows: list[int] = []
    columns: list[int] = []
    for column, (span, candidate) in enumerate(variables):
        covered = [span, *range(len(candidates) + candidate.start, len(candidates) + candidate.stop)]
        rows.extend(covered)
        columns.extend([column] * len(covered))
    matrix = coo_array((np.ones(len(rows)), (rows, columns))).tocsr()
    solution = milp(
        -np.array([candidate.score for _, candidate in variables]),
        integrality=np.ones(len(variables), dtype=np.int8),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, ub=1),
        options={"mip_rel_gap": 0},
    )
    if not solution.success:  # a feasible choice always exists (the empty one), so this is a fault of the solver
        raise ExonymError(f"the integer programme of {len(variables)} candidates failed: {solution.message}")
    for (span, candidate), value in zip(variables, solution.x, strict=True):
        if value > 0.5:
            choice[span] = candidate
    return choice
