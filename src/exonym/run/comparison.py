"""Run every method of a recipe on every language and seed, score them, and write what was found. Start at `compare`."""

from __future__ import annotations

import datetime
import json
import os
import platform
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from exonym.data import Corpus, LabelMap, Ledger
from exonym.errors import DataError
from exonym.evaluate import Comparison, Evaluation, evaluate, holm, mean_over
from exonym.evaluate import compare as compare_runs
from exonym.files import whole_file, whole_folder
from exonym.formats import write_corpus
from exonym.report import MeanRow, Results, Row, Verdict, write_page
from exonym.run.data import RunData, Target, read_data
from exonym.run.store import Store
from exonym.transfer import Outcome, transfer
from exonym.transfer.stages import tag, train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from exonym.run.recipe import NamedMethod, Recipe

RESULTS, PAGE, STORE = "results.json", "report.html", "store"


@dataclass(frozen=True)
class Step:
    """One method on one language with one seed."""

    target: Target
    method: NamedMethod
    seed: int

    def __str__(self) -> str:
        return f"{self.target.language} {self.method.name}" + (f" seed {self.seed}" if self.seed != 1 else "")


def compare(
    recipe: Recipe, out: Path, *, store: Path | None = None, told: Callable[[int, int, str], None] | None = None
) -> Results:
    """Compare the methods of a recipe.

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
    _claim(out)
    steps = list(_steps(recipe, data))
    keep = Store(store or out / STORE)
    predictions: dict[tuple[str, str], list[Corpus]] = {}
    seconds: dict[tuple[str, str], float] = {}
    ledgers: dict[tuple[str, str], Ledger] = {}
    for number, step in enumerate(steps):
        if told:
            keep.told = _teller(told, number, len(steps), step)
        keep.used.clear()
        outcome = transfer(step.target.task, step.method.options, keep, step.seed)
        _write(outcome, out / step.target.language / step.method.name / f"seed-{step.seed}")
        key = step.target.language, step.method.name
        predictions.setdefault(key, []).append(outcome.predictions)
        seconds[key] = seconds.get(key, 0.0) + sum(keep.used.values())
        ledgers.setdefault(key, Ledger()).update(outcome.ledger)
    source = _score_source(recipe, data, keep)
    rows = tuple(_rows(recipe, data, predictions, seconds, ledgers))
    results = Results(
        title=recipe.title,
        baseline=_baseline(recipe).name,
        source_language=recipe.source.language,
        source=source,
        rows=rows,
        verdicts=tuple(_verdicts(recipe, data, rows, predictions)),
        means=tuple(_means(recipe, rows)),
        ledger=data.ledger,
        warnings=data.warnings,
        recipe=asdict(recipe),
        machine=_machine(),
    )
    with whole_file(out / RESULTS) as file:
        json.dump(results.to_dict(), file, ensure_ascii=False, indent=1)
        file.write("\n")
    write_page(results, out / PAGE)
    return results


def plan(recipe: Recipe, out: Path, *, store: Path | None = None) -> list[tuple[str, list[tuple[str, str]]]]:
    """Say what `compare` would do, after all its checks, and run nothing.

    Returns:
        For each step (`de gloss`) its stages and what is done: `run`, `found` in the store, or `shared` with an earlier
        step.
    """
    data = read_data(recipe)
    stages: list[tuple[str, str]] = []
    keep = Store(store or out / STORE, plan=True, told=lambda name, state: stages.append((name, state)))
    planned = []
    for step in _steps(recipe, data):
        stages.clear()
        transfer(step.target.task, step.method.options, keep, step.seed)
        planned.append((str(step), list(stages)))
    return planned


def _steps(recipe: Recipe, data: RunData) -> Iterator[Step]:
    for target in data.targets:
        for method in recipe.methods:
            for seed in recipe.seeds:
                yield Step(target, method, seed)


def _teller(told: Callable[[int, int, str], None], number: int, steps: int, step: Step) -> Callable[[str, str], None]:
    return lambda stage, state: told(number, steps, f"{step}: {stage.replace('_', ' ')}")


def _claim(out: Path) -> None:
    """Make the folder ours, and take away old results, so that a run that is cut short does not look finished."""
    ours = (RESULTS, PAGE, STORE)
    if out.exists() and not out.is_dir():
        raise DataError(f"{out}: found a file; expected a folder, or nothing. Choose another -o.")
    if out.is_dir() and any(out.iterdir()) and not any((out / name).exists() for name in ours):
        raise DataError(f"{out}: found a folder of something else; expected an empty or new one. Choose another -o.")
    (out / STORE).mkdir(parents=True, exist_ok=True)
    for name in (RESULTS, PAGE):
        (out / name).unlink(missing_ok=True)


def _write(outcome: Outcome, folder: Path) -> None:
    with whole_folder(folder) as fresh:
        write_corpus(fresh / "predictions.conll", outcome.predictions)
        if outcome.corpus is not None:
            write_corpus(fresh / "projected.conll", outcome.corpus)
            write_corpus(fresh / "projected.jsonl", outcome.corpus)
        outcome.tagger.save(fresh / "tagger")


def _baseline(recipe: Recipe) -> NamedMethod:
    return next((method for method in recipe.methods if method.options.kind == "direct"), recipe.methods[0])


def _rows(
    recipe: Recipe,
    data: RunData,
    predictions: dict[tuple[str, str], list[Corpus]],
    seconds: dict[tuple[str, str], float],
    ledgers: dict[tuple[str, str], Ledger],
) -> Iterator[Row]:
    base = _baseline(recipe).name
    compared: dict[tuple[str, str], Comparison] = {}
    corrected: dict[tuple[str, str], float] = {}
    for method in recipe.methods:
        if method.name == base:
            continue
        keys = [(target.language, method.name) for target in data.targets]
        for target, key in zip(data.targets, keys, strict=True):
            mine, other = predictions[key], predictions[target.language, base]
            compared[key] = compare_runs(target.gold, mine, other, **_test_options(recipe))
        p_values = holm([compared[key].p_randomisation for key in keys])
        corrected.update(zip(keys, p_values, strict=True))
    for target in data.targets:
        for method in recipe.methods:
            key = target.language, method.name
            yield Row(
                language=target.language,
                method=method.name,
                evaluation=_score(recipe, target.gold, predictions[key], data),
                comparison=compared.get(key),
                p=corrected.get(key),
                seconds=seconds[key],
                ledger=ledgers[key],
            )


def _verdicts(
    recipe: Recipe, data: RunData, rows: tuple[Row, ...], predictions: dict[tuple[str, str], list[Corpus]]
) -> Iterator[Verdict]:
    """Compare, in each language, the best method that needs no target labels with the next best one."""
    ceiling = {method.name for method in recipe.methods if method.options.kind == "supervised"}
    for target in data.targets:
        own = [row for row in rows if row.language == target.language and row.method not in ceiling]
        ranked = sorted(own, key=lambda row: -row.evaluation.scores.micro.f1)
        if ranked:
            best, second = ranked[0], (ranked[1] if len(ranked) > 1 else None)
            pair = [predictions[target.language, row.method] for row in ranked[:2]]
            margin = compare_runs(target.gold, *pair, **_test_options(recipe)) if second else None
            yield Verdict(best=best, second=second, margin=margin)


def _means(recipe: Recipe, rows: tuple[Row, ...]) -> Iterator[MeanRow]:
    """Average each method's F1 over the languages, if there are several."""
    if len(recipe.targets) < 2:
        return
    for method in recipe.methods:
        counts = {row.language: row.evaluation.counts for row in rows if row.method == method.name}
        yield MeanRow(method=method.name, f1=mean_over(counts, **_options(recipe)))


def _options(recipe: Recipe) -> dict[str, Any]:
    return {"resamples": recipe.resamples, "level": recipe.confidence, "seed": recipe.seeds[0]}


def _test_options(recipe: Recipe) -> dict[str, Any]:
    """Ten times as many resamples as for intervals: p-values, unlike intervals, are corrected and so must be finer."""
    return _options(recipe) | {"resamples": 10 * recipe.resamples}


def _score(recipe: Recipe, gold: Corpus, predicted: list[Corpus], data: RunData) -> Evaluation:
    """Score with the source training text as what was seen; the label map was applied when the data were read."""
    scored = evaluate(gold, predicted, train=data.targets[0].task.source, **_options(recipe))
    shown = scored.signature.replace("labels:none", f"labels:{LabelMap(recipe.labels)}")
    return replace(scored, signature=shown)


def _score_source(recipe: Recipe, data: RunData, do: Store) -> Evaluation | None:
    """Score the source tagger of the baseline on the source language."""
    if data.source_test is None:
        return None
    tagger = do(train, data.targets[0].task.source, _baseline(recipe).options.tagger)
    predicted = do(tag, tagger, data.source_test.unlabelled())
    return _score(recipe, data.source_test, [predicted], data)


def _machine() -> dict[str, Any]:
    packages = ("exonym", "numpy", "scipy", "python-crfsuite")
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "packages": {package: version(package) for package in packages},
    }
