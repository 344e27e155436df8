"""`exonym data`: conversions between files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exonym.cli.shared import OnError, Output, Repair, opened, show_ledger, write_sentences

app = typer.Typer(help="Convert files.", no_args_is_help=True)


@app.command()
def bitext(
    source: Annotated[Path, typer.Argument(help="Corpus or text of the source language.")],
    target: Annotated[Path, typer.Argument(help="Its translation, sentence by sentence.")],
    output: Output = None,
) -> None:
    """Join two corpora that are parallel line by line into a two-column bitext.

    Example: exonym data bitext en.conll de.conll -o en-de.tsv
    """
    from exonym.data import Pair
    from exonym.errors import DataError
    from exonym.formats import read_corpus
    from exonym.formats.bitext import write_bitext

    left, right = read_corpus(source), read_corpus(target)
    if len(left) != len(right):
        raise DataError(
            f"{target}: found {len(right)} sentences; expected {len(left)}, as in {source}. "
            "Sentence n of one must translate sentence n of the other."
        )
    with opened(output) as file:
        write_bitext((Pair(a.words, b.words) for a, b in zip(left, right, strict=True)), file)


@app.command()
def convert(
    corpus: Annotated[Path, typer.Argument(help="Corpus in any format and tag scheme that exonym reads.")],
    output: Output = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Write a corpus in the format of the output's ending; tags become IOB2.

    Example: exonym data convert old.bio -o new.jsonl --repair conlleval
    """
    from exonym.data import Ledger
    from exonym.formats import read_corpus

    ledger = Ledger()
    write_sentences(output, read_corpus(corpus, on_error=on_error, ledger=ledger, repair=repair))
    show_ledger(ledger)
