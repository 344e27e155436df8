"""Text that is too large to be learnt from at once: a sample teaches, and the rest is aligned chunk by chunk.

Each chunk depends on the sample's model and on nothing else, so chunks can be aligned by several processes.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from exonym.processes import ordered_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exonym.data import Links, Pair

CHUNK = 10_000  # pairs aligned at a time
CHUNK_ROUNDS = 2  # rounds of the hidden Markov model, from the sample's counts


class Progress(Protocol):
    """Is told how far the work is, and what is done now."""

    def __call__(self, done: float, total: float, what: str, /) -> object:
        """Take note."""


def quiet(done: float, total: float, what: str, /) -> None:
    """Take no note."""


def sample(pairs: Sequence[Pair], size: int) -> Sequence[Pair]:
    """Return `size` pairs spread evenly over the text, or all of them if there are no more."""
    if len(pairs) <= size:
        return pairs
    return [pairs[number * len(pairs) // size] for number in range(size)]


def align_chunks(
    align: Callable[[Sequence[Pair]], list[Links]], pairs: Sequence[Pair], workers: int, progress: Progress
) -> Iterator[Links]:
    """Align a text chunk by chunk.

    Args:
        align: finds the links of a chunk, whatever the others are.
        pairs: the text.
        workers: processes; 1 is this one. Each is given `align` once.
        progress: told after each chunk how many pairs are done.

    Yields:
        The links, in order.
    """
    chunks = (pairs[start : start + CHUNK] for start in range(0, len(pairs), CHUNK))
    done = 0
    progress(done, len(pairs), "aligning")
    with closing(ordered_map(align, chunks, workers)) as links:
        for found in links:
            done += len(found)
            progress(done, len(pairs), "aligning")
            yield from found
