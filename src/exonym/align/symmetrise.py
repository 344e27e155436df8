"""Making one alignment of several: of the two directions of an aligner, or of several aligners' votes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from exonym.data import Links
from exonym.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Sequence

Symmetrisation = Literal["soft", "intersection", "union", "grow-diag-final-and"]

_Points = dict[tuple[int, int], float]
_NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


def intersection(forward: Links, backward: Links) -> Links:
    """Return the links found in both directions; weights are averaged."""
    one, other = _points(forward), _points(backward)
    return Links.of((*point, (weight + other[point]) / 2) for point, weight in one.items() if point in other)


def union(forward: Links, backward: Links) -> Links:
    """Return the links found in either direction; weights are averaged, a missing one counting 0."""
    return _weighted(_points(forward).keys() | _points(backward).keys(), forward, backward)


def grow_diag_final_and(forward: Links, backward: Links) -> Links:
    """Grow the intersection along neighbours that lie in the union, then add links between words that have none.

    Starting from the intersection, sweeps over the rest of the union, in order of source then target word, take a link
    that touches an accepted one (also diagonally) and has a source or a target word without a link, until a sweep takes
    none. Then forward links and after them backward links are taken whose words both have no link.

    Args:
        forward: links of one direction.
        backward: links of the other; exchanging the two can change the last step only.

    Returns:
        The links; weights are averaged as in `union`.

    Source:
        Koehn, Och and Marcu 2003 and Koehn et al. 2005, with the order of visits of the `atools` of fast_align.
    """
    one, other = _points(forward), _points(backward)
    taken = one.keys() & other.keys()
    sources, targets = {i for i, _ in taken}, {j for _, j in taken}

    def take(point: tuple[int, int]) -> None:
        taken.add(point)
        sources.add(point[0])
        targets.add(point[1])

    waiting = sorted((one.keys() | other.keys()) - taken)
    grown = True
    while grown:
        grown = False
        for point in waiting:
            i, j = point
            fresh = i not in sources or j not in targets
            if fresh and point not in taken and any((i + a, j + b) in taken for a, b in _NEIGHBOURS):
                take(point)
                grown = True
    for point in [*sorted(one), *sorted(other)]:
        if point[0] not in sources and point[1] not in targets:
            take(point)
    return _weighted(taken, forward, backward)


def vote(votes: Sequence[Links], weights: Sequence[float] | None = None, threshold: float = 0.0) -> Links:
    """Return the weighted mean of several alignments of one sentence pair; a missing link counts 0.

    Args:
        votes: at least one alignment.
        weights: how much each counts, > 0; None counts all alike.
        threshold: links of a smaller mean weight are left out.

    Returns:
        The links whose mean weight is over 0 and at least `threshold`.

    Raises:
        RecipeError: there are no votes, or not one positive weight for each.
    """
    shares = np.ones(len(votes)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not len(votes) or shares.shape != (len(votes),) or not (shares > 0).all():
        raise RecipeError(
            f"{len(votes)} alignments with weights {weights}; expected at least one, with a weight > 0 each"
        )
    source = np.concatenate([links.source for links in votes])
    target = np.concatenate([links.target for links in votes])
    weight = np.concatenate([links.weight * share for links, share in zip(votes, shares / shares.sum(), strict=True)])
    width = int(target.max(initial=-1)) + 1
    cells, place = np.unique(source.astype(np.int64) * width + target, return_inverse=True)
    mean = np.minimum(np.bincount(place, weight, len(cells)), 1.0)  # rounding may pass 1
    kept = (mean > 0.0) & (mean >= threshold)
    rows, columns = np.divmod(cells[kept], max(width, 1))
    return Links(rows.astype(np.int32), columns.astype(np.int32), mean[kept].astype(np.float32))


def symmetrise(forward: Links, backward: Links, how: Symmetrisation) -> Links:
    """Combine the two directions of one sentence pair, both given as (source, target) links."""
    if how == "soft":
        return vote([forward, backward])
    return _RULES[how](forward, backward)


_RULES = {"intersection": intersection, "union": union, "grow-diag-final-and": grow_diag_final_and}


def _points(links: Links) -> _Points:
    return {(i, j): weight for i, j, weight in links}


def _weighted(points: set[tuple[int, int]], forward: Links, backward: Links) -> Links:
    one, other = _points(forward), _points(backward)
    return Links.of((*point, (one.get(point, 0.0) + other.get(point, 0.0)) / 2) for point in points)
