"""What an encoder is trained to do so that it aligns better: AWESoME's objectives, as functions of tensors.

Those of guessing hidden subwords are in `exonym.masking`. Arrays are padded as in `extraction`. Start at
`self_training`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from exonym.align.embedding.extraction import both_directions, entmax15

if TYPE_CHECKING:
    from exonym.align.embedding.tuning import FineTuning


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
