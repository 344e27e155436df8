"""Linear maps in 8 bits, for networks that are only used, on a CPU. Start at `in_int8`."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from exonym.errors import RecipeError

M = TypeVar("M", bound=nn.Module)

_MOST = 127  # of a signed number of 8 bits, so that both signs reach as far


class Int8Linear(nn.Module):
    """A linear map whose weights have 8 bits, a scale for each output; inputs get 8 bits and one scale as they come.

    Args:
        linear: the map, float32, weights (outputs, inputs).

    Source:
        PyTorch's dynamic quantisation, whose operators are called here directly: its module is deprecated, and its
        successor, torchao, was no faster than float32 without compilation (384 x 1536, one thread).
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach()
        scales = (weight.abs().amax(1) / _MOST).clamp(min=torch.finfo(torch.float32).tiny).double()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r"torch\.quantize_per_tensor", category=UserWarning)
            rows = torch.quantize_per_channel(
                weight, scales, torch.zeros(len(scales), dtype=torch.long), 0, torch.qint8
            )
        bias = None if linear.bias is None else linear.bias.detach()
        self.packed: Any = torch.ops.quantized.linear_prepack(rows, bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map numbers of shape (..., inputs) to (..., outputs), float32."""
        mapped: Tensor = torch.ops.quantized.linear_dynamic(inputs, self.packed, reduce_range=True)
        return mapped


def in_int8(module: M) -> M:
    """Put maps of 8 bits in the place of all linear maps of a module, which is changed, and can no longer be trained.

    Raises:
        RecipeError: this build of PyTorch cannot multiply numbers of 8 bits.
    """
    if torch.backends.quantized.engine == "none":
        raise RecipeError(
            'precision: found "int8", which this build of PyTorch lacks; expected "float32" or "bfloat16"'
        )
    for name, part in module.named_children():
        if type(part) is nn.Linear:
            setattr(module, name, Int8Linear(part))
        else:
            in_int8(part)
    return module
