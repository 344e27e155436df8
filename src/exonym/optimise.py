"""The optimiser of all networks: AdamW, and learning rates that rise and fall linearly. Start at `adamw`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn


def adamw(rates: Iterable[tuple[nn.Parameter, float]], weight_decay: float) -> torch.optim.AdamW:
    """Make an optimiser of the weights that want a gradient.

    Args:
        rates: weights, each with its highest learning rate.
        weight_decay: pull of weights towards 0; biases and norms are left alone.

    Source:
        Loshchilov and Hutter 2019.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for weight, rate in rates:
        if weight.requires_grad:
            groups.setdefault((rate, weight_decay if weight.ndim > 1 else 0.0), []).append(weight)
    return torch.optim.AdamW(
        [{"params": own, "lr": rate, "highest": rate, "weight_decay": decay} for (rate, decay), own in groups.items()],
        fused=True,
    )


def set_rates(optimiser: torch.optim.Optimizer, step: int, total: int, warmup: float) -> None:
    """Set the rates for a step to min((u + 1) / W, (N - u) / (N - W)) of the highest: none is lost on a rate of 0.

    Args:
        optimiser: made by `adamw`.
        step: u, from 0.
        total: N, all steps.
        warmup: W as a share of N, in [0, 1).
    """
    rising = int(warmup * total)
    factor = min((step + 1) / rising if rising else 1.0, (total - step) / (total - rising))
    for group in optimiser.param_groups:
        group["lr"] = group["highest"] * factor
