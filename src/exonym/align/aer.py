"""Alignment error rate against hand-made links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exonym.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Points = set[tuple[int, int]]


def aer(found: Iterable[Iterable[Sequence[float]]], sure: Iterable[Points], possible: Iterable[Points]) -> float:
    """Return the alignment error rate of a corpus, 1 - (|A ∩ S| + |A ∩ P|) / (|A| + |S|).

    Args:
        found: links (source, target, ...) of each sentence pair, such as an `Alignment`; weights do not count, so cut
            off faint links before.
        sure: sure gold links of each pair.
        possible: possible gold links of each pair; sure ones are possible too, listed here or not.

    Returns:
        The rate in [0, 1]; 0 is best, also where there is nothing to link and nothing linked.

    Raises:
        DataError: the three are not equally long.

    Source:
        Och and Ney 2003, equation 20.
    """
    right = size = 0
    try:
        for links, of_sure, of_possible in zip(found, sure, possible, strict=True):
            points = {(int(link[0]), int(link[1])) for link in links}
            right += len(points & of_sure) + len(points & (of_possible | of_sure))
            size += len(points) + len(of_sure)
    except ValueError as error:
        raise DataError("found, sure and possible links are of different numbers of sentence pairs") from error
    return 1.0 - right / size if size else 0.0
