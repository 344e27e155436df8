"""The recipe: a TOML file that says which languages, data and methods to compare.

`read_recipe` finds everything that is wrong with it at once: TOML syntax, unknown keys, wrong values, missing files,
methods whose data are missing, labels that do not meet. The keys are described in `docs/recipe.md`.
"""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from dataclasses import dataclass, field, fields, is_dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import Field

from exonym.data import DROP, Scheme
from exonym.errors import MissingExtra, RecipeError, suggest
from exonym.run.folder import PAGE, RESULTS, STORE
from exonym.run.shape import checked
from exonym.tag import NeuralOptions
from exonym.transfer import Direct, MethodOptions, MultiSource, SavedTeacher, TeacherStudent
from exonym.transfer.teachers import SPACY

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class File:
    """A labelled corpus and how to read it.

    Attributes:
        path: where it lies, relative to the recipe; `$NAME` or `${NAME}` in it is that environment variable.
        format: `conll` or `jsonl`; None goes by the file ending.
        scheme: for CoNLL, the tag scheme; None finds it out.
        repair: for CoNLL, `conlleval` lets a tag that continues nothing open an entity.
        on_error: `skip` leaves faulty sentences out and counts them.
    """

    path: str
    format: Literal["conll", "jsonl", "text"] | None = None
    scheme: Scheme | None = None
    repair: Literal["error", "conlleval"] = "error"
    on_error: Literal["raise", "skip"] = "raise"


@dataclass(frozen=True, kw_only=True)
class BitextFile:
    """A two-column bitext and how to read it.

    Attributes:
        path: as of `File`.
        raw: the sides that are running text, to be split into words: True for both, or `source` or `target`.
        swap: True if its columns are target, source.
        on_error: `skip` leaves faulty pairs out and counts them.
    """

    path: str
    raw: bool | Literal["source", "target"] = False
    swap: bool = False
    on_error: Literal["raise", "skip"] = "raise"


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """A text without labels, or whose labels are not looked at, and how to read it.

    Attributes:
        path: as of `File`.
        format: `text`, a sentence a line, `conll` or `jsonl`; None goes by the file ending.
        raw: for text, True if it is running text, to be split into words.
        scheme: as of `File`.
        repair: as of `File`.
        on_error: as of `File`.
    """

    path: str
    format: Literal["conll", "jsonl", "text"] | None = None
    raw: bool = False
    scheme: Scheme | None = None
    repair: Literal["error", "conlleval"] = "error"
    on_error: Literal["raise", "skip"] = "raise"


F = TypeVar("F", File, BitextFile, TextFile)


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
class FurtherSource:
    """A further language that has labels.

    Attributes:
        language: its code.
        train: labelled text.
    """

    language: str
    train: File


@dataclass(frozen=True, kw_only=True)
class TargetData:
    """A language to carry labels into.

    Attributes:
        language: its code.
        test: labelled text to score on.
        train: labelled text for the ceiling.
        translation: bitext whose source sides are sentences of the source's `train`, in its order.
        extra: more bitexts.
        test_translation: bitext whose target sides are sentences of `test`, in its order.
        text: unlabelled text to learn from.
    """

    language: str
    test: File
    train: File | None = None
    translation: BitextFile | None = None
    extra: tuple[BitextFile, ...] = ()
    test_translation: BitextFile | None = None
    text: tuple[TextFile, ...] = ()


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
        sources: further languages that have labels.
        targets: the languages to carry them into.
        methods: the methods, compared with `direct`, or with the first of them if there is no `direct`.
        seeds: one run of every method for each, >= 0 and different; the first is also the seed of the resampling.
        labels: label map: type -> new type, or `drop`.
        resamples: bootstrap resamples for the intervals; the significance tests take ten times as many.
        confidence: of the intervals.
    """

    title: str = "Comparison"
    source: SourceData
    sources: tuple[FurtherSource, ...] = ()
    targets: tuple[TargetData, ...]
    methods: tuple[NamedMethod, ...]
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = (1,)
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
        row = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise RecipeError(f"{path}: found no recipe ({error.strerror}); expected a TOML file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: found broken TOML: {error}.") from error
    row = _with_named_methods(_with_file_tables(row))
    recipe, faults = checked(row, Recipe)
    if recipe is not None:
        faults += _faults_of_meaning(recipe)
    faults += dict.fromkeys(fault for given in _paths(row) if (fault := _fault_of_path(path.parent, given)))
    if faults or recipe is None:
        raise RecipeError("\n".join(f"{path}: {fault}" for fault in faults))
    return _with_paths(recipe, path.parent)


def _paths(row: dict[str, Any]) -> list[str]:
    """Return every path that a recipe names, once, whatever else is wrong with it."""
    parts = [row.get("source"), *(each for key in _TABLES if isinstance(row.get(key), list) for each in row[key])]
    files = []
    for part in parts:
        if isinstance(part, dict):
            files += [value for key, value in part.items() if key in _FILE_KEYS]
            files += [value for key in _LIST_KEYS if isinstance(part.get(key), list) for value in part[key]]
    paths = [file.get("path") for file in files if isinstance(file, dict)]
    return list(dict.fromkeys(given for given in paths if isinstance(given, str)))


def _fault_of_path(folder: Path, given: str) -> str:
    expanded = os.path.expandvars(given)
    if "$" in expanded:  # the same message for every path that it stands in, so that it is shown once
        variable = expanded[expanded.index("$") :].partition("/")[0]
        return (
            f"found paths with {variable}, an environment variable that is not set. Set it to the folder it stands for."
        )
    path = folder / expanded
    if path.is_file():
        return ""
    near = suggest(path.name, [entry.name for entry in path.parent.iterdir()]) if path.parent.is_dir() else ""
    return f"found no file {path}; expected one. {near}".rstrip()


_FILE_KEYS = {"train", "test", "translation", "test_translation"}
_LIST_KEYS = ("extra", "text")
_MODEL_KEYS = ("path", "model", "vectors", "encoder")  # of teachers, encoders and the similarity
_TABLES = ("sources", "targets")


def _with_file_tables(row: dict[str, Any]) -> dict[str, Any]:
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


def _faults_of_meaning(recipe: Recipe) -> list[str]:
    """Find what the form does not show: doubled names, missing data and packages, labels renamed to nothing."""
    faults = [
        f"found no {what}; expected at least one."
        for what in ("targets", "methods", "seeds")
        if not getattr(recipe, what)
    ]
    faults += _faults_of_names("method name", [method.name for method in recipe.methods])
    faults += _faults_of_names("target language", [target.language for target in recipe.targets])
    sources = [recipe.source.language, *(source.language for source in recipe.sources)]
    faults += [f"found the source language {name!r} twice; expected different ones." for name in _twice(sources)]
    faults += [f"found the seed {seed} twice; expected different ones." for seed in _twice(recipe.seeds)]
    faults += [
        f'found {new!r} for labels.{old}; expected a label without spaces, or "{DROP}" to leave {old} out.'
        for old, new in recipe.labels.items()
        if not new or any(map(str.isspace, new))
    ]
    for method in recipe.methods:
        for package, extra in _requires(method.options).items():
            if find_spec(package) is None:
                faults.append(f"method {method.name}: {MissingExtra(package, extra)}")
        if isinstance(method.options, MultiSource):
            faults += [f"method {method.name}: {fault}" for fault in _faults_of_sources(method.options, recipe)]
        for target in recipe.targets:
            missing = _missing(method.options, target)
            if missing:
                faults.append(
                    f"found no {missing} for {target.language}; expected it for the method {method.name}. "
                    "Add it, or leave the method out."
                )
    return faults


def _faults_of_sources(options: MultiSource, recipe: Recipe) -> list[str]:
    if not recipe.sources:
        return ["found one source; expected more. Write [[sources]] above each further one."]
    number = len(recipe.sources) + 1
    if not isinstance(options.weights, str) and len(options.weights) != number:
        return [f"found {len(options.weights)} weights; expected {number}: of source, then of each of the sources."]
    return []


def _requires(options: Any) -> dict[str, str]:  # noqa: ANN401 - of a method or of what is in it
    """Return the packages that a method, its taggers and its teachers need: package -> extra."""
    found: dict[str, str] = {}
    if isinstance(options, NeuralOptions):
        transformer = options.encoder.kind == "transformer"
        found = {"torch": "neural", "safetensors": "neural"} | ({"transformers": "neural"} if transformer else {})
    if isinstance(options, SavedTeacher) and options.path.startswith(SPACY):
        found = {"spacy": "spacy"}
    found |= getattr(options, "requires", {})
    inner = [getattr(options, key, None) for key in ("aligner", "tagger", "student", "first")]
    for part in (*inner, *getattr(options, "teachers", ())):
        found |= _requires(part) if part is not None else {}
    return found


def _faults_of_names(what: str, names: list[str]) -> list[str]:
    """Names must be different, and each becomes a folder beside the files of a comparison."""
    mend = ' Give each method its own: name = "..."' if what == "method name" else ""
    faults = [f"found the {what} {name!r} twice; expected different ones.{mend}" for name in _twice(names)]
    for name in dict.fromkeys(names):
        if not name or name.startswith(".") or not all(letter.isalnum() or letter in "-_.+" for letter in name):
            faults.append(
                f"found the {what} {name!r}; expected one that can name a folder: letters, digits and any of -_.+"
            )
        if name.casefold() in (RESULTS, PAGE, STORE):
            faults.append(f"found the {what} {name!r}; expected another, for a comparison writes {name} itself.")
    return faults


def _twice(values: Sequence[T]) -> list[T]:
    return [value for value, count in Counter(values).items() if count > 1]


def _missing(options: MethodOptions | SavedTeacher, target: TargetData) -> str:
    if isinstance(options, TeacherStudent | MultiSource):
        if not target.text and options.student is not None:
            return "`text`"
        teachers = options.teachers if isinstance(options, TeacherStudent) else (options.first or Direct(),)
        return next((missing for teacher in teachers if (missing := _missing(teacher, target))), "")
    if options.kind == "supervised" and target.train is None:
        return "`train`"
    if options.kind == "translate_train" and options.labels == "gold" and target.translation is None:
        return "`translation`"
    if options.kind in ("gloss", "translate_train") and target.translation is None and not target.extra:
        return "`translation` or `extra`"
    if options.kind == "translate_test" and target.test_translation is None:
        return "`test_translation`"
    return ""


def _with_paths(recipe: Recipe, folder: Path) -> Recipe:
    """Resolve the paths of a recipe against its folder."""

    def need(file: F) -> F:
        return replace(file, path=str(folder / os.path.expandvars(file.path)))

    def found(file: F | None) -> F | None:
        return None if file is None else need(file)

    source = replace(recipe.source, train=need(recipe.source.train), test=found(recipe.source.test))
    targets = tuple(
        replace(
            target,
            test=need(target.test),
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
    return replace(recipe, source=source, sources=sources, targets=targets, methods=methods)


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


def _found_model(given: str, folder: Path) -> str:
    prefix = SPACY if given.startswith(SPACY) else ""
    path = folder / os.path.expandvars(given.removeprefix(prefix))
    return f"{prefix}{path}" if path.exists() else given
