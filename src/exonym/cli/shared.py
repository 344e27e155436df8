"""Options and output that several commands share."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.console import Console

    from exonym.data import Ledger, Sentence


OnError = Annotated[
    Literal["raise", "skip"],
    typer.Option("--on-error", help="raise: report all faults and stop; skip: leave them out, counted."),
]
Repair = Annotated[
    Literal["error", "conlleval"],
    typer.Option("--repair", help="conlleval: a tag that continues nothing opens an entity, counted."),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write; standard output if not given.")]


def say(message: str) -> None:
    """Write a line to standard error."""
    typer.echo(message, err=True)


def show_ledger(ledger: Ledger) -> None:
    """Write what was read, skipped, repaired and lost to standard error."""
    for line in ledger.lines():
        say(line)


def write_sentences(output: Path | None, sentences: Iterable[Sentence]) -> None:
    """Write sentences to a file in the format of its ending, or as CoNLL to standard output."""
    from exonym.formats import write_conll, write_corpus

    if output is None:
        write_conll(sentences, sys.stdout)
    else:
        write_corpus(output, sentences)


@contextmanager
def opened(output: Path | None) -> Iterator[TextIO]:
    """Open a file that appears only when it is whole, or standard output."""
    from exonym.files import whole_file

    if output is None:
        yield sys.stdout
    else:
        with whole_file(output) as file:
            yield file


@contextmanager
def progress_bar(description: str) -> Iterator[Callable[[float, float, str], None]]:
    """Show a bar with the time left on standard error; gives a function of (done, total, what is done now)."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(description, total=None)
        yield lambda done, total, what: progress.update(bar, completed=done, total=total, description=what)


def console() -> Console:
    """Return a console on standard output, wide enough for a table where it is not a terminal."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 160)
