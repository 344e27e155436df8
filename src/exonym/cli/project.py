"""`exonym project`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from exonym.cli.shared import OnError, Output, Repair, say, show_ledger, write_sentences


def project(
    source: Annotated[Path, typer.Option(help="Labelled source corpus (CoNLL or JSONL).")],
    bitext: Annotated[Path, typer.Option(help="TSV whose source sides are its sentences, in its order.")],
    links: Annotated[Path, typer.Option(help="Pharaoh links of the bitext, as from exonym align.")],
    output: Output = None,
    provenance: Annotated[
        Path | None,
        typer.Option(help="Also write JSONL: for each span its source, links and score, for each lost one why."),
    ] = None,
    matcher: Annotated[Literal["exact", "greedy", "heuristic"], typer.Option(help="How spans are matched.")] = "exact",
    threshold: Annotated[float | None, typer.Option(help="exact, greedy: least score of a match, 0 to 1.")] = None,
    max_gap: Annotated[int, typer.Option(help="heuristic: join runs at most so many words apart; 0 is off.")] = 0,
    length_ratio: Annotated[
        float, typer.Option(help="heuristic: drop runs shorter than this share of the source span; 0 is off.")
    ] = 0.0,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Carry the labels of a corpus over to its translation.

    Example: exonym project --source en.conll --bitext en-sw.tsv --links en-sw.links -o sw.conll
    """
    from exonym.data import Ledger
    from exonym.formats import read_alignment, read_bitext, read_corpus, write_corpus
    from exonym.project import Matching, losses
    from exonym.project import project as project_corpus

    ledger = Ledger()
    corpus = read_corpus(source, on_error=on_error, ledger=ledger, repair=repair)
    pairs = read_bitext(bitext, on_error=on_error, ledger=ledger)
    alignment = read_alignment(links, pairs, ledger=ledger)
    matching = Matching(matcher=matcher, max_gap=max_gap, length_ratio=length_ratio)
    if threshold is not None:
        matching = Matching(matcher=matcher, threshold=threshold, max_gap=max_gap, length_ratio=length_ratio)
    projected = project_corpus(corpus, pairs, alignment, matching)
    write_sentences(output, projected)
    if provenance is not None:
        write_corpus(provenance, projected, "jsonl")
    show_ledger(ledger)
    show_ledger(losses(projected))
    if provenance is None and (output is None or output.suffix != ".jsonl"):
        say("to see where each span comes from, and why each lost one was lost: --provenance FILE.jsonl")
