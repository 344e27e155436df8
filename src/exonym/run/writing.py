"""Recipes as TOML: what `read_recipe` reads. Start at `recipe_text`."""

from __future__ import annotations

import json
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exonym.transfer.saved import SPACY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exonym.run.recipe import Recipe

_KINDS = ("source", "sources", "targets", "methods")  # written as tables of their own, in this order
_PATHS = ("path", "model", "tokenizer", "vectors", "encoder", "word_pairs")


def recipe_text(recipe: Recipe) -> str:
    """Write a recipe as TOML: all that differs from the defaults, with full paths, so that it can lie anywhere."""
    own = _changed(recipe)
    lines = [f"{key} = {_value(value, key)}" for key, value in own.items() if key not in _KINDS]
    for key in _KINDS:
        value = own.get(key, ())
        tables = [value] if key == "source" and value else list(value)
        for table in tables:
            lines += ["", f"[{key}]" if key == "source" else f"[[{key}]]", *_rows(table)]
    return "\n".join(lines).lstrip() + "\n"


def _rows(table: Any) -> Iterator[str]:  # noqa: ANN401 - a dataclass of a recipe
    """Write a table, a key a line; a method is one table with the name that it has and its options."""
    own = _changed(table)
    options = own.pop("options", None)
    if options is not None and own["name"] == options.kind:
        del own["name"]
    for key, value in {**_changed(options), **own}.items() if options is not None else own.items():
        yield f"{key} = {_value(value, key)}"


def _changed(part: Any) -> dict[str, Any]:  # noqa: ANN401 - a dataclass of a recipe
    """Return the fields of a part that differ from its defaults, and its kind in any case, first."""
    own = {item.name: getattr(part, item.name) for item in fields(part)}
    return {
        item.name: own[item.name]
        for item in sorted(fields(part), key=lambda item: item.name != "kind")
        if item.init and (item.name == "kind" or own[item.name] != _default(item)) and own[item.name] is not None
    }


def _default(item: Field[Any]) -> object:
    if item.default_factory is not MISSING:
        return item.default_factory()
    return item.default


def _value(value: Any, key: str = "") -> str:  # noqa: ANN401 - whatever a recipe holds
    """Write a value in one line."""
    if is_dataclass(value) and not isinstance(value, type):
        value = _changed(value)
    if isinstance(value, dict):
        rows = ", ".join(f"{_key(name)} = {_value(inner, name)}" for name, inner in value.items())
        return f"{{ {rows} }}" if rows else "{}"
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(_value(inner) for inner in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(_full(value) if key in _PATHS else value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else json.dumps(name, ensure_ascii=False)


def _full(path: str) -> str:
    """Make a path full, if something lies there; else it is a name, as of the hub."""
    prefix = SPACY if path.startswith(SPACY) else ""
    bare = Path(path.removeprefix(prefix))
    return f"{prefix}{bare.resolve()}" if bare.exists() else path
