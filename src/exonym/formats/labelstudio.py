"""Label Studio: JSON, a list of tasks, whose labels are annotations (of people) or predictions.

Written are tasks with predictions, which people accept or correct; the score of a task is that of its most doubtful
label, by which the Data Manager sorts. Read are the annotations of a task or, if it has none, its predictions, which is
counted. Offsets count characters since 2021 (before: UTF-16 units, `units="utf-16"`); as each label repeats its text, a
wrong count is found out. A task with several annotations that differ is a fault unless one is the ground truth.

Source: Label Studio's "Task format" and "Import pre-annotated data" for the keys; label-studio#1347 and #1559, and
label-studio-frontend#308, for the units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exonym.formats.files import OnError, WrongError
from exonym.formats.items import read_items, score_of, value_of, write_list
from exonym.formats.marks import NOTE, Item, Mark, Units, layout, note_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from exonym.data import Ledger, Sentence

_OTHER = ("relation", "choices", "textarea", "rating")  # results that are not about places in the text
_FROM, _TO = "label", "text"  # names of the tags <Labels name="label" toName="text"> and <Text name="text">


def read_labelstudio(
    path: str | Path,
    *,
    units: Units | None = None,
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
    gaps: bool = False,
) -> Iterator[Sentence]:
    """Stream the tasks of a Label Studio file; see `exonym.formats.items.read_items`, `units` is characters if None."""
    return read_items(path, _item, units=units or "characters", on_error=on_error, ledger=ledger, gaps=gaps)


def _item(row: dict[str, Any]) -> Item:
    data = value_of(row, "data", dict)
    name = data["id"] if isinstance(data.get("id"), (str, int)) else value_of(row, "id", str, int, default="")
    results, checked = _results(row)
    marks = _marks(results)
    events = ["results about other things than spans, passed over" for each in results if each.get("type") in _OTHER]
    events += [] if checked else ["tasks without an annotation, read from their predictions"]
    return Item(value_of(data, "text", str), marks, str(name), data.get(NOTE), None, checked, tuple(events))


def _results(row: dict[str, Any]) -> tuple[list[Any], bool]:
    """Return the labels that count, and whether a person gave them."""
    annotations = value_of(row, "annotations", list, default=[])
    done = [each for each in annotations if not value_of(each, "was_cancelled", bool, default=False)]
    predictions = value_of(row, "predictions", list, default=[])
    chosen = [each for each in done if value_of(each, "ground_truth", bool, default=False)] or done or predictions
    results = [value_of(each, "result", list, default=[]) for each in chosen]
    if any(_plain(result) != _plain(results[0]) for result in results[1:]):
        kind = "annotations" if done else "predictions"
        found, expected = f"{len(results)} {kind} that differ", "one, or one that is the ground truth"
        raise WrongError(found, expected, "Choose one in Label Studio, or remove the others.")
    return (results[0] if results else []), bool(done)


def _plain(result: list[Any]) -> list[str]:
    """Return what a result says, without ids and scores, to compare annotators."""
    return sorted(str(sorted(value_of(each, "value", dict, default={}).items())) for each in result)


def _marks(results: list[Any]) -> list[Mark]:
    marks = []
    for each in results:
        kind = value_of(each, "type", str)
        if kind in _OTHER:
            continue
        if kind != "labels":
            raise WrongError(f"a region of type {kind!r}", "labels of a <Text>", "Label plain text in Label Studio.")
        value = value_of(each, "value", dict)
        labels = value_of(value, "labels", list)
        if len(labels) != 1 or not isinstance(labels[0], str):
            raise WrongError(f"labels {labels!r} on one span", "one label", "Keep one of them in Label Studio.")
        surface = value.get("text")
        start, stop = value_of(value, "start", int), value_of(value, "end", int)
        marks.append(Mark(start, stop, labels[0], score_of(each.get("score")), surface))
    return marks


def write_labelstudio(path: str | Path, sentences: Iterable[Sentence]) -> None:
    """Write sentences to a file as one list of tasks, a task a line; it appears only when it is whole."""
    write_list(path, (_task(sentence, number) for number, sentence in enumerate(sentences, start=1)))


def _task(sentence: Sentence, number: int) -> dict[str, Any]:
    shape = layout(sentence)
    result = []
    for place, span in enumerate(sentence.spans, start=1):
        start, stop = shape.range(span)
        value = {"start": start, "end": stop, "text": shape.surface(span), "labels": [span.label]}
        region = {"id": f"{number}-{place}", "from_name": _FROM, "to_name": _TO, "type": "labels", "value": value}
        result.append(region if span.score == 1 else region | {"score": span.score})
    score = min((span.score for span in sentence.spans), default=1.0)
    prediction = {"model_version": "exonym", "score": score, "result": result}
    data = {"text": shape.text, "id": sentence.id, NOTE: note_of(sentence, shape)}
    return {"data": data, "predictions": [prediction]}
