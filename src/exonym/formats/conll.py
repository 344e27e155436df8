"""CoNLL columns: one word a line, its tag in the last column, an empty line between sentences.

Columns are separated by tabs, or by spaces in a file where most rows have no tab. Reads IOB1, IOB2, BIOES and BILOU;
writes IOB2 with a tab. `-DOCSTART-` lines are skipped and counted; lines that start with `#` before the first word of a
sentence are comments unless they are rows, and `# id = NAME` names the sentence.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import regex

from exonym.data import OUTSIDE, Scheme, Sentence, detect_scheme, spans_of, split_tag, tags_of
from exonym.errors import DataError
from exonym.formats.files import OnError, Source, check_start, check_words, check_writable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from exonym.data import Fault, Ledger, Span

Repair = Literal["error", "conlleval"]
DOCUMENT_MARK = "-DOCSTART-"
BETWEEN = "\n"  # what stands between two sentences
_NOTE = regex.compile(r"# ?(\S+) *= *(.*)")  # a comment `# key = value`


class _Layout(NamedTuple):
    """What a first pass over a file finds out: separator, columns if that is a space, scheme, `# id` comments."""

    separator: str
    width: int
    scheme: Scheme
    ids: frozenset[str]


@dataclass(slots=True)
class _Block:
    """The rows of one sentence as they are read."""

    id: str = ""
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    broken: bool = False


def read_conll(
    path: str | Path,
    *,
    scheme: Scheme | None = None,
    repair: Repair = "error",
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
    gaps: bool = False,
) -> Iterator[Sentence]:
    """Stream the sentences of a CoNLL file.

    Args:
        path: the file.
        scheme: its tag scheme; None finds it out by a first pass over the file.
        repair: what to do with a tag that continues nothing: `error` makes it a fault, `conlleval` lets it open an
            entity, as conlleval does, and counts it.
        on_error: `raise` reports all faults of the file at the end; `skip` leaves faulty sentences out and counts them.
        ledger: where skips and repairs are counted.
        gaps: True yields a sentence without words for each that is left out, so that two files still correspond.

    Yields:
        The sentences without a fault, in order; those without an id are named by their number, from 1 (`sentence 2`
        where another one has the number for its id).

    Raises:
        DataError: once the file is read, if it has faults and `on_error` is `raise`.
    """
    source = Source(path, on_error, ledger)
    layout = _survey(path)
    for number, block in enumerate(_blocks(source, layout), start=1):
        spans, faults = repaired_spans(block.tags, scheme or layout.scheme, repair, source.ledger)
        for fault in faults:
            source.fault(block.lines[fault.word], f"tag {fault.tag!r}", fault.expected, mend_of(fault))
        if faults or block.broken:
            if on_error == "skip":
                source.ledger.note("sentences skipped")
            if gaps:
                yield Sentence(())
            continue
        name = f"sentence {number}" if str(number) in layout.ids else str(number)
        yield Sentence(tuple(block.words), tuple(spans), block.id or name)
    source.close()


def repaired_spans(
    tags: Sequence[str], scheme: Scheme, repair: Repair, ledger: Ledger
) -> tuple[list[Span], list[Fault]]:
    """Read the spans of a tagged sentence; see `read_conll` for `repair`, and `exonym.data.spans_of`.

    Returns:
        The spans, and the faults that were not repaired.
    """
    spans, faults = spans_of(tags, scheme)
    if repair == "conlleval":
        repaired = [fault for fault in faults if split_tag(fault.tag)[0]]
        ledger.note("tags repaired as conlleval reads them", len(repaired))
        faults = [fault for fault in faults if not split_tag(fault.tag)[0]]
    return spans, faults


def mend_of(fault: Fault) -> str:
    """Say how to mend a tag."""
    return "Correct the tag, or read with --repair conlleval." if split_tag(fault.tag)[0] else "Correct the tag."


def scheme_of_conll(path: str | Path) -> Scheme:
    """Find out the tag scheme of a CoNLL file by a pass over it; see `exonym.data.detect_scheme`."""
    return _survey(path).scheme


def _survey(path: str | Path) -> _Layout:
    votes: Counter[str] = Counter()  # separator -> rows that have it
    widths: Counter[int] = Counter()  # number of columns between spaces -> rows that have it
    ids: set[str] = set()

    def tags_of_lines(lines: Sequence[str]) -> list[str]:
        tags = []
        for line in lines:
            separator = "\t" if "\t" in line else " "
            tag = line.rstrip(" ").rpartition(separator)[2].strip(" ")
            known = split_tag(tag)[0] != ""
            tags.append(tag if known else OUTSIDE)
            if line.startswith("#"):
                ids.add(_id_of(line))
                known = False  # most likely a comment
            votes[separator] += known
            if separator == " ":
                widths[len(_columns(line, " "))] += known
        return tags

    def tagged() -> Iterator[list[str]]:
        for first, lines in _split(Source(path, "skip")):
            plain = _plain_tags(lines)
            if plain is not None:
                votes["\t"] += len(plain)
                yield plain
            else:
                for _, few in _split_at_blanks(first, lines):
                    yield tags_of_lines([line for line in few if line is not None])

    scheme = detect_scheme(tagged())
    separator = max("\t", " ", key=lambda each: votes.get(each, -1))
    return _Layout(separator, max(widths, key=widths.__getitem__, default=2), scheme, frozenset(ids))


def _split(source: Source) -> Iterator[tuple[int, list[str | None]]]:
    """Yield the runs of lines between empty ones, with the number of the first; a line that is not text is None."""
    rows: list[str | None] = []
    end = 1
    for first, lines in source.blocks():
        start = 0
        for place in [place for place, line in enumerate(lines) if line == ""]:
            rows += lines[start:place]
            if rows:
                yield first + place - len(rows), rows
                rows = []
            start = place + 1
        rows += lines[start:]
        end = first + len(lines)
    if rows:
        yield end - len(rows), rows


def _split_at_blanks(first: int, lines: Sequence[str | None]) -> Iterator[tuple[int, list[str | None]]]:
    """Split such a run further, at lines of nothing but spaces and tabs."""
    rows: list[str | None] = []
    for number, line in enumerate([*lines, " "], start=first):
        if line is None or line.strip(" \t"):
            rows.append(line)
        elif rows:
            yield number - len(rows), rows
            rows = []


def _plain_tags(lines: Sequence[str | None]) -> list[str] | None:
    """Return the tags after the last tab, or None if a line needs a look of its own."""
    rows = [line for line in lines if line is not None and line[0] != "#" and "\t" in line]
    if len(rows) < len(lines):
        return None
    tags = [line.rpartition("\t")[2] for line in rows]
    return tags if all(" " not in tag and split_tag(tag)[0] for tag in set(tags)) else None


def _columns(line: str, separator: str) -> list[str]:
    if separator == " ":
        return [column for column in line.split(" ") if column]
    *columns, tag = line.split("\t")
    return [*columns, tag.strip(" ")]


def _id_of(line: str) -> str:
    """Return the name in a comment `# id = NAME`, or an empty string."""
    note = _NOTE.match(line) if line.startswith("#") else None
    return note[2].strip(" ") if note and note[1] in ("id", "sent_id") else ""


def _blocks(source: Source, layout: _Layout) -> Iterator[_Block]:
    for first, lines in _split(source):
        plain = _plain_block(first, lines) if layout.separator == "\t" else None
        if plain is not None:
            yield plain
            continue
        for start, few in _split_at_blanks(first, lines):
            block = _Block()
            for number, line in enumerate(few, start=start):
                if line is None:
                    block.broken = True
                else:
                    _read_line(source, block, number, line, layout)
            if block.words or block.broken:
                yield block


def _plain_block(first: int, lines: Sequence[str | None]) -> _Block | None:
    """Read rows that are words and tags between tabs at once, or return None if a line needs a look of its own."""
    rows = [line.split("\t") for line in lines if line is not None]
    if len(rows) < len(lines) or rows[0][0].startswith("#"):
        return None
    words, tags = [row[0] for row in rows], [row[-1] for row in rows]
    if DOCUMENT_MARK in words or not all(words) or any(map(str.isspace, words)) or min(map(len, rows)) < 2:
        return None
    if not all(tag and " " not in tag for tag in set(tags)):
        return None
    return _Block("", words, tags, list(range(first, first + len(lines))))


def _read_line(source: Source, block: _Block, number: int, line: str, layout: _Layout) -> None:
    columns = _columns(line, layout.separator)
    if columns[0] == DOCUMENT_MARK:
        source.ledger.note("document marks skipped")
    elif not block.words and line.startswith("#") and not _is_row(line, columns, layout):
        block.id = _id_of(line) or block.id
    elif len(columns) < 2 or not columns[0].strip(" ") or not columns[-1]:
        found = f"{len(columns)} column{'s' * (len(columns) != 1)}: {line!r}"
        source.fault(number, found, "a word and a tag", "Add what is missing, or remove the line.")
        block.broken = True
    else:
        block.words.append(columns[0])
        block.tags.append(columns[-1])
        block.lines.append(number)


def _is_row(line: str, columns: list[str], layout: _Layout) -> bool:
    """Say whether a line that starts with `#` is a word with a tag after all."""
    tagged = len(columns) > 1 and split_tag(columns[-1])[0] != ""
    if layout.separator == "\t":  # a comment has no tab, or begins with a space and has text after the tab
        return tagged or (len(columns) > 1 and not line.startswith("# "))
    return tagged and len(columns) in (2, layout.width) and not _NOTE.match(line)


def write_conll(sentences: Iterable[Sentence], file: TextIO, *, first: bool = True) -> None:
    """Write sentences as word, tab, IOB2 tag; ids that are not plain numbers as `# id = NAME`.

    Args:
        sentences: the sentences.
        file: where to write them.
        first: False where others come before them: begin with the empty line between sentences.

    Raises:
        DataError: a word, label or id would not come back as it is: it holds a tab or a line break, is empty or
            `-DOCSTART-`.
    """
    for number, sentence in enumerate(sentences):
        where = f"sentence {sentence.id or number + 1!r}"
        check_words(where, sentence.words, "\t")
        check_writable(where, (span.label for span in sentence.spans), "\t", what="label")
        if DOCUMENT_MARK in sentence.words:
            expected = "none, since CoNLL files mark documents by it. Write JSONL instead."
            raise DataError(f"{where}: found the word {DOCUMENT_MARK}; expected {expected}")
        if number or not first:
            file.write(BETWEEN)
        if sentence.id and not sentence.id.isdecimal():
            check_writable(where, [sentence.id], "\t", what="id")
            file.write(f"# id = {sentence.id}\n")
        elif first and not number:
            check_start(where, sentence.words[0])
        tags = tags_of(len(sentence), sentence.spans)
        file.write("".join([f"{word}\t{tag}\n" for word, tag in zip(sentence.words, tags, strict=True)]))
