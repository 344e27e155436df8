"""CoNLL columns: one word a line, its tag in the last column, an empty line between sentences.

Columns are separated by tabs, or by spaces if the file has no tabs. Reads IOB1, IOB2, BIOES and BILOU; writes IOB2 with
a tab. `-DOCSTART-` lines are skipped and counted; lines that start with `#` before the first word of a sentence are
comments, and `# id = NAME` names the sentence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from exonym.data import Scheme, Sentence, detect_scheme, spans_of, split_tag, tags_of
from exonym.errors import DataError
from exonym.formats.files import OnError, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    from exonym.data import Ledger

Repair = Literal["error", "conlleval"]
DOCUMENT_MARK = "-DOCSTART-"


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
) -> Iterator[Sentence]:
    """Stream the sentences of a CoNLL file.

    Args:
        path: the file.
        scheme: its tag scheme; None finds it out by a first pass over the file.
        repair: what to do with a tag that continues nothing: `error` makes it a fault, `conlleval` lets it open an
            entity, as conlleval does, and counts it.
        on_error: `raise` reports all faults of the file at the end; `skip` leaves faulty sentences out and counts them.
        ledger: where skips and repairs are counted.

    Yields:
        The sentences without a fault, in order; those without an id are named by their number, from 1.

    Raises:
        DataError: once the file is read, if it has faults and `on_error` is `raise`.
    """
    source = Source(path, on_error, ledger)
    scheme = scheme or scheme_of(path)
    number = 0
    for block in _blocks(source):
        number += 1
        spans, faults = spans_of(block.tags, scheme)
        if repair == "conlleval":
            repaired = [fault for fault in faults if split_tag(fault.tag)[0]]
            source.ledger.note("tags repaired as conlleval reads them", len(repaired))
            faults = [fault for fault in faults if not split_tag(fault.tag)[0]]
        for fault in faults:
            mend = (
                "Correct the tag, or read with --repair conlleval." if split_tag(fault.tag)[0] else "Correct the tag."
            )
            source.fault(block.lines[fault.word], f"tag {fault.tag!r}", fault.expected, mend)
        if faults or block.broken:
            if on_error == "skip":
                source.ledger.note("sentences skipped")
            continue
        yield Sentence(tuple(block.words), tuple(spans), block.id or str(number))
    source.close()


def scheme_of(path: str | Path) -> Scheme:
    """Find out the tag scheme of a CoNLL file by a pass over it; see `exonym.data.detect_scheme`."""
    return detect_scheme(block.tags for block in _blocks(Source(path, "skip")))


def _blocks(source: Source) -> Iterator[_Block]:
    block = _Block()
    separator: str | None = None
    for number, line in source.lines():
        if line is None:
            block.broken = True
        elif not line.strip():
            if block.words or block.broken:
                yield block
            block = _Block()
        else:
            if "\t" in line:
                separator = "\t"
            _read_line(source, block, number, line, separator)
    if block.words or block.broken:
        yield block


def _read_line(source: Source, block: _Block, number: int, line: str, separator: str | None) -> None:
    columns = line.split(separator) if separator else line.split()
    if columns[0] == DOCUMENT_MARK:
        source.ledger.note("document marks skipped")
    elif not block.words and line.startswith("#") and not _is_row(columns):
        key, _, value = line[1:].partition("=")
        if key.strip() in ("id", "sent_id"):
            block.id = value.strip()
    elif len(columns) < 2 or not columns[0].strip() or not columns[-1].strip():
        found = f"{len(columns)} column{'s' * (len(columns) != 1)}: {line!r}"
        source.fault(number, found, "a word and a tag", "Add what is missing, or remove the line.")
        block.broken = True
    else:
        block.words.append(columns[0].strip())
        block.tags.append(columns[-1].strip())
        block.lines.append(number)


def _is_row(columns: list[str]) -> bool:
    """Say whether a line that starts with `#` is a word with a tag after all."""
    return len(columns) > 1 and columns[1] != "=" and split_tag(columns[-1])[0] != ""


def write_conll(sentences: Iterable[Sentence], file: TextIO) -> None:
    """Write sentences as word, tab, IOB2 tag; ids that are not plain numbers as `# id = NAME`.

    Raises:
        DataError: a word holds a tab or a line break, or nothing but space, and so cannot stand in a column.
    """
    for number, sentence in enumerate(sentences):
        if number:
            file.write("\n")
        if sentence.id and not sentence.id.isdecimal():
            file.write(f"# id = {sentence.id}\n")
        for word, tag in zip(sentence.words, tags_of(len(sentence), sentence.spans), strict=True):
            if word != word.strip() or not word or any(mark in word for mark in "\t\n\r"):
                found = f"sentence {sentence.id}: found the word {word!r}; expected one without tab or line break"
                raise DataError(f"{found}. Write JSONL instead.")
            file.write(f"{word}\t{tag}\n")
