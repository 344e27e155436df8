"""IBM model 1 with a prior for links near the diagonal: the start of the hidden Markov model in `hmm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from exonym.align.cells import Batch, View

NULL_PRIOR = 0.08  # share of words without a counterpart, as fast_align sets it


class Table(NamedTuple):
    """Translation probabilities of one direction.

    Attributes:
        cells: p(generated word | generating word) by cell id, float32 (cells + 1,); 0 for padding.
        null: p(generated word | no word) by generated word type, float32 (types + 1,); 1 for padding.
    """

    cells: NDArray[np.float32]
    null: NDArray[np.float32]


class Tables(NamedTuple):
    """Both directions: `forward` generates target from source words, `backward` source from target words."""

    forward: Table
    backward: Table


def uniform(view: View) -> Tables:
    """Return tables in which every word generates every word alike; probabilities are up to a constant."""

    def table(types: int) -> Table:
        cells = np.ones(len(view.cell_source), dtype=np.float32)
        cells[-1] = 0.0
        return Table(cells, np.ones(types + 1, dtype=np.float32))

    return Tables(table(view.target_types), table(view.source_types))


def normalised(
    counts: NDArray[np.float64], null: NDArray[np.float64], given: NDArray[np.int32], prior: float = 0.0
) -> Table:
    """Turn expected counts into a translation table.

    Args:
        counts: expected links by cell id (cells + 1,); padding is ignored.
        null: expected words without a counterpart by generated word type (types + 1,); padding is ignored.
        given: generating word type of each cell id (cells + 1,).
        prior: Dirichlet parameter. 0 gives plain relative frequencies; more gives the mean-field posterior
            exp(digamma(count + prior)) / exp(digamma(total)), which favours few translations per word.

    Returns:
        The table.

    Source:
        Mermer and Saraçlar 2011; Riley and Gildea 2012 for the variational form.
    """
    total = np.bincount(given, weights=counts)
    if prior:
        from scipy.special import digamma

        size = np.bincount(given)
        table = np.exp(digamma(counts + prior) - digamma(total + prior * size)[given])
        empty = np.exp(digamma(null + prior) - digamma(null[:-1].sum() + prior * (len(null) - 1)))
    else:
        table = counts / np.maximum(total, 1e-30)[given]
        empty = null / max(null[:-1].sum(), 1e-30)
    table[-1] = 0.0
    empty[-1] = 1.0
    return Table(table.astype(np.float32), np.maximum(empty, 1e-12).astype(np.float32))


def train_ibm1(view: View, iterations: int, tension: float) -> Tables:
    """Train IBM model 1 in both directions by expectation maximisation.

    Args:
        view: the bitext.
        iterations: rounds, >= 0.
        tension: strength of the diagonal prior exp(-tension |i/m - j/n|); 0 gives model 1 proper.

    Returns:
        Translation tables of both directions.

    Source:
        Brown et al. 1993, section 4.1; Dyer et al. 2013, equation 2 (with a fixed tension) for the prior. Plain
        maximum likelihood here: the variational form of fast_align made rare words too sure too early (-4 to -9 F1 of
        projected labels in the prototype).
    """
    tables = uniform(view)
    for _ in range(iterations):
        counts = [np.zeros(len(view.cell_source)) for _ in range(2)]
        nulls = [np.zeros(view.target_types + 1), np.zeros(view.source_types + 1)]
        for batch in view.batches:
            for side in (0, 1):
                linked, unlinked = expected_links(batch, tables[side], tension, backward=bool(side))
                counts[side] += np.bincount(batch.cells.ravel(), linked.ravel(), len(view.cell_source))
                words = batch.source if side else batch.target
                nulls[side] += np.bincount(words.ravel(), unlinked.ravel(), len(nulls[side]))
        tables = Tables(
            normalised(counts[0], nulls[0], view.cell_source), normalised(counts[1], nulls[1], view.cell_target)
        )
    return tables


def expected_links(
    batch: Batch, table: Table, tension: float, *, backward: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the link posteriors of one direction under model 1.

    Args:
        batch: B pieces.
        table: of this direction.
        tension: see `train_ibm1`.
        backward: source words are generated from target words.

    Returns:
        Posterior of each cell, float32 (B, m, n), and of no link for each generated word, float32 (B, n), or (B, m)
        backward.
    """
    axis = 2 if backward else 1
    near = diagonal(batch, tension)
    near *= (1.0 - NULL_PRIOR) / np.maximum(near.sum(axis=axis, keepdims=True), 1e-30)
    linked = table.cells[batch.cells]
    linked *= near
    unlinked = NULL_PRIOR * table.null[batch.source if backward else batch.target]
    total = linked.sum(axis=axis) + unlinked
    linked /= np.expand_dims(total, axis)
    return linked, unlinked / total


def diagonal(batch: Batch, tension: float) -> NDArray[np.float32]:
    """Return exp(-tension |i/m - j/n|) for each cell (B, m, n), 0 for padding, with the middles of words as i and j."""
    source = (np.arange(batch.source.shape[1]) + 0.5) / batch.source_lengths[:, None]
    target = (np.arange(batch.target.shape[1]) + 0.5) / batch.target_lengths[:, None]
    gap = np.abs(source.astype(np.float32)[:, :, None] - target.astype(np.float32)[:, None, :])
    near: NDArray[np.float32] = np.exp(-np.float32(tension) * gap)
    near *= (source < 1.0)[:, :, None] & (target < 1.0)[:, None, :]
    return near
