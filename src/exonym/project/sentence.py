"""The projection of one sentence onto its translation. Start at `project_sentence`."""

from __future__ import annotations

from operator import attrgetter
from string import punctuation as ASCII_PUNCTUATION
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import category

from exonym.data import Link, Lost, Origin, Sentence, Span
from exonym.project.candidates import Candidate, links_of, undominated
from exonym.project.compat import match_easy_label_projection, match_politov
from exonym.project.confidence import calibration_of
from exonym.project.evidence import Evidence, scored_candidates
from exonym.project.heuristic import match_heuristic
from exonym.project.match import Choice, match_bipartite, match_exact, match_greedy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.data import Links
    from exonym.project.options import Matching

_start = attrgetter("start")
_Rows = list[tuple[int, int, float]]  # links, as from `links_of`


class Decision(NamedTuple):
    """What was decided for one source span, and among what.

    Attributes:
        span: the source span.
        links: its links, as (source word, target word, weight).
        candidates: the target ranges that it could have gone to, with the evidence for each; the heuristics have none.
        chosen: those that it goes to.
        reason: why it goes nowhere; empty if it goes somewhere.
    """

    span: Span
    links: _Rows
    candidates: list[Candidate]
    chosen: list[Candidate]
    reason: str


def project_sentence(
    source: Sentence,
    target: Sentence,
    links: Links,
    matching: Matching,
    evidence: Evidence = Evidence(),  # noqa: B008 - immutable
) -> Sentence:
    """Project the spans of one sentence onto its translation; see `project`."""
    return carried_out(decide(source, target, links, matching, evidence), source, target, matching)


def carried_out(decisions: Sequence[Decision], source: Sentence, target: Sentence, matching: Matching) -> Sentence:
    """Return the target sentence with the spans that were decided on, and what was lost.

    Args:
        decisions: as from `decide`, one for each span of `source`.
        source: the labelled sentence.
        target: its translation.
        matching: how spans were matched.
    """
    spans, lost = [], list(source.lost)
    calibration = calibration_of(matching)
    for span, links_out, _, chosen, reason in decisions:
        if not chosen:
            lost.append(Lost(span.start, span.stop, span.label, reason))
        for start, stop, score, *_ in chosen:
            inside = tuple([Link(*link) for link in links_out if start <= link[1] < stop])
            label = _label(span.label, target.words[start:stop], matching)
            was = span.label if label != span.label else ""
            origin = Origin(source.id, span.start, span.stop, matching.matcher, inside, was)
            spans.append(Span(start, stop, label, calibration(min(1.0, score)) * span.score, origin))
    spans.sort(key=_start)
    return Sentence(
        target.words, tuple(spans), target.id, target.text, target.offsets, target.probabilities, tuple(lost)
    )


def decide(
    source: Sentence,
    target: Sentence,
    links: Links,
    matching: Matching,
    evidence: Evidence = Evidence(),  # noqa: B008 - immutable
) -> list[Decision]:
    """Score the candidates of every span of a sentence and choose among them.

    Args:
        source: a sentence with M spans.
        target: its translation.
        links: the links between the two.
        matching: how spans are matched.
        evidence: what `matching` needs beside links.

    Returns:
        M decisions, in the order of the spans; the ranges chosen are disjoint.
    """
    rows = links_of(source.spans, links)
    counted = links_of(source.spans, _strong(links, matching.min_weight)) if matching.counts_links else rows
    candidates: list[list[Candidate]] = [[] for _ in source.spans]
    if matching.matcher == "heuristic":
        choice, reasons = _match_runs(source, target, counted, matching)
    else:
        candidates = scored_candidates(source, target, counted, matching, evidence, _mass(links))
        choice = _choose(candidates, matching)
        reasons = [
            "" if chosen else "overlap" if own else _why_none(links, matching, evidence)
            for links, own, chosen in zip(counted, candidates, choice, strict=True)
        ]
    reasons = ["only weak links" if r == "no link" and own else r for r, own in zip(reasons, rows, strict=True)]
    return list(map(Decision, source.spans, rows, candidates, choice, reasons))


def _label(label: str, words: Sequence[str], matching: Matching) -> str:
    """Return the label that these target words get for a source span with that label."""
    adjective = len(words) == 1 and words[0].islower() and label in ("LOC", "ORG")
    return "MISC" if matching.convention == "conll" and adjective else label


def _mass(links: Links) -> dict[int, float]:
    """Sum the weights of the links of every target word."""
    mass: dict[int, float] = {}
    for word, weight in zip(links.target.tolist(), links.weight.tolist(), strict=True):
        mass[word] = mass.get(word, 0.0) + weight
    return mass


def _choose(candidates: Sequence[Sequence[Candidate]], matching: Matching) -> Choice:
    """Match by the matcher that was chosen."""
    if matching.matcher == "greedy":
        return match_greedy(candidates, matching.limit)
    if matching.matcher == "bipartite":
        return match_bipartite(candidates)
    if not matching.makes_few:  # the optimum is the same, and sooner found
        candidates = [undominated(own) for own in candidates]
    return match_exact(candidates, matching.limit)


def _match_runs(
    source: Sentence, target: Sentence, rows: Sequence[_Rows], matching: Matching
) -> tuple[Choice, list[str]]:
    """Match by the heuristic that was chosen."""
    linked = [{word for _, word, _ in own} for own in rows]
    gap, ratio, remove = matching.run_options
    if matching.compat == "politov":
        return match_politov(source.spans, rows, len(target), max_gap=gap, length_ratio=ratio)
    punctuation = _punctuation(target, ASCII_PUNCTUATION if matching.compat else "") if remove else ()
    if matching.compat == "easy-label-projection":
        return match_easy_label_projection(source.spans, linked, len(target), max_gap=gap, punctuation=punctuation)
    return match_heuristic(source.spans, linked, max_gap=gap, length_ratio=ratio, punctuation=punctuation)


def _punctuation(sentence: Sentence, marks: str = "") -> set[int]:
    """Find the words that are made of these characters only, or of any punctuation."""

    def is_mark(character: str) -> bool:
        return character in marks if marks else category(character).startswith("P")

    return {place for place, word in enumerate(sentence.words) if all(map(is_mark, word))}


def _why_none(rows: _Rows, matching: Matching, evidence: Evidence) -> str:
    """Say why a source span has no candidate."""
    if matching.candidates == "tagger" and evidence.tagged is not None and not evidence.tagged.spans:
        return "no candidate"
    return "no link" if not rows and matching.fusion.links_only else "below threshold"


def _strong(links: Links, min_weight: float) -> Links:
    keep = links.weight >= min_weight
    return type(links)(links.source[keep], links.target[keep], links.weight[keep])
