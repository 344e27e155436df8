"""`exonym compare`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from exonym.cli.shared import console, progress_bar, say


def compare(
    recipe: Annotated[Path, typer.Argument(help="TOML file: languages, data, methods (docs/recipe.md).")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for results, report, predictions and taggers.")
    ],
    store: Annotated[
        Path | None,
        typer.Option(help="Folder where finished stages are kept for later runs; OUTPUT/store if not given."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, say what would run, run nothing.")
    ] = False,
) -> None:
    """Run every method of a recipe on every language and say which carries labels best.

    Example: exonym compare examples/recipes/news.toml -o out
    """
    from exonym import run
    from exonym.report import answer, comparison_table, details, notes

    asked = run.read_recipe(recipe)
    if dry_run:
        for step, stages in run.plan(asked, output, store=store):
            runs = [(same, sum(1 for _ in group)) for same, group in groupby(stages)]
            parts = [f"{stage}{f' x {times}' * (times > 1)} ({state})" for (stage, state), times in runs]
            typer.echo(f"{step}: {', '.join(parts)}")
        return
    with progress_bar("reading") as told:
        results = run.compare(asked, output, store=store, told=told)
    screen = console()
    screen.print(comparison_table(results, screen.width))
    answers = [answer(verdict, results.baseline) for verdict in results.verdicts]
    for line in (*details(results, screen.width), *answers, *notes(results)):
        typer.echo(line)
    say(f"report: {output / 'report.html'}")
    if results.failures:
        raise typer.Exit(1)
