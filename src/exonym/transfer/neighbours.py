"""How far the nearest neighbours of words have their labels: what a label is worth where nobody has checked it.

It knows vectors and tags, no tagger. Start at `neighbour_weights`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exonym.data import split_tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SAME = 1 - 1e-6  # a cosine from here on is of the same vector
_CELLS = 1 << 22  # cosines in memory at once


def neighbour_weights(
    vectors: NDArray[np.float32],
    tags: Sequence[str],
    *,
    neighbours: int = 500,
    slope: float = 6.0,
    bank: int = 20000,
    seed: int = 1,
) -> NDArray[np.float32]:
    """Weigh labels of words by how many of the nearest words, by the cosine of their vectors, have the same type.

    `r = count / (largest count of the tag)`, then `w = sigmoid(slope (r - mean of r of the tag))`, over the largest w
    of the tag: every tag has a word of weight 1, and rare ones are not weighed down as such.

    Args:
        vectors: of N words, shape (N, D).
        tags: of each word, IOB2; `B-X` and `I-X` are one type when neighbours are counted.
        neighbours: K, how many are looked at, >= 1; all, where there are fewer.
        slope: how sharply weights fall around the mean of their tag, >= 0.
        bank: neighbours are sought among so many words, drawn at random if there are more, >= 1.
        seed: of the draw.

    Returns:
        The weights, in (0, 1], shape (N,).

    Source:
        Ma et al. 2023 (ACL), "CoLaDa", as the released code computes it: it normalises by the largest count and weight
        of each tag. Differences: of copies of a word's own vector none is a neighbour, as there, but the nearest that
        is no copy is, which the code skips; the bank, so that time grows with N and not with N squared; the code takes
        all words.
    """
    counts = same_type_counts(vectors, tags, neighbours=neighbours, bank=bank, seed=seed)
    names = np.array(tags, dtype=object)
    weights = np.zeros(len(names))
    for name in sorted(set(tags)):
        own = names == name
        most = counts[own].max()
        shares = counts[own] / most if most else np.zeros(own.sum())
        rises = 1 / (1 + np.exp(-slope * (shares - shares.mean())))
        weights[own] = rises / rises.max()
    return weights.astype(np.float32)


def same_type_counts(
    vectors: NDArray[np.float32], tags: Sequence[str], *, neighbours: int, bank: int, seed: int
) -> NDArray[np.int64]:
    """Count for each word how many of its nearest neighbours have its type, shape (N,)."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(norms, 1e-12)
    labels = [split_tag(name)[1] for name in tags]
    known = {label: number for number, label in enumerate(sorted(set(labels)))}
    types = np.array([known[label] for label in labels], dtype=np.int64)
    total = len(types)
    chosen = np.arange(total)
    if total > bank:
        chosen = np.sort(np.random.default_rng(seed).choice(total, bank, replace=False))
    others, their_types = unit[chosen].T, types[chosen]
    counts = np.zeros(total, dtype=np.int64)
    step = max(1, _CELLS // max(1, len(chosen)))
    for at in range(0, total, step):
        rows = np.arange(at, min(at + step, total))
        near = unit[rows] @ others
        near[(near >= _SAME) | (rows[:, None] == chosen)] = -np.inf
        if neighbours < len(chosen):
            best = np.argpartition(-near, neighbours - 1, axis=1)[:, :neighbours]
        else:
            best = np.broadcast_to(np.arange(len(chosen)), near.shape)
        alike = (their_types[best] == types[rows][:, None]) & np.isfinite(np.take_along_axis(near, best, axis=1))
        counts[rows] = alike.sum(axis=1)
    return counts
