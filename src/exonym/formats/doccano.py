"""doccano: JSONL, a text a line with its labels as `[start, stop, label]`.

doccano shows texts in a browser and counts UTF-16 units there, so that is what is read and written; a project with
"count grapheme clusters as one character" is read with the units `graphemes`. It keeps no scores: they are in the note,
which doccano keeps with the other columns of a text.

Source: doccano's export (`data_export` of version 1.8) for the keys; doccano#2290 for the units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exonym.formats.files import OnError, WrongError
from exonym.formats.items import mark_of, read_items, value_of
from exonym.formats.marks import NOTE, Item, Mark, Units, layout, note_of, offsets_in, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    from exonym.data import Ledger, Sentence

_LABELS = ("label", "labels", "entities", "annotations")  # by version and by what was exported


def read_doccano(
    path: str | Path,
    *,
    units: Units | None = None,
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
    gaps: bool = False,
) -> Iterator[Sentence]:
    """Stream the sentences of a doccano file; see `exonym.formats.items.read_items`, `units` is UTF-16 if None."""
    return read_items(path, _item, units=units or "utf-16", on_error=on_error, ledger=ledger, gaps=gaps)


def _item(row: dict[str, Any]) -> Item:
    text = value_of(row, "text", str)
    name = value_of(row, "id", str, int, default="")
    rows: list[Any] = next((value_of(row, key, list) for key in _LABELS if row.get(key) is not None), [])
    return Item(text, [_mark(each) for each in rows], str(name), row.get(NOTE))


def _mark(row: Any) -> Mark:  # noqa: ANN401 - whatever the file holds
    if isinstance(row, dict):
        return mark_of(row, "start_offset", "end_offset", "label")
    if not isinstance(row, list) or [*map(type, row)] != [int, int, str]:
        raise WrongError(f"label {row!r}", "[start, stop, label]")
    return Mark(*row)


def write_doccano(sentences: Iterable[Sentence], file: TextIO, *, first: bool = True) -> None:
    """Write sentences one a line; `first` changes nothing here."""
    for sentence in sentences:
        shape = layout(sentence)
        units = offsets_in(shape.text, "utf-16")
        spans = [(span, *shape.range(span)) for span in sentence.spans]
        labels = [[units[start], units[stop], span.label] for span, start, stop in spans]
        note = note_of(sentence, shape, name=True)
        file.write(written({"id": sentence.id, "text": shape.text, "label": labels, NOTE: note}) + "\n")
