"""brat standoff: a text file `NAME.txt` and its labels `NAME.ann`, alone or many in a folder.

Each line of the text is a sentence. Written is a third file, `NAME.exonym.jsonl`, which brat ignores: a note a sentence
with its place in the text, without which ids, words and scores are lost. Offsets count characters. A label over a line
break is written as brat wants it, in fragments; fragments that are apart by more than white space are a fault, as spans
have no gaps. Relations, events and attributes are passed over and counted.

Source: brat's "standoff format" and `annotation.py` of its server.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import count, islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import regex

from exonym.data import Sentence
from exonym.errors import DataError
from exonym.files import whole_file, whole_folder
from exonym.formats.files import OnError, Source, WrongError, check_writable
from exonym.formats.items import read_item
from exonym.formats.marks import Item, Layout, Mark, Units, edges, layout, note_of, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from exonym.data import Ledger, Span

ANNOTATIONS, TEXT, NOTES = ".ann", ".txt", ".exonym.jsonl"
_PER_FILE = 100  # sentences of a text in a folder: brat shows a text on one page
_LABEL = regex.compile(r"(T\d+)\t(\S+) (\d+ \d+(?:;\d+ \d+)*)(?:\t(.*))?")
_OTHER = regex.compile(r"(?:[REAMNF]\d+|#\d*|\*)\t")


class _Place(NamedTuple):
    """A sentence in a text: its characters, the name and the note that it has."""

    start: int
    stop: int
    id: str
    note: Any


def is_brat(folder: Path) -> bool:
    """Say whether a folder holds brat's files."""
    return any(folder.glob(f"*{ANNOTATIONS}"))


def read_brat(
    path: str | Path,
    *,
    units: Units | None = None,
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
    gaps: bool = False,
) -> Iterator[Sentence]:
    """Stream the sentences of brat's files.

    Args:
        path: `NAME.ann` or `NAME.txt`, or a folder with many, which are read by their names.
        units: how the offsets are counted; characters if None.
        on_error: `raise` reports all faults of a text at its end; `skip` leaves faulty sentences out and counts them.
        ledger: where skips and other events are counted.
        gaps: True yields a sentence without words for each that is left out, so that two files still correspond.

    Yields:
        The sentences without a fault, named by their notes or else by their lines, after the file's name in a folder.

    Raises:
        DataError: a file is missing, or has faults and `on_error` is `raise`.
    """
    path = Path(path)
    numbers = count(1)
    faults: list[DataError] = []
    names = sorted(path.glob(f"*{ANNOTATIONS}")) if path.is_dir() else [path.with_suffix(ANNOTATIONS)]
    if not names:
        raise DataError(f"{path}: found no {ANNOTATIONS} file; expected pairs NAME{TEXT} and NAME{ANNOTATIONS}.")
    for each in names:
        source = Source(each, on_error, ledger)
        prefix = f"{each.stem}:" if path.is_dir() else ""
        try:
            for sentence in _sentences(source, prefix, numbers, units or "characters"):
                if sentence is not None:
                    yield sentence
                elif gaps:
                    yield Sentence(())
            source.close()
        except DataError as error:
            faults.append(error)
    if faults:
        every = DataError("\n".join(map(str, faults)))
        every.count = sum(error.count for error in faults)
        raise every


def _sentences(source: Source, prefix: str, numbers: Iterator[int], units: Units) -> Iterator[Sentence | None]:
    """Read one pair; None stands for a sentence that is left out."""
    text = _text(source.path.with_suffix(TEXT))
    places = _noted(source.path.with_suffix(NOTES), text) or _lines(text, prefix)
    first = [place.start for place in places]
    marks: list[list[Mark]] = [[] for _ in places]
    broken: set[int] = set()
    for mark, error in _marks(source, text, edges(text, units)):
        home = bisect_right(first, mark.start) - 1
        if error is None and (home < 0 or mark.stop > places[home].stop):
            name = f"span {mark.start}:{mark.stop} {mark.label}"
            error = WrongError(name, "one inside a sentence", "Split it, or remove it.")
        if error is not None:
            source.fault(mark.line, error.found, error.expected, error.mend)
            broken.update(range(max(home, 0), bisect_left(first, mark.stop)))
        else:
            own = first[home]
            marks[home].append(mark._replace(start=mark.start - own, stop=mark.stop - own))
    for number, (place, own_marks) in enumerate(zip(places, marks, strict=True)):
        if number in broken:
            source.ledger.note("sentences skipped")
            yield None
            continue
        item = Item(text[place.start : place.stop], own_marks, place.id, place.note)
        yield read_item(source, lambda row: row, item, number + 1, next(numbers), "characters")


def _text(path: Path) -> str:
    if not path.is_file():
        raise DataError(f"{path}: found no such file; expected the text of its {ANNOTATIONS} file.")
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: found byte 0x{error.object[error.start]:02x}; expected UTF-8 text.") from None


def _lines(text: str, prefix: str) -> list[_Place]:
    """Take every line that is not empty for a sentence."""
    places, start = [], 0
    for number, line in enumerate(text.split("\n"), start=1):
        own = line.removesuffix("\r")
        if own.strip():
            places.append(_Place(start, start + len(own), f"{prefix}{number}", None))
        start += len(line) + 1
    return places


def _noted(path: Path, text: str) -> list[_Place]:
    """Read the places of sentences from the notes, if there are any."""
    places, end = [], 0
    for number, line in Source(path).lines() if path.is_file() else ():
        try:
            row = orjson.loads(line or "")
            start, stop, note = row["start"], row["stop"], row["note"]
            name = note["id"] if isinstance(note["id"], str) else ""
            place = _Place(start, stop, name, note)
            is_right = type(start) is type(stop) is int and end <= start <= stop <= len(text)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            is_right = False
        if not is_right:
            mend = f"Was {path.with_suffix('').with_suffix(TEXT).name} changed? Without the notes its lines are read."
            raise DataError(f"{path}:{number}: found a note that does not fit the text; expected one that does. {mend}")
        places.append(place)
        end = stop
    return places


def _marks(source: Source, text: str, starts: Sequence[int | None]) -> Iterator[tuple[Mark, WrongError | None]]:
    """Read the labels of a file, in characters, with what is wrong with them; lines that are no labels are noted."""
    for number, line in source.lines():
        if not line or not line.strip():
            continue
        if _OTHER.match(line):
            source.ledger.note("brat annotations that label no text passed over")
            continue
        try:
            yield _mark(line, number, text, starts)
        except WrongError as error:
            source.fault(number, error.found, error.expected, error.mend)


def _mark(line: str, number: int, text: str, starts: Sequence[int | None]) -> tuple[Mark, WrongError | None]:
    match = _LABEL.fullmatch(line)
    if match is None:
        raise WrongError(f"{line[:60]!r}", "T1, tab, LABEL START STOP, tab, text")
    name, label, ranges, surface = match.groups()
    units = [[int(end) for end in each.split(" ")] for each in ranges.split(";")]
    places = [(starts[i], starts[j]) for i, j in units if i < j < len(starts)]
    pieces = [(start, stop) for start, stop in places if start is not None and stop is not None]
    if len(pieces) != len(units):
        raise WrongError(f"{name} {label} {ranges}", f"start < stop inside the {len(starts) - 1} offsets of the text")
    mark, error = Mark(pieces[0][0], pieces[-1][1], label, line=number), None
    if any(stop > start or text[stop:start].strip() for (_, stop), (start, _) in pairwise(pieces)):
        error = WrongError(f"{name} {label} {ranges}, which has gaps", "one piece", "Label the pieces apart.")
    covered = " ".join(text[start:stop] for start, stop in pieces)
    if surface is not None and surface != covered:
        mend = "Was the text changed after it was labelled? Or are other units counted? See --units."
        found = f"{name} {label} {ranges} over {surface[:60]!r}"
        error = WrongError(found, f"what stands there, {covered[:60]!r}", mend)
    return mark, error


def write_brat(path: str | Path, sentences: Iterable[Sentence]) -> None:
    """Write sentences as brat's files.

    Args:
        path: `NAME.ann`, for one pair, or a folder, for many of 100 sentences each with the labels for brat to offer.
        sentences: the sentences.

    Raises:
        DataError: a label or a labelled word would not come back.
    """
    path = Path(path)
    if path.suffix == ANNOTATIONS:
        _write_pair(path, sentences)
        return
    with whole_folder(path) as folder:
        labels: set[str] = set()
        rows = iter(sentences)
        for number in count(1):
            few = list(islice(rows, _PER_FILE))
            if not few:
                break
            labels |= {span.label for sentence in few for span in sentence.spans}
            _write_pair(folder / f"{number:05d}{ANNOTATIONS}", few)
        offered = "\n".join(["[entities]", *sorted(labels), "", "[relations]", "", "[events]", "", "[attributes]", ""])
        (folder / "annotation.conf").write_text(offered, encoding="utf-8", newline="\n")


def _write_pair(path: Path, sentences: Iterable[Sentence]) -> None:
    with (
        whole_file(path.with_suffix(TEXT)) as text,
        whole_file(path) as annotations,
        whole_file(path.with_suffix(NOTES)) as notes,
    ):
        start, numbers = 0, count(1)
        for sentence in sentences:
            shape = layout(sentence)
            text.write(shape.text + "\n")
            stop = start + len(shape.text)
            note = note_of(sentence, shape, name=True)
            notes.write(written({"start": start, "stop": stop, "note": note}) + "\n")
            for span in sentence.spans:
                annotations.write(f"T{next(numbers)}\t{_written(sentence, span, shape, start)}\n")
            start = stop + 1


def _written(sentence: Sentence, span: Span, shape: Layout, offset: int) -> str:
    """Write a label: type, offsets, text; in fragments where it goes over line breaks."""
    where = f"sentence {sentence.id!r}"
    check_writable(where, [span.label], " \t", what="label")
    start, stop = shape.range(span)
    pieces = [match.span() for match in regex.finditer(r"[^\r\n]+", shape.text, pos=start, endpos=stop)]
    surface = " ".join(shape.text[i:j] for i, j in pieces)
    if not pieces or (pieces[0][0], pieces[-1][1]) != (start, stop) or "\0" in surface:
        raise DataError(
            f"{where}: found the labelled word {shape.surface(span)!r}; expected one that neither begins nor ends with "
            "a line break, without NUL. Write JSONL, which keeps it."
        )
    ranges = ";".join(f"{i + offset} {j + offset}" for i, j in pieces)
    return f"{span.label} {ranges}\t{surface}"
