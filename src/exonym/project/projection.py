"""Carry the labels of source sentences over to their translations. Start at `project`."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Literal

from exonym.data import Corpus, Ledger, Link, Lost, Origin, Sentence, Span, nfc
from exonym.errors import DataError, Problems, RecipeError
from exonym.project.candidates import candidates_of, link_mass, links_of
from exonym.project.heuristic import match_heuristic
from exonym.project.match import Choice, match_exact, match_greedy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.data import Alignment, Bitext, Links

Matcher = Literal["exact", "greedy", "heuristic"]


@dataclass(frozen=True, kw_only=True)
class Matching:
    """How source spans are matched with target ranges.

    Attributes:
        matcher: `exact` and `greedy` match candidates by link score; `heuristic` takes the longest linked run.
        threshold: `exact` and `greedy`: candidates that score less than this, in [0, 1], are not used.
        min_weight: `heuristic`: links that weigh less than this, in [0, 1], do not count.
        max_gap: `heuristic`: linked runs at most so many words apart are joined; 0 is off.
        length_ratio: `heuristic`: a run shorter than this share of the source span is dropped; 0 is off.
    """

    matcher: Matcher = "exact"
    threshold: float = 0.1
    min_weight: float = 0.4
    max_gap: int = 0
    length_ratio: float = 0.0

    def __post_init__(self) -> None:
        for name, most in (("threshold", 1), ("min_weight", 1), ("max_gap", inf), ("length_ratio", inf)):
            value = getattr(self, name)
            if not 0 <= value <= most or value == inf:  # no comparison holds for nan
                expected = "a number in [0, 1]" if most == 1 else "0 (off) or a number above it"
                raise RecipeError(f"{name}: found {value}; expected {expected}. Change it, or leave it out.")


def project(source: Corpus, bitext: Bitext, alignment: Alignment, matching: Matching | None = None) -> Corpus:
    """Project the spans of a labelled corpus onto the target side of a bitext.

    Args:
        source: labelled sentences; `join` says how they meet the pairs.
        bitext: pairs whose source sides are sentences of `source`.
        alignment: the links of each pair of `bitext`.
        matching: how spans are matched; None for the defaults.

    Returns:
        The target sentences in bitext order, named after their pairs. Each projected span carries its source sentence,
        source span, links and score; each source span that was not projected stands in `Sentence.lost` with its reason:

        - `no link`: none of its words is linked;
        - `below threshold`: it has candidates, all under the threshold;
        - `overlap`: its candidates lost to those of other spans;
        - `only weak links`: heuristic only: it has links, all under `min_weight`;
        - `below length ratio`, `joined with an overlapping span`: heuristic only.

    Raises:
        DataError: bitext, alignment and corpus do not belong together.
    """
    matching = matching or Matching()
    if len(alignment) != len(bitext):
        raise DataError(
            f"{alignment.name}: found links for {len(alignment)} pairs; expected {len(bitext)}, "
            f"the pairs of {bitext.name}. Align this bitext again."
        )
    joined = join(source, bitext)
    sentences = []
    for labelled, pair, links in zip(joined, bitext, alignment, strict=True):
        links.check(pair)
        target = Sentence(pair.target, (), pair.id)
        sentences.append(project_sentence(labelled, target, links, matching) if labelled.spans else target)
    return Corpus(tuple(sentences), f"{source.name} projected over {bitext.name}")


def project_sentence(source: Sentence, target: Sentence, links: Links, matching: Matching) -> Sentence:
    """Project the spans of one sentence onto its translation; see `project`."""
    mass = link_mass(source.spans, _strong(links, matching))
    if matching.matcher == "heuristic":
        choice, reasons = match_heuristic(
            source.spans, mass, max_gap=matching.max_gap, length_ratio=matching.length_ratio
        )
    else:
        choice, reasons = _match_candidates(source.spans, mass, matching)
    spans, lost = [], []
    for span, candidate, reason, rows in zip(source.spans, choice, reasons, links_of(source.spans, links), strict=True):
        if candidate is None:
            weak = reason == "no link" and rows
            lost.append(Lost(span.start, span.stop, span.label, "only weak links" if weak else reason))
        else:
            inside = tuple(Link(*row) for row in rows if candidate.start <= row[1] < candidate.stop)
            origin = Origin(source.id, span.start, span.stop, matching.matcher, inside)
            score = min(1.0, candidate.score) * span.score
            spans.append(Span(candidate.start, candidate.stop, span.label, score, origin))
    return replace(target.with_spans(spans), lost=tuple(lost))


def join(source: Corpus, bitext: Bitext) -> list[Sentence]:
    """Find the labelled sentence of every pair.

    The source sides of the bitext must be sentences of the corpus in the corpus' order; sentences may be left out.

    Returns:
        One sentence of `source` for each pair, in bitext order.

    Raises:
        DataError: some source sides are not the words of any (later) sentence; all of them are named.
    """
    return [source[place] for place in places(source, bitext)]


def places(corpus: Corpus, bitext: Bitext, side: Literal["source", "target"] = "source") -> list[int]:
    """Find where in a corpus the sentence of every pair stands.

    Args:
        corpus: the sentences.
        bitext: pairs of which one side are sentences of `corpus`, in its order; sentences may be left out.
        side: which side.

    Returns:
        For each pair the index of its sentence, rising.

    Raises:
        DataError: some of these sides are not the words of any (later) sentence; all of them are named.
    """
    known: dict[tuple[str, ...], list[int]] = {}
    for place, sentence in enumerate(corpus):
        known.setdefault(tuple(map(nfc, sentence.words)), []).append(place)
    found_places = []
    next_place = 0
    with Problems(bitext.name) as problems:
        for number, pair in enumerate(bitext, start=1):
            words = pair.source if side == "source" else pair.target
            own = known.get(tuple(map(nfc, words)), [])
            index = bisect_left(own, next_place)
            if index == len(own):
                line = int(pair.id) if pair.id.isdecimal() else number
                found = "an earlier sentence" if own else "other words"
                mend = f"The {side} side must be the corpus, word for word and in its order; pairs may be missing."
                problems.add(line, found, f"the words of a sentence of {corpus.name}", mend)
                next_place = own[0] + 1 if own else next_place  # so that one moved line is one fault, not hundreds
                continue
            found_places.append(own[index])
            next_place = own[index] + 1
    return found_places


def losses(corpus: Corpus) -> Ledger:
    """Count the source spans that were and were not projected, the latter by reason."""
    ledger = Ledger()
    for sentence in corpus:
        ledger.note("spans projected", sum(span.origin is not None for span in sentence.spans))
        for lost in sentence.lost:
            ledger.note(f"spans lost: {lost.reason}")
    return ledger


def _match_candidates(
    spans: Sequence[Span], mass: Sequence[dict[int, float]], matching: Matching
) -> tuple[Choice, list[str]]:
    candidates = [candidates_of(words, len(span), matching.threshold) for span, words in zip(spans, mass, strict=True)]
    choice = match_exact(candidates) if matching.matcher == "exact" else match_greedy(candidates)
    reasons = []
    for words, own, chosen in zip(mass, candidates, choice, strict=True):
        if chosen is not None:
            reasons.append("")
        elif not words:
            reasons.append("no link")
        else:
            reasons.append("overlap" if own else "below threshold")
    return choice, reasons


def _strong(links: Links, matching: Matching) -> Links:
    """The heuristic knows no weights, so weak links would count as much as strong ones: leave them out for it."""
    if matching.matcher != "heuristic":
        return links
    keep = links.weight >= matching.min_weight
    return type(links)(links.source[keep], links.target[keep], links.weight[keep])
