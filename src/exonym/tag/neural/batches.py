"""Windows into batches: by size, within a budget of tokens, with what is to be learnt of them. Start at `packed`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from exonym.tag.neural.encoder import lengths_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from exonym.tag.neural.encoder import Encoder, Window


@dataclass(frozen=True, slots=True)
class Item:
    """A window to learn from.

    Attributes:
        window: the window.
        target: of each word that counts its tag, int64 (T,), or its distribution, float32 (T, K).
        weight: of each of its words, > 0.
    """

    window: Window
    target: NDArray[np.int64] | NDArray[np.float32]
    weight: float


@dataclass(frozen=True)
class Batch:
    """What the loss is computed of: B windows of at most T words.

    Attributes:
        inputs: the arguments of the encoder.
        lengths: words that count in each, (B,).
        begins: whether the first of them begins a sentence, (B,).
        targets: int64 (B, T) or float32 (B, T, K), 0 past the end.
        weights: of each window, float32 (B,).
    """

    inputs: dict[str, Tensor]
    lengths: Tensor
    begins: Tensor
    targets: Tensor
    weights: Tensor

    @classmethod
    def of(cls, items: Sequence[Item], encoder: Encoder, device: torch.device) -> Batch:
        """Collate items, and send them to a device."""
        windows = [item.window for item in items]
        lengths, begins = lengths_of(windows)
        first = items[0].target
        targets = np.zeros((len(items), int(lengths.max()), *first.shape[1:]), dtype=first.dtype)
        for row, item in zip(targets, items, strict=True):
            row[: len(item.target)] = item.target
        weights = torch.tensor([item.weight for item in items], dtype=torch.float32)
        inputs = {name: value.to(device) for name, value in encoder.collate(windows).items()}
        return cls(
            inputs, lengths.to(device), begins.to(device), torch.from_numpy(targets).to(device), weights.to(device)
        )


def packed(
    sizes: Sequence[int], budget: int, order: Iterable[int] | None = None, enough: int | None = None
) -> list[list[int]]:
    """Pack numbered things into batches of alike size.

    Args:
        sizes: tokens of each.
        budget: most tokens in a batch, counted as its longest times its number; a longer thing has one of its own.
        order: the order among things of one size; as they come if None.
        enough: a batch of so many tokens takes nothing that is longer than its first by more than a tenth, which would
            be padding for all in it; the budget if None.

    Returns:
        The batches, from the shortest things to the longest.
    """
    batches: list[list[int]] = []
    shortest = 0
    for index in sorted(range(len(sizes)) if order is None else order, key=sizes.__getitem__):
        held, size = len(batches[-1]) if batches else 0, sizes[index]
        longer = enough is not None and 10 * size > 11 * shortest and shortest * held >= enough
        if not held or size * (held + 1) > budget or longer:
            batches.append([])
            shortest = size
        batches[-1].append(index)
    return batches


def epoch_batches(items: Sequence[Item], budget: int, seed: tuple[int, ...]) -> list[list[int]]:
    """Pack the items of an epoch: things of one size fall together by chance, and the batches come in any order.

    How many batches there are does not depend on the seed.
    """
    rng = np.random.default_rng(seed)
    sizes = [item.window.size for item in items]
    batches = packed(sizes, budget, rng.permutation(len(items)).tolist())
    return [batches[place] for place in rng.permutation(len(batches))]
