"""`exonym data`: corpora converted, mapped and split; `exonym.cli.data_check` counts and checks them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exonym.cli.data_check import check, stats
from exonym.cli.shared import (
    CorpusFormat,
    OnError,
    Output,
    Repair,
    Scheme,
    Units,
    WrittenFormat,
    check_corpus,
    check_output,
    console,
    label_changes,
    opened,
    read_labelled,
    say,
    show_ledger,
    write_sentences,
)

if TYPE_CHECKING:
    from exonym.data import Corpus

app = typer.Typer(help="Convert, map, split, count and check corpora.", no_args_is_help=True)
app.command("stats")(stats)
app.command("check")(check)


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
    to: WrittenFormat = None,
    scheme: Scheme = None,
    units: Units = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Write a corpus in another format, such as that of an annotation tool; tags become IOB2.

    Example: exonym data convert old.bio -o tasks.json --to labelstudio --repair conlleval
    """
    from exonym.data import Ledger

    check_corpus(output, to, labelled=False)
    ledger = Ledger()
    reading: dict[str, Any] = {"scheme": scheme, "units": units, "on_error": on_error, "repair": repair}
    read = read_labelled(corpus, format, ledger=ledger, **reading)
    write_sentences(output, read, to)
    show_ledger(ledger)


@app.command("map")
def map_labels(
    corpus: Annotated[Path, typer.Argument(help="Labelled corpus.")],
    changes: Annotated[list[str], typer.Option("--map", help="OLD=NEW or OLD=drop; may be repeated.")],
    output: Output = None,
    format: CorpusFormat = None,
    to: WrittenFormat = None,
    scheme: Scheme = None,
    units: Units = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Rename, merge or drop entity types, and say how many entities each change touched.

    Example: exonym data map en.conll --map GPE=LOC --map DATE=drop -o mapped.conll
    """
    from exonym.data import LabelMap, Ledger
    from exonym.errors import RecipeError, suggest

    check_corpus(output, to)
    mapping = LabelMap(label_changes(changes))
    ledger = Ledger()
    reading: dict[str, Any] = {"scheme": scheme, "units": units, "on_error": on_error, "repair": repair}
    read = read_labelled(corpus, format, ledger=ledger, **reading)
    for label in mapping.changes:
        if label not in read.labels:
            known = suggest(label, read.labels)
            raise RecipeError(f"--map: found {label!r}; expected a label of {corpus}. {known}")
    mapped, counts = mapping.apply(read)
    write_sentences(output, mapped, to)
    show_ledger(ledger)
    for change, count in sorted(counts.items()):
        say(f"{change}: {count}")
    say(f"labels now: {', '.join(mapped.labels) or 'none'}")


@app.command()
def split(
    corpus: Annotated[Path, typer.Argument(help="Labelled corpus.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="New folder for the parts.")],
    shares: Annotated[str, typer.Option(help="NAME=SHARE of each part, by commas.")] = "train=80,dev=10,test=10",
    seed: Annotated[int, typer.Option(help="Seed of the chance.", min=0)] = 1,
    separator: Annotated[
        str, typer.Option(help="Sentences whose ids are equal before the last of these are one document.")
    ] = ":",
    format: CorpusFormat = None,
    to: WrittenFormat = None,
    scheme: Scheme = None,
    units: Units = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Split a corpus by chance; documents, and sentences with the same words, are never parted.

    Example: exonym data split all.conll -o parts --shares train=80,dev=10,test=10 --seed 1
    """
    from exonym.data import Ledger
    from exonym.data import split as parted
    from exonym.files import whole_folder
    from exonym.formats import CORPUS_FORMATS, format_of, write_corpus

    wanted = _shares(shares)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise typer.BadParameter(f"found {output}; expected a new folder", param_hint="--output")
    known = CORPUS_FORMATS[to] if to else format_of(corpus, format)
    name = next(each for each, other in CORPUS_FORMATS.items() if other is known)
    ledger = Ledger()
    reading: dict[str, Any] = {"scheme": scheme, "units": units, "on_error": on_error, "repair": repair}
    read = read_labelled(corpus, format, ledger=ledger, **reading)
    parts = parted(read, list(wanted.values()), seed=seed, separator=separator)
    ending = known.endings[0] if known.endings else ""
    with whole_folder(output) as folder:
        for part, sentences in zip(wanted, parts, strict=True):
            write_corpus(folder / f"{part}{ending}", sentences, name)
    show_ledger(ledger)
    _show_parts(dict(zip(wanted, parts, strict=True)), read)


def _shares(text: str) -> dict[str, float]:
    """Read the shares of the parts: `train=80,test=20`."""
    shares: dict[str, float] = {}
    for item in text.split(","):
        name, _, number = item.strip().partition("=")
        is_number = number.replace(".", "", 1).isdecimal() and float(number) > 0
        if not name.replace("-", "").replace("_", "").isalnum() or not is_number or name in shares:
            expected = "NAME=SHARE,..., with names that differ and shares above 0"
            raise typer.BadParameter(f"found {text!r}; expected {expected}", param_hint="--shares")
        shares[name] = float(number)
    return shares


def _show_parts(parts: dict[str, Corpus], whole: Corpus) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold")
    for heading in ("part", "sentences", "share", "words", *whole.labels):
        table.add_column(Text(heading), justify="left" if heading == "part" else "right")
    for name, part in parts.items():
        labels = [span.label for sentence in part for span in sentence.spans]
        counts = [str(labels.count(label)) for label in whole.labels]
        share = f"{100 * len(part) / len(whole):.1f}%"
        table.add_row(name, str(len(part)), share, str(sum(map(len, part))), *counts)
    console().print(table)
