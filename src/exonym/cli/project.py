"""`exonym project`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from exonym.cli.shared import (
    LabelledFormat,
    OnError,
    Output,
    Repair,
    Scheme,
    Swap,
    check_corpus,
    check_distinct,
    check_output,
    say,
    show_ledger,
)

if TYPE_CHECKING:
    from exonym.project import Matching

_Matcher = Literal["exact", "greedy", "bipartite", "heuristic"]
_Score = Literal["expected", "soft", "pairs", "words"]
_Candidates = Literal["linked", "ngrams", "tagger", "union"]
_Compat = Literal["easy-label-projection", "politov"]
_Sentences = Literal["all", "complete", "confident"]

_BY_SCORE = "Matching by score: exact, greedy, bipartite"
_TAGGER = "With a tagger of the target language; not for heuristic"
_HEURISTIC = "--matcher heuristic"
_KEPT = "What is kept"


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
    convention: Annotated[
        Literal["conll"] | None,
        typer.Option(help="conll: one-word LOC and ORG without a capital become MISC.", show_default="off"),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(help="Least score of a match, 0 to 1.", show_default="0.2", rich_help_panel=_BY_SCORE),
    ] = None,
    score: Annotated[
        _Score | None,
        typer.Option(
            help="By likely words, weights of links, links, or linked words.",
            show_default="expected",
            rich_help_panel=_BY_SCORE,
        ),
    ] = None,
    power: Annotated[
        float | None,
        typer.Option(help="--score soft: exponent of the weights.", show_default="1", rich_help_panel=_BY_SCORE),
    ] = None,
    min_weight: Annotated[
        float | None,
        typer.Option(
            help="--score pairs or words, heuristic: links that weigh less do not count, 0 to 1.",
            show_default="0.4",
            rich_help_panel=_BY_SCORE,
        ),
    ] = None,
    candidates: Annotated[
        _Candidates | None,
        typer.Option(
            help="Ranges between linked words, all, those of the tagger, or linked and tagger.",
            show_default="linked",
            rich_help_panel=_BY_SCORE,
        ),
    ] = None,
    max_words: Annotated[
        int | None,
        typer.Option(
            help="--candidates ngrams: most words of a range.", show_default="no limit", rich_help_panel=_BY_SCORE
        ),
    ] = None,
    stop: Annotated[
        list[str] | None,
        typer.Option(
            help="--candidates ngrams: a word that no range has; repeat it.",
            show_default="! and ?",
            rich_help_panel=_BY_SCORE,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            help="exact, greedy: most target ranges for one source span.", show_default="1", rich_help_panel=_BY_SCORE
        ),
    ] = None,
    tagger: Annotated[
        Path | None,
        typer.Option(help="Its folder; also give --tagger-weight or --candidates.", rich_help_panel=_TAGGER),
    ] = None,
    alignment_weight: Annotated[
        float | None, typer.Option(help="How much links count in a score.", show_default="1", rich_help_panel=_TAGGER)
    ] = None,
    tagger_weight: Annotated[
        float | None,
        typer.Option(help="How much the tagger counts in a score.", show_default="0", rich_help_panel=_TAGGER),
    ] = None,
    tagger_threshold: Annotated[
        float | None,
        typer.Option(help="Tagger scores under this count as 0.", show_default="0.05", rich_help_panel=_TAGGER),
    ] = None,
    tagger_by_class: Annotated[
        bool | None,
        typer.Option("--tagger-by-class", help="Ask for the label of the span, not for any.", rich_help_panel=_TAGGER),
    ] = None,
    compat: Annotated[
        _Compat | None,
        typer.Option(
            help="easy-label-projection or politov: do what this released code does, faults included.",
            show_default="ours",
            metavar="CODE",
            rich_help_panel=_HEURISTIC,
        ),
    ] = None,
    max_gap: Annotated[
        int | None,
        typer.Option(
            help="Join runs at most so many words apart.", show_default="0, with --compat 1", rich_help_panel=_HEURISTIC
        ),
    ] = None,
    length_ratio: Annotated[
        float | None,
        typer.Option(
            help="Drop runs shorter than this share of the source span.",
            show_default="0, for politov 0.8",
            rich_help_panel=_HEURISTIC,
        ),
    ] = None,
    remove_punctuation: Annotated[
        bool | None,
        typer.Option(
            "--remove-punctuation/--keep-punctuation",
            help="Take punctuation off the ends of runs.",
            show_default="keep, for easy-label-projection remove",
            rich_help_panel=_HEURISTIC,
        ),
    ] = None,
    min_confidence: Annotated[
        float, typer.Option(help="Leave out spans of lower confidence, 0 to 1.", rich_help_panel=_KEPT)
    ] = 0.0,
    labels: Annotated[
        list[str] | None,
        typer.Option(help="Keep only spans with this label; repeat it.", show_default="all", rich_help_panel=_KEPT),
    ] = None,
    sentences: Annotated[
        _Sentences,
        typer.Option(
            help="complete: leave out those that lack a source entity; confident: by --min-confidence.",
            rich_help_panel=_KEPT,
        ),
    ] = "all",
    dropped: Annotated[
        Path | None, typer.Option(help="Also write JSONL: what was lost or left out, why, and what beat it.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes that project; what is written does not depend on it.")
    ] = 1,
    format: LabelledFormat = None,
    scheme: Scheme = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Carry the labels of a corpus over to its translation, in a stream: any number of pairs takes the same memory.

    With -o, a manifest OUTPUT.project.json is written beside the output: exonym explain needs it.

    Example: exonym project --source en.conll --bitext en-sw.tsv --links en-sw.links -o sw.conll
    """
    from exonym.cli.project_files import Inputs, Outputs, project_files
    from exonym.project import Filtering

    weights: dict[str, Any] = {"alignment": alignment_weight, "tagger": tagger_weight}
    weights |= {"tagger_threshold": tagger_threshold, "tagger_by_class": tagger_by_class}
    given: dict[str, Any] = {"matcher": matcher, "threshold": threshold, "score": score, "power": power}
    given |= {"min_weight": min_weight, "convention": convention}
    given |= {"candidates": candidates, "max_words": max_words, "stop": tuple(stop) if stop else None, "limit": limit}
    given |= {"compat": compat, "max_gap": max_gap, "length_ratio": length_ratio}
    matching = _matching(given | {"remove_punctuation": remove_punctuation}, weights, with_tagger=tagger is not None)
    filtering = Filtering(min_confidence=min_confidence, labels=tuple(labels or ()), sentences=sentences)
    check_corpus(output, parts=True)
    check_output(provenance)
    check_output(dropped)
    check_distinct({"--output": output, "--provenance": provenance, "--dropped": dropped})
    reading = {"scheme": scheme, "repair": repair}
    inputs = Inputs(source, bitext, links, format, reading, swap, on_error)
    outputs = Outputs(output, provenance, dropped)
    for ledger in project_files(inputs, outputs, matching, filtering, tagger, workers):
        show_ledger(ledger)
    if provenance is None and (output is None or output.suffix != ".jsonl"):
        say("to see where each span comes from, and why each lost one was lost: --provenance FILE.jsonl")


def _matching(given: dict[str, Any], weights: dict[str, Any], *, with_tagger: bool) -> Matching:
    """Make the options of matching of those that were given, and refuse those that would do nothing."""
    from exonym.project import Fusion, Matching
    from exonym.project.options import blocker

    given, weights = ({k: v for k, v in each.items() if v is not None} for each in (given, weights))
    choices = {"score": "expected", "candidates": "linked", "compat": None} | given
    for name in [*given, *(f"{name}_weight" if name in ("alignment", "tagger") else name for name in weights)]:
        blocked = blocker(name if name in given else "fusion", choices)
        if blocked:
            _refuse(name, f"found it with --{blocked[0]} {blocked[1]}, which does not know it; leave one out")
    matching = Matching(**given, fusion=Fusion(**weights))
    for name in ("tagger_threshold", "tagger_by_class"):
        if name in weights and not matching.fusion.tagger:
            _refuse(name, "found it without --tagger-weight; expected a weight above 0")
    if with_tagger and not matching.needs_tagger:
        _refuse("tagger", "found it with nothing to do; expected --tagger-weight, or --candidates tagger or union")
    if matching.needs_tagger and not with_tagger:
        _refuse("tagger", "found no tagger for --tagger-weight or --candidates tagger or union; expected its folder")
    return matching


def _refuse(name: str, fault: str) -> NoReturn:
    raise typer.BadParameter(fault, param_hint=f"--{name.replace('_', '-')}")
