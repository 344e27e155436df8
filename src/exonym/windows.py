"""Long sentences in windows, and windows in batches, for all that reads text with a network.

Which words are read together, in which window each word is read off, and which windows make a batch. It knows lengths
only. Start at `windows_of`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Range(NamedTuple):
    """A window: it holds the words `[first, last)`, and those of `[start, stop)` are read off in it."""

    first: int
    last: int
    start: int
    stop: int


def windows_of(lengths: Sequence[int], capacity: int) -> list[Range]:
    """Cover a sentence with windows; a sentence that fits is one window.

    Neighbouring windows share about half of what they hold. A word is read off in the window in which it stands
    furthest from an edge that cuts the sentence, the earlier one if two are equal.

    Args:
        lengths: subwords of each of T words, 1 to `capacity`, T >= 1.
        capacity: most subwords in a window.

    Returns:
        The windows in order; their `[start, stop)` share the T words out.
    """
    offsets = [0, *accumulate(lengths)]
    words = len(lengths)
    covers = []
    first = last = 0
    while True:
        last = bisect_right(offsets, offsets[first] + capacity) - 1
        covers.append((first, last))
        if last == words:
            break
        half = bisect_left(offsets, offsets[last] - capacity // 2)
        fits = bisect_left(offsets, offsets[last + 1] - capacity)  # the next window must hold the next word
        first = max(half, fits, first + 1)
    return _shared_out(covers, np.array(offsets))


def packed(
    sizes: Sequence[int], budget: int, order: Iterable[int] | None = None, enough: int | None = None
) -> list[list[int]]:
    """Pack numbered things into batches of alike size.

    Args:
        sizes: tokens of each.
        budget: most tokens in a batch, counted as its longest times its number; a longer thing has one of its own.
        order: the order among things of one size; as they come if None.
        enough: a batch of so many tokens takes nothing that is longer than its first by more than a tenth, which would
            be padding for all in it; the budget if None.

    Returns:
        The batches, from the shortest things to the longest.
    """
    batches: list[list[int]] = []
    shortest = 0
    for index in sorted(range(len(sizes)) if order is None else order, key=sizes.__getitem__):
        held, size = len(batches[-1]) if batches else 0, sizes[index]
        longer = enough is not None and 10 * size > 11 * shortest and shortest * held >= enough
        if not held or size * (held + 1) > budget or longer:
            batches.append([])
            shortest = size
        batches[-1].append(index)
    return batches


def _shared_out(covers: list[tuple[int, int]], offsets: np.ndarray) -> list[Range]:
    words = len(offsets) - 1
    furthest = np.full(words, -1.0)
    owner = np.zeros(words, dtype=np.int64)
    for number, (first, last) in enumerate(covers):
        left = offsets[first:last] - offsets[first] if first else np.inf
        right = offsets[last] - offsets[first + 1 : last + 1] if last < words else np.inf
        distance = np.minimum(left, right) + np.zeros(last - first)
        better = distance > furthest[first:last]
        furthest[first:last][better] = distance[better]
        owner[first:last][better] = number
    # Owners never fall from one word to the next: of two windows the later one wins past one point.
    starts = np.searchsorted(owner, np.arange(len(covers) + 1))
    return [
        Range(first, last, int(starts[number]), int(starts[number + 1]))
        for number, (first, last) in enumerate(covers)
        if starts[number] < starts[number + 1]
    ]
