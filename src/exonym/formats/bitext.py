"""Two-column bitext: source, tab, target (or the other way round), one pair a line, words between spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from exonym.data import Ledger, Pair, split_words
from exonym.errors import DataError
from exonym.formats.files import OnError, Source, check_start, check_words, split_spaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import TextIO


Side = Literal["source", "target"]


def stream_bitext(
    path: str | Path,
    *,
    raw: bool | Side = False,
    swap: bool = False,
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
) -> Iterator[Pair]:
    """Stream the pairs of a two-column TSV file.

    Args:
        path: the file.
        raw: the sides that are running text, to be split into words and punctuation: True for both, or one by name; the
            words of the others are what stands between spaces.
        swap: True for a file whose columns are target, tab, source.
        on_error: `raise` reports all faults of the file at the end; `skip` leaves faulty lines out and counts them.
        ledger: where skips and the number of pairs are counted.

    Yields:
        The pairs, named by their line number.

    Raises:
        DataError: once the file is read, if it has faults (a missing or empty side, a third column, an empty line
            before the last pair) and `on_error` is `raise`, or if it holds no pair.
    """
    ledger = Ledger() if ledger is None else ledger
    source = Source(path, on_error, ledger)
    names: tuple[Side, Side] = ("target", "source") if swap else ("source", "target")
    expected = f"{names[0]}, tab, {names[1]}"
    count = 0
    empty_lines: list[int] = []  # only those before another line are faults
    for number, line in source.lines():
        if line is None:
            continue
        if not line.strip(" "):
            empty_lines.append(number)
            continue
        for each in empty_lines:
            source.fault(each, "an empty line", expected, "Remove it, or add the pair.")
        empty_lines.clear()
        columns = line.split("\t")
        if len(columns) != 2:
            found = f"{len(columns)} column{'s' * (len(columns) != 1)}"
            source.fault(number, found, f"two: {expected}", "Put one tab between the two sentences.")
            continue
        left, right = (
            split_words(column)[0] if raw in (True, name) else split_spaces(column)
            for name, column in zip(names, columns, strict=True)
        )
        if not left or not right:
            empty = " and ".join(name for name, words in zip(names, (left, right), strict=True) if not words)
            mend = "Remove the pair, or add --on-error skip."
            source.fault(number, f"an empty {empty} side", "words on both sides", mend)
            continue
        count += 1
        yield Pair(right, left, str(number)) if swap else Pair(left, right, str(number))
    source.close()
    if not count:
        raise DataError(f"{path}: found no sentence pair; expected at least one line: two sentences, a tab between.")
    ledger.note("pairs read", count)


def write_bitext(pairs: Iterable[Pair], file: TextIO) -> None:
    """Write pairs as source, tab, target, with single spaces between words.

    Raises:
        DataError: a word would not come back as it is: it holds a space, tab or line break; or a side has no word.
    """
    for number, pair in enumerate(pairs):
        where = f"pair {pair.id or number + 1}"
        for side in (pair.source, pair.target):
            check_words(where, side, " \t")
        if not number:
            check_start(where, pair.source[0])
        file.write(f"{' '.join(pair.source)}\t{' '.join(pair.target)}\n")
