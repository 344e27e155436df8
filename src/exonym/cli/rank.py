"""`exonym rank-sources`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exonym.cli.shared import OnError, Repair, Scheme, console, read_labelled, show_ledger

if TYPE_CHECKING:
    from rich.table import Table

    from exonym.transfer.ranking import Ranking


def rank_sources(
    sources: Annotated[list[Path], typer.Argument(help="Labelled corpora to choose from (CoNLL or JSONL).")],
    target: Annotated[
        Path, typer.Option("--target", help="Text to tag: one sentence a line (.txt), or a corpus; labels are ignored.")
    ],
    raw: Annotated[bool, typer.Option(help="The target is running text: split it into words.")] = False,
    encoder: Annotated[
        Path | None, typer.Option(help="Folder of a Hugging Face encoder for the learnt similarity (extra neural).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the samples and of the learnt similarity.", min=0)] = 1,
    scheme: Scheme = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Order labelled corpora by how well a tagger trained on each should do on a text, before training any.

    The score is the mean of four measures of likeness, in deviations: the share of the target's words that the source
    has (words), its prefixes and suffixes (affixes), the share of its capitalised words that are names of the source
    (names known), and its capitals, digits and marks (shapes). Shown, but not counted: runs of characters, the share of
    the source's names that the target capitalises (names found), script, the learnt similarity, and size. All corpora
    are compared on equally many words. No tagger is trained: the order is a guess, and worth most where it is clear.

    Example: exonym rank-sources --target sw.txt en.conll de.conll es.conll
    """
    from exonym.data import Ledger
    from exonym.formats import read_corpus
    from exonym.transfer.ranking import rank_sources as rank
    from exonym.transfer.similarity import SimilarityOptions

    _check_different([target, *sources])
    ledger = Ledger()
    labelled = [read_labelled(path, scheme=scheme, on_error=on_error, repair=repair, ledger=ledger) for path in sources]
    text = read_corpus(target, scheme=scheme, on_error=on_error, repair=repair, raw=raw, ledger=ledger)
    options = SimilarityOptions(encoder=None if encoder is None else str(encoder))
    ranking = rank(text, labelled, similarity=options, seed=seed)
    if json:
        _print_json(ranking)
    else:
        console().print(_table(ranking))
        typer.echo(ranking.reason)
    show_ledger(ledger)


def _check_different(paths: list[Path]) -> None:
    from exonym.errors import RecipeError

    known: set[Path] = set()
    for path in paths:
        if path.resolve() in known:
            raise RecipeError(f"{path}: found it twice; expected different files. Leave one out.")
        known.add(path.resolve())


def _print_json(ranking: Ranking) -> None:
    import orjson

    row = {
        "target": ranking.target,
        "words": ranking.words,
        "reason": ranking.reason,
        "sources": [source._asdict() for source in ranking.sources],
    }
    typer.echo(orjson.dumps(row, option=orjson.OPT_INDENT_2).decode())


def _table(ranking: Ranking) -> Table:
    """Make a row for each source; names of files are shown literally, and numbers are never cut."""
    from rich.table import Table
    from rich.text import Text

    names = list(ranking.sources[0].measures)
    table = Table(header_style="bold")
    table.add_column("source", overflow="fold")
    for heading in ("score", *names, "similarity", "sentences", "entities"):
        table.add_column(heading, justify="right", no_wrap=" " not in heading)
    for source in ranking.sources:
        values = [f"{source.measures[name]:.3f}" for name in names]
        counts = (f"{source.similarity:.3f}", str(source.sentences), str(source.entities))
        table.add_row(Text(source.name), f"{source.score:+.2f}", *values, *counts)
    return table
