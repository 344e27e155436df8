"""Which method to take for a language: what applies, a small comparison, and the choice. Start at `recommend`."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from exonym.data import Ledger
from exonym.errors import ExonymError, RecipeError, suggest
from exonym.evaluate import compare as compare_runs
from exonym.evaluate import evaluate, holm
from exonym.files import whole_file
from exonym.report import Failure, Recommendation, Trial, intention, reason
from exonym.run.candidates import by_prior, candidates_of
from exonym.run.comparison import machine
from exonym.run.data import read_data
from exonym.run.folder import STORE, claim
from exonym.run.split import FOLDS, LEAST, bounded, split_labels, split_translation, together
from exonym.run.store import Store
from exonym.run.writing import recipe_text
from exonym.transfer import transfer
from exonym.transfer.needs import TEST_TRANSLATION, TRAIN, needs_of
from exonym.transfer.parallel import with_test_translation, with_translation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from exonym.data import Corpus
    from exonym.report.recommendation import Basis
    from exonym.run.candidates import Choosable
    from exonym.run.recipe import Recipe, TargetData
    from exonym.run.split import Split
    from exonym.transfer import MethodOptions, Task

    Told = Callable[[int, int, str], None]

RECOMMENDATION, RECIPE = "recommendation.json", "recipe.toml"
SENTENCES = 5000  # of each text, in the comparison


def recommend(
    recipe: Recipe,
    out: Path,
    *,
    language: str | None = None,
    sentences: int = SENTENCES,
    store: Path | None = None,
    told: Told | None = None,
    dry: bool = False,
) -> Recommendation:
    """Say which methods apply to what there is, compare those that can be measured, and name the one to take.

    The comparison rests, in this order, on labels of the target language (`train`): methods that need none are measured
    on all of them, `supervised` by cross-validation; on labels projected over a part of the translation that is held
    out of all training; or on nothing, and then the order of the methods on other languages is told. Labels of `test`
    are never looked at: they are for the score of what was chosen.

    Args:
        recipe: what there is; its methods, if it has any, are all that are looked at.
        out: folder for `recommendation.json` and for `recipe.toml`, which trains the method by `compare`.
        language: of the target, where the recipe has several.
        sentences: most of each text that are used in the comparison, drawn at random; >= 100.
        store: folder where results of stages are kept and found again; None for `out/store`.
        told: called with the number of finished steps, of all steps, and what is done now.
        dry: only check everything and say what applies and what would be compared; nothing is written.

    Returns:
        What was found; the same stands in `recommendation.json`.

    Raises:
        DataError: the data are faulty or do not fit together, or `out` is a folder of something else.
        RecipeError: there are several targets and none is named, or an argument is out of range.
    """
    if sentences < 100:
        raise RecipeError(f"sentences: found {sentences}; expected a number >= 100.")
    target = _target(recipe, language)
    recipe = replace(recipe, targets=(target,), sample=None)
    data = read_data(recipe)
    task = data.targets[0].task
    basis = _basis(recipe, target, task)
    found = Recommendation(
        language=target.language,
        basis=basis,
        split=_in_words(basis, task, sentences),
        candidates=(),
        ledger=Ledger(data.ledger),
        warnings=data.warnings,
        recipe=asdict(recipe),
        machine=machine(),
    )
    choosable = candidates_of(recipe, target, basis)
    found = replace(found, candidates=tuple(each.about for each in choosable))
    if dry:
        return replace(found, reason=intention(found), caveats=_caveats(found, target, task))
    claim(out, (RECOMMENDATION, RECIPE))
    if basis != "prior":
        keep = Store(store or out / STORE)
        split, left_out = _split(recipe, choosable, basis, task, sentences, keep)
        found.ledger.update(left_out)
        if len(split.gold) >= LEAST and split.gold.labels:
            runs, failures = _carry_out(recipe, choosable, split, keep, told)
            found = replace(found, trials=_trials(recipe, split.gold, runs), failures=failures)
    if not any(trial.f1 for trial in found.trials):
        found = _without_evidence(found)
    found = _chosen(replace(found, caveats=_caveats(found, target, task)), choosable)
    _write(found, recipe, choosable, out)
    return found


def _target(recipe: Recipe, language: str | None) -> TargetData:
    known = [target.language for target in recipe.targets]
    if language is None and len(known) > 1:
        raise RecipeError(
            f"found the targets {', '.join(known)}; expected one. Name it (--target), one after the other."
        )
    for target in recipe.targets:
        if language in (None, target.language):
            return target
    raise RecipeError(f"found no target {language}; expected one of the recipe. {suggest(str(language), known)}")


def _basis(recipe: Recipe, target: TargetData, task: Task) -> Basis:
    """Find the best evidence that can be had."""
    if task.train is not None and len(task.train) >= LEAST:
        return "labels"
    has_translation = target.translation is not None or recipe.have.translator is not None
    return "silver" if recipe.has_labels and has_translation else "prior"


def _split(
    recipe: Recipe, choosable: Sequence[Choosable], basis: Basis, task: Task, most: int, keep: Store
) -> tuple[Split, Ledger]:
    """Draw what the comparison uses, let the translator work, and hold out what is measured on."""
    seed, translator = recipe.seeds[0], recipe.have.translator
    task, left_out = bounded(task, most, seed)
    if translator is not None and task.translation is None and len(task.source):
        task = with_translation(task, translator, keep)[0]
    split = split_labels(task) if basis == "labels" else split_translation(task, keep, seed)
    if translator is not None and any(TEST_TRANSLATION in needs_of(options) for _, options in _tried(choosable)):
        tasks = (with_test_translation(task, translator, keep)[0] for task in split.tasks)
        split = replace(split, tasks=tuple(tasks))
    return split, left_out


def _carry_out(
    recipe: Recipe, choosable: Sequence[Choosable], split: Split, keep: Store, told: Told | None
) -> tuple[dict[str, tuple[list[Corpus], float]], tuple[Failure, ...]]:
    """Try all methods that can be; return what each predicts with each seed, and its seconds in the mean."""
    runs: dict[str, tuple[list[Corpus], float]] = {}
    failures = []
    tried = _tried(choosable)
    for number, (name, options) in enumerate(tried):
        if told:
            keep.told = lambda stage, _, at=number, name=name: told(at, len(tried), f"{name}: {stage}")  # type: ignore[misc]
        predictions, seconds = [], 0.0
        for seed in recipe.seeds:
            keep.used.clear()
            try:
                predictions.append(_predict(options, split, keep, seed))
            except ExonymError as error:
                failures.append(Failure(language=recipe.targets[0].language, method=name, seed=seed, reason=str(error)))
                break
            seconds += sum(keep.used.values()) / len(recipe.seeds)
        else:
            runs[name] = predictions, seconds
    return runs, tuple(failures)


def _tried(choosable: Sequence[Choosable]) -> list[tuple[str, MethodOptions]]:
    return [(each.about.method, each.tried) for each in choosable if each.about.compared and each.tried is not None]


def _predict(options: MethodOptions, split: Split, keep: Store, seed: int) -> Corpus:
    tasks = split.folds if TRAIN in needs_of(options) else split.tasks
    return together(split.gold, [transfer(task, options, keep, seed).predictions for task in tasks])


def _without_evidence(found: Recommendation) -> Recommendation:
    """Fall back on other languages where no method found a right name in what was measured on."""
    if found.basis == "prior":
        return found
    told = f"On {found.split} no method was shown to find a right name: it is no evidence."
    return replace(found, basis="prior", caveats=(told,))


def _trials(recipe: Recipe, gold: Corpus, runs: dict[str, tuple[list[Corpus], float]]) -> tuple[Trial, ...]:
    """Score what was tried, best first, and compare the best with all others."""
    if not runs:
        return ()
    how: dict[str, Any] = {"level": recipe.confidence, "seed": recipe.seeds[0], "scheme": "spans"}
    scored = [
        Trial(
            method=name,
            evaluation=evaluate(gold, predictions, resamples=recipe.resamples, **how),
            comparison=None,
            p=None,
            seconds=seconds,
        )
        for name, (predictions, seconds) in runs.items()
    ]
    best, *others = sorted(scored, key=lambda trial: -trial.f1)
    compared = [
        compare_runs(gold, runs[best.method][0], runs[trial.method][0], resamples=10 * recipe.resamples, **how)
        for trial in others
    ]
    p_values = holm([comparison.p_randomisation for comparison in compared])
    rows = zip(others, compared, p_values, strict=True)
    return (best, *(replace(trial, comparison=comparison, p=p) for trial, comparison, p in rows))


def _in_words(basis: Basis, task: Task, most: int) -> str:
    """Say what is measured on."""
    if basis == "labels" and task.train is not None:
        return f"{min(len(task.train), most)} labelled sentences"
    return "labels projected over a part of the translation that is held out" if basis == "silver" else ""


def _chosen(found: Recommendation, choosable: Sequence[Choosable]) -> Recommendation:
    """Name the method to take: on labels the highest; else the prior's, unless silver labels show that it is worse."""
    order = [each.about.method for each in by_prior(choosable)]
    if found.basis == "labels":
        choice = found.trials[0].method
    elif found.basis == "silver":
        choice = next((name for name in order if name in found.unbeaten), found.trials[0].method)
    elif order:
        choice = order[0]
    else:
        told = "no method applies of which other languages tell; the table says what each needs"
        return replace(found, reason=f"{found.language}: {told}.")
    return replace(found, choice=choice, reason=reason(found, choice))


def _caveats(found: Recommendation, target: TargetData, task: Task) -> tuple[str, ...]:
    """Say what must be known beside the choice."""
    told = list(found.caveats)
    if found.basis == "labels":
        told.append("The highest of several scores is a little too high: expect less on other sentences.")
        if "supervised" in {each.kind for each in found.candidates if each.compared}:
            told.append(
                f"`supervised` learnt from {FOLDS - 1} of {FOLDS} parts of these sentences at a time, and so from "
                "their kind of text; the other methods from none of their labels."
            )
    if found.basis == "silver":
        told.append(
            "These labels are no person's. They were projected as `translate_train` projects, which favours it and "
            "what contains it, on translated source text, which need not be like yours. So the method that did best in "
            "other languages is named unless it is shown to be worse here."
        )
    if found.basis == "prior":
        told.append(
            "This is the order of the methods in other languages (docs/results/methods.md, transfer.md), and no "
            f"evidence on {found.language}."
        )
    if any(event.endswith("left out of the comparison") for event in found.ledger):
        told.append(
            "Only a part of the data was used to compare (the ledger says how much); with all, the order may change."
        )
    if found.basis != "labels":
        number = len(task.train) if task.train is not None else 0
        few = f" (found {number} labelled sentences; expected {LEAST} or more)" if number else ""
        told.append(f"Evidence would be a hundred labelled sentences of your text, given as `train`{few}.")
        if target.test is not None:
            told.append("The labels of `test` were not looked at: they are for the score of what is chosen.")
    return tuple(told)


def _write(found: Recommendation, recipe: Recipe, choosable: Sequence[Choosable], out: Path) -> None:
    method = next((each.method for each in choosable if each.about.method == found.choice), None)
    if method is not None:
        with whole_file(out / RECIPE) as file:
            file.write(f"# exonym recommend: {found.reason}\n{recipe_text(replace(recipe, methods=(method,)))}")
    with whole_file(out / RECOMMENDATION) as file:
        json.dump(found.to_dict(), file, ensure_ascii=False, indent=1)
        file.write("\n")
