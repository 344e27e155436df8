"""The paths in a recipe: where they stand, whether something lies there, and what they are from the working directory.

Start at `with_paths`.
"""

from __future__ import annotations

import os
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from exonym.errors import suggest
from exonym.formats import held_in
from exonym.transfer.saved import SPACY, SavedTagger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exonym.run.recipe import BitextFile, File, Recipe, TextFile

T = TypeVar("T")
F = TypeVar("F", "File", "BitextFile", "TextFile")

_FILE_KEYS = {"train", "test", "translation", "test_translation"}
_LIST_KEYS = ("extra", "text")
_MODEL_KEYS = ("path", "model", "tokenizer", "vectors", "encoder", "word_pairs")  # wherever they stand in a method
_TABLES = ("sources", "targets")


def paths(row: dict[str, Any]) -> list[str]:
    """Return every path that a recipe names, once, whatever else is wrong with it."""
    parts = [row.get("source"), *(each for key in _TABLES if isinstance(row.get(key), list) for each in row[key])]
    files = []
    for part in parts:
        if isinstance(part, dict):
            files += [value for key, value in part.items() if key in _FILE_KEYS]
            files += [value for key in _LIST_KEYS if isinstance(part.get(key), list) for value in part[key]]
    paths = [file.get("path") for file in files if isinstance(file, dict)]
    return list(dict.fromkeys(given for given in paths if isinstance(given, str)))


def models(part: Any) -> list[str]:  # noqa: ANN401 - whatever the recipe holds
    """Return what a part of a recipe, and all parts inside it, name as paths of models."""
    if isinstance(part, list):
        return [given for inner in part for given in models(inner)]
    if not isinstance(part, dict):
        return []
    own = [value for key, value in part.items() if key in _MODEL_KEYS and isinstance(value, str)]
    return own + models(list(part.values()))


def fault_of_variable(given: str) -> str:
    """Say which environment variable in a path is not set; nothing if there is none."""
    expanded = os.path.expandvars(given)
    if "$" not in expanded:
        return ""
    variable = expanded[expanded.index("$") :].partition("/")[0]  # one message for all paths that it stands in
    return f"found paths with {variable}, an environment variable that is not set. Set it to the folder it stands for."


def fault_of_path(folder: Path, given: str) -> str:
    """Say what is wrong with a path in a recipe of this folder; nothing if there is a file or a corpus."""
    unset = fault_of_variable(given)
    if unset:
        return unset
    path = folder / os.path.expandvars(given)
    if path.is_file() or (path.is_dir() and held_in(path)):
        return ""
    return f"found no file {path}; expected one. {_near(path)}".rstrip()


def _near(path: Path) -> str:
    """Suggest what lies where a path leads and is called alike."""
    return suggest(path.name, [entry.name for entry in path.parent.iterdir()]) if path.parent.is_dir() else ""


def with_file_tables(row: dict[str, Any]) -> dict[str, Any]:
    """A file may be given as a string instead of a table: `test = "x.conll"` for `test = {path = "x.conll"}`."""

    def table(value: Any) -> Any:  # noqa: ANN401 - whatever the recipe holds
        return {"path": value} if isinstance(value, str) else value

    def tables(part: Any) -> Any:  # noqa: ANN401 - whatever the recipe holds
        if not isinstance(part, dict):
            return part
        done = {key: table(value) if key in _FILE_KEYS else value for key, value in part.items()}
        lists = {key: part[key] for key in _LIST_KEYS if isinstance(part.get(key), list)}
        return done | {key: [table(value) for value in values] for key, values in lists.items()}

    row = dict(row)
    if "source" in row:
        row["source"] = tables(row["source"])
    for key in _TABLES:
        if isinstance(row.get(key), list):
            row[key] = [tables(part) for part in row[key]]
    return row


def with_paths(recipe: Recipe, folder: Path) -> Recipe:
    """Resolve the paths of a recipe against its folder."""

    def need(file: F) -> F:
        return replace(file, path=str(folder / os.path.expandvars(file.path)))

    def found(file: F | None) -> F | None:
        return None if file is None else need(file)

    source = recipe.source and replace(recipe.source, train=found(recipe.source.train), test=found(recipe.source.test))
    targets = tuple(
        replace(
            target,
            test=found(target.test),
            train=found(target.train),
            translation=found(target.translation),
            extra=tuple(need(file) for file in target.extra),
            test_translation=found(target.test_translation),
            text=tuple(need(file) for file in target.text),
        )
        for target in recipe.targets
    )
    sources = tuple(replace(further, train=need(further.train)) for further in recipe.sources)
    methods = tuple(replace(method, options=_found_models(method.options, folder)) for method in recipe.methods)
    have = _found_models(recipe.have, folder)
    return replace(recipe, source=source, sources=sources, targets=targets, methods=methods, have=have)


def _found_models(options: T, folder: Path) -> T:
    """Resolve against a folder, in options and all options inside them, every path of a model that lies there.

    What is no path from there stays as it is: it may be a name on the hub, or of a package.
    """
    if isinstance(options, tuple):
        return tuple(_found_models(part, folder) for part in options)  # type: ignore[return-value]
    if not is_dataclass(options) or isinstance(options, type):
        return options
    changed = {}
    for item in fields(options):
        value = getattr(options, item.name)
        new = _found_models(value, folder)
        if item.name in _MODEL_KEYS and isinstance(value, str):
            new = _found_model(value, folder)
        if new is not value:
            changed[item.name] = new
    return replace(options, **changed) if changed else options


def faults_of_models(recipe: Recipe, folder: Path) -> list[str]:
    """Find models and files that methods name and that are not there.

    What may be fetched from the hub is not looked for, nor is a pipeline of spaCy.
    """
    faults = []
    parts = [(f"method {method.name}", method.options) for method in recipe.methods]
    for place, part in (*parts, ("have", recipe.have)):
        found = [_fault_of_model(owner, given, folder) for owner, given in _named_models(part)]
        faults += [f"{place}: {fault}" for fault in dict.fromkeys(found) if fault]
    return faults


def _named_models(options: Any) -> Iterator[tuple[Any, str]]:  # noqa: ANN401 - of a method or of what is in it
    """Yield what options, and all options inside them, name as paths of models, each with the options it stands in."""
    if isinstance(options, tuple):
        for part in options:
            yield from _named_models(part)
    elif is_dataclass(options) and not isinstance(options, type):
        for item in fields(options):
            value = getattr(options, item.name)
            if item.name in _MODEL_KEYS and isinstance(value, str):
                yield options, value
            yield from _named_models(value)


def _fault_of_model(owner: Any, given: str, folder: Path) -> str:  # noqa: ANN401 - options that name a model
    """Say that a model is not there; nothing if it is, if it may be fetched, or if its variable is not set."""
    hub = getattr(owner, "hub", None)  # None: it is never of the hub
    if hub or given.startswith(SPACY) or fault_of_variable(given) or Path(_found_model(given, folder)).exists():
        return ""
    place = folder / os.path.expandvars(given)
    if hub is None or isinstance(owner, SavedTagger):
        return f"found no file or folder {place}; expected one. {_near(place)}".rstrip()
    if _is_cached(given):
        return ""
    return (
        f"found no folder {place}, and no model {given!r} in the local cache of the Hugging Face hub; expected one of "
        "the two. Correct the name, or allow a download with `hub = true`."
    )


def _is_cached(name: str) -> bool:
    """Say whether the local cache of the hub has a model; without its package nothing can be opened, and is told."""
    try:
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError
    except ImportError:
        return True
    try:
        return isinstance(try_to_load_from_cache(name, "config.json"), str)
    except HFValidationError:
        return False


def _found_model(given: str, folder: Path) -> str:
    prefix = SPACY if given.startswith(SPACY) else ""
    path = folder / os.path.expandvars(given.removeprefix(prefix))
    return f"{prefix}{path}" if path.exists() else given
