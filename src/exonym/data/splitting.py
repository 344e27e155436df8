"""A corpus in parts, such as train, dev and test, so that nothing of one part stands in another.

Start at `split`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exonym.data.summary import words_key
from exonym.data.types import Corpus
from exonym.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence


def split(corpus: Corpus, shares: Sequence[float], *, seed: int = 1, separator: str = ":") -> tuple[Corpus, ...]:
    """Split a corpus by chance.

    Sentences stay together that are of one document, which is what their ids have before the last separator, or that
    have the same words (in NFC, letter case aside), or that others so tie together. Larger groups are dealt first, each
    to the part that lacks most, so the shares are met as nearly as the groups allow.

    Args:
        corpus: the corpus.
        shares: of the parts, in sentences; they are weights, so 8, 1, 1 is 80, 10 and 10 %.
        seed: of the chance.
        separator: what stands between the name of a document and the rest of an id; ids without it are no document's.

    Returns:
        The parts, each with its sentences in the order of the corpus.

    Raises:
        DataError: a share is not positive, or a part would be empty.
    """
    if not shares or min(shares) <= 0:
        raise DataError(f"found the shares {', '.join(map(str, shares))}; expected numbers above 0")
    groups = together(corpus, separator)
    order = np.random.default_rng(seed).permutation(len(groups))
    wanted = np.asarray(shares, dtype=np.float64) * len(corpus) / sum(shares)
    parts: list[list[int]] = [[] for _ in shares]
    for group in sorted((groups[place] for place in order), key=len, reverse=True):
        lack = [want - len(part) for want, part in zip(wanted, parts, strict=True)]
        parts[int(np.argmax(lack))].extend(group)
    if not all(parts):
        raise DataError(
            f"{corpus.name}: found {len(corpus)} sentences in {len(groups)} groups that belong together; expected "
            f"enough for {len(shares)} parts. Ask for fewer parts or larger shares."
        )
    return tuple(Corpus(tuple(corpus[place] for place in sorted(part)), corpus.name) for part in parts)


def together(corpus: Corpus, separator: str = ":") -> list[list[int]]:
    """Return the places of the sentences that may not be parted; see `split`."""
    head = list(range(len(corpus)))

    def find(place: int) -> int:
        while head[place] != place:
            head[place] = head[head[place]]
            place = head[place]
        return place

    first: dict[tuple[str, ...] | str, int] = {}
    for place, sentence in enumerate(corpus):
        document = sentence.id.rpartition(separator)[0] if separator else ""
        for key in (words_key(sentence), document):
            if key:
                head[find(place)] = find(first.setdefault(key, place))
    groups: dict[int, list[int]] = {}
    for place in range(len(corpus)):
        groups.setdefault(find(place), []).append(place)
    return list(groups.values())
