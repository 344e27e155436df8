"""Word links in the Pharaoh format: one pair a line, `i-j` or `i-j:weight` by spaces, 0-based, source first."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import regex

from exonym.data import Links
from exonym.formats.files import OnError, Source, split_spaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    from exonym.data import Bitext, Ledger, Pair

_LINK = regex.compile(r"(\d+)[-p](\d+)(?::(\d*\.?\d+(?:[eE][-+]?\d+)?))?")


def read_pharaoh(
    path: str | Path, bitext: Bitext | None = None, *, on_error: OnError = "raise", ledger: Ledger | None = None
) -> Iterator[Links]:
    """Stream the links of a Pharaoh file, a line (and so a pair) at a time; an empty line is a pair without links.

    Args:
        path: the file; `ipj`, a possible link of gold alignments, is read like `i-j`.
        bitext: the pairs that the links belong to; every link is checked against their lengths. The line of a pair is
            its id, where the ids of all pairs are numbers in order (as `read_bitext` names them), so that links of
            the lines of a bitext that were skipped are passed over; else it is its place.
        on_error: `raise` reports all faults of the file at the end; `skip` leaves faulty *links* out and counts them,
            so that lines and pairs still correspond.
        ledger: where skips are counted.

    Yields:
        The links of each line or, with `bitext`, of each pair.

    Raises:
        DataError: once the file is read, if it has faults, or ends before the last pair, or has links after it.
    """
    source = Source(path, on_error, ledger)
    pairs = None if bitext is None else dict(zip(_lines_of(bitext), bitext, strict=True))
    last = max(pairs, default=0) if pairs is not None else 0
    end = 0  # the number of lines, empty ones after the last pair apart
    for number, line in source.lines():
        items = split_spaces(line or "")
        if number <= last or items:
            end = number
        if pairs is None or number in pairs:
            yield _links(source, number, items, None if pairs is None else pairs[number])
    if bitext is not None and end != last:
        expected = f"{last}, as {bitext.name} has"
        source.problems.add(None, f"{end} lines", expected, "Use the links that were made from this bitext.")
    source.close()


def _lines_of(bitext: Bitext) -> Iterable[int]:
    """Return the line of each pair: its id if all ids are numbers in order, else its place."""
    if all(pair.id.isdecimal() for pair in bitext):
        lines = [int(pair.id) for pair in bitext]
        if all(before < after for before, after in pairwise([0, *lines])):
            return lines
    return range(1, len(bitext) + 1)


def _links(source: Source, number: int, items: Iterable[str], pair: Pair | None) -> Links:
    """Read the links of a line; those with a fault are noted and left out."""
    links = []
    for item in items:
        match = _LINK.fullmatch(item)
        weight = float(match[3]) if match and match[3] else 1.0
        if match is None or not 0 < weight <= 1:
            expected = "source-target or source-target:weight, 0-based, weight in (0, 1]"
            source.fault(number, f"link {item!r}", expected, "Correct the link.")
            continue
        i, j = int(match[1]), int(match[2])
        if pair is not None and (i >= len(pair.source) or j >= len(pair.target)):
            expected = f"a link inside {len(pair.source)} source and {len(pair.target)} target words"
            source.fault(number, f"link {item!r}", expected, "Links count words from 0: align this bitext again.")
            continue
        links.append((i, j, weight))
    return Links.of(links)


def write_pharaoh(alignment: Iterable[Links], file: TextIO) -> None:
    """Write the links of each pair on a line, with the weight (four decimals) where it is not 1."""
    for links in alignment:
        file.write(" ".join(_item(*link) for link in links) + "\n")


def _item(source: int, target: int, weight: float) -> str:
    return f"{source}-{target}" if weight == 1 else f"{source}-{target}:{max(weight, 1e-4):.4f}"
