"""The recipe: a TOML file that says which languages, data and methods to compare.

`read_recipe` finds everything that is wrong with it at once: TOML syntax, unknown keys, wrong values, missing files,
methods whose data are missing, labels that do not meet. The keys are described in `docs/recipe.md`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from exonym.data import Scheme
from exonym.errors import RecipeError
from exonym.formats import FormatName
from exonym.run.meaning import faults_of_meaning
from exonym.run.paths import (
    fault_of_path,
    fault_of_variable,
    faults_of_models,
    models,
    paths,
    with_file_tables,
    with_paths,
)
from exonym.run.shape import checked
from exonym.transfer import MethodOptions, Sample, SavedTagger
from exonym.transfer.parallel import TranslatorOptions


@dataclass(frozen=True, kw_only=True)
class File:
    """A labelled corpus and how to read it.

    Attributes:
        path: where it lies, relative to the recipe; `$NAME` or `${NAME}` in it is that environment variable.
        format: a name of `exonym.formats.CORPUS_FORMATS`; None goes by the file ending.
        scheme: for CoNLL, the tag scheme; None finds it out.
        repair: for CoNLL, `conlleval` lets a tag that continues nothing open an entity.
        on_error: `skip` leaves faulty sentences out and counts them.
    """

    path: str
    format: FormatName | None = None
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
    format: FormatName | None = None
    raw: bool = False
    scheme: Scheme | None = None
    repair: Literal["error", "conlleval"] = "error"
    on_error: Literal["raise", "skip"] = "raise"


@dataclass(frozen=True, kw_only=True)
class SourceData:
    """The language that has labels.

    Attributes:
        language: its code.
        train: labelled text; None if all that is asked are saved taggers.
        test: more labelled text, to say how good the source tagger is at home.
    """

    language: str
    train: File | None = None
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
        test: labelled text to score on; None to train taggers only.
        train: labelled text for the ceiling.
        translation: bitext whose source sides are sentences of the source's `train`, in its order.
        extra: more bitexts.
        test_translation: bitext whose target sides are sentences of `test`, in its order.
        text: unlabelled text to learn from.
    """

    language: str
    test: File | None = None
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
class Have:
    """What the methods that `recommend` looks at may use, besides data.

    Attributes:
        tagger: a tagger of the source language that is there already.
        translator: from the source into the target language.
    """

    tagger: SavedTagger | None = None
    translator: TranslatorOptions | None = None


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to compare.

    Attributes:
        title: heading of the report.
        source: the language that has labels; none if no method learns from it.
        sources: further languages that have labels.
        targets: the languages to carry them into.
        methods: the methods, compared with `direct`, or with the first of them if there is no `direct`.
        sample: how much of the data is learnt from, another part of them for each seed; None learns from all.
        seeds: one run of every method for each, >= 0 and different; the first is also the seed of the resampling.
        labels: label map: type -> new type, or `drop`.
        resamples: bootstrap resamples for the intervals; the significance tests take ten times as many.
        confidence: of the intervals.
        have: what `recommend` may use, besides data.
    """

    title: str = "Comparison"
    source: SourceData | None = None
    sources: tuple[FurtherSource, ...] = ()
    targets: tuple[TargetData, ...]
    methods: tuple[NamedMethod, ...] = ()
    sample: Sample | None = None
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = (1,)
    labels: dict[str, str] = field(default_factory=dict)
    resamples: Annotated[int, Field(ge=100)] = 1000
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    have: Have = field(default_factory=Have)

    @property
    def has_labels(self) -> bool:
        """Whether there is labelled source text."""
        return self.source is not None and self.source.train is not None


def read_recipe(path: str | Path, *, complete: bool = True) -> Recipe:
    """Read and check a recipe; paths in it become paths from the working directory.

    Args:
        path: the TOML file.
        complete: it must have methods, and what they need; `recommend` can do without.

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
    row = _with_named_methods(with_file_tables(row))
    recipe, faults = checked(row, Recipe)
    if recipe is not None:
        faults += faults_of_meaning(recipe, complete=complete)
        faults += faults_of_models(recipe, path.parent)
    of_paths = [fault_of_path(path.parent, given) for given in paths(row)]
    of_paths += [fault_of_variable(given) for given in models([row.get("methods"), row.get("have")])]
    faults += filter(None, dict.fromkeys(of_paths))
    if faults or recipe is None:
        raise RecipeError("\n".join(f"{path}: {fault}" for fault in faults))
    return with_paths(recipe, path.parent)


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
