"""Prodigy: JSONL, a task a line with its text, tokens and spans.

Prodigy is Python: offsets count characters, and tokens are words. `token_end` is the last token, not the one after.
Tasks that were rejected or ignored are left out and counted; those that were accepted have labels from a person, whose
score is 1. Keys that Prodigy does not know, such as the note, stay in the task.

Source: Prodigy's "Annotation interfaces" (`ner_manual`) for the keys; its forum, thread 3421, for `ws`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exonym.formats.files import OnError, WrongError
from exonym.formats.items import Passed, mark_of, read_items, value_of
from exonym.formats.marks import NOTE, Item, Units, layout, note_of, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    from exonym.data import Ledger, Sentence


def read_prodigy(
    path: str | Path,
    *,
    units: Units | None = None,
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
    gaps: bool = False,
) -> Iterator[Sentence]:
    """Stream the sentences of a Prodigy file; see `exonym.formats.items.read_items`, `units` is characters if None."""
    return read_items(path, _item, units=units or "characters", on_error=on_error, ledger=ledger, gaps=gaps)


def _item(row: dict[str, Any]) -> Item:
    answer = value_of(row, "answer", str, default="none")
    if answer in ("reject", "ignore"):
        raise Passed(f"tasks left out, answered {answer!r}")
    if answer not in ("accept", "none"):
        raise WrongError(f"answer {answer!r}", "accept, reject or ignore")
    text = value_of(row, "text", str)
    tokens = value_of(row, "tokens", list, default=())
    words = [[value_of(token, "start", int), value_of(token, "end", int)] for token in tokens]
    words = [[start, stop] for start, stop in words if not text[start:stop].isspace()]  # tokens of spaces
    marks = [mark_of(span, "start", "end", "label") for span in value_of(row, "spans", list, default=())]
    return Item(text, marks, _id(row), row.get(NOTE), words or None, checked=answer == "accept")


def _id(row: dict[str, Any]) -> str:
    meta = row.get("meta")
    name = meta.get("id") if isinstance(meta, dict) else None
    return str(name) if isinstance(name, (str, int)) else ""


def write_prodigy(sentences: Iterable[Sentence], file: TextIO, *, first: bool = True) -> None:
    """Write sentences one a line; `first` changes nothing here."""
    for sentence in sentences:
        text, offsets = shape = layout(sentence)
        tokens = [
            {"text": text[start:stop], "start": start, "end": stop, "id": number, "ws": text[stop : stop + 1] == " "}
            for number, (start, stop) in enumerate(offsets)
        ]
        spans = []
        for span in sentence.spans:
            start, stop = shape.range(span)
            row: dict[str, Any] = {"start": start, "end": stop, "label": span.label}
            row |= {"token_start": span.start, "token_end": span.stop - 1}
            spans.append(row if span.score == 1 else row | {"score": span.score})
        meta = {"id": sentence.id}
        note = note_of(sentence, shape, name=True)
        file.write(written({"text": text, "tokens": tokens, "spans": spans, "meta": meta, NOTE: note}) + "\n")
