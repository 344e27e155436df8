"""Word links in the Pharaoh format: one pair a line, `i-j` or `i-j:weight` by spaces, 0-based, source first."""

from __future__ import annotations

import re
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import regex

from exonym.data import Bitext, Links
from exonym.formats.files import Faults, OnError, Source, split_spaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from numpy.typing import NDArray

    from exonym.data import Ledger, Pair

    _Numbers = NDArray[np.int64]


class LinkLine(NamedTuple):
    """A line of links: its number, its text, and the pair that it belongs to, if that is known."""

    number: int
    text: str
    pair: Pair | None


_BATCH = 1000  # lines that are read at once
_MOST = 10**6  # more words than a sentence of links in the usual form has
_USUAL = re.compile(r"(?:[0-9]{1,5}+-[0-9]{1,5}+(?::(?:[0-9]?\.[0-9]{1,13}+|[0-9]))?+(?: (?=[0-9])|$))*+")
_LINK = regex.compile(r"(\d+)[-p](\d+)(?::(\d*\.?\d+(?:[eE][-+]?\d+)?))?")


def read_pharaoh(
    path: str | Path,
    bitext: Bitext | Iterable[Pair] | None = None,
    *,
    of: str = "the bitext",
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
) -> Iterator[Links]:
    """Stream the links of a Pharaoh file, a line (and so a pair) at a time; an empty line is a pair without links.

    Args:
        path: the file; `ipj`, a possible link of gold alignments, is read like `i-j`.
        bitext: the pairs that the links belong to; every link is checked against their lengths. The line of a pair is
            its id, where the ids of all pairs are numbers in order (as `read_bitext` names them), so that links of
            the lines of a bitext that were skipped are passed over; else it is its place. Pairs that are no `Bitext`
            are streamed, at most 1,000 ahead of the links, and must be named by their lines.
        of: what to call such pairs in messages, usually their file.
        on_error: `raise` reports all faults of the file at the end; `skip` leaves faulty *links* out and counts them,
            so that lines and pairs still correspond.
        ledger: where skips are counted.

    Yields:
        The links of each line or, with `bitext`, of each pair.

    Raises:
        DataError: once the file is read, if it has faults, or ends before the last pair, or has links after it.
    """
    source = Source(path, on_error, ledger)
    bare = (LinkLine(number, line or "", None) for number, line in source.lines())
    rows = iter(bare if bitext is None else link_lines(source, bitext, of))
    while few := list(islice(rows, _BATCH)):
        yield from links_of_lines(few, source)
    source.close()


def link_lines(source: Source, bitext: Bitext | Iterable[Pair], of: str) -> Iterator[LinkLine]:
    """Yield the line of each pair of a bitext, for `links_of_lines`; see `read_pharaoh`.

    At the end it is noted as a fault of the source if lines are missing, for which empty ones stand, or left over.
    """
    lines = source.lines()
    end = last = 0  # the number of lines, empty ones after the last pair apart; the line of the last pair
    for last, pair in _numbered(bitext):
        own = None
        for end, line in lines:
            if end == last:
                own = line
                break
        yield LinkLine(last, own or "", pair)
    for number, line in lines:
        end = number if split_spaces(line or "") else end
    if end != last:
        name = bitext.name if isinstance(bitext, Bitext) else of
        expected = f"{last}, as {name} has"
        source.problems.add(None, f"{end} lines", expected, "Use the links that were made from this bitext.")


def _numbered(bitext: Bitext | Iterable[Pair]) -> Iterable[tuple[int, Pair]]:
    """Give each pair its line: its id if all ids are numbers in order, else its place."""
    if isinstance(bitext, Bitext):
        lines = [int(pair.id) if pair.id.isdecimal() else 0 for pair in bitext]
        if not all(before < after for before, after in pairwise([0, *lines])):
            return enumerate(bitext, start=1)
    return ((int(pair.id), pair) for pair in bitext)


def links_of_lines(rows: Sequence[LinkLine], faults: Faults) -> Iterator[Links]:
    """Read many lines: those in the usual form, with nothing wrong, all at once, and the others one by one.

    Args:
        rows: the lines.
        faults: of their file: where links with a fault, which are left out, are noted.

    Yields:
        The links of each line.
    """
    usual = [line if _USUAL.fullmatch(line) else "" for _, line, _ in rows]
    row, source_word, target_word, weight = _numbers("\n".join([*usual, ""]).encode())
    most = [(len(pair.source), len(pair.target)) if pair else (_MOST, _MOST) for _, _, pair in rows]
    source_words, target_words = np.array(most, dtype=np.int64).T
    wrong = (source_word >= source_words[row]) | (target_word >= target_words[row]) | (weight <= 0) | (weight > 1)
    order = (row * _MOST + source_word) * _MOST + target_word
    wrong[1:] |= order[1:] <= order[:-1]  # not sorted, or double
    odd = np.bincount(row[wrong], minlength=len(rows)).tolist()
    ends = np.cumsum(np.bincount(row, minlength=len(rows))).tolist()
    source_32, target_32, weight_32 = source_word.astype(np.int32), target_word.astype(np.int32), weight.astype("f4")
    start = 0
    for (number, line, pair), text, stop, is_odd in zip(rows, usual, ends, odd, strict=True):
        if is_odd or text != line:
            yield _links(faults, number, split_spaces(line), pair)
        else:
            yield Links(source_32[start:stop], target_32[start:stop], weight_32[start:stop])
        start = stop


def _numbers(text: bytes) -> tuple[_Numbers, _Numbers, _Numbers, NDArray[np.float64]]:
    """Take lines of links in the usual form, each with its end, apart.

    The value of a number is that of its digits divided by a power of ten, which is what `float` makes of it: both are
    exact up to 15 digits, and a division is rounded once.

    Returns:
        The line (from 0), source word, target word and weight of each link, each of shape (L,).
    """
    byte = np.frombuffer(text, np.uint8)
    digit = byte - np.uint8(ord("0"))
    mark = np.flatnonzero((digit > 9) & (byte != ord(".")))  # what a number ends with
    length = np.diff(mark, prepend=-1) - 1
    value = np.zeros(len(mark), np.int64)
    scale, divisor = np.ones_like(value), np.ones_like(value)
    for place in range(1, int(length.max(initial=0)) + 1):
        at = np.flatnonzero(length >= place)
        here = byte[mark[at] - place]
        is_point = here == ord(".")
        divisor[at[is_point]] = scale[at[is_point]]
        at, here = at[~is_point], here[~is_point]
        value[at] += (here.astype(np.int64) - ord("0")) * scale[at]
        scale[at] *= 10
    kind = byte[mark]
    line = np.cumsum(kind == ord("\n")) - (kind == ord("\n"))
    source = np.flatnonzero(kind == ord("-"))  # the number before a hyphen is a source word
    has_weight = kind[source + 1] == ord(":")
    weight = np.ones(len(source))
    at = source[has_weight] + 2
    weight[has_weight] = value[at] / divisor[at]
    return line[source], value[source], value[source + 1], weight


def _links(faults: Faults, number: int, items: Iterable[str], pair: Pair | None) -> Links:
    """Read the links of a line; those with a fault are noted and left out."""
    links = []
    for item in items:
        match = _LINK.fullmatch(item)
        weight = float(match[3]) if match and match[3] else 1.0
        if match is None or not 0 < weight <= 1:
            expected = "source-target or source-target:weight, 0-based, weight in (0, 1]"
            faults.fault(number, f"link {item!r}", expected, "Correct the link.")
            continue
        i, j = int(match[1]), int(match[2])
        if pair is not None and (i >= len(pair.source) or j >= len(pair.target)):
            expected = f"a link inside {len(pair.source)} source and {len(pair.target)} target words"
            faults.fault(number, f"link {item!r}", expected, "Links count words from 0: align this bitext again.")
            continue
        links.append((i, j, weight))
    return Links.of(links)


def write_pharaoh(alignment: Iterable[Links], file: TextIO) -> None:
    """Write the links of each pair on a line, with the weight (four decimals) where it is not 1."""
    for links in alignment:
        file.write(" ".join(_item(*link) for link in links) + "\n")


def _item(source: int, target: int, weight: float) -> str:
    return f"{source}-{target}" if weight == 1 else f"{source}-{target}:{max(weight, 1e-4):.4f}"
