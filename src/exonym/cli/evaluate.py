"""`exonym evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exonym.cli.shared import LabelledFormat, Repair, Scheme, console, label_changes, read_labelled, say, show_ledger

if TYPE_CHECKING:
    from rich.table import Table

    from exonym.data import Corpus, LabelMap
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
    format: LabelledFormat = None,
    scheme: Scheme = None,
    repair: Repair = "error",
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Score predictions by strict entity F1, with intervals, and compare systems.

    Example: exonym evaluate gold.conll mine.conll other.conll
    """
    from exonym.data import LabelMap, Ledger
    from exonym.evaluate import compare, holm
    from exonym.evaluate import evaluate as score

    ledger = Ledger()
    reading: dict[str, Any] = {"format": format, "scheme": scheme, "repair": repair, "ledger": ledger}
    right, *systems = (read_labelled(path, **reading) for path in (gold, *predicted))
    seen_in = read_labelled(train, **reading) if train else None
    mapped = LabelMap(label_changes(label_map or []))
    _check_labels(mapped, right, systems)
    options: dict[str, Any] = {
        "label_map": mapped,
        "resamples": resamples,
        "seed": seed,
        "scheme": ",".join(sorted({scheme or _scheme(path, format) for path in (gold, *predicted)})),
        "repair": repair,
    }
    scored = [score(right, system, train=seen_in, **options) for system in systems]
    compared = [compare(right, system, systems[0], **options) for system in systems[1:]]
    corrected = holm([comparison.p_randomisation for comparison in compared])
    names = [str(path) for path in predicted]
    if json:
        _print_json(names, scored, compared, corrected)
    else:
        _print_tables(names, scored, compared, corrected)
    show_ledger(ledger)
    for name, evaluation in zip(names, scored, strict=True):
        for line in evaluation.changes.lines():
            say(f"{name}: {line}")


def _check_labels(label_map: LabelMap, gold: Corpus, systems: list[Corpus]) -> None:
    """Refuse a map of labels that nobody uses, and gold that leaves nothing to score."""
    from exonym.errors import DataError, RecipeError, suggest

    known = {label for corpus in (gold, *systems) for label in corpus.labels}
    for label in label_map.changes:
        if label not in known:
            raise RecipeError(f"--map: found {label!r}; expected a label of these files. {suggest(label, known)}")
    if not label_map.apply(gold)[0].labels:
        after = " after --map" if gold.labels else ""
        raise DataError(
            f"{gold.name}: found no entity in gold{after}; expected at least one. Give the labelled file, gold first."
        )


def _scheme(path: Path, format: str | None) -> str:
    from exonym.formats import scheme_of

    return scheme_of(path, format)


def _print_json(names: list[str], scored: list[Evaluation], compared: list[Comparison], corrected: list[float]) -> None:
    import orjson

    rows = [{"system": name, **evaluation.to_dict()} for name, evaluation in zip(names, scored, strict=True)]
    for row, comparison, p in zip(rows[1:], compared, corrected, strict=True):
        row["comparison"] = {"with": names[0], **comparison.to_dict(), "p_holm": p}
    typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())


def _print_tables(
    names: list[str], scored: list[Evaluation], compared: list[Comparison], corrected: list[float]
) -> None:
    from exonym.report import p_text, percent

    for name, evaluation in zip(names, scored, strict=True):
        typer.echo(name)
        console().print(_table(evaluation))
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


def _table(evaluation: Evaluation) -> Table:
    """Make the table of one system; what comes from data is shown literally, and numbers are never cut."""
    from rich.table import Table
    from rich.text import Text

    from exonym.report import interval_text, percent

    table = Table(header_style="bold")
    table.add_column("type", overflow="fold")
    for heading in ("precision", "recall", "F1", "95% interval", "gold", "predicted"):
        table.add_column(heading, justify="right", no_wrap=True)
    scores, intervals = evaluation.scores, evaluation.intervals
    own = {} if intervals is None else {**intervals.per_label, "micro": intervals.micro, "macro": intervals.macro}
    for label, score in [*scores.per_label.items(), ("micro", scores.micro), ("macro", scores.macro)]:
        shown = (percent(score.precision), percent(score.recall), percent(score.f1))
        bounds = interval_text(own[label]) if label in own else ""
        table.add_row(Text(label), *shown, Text(bounds), str(score.gold), str(score.predicted))
    return table
