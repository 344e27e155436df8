"""What every encoder gives: windows of sentences, batches of windows, and scores of tags for the words in them.

An encoder is all of a neural tagger but the CRF layer: its last step is linear, from a word to scores of its K tags.
Subwords, if it has any, stay inside. Start at `Encoder`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor, nn

from exonym.tag.neural.crf import Crf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from exonym.data import Ledger


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a sentence that an encoder reads at once, and the words of it that count.

    Attributes:
        sentence: number of the sentence.
        start: first word that is trained and read off in this window; the words around it are context.
        stop: one past the last such word. The windows of a sentence share its words out: each is in exactly one.
        size: tokens of the encoder in the window.
        content: what the encoder needs to know of it.
    """

    sentence: int
    start: int
    stop: int
    size: int
    content: Any

    def __len__(self) -> int:
        return self.stop - self.start


class Encoder(Protocol):
    """An encoder: a `torch.nn.Module` with these methods besides its own."""

    @property
    def read(self) -> Callable[..., tuple[Tensor, Tensor]]:
        """As `__call__`, with the vectors (B, T, D) of which the last step makes the scores: (vectors, scores)."""
        ...

    def windows(self, sentences: Sequence[Sequence[str]], ledger: Ledger) -> list[Window]:
        """Cut sentences of at least one word into windows, in order; what must be changed in them is counted."""
        ...

    def collate(self, windows: Sequence[Window]) -> dict[str, Tensor]:
        """Make the arguments of `forward`, on the CPU, from B windows."""
        ...

    def __call__(self, **inputs: Tensor) -> Tensor:
        """Return the scores of the tags, shape (B, T, K), of the words that count, from each window's first."""
        ...

    @property
    def hidden(self) -> Callable[..., Tensor]:
        """Called like the encoder itself: returns vectors of the same words, shape (B, T, D), that can be compared."""
        ...

    def new_parameters(self) -> Iterable[nn.Parameter]:
        """Return the weights that start at random and learn at the rate of the head."""
        ...

    def identity(self) -> bytes:
        """Return what the scores depend on besides the weights."""
        ...

    def write(self, folder: Path) -> None:
        """Write the encoder into a folder."""
        ...


class Network(nn.Module):
    """An encoder with or without a CRF layer: all that is trained."""

    def __init__(self, encoder: Encoder, crf: Crf | None = None) -> None:
        super().__init__()
        self.encoder: Encoder
        self.add_module("encoder", encoder)  # type: ignore[arg-type]
        self.crf = crf

    def forward(self, **inputs: Tensor) -> Tensor:
        """Return the scores of the tags, float32 (B, T, K)."""
        return self.encoder(**inputs).float()

    def read(self, **inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vectors of words, float32 (B, T, D), and the scores of their tags, float32 (B, T, K)."""
        vectors, scores = self.encoder.read(**inputs)
        return vectors.float(), scores.float()

    def log_probabilities(self, scores: Tensor, lengths: Tensor, begins: Tensor) -> Tensor:
        """Return the logarithms of the distribution of each word, shape (B, T, K); those of `Crf` if there is one."""
        return scores.log_softmax(-1) if self.crf is None else self.crf.log_marginals(scores, lengths, begins)

    def new_parameters(self) -> list[nn.Parameter]:
        """Return the weights that learn at the rate of the head."""
        return [*self.encoder.new_parameters(), *(self.crf.parameters() if self.crf is not None else ())]


def lengths_of(windows: Sequence[Window]) -> tuple[Tensor, Tensor]:
    """Return the words that count in each window (B,), and whether the first of them begins a sentence (B,)."""
    lengths = torch.tensor([len(window) for window in windows])
    return lengths, torch.tensor([window.start == 0 for window in windows])
