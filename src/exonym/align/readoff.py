"""Links read off posteriors, and put together where a long pair was cut into pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exonym.align.symmetrise import symmetrise
from exonym.data import Links

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from exonym.align.cells import Piece
    from exonym.align.symmetrise import Symmetrisation


def links_of(
    piece: Piece,
    forward: NDArray[np.float32],
    backward: NDArray[np.float32],
    symmetrisation: Symmetrisation,
    threshold: float,
) -> tuple[Links, ...]:
    """Read the links of a piece off its posteriors.

    Args:
        piece: of m source and n target words.
        forward: posteriors of the forward direction, padded, (at least m, at least n).
        backward: the same of the backward direction.
        symmetrisation: how the directions are combined in the end.
        threshold: `soft`: links that weigh less are left out.

    Returns:
        One set of links for `soft`, their mean posteriors; else one for each direction.
    """
    size = piece.source_stop - piece.source_start, piece.target_stop - piece.target_start
    forward, backward = forward[: size[0], : size[1]], backward[: size[0], : size[1]]
    if symmetrisation == "soft":
        mean = (forward + backward) * np.float32(0.5)
        return (_links_at(piece, mean, *np.nonzero((mean >= threshold) & (mean > 0.0))),)
    return tuple(_links_at(piece, found, *place) for found, place in _likeliest(forward, backward))


def whole(parts: Sequence[tuple[Links, ...]], symmetrisation: Symmetrisation) -> Links:
    """Put the pieces of a pair together, each as from `links_of`."""
    sides = [_joined(links) for links in zip(*parts, strict=True)]
    return sides[0] if len(sides) == 1 else symmetrise(sides[0], sides[1], symmetrisation)


def _likeliest(
    forward: NDArray[np.float32], backward: NDArray[np.float32]
) -> Iterator[tuple[NDArray[np.float32], tuple[NDArray[np.int64], NDArray[np.int64]]]]:
    """Yield for each direction its posteriors (m, n) and the likeliest link of each generated word, if it is likely.

    A word is linked when its best link is likelier than that it has no counterpart.
    """
    for found, axis in ((forward, 0), (backward, 1)):
        best = found.argmax(axis=axis)
        words = np.arange(len(best))
        weight = found.max(axis=axis)
        kept = weight > np.maximum(1.0 - found.sum(axis=axis), 0.0)
        places = (best[kept], words[kept]) if axis == 0 else (words[kept], best[kept])
        yield found, places


def _links_at(
    piece: Piece, weights: NDArray[np.float32], source: NDArray[np.int64], target: NDArray[np.int64]
) -> Links:
    """Make links of places in a piece, numbered as in its sentences."""
    weight = np.minimum(weights[source, target], np.float32(1.0))  # rounding may pass 1
    source, target = source + piece.source_start, target + piece.target_start
    return _sorted(source.astype(np.int32), target.astype(np.int32), weight)


def _joined(parts: Sequence[Links]) -> Links:
    """Put links of disjoint windows together."""
    if len(parts) == 1:
        return parts[0]
    return _sorted(
        np.concatenate([links.source for links in parts]),
        np.concatenate([links.target for links in parts]),
        np.concatenate([links.weight for links in parts]),
    )


def _sorted(source: NDArray[np.int32], target: NDArray[np.int32], weight: NDArray[np.float32]) -> Links:
    order = np.lexsort((target, source))
    return Links(source[order], target[order], weight[order])
