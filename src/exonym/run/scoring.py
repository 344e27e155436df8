"""From the predictions of a comparison to its rows, verdicts and means. Start at `score_rows`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from exonym.data import Corpus, LabelMap, Ledger
from exonym.evaluate import Comparison, Evaluation, evaluate, holm, mean_over, signature
from exonym.evaluate import compare as compare_runs
from exonym.formats import format_of
from exonym.report import MeanRow, Row, Verdict
from exonym.tag import LightOptions, NeuralOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exonym.run.data import RunData
    from exonym.run.recipe import File, NamedMethod, Recipe


R = TypeVar("R", Evaluation, Comparison)


@dataclass(frozen=True)
class Run:
    """What is kept in memory of one method on one language with one seed.

    Attributes:
        predictions: the test text with the spans that it found.
        seconds: time that its stages took when they ran, shared ones included.
        ledger: what it lost on the way.
        notes: what else it says of how it was made.
    """

    predictions: Corpus
    seconds: float
    ledger: Ledger
    notes: tuple[str, ...] = ()


Runs = dict[tuple[str, str], list[Run]]  # (language, method) -> a run for each seed


def baseline(recipe: Recipe) -> NamedMethod:
    """Return the method that the others are compared with: `direct`, or the first if there is no `direct`."""
    return next((method for method in recipe.methods if method.options.kind == "direct"), recipe.methods[0])


def source_tagger(recipe: Recipe) -> LightOptions | NeuralOptions:
    """Return how the source tagger is trained whose score at home is told: as the baseline's, if it trains one."""
    methods = (baseline(recipe), *recipe.methods)
    options = (getattr(method.options, "tagger", None) for method in methods)
    return next((tagger for tagger in options if tagger is not None), LightOptions())


def score(recipe: Recipe, data: RunData, gold: Corpus, runs: list[Run], file: File) -> Evaluation:
    """Score with the source training text, if any, as what was seen; `file` is what the gold was read from."""
    train = data.targets[0].task.source if recipe.has_labels else None
    return _signed(recipe, evaluate(gold, _predictions(runs), train=train, **_options(recipe, file)))


def score_rows(recipe: Recipe, data: RunData, runs: Runs) -> Iterator[Row]:
    """Score every method on every language; one without runs there (it failed) has no row."""
    differences = _differences(recipe, data, runs)
    for language, gold, file in _tests(recipe, data):
        for method in recipe.methods:
            key = language, method.name
            if key not in runs:
                continue
            comparison, p = differences.get(key, (None, None))
            yield Row(
                language=language,
                method=method.name,
                evaluation=score(recipe, data, gold, runs[key], file),
                comparison=comparison,
                p=p,
                seconds=sum(run.seconds for run in runs[key]) / len(runs[key]),
                ledger=runs[key][0].ledger,
                notes=runs[key][0].notes,
            )


def _differences(recipe: Recipe, data: RunData, runs: Runs) -> dict[tuple[str, str], tuple[Comparison, float]]:
    """Compare every method with the baseline, where both ran, and correct each method's p-values over languages."""
    base = baseline(recipe).name
    found = {}
    for method in recipe.methods:
        if method.name == base:
            continue
        compared = {
            language: compare_runs(
                gold,
                _predictions(runs[language, method.name]),
                _predictions(runs[language, base]),
                **_test_options(recipe, file),
            )
            for language, gold, file in _tests(recipe, data)
            if (language, method.name) in runs and (language, base) in runs
        }
        p_values = holm([comparison.p_randomisation for comparison in compared.values()])
        for (language, comparison), p in zip(compared.items(), p_values, strict=True):
            found[language, method.name] = _signed(recipe, comparison), p
    return found


def verdicts(recipe: Recipe, data: RunData, rows: tuple[Row, ...], runs: Runs) -> Iterator[Verdict]:
    """Compare, in each language, the best method that needs no target labels with the next best one."""
    ceiling = {method.name for method in recipe.methods if method.options.kind == "supervised"}
    for language, gold, file in _tests(recipe, data):
        own = [row for row in rows if row.language == language and row.method not in ceiling]
        ranked = sorted(own, key=lambda row: -row.evaluation.scores.micro.f1)
        if ranked:
            best, second = ranked[0], (ranked[1] if len(ranked) > 1 else None)
            pair = [_predictions(runs[language, row.method]) for row in ranked[:2]]
            options = _test_options(recipe, file)
            margin = _signed(recipe, compare_runs(gold, *pair, **options)) if second else None
            yield Verdict(best=best, second=second, margin=margin)


def means(recipe: Recipe, rows: tuple[Row, ...]) -> Iterator[MeanRow]:
    """Average over the languages, if there are several, the F1 of each method that has a row in all of them."""
    languages = [target.language for target in recipe.targets if target.test is not None]
    if len(languages) < 2:
        return
    for method in recipe.methods:
        counts = {row.language: row.evaluation.counts for row in rows if row.method == method.name}
        if len(counts) == len(languages):
            yield MeanRow(method=method.name, f1=mean_over(counts, **_resampling(recipe)))


def _predictions(runs: list[Run]) -> list[Corpus]:
    return [run.predictions for run in runs]


def _tests(recipe: Recipe, data: RunData) -> Iterator[tuple[str, Corpus, File]]:
    """Yield the languages that have labelled test text, with it and the file that it was read from."""
    for target, found in zip(recipe.targets, data.targets, strict=True):
        if target.test is not None and found.gold is not None:
            yield target.language, found.gold, target.test


def _resampling(recipe: Recipe) -> dict[str, Any]:
    return {"resamples": recipe.resamples, "level": recipe.confidence, "seed": recipe.seeds[0]}


def _options(recipe: Recipe, file: File) -> dict[str, Any]:
    """How to resample, and how the gold labels were read, for the signature."""
    find = format_of(file.path, file.format).scheme
    scheme = "spans" if find is None else file.scheme or find(file.path)
    return _resampling(recipe) | {"scheme": scheme, "repair": file.repair}


def _test_options(recipe: Recipe, file: File) -> dict[str, Any]:
    """Ten times as many resamples as for intervals: p-values, unlike intervals, are corrected and so must be finer."""
    return _options(recipe, file) | {"resamples": 10 * recipe.resamples}


def _signed(recipe: Recipe, result: R) -> R:
    """Put the recipe's label map into a signature: it was applied when the data were read, not by the scorer."""
    fields = signature(label_map=LabelMap(recipe.labels)).split("|")
    labels = next(field for field in fields if field.startswith("labels:"))
    return replace(result, signature=result.signature.replace("labels:none", labels))
