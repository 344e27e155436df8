"""`exonym project`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from exonym.cli.shared import (
    LabelledFormat,
    OnError,
    Output,
    Repair,
    Scheme,
    Swap,
    check_output,
    read_labelled,
    say,
    show_ledger,
    write_sentences,
)

_Matcher = Literal["exact", "greedy", "heuristic"]


def project(
    source: Annotated[Path, typer.Option(help="Labelled source corpus (CoNLL or JSONL).")],
    bitext: Annotated[Path, typer.Option(help="TSV whose source sides are its sentences, in its order.")],
    links: Annotated[Path, typer.Option(help="Pharaoh links of the bitext, as from exonym align.")],
    output: Output = None,
    swap: Swap = False,
    provenance: Annotated[
        Path | None,
        typer.Option(help="Also write JSONL: for each span its source, links and score, for each lost one why."),
    ] = None,
    matcher: Annotated[_Matcher, typer.Option(help="How spans are matched.")] = "exact",
    threshold: Annotated[
        float | None, typer.Option(help="exact, greedy: least score of a match, 0 to 1; 0.1 if not given.")
    ] = None,
    min_weight: Annotated[
        float | None, typer.Option(help="heuristic: links that weigh less do not count, 0 to 1; 0.4 if not given.")
    ] = None,
    max_gap: Annotated[
        int | None, typer.Option(help="heuristic: join runs at most so many words apart; off if not given.")
    ] = None,
    length_ratio: Annotated[
        float | None,
        typer.Option(help="heuristic: drop runs shorter than this share of the source span; off if not given."),
    ] = None,
    format: LabelledFormat = None,
    scheme: Scheme = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Carry the labels of a corpus over to its translation.

    Example: exonym project --source en.conll --bitext en-sw.tsv --links en-sw.links -o sw.conll
    """
    from exonym.data import Ledger
    from exonym.formats import read_alignment, read_bitext, write_corpus
    from exonym.project import Matching, join, losses
    from exonym.project import project as project_corpus

    candidates = {"threshold": threshold}
    runs = {"min_weight": min_weight, "max_gap": max_gap, "length_ratio": length_ratio}
    own, others = (runs, candidates) if matcher == "heuristic" else (candidates, runs)
    matching = Matching(matcher=matcher, **_given(own, others, matcher))
    check_output(output, labelled=True)
    check_output(provenance)
    ledger = Ledger()
    corpus = read_labelled(source, format, scheme=scheme, on_error=on_error, ledger=ledger, repair=repair)
    pairs = read_bitext(bitext, swap=swap, on_error=on_error, ledger=ledger)
    join(corpus, pairs)  # links of a bitext that does not belong to the corpus are not worth a look
    alignment = read_alignment(links, pairs, on_error=on_error, ledger=ledger)
    projected = project_corpus(corpus, pairs, alignment, matching)
    write_sentences(output, projected)
    if provenance is not None:
        write_corpus(provenance, projected, "jsonl")
    show_ledger(ledger)
    show_ledger(losses(projected))
    if provenance is None and (output is None or output.suffix != ".jsonl"):
        say("to see where each span comes from, and why each lost one was lost: --provenance FILE.jsonl")


def _given(own: dict[str, Any], others: dict[str, Any], matcher: str) -> dict[str, Any]:
    """Return the options that were given, and refuse those of other matchers."""
    for name, value in others.items():
        if value is not None:
            hint = f"--{name.replace('_', '-')}"
            raise typer.BadParameter(f"found it with --matcher {matcher}, which does not know it", param_hint=hint)
    return {name: value for name, value in own.items() if value is not None}
