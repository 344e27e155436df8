"""Run every method of a recipe on every language and seed, score them, and write what was found. Start at `compare`."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shutil
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from exonym.errors import ExonymError
from exonym.files import whole_file
from exonym.report import Failure, Results, write_page
from exonym.run.data import RunData, read_data
from exonym.run.folder import PAGE, RESULTS, STORE, claim, write_outcome
from exonym.run.recipe import NamedMethod, Recipe
from exonym.run.scoring import Run, Runs, baseline, means, score, score_rows, source_tagger, verdicts
from exonym.run.store import NotYet, Store
from exonym.transfer import Direct, Task, sampled, transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from exonym.evaluate import Evaluation

_SOURCE_TEST = "source test"  # in the place of a method's name; no method can be named so


@dataclass(frozen=True)
class Step:
    """One method on one language with one seed; or the baseline's source tagger on the source test."""

    language: str
    method: NamedMethod
    seed: int
    task: Task

    def __str__(self) -> str:
        return f"{self.language} {self.method.name}" + (f" seed {self.seed}" if self.seed != 1 else "")


def compare(
    recipe: Recipe, out: Path, *, store: Path | None = None, told: Callable[[int, int, str], None] | None = None
) -> Results:
    """Compare the methods of a recipe.

    A method that cannot be carried out (as when all labels were lost on the way, so that there is nothing to train on)
    has no row for that language; it stands in `failures` with the reason, and the others are compared without it.

    Args:
        recipe: what to compare.
        out: folder for `results.json`, `report.html` and, in `LANGUAGE/METHOD/seed-N`, the predictions, projected
            corpora and trained taggers.
        store: folder where results of stages are kept and found again; None for `out/store`.
        told: called with the number of finished steps, of all steps, and what is done now.

    Returns:
        What was found; the same stands in `results.json`.

    Raises:
        DataError: the data are faulty or do not fit together, or `out` is a folder of something else.
    """
    data = read_data(recipe)
    claim(out)
    keep = Store(store or out / STORE)
    steps = list(_steps(recipe, data))
    runs, failures = _carry_out(steps, keep, out, told)
    if told:
        told(len(steps), len(steps), "scoring")
    language = recipe.source.language if recipe.source else ""
    source = runs.pop((language, _SOURCE_TEST), None)
    rows = tuple(score_rows(recipe, data, runs))
    results = Results(
        title=recipe.title,
        baseline=baseline(recipe).name,
        source_language=language,
        source=_source_score(recipe, data, source),
        rows=rows,
        failures=failures,
        verdicts=tuple(verdicts(recipe, data, rows, runs)),
        means=tuple(means(recipe, rows)),
        ledger=data.ledger,
        warnings=(*data.warnings, *_unscored(data), *_mended(keep)),
        recipe=asdict(recipe),
        machine=machine(),
    )
    with whole_file(out / RESULTS) as file:
        json.dump(results.to_dict(), file, ensure_ascii=False, indent=1)
        file.write("\n")
    write_page(results, out / PAGE)
    return results


def _source_score(recipe: Recipe, data: RunData, runs: list[Run] | None) -> Evaluation | None:
    if data.source_test is None or not recipe.source or not recipe.source.test or runs is None:
        return None
    return score(recipe, data, data.source_test, runs, recipe.source.test)


def plan(recipe: Recipe, out: Path, *, store: Path | None = None) -> list[tuple[str, list[tuple[str, str]]]]:
    """Say what `compare` would do, after all its checks, and run nothing.

    Returns:
        For each step (`de gloss`) its stages and what is done: `run`, `found` in the store, `shared` with an earlier
        step, or `mended` where what the store holds is damaged.
    """
    data = read_data(recipe)
    stages: list[tuple[str, str]] = []
    keep = Store(store or out / STORE, plan=True, told=lambda name, state: stages.append((name, state)))
    planned = []
    for step in _steps(recipe, data):
        stages.clear()
        try:
            transfer(step.task, step.method.options, keep, step.seed)
        except NotYet:  # a text that is still to be translated decides what follows
            stages.append(("all that follows", "run"))
        planned.append((str(step), list(stages)))
    return planned


def _steps(recipe: Recipe, data: RunData) -> Iterator[Step]:
    for target in data.targets:
        whole, part = target.task, recipe.sample
        tasks = {seed: whole if part is None else sampled(whole, part, seed) for seed in recipe.seeds}
        for method in recipe.methods:
            for seed, task in tasks.items():
                yield Step(target.language, method, seed, task)
    if data.source_test is not None and recipe.source is not None:
        at_home = NamedMethod(name=_SOURCE_TEST, options=Direct(tagger=source_tagger(recipe)))
        task = Task(source=data.targets[0].task.source, test=data.source_test.unlabelled())
        yield Step(recipe.source.language, at_home, 1, task)


def _carry_out(
    steps: list[Step], keep: Store, out: Path, told: Callable[[int, int, str], None] | None
) -> tuple[Runs, tuple[Failure, ...]]:
    """Carry out all steps; a method of which one seed failed on a language has no runs there."""
    runs: Runs = {}
    failures = []
    for number, step in enumerate(steps):
        if told:
            keep.told = _teller(told, number, len(steps), step)
        keep.used.clear()
        if number and step.language != steps[number - 1].language:
            keep.forget()
        folder = out / step.language / step.method.name / f"seed-{step.seed}"
        try:
            outcome = transfer(step.task, step.method.options, keep, step.seed)
            if step.method.name != _SOURCE_TEST:
                write_outcome(outcome, folder)
        except ExonymError as error:
            shutil.rmtree(folder, ignore_errors=True)  # what an earlier run left there is no result of this one
            failures.append(Failure(language=step.language, method=step.method.name, seed=step.seed, reason=str(error)))
            continue
        run = Run(outcome.predictions, sum(keep.used.values()), outcome.ledger, outcome.notes)
        runs.setdefault((step.language, step.method.name), []).append(run)
    for failure in failures:
        runs.pop((failure.language, failure.method), None)
    return runs, tuple(failures)


def _teller(told: Callable[[int, int, str], None], number: int, steps: int, step: Step) -> Callable[[str, str], None]:
    return lambda stage, state: told(number, steps, f"{step}: {stage.replace('_', ' ')}")


def _unscored(data: RunData) -> list[str]:
    """Say which languages have no labelled test text."""
    return [
        f"{target.language}: no `test`, so that taggers are trained, and nothing is scored."
        for target in data.targets
        if target.gold is None
    ]


def _mended(keep: Store) -> list[str]:
    """Say which results of the store were damaged."""
    if not keep.mended:
        return []
    return [f"{keep.folder}: {len(keep.mended)} damaged results were made again: {', '.join(keep.mended)}"]


def machine() -> dict[str, Any]:
    """Say what a run is made with: versions, processor count, date."""
    packages = ("exonym", "numpy", "scipy", "python-crfsuite")
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "packages": {package: version(package) for package in packages},
    }
