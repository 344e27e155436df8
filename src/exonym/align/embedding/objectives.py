"""What an encoder is trained to do so that it aligns better: AWESoME's objectives, as functions of tensors.

Arrays are padded as in `extraction`. Start at `self_training`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from exonym.align.embedding.extraction import both_directions, entmax15

if TYPE_CHECKING:
    from exonym.align.embedding.tuning import FineTuning

_MASKED, _MADE_UP = 0.8, 0.1  # of the subwords to be guessed; the others are left as they are
_NO_LABEL = -100


def distributions(options: FineTuning, products: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
    """Return the probabilities of both directions, (B, U, V), 0 where no unit is."""
    normalise = torch.softmax if options.method == "softmax" else entmax15
    forward, backward = both_directions(products, cells, normalise)
    return forward.masked_fill(~cells, 0), backward.masked_fill(~cells, 0)


def guide(options: FineTuning, products: Tensor, cells: Tensor, owners: tuple[Tensor, Tensor]) -> Tensor:
    """Return which subwords stand in words that the model links now, float (B, U, V); no gradient flows through it.

    Args:
        options: say how links are read off.
        products: (B, U, V), of the vectors of subwords.
        cells: where both subwords are there.
        owners: the word of each subword, of both sides, (B, U) and (B, V); 0 where none is.
    """
    with torch.no_grad():
        forward, backward = distributions(options, products, cells)
        least = options.threshold if options.method == "softmax" else 0.0
        found = ((forward > least) & (backward > least)).to(products.dtype)
        source, target = (torch.nn.functional.one_hot(words).to(products.dtype) for words in owners)
        words = (source.mT @ found @ target > 0).to(products.dtype)
        return (source @ words @ target.mT) * cells


def self_training(forward: Tensor, backward: Tensor, guide: Tensor, cells: Tensor) -> Tensor:
    """Return the loss SO: minus the probability of the guide's cells, per unit, both directions, mean over pairs.

    Source:
        Dou and Neubig 2021, equation 3, as their code has it: divided by the lengths, and not by the number of links.
    """
    rows, columns = cells.any(2).sum(1), cells.any(1).sum(1)
    return -((forward * guide).sum((1, 2)) / rows + (backward * guide).sum((1, 2)) / columns).mean()


def consistency(forward: Tensor, backward: Tensor, cells: Tensor) -> Tensor:
    """Return the loss CO: minus the trace of one direction times the other, over the shorter length, mean over pairs.

    Source:
        Dou and Neubig 2021, section 2.2, after Levinboim et al. 2015.
    """
    shorter = torch.minimum(cells.any(2).sum(1), cells.any(1).sum(1))
    return -((forward * backward).sum((1, 2)) / shorter).mean()


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
