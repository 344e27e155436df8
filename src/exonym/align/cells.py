"""Sentence pairs as padded arrays of *cells*: one cell per source word and target word that stand in one pair.

Each distinct pair of a source word type and a target word type that meet in some sentence pair has one id, so a
translation table is a flat array over those ids, and expected counts are a `bincount`. Start at `Text` and `View`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from exonym.data import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from exonym.data import Pair

MAX_CELLS = 250_000  # a pair with more cells (about 500 x 500 words) is cut into windows along its diagonal
BATCH_CELLS = 200_000  # padded cells per batch: a few MB per array, which stays in the processor's cache
DENSE = 1 << 25  # so many possible cells are numbered by a table of 128 MiB, more of them by bisection
MARGIN = 100  # source words by which a window of a cut pair reaches past its proportional share, on each side


class Piece(NamedTuple):
    """A window of a sentence pair: all of it, except for very long pairs."""

    pair: int
    source_start: int
    source_stop: int
    target_start: int
    target_stop: int


def cut(lengths: Iterable[tuple[int, int]]) -> Iterator[Piece]:
    """Cut sentence pairs into pieces of bounded size; nearly all pairs come back whole.

    The target windows of a pair are disjoint and cover it. Source windows are the proportional share of the sentence
    and `MARGIN` words around it, so that links far off the diagonal of a very long pair cannot be found.

    Args:
        lengths: number of source and target words of each pair, in order.

    Yields:
        The pieces in order of pair, then target word.
    """
    for pair, (source, target) in enumerate(lengths):
        count = min(target, -(-source * target // MAX_CELLS))
        edges = [target * k // count for k in range(count + 1)]
        for start, stop in pairwise(edges):
            low, high = (0, source) if count == 1 else (start * source // target, -(-stop * source // target))
            margin = 0 if count == 1 else MARGIN
            yield Piece(pair, max(0, low - margin), min(source, high + margin), start, stop)


def batches_of(pieces: Sequence[Piece]) -> list[list[int]]:
    """Group pieces of similar size.

    Args:
        pieces: as from `cut`.

    Returns:
        Indices of pieces, batch by batch; a batch has at most `BATCH_CELLS` cells after padding, or one piece.
    """
    sizes = [(p.source_stop - p.source_start, p.target_stop - p.target_start) for p in pieces]
    order = sorted(range(len(pieces)), key=lambda index: (max(sizes[index]), sizes[index], index))
    batches: list[list[int]] = []
    wide = high = 0
    for index in order:
        wide, high = max(wide, sizes[index][0]), max(high, sizes[index][1])
        if not batches or wide * high * (len(batches[-1]) + 1) > BATCH_CELLS:
            batches.append([])
            wide, high = sizes[index]
        batches[-1].append(index)
    return batches


@dataclass(frozen=True, eq=False)
class Batch:
    """B pieces padded to m source and n target words.

    Attributes:
        pieces: index of each piece, int64 (B,).
        cells: id of the word-type pair of each cell, int32 (B, m, n); padding has the last id of the table.
        source: source word types, int32 (B, m); padding has the last id.
        target: target word types, int32 (B, n); padding has the last id.
        source_lengths: words that are no padding, int64 (B,).
        target_lengths: the same for the target side.
    """

    pieces: NDArray[np.int64]
    cells: NDArray[np.int32]
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    source_lengths: NDArray[np.int64]
    target_lengths: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class View:
    """A bitext in one normalisation of its words.

    Attributes:
        batches: its pieces.
        cell_source: source word type of each cell id, int32 (cells + 1,); the last one is padding.
        cell_target: target word type of each cell id, int32 (cells + 1,); the last one is padding.
        source_forms: the source word types, by id.
        target_forms: the target word types, by id.
    """

    batches: list[Batch]
    cell_source: NDArray[np.int32]
    cell_target: NDArray[np.int32]
    source_forms: list[str]
    target_forms: list[str]

    @property
    def source_types(self) -> int:
        """Number of source word types; this id is padding."""
        return len(self.source_forms)

    @property
    def target_types(self) -> int:
        """Number of target word types; this id is padding."""
        return len(self.target_forms)


def view_of(
    pairs: Sequence[Pair], pieces: Sequence[Piece], groups: Sequence[Sequence[int]], form: Callable[[str], str]
) -> View:
    """Number the word types and the cells of a bitext.

    Args:
        pairs: the sentence pairs.
        pieces: as from `cut`.
        groups: as from `batches_of`.
        form: what words are compared by, such as `shape_of`.

    Returns:
        The view; word types are numbered by first occurrence, cells by their types.
    """
    source, source_forms = _numbered([pair.source for pair in pairs], form)
    target, target_forms = _numbered([pair.target for pair in pairs], form)
    source_types, target_types = len(source_forms), len(target_forms)
    shapes = []
    keys = []
    for group in groups:
        inside = [pieces[index] for index in group]
        left = _padded([source[p.pair][p.source_start : p.source_stop] for p in inside], source_types)
        right = _padded([target[p.pair][p.target_start : p.target_stop] for p in inside], target_types)
        shapes.append((group, left, right))
        keys.append(_distinct(_keys(left, right, source_types, target_types)))
    known = _distinct(np.concatenate(keys))
    # Padding's key is larger than every other; add it where no batch needed padding.
    padding = source_types * (target_types + 1) + target_types
    if known[-1] != padding:
        known = np.append(known, padding)
    number = _numbering(known)
    batches = []
    for group, left, right in shapes:
        cells = number(_keys(left, right, source_types, target_types))
        lengths = (left != source_types).sum(axis=1), (right != target_types).sum(axis=1)
        batches.append(Batch(np.array(group), cells, left, right, *lengths))
    cell_source, cell_target = np.divmod(known, target_types + 1)
    return View(batches, cell_source.astype(np.int32), cell_target.astype(np.int32), source_forms, target_forms)


def prefix_of(word: str, length: int) -> str:
    """Return the first `length` characters of a folded word, or all of them if `length` is 0."""
    return fold(word)[:length] if length else fold(word)


def shape_of(word: str) -> str:
    """Return what a word looks like: capitals, digits or a mark, and its length in steps of three up to twelve."""
    first = word[:1]
    if word.isupper() and len(word) > 1:
        kind = "AA"
    elif first.isupper():
        kind = "Aa"
    elif first.isdigit():
        kind = "0"
    elif first.isalpha():
        kind = "a"
    else:
        kind = first
    return f"{kind}{min(len(word) // 3, 4)}"


def _numbered(
    sentences: Sequence[Sequence[str]], form: Callable[[str], str]
) -> tuple[list[NDArray[np.int32]], list[str]]:
    """Return the word types of each sentence, as numbers, and their forms in the order of these."""
    ids: dict[str, int] = {}
    forms: dict[str, int] = {}  # word as read -> id, so that each is asked for its form once
    numbered = []
    for words in sentences:
        row = []
        for word in words:
            known = forms.get(word)
            if known is None:
                known = forms[word] = ids.setdefault(form(word), len(ids))
            row.append(known)
        numbered.append(np.array(row, dtype=np.int32))
    return numbered, list(ids)


def _padded(rows: Sequence[NDArray[np.int32]], padding: int) -> NDArray[np.int32]:
    """Stack rows of unequal length."""
    table = np.full((len(rows), max(len(row) for row in rows)), padding, dtype=np.int32)
    for place, row in zip(table, rows, strict=True):
        place[: len(row)] = row
    return table


def _distinct(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the distinct keys, sorted; by sorting, which is several times faster here than the hashing of `unique`."""
    ordered = np.sort(keys, axis=None)
    distinct: NDArray[np.int64] = ordered[np.append(True, ordered[1:] != ordered[:-1])]
    return distinct


def _numbering(known: NDArray[np.int64]) -> Callable[[NDArray[np.int64]], NDArray[np.int32]]:
    """Return a function from keys to their places among the known ones, which are sorted."""
    if known[-1] >= DENSE:
        return lambda keys: np.searchsorted(known, keys).astype(np.int32)
    places = np.zeros(known[-1] + 1, dtype=np.int32)
    places[known] = np.arange(len(known), dtype=np.int32)
    return lambda keys: places[keys]


def _keys(left: NDArray[np.int32], right: NDArray[np.int32], source_types: int, target_types: int) -> NDArray[np.int64]:
    """Return one integer per cell (B, m, n), equal for equal type pairs; all padding has the greatest one."""
    keys: NDArray[np.int64] = left[:, :, None].astype(np.int64) * (target_types + 1) + right[:, None, :]
    keys[(left == source_types)[:, :, None] | (right == target_types)[:, None, :]] = (
        source_types * (target_types + 1) + target_types
    )
    return keys
