"""Text that is too large to be learnt from at once: a sample teaches, and the rest is aligned chunk by chunk.

Each chunk depends on the sample's model and on nothing else, so chunks can be aligned by several processes.
"""

from __future__ import annotations

import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Protocol

from exonym.data import Alignment, Bitext

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exonym.align.model import AlignmentModel
    from exonym.align.statistical import StatisticalAligner
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
    aligner: StatisticalAligner, bitext: Bitext, model: AlignmentModel, workers: int, progress: Progress
) -> Alignment:
    """Align a text chunk by chunk.

    Args:
        aligner: of the chunks; its `max_pairs` is their size.
        bitext: the pairs to align.
        model: what is known of the text before.
        workers: processes; 1 is this one.
        progress: told after each chunk how many pairs are done.

    Returns:
        The links, in order.
    """
    size = aligner.max_pairs
    chunks = (Bitext(bitext.pairs[start : start + size], bitext.name) for start in range(0, len(bitext), size))
    links: list[Links] = []
    progress(0, len(bitext), "aligning")
    for found in _aligned(aligner, chunks, model, min(workers, -(-len(bitext) // size))):
        links += found.links
        progress(len(links), len(bitext), "aligning")
    return Alignment(tuple(links), "statistical")


def _aligned(
    aligner: StatisticalAligner, chunks: Iterator[Bitext], model: AlignmentModel, workers: int
) -> Iterator[Alignment]:
    if workers <= 1:
        yield from (aligner.align(chunk, prior=model) for chunk in chunks)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _remember, (aligner, model)) as pool:
        yield from pool.map(_align, chunks)


_remembered: list[tuple[StatisticalAligner, AlignmentModel]] = []  # of a worker process


def _remember(aligner: StatisticalAligner, model: AlignmentModel) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupt is reported by the parent alone
    _remembered[:] = [(aligner, model)]


def _align(chunk: Bitext) -> Alignment:
    aligner, model = _remembered[0]
    return aligner.align(chunk, prior=model)
