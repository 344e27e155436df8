"""Where a network runs, how precisely, and from which random numbers.

PyTorch is imported inside the functions, so that options can name a precision without it. Start at `best_device`.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    import torch

# `auto`: bfloat16 on a GPU that has it, else float32. `int8`: where a network is only used, on a CPU, its linear maps
# have 8 bits (`exonym.int8`); else as `auto`.
Precision = Literal["auto", "float32", "bfloat16", "int8"]


def best_device() -> torch.device:
    """Return the GPU if PyTorch sees one, else the CPU."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half(device: torch.device, precision: Precision) -> bool:
    """Say whether to compute in bfloat16."""
    import torch

    if precision in ("auto", "int8"):
        return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return precision == "bfloat16"


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """Compute in bfloat16 what gains by it, while the weights stay float32."""
    import torch

    return torch.autocast(device.type, torch.bfloat16) if half(device, precision) else nullcontext()


@contextmanager
def own_randomness() -> Iterator[None]:
    """Give PyTorch's generators back at the end as they were."""
    import torch

    with torch.random.fork_rng(range(torch.cuda.device_count())):
        yield


def seed_with(*numbers: int) -> None:
    """Set PyTorch's generators to what some whole numbers >= 0 stand for."""
    import torch

    torch.manual_seed(int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1)))
