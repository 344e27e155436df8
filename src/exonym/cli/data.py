"""`exonym data`: conversions between files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exonym.cli.shared import (
    CorpusFormat,
    OnError,
    Output,
    Repair,
    Scheme,
    check_output,
    opened,
    read_labelled,
    show_ledger,
    write_sentences,
)

app = typer.Typer(help="Convert files.", no_args_is_help=True)


@app.command()
def bitext(
    source: Annotated[Path, typer.Argument(help="Corpus or text of the source language.")],
    target: Annotated[Path, typer.Argument(help="Its translation, sentence by sentence.")],
    output: Output = None,
    format: CorpusFormat = None,
    scheme: Scheme = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Join two corpora that are parallel line by line into a two-column bitext.

    Example: exonym data bitext en.conll de.conll -o en-de.tsv
    """
    from exonym.data import Ledger
    from exonym.formats import read_parallel
    from exonym.formats.bitext import write_bitext

    check_output(output)
    ledger = Ledger()
    pairs = read_parallel(source, target, format, on_error=on_error, ledger=ledger, scheme=scheme, repair=repair)
    with opened(output) as file:
        write_bitext(pairs, file)
    show_ledger(ledger)


@app.command()
def convert(
    corpus: Annotated[Path, typer.Argument(help="Corpus in any format and tag scheme that exonym reads.")],
    output: Output = None,
    format: CorpusFormat = None,
    scheme: Scheme = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Write a corpus in the format of the output's ending; tags become IOB2.

    Example: exonym data convert old.bio -o new.jsonl --repair conlleval
    """
    from exonym.data import Ledger
    from exonym.formats import format_of

    check_output(output)
    if output is not None:
        format_of(output)
    ledger = Ledger()
    read = read_labelled(corpus, format, scheme=scheme, on_error=on_error, ledger=ledger, repair=repair)
    write_sentences(output, read)
    show_ledger(ledger)
