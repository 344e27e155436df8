"""Argilla: records with a span question, as `Record.to_dict` gives and `Record.from_dict` takes them.

Written is a JSON object a line, with the labels as suggestions, which people accept or correct. Read are such lines or
the one list that `dataset.records.to_json` writes: the responses of a record or, if it has none, its suggestion, which
is counted. Responses that differ are a fault. Offsets count characters, as Argilla's server checks them; its browser
counts UTF-16 units, so where texts hold such characters, read what people marked with `units="utf-16"`.

Source: argilla 2, `records/_resource.py`, for the keys; argilla#5729 and #2353 for the units.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from exonym.files import whole_file
from exonym.formats.files import OnError, WrongError
from exonym.formats.items import mark_of, read_items, score_of, value_of, write_list
from exonym.formats.marks import NOTE, Item, Mark, Units, layout, note_of, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from exonym.data import Ledger, Sentence

_QUESTION = "spans"  # how the question is called in what is written; any name is read


def read_argilla(
    path: str | Path,
    *,
    units: Units | None = None,
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
    gaps: bool = False,
) -> Iterator[Sentence]:
    """Stream the records of an Argilla file; see `exonym.formats.items.read_items`, `units` is characters if None."""
    return read_items(path, _item, units=units or "characters", on_error=on_error, ledger=ledger, gaps=gaps)


def _item(row: dict[str, Any]) -> Item:
    text = value_of(value_of(row, "fields", dict), "text", str)
    responses = value_of(row, "responses", dict, default={})
    suggestions = value_of(row, "suggestions", dict, default={})
    answers = [value_of(each, "value", list) for each in _question(responses, list)]
    if any(answer != answers[0] for answer in answers[1:]):
        raise WrongError(f"{len(answers)} responses that differ", "one, or equal ones", "Choose one in Argilla.")
    name = value_of(row, "id", str, int, default="")
    note = value_of(row, "metadata", dict, default={}).get(NOTE)
    if answers:
        return Item(text, [_mark(each) for each in answers[0]], str(name), note, checked=True)
    event = "records without a response, read from their suggestion"
    return Item(text, _suggested(_question(suggestions, dict)), str(name), note, events=(event,))


def _question(answers: dict[str, Any], kind: type) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return what stands for the span question: the one of the usual name, or the only one."""
    names = [name for name in answers if answers[name]]
    name = _QUESTION if _QUESTION in names or len(names) != 1 else names[0]
    if names and name not in names:
        expected = f"one question, or one called {_QUESTION!r}"
        raise WrongError(f"the questions {', '.join(sorted(names))}", expected, "Export the span question alone.")
    return value_of(answers, name, kind, default=kind())


def _suggested(suggestion: dict[str, Any]) -> list[Mark]:
    """Read the marks of a suggestion, whose scores are a list beside them, or one for all."""
    marks = [_mark(each) for each in value_of(suggestion, "value", list, default=[])]
    scores = suggestion.get("score")
    if isinstance(scores, list) and len(scores) != len(marks):
        raise WrongError(f"{len(scores)} scores for {len(marks)} spans", "one for each")
    if not isinstance(scores, list):
        scores = [scores] * len(marks)
    given = zip(marks, map(score_of, scores), strict=True)
    return [mark if score is None else mark._replace(score=score) for mark, score in given]


def _mark(row: Any) -> Mark:  # noqa: ANN401 - whatever the file holds
    return mark_of(row, "start", "end", "label")


def write_argilla(sentences: Iterable[Sentence], file: TextIO, *, first: bool = True) -> None:
    """Write sentences as records, one a line; `first` changes nothing here."""
    for sentence in sentences:
        file.write(written(_record(sentence)) + "\n")


def save_argilla(path: str | Path, sentences: Iterable[Sentence]) -> None:
    """Write sentences to a file: `.json` is one list, for `dataset.records.from_json`; others are lines."""
    if Path(path).suffix.lower() == ".json":
        write_list(path, map(_record, sentences))
        return
    with whole_file(path) as file:
        write_argilla(sentences, file)


def _record(sentence: Sentence) -> dict[str, Any]:
    shape = layout(sentence)
    value = []
    for span in sentence.spans:
        start, stop = shape.range(span)
        value.append({"start": start, "end": stop, "label": span.label})
    scores = [span.score for span in sentence.spans] or None
    note = written(note_of(sentence, shape, name=True))  # metadata of Argilla are strings and numbers
    return {
        "id": sentence.id,
        "fields": {"text": shape.text},
        "metadata": {NOTE: note},
        "suggestions": {_QUESTION: {"value": value, "score": scores, "agent": "exonym"}},
        "responses": {},
        "vectors": {},
    }
