"""Why each source span went where it went, or nowhere: its links, its candidates, what won and what that beat.

One sentence at a time, from what the projection knew of it. Start at `explain`. Files are none of its business:
`exonym.run.explain` finds the sentence of a projected file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from exonym.data import Link
from exonym.project.evidence import Evidence
from exonym.project.filters import Filtering, filter_sentence
from exonym.project.heuristic import runs_of, share_linked
from exonym.project.sentence import carried_out, decide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.data import Links, Sentence, Span
    from exonym.project.candidates import Candidate
    from exonym.project.options import Matching
    from exonym.project.sentence import Decision

Verdict = Literal[
    "chosen",
    "low confidence",
    "label not wanted",
    "below threshold",
    "lower score",
    "equal score",
    "overlap",
    "below length ratio",
    "shorter",
    "not chosen",
]


_After = dict[tuple[int, int], tuple[Verdict, float]]  # a target range that was chosen -> was it kept?, confidence


class Option(NamedTuple):
    """A target range that a source span could have gone to, and what became of it.

    Attributes:
        candidate: the range, its score and the evidence for it.
        verdict: `chosen`; `low confidence` or `label not wanted` if it was chosen and then left out; `below threshold`;
            `lower score` or `equal score` than what was chosen; `overlap` with what other spans went to. For runs of
            the heuristics, whose score is the share of linked words, also `shorter` than what was chosen and `below
            length ratio`. `not chosen` is all else.
        beaten_by: for `overlap`, places in `Explanation.fates` of the spans that went to an overlapping range.
        confidence: of the target span that it became, in [0, 1], also of one that was left out; None if it became none.
    """

    candidate: Candidate
    verdict: Verdict
    beaten_by: tuple[int, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one source span.

    Attributes:
        span: the source span.
        links: its links.
        options: the target ranges that it could have gone to, best first, those under the threshold included. A range
            that cannot be in the optimum, since one inside it scores as much, may be missing.
        spans: the target spans that it became, without those left out.
        reason: why it became none; empty if it did.
    """

    span: Span
    links: tuple[Link, ...]
    options: tuple[Option, ...]
    spans: tuple[Span, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """How the labels of a sentence were projected.

    Attributes:
        source: the source sentence.
        target: the target sentence with what was projected and kept.
        links: all links between the two.
        fates: what became of each source span, in their order.
        left_out: why the sentence was left out: `incomplete`, `low confidence`; empty if it was not.
        matching: how spans were matched.
        filtering: what was kept.
    """

    source: Sentence
    target: Sentence
    links: tuple[Link, ...]
    fates: tuple[Fate, ...]
    left_out: str
    matching: Matching
    filtering: Filtering


def explain(
    source: Sentence,
    target: Sentence,
    links: Links,
    matching: Matching,
    filtering: Filtering = Filtering(),  # noqa: B008 - immutable
    evidence: Evidence = Evidence(),  # noqa: B008 - immutable
) -> Explanation:
    """Project a sentence and say why it came out as it did.

    Args:
        source: a sentence with M spans.
        target: its translation.
        links: the links between the two.
        matching: how spans are matched.
        filtering: what is kept.
        evidence: what `matching` needs beside links.

    Returns:
        The explanation, with M fates. Its target sentence is what `project_sentence` and `filter_sentence` give.

    Raises:
        RecipeError: the matching needs evidence that is not there.
    """
    decisions = decide(source, target, links, matching, evidence)
    projected = carried_out(decisions, source, target, matching)
    kept, left_out = filter_sentence(projected, filtering)
    after: _After = {
        (span.start, span.stop): (filtering.fault_of(span) or "chosen", span.score) for span in projected.spans
    }
    if matching.matcher == "heuristic":
        options = [_runs(decisions, index, matching, after) for index in range(len(decisions))]
    else:
        every = decide(source, target, links, replace(matching, threshold=0.0), evidence)
        options = [
            _candidates(decisions, index, decision.candidates, matching, after) for index, decision in enumerate(every)
        ]
    fates = []
    for decision, own in zip(decisions, options, strict=True):
        ranges = [(each.start, each.stop) for each in decision.chosen]
        spans = tuple(span for span in kept.spans if (span.start, span.stop) in ranges)
        reason = "" if spans else decision.reason or after[ranges[0]][0]
        fates.append(Fate(decision.span, tuple(map(Link._make, decision.links)), own, spans, reason))
    return Explanation(source, kept, tuple(links), tuple(fates), left_out, matching, filtering)


def _candidates(
    decisions: Sequence[Decision], index: int, candidates: Sequence[Candidate], matching: Matching, after: _After
) -> tuple[Option, ...]:
    """Judge every candidate of a source span, best first."""
    chosen = decisions[index].chosen
    options = []
    for candidate in sorted(candidates, key=lambda each: (-each.score, each.start, each.stop)):
        beaten_by = _overlapping(decisions, index, candidate)
        full = len(chosen) == matching.limit or any(_overlap(each, candidate) for each in chosen)
        if candidate in chosen:
            options.append(_taken(candidate, after))
        elif candidate.score < matching.threshold:
            options.append(Option(candidate, "below threshold"))
        elif full and all(candidate.score < each.score for each in chosen):
            options.append(Option(candidate, "lower score"))
        elif beaten_by:
            options.append(Option(candidate, "overlap", beaten_by))
        else:
            equal = any(candidate.score == each.score for each in chosen)
            options.append(Option(candidate, "equal score" if equal else "not chosen"))
    return tuple(options)


def _runs(decisions: Sequence[Decision], index: int, matching: Matching, after: _After) -> tuple[Option, ...]:
    """Judge what a heuristic chose, and the runs of linked words that it did not choose, the longest first."""
    decision = decisions[index]
    words = {target for _, target, weight in decision.links if weight >= matching.min_weight}
    options = [_taken(each, after) for each in decision.chosen]
    longest = max((each.stop - each.start for each in decision.chosen), default=0)
    for run in runs_of(sorted(words), matching.run_options[0]):
        candidate = share_linked(run, words)
        beaten_by = _overlapping(decisions, index, candidate)
        if any(each.start <= run[0] and run[1] <= each.stop for each in decision.chosen):
            continue  # it is what was chosen, or a part of that
        if run[1] - run[0] < longest:
            options.append(Option(candidate, "shorter"))
        elif decision.reason == "below length ratio":
            options.append(Option(candidate, "below length ratio"))
        else:
            options.append(Option(candidate, "overlap" if beaten_by else "not chosen", beaten_by))
    return tuple(sorted(options, key=lambda each: each.candidate.start - each.candidate.stop))


def _taken(candidate: Candidate, after: _After) -> Option:
    """Judge what was chosen by what became of it."""
    verdict, confidence = after[candidate.start, candidate.stop]
    return Option(candidate, verdict, (), confidence)


def _overlapping(decisions: Sequence[Decision], index: int, candidate: Candidate) -> tuple[int, ...]:
    """Find the other source spans that went to a range that overlaps this one."""
    return tuple(
        other
        for other, decision in enumerate(decisions)
        if other != index and any(_overlap(each, candidate) for each in decision.chosen)
    )


def _overlap(one: Candidate, other: Candidate) -> bool:
    return one.start < other.stop and other.start < one.stop
