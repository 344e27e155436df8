"""Links read off posteriors, and put together where a long pair was cut into pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exonym.data import Links

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from exonym.align.cells import Piece


def likeliest(
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


def links_at(piece: Piece, weights: NDArray[np.float32], source: NDArray[np.int64], target: NDArray[np.int64]) -> Links:
    """Make links of places in a piece, numbered as in its sentences."""
    weight = np.minimum(weights[source, target], np.float32(1.0))  # rounding may pass 1
    source, target = source + piece.source_start, target + piece.target_start
    return _sorted(source.astype(np.int32), target.astype(np.int32), weight)


def joined(parts: Sequence[Links]) -> Links:
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
