"""`exonym evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exonym.cli.shared import Repair, console

if TYPE_CHECKING:
    from exonym.evaluate import Comparison, Evaluation


def evaluate(
    gold: Annotated[Path, typer.Argument(help="The right labels (CoNLL or JSONL).")],
    predicted: Annotated[
        list[Path], typer.Argument(help="Predictions for the same sentences; more are compared with the first.")
    ],
    train: Annotated[
        Path | None, typer.Option(help="Training corpus: entities that it lacks are scored apart.")
    ] = None,
    label_map: Annotated[
        list[str] | None,
        typer.Option("--map", help="OLD=NEW or OLD=drop on both sides before scoring; may be repeated."),
    ] = None,
    resamples: Annotated[int, typer.Option(help="Bootstrap resamples, and swaps of the test.", min=100)] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the resampling.", min=0)] = 1,
    repair: Repair = "error",
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Score predictions by strict entity F1, with intervals, and compare systems.

    Example: exonym evaluate gold.conll mine.conll other.conll
    """
    from exonym.data import LabelMap
    from exonym.evaluate import compare, holm
    from exonym.evaluate import evaluate as score
    from exonym.formats import read_corpus

    right, *systems = (read_corpus(path, repair=repair) for path in (gold, *predicted))
    options: dict[str, Any] = {
        "label_map": LabelMap(_changes(label_map or [])),
        "resamples": resamples,
        "seed": seed,
        "scheme": ",".join(sorted({_scheme(path) for path in (gold, *predicted)})),
        "repair": repair,
    }
    seen_in = read_corpus(train, repair=repair) if train else None
    scored = [score(right, system, train=seen_in, **options) for system in systems]
    compared = [compare(right, system, systems[0], **options) for system in systems[1:]]
    corrected = holm([comparison.p_randomisation for comparison in compared])
    names = [str(path) for path in predicted]
    if json:
        _print_json(names, scored, compared, corrected)
    else:
        _print_tables(names, scored, compared, corrected)


def _scheme(path: Path) -> str:
    from exonym.formats import scheme_of

    return "spans" if path.suffix == ".jsonl" else scheme_of(path)


def _changes(items: list[str]) -> dict[str, str]:
    pairs = [item.partition("=") for item in items]
    for item, (old, _, new) in zip(items, pairs, strict=True):
        if not old or not new:
            raise typer.BadParameter(f"found {item!r}; expected OLD=NEW or OLD=drop", param_hint="--map")
    return {old: new for old, _, new in pairs}


def _print_json(names: list[str], scored: list[Evaluation], compared: list[Comparison], corrected: list[float]) -> None:
    import orjson

    rows = [{"system": name, **evaluation.to_dict()} for name, evaluation in zip(names, scored, strict=True)]
    for row, comparison, p in zip(rows[1:], compared, corrected, strict=True):
        row["comparison"] = {"with": names[0], **comparison.to_dict(), "p_holm": p}
    typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())


def _print_tables(
    names: list[str], scored: list[Evaluation], compared: list[Comparison], corrected: list[float]
) -> None:
    from rich.table import Table

    from exonym.report import interval_text, p_text, percent

    table = Table(header_style="bold")
    for heading in ("system", "type", "precision", "recall", "F1", "95% interval", "gold", "predicted"):
        table.add_column(heading, justify="left" if heading in ("system", "type") else "right")
    for name, evaluation in zip(names, scored, strict=True):
        intervals = evaluation.intervals
        rows = [(label, score) for label, score in evaluation.scores.per_label.items()]
        for label, score in [*rows, ("micro", evaluation.scores.micro), ("macro", evaluation.scores.macro)]:
            own = (
                {} if intervals is None else {**intervals.per_label, "micro": intervals.micro, "macro": intervals.macro}
            )
            shown = (percent(score.precision), percent(score.recall), percent(score.f1))
            bounds = interval_text(own[label]) if label in own else ""
            table.add_row(
                name if label == "micro" else "", label, *shown, bounds, str(score.gold), str(score.predicted)
            )
        table.add_section()
    console().print(table)
    for name, evaluation in zip(names, scored, strict=True):
        errors = ", ".join(f"{kind} {count}" for kind, count in evaluation.errors.counts.items())
        typer.echo(f"errors of {name}: {errors}")
        if evaluation.unseen is not None:
            score = evaluation.unseen.scores.micro
            share = percent(evaluation.unseen.share)
            typer.echo(f"unseen in training ({share}% of gold): F1 {percent(score.f1)}, recall {percent(score.recall)}")
    for name, comparison, p in zip(names[1:], compared, corrected, strict=True):
        low, high = 100 * comparison.interval.low, 100 * comparison.interval.high
        difference = f"{100 * comparison.difference:+.1f} [{low:+.1f}, {high:+.1f}]"
        typer.echo(f"{name} against {names[0]}: {difference}, p {p_text(p)} (randomisation, Holm), ", nl=False)
        typer.echo(f"{p_text(comparison.p_bootstrap)} (bootstrap)")
    typer.echo(f"signature: {scored[0].signature}")
