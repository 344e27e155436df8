"""`exonym recommend`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exonym.cli.shared import console, progress_bar, say


def recommend(
    recipe: Annotated[
        Path, typer.Argument(help="TOML file: languages and data; methods may be left out (docs/recommend.md).")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for recommendation.json and a recipe of the method.")
    ],
    target: Annotated[str | None, typer.Option(help="The target language, if the recipe has several.")] = None,
    sentences: Annotated[
        int, typer.Option(min=100, help="Most sentences of each text in the comparison, drawn at random.")
    ] = 5000,
    store: Annotated[
        Path | None,
        typer.Option(help="Folder where finished stages are kept for later runs; OUTPUT/store if not given."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, say what applies and would be run, run nothing.")
    ] = False,
) -> None:
    """Say which methods apply to what you have, compare them on a small scale, and name the one to take.

    Example: exonym recommend sw.toml -o advice
    """
    from exonym import run
    from exonym.report import candidates_table, trials_table

    asked = run.read_recipe(recipe, complete=False)
    with progress_bar("reading") as told:
        found = run.recommend(asked, output, language=target, sentences=sentences, store=store, told=told, dry=dry_run)
    screen = console()
    screen.print(candidates_table(found))
    if found.trials:
        screen.print(trials_table(found))
    for failure in found.failures:
        typer.echo(f"failed: {failure.method} seed {failure.seed}: {failure.reason}")
    for line in (found.reason, *found.caveats, *(f"warning: {warning}" for warning in found.warnings)):
        typer.echo(line)
    if dry_run:
        return
    if found.choice is None:
        raise typer.Exit(1)
    say(f"to train it: exonym compare {output / run.RECIPE} -o {output / 'trained'}")
