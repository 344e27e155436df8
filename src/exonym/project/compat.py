"""The word-alignment heuristics as two released programs carry them out, faults included, for comparison.

Both write IOB2 tags over one another, which can leave an entity in pieces or a tag that continues nothing. What comes
back is what conlleval reads in these tags, so always disjoint spans: such a tag opens an entity of its own, and two
that were written one into the other without a `B-` between them are one. Written from descriptions of what the programs
do. Use `exonym.project.heuristic` for work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exonym.data import OUTSIDE, spans_of
from exonym.project.heuristic import runs_of, share_linked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from exonym.data import Span
    from exonym.project.candidates import Range
    from exonym.project.match import Choice


def match_easy_label_projection(
    spans: Sequence[Span],
    linked: Sequence[Collection[int]],
    length: int,
    *,
    max_gap: int = 1,
    punctuation: Collection[int] = (),
) -> tuple[Choice, list[str]]:
    """Project spans as Easy-Label-Projection does.

    In this order: punctuation is deleted from the linked words, wherever it stands. Runs are joined, from left to
    right, if the joined run has at most `max_gap` + 2 words, and the longest stays, or the first. Of two spans that are
    neighbours in source order, the second collides if it begins before the first ends, wherever it ends itself: spans
    of one type become the union of their words, and then, of two spans, the longer stays, or the second.

    Args:
        spans: M source spans.
        linked: for each, the target words that are linked to it.
        length: number of target words.
        max_gap: see above.
        punctuation: target words that are deleted.

    Returns:
        As `match_heuristic`.

    Source:
        García-Ferrero et al. 2022, released code with its defaults (gap 1, punctuation deleted).
    """
    reasons = [""] * len(spans)
    kept: list[tuple[int, list[int]]] = []  # source span, its target words
    for index, words in enumerate(linked):
        left = sorted(set(words).difference(punctuation))
        if left:
            kept.append((index, _longest_narrow(left, max_gap)))
        else:
            reasons[index] = "only punctuation" if words else "no link"
    _unite(spans, kept, reasons)
    _strike(kept, reasons)
    return _read_back(spans, linked, length, kept, reasons)


def _longest_narrow(words: list[int], max_gap: int) -> list[int]:
    """Join runs by the width of the joined run, and return the words of the longest."""
    runs: list[Range] = []
    for run in runs_of(words, 0):
        if runs and run[1] - 1 - runs[-1][0] <= max_gap + 1:
            runs[-1] = runs[-1][0], run[1]
        else:
            runs.append(run)
    return list(range(*max(runs, key=lambda run: run[1] - run[0])))


def _unite(spans: Sequence[Span], kept: list[tuple[int, list[int]]], reasons: list[str]) -> None:
    """Unite colliding neighbours of one type, in place."""
    place = 0
    while place < len(kept) - 1:
        (one, words), (other, more) = kept[place], kept[place + 1]
        if words[-1] >= more[0] and spans[one].label == spans[other].label:
            kept[place] = one, sorted({*words, *more})
            reasons[other] = "joined with an overlapping span"
            del kept[place + 1]
        else:
            place += 1


def _strike(kept: list[tuple[int, list[int]]], reasons: list[str]) -> None:
    """Strike out the shorter of colliding neighbours, or the first, in place."""
    place = 0
    while place < len(kept) - 1:
        if kept[place][1][-1] >= kept[place + 1][1][0]:
            loser = place + (len(kept[place][1]) > len(kept[place + 1][1]))
            reasons[kept[loser][0]] = "overlap"
            del kept[loser]
        else:
            place += 1


def match_politov(
    spans: Sequence[Span],
    links: Sequence[Sequence[tuple[int, int, float]]],
    length: int,
    *,
    max_gap: int = 1,
    length_ratio: float = 0.8,
) -> tuple[Choice, list[str]]:
    """Project spans as the heuristic of Politov et al. does; a span may go to several ranges.

    Each linked word, in the order of the source words, widens every range that it touches, or opens one. Ranges at most
    `max_gap` words apart are joined, and all those stay that are longer than `length_ratio` times the source span.

    Args:
        spans: M source spans.
        links: for each, its links, as from `links_of`.
        length: number of target words.
        max_gap: see above.
        length_ratio: see above; the test is strict.

    Returns:
        As `match_heuristic`, with any number of ranges for each source span.

    Source:
        Politov et al. 2025, released code with its defaults (gap 1, ratio 0.8).
    """
    reasons = [""] * len(spans)
    kept: list[tuple[int, list[int]]] = []
    for index, (span, rows) in enumerate(zip(spans, links, strict=True)):
        ranges = _joined(_absorb(target for _, target, _ in rows), max_gap)
        long = [each for each in ranges if (each[1] - each[0]) / len(span) > length_ratio]
        kept.extend((index, list(range(*each))) for each in long)
        if not long:
            reasons[index] = "below length ratio" if rows else "no link"
    return _read_back(spans, [{target for _, target, _ in rows} for rows in links], length, kept, reasons)


def _absorb(words: Iterable[int]) -> list[Range]:
    ranges: list[Range] = []
    for word in words:
        touched = False
        for place, (start, stop) in enumerate(ranges):
            if start - 1 <= word <= stop:
                ranges[place] = min(start, word), max(stop, word + 1)
                touched = True
        if not touched:
            ranges.append((word, word + 1))
    return sorted(ranges)


def _joined(ranges: Iterable[Range], max_gap: int) -> list[Range]:
    found: list[Range] = []
    for start, stop in ranges:
        if found and start - found[-1][1] <= max_gap:
            found[-1] = found[-1][0], stop
        else:
            found.append((start, stop))
    return found


def _read_back(
    spans: Sequence[Span],
    linked: Sequence[Collection[int]],
    length: int,
    kept: Sequence[tuple[int, list[int]]],
    reasons: list[str],
) -> tuple[Choice, list[str]]:
    """Write tags over one another and read them as conlleval does: a span is of whom its first word is."""
    tags, owner = [OUTSIDE] * length, [-1] * length
    for index, words in kept:
        for word in words:
            tags[word], owner[word] = f"{'B' if word == words[0] else 'I'}-{spans[index].label}", index
    choice: Choice = [[] for _ in spans]
    for found in spans_of(tags)[0]:
        index = owner[found.start]
        choice[index].append(share_linked((found.start, found.stop), linked[index]))
    overwritten = ("" if own or reason else "overlap" for own, reason in zip(choice, reasons, strict=True))
    return choice, [reason or more for reason, more in zip(reasons, overwritten, strict=True)]
