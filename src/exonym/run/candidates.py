"""Which methods a recommendation looks at, whether they apply to what there is, and in which order without evidence.

Start at `candidates_of`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from exonym.errors import RecipeError
from exonym.report import Candidate
from exonym.run.meaning import given, missing_packages, requires
from exonym.run.recipe import Have, NamedMethod
from exonym.tag import LightOptions
from exonym.transfer import (
    METHODS,
    Average,
    Direct,
    Gloss,
    MethodOptions,
    Mixture,
    TeacherStudent,
    TranslateTest,
    TranslateTrain,
)
from exonym.transfer.needs import PARALLEL, TEST_TRANSLATION, TRAIN, TRANSLATION, inner_of, needs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.report.recommendation import Basis
    from exonym.run.recipe import Recipe, TargetData

# From the best, by the means of docs/results/methods.md and transfer.md; teacher-student.md for the last two.
PRIOR = (
    "mixture",
    "average",
    "translate_train",
    "gloss",
    "translate_test",
    "multi_source",
    "direct",
    "teacher_student",
)


class Choosable(NamedTuple):
    """A method that a recommendation looks at.

    Attributes:
        about: whether it applies, and is tried.
        method: as a recipe has it; None if it cannot be made without options that only a user can give.
        tried: its options where a translator has done its work already, and its translations are data.
    """

    about: Candidate
    method: NamedMethod | None
    tried: MethodOptions | None


def candidates_of(recipe: Recipe, target: TargetData, basis: Basis) -> tuple[Choosable, ...]:
    """Return the methods of a recipe, or if it has none one of each kind, and whether they apply to a target.

    Args:
        recipe: the recipe.
        target: one of its targets.
        basis: what will be measured on; it decides which of those that apply can be tried.
    """
    if recipe.methods:
        return tuple(_choosable(method, method.options, recipe, target, basis) for method in recipe.methods)
    plain = Have(tagger=recipe.have.tagger)
    found = []
    for kind in METHODS:
        try:
            options, tried = (_usual(kind, recipe, target, have) for have in (recipe.have, plain))
        except RecipeError as error:  # it has an option that only a user can give
            about = Candidate(method=kind, kind=kind, missing=(f"options of its own under [[methods]]: {error}",))
            found.append(Choosable(about, None, None))
        else:
            found.append(_choosable(NamedMethod(name=kind, options=options), tried, recipe, target, basis))
    return tuple(found)


def _usual(kind: str, recipe: Recipe, target: TargetData, have: Have) -> MethodOptions:
    """Return the options of a method that suit what there is: light taggers where the method allows them."""
    reader = have.tagger or LightOptions()
    translator = have.translator if target.translation is None else None
    projection = TranslateTrain(translator=translator)
    if not recipe.has_labels or (target.extra and target.translation is None and recipe.have.translator is None):
        projection = TranslateTrain(labels="tagger", source_tagger=have.tagger)
    glossed = Gloss(tagger=reader)
    routes = (glossed, projection)
    usual: dict[str, MethodOptions] = {
        "direct": Direct(tagger=reader),
        "gloss": glossed,
        "translate_train": projection,
        "translate_test": TranslateTest(
            tagger=reader, translator=have.translator if target.test_translation is None else None
        ),
        "average": Average(teachers=routes),
        "mixture": Mixture(routes=routes),
        "teacher_student": TeacherStudent(
            teachers=(glossed if PARALLEL in given(recipe, target) else Direct(tagger=reader),)
        ),
    }
    default: Any = METHODS[kind].options
    made: MethodOptions = usual[kind] if kind in usual else default()
    return made


def _choosable(
    method: NamedMethod, tried: MethodOptions, recipe: Recipe, target: TargetData, basis: Basis
) -> Choosable:
    lacking = [need for need in needs_of(method.options) if need not in given(recipe, target)]
    if TRANSLATION in lacking and PARALLEL in lacking:
        lacking.remove(PARALLEL)  # a translation is parallel text
    missing = (*(f"{need.what}: give {need.key}" for need in lacking), *map(str, missing_packages(method.options)))
    note = "" if missing else _why_not(tried, recipe, basis)
    about = Candidate(
        method=method.name, kind=method.options.kind, missing=missing, compared=not (missing or note), note=note
    )
    return Choosable(about, method, tried)


def _why_not(tried: MethodOptions, recipe: Recipe, basis: Basis) -> str:
    """Say why a method that applies is not tried; nothing if it is."""
    needs = needs_of(tried)
    if basis == "prior":
        return "there is nothing to measure on"
    if TEST_TRANSLATION in needs and recipe.have.translator is None:
        return "the sentences to measure on have no translation"
    if TRAIN in needs and basis == "silver":
        return "there are too few labels"
    if not recipe.methods and tried.kind not in (*PRIOR, "supervised"):
        why = "it is a network and takes long; " if "torch" in requires(tried) else ""
        return f"{why}write it under [[methods]] to have it compared"
    return ""


def by_prior(found: Sequence[Choosable]) -> list[Choosable]:
    """Order the methods that apply by what other languages say, without those of which they say nothing.

    Where source labels cannot be projected over a translation of their own text, gloss comes first.
    """
    known = [each for each in found if not each.about.missing and each.about.kind in PRIOR]
    parts = [part for each in known for part in (each.tried, *inner_of(each.tried))]
    projects = any(isinstance(part, TranslateTrain) and part.labels == "gold" for part in parts)
    order = PRIOR if projects else ("gloss", *(kind for kind in PRIOR if kind != "gloss"))
    return sorted(known, key=lambda each: order.index(each.about.kind))
