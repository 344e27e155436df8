"""Plain text, one sentence a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exonym.data import Sentence, split_words
from exonym.errors import DataError
from exonym.formats.files import OnError, Source, check_start, check_words, check_writable, split_spaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    from exonym.data import Ledger


def read_text(
    path: str | Path,
    *,
    raw: bool = False,
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
    gaps: bool = False,
) -> Iterator[Sentence]:
    """Stream the lines of a text file as sentences; empty lines are skipped and counted.

    Args:
        path: the file.
        raw: True splits running text into words and punctuation and keeps the text with offsets; False takes the
            words as they stand between spaces.
        on_error: `raise` reports all faults of the file at the end; `skip` leaves faulty lines out and counts them.
        ledger: where skips are counted.
        gaps: True yields a sentence without words for each line that is left out, so that two files still correspond.

    Yields:
        The sentences, named by their line number.

    Raises:
        DataError: once the file is read, if it has faults and `on_error` is `raise`.
    """
    source = Source(path, on_error, ledger)
    for number, line in source.lines():
        words, offsets = split_words(line or "") if raw else (split_spaces(line or ""), ())
        if words:
            yield Sentence(words, (), str(number), line if raw else None, offsets)
            continue
        if line is not None:
            source.ledger.note("empty lines skipped")
        if gaps:
            yield Sentence(())
    source.close()


def write_text(sentences: Iterable[Sentence], file: TextIO, *, first: bool = True) -> None:
    """Write each sentence as its text where that is known, else as its words with spaces between them.

    Args:
        sentences: the sentences.
        file: where to write them.
        first: False where others come before them.

    Raises:
        DataError: a sentence has labels, which plain text cannot hold, or words that would not come back as they are.
    """
    for number, sentence in enumerate(sentences):
        where = f"sentence {sentence.id or number + 1!r}"
        if sentence.spans:
            kept = "CoNLL (.conll) or JSONL (.jsonl), which keep them"
            raise DataError(f"{where}: found labels; expected none in plain text. Write {kept}.")
        if sentence.text is None:
            check_words(where, sentence.words, " \t")
        else:
            check_writable(where, [sentence.text], "", what="text")
        line = " ".join(sentence.words) if sentence.text is None else sentence.text
        if first and not number:
            check_start(where, line)
        file.write(line + "\n")
