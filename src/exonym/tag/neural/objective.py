"""Losses: from log probabilities of words and what they should be to one number per word. Start at `word_losses`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from exonym.tag.neural.options import Objective

# A probability below e to this power counts as this one where its logarithm is taken: the floor of the decoder, 1e-30.
_FLOOR = -69.0


def word_losses(objective: Objective, log_probabilities: Tensor, targets: Tensor) -> Tensor:
    """Compare what a tagger gives with what it should give.

    Args:
        objective: the loss, see there for the formulas.
        log_probabilities: logarithms of the distributions p of words over tags, shape (..., K).
        targets: for `hard` the right tags, whole numbers, shape (...); else the distributions q, shape (..., K).

    Returns:
        The loss of each word, shape (...): the loss of a batch is its mean over words.
    """
    if objective.kind == "hard":
        return -log_probabilities.gather(-1, targets[..., None])[..., 0]
    if objective.kind == "mse":
        return (log_probabilities.exp() - targets).square().mean(-1)
    log_p = (log_probabilities.clamp(min=_FLOOR) / objective.temperature).log_softmax(-1)
    log_q = (targets.clamp(min=1e-30).log() / objective.temperature).log_softmax(-1)
    q = log_q.exp() if objective.temperature != 1 else targets
    return objective.temperature**2 * (torch.xlogy(q, q) - q * log_p).sum(-1)


def tag_losses(log_probabilities: Tensor, sure: Tensor) -> Tensor:
    """Return the cross-entropy of tags by their weights: `- sum_k sure_k log p_k` of each word.

    Args:
        log_probabilities: logarithms of the distributions p of words over tags, shape (..., K).
        sure: weights of the tags, >= 0; they need not sum to one, shape (..., K).
    """
    return -(sure * log_probabilities.clamp(min=_FLOOR)).sum(-1)
