"""Low-rank adaptation: matrices that learn a small change and keep what they know. Start at `adapt` and `merge`.

PyTorch is imported here, so import this where it is used. A change is a parametrisation of the weight, so that the
layer multiplies by the very matrix that `merge` leaves behind: nothing is rounded otherwise by merging.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

if TYPE_CHECKING:
    from collections.abc import Iterable


class LowRank(nn.Module):
    """Adds (alpha / rank) B A to a weight; B begins as zero, so that nothing is changed at first.

    Args:
        weight: the weight, shape (O, I).
        rank: of the change, >= 1.
        alpha: how much the change counts, > 0.

    Source:
        Hu et al. 2022, "LoRA", section 4.1; the first A is drawn as in their code. Differences: B A is added to the
        weight, not to what the layer gives, which is the same but for dropout between the input and A; there is none.
    """

    def __init__(self, weight: Tensor, rank: int, alpha: float) -> None:
        super().__init__()
        self.scale = alpha / rank
        self.down = nn.Parameter(torch.empty(rank, weight.shape[1], device=weight.device, dtype=weight.dtype))
        self.up = nn.Parameter(torch.zeros(weight.shape[0], rank, device=weight.device, dtype=weight.dtype))
        nn.init.kaiming_uniform_(self.down, a=sqrt(5))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the changed weight (O, I)."""
        return weight + self.scale * (self.up @ self.down)


def adapt(maps: Iterable[nn.Linear], rank: int, alpha: float) -> list[nn.Parameter]:
    """Put a change in front of the weights of linear maps; they themselves are not trained any more.

    Returns:
        The weights that are to be trained.
    """
    trained = []
    for linear in maps:
        change = LowRank(linear.weight, rank, alpha)
        linear.weight.requires_grad_(False)
        parametrize.register_parametrization(linear, "weight", change)
        trained += [change.down, change.up]
    return trained


def merge(maps: Iterable[nn.Linear]) -> None:
    """Make plain linear maps of adapted ones, whose weights hold the change."""
    for linear in maps:
        parametrize.remove_parametrizations(linear, "weight", leave_parametrized=True)
