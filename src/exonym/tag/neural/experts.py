"""An encoder with experts on top: what languages share, what they do not, and gates that mix the experts word by word.

Beneath it is any other encoder, whose last step gives numbers instead of scores. How it is trained is in `sharing`.
Start at `Experts`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from exonym.data import Ledger
    from exonym.tag.neural.encoder import Encoder, Window
    from exonym.tag.neural.options import Mixing, Sharing

_EXPERTS = "experts.safetensors"


class Parts(NamedTuple):
    """What there is on the way from words to scores.

    Attributes:
        scores: log probabilities of tags (B, T, K); with the geometric mixture they do not sum to one.
        shared: the numbers that languages share (B, T, width).
        gates: log shares of the experts (B, T, languages): of those of what is not shared, and of those of tags.
        vectors: the numbers that are shared, and those that are not (B, T, 2 * width).
    """

    scores: Tensor
    shared: Tensor
    gates: tuple[Tensor, Tensor]
    vectors: Tensor


def outputs_of(sharing: Sharing) -> tuple[str, ...]:
    """Name the numbers that the encoder beneath gives of a word, in place of tags."""
    return tuple(f"{kind}-{place}" for kind in ("shared", "private") for place in range(sharing.width))


def mixed(log_gates: Tensor, log_probabilities: Tensor, mixing: Mixing) -> Tensor:
    """Mix what experts say.

    Args:
        log_gates: logarithms of the share of each expert, shape (..., E).
        log_probabilities: logarithms of what each says, shape (..., E, K).
        mixing: as `Sharing.mixing`.

    Returns:
        Log probabilities, shape (..., K).
    """
    if mixing == "arithmetic":
        return (log_gates[..., None] + log_probabilities).logsumexp(-2)
    return (log_gates.exp()[..., None] * log_probabilities).sum(-2)


class Experts(nn.Module):
    """From words to log probabilities of tags, by an expert for each source language.

    Args:
        words: the encoder beneath, which gives twice `sharing.width` numbers of a word, named by `outputs_of`.
        sharing: how experts are mixed.
        languages: names of the source languages, an expert for each.
        tags: K.

    Source:
        Chen et al. 2019 (ACL), section 3: private features are a mixture of experts (3.2), and so is the tagger that
        sees shared and private features (3.3). Gates see what they weigh detached, as in the released code: nothing
        else learns to tell languages apart. Theirs are two BiLSTMs over words; ours two linear layers on one encoder,
        so that it can be a pretrained one.
    """

    def __init__(self, words: Encoder, sharing: Sharing, languages: Sequence[str], tags: int) -> None:
        super().__init__()
        self.words: Encoder
        self.add_module("words", words)  # type: ignore[arg-type]
        self.sharing = sharing
        self.languages = tuple(languages)
        width, experts = sharing.width, len(languages)
        self.private_gate = nn.Linear(width, experts)
        self.private = nn.ModuleList(
            nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh())
            for _ in range(experts)
        )
        self.tag_gate = nn.Linear(2 * width, experts)
        self.tag = nn.ModuleList(
            nn.Sequential(
                nn.Dropout(sharing.dropout), nn.Linear(2 * width, 2 * width), nn.ReLU(), nn.Linear(2 * width, tags)
            )
            for _ in range(experts)
        )

    @classmethod
    def of_folder(cls, folder: Path, words: Encoder, sharing: Sharing, languages: Sequence[str], tags: int) -> Self:
        """Open what `write` wrote, given the encoder beneath."""
        experts = cls(words, sharing, languages, tags)
        own = load_file(folder / _EXPERTS)
        experts.load_state_dict(own | {f"words.{name}": value for name, value in _state(words).items()})
        return experts

    @property
    def about(self) -> dict[str, Any]:
        """How experts are mixed, and the names of their languages, as JSON knows it."""
        return {"sharing": asdict(self.sharing), "languages": list(self.languages)}

    def parts(self, **inputs: Tensor) -> Parts:
        """Return the scores and what they are made of."""
        shared, private = self.words(**inputs).chunk(2, -1)
        first = _log_gates(self.private_gate, private)
        found = _each(self.private, private)
        private = torch.einsum("bte,btew->btw", first.exp().to(found.dtype), found).to(shared.dtype)
        both = torch.cat((shared, private), -1)
        second = _log_gates(self.tag_gate, both)
        scores = mixed(second, _each(self.tag, both).float().log_softmax(-1), self.sharing.mixing)
        return Parts(scores, shared, (first, second), both)

    def forward(self, **inputs: Tensor) -> Tensor:
        """Return the scores of the tags (B, T, K)."""
        return self.parts(**inputs).scores

    def read(self, **inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the experts for tags see of words, shape (B, T, D), and the scores of the tags (B, T, K)."""
        parts = self.parts(**inputs)
        return parts.vectors, parts.scores

    def hidden(self, **inputs: Tensor) -> Tensor:
        """Return what the experts for tags see of words, shape (B, T, D)."""
        return self.parts(**inputs).vectors

    def windows(self, sentences: Sequence[Sequence[str]], ledger: Ledger) -> list[Window]:
        """Cut sentences into the windows of the encoder beneath."""
        return self.words.windows(sentences, ledger)

    def collate(self, windows: Sequence[Window]) -> dict[str, Tensor]:
        """Make the arguments of the encoder beneath."""
        return self.words.collate(windows)

    def new_parameters(self) -> Iterable[nn.Parameter]:
        """Return the weights of experts and gates, and those that are new beneath."""
        return [*self.words.new_parameters(), *self._own()]

    def identity(self) -> bytes:
        """Return what the scores depend on besides the weights."""
        return self.sharing.mixing.encode() + self.words.identity()

    def write(self, folder: Path) -> None:
        """Write the encoder beneath, and beside it experts and gates."""
        self.words.write(folder)
        own = {name: value for name, value in self.state_dict().items() if not name.startswith("words.")}
        save_file(own, folder / _EXPERTS)

    def _own(self) -> list[nn.Parameter]:
        return [weight for name, weight in self.named_parameters() if not name.startswith("words.")]


def _log_gates(gate: nn.Module, seen: Tensor) -> Tensor:
    """Weigh experts word by word, without a gradient into what is seen; float32."""
    scores: Tensor = gate(seen.detach())
    return scores.float().log_softmax(-1)


def _each(experts: Iterable[nn.Module], seen: Tensor) -> Tensor:
    """Ask all experts: shape (B, T, E, numbers of each)."""
    return torch.stack([expert(seen) for expert in experts], 2)


def _state(words: Encoder) -> dict[str, Tensor]:
    state: dict[str, Tensor] = words.state_dict()  # type: ignore[attr-defined]
    return state
