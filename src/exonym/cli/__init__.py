"""The command line, one file per command group; it reads, calls the library and shows, and decides nothing.

Heavy imports are inside the commands, so that `exonym --help` answers at once. Errors that exonym raises on purpose end
with their message and exit code 1; wrong usage with 2; an interrupt with 130.
"""

from __future__ import annotations

import os
import sys

import typer

from exonym.cli import align, compare, data, evaluate, project, tag
from exonym.errors import ExonymError

app = typer.Typer(
    name="exonym",
    help="Carry named-entity labels into a language that has few or none, and compare the ways to do it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("compare")(compare.compare)
app.command("align")(align.align)
app.command("project")(project.project)
app.command("train")(tag.train)
app.command("tag")(tag.tag)
app.command("evaluate")(evaluate.evaluate)
app.add_typer(data.app, name="data")


def _show_version(asked: bool) -> None:
    if asked:
        from exonym import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    try:
        app()
    except ExonymError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("stopped; nothing half-written was left, and finished stages will be found again", err=True)
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
