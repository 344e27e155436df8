"""Files of annotation tools: JSON objects, one a line or in one list, each with its line for messages.

Start at `read_items`; what an object means is said by the module of its tool.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson

from exonym.data import Sentence
from exonym.errors import DataError
from exonym.files import whole_file
from exonym.formats.files import Faults, OnError, Source, WrongError, shown
from exonym.formats.marks import Item, Mark, Misfits, Units, sentence_of, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from exonym.data import Ledger

_DECODER = json.JSONDecoder()
_NAMES = {dict: "an object", list: "a list", str: "a string", int: "an integer", bool: "true or false"}


class Passed(Exception):
    """An object that is no sentence of the corpus, such as a rejected task; the text is what the ledger counts."""


def read_items(
    path: str | Path,
    item_of: Callable[[dict[str, Any]], Item],
    *,
    units: Units,
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
    gaps: bool = False,
) -> Iterator[Sentence]:
    """Stream the sentences of a file of JSON objects.

    Args:
        path: the file.
        item_of: reads an object; raises `WrongError` if it is not what it should be, `Passed` to leave it out.
        units: how the tool counts offsets.
        on_error: `raise` reports all faults of the file at the end; `skip` leaves faulty texts out and counts them.
        ledger: where skips and other events are counted.
        gaps: True yields a sentence without words for each that is left out, so that two files still correspond.

    Yields:
        The sentences without a fault, in order.

    Raises:
        DataError: once the file is read, if it has faults and `on_error` is `raise`.
    """
    source = Source(path, on_error, ledger)
    for number, (line, row) in enumerate(objects(source), start=1):
        sentence = None if row is None else read_item(source, item_of, row, line, number, units)
        if sentence is not None:
            yield sentence
        elif gaps:
            yield Sentence(())
    source.close()


def read_item(
    source: Faults, item_of: Callable[[Any], Item], row: object, line: int, number: int, units: Units
) -> Sentence | None:
    """Make a sentence of an object, or note what is wrong with it; see `read_items`."""
    name = ""
    try:
        item = item_of(row)
        name = f" in {item.id!r}" if item.id else ""
        return sentence_of(item, number, units, source.ledger)
    except Passed as passed:
        source.ledger.note(str(passed))
        return None
    except Misfits as misfits:
        faults = misfits.found
    except WrongError as error:
        faults = [error]
    except DataError as error:
        found, _, expected = str(error).partition("; expected ")
        faults = [WrongError(found, expected)]
    for fault in faults:
        source.fault(
            fault.line or line, fault.found + name, fault.expected or "a text with labels (docs/formats.md)", fault.mend
        )
    if source.on_error == "skip":
        source.ledger.note("sentences skipped")
    return None


def objects(source: Source) -> Iterator[tuple[int, Any]]:
    """Yield the JSON objects of a file, None for one that is broken (which is noted), with their lines."""
    lines = source.lines()
    for number, line in lines:
        if line is None:
            yield number, None
        elif line.lstrip(" \t").startswith("["):
            rest = [line, *("" if text is None else text for _, text in lines)]
            yield from _listed(source, "\n".join(rest), number)
        elif line.strip(" \t"):
            try:
                yield number, orjson.loads(line)
            except orjson.JSONDecodeError as error:
                found = f"broken JSON ({error.msg} at character {error.pos})"
                source.fault(number, found, "an object a line, or one list of objects", "Correct the line.")
                yield number, None


def _listed(source: Source, text: str, first: int) -> Iterator[tuple[int, Any]]:
    """Yield the objects of one list; after a place that is not JSON nothing can be read."""
    at, end, counted, number = text.index("[") + 1, len(text), 0, first
    while True:
        while at < end and text[at] in " \t\n,":
            at += 1
        number += text.count("\n", counted, at)
        counted = at
        if text[at : at + 1] == "]":
            break
        try:
            row, after = _DECODER.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            found = f"broken JSON or a cut file at {text[at : at + 20]!r}"
            source.fault(number, found, "a list of objects that ends with ]", "Export it again.")
            return
        yield number, _encodable(source, number, row, text[at:after])
        at = after
    if text[at + 1 :].strip(" \t\n"):
        source.fault(number, "text after the list", "its end", "Put all objects into one list.")


def _encodable(source: Source, number: int, row: object, raw: str) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return an object, or note that it holds half of a surrogate pair, which is no text."""
    if "\\u" in raw:
        try:
            json.dumps(row, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            source.fault(number, "half of a surrogate pair", "text", "Remove it, or export the text again.")
            return None
    return row


def write_list(path: str | Path, rows: Iterable[object]) -> None:
    """Write objects to a file as one list of JSON, an object a line; it appears only when it is whole."""
    with whole_file(path) as file:
        before = "["
        for row in rows:
            file.write(f"{before}\n{written(row)}")
            before = ","
        file.write("[]\n" if before == "[" else "\n]\n")


def value_of(row: Any, key: str, *kinds: type, default: Any = None) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return a value of an object of JSON.

    Args:
        row: the object.
        key: the key.
        kinds: the types that the value may have.
        default: what stands for a missing key or null; None means that the key must be there.

    Raises:
        WrongError: the row is no object, or the value is missing or of another type.
    """
    if not isinstance(row, dict):
        raise WrongError(shown(row), "an object")
    value = row.get(key)
    if value is None and default is not None:
        return default
    if type(value) not in kinds:
        expected = " or ".join(_NAMES[kind] for kind in kinds)
        found = f"no {key!r}" if value is None else f"{shown(value)} for {key!r}"
        raise WrongError(found, f"{key!r}, {expected}")
    return value


def mark_of(row: Any, start: str, stop: str, label: str) -> Mark:  # noqa: ANN401 - whatever the file holds
    """Read a mark, with its score if it has one, from an object with these keys."""
    return Mark(
        value_of(row, start, int), value_of(row, stop, int), value_of(row, label, str), score_of(row.get("score"))
    )


def score_of(score: Any) -> float | None:  # noqa: ANN401 - whatever the file holds
    """Read a score; None stays None.

    Raises:
        WrongError: it is no number in [0, 1].
    """
    if score is None:
        return None
    if type(score) not in (int, float) or not 0 <= score <= 1:
        raise WrongError(f"score {shown(score)}", "a number in [0, 1]")
    return float(score)
