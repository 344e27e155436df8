"""Masked language modelling: which subwords of a text are hidden, and the loss of guessing them.

What the fine-tuning of aligners and the adaptation of encoders to a text share. PyTorch is imported here, so import
this where it is used. Start at `guess`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

_MASKED, _MADE_UP = 0.8, 0.1  # of the subwords to be guessed; the others are left as they are
_NO_LABEL = -100


def guess(model: Any, tokenizer: Any, ids: Tensor, mask: Tensor, may: Tensor, share: float) -> Tensor:  # noqa: ANN401
    """Hide subwords of some texts anew, and return the loss of guessing them.

    Args:
        model: one for masked language modelling.
        tokenizer: its tokeniser, with a mask.
        ids: subwords, (B, S).
        mask: 1 where a subword is, 0 where none is, (B, S).
        may: which may be hidden, bool (B, S); special ones never are.
        share: of those that are hidden.
    """
    special = torch.tensor(tokenizer.all_special_ids, device=ids.device)
    read, labels = masked(ids, may & ~torch.isin(ids, special), share, tokenizer.mask_token_id, len(tokenizer))
    logits: Tensor = model(input_ids=read, attention_mask=mask).logits
    return guessing(logits.float(), labels)


def masked(ids: Tensor, may: Tensor, share: float, mask: int, vocabulary: int) -> tuple[Tensor, Tensor]:
    """Hide subwords that are to be guessed, and say which: 80 % become the mask, 10 % any subword, 10 % stay.

    Args:
        ids: subwords, (B, S).
        may: which may be hidden, bool (B, S).
        share: of those that are hidden.
        mask: the subword that hides.
        vocabulary: how many subwords there are.

    Returns:
        What is read, and what is to be guessed, `_NO_LABEL` elsewhere.

    Source:
        Devlin et al. 2019, section 3.1.
    """
    hidden = (torch.rand(ids.shape) < share).to(ids.device) & may
    how = torch.rand(ids.shape).to(ids.device)
    other = torch.randint(vocabulary, ids.shape).to(ids.device)
    read = torch.where(how < _MASKED, mask, torch.where(how < _MASKED + _MADE_UP, other, ids))
    return torch.where(hidden, read, ids), ids.masked_fill(~hidden, _NO_LABEL)


def guessing(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the loss of guessing: mean over the hidden subwords of a text, then over texts; 0 where none is hidden."""
    losses = cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=_NO_LABEL, reduction="none")
    hidden = (labels != _NO_LABEL).sum(1)
    return (losses.view(labels.shape).sum(1) / hidden.clamp(min=1)).mean()
