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
from exonym.transfer import MethodOptions, MultiSource
from exonym.transfer.needs import (
    LABELS,
    LANGUAGE,
    PARALLEL,
    SOURCES,
    TEST,
    TEST_TRANSLATION,
    TEXT,
    TRAIN,
    TRANSLATION,
    Need,
    inner_of,
    needs_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.run.recipe import NamedMethod, Recipe, TargetData

T = TypeVar("T")


def faults_of_meaning(recipe: Recipe, *, complete: bool = True) -> list[str]:
    """Find what the form does not show: doubled names, missing data and packages, labels renamed to nothing.

    Args:
        recipe: the recipe.
        complete: it must have methods, and what they need.
    """
    needed = ("targets", "methods", "seeds") if complete else ("targets", "seeds")
    faults = [f"found no {what}; expected at least one." for what in needed if not getattr(recipe, what)]
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
    faults += [
        f"found test_translation without test for {target.language}; expected both. Add `test`, or leave it out."
        for target in recipe.targets
        if target.test is None and target.test_translation is not None
    ]
    for method in recipe.methods if complete else ():
        faults += _faults_of_method(method, recipe)
    return faults


def given(recipe: Recipe, target: TargetData | None = None) -> frozenset[Need]:
    """Return which needs of methods the data of a recipe meet: those of its source and, if given, of a target."""
    has = {LANGUAGE: recipe.source is not None, LABELS: recipe.has_labels, SOURCES: bool(recipe.sources)}
    if target is not None:
        has |= {
            TEXT: bool(target.text),
            TRANSLATION: target.translation is not None,
            PARALLEL: target.translation is not None or bool(target.extra),
            TEST: target.test is not None,
            TEST_TRANSLATION: target.test_translation is not None,
            TRAIN: target.train is not None,
        }
    return frozenset(need for need, is_met in has.items() if is_met)


def missing_packages(options: MethodOptions) -> list[MissingExtra]:
    """Return the packages that a method, its taggers and its teachers need and that are not installed."""
    return [MissingExtra(name, extra) for name, extra in requires(options).items() if find_spec(name) is None]


def _faults_of_method(method: NamedMethod, recipe: Recipe) -> list[str]:
    """Find the data and packages that a method lacks."""
    name, needs = method.name, needs_of(method.options)
    faults = [f"method {name}: {missing}" for missing in missing_packages(method.options)]
    lacking = [need for need in needs if need.of == "source" and need not in given(recipe)]
    if LANGUAGE in lacking:
        faults.append(
            f"found no source language; expected it for the translator of the method {name}. Write "
            'language = "..." under [source].'
        )
    if LABELS in lacking:
        faults.append(
            f"found no labelled source text; expected it for the method {name}. Add `train` to [source], or "
            "leave the method out."
        )
    elif SOURCES in lacking:
        faults.append(f"method {name}: found one source; expected more. Write [[sources]] above each further one.")
    elif isinstance(method.options, MultiSource):
        faults += [f"method {name}: {fault}" for fault in _faults_of_weights(method.options, len(recipe.sources) + 1)]
    for target in recipe.targets:
        faults += [
            f"found no {need.key} for {target.language}; expected it for the method {name}. Add it, or leave the "
            "method out."
            for need in needs
            if need.of == "target" and need not in given(recipe, target)
        ]
    return faults


def _faults_of_weights(options: MultiSource, number: int) -> list[str]:
    if isinstance(options.weights, str) or len(options.weights) == number:
        return []
    return [f"found {len(options.weights)} weights; expected {number}: of source, then of each of the sources."]


def requires(options: Any) -> dict[str, str]:  # noqa: ANN401 - of a method or of what is in it
    """Return the packages that a method, its taggers and its teachers need: package -> extra."""
    found: dict[str, str] = {}
    if isinstance(options, NeuralOptions):
        transformer = options.encoder.kind == "transformer"
        found = {"torch": "neural", "safetensors": "neural"} | ({"transformers": "neural"} if transformer else {})
    found |= getattr(options, "requires", {})
    keys = ("translator", "aligner", "scorer", "tagger", "source_tagger", "student", "evaluator", "similarity")
    own = (getattr(options, key, None) for key in keys)
    for part in (*own, *inner_of(options)):
        found |= requires(part) if part is not None else {}
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
