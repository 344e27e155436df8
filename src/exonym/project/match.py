"""Matching source spans with target candidates: at most `limit` candidates per span, and no two chosen ones overlap.

The problem is the weighted job interval selection problem (spans are jobs, candidates their intervals), NP-hard in
general and small in practice. `match_greedy` takes the best candidate first; `match_exact` finds the optimum, by
dynamic programming where few spans compete at one place and by integer programming (`match_milp`) where many do;
`match_bipartite` is what the released code of Politov et al. calls exact.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from exonym.errors import ExonymError
from exonym.project.candidates import Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDEST = 9  # bits of state at one place; past that the integer programme is faster than the dynamic one
_EPSILON = 1e-9  # totals that differ by less are equal

Choice = list[list[Candidate]]  # for each source span what it goes to, by start; empty if it goes nowhere


def match_greedy(candidates: Sequence[Sequence[Candidate]], limit: int = 1) -> Choice:
    """Choose the best candidate of all, strike out what overlaps it, and repeat.

    Ties go to the earlier span, then the earlier start, then the shorter range.

    Args:
        candidates: for each of the M source spans, its candidates.
        limit: most candidates for one span.

    Returns:
        For each source span its candidates.

    Source:
        Politov et al. 2025, the "argmax" solver of the released code; there the limit is 1.
    """
    choice: Choice = [[] for _ in candidates]
    order = sorted([(-candidate[2], span, candidate) for span, own in enumerate(candidates) for candidate in own])
    taken = 0  # bit t is set when target word t is part of a chosen candidate
    for _, span, candidate in order:
        words = (1 << candidate.stop) - (1 << candidate.start)
        if len(choice[span]) < limit and not taken & words:
            choice[span].append(candidate)
            taken |= words
    return [sorted(own) for own in choice]


def match_exact(candidates: Sequence[Sequence[Candidate]], limit: int = 1) -> Choice:
    """Choose the candidates with the greatest total score.

    Where the greedy choice is one of several optima it is returned, so that the two matchers differ only where
    exactness matters.

    Args:
        candidates: for each of the M source spans, its candidates; scores > 0. Many are faster once `undominated`.
        limit: most candidates for one span.

    Returns:
        For each source span its candidates.

    Source:
        The optimisation problem of Politov et al. 2025 (their released "exact" solver is `match_bipartite`; this is the
        problem as stated). Dynamic programme ours.
    """
    best = [_best(own) for own in candidates]
    if limit == 1 and _are_disjoint(best):
        return best  # nothing can be better, and the greedy choice is the same
    greedy = match_greedy(candidates, limit)
    is_wide = _width(candidates) * limit.bit_length() > WIDEST
    exact = match_milp(candidates, limit) if is_wide else _match_dynamic(candidates, limit)
    return exact if total(exact) > total(greedy) + _EPSILON else greedy


def total(choice: Choice) -> float:
    """Return the summed score of a choice."""
    return sum(candidate.score for own in choice for candidate in own)


def _best(own: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidate that the greedy matcher takes of these, if there is any."""
    if not own:
        return []
    best = own[0]
    for each in own:
        if each[2] >= best[2] and (each[2] > best[2] or each < best):
            best = each
    return [best]


def _are_disjoint(choice: Choice) -> bool:
    taken = 0
    for own in choice:
        for start, stop, *_ in own:
            words = (1 << stop) - (1 << start)
            if taken & words:
                return False
            taken |= words
    return True


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


def _match_dynamic(candidates: Sequence[Sequence[Candidate]], limit: int = 1) -> Choice:
    """Sweep over the ends of candidates; a state is how often each span that has candidates later was used so far.

    These counts stand side by side in one whole number, as many bits for each as the limit has.
    """
    bits = limit.bit_length()
    full = (1 << bits) - 1
    last_start = [max((candidate[0] for candidate in own), default=-1) for own in candidates]
    ending = _by_stop(candidates)
    ends = sorted(ending)
    best: list[_States] = [{0: (0.0, None)}]  # best[k]: the states after the k-th end
    for number, end in enumerate(ends):
        open_later = sum([full << bits * span for span, start in enumerate(last_start) if start >= end])
        states: _States = {}
        for used, state in best[number].items():
            left = used & open_later
            known = states.get(left)
            if known is None or state[0] > known[0]:
                states[left] = state
        for span, candidate in ending[end]:
            shift, gain = bits * span, candidate[2]
            before = bisect_right(ends, candidate[0])  # the states after the last end at or before its start
            for used, (score, chain) in best[before].items():
                if used >> shift & full < limit:
                    left = used + (1 << shift) & open_later
                    known = states.get(left)
                    if known is None or score + gain > known[0]:
                        states[left] = score + gain, (chain, span, candidate)
        best.append(states)
    return _unwound(max(best[-1].values(), key=lambda state: state[0])[1], len(candidates))


def _by_stop(candidates: Sequence[Sequence[Candidate]]) -> dict[int, list[tuple[int, Candidate]]]:
    """Return the candidates, each with its span, by the place where they stop."""
    ending: dict[int, list[tuple[int, Candidate]]] = {}
    for span, own in enumerate(candidates):
        for candidate in own:
            ending.setdefault(candidate[1], []).append((span, candidate))
    return ending


def _unwound(chosen: _Chosen | None, spans: int) -> Choice:
    choice: Choice = [[] for _ in range(spans)]
    while chosen is not None:  # from the last to the first
        chosen, span, candidate = chosen
        choice[span].insert(0, candidate)
    return choice


_Chosen = tuple["_Chosen | None", int, Candidate]  # the last candidate of a partial choice, and the choice before it
_States = dict[int, tuple[float, _Chosen | None]]  # how often spans were used -> best score and choice


def match_milp(candidates: Sequence[Sequence[Candidate]], limit: int = 1) -> Choice:
    """Choose the candidates with the greatest total score by integer programming (HiGHS through scipy).

    One variable per candidate; one row per source span (at most `limit` candidates) and one per target word (at most
    one chosen candidate covers it), which is the tightest way to write that no two overlap.

    Args:
        candidates: for each of the M source spans, its candidates.
        limit: most candidates for one span.

    Returns:
        For each source span its candidates.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    variables = [(span, candidate) for span, own in enumerate(candidates) for candidate in own]
    choice: Choice = [[] for _ in candidates]
    if not variables:
        return choice
    rows: list[int] = []
    columns: list[int] = []
    for column, (span, candidate) in enumerate(variables):
        covered = [span, *range(len(candidates) + candidate.start, len(candidates) + candidate.stop)]
        rows.extend(covered)
        columns.extend([column] * len(covered))
    matrix = coo_array((np.ones(len(rows)), (rows, columns))).tocsr()
    most = np.ones(matrix.shape[0])
    most[: len(candidates)] = limit
    solution = milp(
        -np.array([candidate.score for _, candidate in variables]),
        integrality=np.ones(len(variables), dtype=np.int8),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, ub=most),
        options={"mip_rel_gap": 0},
    )
    if not solution.success:  # a feasible choice always exists (the empty one), so this is a fault of the solver
        raise ExonymError(f"the integer programme of {len(variables)} candidates failed: {solution.message}")
    for (span, candidate), value in zip(variables, solution.x, strict=True):
        if value > 0.5:
            choice[span].append(candidate)
    return [sorted(own) for own in choice]


def match_bipartite(candidates: Sequence[Sequence[Candidate]]) -> Choice:
    """Give spans different ranges with the greatest total score, then drop, span by span, what overlaps an earlier one.

    Not the optimum of the problem, and never better than `match_exact`: for comparison with published results.

    Args:
        candidates: for each of the M source spans, its candidates; the published ones are all n-grams.

    Returns:
        For each source span its candidate, if it has one.

    Source:
        Politov et al. 2025, released code, the solver named exact: a minimum-weight full matching of a sparse bipartite
        graph. That raises where no matching reaches every span, and the whole sentence stays unlabelled. Here every
        span may also go nowhere, for a score of 0, so that there always is a matching, and the others keep theirs.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    ranges = sorted({(candidate.start, candidate.stop) for own in candidates for candidate in own})
    column = {each: number for number, each in enumerate(ranges)}
    scores = np.zeros((len(candidates), len(ranges) + len(candidates)))  # the columns past the ranges are nowhere
    known = [{column[candidate.start, candidate.stop]: candidate for candidate in own} for own in candidates]
    for row, own in enumerate(known):
        for place, candidate in own.items():
            scores[row, place] = candidate.score
    choice: Choice = [[] for _ in candidates]
    taken = 0
    _, places = linear_sum_assignment(scores, maximize=True)
    for row, place in enumerate(places.tolist()):
        matched = known[row].get(place)
        words = (1 << matched.stop) - (1 << matched.start) if matched else 0
        if matched and not taken & words:
            choice[row].append(matched)
            taken |= words
    return choice
