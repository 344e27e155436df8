"""Where a network runs, how precisely, and from which random numbers. Start at `best_device`."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from exonym.tag.neural.options import Precision


def best_device() -> torch.device:
    """Return the GPU if PyTorch sees one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half(device: torch.device, precision: Precision) -> bool:
    """Say whether to compute in bfloat16."""
    if precision == "auto":
        return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return precision == "bfloat16"


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """Compute in bfloat16 what gains by it, while the weights stay float32."""
    return torch.autocast(device.type, torch.bfloat16) if half(device, precision) else nullcontext()


@contextmanager
def own_randomness() -> Iterator[None]:
    """Give PyTorch's generators back at the end as they were."""
    with torch.random.fork_rng(range(torch.cuda.device_count())):
        yield


def seed_with(*numbers: int) -> None:
    """Set PyTorch's generators to what some whole numbers >= 0 stand for."""
    torch.manual_seed(int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1)))
