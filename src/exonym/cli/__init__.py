"""The command line, one file per command group; it reads, calls the library and shows, and decides nothing.

Heavy imports are inside the commands, so that `exonym --help` answers at once. Errors that exonym raises on purpose,
and files that cannot be read or written, end with a message and exit code 1; wrong usage with 2; an interrupt with 130.
"""

from __future__ import annotations

import io
import os
import signal
import sys

import typer

from exonym.cli import align, compare, data, distil, evaluate, explain, project, rank, recommend, tag, translate
from exonym.errors import ExonymError

app = typer.Typer(
    name="exonym",
    help="Carry named-entity labels into a language that has few or none, and compare the ways to do it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("compare")(compare.compare)
app.command("recommend")(recommend.recommend)
app.command("translate")(translate.translate)
app.command("convert-translator")(translate.convert_translator)
app.command("align")(align.align)
app.command("project")(project.project)
app.command("explain")(explain.explain)
app.command("train")(tag.train)
app.command("distil")(distil.distil)
app.command("tag")(tag.tag)
app.command("evaluate")(evaluate.evaluate)
app.command("rank-sources")(rank.rank_sources)
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


class _Stopped(BaseException):
    """The user pressed Ctrl-C. Not a KeyboardInterrupt, which Typer would swallow without a word."""


def _stop(*_: object) -> None:
    raise _Stopped


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
    # The matrices of the aligner are small: further BLAS threads only spin. Set before numpy is first imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGINT, _stop)
    try:
        app()
    except ExonymError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        typer.echo(f"error: {error.filename or 'output'}: {error.strerror or error}", err=True)
        sys.exit(1)
    except _Stopped:
        typer.echo(
            "stopped; nothing half-written was left (run exonym compare or recommend again: it finds the stages that "
            "were done)",
            err=True,
        )
        sys.exit(130)
