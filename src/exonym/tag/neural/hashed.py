"""The hashed encoder as a network: a table of features, and convolution or an LSTM over words.

What it sees of a word is in `hashing`, static vectors in `vectors`. Start at `Hashed`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import embedding_bag, gelu, pad

from exonym.tag.neural.encoder import Window
from exonym.tag.neural.hashing import word_rows
from exonym.tag.neural.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from exonym.data import Ledger
    from exonym.tag.neural.options import HashedEncoder

WEIGHTS = "model.safetensors"


class Hashed(nn.Module):
    """From words to scores of tags, by hashed features.

    Args:
        options: its size and its dropout.
        tags: K.
        vectors: static word vectors; none if None.
    """

    vector_rows: Tensor

    def __init__(self, options: HashedEncoder, tags: int, vectors: Vectors | None = None) -> None:
        super().__init__()
        width = options.width
        self.options = options
        self.table = nn.Parameter(torch.randn(options.rows, width) * 0.1)
        self.vectors = vectors
        if vectors is not None:
            self.register_buffer("vector_keys", torch.from_numpy(vectors.keys))
            self.register_buffer("vector_rows", torch.from_numpy(vectors.rows))
            self.project = nn.Linear(vectors.rows.shape[1], width, bias=False)
        self.norm = nn.LayerNorm(width)
        self.dropout = _Dropout(options.dropout)
        layer = _Convolution if options.context == "convolution" else _Recurrence
        self.layers = nn.ModuleList(layer(width, options.dropout) for _ in range(options.layers))
        self.head = nn.Linear(width, tags)

    def windows(self, sentences: Sequence[Sequence[str]], ledger: Ledger) -> list[Window]:
        """Make a window of each sentence: there is no longest one."""
        if self.vectors is not None:
            missing = sum(not self.vectors.find(word) for words in sentences for word in words)
            ledger.note("words without a static vector", missing)
        return [Window(index, 0, len(words), len(words), words) for index, words in enumerate(sentences)]

    def collate(self, windows: Sequence[Window]) -> dict[str, Tensor]:
        """List where the distinct words (U) of the windows stand (B, T), -1 where none does, and their rows.

        The rows of one word after the other: first of how each is written, then of which word each is, 2 U bags.
        """
        types: dict[str, int] = {}
        words = np.full((len(windows), max(map(len, windows))), -1, dtype=np.int64)
        for place, window in enumerate(windows):
            words[place, : len(window)] = [types.setdefault(word, len(types)) for word in window.content]
        rows = [word_rows(word, self.options.rows) for word in types]
        bags = [row.form for row in rows] + [row.identity for row in rows]
        starts = np.cumsum([0, *(len(bag) for bag in bags[:-1])], dtype=np.int32)
        inputs = {
            "words": torch.from_numpy(words),
            "rows": torch.from_numpy(np.concatenate(bags)),
            "starts": torch.from_numpy(starts),
        }
        if self.vectors is not None:
            inputs["vectors"] = torch.tensor([self.vectors.find(word) for word in types])
        return inputs

    def forward(
        self,
        words: Tensor,
        rows: Tensor,
        starts: Tensor,
        vectors: Tensor | None = None,
    ) -> Tensor:
        """Return the scores of the tags (B, T, K)."""
        return self.read(words, rows, starts, vectors)[1]

    def read(
        self,
        words: Tensor,
        rows: Tensor,
        starts: Tensor,
        vectors: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return the vectors of words (B, T, D) and the scores of their tags (B, T, K)."""
        hidden = self.hidden(words, rows, starts, vectors)
        return hidden, self.head(hidden)

    def hidden(
        self,
        words: Tensor,
        rows: Tensor,
        starts: Tensor,
        vectors: Tensor | None = None,
    ) -> Tensor:
        """Return what the last layer makes of each word (B, T, D)."""
        inside = words >= 0
        places = words.clamp(min=0)
        forms, identities = embedding_bag(rows, self.table, starts, mode="sum").chunk(2)
        if vectors is not None:
            identities = identities + self.project(self.vector_rows[vectors].to(self.table.dtype))
        known = identities[places]
        if self.training and self.options.word_dropout:
            keep = torch.rand(places.shape, device=places.device) >= self.options.word_dropout
            known = known * keep[:, :, None]
        hidden: Tensor = self.dropout(self.norm(forms[places] + known))
        for layer in self.layers:
            hidden = layer(hidden, inside)
        return hidden

    def new_parameters(self) -> Iterable[nn.Parameter]:
        """Return none: all weights are new, and learn at one rate."""
        return ()

    def identity(self) -> bytes:
        """Return the size of the network; its dropout is of no account."""
        options = {name: value for name, value in asdict(self.options).items() if name in ("layers", "context", "rows")}
        return json.dumps(options).encode()

    def write(self, folder: Path) -> None:
        """Write the weights."""
        save_file({name: value.contiguous() for name, value in self.state_dict().items()}, folder / WEIGHTS)


class _Dropout(nn.Module):
    """Dropout of the same numbers in all words of a sentence (Gal and Ghahramani 2016); much cheaper, too."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, hidden: Tensor) -> Tensor:
        if not self.training or not self.share:
            return hidden
        keep = torch.rand(len(hidden), 1, hidden.shape[2], device=hidden.device) >= self.share
        return hidden * (keep / (1 - self.share))


class _Convolution(nn.Module):
    """Each word with the word before and the word after, added to the word itself."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.mix = nn.Linear(3 * width, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = _Dropout(dropout)

    def forward(self, hidden: Tensor, inside: Tensor) -> Tensor:
        hidden = hidden * inside[:, :, None]  # so that padding is no neighbour
        near = torch.cat((pad(hidden, (0, 0, 1, -1)), hidden, pad(hidden, (0, 0, -1, 1))), dim=2)
        mixed: Tensor = self.norm(hidden + self.dropout(gelu(self.mix(near))))
        return mixed


class _Recurrence(nn.Module):
    """An LSTM in either direction."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.join = nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = _Dropout(dropout)

    def forward(self, hidden: Tensor, inside: Tensor) -> Tensor:
        lengths = inside.sum(1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(hidden, lengths, batch_first=True, enforce_sorted=False)
        read, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=hidden.shape[1])
        mixed: Tensor = self.norm(hidden + self.dropout(self.join(read)))
        return mixed
