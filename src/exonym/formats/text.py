"""Plain text, one sentence a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exonym.data import Sentence, split_words
from exonym.formats.files import OnError, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    from exonym.data import Ledger


def read_text(
    path: str | Path, *, raw: bool = False, on_error: OnError = "raise", ledger: Ledger | None = None
) -> Iterator[Sentence]:
    """Stream the lines of a text file as sentences; empty lines are skipped and counted.

    Args:
        path: the file.
        raw: True splits running text into words and punctuation and keeps the text with offsets; False takes the
            words as they stand between spaces.
        on_error: `raise` reports all faults of the file at the end; `skip` leaves faulty lines out and counts them.
        ledger: where skips are counted.

    Yields:
        The sentences, named by their line number.

    Raises:
        DataError: once the file is read, if it has faults and `on_error` is `raise`.
    """
    source = Source(path, on_error, ledger)
    for number, line in source.lines():
        if line is None:
            continue
        words, offsets = split_words(line) if raw else (tuple(line.split()), ())
        if not words:
            source.ledger.note("empty lines skipped")
        elif raw:
            yield Sentence(words, (), str(number), line, offsets)
        else:
            yield Sentence(words, (), str(number))
    source.close()


def write_text(sentences: Iterable[Sentence], file: TextIO) -> None:
    """Write each sentence as its text where that is known, else as its words with spaces; labels are not written."""
    for sentence in sentences:
        file.write((" ".join(sentence.words) if sentence.text is None else sentence.text) + "\n")
