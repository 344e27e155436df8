"""A linear-chain CRF in PyTorch: likelihood and marginals of tag sequences that obey IOB2, batched, in log space.

It knows scores of words and tags, and neither words nor encoders. Start at `Crf`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from exonym.data import split_tag

if TYPE_CHECKING:
    from collections.abc import Sequence

# The score of what IOB2 forbids: its probability is 0 in float32, and its gradient no NaN, as that of -inf would be.
FORBIDDEN = -1e4


class Crf(nn.Module):
    """Scores of which tag follows which, and of which tag begins a sentence; `I-X` follows only `B-X` and `I-X`.

    All methods take emissions (B, T, K), the length of each chain (B,), and whether each chain begins a sentence (B,),
    False for a part of a long one. What stands past the end of a chain does not count.

    Source:
        Lafferty et al. 2001; Lample et al. 2016, section 2.2, without scores for the end of a sentence.
    """

    forbidden: Tensor
    no_start: Tensor

    def __init__(self, tags: Sequence[str]) -> None:
        super().__init__()
        parts = [split_tag(tag) for tag in tags]
        begins = torch.tensor([prefix != "I" for prefix, _ in parts])
        goes_on = torch.tensor([[left != "O" and a == b for _, b in parts] for left, a in parts])
        self.transitions = nn.Parameter(torch.zeros(len(parts), len(parts)))
        self.starts = nn.Parameter(torch.zeros(len(parts)))
        self.register_buffer("forbidden", (~(begins | goes_on)) * FORBIDDEN, persistent=False)
        self.register_buffer("no_start", ~begins * FORBIDDEN, persistent=False)

    def log_partition(self, emissions: Tensor, lengths: Tensor, begins: Tensor) -> Tensor:
        """Return the log of the summed exponentiated scores of all tag sequences, shape (B,)."""
        return self._forward(emissions, lengths, begins)[-1].logsumexp(1)

    def losses(self, emissions: Tensor, tags: Tensor, lengths: Tensor, begins: Tensor) -> Tensor:
        """Return the negative log-likelihood of each chain of tags (B, T), shape (B,)."""
        inside = torch.arange(tags.shape[1], device=tags.device) < lengths[:, None]
        scores = emissions.gather(2, tags[:, :, None])[:, :, 0]
        moves = (self.transitions + self.forbidden)[tags[:, :-1], tags[:, 1:]]
        first = (self.starts + self.no_start)[tags[:, 0]]
        path = (scores * inside).sum(1) + (moves * inside[:, 1:]).sum(1) + first * begins
        return self.log_partition(emissions, lengths, begins) - path

    def log_marginals(self, emissions: Tensor, lengths: Tensor, begins: Tensor) -> Tensor:
        """Return the log probability of each tag at each word, shape (B, T, K), by forward and backward."""
        forward = self._forward(emissions, lengths, begins)
        backward = self._backward(emissions, lengths)
        total = forward[-1].logsumexp(1)
        return torch.stack(forward, 1) + torch.stack(backward, 1) - total[:, None, None]

    def _forward(self, emissions: Tensor, lengths: Tensor, begins: Tensor) -> list[Tensor]:
        """Sum over what comes before each word, the word included: T tensors (B, K), the same past the end."""
        moves = self.transitions + self.forbidden
        sums = [emissions[:, 0] + (self.starts + self.no_start) * begins[:, None]]
        for word in range(1, emissions.shape[1]):
            through = (sums[-1][:, :, None] + moves).logsumexp(1) + emissions[:, word]
            sums.append(torch.where((word < lengths)[:, None], through, sums[-1]))
        return sums

    def _backward(self, emissions: Tensor, lengths: Tensor) -> list[Tensor]:
        """Sum over what comes after each word: T tensors (B, K), 0 at the last word and past it."""
        moves = self.transitions + self.forbidden
        sums = [torch.zeros_like(emissions[:, 0])]
        for word in range(emissions.shape[1] - 1, 0, -1):
            through = (moves + (emissions[:, word] + sums[-1])[:, None, :]).logsumexp(2)
            sums.append(torch.where((word < lengths)[:, None], through, torch.zeros_like(through)))
        return sums[::-1]
