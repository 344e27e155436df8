"""Links read off the similarities of two sides: SimAlign's three methods and AWESoME's two, for many pairs at once.

All functions take B pairs, padded to U source and V target units, with `cells`, bool (B, U, V), that are True where
both units are there; pairs without units on a side are not given. Start at `linked`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from exonym.align.embedding.aligner import EmbeddingAligner

_FULL = 0.9  # what a similarity counts in a further round of itermax if one of the two units is linked already


def linked(options: EmbeddingAligner, products: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
    """Find the links of B pairs.

    Args:
        options: of the aligner.
        products: float (B, U, V), the dot products of the vectors, which are of length 1 where cosines are compared.
        cells: where both units are there.

    Returns:
        Which are linked, bool (B, U, V), and what each link weighs, float (B, U, V), in [0, 1].
    """
    if not options.compares_cosines:
        least, normalise = (options.threshold, torch.softmax) if options.method == "softmax" else (0.0, entmax15)
        forward, backward = both_directions(products, cells, normalise)
        return (forward > least) & (backward > least) & cells, (forward + backward) / 2
    likeness = distorted((products + 1) / 2, cells, options.distortion)
    found = {
        "argmax": lambda: mutual(likeness, cells),
        "itermax": lambda: itermax(likeness, cells, options.iterations),
        "match": lambda: match(likeness, cells),
    }[options.method]()
    if options.null_threshold < 1:
        found &= ~is_null(likeness, cells, options.null_threshold)
    return found, likeness


def mutual(scores: Tensor, cells: Tensor) -> Tensor:
    """Link two units if each is the other's best; of equals the first is the best."""
    scores = scores.masked_fill(~cells, -torch.inf)
    best_target = scores.argmax(2)
    back = scores.argmax(1).gather(1, best_target)
    chosen = back == torch.arange(scores.shape[1], device=scores.device)
    return torch.zeros_like(cells).scatter_(2, best_target[:, :, None], chosen[:, :, None]) & cells


def itermax(scores: Tensor, cells: Tensor, rounds: int) -> Tensor:
    """Link mutual bests, then those of what is left: cells with one linked unit count less, with two nothing.

    It stops when all units of a side are linked; with two units or less on a side there is one round.

    Source:
        Jalili Sabet et al. 2020, section 2.2, and their code.
    """
    found = mutual(scores, cells)
    rows, columns = cells.any(2), cells.any(1)
    wide = torch.minimum(rows.sum(1), columns.sum(1)) > 2
    for _ in range(rounds - 1):
        free_rows, free_columns = rows & ~found.any(2), columns & ~found.any(1)
        goes_on = wide & free_rows.any(1) & free_columns.any(1)
        either = free_rows[:, :, None] | free_columns[:, None, :]
        both = free_rows[:, :, None] & free_columns[:, None, :]
        factor = torch.where(both, 1.0, _FULL).to(scores.dtype) * either
        fresh = mutual(scores * factor, cells) & either & goes_on[:, None, None]
        if not fresh.any():
            break
        found = found | fresh
    return found


def match(scores: Tensor, cells: Tensor) -> Tensor:
    """Link by the matching with the most links and, of these, the largest sum; cells of 0 are no links.

    Source:
        Jalili Sabet et al. 2020, section 2.2 (networkx there; here Jonker-Volgenant as scipy has it).
    """
    from scipy.optimize import linear_sum_assignment

    sizes = zip(cells.any(2).sum(1).tolist(), cells.any(1).sum(1).tolist(), strict=True)
    given = scores.cpu().numpy()
    found = np.zeros(cells.shape, dtype=np.bool_)
    for pair, (rows, columns) in enumerate(sizes):
        own = given[pair, :rows, :columns]
        nothing = own <= 0
        # One more cell of 0 costs more than all else can gain.
        sources, targets = linear_sum_assignment(np.where(nothing, -1.0 - min(rows, columns), own), maximize=True)
        found[pair, sources, targets] = ~nothing[sources, targets]
    return torch.from_numpy(found).to(cells.device)


def distorted(scores: Tensor, cells: Tensor, strength: float) -> Tensor:
    """Lower the similarity of units that stand at different places of their sentences, by (difference) ** 2.

    Sentences of one unit have no places: pairs with one are left as they are.
    """
    if not strength:
        return scores
    sizes = cells.any(2).sum(1), cells.any(1).sum(1)
    places = [
        torch.arange(width, device=scores.device) / (size[:, None] - 1).clamp(min=1)
        for width, size in zip(scores.shape[1:], sizes, strict=True)
    ]
    away = (places[0][:, :, None] - places[1][:, None, :]).to(scores.dtype) ** 2
    applies = torch.minimum(*sizes) > 1
    return scores * torch.where(applies[:, None, None], 1 - strength * away, 1)


def is_null(scores: Tensor, cells: Tensor, threshold: float) -> Tensor:
    """Say which cells have similarities spread too evenly in their row and in their column; see `null_threshold`."""
    scores = scores.masked_fill(~cells, 0)
    entropies = []
    for side, sizes in ((2, cells.any(1).sum(1)), (1, cells.any(2).sum(1))):
        shares = scores / scores.sum(side, keepdim=True).clamp(min=torch.finfo(scores.dtype).tiny)
        entropy = -torch.special.xlogy(shares, shares).sum(side, keepdim=True)
        entropies.append(entropy / sizes.clamp(min=2).to(scores.dtype).log()[:, None, None])
    wide = torch.minimum(cells.any(2).sum(1), cells.any(1).sum(1)) > 2
    return (torch.minimum(*entropies) > threshold) & wide[:, None, None]


def both_directions(
    products: Tensor, cells: Tensor, normalise: Callable[[Tensor, int], Tensor]
) -> tuple[Tensor, Tensor]:
    """Turn products into distributions over target units for each source unit, and the other way round.

    Rows and columns of units that are not there hold anything.
    """
    there = products.masked_fill(~cells.any(1)[:, None, :], -torch.inf)
    here = products.masked_fill(~cells.any(2)[:, :, None], -torch.inf)
    return normalise(there, 2), normalise(here, 1)


def entmax15(scores: Tensor, dim: int) -> Tensor:
    """Return the 1.5-entmax of scores along a dimension: like softmax, but with exact zeros.

    With z the scores halved it is max(z - t, 0) ** 2, with the one t that makes it sum to one. For the k largest z this
    is the smaller root of a quadratic equation, and k is the number of z that are at least their t.

    Source:
        Peters, Niculae and Martins 2019, "Sparse Sequence-to-Sequence Models", section 3 and algorithm 2.
    """
    halved = (scores - scores.amax(dim, keepdim=True)) / 2
    halved = halved.clamp(min=-2)  # below -1 is never in the support
    ordered = halved.sort(dim, descending=True).values
    shape = [1] * scores.ndim
    shape[dim] = -1
    count = torch.arange(1, scores.shape[dim] + 1, device=scores.device, dtype=scores.dtype).view(shape)
    with torch.no_grad():
        mean = ordered.cumsum(dim) / count
        spread = (ordered**2).cumsum(dim) - count * mean**2
        roots = mean - ((1 - spread) / count).clamp(min=0).sqrt()
        support = (roots <= ordered).sum(dim, keepdim=True).clamp(min=1)
        inside = count <= support
    mean = (ordered * inside).sum(dim, keepdim=True) / support
    spread = ((ordered - mean) ** 2 * inside).sum(dim, keepdim=True)
    return (halved - mean + ((1 - spread) / support).clamp(min=0).sqrt()).clamp(min=0) ** 2
