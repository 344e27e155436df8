"""The word-alignment heuristic: a source span goes to the longest run of the target words that it is linked to.

Ours; what other authors' code does is in `exonym.project.compat`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exonym.project.candidates import Candidate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from exonym.data import Span
    from exonym.project.candidates import Range
    from exonym.project.match import Choice


def match_heuristic(
    spans: Sequence[Span],
    linked: Sequence[Collection[int]],
    *,
    max_gap: int = 0,
    length_ratio: float = 0.0,
    punctuation: Collection[int] = (),
) -> tuple[Choice, list[str]]:
    """Project each source span to the longest run of target words linked to it.

    Args:
        spans: M source spans.
        linked: for each, the target words that are linked to it.
        max_gap: runs that lie at most so many words apart are joined, the words between included.
        length_ratio: runs shorter than this share of the source span are dropped.
        punctuation: target words that are taken off the ends of runs, unless a span is linked to no others.

    Returns:
        For each source span its target range, scored by the share of its words that are linked, if it has one; and for
        each the reason why it has none, empty if it has one.

    Source:
        García-Ferrero et al. 2022, section on annotation projection. Differences: the gap is the number of words
        between two runs (their code tests the width of the joined run, so that {1, 2, 4} is never joined); collisions
        are resolved between spans that truly overlap in the target (their code compares neighbours in source order, so
        that two spans that change places destroy each other); punctuation inside a run stays, and so does a span that
        is nothing else. As theirs, two overlapping spans of one type become one, and of two types the longer stays, or
        else the later.
    """
    reasons = [""] * len(spans)
    runs: list[Range | None] = []
    for index, (span, words) in enumerate(zip(spans, linked, strict=True)):
        run = _longest(_stripped(runs_of(sorted(words), max_gap), punctuation))
        if run is None:
            reasons[index] = "no link"
        elif (run[1] - run[0]) < length_ratio * len(span):
            reasons[index], run = "below length ratio", None
        runs.append(run)
    _resolve(spans, runs, reasons)
    return [[share_linked(run, words)] if run else [] for run, words in zip(runs, linked, strict=True)], reasons


def runs_of(words: Iterable[int], max_gap: int) -> list[Range]:
    """Return the runs of sorted words with gaps of at most `max_gap`."""
    runs: list[Range] = []
    for word in words:
        if runs and word - runs[-1][1] <= max_gap:
            runs[-1] = runs[-1][0], word + 1
        else:
            runs.append((word, word + 1))
    return runs


def share_linked(run: Range, words: Collection[int]) -> Candidate:
    """Score a range by the share of its words that are linked."""
    share = sum(run[0] <= word < run[1] for word in words) / (run[1] - run[0])
    return Candidate(*run, share, share)


def _longest(runs: Sequence[Range]) -> Range | None:
    """Return the longest run, the first of equals, or None without runs."""
    return max(runs, key=lambda run: run[1] - run[0], default=None)


def _stripped(runs: list[Range], punctuation: Collection[int]) -> list[Range]:
    """Take punctuation off the ends of runs; if nothing else were left of any, return them as they are."""
    if not punctuation:
        return runs
    found = []
    for start, stop in runs:
        inside = [word for word in range(start, stop) if word not in punctuation]
        if inside:
            found.append((inside[0], inside[-1] + 1))
    return found or runs


def _resolve(spans: Sequence[Span], runs: list[Range | None], reasons: list[str]) -> None:
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
