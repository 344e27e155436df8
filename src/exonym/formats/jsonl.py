"""JSONL, the format that keeps everything: one sentence a line. The schema is in `docs/formats.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from exonym.data import Link, Lost, Origin, Sentence, Span
from exonym.errors import DataError
from exonym.formats.files import OnError, Source, WrongError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    from exonym.data import Ledger

_EXPECTED = 'an object with "words" and optional "spans" (docs/formats.md)'
_SLACK = 1e-6  # what rounding may add to a score or weight of 1


class _Shape(NamedTuple):
    """An object of the schema: what to call it, the types of its keys, and the keys that it must have."""

    name: str
    types: dict[str, tuple[type, ...]]
    required: tuple[str, ...]


_SENTENCE = _Shape(
    "the sentence",
    {"id": (str,), "words": (list,), "text": (str,), "offsets": (list,), "spans": (list,), "lost": (list,)},
    ("words",),
)
_RANGE: dict[str, tuple[type, ...]] = {"start": (int,), "stop": (int,)}
_SPAN = _Shape(
    "a span",
    {**_RANGE, "label": (str,), "score": (int, float), "origin": (dict,), "char_start": (int,), "char_stop": (int,)},
    ("start", "stop", "label"),
)
_ORIGIN = _Shape(
    "an origin",
    {"sentence": (str,), **_RANGE, "method": (str,), "links": (list,), "label": (str,)},
    ("sentence", "start", "stop", "method", "links"),
)
_LOST = _Shape("a lost span", {**_RANGE, "label": (str,), "reason": (str,)}, ("start", "stop", "label", "reason"))
_NAMES = {dict: "an object", list: "a list", str: "a string", int: "an integer", float: "a number"}


def read_jsonl(
    path: str | Path, *, on_error: OnError = "raise", ledger: Ledger | None = None, gaps: bool = False
) -> Iterator[Sentence]:
    """Stream the sentences of a JSONL file.

    Args:
        path: the file.
        on_error: `raise` reports all faults of the file at the end; `skip` leaves faulty lines out and counts them.
        ledger: where skips are counted.
        gaps: True yields a sentence without words for each that is left out, so that two files still correspond.

    Yields:
        The sentences without a fault, in order.

    Raises:
        DataError: once the file is read, if it has faults and `on_error` is `raise`.
    """
    source = Source(path, on_error, ledger)
    for number, line in source.lines():
        if line is not None and not line.strip(" \t"):
            continue
        sentence = None if line is None else _read_line(source, number, line)
        if sentence is not None:
            yield sentence
        elif gaps:
            yield Sentence(())
    source.close()


def _read_line(source: Source, number: int, line: str) -> Sentence | None:
    try:
        return sentence_of_row(orjson.loads(line), number)
    except orjson.JSONDecodeError as error:
        found, expected = f"broken JSON ({error.msg} at character {error.pos})", _EXPECTED
    except WrongError as error:
        found, expected = error.found, error.expected
    except DataError as error:
        found, _, expected = str(error).partition("; expected ")
    source.fault(number, found, expected or _EXPECTED, "Correct the line.")
    return None


def sentence_of_row(row: Any, number: int) -> Sentence:  # noqa: ANN401 - whatever the file holds
    """Make a sentence of an object of the schema.

    Args:
        row: the object.
        number: of the sentence, which is its id if the object has none.

    Raises:
        WrongError: it does not follow the schema.
        DataError: its spans or offsets do not fit its words.
    """
    _check(row, _SENTENCE)
    words = row["words"]
    if set(map(type, words)) != {str} or "" in words:
        raise WrongError('"words" that are not a list of non-empty strings')
    text = row.get("text")
    offsets = _offsets(row.get("offsets", []), text)
    sentence = Sentence(
        words=tuple(words),
        spans=tuple(sorted((_span(span) for span in row.get("spans", ())), key=lambda span: span.start)),
        id=row.get("id", str(number)),
        text=text,
        offsets=offsets,
        lost=tuple(_lost(lost) for lost in row.get("lost", ())),
    )
    for span in row.get("spans", ()):
        _check_characters(span, offsets)
    return sentence


def _check(row: Any, shape: _Shape) -> None:  # noqa: ANN401 - whatever the file holds
    """Refuse an object with unknown keys, keys missing, or values of another type."""
    if type(row) is not dict:
        raise WrongError(f"{row!r} for {shape.name}", "an object")
    for key, value in row.items():
        kinds = shape.types.get(key)
        if kinds is None:
            raise WrongError(f"the unknown key {key!r} in {shape.name}", f"only {', '.join(shape.types)}")
        if type(value) not in kinds:
            raise WrongError(f"{value!r} for {key!r} in {shape.name}", _NAMES[kinds[-1]])
    for key in shape.required:
        if key not in row:
            raise WrongError(f"no {key!r} in {shape.name}", f"at least {', '.join(shape.required)}")


def _offsets(rows: list[Any], text: str | None) -> tuple[tuple[int, int], ...]:
    if rows and text is None:
        raise WrongError('"offsets" without "text"', "both or neither")
    end = 0
    for row in rows:
        if type(row) is not list or list(map(type, row)) != [int, int] or not end <= row[0] < row[1]:
            raise WrongError(f"{row!r} in offsets", "[start, stop] of each word, in order, with start < stop")
        end = row[1]
    return tuple((start, stop) for start, stop in rows)


def _span(row: Any) -> Span:  # noqa: ANN401 - whatever the file holds
    _check(row, _SPAN)
    score = row.get("score", 1.0)
    if not 0 <= score <= 1 + _SLACK:
        raise WrongError(f"score {score}", "a number in [0, 1]")
    origin = _origin(row["origin"]) if "origin" in row else None
    return Span(row["start"], row["stop"], row["label"], min(1.0, float(score)), origin)


def _check_characters(row: dict[str, Any], offsets: tuple[tuple[int, int], ...]) -> None:
    """Refuse characters of a span that are not those of its words."""
    given = row.get("char_start"), row.get("char_stop")
    if given == (None, None):
        return
    if not offsets:
        raise WrongError('"char_start" or "char_stop" without "text" and "offsets"', "both or neither")
    own = offsets[row["start"]][0], offsets[row["stop"] - 1][1]
    if given != own:
        found = f"char_start {given[0]} and char_stop {given[1]} for words {row['start']}:{row['stop']}"
        raise WrongError(found, f"{own[0]} and {own[1]}, or none")


def _origin(row: dict[str, Any]) -> Origin:
    _check(row, _ORIGIN)
    _check_range(row, _ORIGIN)
    for link in row["links"]:
        if type(link) is not list or [*map(type, link)] not in ([int, int, float], [int, int, int]):
            raise WrongError(f"link {link!r} in an origin", "[source word, target word, weight]")
        if min(link[:2]) < 0 or not 0 < link[2] <= 1 + _SLACK:
            raise WrongError(f"link {link!r} in an origin", "words from 0 and a weight in (0, 1]")
    links = tuple(Link(i, j, float(weight)) for i, j, weight in row["links"])
    return Origin(row["sentence"], row["start"], row["stop"], row["method"], links, row.get("label", ""))


def _lost(row: Any) -> Lost:  # noqa: ANN401 - whatever the file holds
    _check(row, _LOST)
    _check_range(row, _LOST)
    return Lost(row["start"], row["stop"], row["label"], row["reason"])


def _check_range(row: dict[str, Any], shape: _Shape) -> None:
    if not 0 <= row["start"] < row["stop"]:
        raise WrongError(f"[{row['start']}, {row['stop']}) in {shape.name}", "0 <= start < stop")


def write_jsonl(sentences: Iterable[Sentence], file: TextIO, *, first: bool = True) -> None:
    """Write sentences one a line, with character offsets where the text is known; `first` changes nothing here."""
    for sentence in sentences:
        file.write(orjson.dumps(row_of_sentence(sentence), default=list).decode("utf-8") + "\n")


def row_of_sentence(sentence: Sentence) -> dict[str, Any]:
    """Return a sentence as an object of the schema, which orjson writes with `default=list`."""
    row: dict[str, Any] = {"id": sentence.id, "words": sentence.words}
    if sentence.text is not None:
        row |= {"text": sentence.text, "offsets": sentence.offsets}
    row["spans"] = [_span_row(sentence, span) for span in sentence.spans]
    if sentence.lost:
        row["lost"] = sentence.lost
    return row


def _span_row(sentence: Sentence, span: Span) -> dict[str, Any]:
    row: dict[str, Any] = {"start": span.start, "stop": span.stop, "label": span.label}
    if sentence.text is not None:
        row |= {"char_start": sentence.offsets[span.start][0], "char_stop": sentence.offsets[span.stop - 1][1]}
    if span.score != 1.0:
        row["score"] = span.score
    if span.origin is not None:
        row["origin"] = span.origin
    return row
