"""IBM model 1 with a prior for links near the diagonal: the start of the hidden Markov model in `hmm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from exonym.align.cells import Batch
    from exonym.align.tables import Emission

NULL_PRIOR = 0.08  # share of words without a counterpart, as fast_align sets it


class Expected(NamedTuple):
    """Link posteriors of a batch in one direction; g is the generated side, n, or m backward.

    Attributes:
        linked: probability of each link, float32 (B, m, n).
        unlinked: probability that a generated word has no counterpart, float32 (B, g); 1 for padding.
    """

    linked: NDArray[np.float32]
    unlinked: NDArray[np.float32]


def expected_links(emission: Emission, near: NDArray[np.float32], *, backward: bool = False) -> Expected:
    """Return the link posteriors of one direction under model 1 with a position prior.

    Args:
        emission: of the batch.
        near: weight of each cell (B, m, n) as from `diagonal`; normalised here over the generating words.
        backward: source words are generated from target words.

    Returns:
        The posteriors.

    Source:
        Brown et al. 1993, section 4.1; Dyer et al. 2013, equation 2 with a fixed tension. Used for plain
        maximum likelihood: the variational form of fast_align made rare words too sure too early.
    """
    axis = 2 if backward else 1
    linked = near * ((1.0 - NULL_PRIOR) / np.maximum(near.sum(axis=axis, keepdims=True), 1e-30))
    linked *= emission.cells
    unlinked = NULL_PRIOR * emission.null
    total = linked.sum(axis=axis) + unlinked
    linked /= np.expand_dims(total, axis)
    return Expected(linked, unlinked / total)


def diagonal(batch: Batch, tension: float) -> NDArray[np.float32]:
    """Return exp(-tension |i/m - j/n|) for each cell (B, m, n), 0 for padding, with the middles of words as i and j."""
    source = (np.arange(batch.source.shape[1]) + 0.5) / batch.source_lengths[:, None]
    target = (np.arange(batch.target.shape[1]) + 0.5) / batch.target_lengths[:, None]
    gap = np.abs(source.astype(np.float32)[:, :, None] - target.astype(np.float32)[:, None, :])
    near: NDArray[np.float32] = np.exp(-np.float32(tension) * gap)
    near *= (source < 1.0)[:, :, None] & (target < 1.0)[:, None, :]
    return near
