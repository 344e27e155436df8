"""What is wrong with the form of a recipe, in words that say what to write.

Tables in the wrong form, unknown keys and unknown kinds are found by walking the annotations, wrong values by pydantic,
whose faults are put into plain words. Knows dataclasses, but not what a recipe means. Start at `checked`.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, Field, fields, is_dataclass
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from exonym.errors import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

T = TypeVar("T")

FLAT = "options"  # the one table that stands in a recipe without its name: the options of a method
_SHOWN = 60  # characters of a wrong value
_EXPECTED = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a table",
}


def checked(row: dict[str, Any], kind: type[T]) -> tuple[T | None, list[str]]:
    """Make a dataclass of a TOML table. Nothing is converted: `"1"`, `1.0` and `true` are no whole numbers.

    A table without `kind`, where one of several dataclasses may stand, is of the kind of the default, if there is one.

    Args:
        row: the table.
        kind: the dataclass; where it holds a union of dataclasses, their `kind` literals tell them apart.

    Returns:
        The object, or None if it cannot be made, and all faults: unknown keys are faults even if it can be made.
    """
    row = _with_kinds(row, kind)
    found = list(_faults_of_tables(row, kind, ""))
    faults = [fault for _, fault in found]
    text = json.dumps(_only_known(row, kind), default=lambda value: {"date": str(value)})
    try:
        return TypeAdapter(kind).validate_json(text, strict=True), faults
    except ValidationError as error:
        wrong: dict[str, list[ErrorDetails]] = {}
        for item in error.errors():
            place = _place(item["loc"], row)
            if place is not None and not any(f"{place}.".startswith((f"{at}.", f"{at}[")) for at, _ in found):
                wrong.setdefault(place, []).append(item)
        return None, faults + [_fault(place, items) for place, items in wrong.items()]


def _options_of(kind: Any) -> list[Any]:  # noqa: ANN401 - an annotation
    """Return the dataclasses that an annotation allows."""
    members = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return [member for member in members if is_dataclass(member)]


def _kind_of(option: Any) -> str:  # noqa: ANN401 - a dataclass with a `kind` literal
    return str(get_args(get_type_hints(option)["kind"])[0])


def _class_of(kind: Any, row: Any) -> Any:  # noqa: ANN401 - annotations and recipe values
    """Return the dataclass that a table stands for: of several, the one whose `kind` it names, or None."""
    options = _options_of(kind)
    if len(options) > 1:
        options = [option for option in options if _kind_of(option) == row.get("kind")]
    return options[0] if options else None


def _with_kinds(row: Any, kind: Any) -> Any:  # noqa: ANN401 - annotations and recipe values
    """Fill in the `kind` of tables that stand where there is a default, from that."""
    if get_origin(kind) is tuple and isinstance(row, list):
        return [_with_kinds(value, get_args(kind)[0]) for value in row]
    owner = _class_of(kind, row) if isinstance(row, dict) else None
    if owner is None:
        return row
    hints, filled = get_type_hints(owner), {}
    defaults = {item.name: type(_default_of(item)) for item in fields(owner)}
    for key, value in row.items():
        usual = defaults.get(key)
        if isinstance(value, dict) and "kind" not in value and key in hints:
            options = _options_of(hints[key])
            value = {"kind": _kind_of(usual), **value} if len(options) > 1 and usual in options else value
        filled[key] = _with_kinds(value, hints.get(key))
    return filled


def _default_of(item: Field[Any]) -> object:
    if item.default_factory is not MISSING:
        return item.default_factory()
    return item.default


def _children(row: Any, kind: Any, at: str) -> list[tuple[Any, Any, str]]:  # noqa: ANN401
    """Return the (value, annotation, place) of everything inside a table or array."""
    if isinstance(row, dict) and (owner := _class_of(kind, row)) is not None:
        hints = get_type_hints(owner)
        return [
            (value, hints[key], at if key == FLAT else f"{at}.{key}".lstrip("."))
            for key, value in row.items()
            if key in hints
        ]
    if get_origin(kind) is tuple and isinstance(row, list):
        return [(value, get_args(kind)[0], f"{at}[{place}]") for place, value in enumerate(row, start=1)]
    return []


def _faults_of_tables(row: Any, kind: Any, at: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Find tables in the wrong form, unknown keys and unknown kinds: their places, and what they may have meant."""
    options = _options_of(kind)
    wrong = _wrong_form(row, kind, at)
    if wrong:
        yield at, wrong
        return
    if options:
        owner = _class_of(kind, row)
        if owner is None:
            found = f"the unknown kind {row['kind']!r}" if "kind" in row else "no kind"
            yield at, f"found {found} for {at}. {suggest(str(row.get('kind', '')), map(_kind_of, options))}"
            return
        known = [item.name for item in fields(owner)]
        for key in row:
            if key not in known:
                place = f"{at}.{key}".lstrip(".")
                yield place, f"found the unknown key {place}. {suggest(key, known)}"
    for value, inner, place in _children(row, kind, at):
        yield from _faults_of_tables(value, inner, place)


def _wrong_form(row: Any, kind: Any, at: str) -> str:  # noqa: ANN401
    """Say what to write if something else stands where a table or an array must be."""
    found, key = f"found {_shown(row)} for {at}; expected", at.rpartition(".")[2]
    options = _options_of(kind)
    if options and not isinstance(row, dict):
        return f"{found} a table. {_how_to_write(options, row, at)}"
    if get_origin(kind) is tuple and not isinstance(row, list):
        if _options_of(get_args(kind)[0]) and at == key:
            return f"{found} one table for each. Write [[{at}]] above each of them."
        return f"{found} an array. Write {key} = [...]."
    return ""


def _how_to_write(options: list[Any], row: Any, at: str) -> str:  # noqa: ANN401
    """Say how to write a table that one of these dataclasses can be made of."""
    names = [item.name for item in fields(options[0])]
    array, key = at.partition("[")[0], at.rpartition(".")[2]
    if FLAT in names:
        return f'Write [[{array}]] and, in the next line, kind = "{row}".'
    if "kind" in names:
        kinds = [_kind_of(option) for option in options]
        return f'Write {key} = {{ kind = "{row if row in kinds else kinds[0]}" }}.'
    if "." not in at:
        return f"Write {f'[[{array}]]' if '[' in at else f'[{at}]'} and, below it, its keys: {', '.join(names)}."
    return f"Write {key} = {{ ... }} with any of its keys: {', '.join(names)}."


def _only_known(row: Any, kind: Any) -> Any:  # noqa: ANN401
    """Return the table without what `_faults_of_tables` reports, so that pydantic finds what else is wrong."""
    options = _options_of(kind)
    if options and isinstance(row, dict):
        owner = _class_of(kind, row)
        if owner is None:
            return {"kind": _kind_of(options[0])}
        hints = get_type_hints(owner)
        return {key: _only_known(value, hints[key]) for key, value in row.items() if key in hints}
    if get_origin(kind) is tuple and isinstance(row, list):
        return [_only_known(value, get_args(kind)[0]) for value in row]
    return row


def _place(loc: tuple[int | str, ...], row: Any) -> str | None:  # noqa: ANN401
    """Write where pydantic found a fault, or None if it tried a class that the table's `kind` does not name.

    For a union pydantic reports the faults of every member, and puts the member's class name into the location.
    """
    text, at = "", row
    for part in loc:
        if isinstance(part, int):
            text, at = f"{text}[{part + 1}]", at[part]
        elif isinstance(at, dict) and part in at:
            text, at = (text if part == "options" else f"{text}.{part}"), at[part]
        elif isinstance(at, dict) and part[:1].isupper():
            if not part.casefold().startswith(str(at.get("kind")).replace("_", "")):  # `hashed` is HashedEncoder
                return None
        elif isinstance(at, dict):
            text += f".{part}"
        # else the name of a member of a union of plain values, such as `bool`
    return text.lstrip(".")


def _fault(place: str, items: list[ErrorDetails]) -> str:
    """Put what pydantic found at one place into plain words: one fault, or one for each member of a union."""
    item = items[0]
    kind, context = item["type"], item.get("ctx", {})
    if kind == "value_error":  # an option class checks itself, and says what it found and expected
        return f"{place}: {context['error']}"
    if kind == "missing":
        return f"found no {place}; expected this key, which has no default."
    return f"found {_shown(item['input'])} for {place}; expected {', or '.join(map(_expected, items))}."


def _expected(item: ErrorDetails) -> str:
    known = _EXPECTED.get(item["type"]) or item.get("ctx", {}).get("expected")
    expected = str(known or item["msg"].removeprefix("Input should be "))
    return f"a number {expected}" if expected.startswith(("greater", "less")) else expected


def _shown(value: object) -> str:
    """Write a wrong value as short as it can be recognised."""
    if isinstance(value, dict):
        return "a table" if value.keys() != {"date"} else f"the date {value['date']}"
    if isinstance(value, list):
        return "an array"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
