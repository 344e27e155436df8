"""JSONL, the format that keeps everything: one sentence a line. The schema is in `docs/formats.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from exonym.data import Link, Lost, Origin, Sentence, Span
from exonym.errors import DataError
from exonym.formats.files import OnError, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    from exonym.data import Ledger

_KEYS = {"id", "words", "text", "offsets", "spans", "lost"}


def read_jsonl(path: str | Path, *, on_error: OnError = "raise", ledger: Ledger | None = None) -> Iterator[Sentence]:
    """Stream the sentences of a JSONL file.

    Args:
        path: the file.
        on_error: `raise` reports all faults of the file at the end; `skip` leaves faulty lines out and counts them.
        ledger: where skips are counted.

    Yields:
        The sentences without a fault, in order.

    Raises:
        DataError: once the file is read, if it has faults and `on_error` is `raise`.
    """
    source = Source(path, on_error, ledger)
    expected = 'an object with "words" and optional "spans" (docs/formats.md)'
    for number, line in source.lines():
        if line is None or not line.strip():
            continue
        try:
            yield _sentence(orjson.loads(line), number)
        except orjson.JSONDecodeError as error:
            source.fault(number, f"broken JSON ({error.msg} at character {error.pos})", expected, "Correct the line.")
        except (DataError, KeyError, TypeError, ValueError) as error:
            found = f"no {error}" if isinstance(error, KeyError) else str(error)
            source.fault(number, found, expected, "Correct the line.")
    source.close()


def _sentence(row: Any, number: int) -> Sentence:  # noqa: ANN401 - whatever the file holds
    if not isinstance(row, dict):
        raise DataError(f"a JSON {type(row).__name__}")
    if unknown := row.keys() - _KEYS:
        raise DataError(f"the unknown key {min(unknown)!r}")
    words = row["words"]
    if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
        raise DataError('"words" that are not a list of non-empty strings')
    return Sentence(
        words=tuple(words),
        spans=tuple(sorted((_span(span) for span in row.get("spans", ())), key=lambda span: span.start)),
        id=str(row.get("id", number)),
        text=row.get("text"),
        offsets=tuple((int(start), int(stop)) for start, stop in row.get("offsets", ())),
        lost=tuple(
            Lost(int(e["start"]), int(e["stop"]), str(e["label"]), str(e["reason"])) for e in row.get("lost", ())
        ),
    )


def _span(row: dict[str, Any]) -> Span:
    origin = row.get("origin")
    return Span(
        int(row["start"]),
        int(row["stop"]),
        str(row["label"]),
        float(row.get("score", 1.0)),
        origin
        and Origin(
            str(origin["sentence"]),
            int(origin["start"]),
            int(origin["stop"]),
            str(origin["method"]),
            tuple(Link(int(i), int(j), float(weight)) for i, j, weight in origin["links"]),
        ),
    )


def write_jsonl(sentences: Iterable[Sentence], file: TextIO) -> None:
    """Write sentences one a line, with character offsets where the text is known."""
    for sentence in sentences:
        file.write(orjson.dumps(_row(sentence), default=list).decode("utf-8") + "\n")


def _row(sentence: Sentence) -> dict[str, Any]:
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
