"""What is wrong with a recipe that is well formed: doubled names, data and packages that a method lacks.

Start at `faults_of_meaning`.
"""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from exonym.data import DROP
from exonym.errors import MissingExtra
from exonym.run.folder import PAGE, RESULTS, STORE
from exonym.tag import NeuralOptions
from exonym.transfer import (
    Average,
    CoLaDa,
    Direct,
    MethodOptions,
    MultiSource,
    SavedTagger,
    TeacherStudent,
    TranslateTrain,
    UniTrans,
    WordByWord,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.run.recipe import Recipe, TargetData

T = TypeVar("T")


def faults_of_meaning(recipe: Recipe) -> list[str]:
    """Find what the form does not show: doubled names, missing data and packages, labels renamed to nothing."""
    faults = [
        f"found no {what}; expected at least one."
        for what in ("targets", "methods", "seeds")
        if not getattr(recipe, what)
    ]
    faults += _faults_of_names("method name", [method.name for method in recipe.methods])
    faults += _faults_of_names("target language", [target.language for target in recipe.targets])
    sources = [source.language for source in (recipe.source, *recipe.sources) if source]
    faults += [f"found the source language {name!r} twice; expected different ones." for name in _twice(sources)]
    faults += [f"found the seed {seed} twice; expected different ones." for seed in _twice(recipe.seeds)]
    faults += [
        f'found {new!r} for labels.{old}; expected a label without spaces, or "{DROP}" to leave {old} out.'
        for old, new in recipe.labels.items()
        if not new or any(map(str.isspace, new))
    ]
    if recipe.source is not None and recipe.source.test is not None and not recipe.has_labels:
        faults.append("found source.test without source.train; expected both: a tagger is trained to be tested there.")
    for method in recipe.methods:
        parts = (method.options, getattr(method.options, "translation", None))
        translates = any(getattr(part, key, None) is not None for part in parts for key in ("translator", "scorer"))
        if translates and recipe.source is None:
            faults.append(
                f"found no source language; expected it for the translator of the method {method.name}. Write "
                'language = "..." under [source].'
            )
        for package, extra in _requires(method.options).items():
            if find_spec(package) is None:
                faults.append(f"method {method.name}: {MissingExtra(package, extra)}")
        if not recipe.has_labels and _needs_source(method.options):
            faults.append(
                f"found no labelled source text; expected it for the method {method.name}. Add `train` to [source], or "
                "leave the method out."
            )
        elif isinstance(method.options, MultiSource):
            faults += [f"method {method.name}: {fault}" for fault in _faults_of_sources(method.options, recipe)]
        for target in recipe.targets:
            missing = _missing(method.options, target)
            if missing:
                faults.append(
                    f"found no {missing} for {target.language}; expected it for the method {method.name}. "
                    "Add it, or leave the method out."
                )
    return faults


def _needs_source(options: MethodOptions | SavedTagger) -> bool:
    """Say whether a method or teacher learns from source labels."""
    if isinstance(options, TeacherStudent):
        return any(map(_needs_source, options.teachers))
    if isinstance(options, TranslateTrain):
        return options.labels == "gold" or options.source_tagger is None
    return options.kind not in ("saved", "supervised") and not isinstance(getattr(options, "tagger", None), SavedTagger)


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
    found |= getattr(options, "requires", {})
    keys = ("translation", "translator", "aligner", "tagger", "source_tagger", "student", "first")
    inner = [getattr(options, key, None) for key in keys]
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


def _missing(options: MethodOptions | SavedTagger | WordByWord, target: TargetData) -> str:
    if isinstance(options, UniTrans | CoLaDa):
        return _missing(options.translation, target) if target.text else "`text`"
    if isinstance(options, Average | TeacherStudent | MultiSource):
        if not isinstance(options, Average) and not target.text and options.student is not None:
            return "`text`"
        teachers = (options.first or Direct(),) if isinstance(options, MultiSource) else options.teachers
        return next((missing for teacher in teachers if (missing := _missing(teacher, target))), "")
    if options.kind == "supervised" and target.train is None:
        return "`train`"
    if getattr(options, "translator", None) is not None:
        return ""
    if options.kind == "translate_train" and options.labels == "gold" and target.translation is None:
        return "`translation`"
    if options.kind in ("gloss", "translate_train", "words") and target.translation is None and not target.extra:
        return "`translation` or `extra`"
    if options.kind == "translate_test" and target.test_translation is None:
        return "`test_translation`"
    return ""
