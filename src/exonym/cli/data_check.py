"""`exonym data stats` and `exonym data check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exonym.cli.shared import CorpusFormat, OnError, Repair, Scheme, Units, console, say, show_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exonym.data import Corpus, Statistics

_LONG = 512  # words of a sentence that is worth a note


def stats(
    files: Annotated[list[Path], typer.Argument(help="Corpora in any format.")],
    format: CorpusFormat = None,
    scheme: Scheme = None,
    units: Units = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Count what corpora hold: sentences, words, entities by type, lengths, doubled sentences, odd characters.

    Example: exonym data stats train.conll dev.conll
    """
    from exonym.data import Ledger, statistics
    from exonym.formats import read_corpus

    ledger = Ledger()
    reading: dict[str, Any] = {"scheme": scheme, "units": units, "on_error": on_error, "repair": repair}
    found = {str(path): statistics(read_corpus(path, format, ledger=ledger, **reading)) for path in files}
    if json:
        import orjson

        rows = [{"file": name, **each.to_dict()} for name, each in found.items()]
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
    else:
        _show(found)
    show_ledger(ledger)


def _show(found: dict[str, Statistics]) -> None:
    """Print a table with a column for each file."""
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold")
    table.add_column("")
    for name in found:
        table.add_column(Text(name), justify="right", overflow="fold")
    columns = [dict(_rows(each)) for each in found.values()]
    for name in dict.fromkeys(name for column in columns for name in column):
        table.add_row(Text(name), *(column.get(name, "0") for column in columns))
    console().print(table)


def _rows(found: Statistics) -> Iterator[tuple[str, str]]:
    lengths = found.sentence_lengths
    yield "sentences", f"{found.sentences:,}"
    yield "without an entity", f"{found.unlabelled:,}"
    yield "doubled", f"{found.doubled:,}"
    yield "doubled, labelled otherwise", f"{found.contradictory:,}"
    yield "words", f"{found.words:,}"
    yield "different words", f"{found.distinct:,}"
    yield "words a sentence: mean, median, most", f"{lengths.mean:.1f}, {lengths.median:g}, {lengths.longest}"
    yield "words not in NFC", f"{found.not_nfc:,}"
    yield "words with invisible characters", f"{found.invisible:,}"
    yield "words with U+FFFD", f"{found.replaced:,}"
    yield "entities", f"{sum(found.entities.values()):,}"
    for label, count in found.entities.items():
        own = found.entity_lengths[label]
        yield f"{label}: entities; words: mean, most", f"{count:,}; {own.mean:.1f}, {own.longest}"


def check(
    files: Annotated[list[Path], typer.Argument(help="Corpora in any format.")],
    format: CorpusFormat = None,
    scheme: Scheme = None,
    units: Units = None,
    repair: Repair = "error",
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Tell everything that is wrong with corpora at once; faults end with exit code 1, notes do not.

    Faults are what stops exonym from reading a file; the first 20 of each file are named, the rest counted. Notes are
    what a corpus may have but seldom should: odd characters, doubled sentences, sentences in two files.

    Example: exonym data check train.conll dev.conll test.conll
    """
    reading: dict[str, Any] = {"scheme": scheme, "units": units, "repair": repair}
    read = [_checked(path, format, reading) for path in files]
    shared = list(_shared([corpus for corpus, _ in read if corpus is not None]))
    if json:
        import orjson

        typer.echo(
            orjson.dumps({"files": [row for _, row in read], "notes": shared}, option=orjson.OPT_INDENT_2).decode()
        )
    else:
        for _, row in read:
            for message in row["messages"]:
                typer.echo(message)
            state = f"faults: {row['faults']}" if row["faults"] else "no fault"
            typer.echo(f"{row['file']}: {state}; sentences that can be read: {row['sentences']}")
            for note in row["notes"]:
                typer.echo(f"{row['file']}: note: {note}")
        for note in shared:
            typer.echo(f"note: {note}")
    faults = sum(row["faults"] for _, row in read)
    if faults:
        say(f"found {faults} faults in {sum(row['faults'] > 0 for _, row in read)} of {len(files)} files")
        raise typer.Exit(1)


def _checked(path: Path, format: str | None, reading: dict[str, Any]) -> tuple[Corpus | None, dict[str, Any]]:
    """Read a file with all its faults, and again without them for the notes."""
    from exonym.data import Ledger
    from exonym.errors import DataError
    from exonym.formats import read_corpus

    row: dict[str, Any] = {"file": str(path), "faults": 0, "messages": [], "sentences": 0, "notes": []}
    ledger = Ledger()
    corpus = None
    try:
        corpus = read_corpus(path, format, ledger=ledger, **reading)
    except DataError as error:
        row |= {"faults": error.count, "messages": str(error).splitlines()}
        ledger = Ledger()
        try:
            corpus = read_corpus(path, format, on_error="skip", ledger=ledger, **reading)
        except DataError as worse:
            if str(worse) != str(error) and "found no sentence" not in str(worse):
                row["messages"] += str(worse).splitlines()
    if corpus is not None:
        row |= {"sentences": len(corpus), "notes": [*_notes(corpus)]}
    ledger.pop("sentences read", 0)
    row["notes"] += ledger.lines()
    return corpus, row


def _notes(corpus: Corpus) -> Iterator[str]:
    """Say what a corpus may have but seldom should."""
    from exonym.data import statistics

    found = statistics(corpus)
    counts = {
        "words not in NFC": found.not_nfc,
        "words with invisible characters": found.invisible,
        "words with U+FFFD, where a letter was lost": found.replaced,
        "sentences with the words of an earlier one": found.doubled,
        "of these labelled otherwise": found.contradictory,
        f"sentences of more than {_LONG} words": sum(len(sentence) > _LONG for sentence in corpus),
        "entities of more than 10 words": sum(len(span) > 10 for sentence in corpus for span in sentence.spans),
    }
    yield from (f"{name}: {count}" for name, count in counts.items() if count)
    if not corpus.labels:
        yield "no entity at all"
    folded: dict[str, str] = {}
    for label in corpus.labels:
        other = folded.setdefault(label.casefold(), label)
        if other != label:
            yield f"the labels {other} and {label} differ in letter case only"


def _shared(corpora: list[Corpus]) -> Iterator[str]:
    """Say what files have in common that should be apart, and the other way round."""
    from itertools import combinations

    from exonym.data import words_key

    keys = [{words_key(sentence) for sentence in corpus} for corpus in corpora]
    for (one, left), (other, right) in combinations(zip(corpora, keys, strict=True), 2):
        both = len(left & right)
        if both:
            yield f"{one.name} and {other.name} share sentences: {both}"
        apart = {*one.labels} ^ {*other.labels}
        if apart and one.labels and other.labels:
            yield f"only one of {one.name} and {other.name} has the labels {', '.join(sorted(apart))}"
