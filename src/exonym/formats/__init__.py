"""Readers and writers, one file per format: those of sentences in the table `CORPUS_FORMATS`, bitext and links apart.

`read_corpus`, `read_bitext`, `read_alignment` read whole files into the data types; `write_corpus`, `write_bitext`,
`write_alignment` write them so that a file appears only when it is whole.
"""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING, Any

from exonym.data import Alignment, Bitext, Corpus, Ledger, Links, Pair, Scheme, Sentence
from exonym.errors import DataError, Problems
from exonym.files import whole_file
from exonym.formats import bitext as _bitext
from exonym.formats.bitext import Side, stream_bitext
from exonym.formats.conll import Repair, read_conll, write_conll
from exonym.formats.files import Faults, OnError, Source, check_start
from exonym.formats.jsonl import read_jsonl, write_jsonl
from exonym.formats.marks import Units
from exonym.formats.pharaoh import LinkLine, link_lines, links_of_lines, read_pharaoh, write_pharaoh
from exonym.formats.table import CORPUS_FORMATS, Format, FormatName, check_target, format_of, held_in, scheme_of
from exonym.formats.text import read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TextIO


def stream_corpus(
    path: str | Path,
    format: str | None = None,
    *,
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
    scheme: Scheme | None = None,
    repair: Repair = "error",
    raw: bool = False,
    units: Units | None = None,
) -> Iterator[Sentence]:
    """Stream the sentences of a corpus; memory is needed for ids that are not the number of their sentence.

    Args:
        path: the file or, of some formats, the folder.
        format: a name of `CORPUS_FORMATS`; None goes by the file ending, or by what the folder holds.
        on_error: `raise` reports all faults at once; `skip` leaves faulty sentences out and counts them.
        ledger: where skips, repairs and the number of sentences are counted.
        scheme: formats with tags only: their scheme; None finds it out.
        repair: formats with tags only: `conlleval` lets a tag that continues nothing open an entity, and counts it.
        raw: text only: True splits running text into words and keeps their offsets.
        units: annotation tools only: what their offsets count; None is what the tool is known to count.

    Yields:
        The sentences.

    Raises:
        DataError: at the end, if the file has faults (all are listed), holds no sentence, or names two alike.
    """
    ledger = Ledger() if ledger is None else ledger
    known = format_of(path, format)
    options = {"scheme": scheme, "repair": repair, "raw": raw, "units": units}
    own = {name: value for name, value in options.items() if name in known.options}
    number = 0
    names: dict[str, int] = {}  # id -> number of its sentence, of those whose id is not that
    others: set[int] = set()  # the numbers of these sentences
    problems = Problems(str(path))
    for number, sentence in enumerate(known.read(path, on_error=on_error, ledger=ledger, **own), start=1):
        before = names.get(sentence.id)
        if sentence.id != str(number):
            others.add(number)
            if before is None and sentence.id.isdecimal() and 0 < int(sentence.id) < number:
                same = str(int(sentence.id)) == sentence.id and int(sentence.id) not in others
                before = int(sentence.id) if same else None
            names.setdefault(sentence.id, number)
        if before is not None:
            found = f"id {sentence.id!r} for sentence {number}, which sentence {before} has"
            problems.add(None, found, "another id for each sentence", "Rename one, or remove it if it is doubled.")
        yield sentence
    if not number:
        raise DataError(f"{path}: found no sentence; expected at least one. Check that this is the right file.")
    problems.raise_any()
    ledger.note("sentences read", number)


def read_corpus(
    path: str | Path,
    format: str | None = None,
    *,
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
    scheme: Scheme | None = None,
    repair: Repair = "error",
    raw: bool = False,
    units: Units | None = None,
) -> Corpus:
    """Read a whole corpus, named after its path; arguments and errors are those of `stream_corpus`."""
    reading: dict[str, Any] = {"scheme": scheme, "repair": repair, "raw": raw, "units": units}
    sentences = stream_corpus(path, format, on_error=on_error, ledger=ledger, **reading)
    return Corpus(tuple(sentences), str(path))


def write_corpus(path: str | Path, sentences: Iterable[Sentence], format: str | None = None) -> None:
    """Write sentences to a file or a folder, which appears only when it is whole; a folder must be new or empty."""
    known = format_of(path, format)
    check_target(path, known)
    if known.save is not None:
        known.save(path, sentences)
        return
    with whole_file(path) as file:
        known.write(sentences, file)


def text_of(sentences: Iterable[Sentence], format: Format) -> str:
    """Return sentences as text of a format that can be written in parts, to be written with `Parts`."""
    file = StringIO()
    format.write(sentences, file, first=False)
    return file.getvalue()


class Parts:
    """Texts made by `text_of`, written one after another: the file is what the format writes of all their sentences.

    Args:
        file: where to write them.
        format: their format.
    """

    def __init__(self, file: TextIO, format: Format) -> None:
        self.file, self.format = file, format
        self.is_empty = True

    def write(self, text: str) -> None:
        """Write a text.

        Raises:
            DataError: the file would begin with what readers take for a byte order mark.
        """
        if text and self.is_empty:
            text = text.removeprefix(self.format.between)
            check_start("the first sentence", text)
            self.is_empty = False
        self.file.write(text)


def read_bitext(
    path: str | Path,
    *,
    raw: bool | Side = False,
    swap: bool = False,
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
) -> Bitext:
    """Read a whole two-column bitext, named after its path; see `stream_bitext`.

    Each word is held once, however often it stands in the text: a large text takes a third of the memory.
    """
    pairs = stream_bitext(path, raw=raw, swap=swap, on_error=on_error, ledger=ledger)
    return Bitext(
        tuple(Pair(tuple(map(intern, source)), tuple(map(intern, target)), id) for source, target, id in pairs),
        str(path),
    )


def read_parallel(
    source: str | Path,
    target: str | Path,
    format: str | None = None,
    *,
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
    scheme: Scheme | None = None,
    repair: Repair = "error",
) -> Bitext:
    """Read two corpora or texts of which sentence n of one translates sentence n of the other.

    Args:
        source: the file of the source language; in plain text every line is a sentence, empty ones too.
        target: the file of the target language.
        format: the format of both; None goes by their endings.
        on_error: `raise` reports the faults; `skip` leaves pairs out of which a side is faulty or empty, and counts
            them, so that what stays still corresponds.
        ledger: where skips and repairs are counted.
        scheme: CoNLL only: the tag scheme of both; None finds it out.
        repair: CoNLL only: as in `read_corpus`.

    Returns:
        The pairs, named by their number.

    Raises:
        DataError: the files have faults, empty lines, or not the same number of sentences.
    """
    ledger = Ledger() if ledger is None else ledger
    options = {"scheme": scheme, "repair": repair}
    left, right = (_read_gaps(path, format, options, on_error, ledger) for path in (source, target))
    if len(left) != len(right):
        raise DataError(
            f"{target}: found {len(right)} sentences; expected {len(left)}, as in {source}. "
            "Sentence n of one must translate sentence n of the other."
        )
    pairs = []
    problems = Problems(f"{source} and {target}")
    for number, (a, b) in enumerate(zip(left, right, strict=True), start=1):
        if a and b:
            pairs.append(Pair(a, b, str(number)))
        elif on_error == "skip":
            ledger.note("pairs skipped")
        else:
            side = "both" if not a and not b else str(target if a else source)
            mend = "Fill it in, or remove the line from both files; --on-error skip leaves such pairs out."
            problems.add(number, f"an empty line in {side}", "a sentence and its translation", mend)
    problems.raise_any()
    if not pairs:
        raise DataError(f"{source} and {target}: found no sentence pair; expected at least one. Check both files.")
    ledger.note("pairs read", len(pairs))
    return Bitext(tuple(pairs), f"{source} and {target}")


def _read_gaps(
    path: str | Path, format: str | None, options: Mapping[str, object], on_error: OnError, ledger: Ledger
) -> list[tuple[str, ...]]:
    """Read the words of every sentence, none where one was left out; empty lines at the end of a text do not count."""
    known = format_of(path, format)
    own = {name: value for name, value in options.items() if name in known.options}
    rows = [sentence.words for sentence in known.read(path, on_error=on_error, ledger=ledger, gaps=True, **own)]
    while known is CORPUS_FORMATS["text"] and rows and not rows[-1]:
        rows.pop()
    return rows


def write_bitext(path: str | Path, pairs: Iterable[Pair]) -> None:
    """Write pairs to a two-column file, which appears only when it is whole."""
    with whole_file(path) as file:
        _bitext.write_bitext(pairs, file)


def read_alignment(
    path: str | Path, bitext: Bitext | None = None, *, on_error: OnError = "raise", ledger: Ledger | None = None
) -> Alignment:
    """Read the links of a whole bitext; see `exonym.formats.pharaoh.read_pharaoh`."""
    return Alignment(tuple(read_pharaoh(path, bitext, on_error=on_error, ledger=ledger)), str(path))


def write_alignment(path: str | Path, alignment: Iterable[Links]) -> None:
    """Write links to a Pharaoh file, which appears only when it is whole."""
    with whole_file(path) as file:
        write_pharaoh(alignment, file)


__all__ = [
    "CORPUS_FORMATS",
    "Faults",
    "Format",
    "FormatName",
    "LinkLine",
    "OnError",
    "Parts",
    "Repair",
    "Side",
    "Source",
    "Units",
    "check_target",
    "format_of",
    "held_in",
    "link_lines",
    "links_of_lines",
    "read_alignment",
    "read_bitext",
    "read_conll",
    "read_corpus",
    "read_jsonl",
    "read_parallel",
    "read_pharaoh",
    "read_text",
    "scheme_of",
    "stream_bitext",
    "stream_corpus",
    "text_of",
    "write_alignment",
    "write_bitext",
    "write_conll",
    "write_corpus",
    "write_jsonl",
    "write_pharaoh",
    "write_text",
]
