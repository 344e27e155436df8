"""Reading text files line by line, the same way for every format.

A byte that is not UTF-8 is a fault of its line, not of the file: where a block does not decode, its lines are looked at
one by one.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from exonym.data import Ledger
from exonym.errors import DataError, Problems, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

OnError = Literal["raise", "skip"]
_BLOCK = 1 << 18  # bytes that are read at once, and then to the end of the line
_SHOWN = 60  # characters of a value in a message
BOM = "﻿"


class WrongError(Exception):
    """What is wrong with a line or an object of a file, what was expected (empty: a valid one), and how to mend it."""

    def __init__(self, found: str, expected: str = "", mend: str = "Correct the line.") -> None:
        super().__init__(found)
        self.found = found
        self.expected = expected
        self.mend = mend
        self.line: int | None = None  # where it is, if that is not where its object begins


class Faults:
    """What is wrong with a file, as far as it was read; another process may read a part of it.

    Args:
        path: the file.
        on_error: `raise` gathers all faults and raises one `DataError` at the end; `skip` leaves the faulty
            sentence or line out and counts it in the ledger.
        ledger: where skipped and repaired things are counted.
    """

    def __init__(self, path: str | Path, on_error: OnError = "raise", ledger: Ledger | None = None) -> None:
        self.path = Path(path)
        self.on_error = on_error
        self.ledger = Ledger() if ledger is None else ledger
        self.problems = Problems(str(path))

    def fault(self, line: int | None, found: str, expected: str, mend: str) -> None:
        """Note a fault: an error in the end, or a counted skip."""
        if self.on_error == "skip":
            self.ledger.note(f"faults skipped in {self.path.name}")
        else:
            self.problems.add(line, found, expected, mend)

    def update(self, other: Faults) -> None:
        """Add those of another part of the file."""
        self.ledger.update(other.ledger)
        self.problems.update(other.problems)

    def close(self) -> None:
        """Raise one error with every fault that was noted."""
        self.problems.raise_any()


class Source(Faults):
    """A text file that is being read: its lines, its faults and its ledger; arguments are those of `Faults`.

    Raises:
        DataError: the file does not exist or is a folder.
    """

    def __init__(self, path: str | Path, on_error: OnError = "raise", ledger: Ledger | None = None) -> None:
        super().__init__(path, on_error, ledger)
        check_file(path, "a text file")

    def lines(self) -> Iterator[tuple[int, str | None]]:
        """Yield 1-based line numbers and lines without their end; a line that is not text is noted, and is None."""
        for first, lines in self.blocks():
            yield from enumerate(lines, start=first)

    def blocks(self) -> Iterator[tuple[int, Sequence[str | None]]]:
        """Yield the same lines many at once, with the number of the first."""
        number = 1
        with self.path.open("rb") as file:
            while block := file.read(_BLOCK) + file.readline():
                lines = _plain_lines(block, first=number == 1)
                if lines is not None:
                    yield number, lines
                    number += len(lines)
                    continue
                for raw in io.BytesIO(block):
                    yield number, [self._line(number, raw)]
                    number += 1

    def _line(self, number: int, raw: bytes) -> str | None:
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            byte = f"byte 0x{raw[error.start]:02x} at column {error.start + 1}"
            self.fault(number, byte, "UTF-8 text", "Convert the file to UTF-8.")
            return None
        if number == 1 and line.startswith(BOM):
            line = line.removeprefix(BOM)
            self.ledger.note("byte order marks removed")
        line = line.removesuffix("\n").removesuffix("\r")
        if "\r" in line or "\0" in line:
            self._fault_of_control(number, line)
            return None
        return line

    def _fault_of_control(self, number: int, line: str) -> None:
        if "\0" in line:
            self.fault(number, "a NUL character", "text", "Remove it.")
        else:
            mend = "Convert the line ends (they may be those of the old Mac)."
            self.fault(number, "a carriage return inside the line", "line ends LF or CRLF", mend)


def _plain_lines(block: bytes, *, first: bool) -> Sequence[str | None] | None:
    """Return the lines of whole lines at once, or None if any of them needs a look of its own."""
    try:
        text = block.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if "\r" in text or "\0" in text or (first and text.startswith(BOM)):
        return None
    return text.removesuffix("\n").split("\n")


def split_spaces(text: str) -> tuple[str, ...]:
    """Split at spaces and tabs only: a no-break space is part of its word."""
    words = text.replace("\t", " ").split(" ")
    return tuple(filter(None, words)) if "" in words else tuple(words)


def check_writable(where: str, items: Iterable[str], barred: str, *, what: str = "word") -> None:
    """Refuse words that would not come back as they are.

    Args:
        where: the sentence or pair, for the message.
        items: its words.
        barred: characters that the format cannot hold inside a word, besides line breaks and NUL.
        what: what to call an item.

    Raises:
        DataError: a word holds such a character, or nothing but spaces; the first one is named.
    """
    bad = frozenset(f"\n\r\0{barred}")
    items = list(items)
    if bad.isdisjoint("".join(items)) and all(items) and not any(map(str.isspace, items)):
        return
    for item in items:
        if not bad.isdisjoint(item) or not item.strip(" "):
            marks = "".join({" ": "space, ", "\t": "tab, "}[mark] for mark in barred)
            expected = f"one that is not empty, without {marks}line break or NUL"
            mend = f"Change the {what}; a corpus in JSONL keeps it as it is."
            raise DataError(f"{where}: found the {what} {item!r}; expected {expected}. {mend}")


def check_words(where: str, words: Sequence[str], barred: str) -> None:
    """Refuse a sentence without words, and words that would not come back; see `check_writable`."""
    if not words:
        raise DataError(f"{where}: found no word; expected at least one. Leave it out.")
    check_writable(where, words, barred)


def check_start(where: str, item: str) -> None:
    """Refuse a file that would begin with what readers take for a byte order mark."""
    if item.startswith(BOM):
        raise DataError(f"{where}: found a byte order mark in {item!r}; expected a file without one. Remove it.")


def shown(value: object) -> str:
    """Return a value as a message shows it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def check_file(path: str | Path, kind: str = "a file") -> Path:
    """Return the path of a file.

    Raises:
        DataError: there is none; near names are suggested.
    """
    path = Path(path)
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        raise DataError(f"{path}: found {found}; expected {kind}. {_near_files(path)}")
    return path


def _near_files(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"The folder {folder} does not exist."
    names = [entry.name for entry in folder.iterdir() if entry.is_file()]
    return suggest(path.name, names) if names else f"The folder {folder} holds no file."
