"""Windows into batches within a budget of tokens, with what is to be learnt of them. Start at `epoch_batches`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from exonym.tag.neural.encoder import lengths_of
from exonym.windows import packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from exonym.tag.neural.encoder import Encoder, Window


@dataclass(frozen=True, slots=True)
class Item:
    """A window to learn from.

    Attributes:
        window: the window.
        target: of each word that counts its tag, int64 (T,), or its distribution, float32 (T, K).
        weight: of each of its words, > 0.
        given: what a side task knows of each of its words, float32 (T, D).
        factors: by which the loss of each word is multiplied, float32 (T,); 1 if None.
        sure: how much the cross-entropy of each tag of each word is added to that, float32 (T, K); nothing if None.
    """

    window: Window
    target: NDArray[np.int64] | NDArray[np.float32]
    weight: float
    given: NDArray[np.float32] | None = None
    factors: NDArray[np.float32] | None = None
    sure: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Batch:
    """What the loss is computed of: B windows of at most T words.

    Attributes:
        inputs: the arguments of the encoder.
        lengths: words that count in each, (B,).
        begins: whether the first of them begins a sentence, (B,).
        targets: int64 (B, T) or float32 (B, T, K), 0 past the end.
        weights: of each window, float32 (B,).
        given: what a side task knows of words, float32 (B, T, D), 0 past the end; None if it knows nothing.
        factors: of the loss of each word, float32 (B, T), 0 past the end; None for 1.
        sure: of the cross-entropy of each tag, float32 (B, T, K), 0 past the end; None for 0.
    """

    inputs: dict[str, Tensor]
    lengths: Tensor
    begins: Tensor
    targets: Tensor
    weights: Tensor
    given: Tensor | None = None
    factors: Tensor | None = None
    sure: Tensor | None = None

    @property
    def inside(self) -> Tensor:
        """Which places are words, bool (B, T)."""
        return torch.arange(self.targets.shape[1], device=self.lengths.device) < self.lengths[:, None]

    @classmethod
    def of(cls, items: Sequence[Item], encoder: Encoder, device: torch.device) -> Batch:
        """Collate items, and send them to a device."""
        windows = [item.window for item in items]
        lengths, begins = lengths_of(windows)
        weights = torch.tensor([item.weight for item in items], dtype=torch.float32)
        inputs = {name: value.to(device) for name, value in encoder.collate(windows).items()}
        return cls(
            inputs,
            lengths.to(device),
            begins.to(device),
            _padded([item.target for item in items], device),
            weights.to(device),
            _if_any([item.given for item in items], device),
            _if_any([item.factors for item in items], device),
            _if_any([item.sure for item in items], device),
        )


def _if_any(rows: Sequence[NDArray[np.float32] | None], device: torch.device) -> Tensor | None:
    """Fill up arrays that either all items have or none has."""
    found = [row for row in rows if row is not None]
    return _padded(found, device) if found else None


def _padded(rows: Sequence[NDArray[Any]], device: torch.device) -> Tensor:
    """Fill up arrays of a row for each word with 0, and send them to a device."""
    padded = np.zeros((len(rows), max(map(len, rows)), *rows[0].shape[1:]), dtype=rows[0].dtype)
    for place, row in zip(padded, rows, strict=True):
        place[: len(row)] = row
    return torch.from_numpy(padded).to(device)


def epoch_batches(items: Sequence[Item], budget: int, seed: tuple[int, ...]) -> list[list[int]]:
    """Pack the items of an epoch: things of one size fall together by chance, and the batches come in any order.

    How many batches there are does not depend on the seed.
    """
    rng = np.random.default_rng(seed)
    sizes = [item.window.size for item in items]
    batches = packed(sizes, budget, rng.permutation(len(items)).tolist())
    return [batches[place] for place in rng.permutation(len(batches))]
