"""The word-alignment heuristic: a source span goes to the longest run of the target words that it is linked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exonym.project.candidates import Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.data import Span
    from exonym.project.match import Choice


def match_heuristic(
    spans: Sequence[Span], mass: Sequence[dict[int, float]], *, max_gap: int = 0, length_ratio: float = 0.0
) -> tuple[Choice, list[str]]:
    """Project each source span to the longest run of target words linked to it.

    Args:
        spans: M source spans.
        mass: for each, target word -> summed link weight; every word in it counts as linked.
        max_gap: runs that lie at most so many words apart are joined, the words between included.
        length_ratio: runs shorter than this share of the source span are dropped.

    Returns:
        For each source span its target range, scored by the share of its words that are linked, or None; and for each
        the reason why it has none, empty if it has one.

    Source:
        García-Ferrero et al. 2022, section on annotation projection. Differences: the gap is the number of words
        between two runs (their code tests the width of the joined run, so that {1, 2, 4} is never joined); collisions
        are resolved between spans that truly overlap in the target (their code compares neighbours in source order, so
        that two spans that change places destroy each other). As theirs, two overlapping spans of one type become one,
        and of two types the longer stays, or else the later.
    """
    reasons = [""] * len(spans)
    runs: list[tuple[int, int] | None] = []
    for index, (span, words) in enumerate(zip(spans, mass, strict=True)):
        run = _longest_run(sorted(words), max_gap)
        if run is None:
            reasons[index] = "no link"
        elif (run[1] - run[0]) < length_ratio * len(span):
            reasons[index], run = "below length ratio", None
        runs.append(run)
    _resolve(spans, runs, reasons)
    choice: Choice = []
    for run, words in zip(runs, mass, strict=True):
        linked = sum(run[0] <= word < run[1] for word in words) if run else 0
        choice.append(Candidate(*run, linked / (run[1] - run[0])) if run else None)
    return choice, reasons


def _longest_run(words: list[int], max_gap: int) -> tuple[int, int] | None:
    """Return the longest run of words with gaps of at most `max_gap`, the first of equals, or None without words."""
    runs: list[tuple[int, int]] = []
    for word in words:
        if runs and word - runs[-1][1] <= max_gap:
            runs[-1] = runs[-1][0], word + 1
        else:
            runs.append((word, word + 1))
    return max(runs, key=lambda run: run[1] - run[0], default=None)


def _resolve(spans: Sequence[Span], runs: list[tuple[int, int] | None], reasons: list[str]) -> None:
    """Make the runs disjoint, in target order; changes `runs` and `reasons` in place."""
    order = sorted((run, index) for index, run in enumerate(runs) if run is not None)
    holder: int | None = None  # the source span whose run reaches furthest so far
    for run, index in order:
        held = runs[holder] if holder is not None else None
        if holder is None or held is None or run[0] >= held[1]:
            holder = index
            continue
        if spans[index].label == spans[holder].label:
            runs[holder] = held[0], max(held[1], run[1])
            loser, reason = index, "joined with an overlapping span"
        else:
            loser, reason = (index if held[1] - held[0] > run[1] - run[0] else holder), "overlap"
            holder = holder if loser == index else index
        runs[loser] = None
        reasons[loser] = reason
