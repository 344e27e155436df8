"""The recipe: a TOML file that says which languages, data and methods to compare.

`read_recipe` finds everything that is wrong with it at once: TOML syntax, unknown keys, wrong values, missing files,
methods whose data are missing, labels that do not meet. The keys are described in `docs/recipe.md`.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from exonym.data import Scheme
from exonym.errors import RecipeError, suggest
from exonym.transfer import MethodOptions


@dataclass(frozen=True, kw_only=True)
class File:
    """A data file and how to read it.

    Attributes:
        path: where it lies, relative to the recipe; `$NAME` at its start is that environment variable.
        format: for a corpus, `conll`, `jsonl` or `text`; None goes by the file ending.
        scheme: for CoNLL, the tag scheme; None finds it out.
        repair: for CoNLL, `conlleval` lets a tag that continues nothing open an entity.
        raw: for a bitext, True splits running text into words.
        on_error: `skip` leaves faulty sentences and pairs out and counts them.
    """

    path: str
    format: Literal["conll", "jsonl", "text"] | None = None
    scheme: Scheme | None = None
    repair: Literal["error", "conlleval"] = "error"
    raw: bool = False
    on_error: Literal["raise", "skip"] = "raise"


@dataclass(frozen=True, kw_only=True)
class SourceData:
    """The language that has labels.

    Attributes:
        language: its code.
        train: labelled text.
        test: more labelled text, to say how good the source tagger is at home.
    """

    language: str
    train: File
    test: File | None = None


@dataclass(frozen=True, kw_only=True)
class TargetData:
    """A language to carry labels into.

    Attributes:
        language: its code.
        test: labelled text to score on.
        train: labelled text for the ceiling.
        translation: bitext whose source sides are sentences of the source's `train`, in its order.
        extra: more bitexts, source first.
    """

    language: str
    test: File
    train: File | None = None
    translation: File | None = None
    extra: tuple[File, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NamedMethod:
    """A method with the name that it has in tables and folders."""

    name: str
    options: MethodOptions


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to compare.

    Attributes:
        title: heading of the report.
        source: the language that has labels.
        targets: the languages to carry them into.
        methods: the methods, compared with the first of them.
        seeds: one run of every method for each.
        labels: label map: type -> new type, or `drop`.
        resamples: bootstrap resamples for the intervals; the significance tests take ten times as many.
        confidence: of the intervals.
    """

    title: str = "Comparison"
    source: SourceData
    targets: tuple[TargetData, ...]
    methods: tuple[NamedMethod, ...]
    seeds: tuple[int, ...] = (1,)
    labels: dict[str, str] = field(default_factory=dict)
    resamples: Annotated[int, Field(ge=100)] = 1000
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95


def read_recipe(path: str | Path) -> Recipe:
    """Read and check a recipe; paths in it become paths from the working directory.

    Raises:
        RecipeError: with every fault that was found.
    """
    path = Path(path)
    try:
        row = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{path}: found no recipe ({error.strerror}); expected a TOML file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: found broken TOML: {error}.") from error
    row = _with_named_methods(_with_file_tables(row))
    faults = _faults_of_tables(row, Recipe, "")
    recipe: Recipe | None = None
    try:
        recipe = TypeAdapter(Recipe).validate_python(_only_known(row, Recipe))
    except ValidationError as error:
        faults += [
            _fault(place, item["msg"], item.get("input"))
            for item in error.errors()
            if (place := _place(item["loc"], row)) is not None
        ]
    else:
        faults += _faults_of_meaning(recipe)
    faults += [fault for given in _paths(row) if (fault := _fault_of_path(path.parent, given))]
    if faults or recipe is None:
        raise RecipeError("\n".join(f"{path}: {fault}" for fault in faults))
    return _with_paths(recipe, path.parent)


def _paths(row: dict[str, Any]) -> list[str]:
    """Return every path that a recipe names, once, whatever else is wrong with it."""
    parts = [row.get("source"), *(row["targets"] if isinstance(row.get("targets"), list) else ())]
    files = []
    for part in parts:
        if isinstance(part, dict):
            files += [value for key, value in part.items() if key in _FILE_KEYS]
            files += part["extra"] if isinstance(part.get("extra"), list) else []
    paths = [file.get("path") for file in files if isinstance(file, dict)]
    return list(dict.fromkeys(given for given in paths if isinstance(given, str)))


def _fault_of_path(folder: Path, given: str) -> str:
    expanded = os.path.expandvars(given)
    if "$" in expanded:
        return f"found the file {given}, whose environment variable is not set"
    path = folder / expanded
    if path.is_file():
        return ""
    near = suggest(path.name, [entry.name for entry in path.parent.iterdir()]) if path.parent.is_dir() else ""
    return f"found no file {path}. {near}".rstrip()


_FILE_KEYS = {"train", "test", "translation"}


def _with_file_tables(row: dict[str, Any]) -> dict[str, Any]:
    """A file may be given as a string instead of a table: `test = "x.conll"` for `test = {path = "x.conll"}`."""

    def table(value: Any) -> Any:  # noqa: ANN401 - whatever the recipe holds
        return {"path": value} if isinstance(value, str) else value

    def tables(part: Any) -> Any:  # noqa: ANN401 - whatever the recipe holds
        if not isinstance(part, dict):
            return part
        done = {key: table(value) if key in _FILE_KEYS else value for key, value in part.items()}
        if isinstance(part.get("extra"), list):
            done["extra"] = [table(value) for value in part["extra"]]
        return done

    row = dict(row)
    if "source" in row:
        row["source"] = tables(row["source"])
    if isinstance(row.get("targets"), list):
        row["targets"] = [tables(target) for target in row["targets"]]
    return row


def _with_named_methods(row: dict[str, Any]) -> dict[str, Any]:
    """A method is one flat table in TOML; its name, by default its kind, is taken out of it."""
    if not isinstance(row.get("methods"), list):
        return row
    named = []
    for method in row["methods"]:
        if isinstance(method, dict):
            options = {key: value for key, value in method.items() if key != "name"}
            named.append({"name": method.get("name", method.get("kind", "unnamed")), "options": options})
        else:
            named.append(method)
    return row | {"methods": named}


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


def _children(row: Any, kind: Any, at: str) -> list[tuple[Any, Any, str]]:  # noqa: ANN401
    """Return the (value, annotation, place) of everything inside a table or array."""
    if isinstance(row, dict) and (owner := _class_of(kind, row)) is not None:
        hints = get_type_hints(owner)
        inner = "" if owner is NamedMethod else "."
        return [
            (value, hints[key], at if key == "options" else f"{at}{inner}{key}".lstrip("."))
            for key, value in row.items()
            if key in hints
        ]
    if get_origin(kind) is tuple and isinstance(row, list):
        return [(value, get_args(kind)[0], f"{at}[{place}]") for place, value in enumerate(row, start=1)]
    return []


def _faults_of_tables(row: Any, kind: Any, at: str) -> list[str]:  # noqa: ANN401
    """Find unknown keys and unknown kinds, and say what they may have meant."""
    faults = []
    options = _options_of(kind)
    if options and isinstance(row, dict):
        owner = _class_of(kind, row)
        if owner is None:
            found = f"the unknown kind {row['kind']!r}" if "kind" in row else "no kind"
            return [f"found {found} for {at}. {suggest(str(row.get('kind', '')), map(_kind_of, options))}"]
        known = [item.name for item in fields(owner)]
        faults = [
            f"found the unknown key {at}{'.' * bool(at)}{key}. {suggest(key, known)}" for key in row if key not in known
        ]
    for value, inner, place in _children(row, kind, at):
        faults += _faults_of_tables(value, inner, place)
    return faults


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
            if part.casefold().replace("aligner", "") != str(at.get("kind")).replace("_", ""):
                return None
        else:
            text += f".{part}"
    return text.lstrip(".")


def _fault(place: str, message: str, given: object) -> str:
    found = f"found {given!r} for " if isinstance(given, (str, int, float, bool)) else "at "
    return f"{found}{place or 'the recipe'}: {message}"


def _faults_of_meaning(recipe: Recipe) -> list[str]:
    """Find what pydantic cannot: doubled names, and methods whose data the recipe does not give."""
    faults = []
    for what, names in (
        ("method name", [method.name for method in recipe.methods]),
        ("target language", [target.language for target in recipe.targets]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        mend = ' Give each method its own: name = "..."' if what == "method name" else ""
        faults += [f"found the {what} {name!r} twice; expected different ones.{mend}" for name in twice]
        faults += [
            f"found the {what} {name!r}; expected one that can name a folder." for name in names if not _safe(name)
        ]
    for what in ("targets", "methods", "seeds"):
        if not getattr(recipe, what):
            faults.append(f"found no {what}; expected at least one")
    for target in recipe.targets:
        for method in recipe.methods:
            missing = _missing(method.options, target)
            if missing:
                faults.append(
                    f"method {method.name} needs {missing} for {target.language}; add it or leave the method out"
                )
    return faults


def _safe(name: str) -> bool:
    return bool(name) and not name.startswith(".") and all(letter.isalnum() or letter in "-_.+" for letter in name)


def _missing(options: MethodOptions, target: TargetData) -> str:
    if options.kind == "supervised" and target.train is None:
        return "`train`"
    if options.kind == "translate_train" and options.labels == "gold" and target.translation is None:
        return "`translation`"
    if options.kind in ("gloss", "translate_train") and target.translation is None and not target.extra:
        return "`translation` or `extra`"
    return ""


def _with_paths(recipe: Recipe, folder: Path) -> Recipe:
    """Resolve the paths of a recipe against its folder."""

    def need(file: File) -> File:
        return replace(file, path=str(folder / os.path.expandvars(file.path)))

    def found(file: File | None) -> File | None:
        return None if file is None else need(file)

    source = replace(recipe.source, train=need(recipe.source.train), test=found(recipe.source.test))
    targets = tuple(
        replace(
            target,
            test=need(target.test),
            train=found(target.train),
            translation=found(target.translation),
            extra=tuple(need(file) for file in target.extra),
        )
        for target in recipe.targets
    )
    return replace(recipe, source=source, targets=targets)
