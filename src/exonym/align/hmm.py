"""The hidden Markov model of word alignment: forward-backward over a batch, both directions by one function.

States are the source positions that generate the next target word; the jump from one to the next has a learnt
distribution. Training is in `training`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_JUMP = 60  # wider jumps share one probability

_TINY = np.float32(1e-30)
_HUGE = np.float32(1e30)  # places that alpha rules out can have any beta; it must not become infinite


class Posteriors(NamedTuple):
    """What forward-backward finds for one direction; B pieces, m generating and n generated words.

    Attributes:
        linked: probability of each link, float32 (n, B, m).
        unlinked: probability that a generated word has no counterpart, float32 (n, B).
        jumps: expected count of each jump width from -MAX_JUMP to MAX_JUMP, float64 (2 MAX_JUMP + 1,).
    """

    linked: NDArray[np.float32]
    unlinked: NDArray[np.float32]
    jumps: NDArray[np.float64]


def first_jumps() -> NDArray[np.float32]:
    """Return the jump weights to start from: one step ahead is likeliest, weight falls with the distance from it."""
    width = np.arange(-MAX_JUMP, MAX_JUMP + 1)
    weights = 1.0 / (1.0 + np.abs(width - 1.0)) ** 2
    first: NDArray[np.float32] = (weights / weights.sum()).astype(np.float32)
    return first


def learnt_jumps(counts: NDArray[np.float64], smoothing: float = 0.01) -> NDArray[np.float32]:
    """Return jump weights from expected counts, mixed with a little of the first ones so that none is 0."""
    weights = (1.0 - smoothing) * counts / max(float(counts.sum()), 1e-30) + smoothing * first_jumps()
    learnt: NDArray[np.float32] = weights.astype(np.float32)
    return learnt


def forward_backward(
    emission: NDArray[np.float32],
    null: NDArray[np.float32],
    lengths: NDArray[np.int64],
    jumps: NDArray[np.float32],
    null_prior: float,
) -> Posteriors:
    """Infer the links of a batch in one direction.

    A word without a counterpart keeps the position of the last linked word in mind, so jumps are counted from there
    (Och and Ney 2003); before the first link that position is -1.

    Args:
        emission: p(generated word | generating word), (n, B, m); 0 where either is padding.
        null: p(generated word | no word), (n, B); 1 for padding.
        lengths: generating words of each piece that are no padding, (B,).
        jumps: weight of each jump width, (2 MAX_JUMP + 1,); normalised here over the positions that a sentence has.
        null_prior: probability that a word has no counterpart, in (0, 1).

    Returns:
        The posteriors.

    Source:
        Vogel, Ney and Tillmann 1996, equations 5 to 8; null words as in Och and Ney 2003, section 2.3.2.
    """
    n, pieces, m = emission.shape
    steps = np.arange(m + 1)[None, :] - np.arange(m + 1)[:, None]  # [i', i] is the jump from i' to i; place 0 is start
    index = np.clip(steps, -MAX_JUMP, MAX_JUMP) + MAX_JUMP
    weights = jumps[index]
    weights[:, 0] = 0.0
    within = (np.arange(m + 1)[None, :] <= lengths[:, None]).astype(np.float32)
    out = (1.0 - np.float32(null_prior)) / np.maximum(within @ weights.T, _TINY)  # (B, m + 1)
    emit = np.zeros((n, pieces, m + 1), dtype=np.float32)
    emit[:, :, 1:] = emission
    stay = np.float32(null_prior) * null[:, :, None]

    # alpha: after word j, the last linked position is i; linked: and word j itself is linked to it
    alpha = np.empty((n + 1, pieces, m + 1), dtype=np.float32)
    alpha[0] = 0.0
    alpha[0, :, 0] = 1.0
    linked = np.empty_like(emit)
    scale = np.empty((n, pieces, 1), dtype=np.float32)
    for j in range(n):
        np.multiply((alpha[j] * out) @ weights, emit[j], out=linked[j])
        now = linked[j] + alpha[j] * stay[j]
        scale[j] = now.sum(axis=1, keepdims=True)
        np.divide(now, scale[j], out=alpha[j + 1])
        linked[j] /= scale[j]
    # Each beta is scaled like its alpha, so that alpha * beta sums to 1 for each word.
    beta = np.ones((pieces, m + 1), dtype=np.float32)
    ahead = np.empty_like(emit)  # emission times beta, scaled: what a jump into (j, i) is worth
    for j in range(n - 1, -1, -1):
        linked[j] *= beta
        np.multiply(emit[j], beta / scale[j], out=ahead[j])
        beta = np.minimum((ahead[j] @ weights.T) * out + (stay[j] / scale[j]) * beta, _HUGE)
    before = (alpha[:-1] * out).reshape(n * pieces, m + 1)
    expected = (before.T @ ahead.reshape(n * pieces, m + 1)) * weights
    counts = np.bincount(index.ravel(), expected.ravel(), 2 * MAX_JUMP + 1).astype(np.float64)
    posterior = linked[:, :, 1:]
    return Posteriors(posterior, np.clip(1.0 - posterior.sum(axis=2), 0.0, 1.0), counts)
