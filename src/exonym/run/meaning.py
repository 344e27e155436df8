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
    ManMoe,
    MethodOptions,
    Mixture,
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
    from exonym.transfer.teachers import TeacherOptions

    _AnyOptions = MethodOptions | SavedTagger | WordByWord

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
        if recipe.source is None and _translates(method.options):
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
        elif isinstance(method.options, MultiSource | ManMoe):
            faults += [f"method {method.name}: {fault}" for fault in _faults_of_sources(method.options, recipe)]
        for target in recipe.targets:
            missing = _missing(method.options, target)
            if missing:
                faults.append(
                    f"found no {missing} for {target.language}; expected it for the method {method.name}. "
                    "Add it, or leave the method out."
                )
    return faults


def _inner(options: _AnyOptions) -> tuple[TeacherOptions | WordByWord, ...]:
    """Return what a method carries out first: its teachers or routes, or the translation of the source."""
    if isinstance(options, UniTrans | CoLaDa):
        return (options.translation,)
    if isinstance(options, MultiSource):
        return (options.first or Direct(),)
    found: tuple[TeacherOptions, ...] = getattr(options, "teachers", ()) or getattr(options, "routes", ())
    return found


def _translates(options: _AnyOptions) -> bool:
    """Say whether a method, or what is in it, asks a translator, which must be told the languages."""
    own = any(getattr(options, key, None) is not None for key in ("translator", "scorer"))
    return own or any(map(_translates, _inner(options)))


def _needs_source(options: _AnyOptions) -> bool:
    """Say whether a method or teacher learns from source labels, or has the labelled source text translated."""
    if isinstance(options, Average | Mixture | TeacherStudent):
        return any(map(_needs_source, _inner(options)))
    if isinstance(options, TranslateTrain):
        return options.labels == "gold" or options.source_tagger is None or options.translator is not None
    return options.kind not in ("saved", "supervised") and not isinstance(getattr(options, "tagger", None), SavedTagger)


def _needs_text(options: _AnyOptions) -> bool:
    """Say whether a method learns from unlabelled target text."""
    if isinstance(options, ManMoe):
        return options.adversary > 0
    adapts = isinstance(options, Direct) and options.adapt is not None
    return adapts or isinstance(options, UniTrans | CoLaDa) or getattr(options, "student", None) is not None


def _faults_of_sources(options: MultiSource | ManMoe, recipe: Recipe) -> list[str]:
    if not recipe.sources:
        return ["found one source; expected more. Write [[sources]] above each further one."]
    number = len(recipe.sources) + 1
    if isinstance(options, MultiSource) and not isinstance(options.weights, str) and len(options.weights) != number:
        return [f"found {len(options.weights)} weights; expected {number}: of source, then of each of the sources."]
    return []


def _requires(options: Any) -> dict[str, str]:  # noqa: ANN401 - of a method or of what is in it
    """Return the packages that a method, its taggers and its teachers need: package -> extra."""
    found: dict[str, str] = {}
    if isinstance(options, NeuralOptions):
        transformer = options.encoder.kind == "transformer"
        found = {"torch": "neural", "safetensors": "neural"} | ({"transformers": "neural"} if transformer else {})
    found |= getattr(options, "requires", {})
    keys = ("translation", "translator", "aligner", "scorer", "tagger", "source_tagger", "student", "evaluator")
    inner = [getattr(options, key, None) for key in (*keys, "first", "similarity")]
    for part in (*inner, *getattr(options, "teachers", ()), *getattr(options, "routes", ())):
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


def _missing(options: _AnyOptions, target: TargetData) -> str:
    if _needs_text(options) and not target.text:
        return "`text`"
    if inner := _inner(options):
        return next((missing for part in inner if (missing := _missing(part, target))), "")
    if options.kind == "supervised" and target.train is None:
        return "`train`"
    if getattr(options, "translator", None) is not None:
        return ""
    if options.kind == "lexical_injection" and (options.word_pairs is not None or options.injected == "nothing"):
        return ""
    if options.kind == "translate_train" and options.labels == "gold" and target.translation is None:
        return "`translation`"
    if (
        options.kind in ("gloss", "translate_train", "lexical_injection", "words")
        and target.translation is None
        and not target.extra
    ):
        return "`translation` or `extra`"
    if options.kind == "translate_test" and target.test_translation is None:
        return "`test_translation`"
    return ""
