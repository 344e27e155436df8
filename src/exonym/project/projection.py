"""Carry the labels of source sentences over to their translations. Start at `project`."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from string import punctuation as ASCII_PUNCTUATION
from typing import TYPE_CHECKING, Literal, NamedTuple
from unicodedata import category

from exonym.data import Corpus, Ledger, Link, Lost, Origin, Sentence, Span, nfc
from exonym.errors import DataError, Problems
from exonym.project.belief import Background
from exonym.project.candidates import Candidate, links_of, undominated
from exonym.project.compat import match_easy_label_projection, match_politov
from exonym.project.confidence import calibration_of
from exonym.project.evidence import Evidence, TranslationScorer, require, scored_candidates
from exonym.project.heuristic import match_heuristic
from exonym.project.match import Choice, match_bipartite, match_exact, match_greedy
from exonym.project.options import Matching

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exonym.data import Alignment, Bitext, Links

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


def project(
    source: Corpus,
    bitext: Bitext,
    alignment: Alignment,
    matching: Matching | None = None,
    tagged: Corpus | None = None,
    translation: TranslationScorer | None = None,
) -> Corpus:
    """Project the spans of a labelled corpus onto the target side of a bitext.

    Args:
        source: labelled sentences; `join` says how they meet the pairs.
        bitext: pairs whose source sides are sentences of `source`.
        alignment: the links of each pair of `bitext`.
        matching: how spans are matched; None for the defaults.
        tagged: the target sides with the spans and probabilities of a tagger; needed where `matching` asks for them.
        translation: scores phrases, a sentence at a time; needed where `matching` asks for it.

    Returns:
        The target sentences in bitext order, named after their pairs. Each projected span carries its source sentence,
        source span, links and score; each source span that was not projected stands in `Sentence.lost` with its reason,
        after those that `source` had lost itself:

        - `no link`: none of its words is linked;
        - `below threshold`: it has candidates, all under the threshold;
        - `no candidate`: candidates of the tagger only: it found no span in the sentence;
        - `overlap`: its candidates lost to those of other spans;
        - `only weak links`: where links count as one each: it has links, all under `min_weight`;
        - `below length ratio`, `joined with an overlapping span`, `only punctuation`: heuristic only.

    Raises:
        DataError: bitext, alignment, corpus and tagged text do not belong together.
        RecipeError: the matching needs a tagger or a translation scorer that is not given.
    """
    matching = matching or Matching()
    require(matching, tagged, translation)
    if len(alignment) != len(bitext):
        raise DataError(
            f"{alignment.name}: found links for {len(alignment)} pairs; expected {len(bitext)}, "
            f"the pairs of {bitext.name}. Align this bitext again."
        )
    joined = join(source, bitext)
    for pair, links in zip(bitext, alignment, strict=True):
        links.check(pair)
    evidence = evidence_of(bitext, alignment, matching, tagged, translation)
    sentences = []
    for labelled, pair, links, known in zip(joined, bitext, alignment, evidence, strict=True):
        target = Sentence(pair.target, (), pair.id)
        sentences.append(
            project_sentence(labelled, target, links, matching, known) if labelled.spans or labelled.lost else target
        )
    return Corpus(tuple(sentences), f"{source.name} projected over {bitext.name}")


def project_sentence(
    source: Sentence,
    target: Sentence,
    links: Links,
    matching: Matching,
    evidence: Evidence = Evidence(),  # noqa: B008 - immutable
) -> Sentence:
    """Project the spans of one sentence onto its translation; see `project`."""
    spans, lost = [], []
    calibration = calibration_of(matching)
    for span, links_out, _, chosen, reason in decide(source, target, links, matching, evidence):
        if not chosen:
            lost.append(Lost(span.start, span.stop, span.label, reason))
        for candidate in chosen:
            inside = tuple(Link(*link) for link in links_out if candidate.start <= link[1] < candidate.stop)
            label = _label(span.label, target.words[candidate.start : candidate.stop], matching)
            was = span.label if label != span.label else ""
            origin = Origin(source.id, span.start, span.stop, matching.matcher, inside, was)
            score = calibration(min(1.0, candidate.score)) * span.score
            spans.append(Span(candidate.start, candidate.stop, label, score, origin))
    return replace(target.with_spans(spans), lost=(*source.lost, *lost))


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
        for span in sentence.spans:
            if span.origin is not None and span.origin.label:
                ledger.note(f"labels changed by convention: {span.origin.label} -> {span.label}")
        for lost in sentence.lost:
            ledger.note(f"spans lost: {lost.reason}")
    return ledger


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


def evidence_of(
    bitext: Bitext,
    alignment: Alignment,
    matching: Matching,
    tagged: Corpus | None,
    translation: TranslationScorer | None,
) -> Iterator[Evidence]:
    """Give each pair what is known of it beside its links; what `matching` does not need is not looked at.

    Raises:
        DataError: the tagged text is not the target side, or lacks probabilities that are needed.
    """
    background = Background.learn(bitext, alignment) if matching.needs_background else Background()
    if not matching.needs_tagger or tagged is None:
        return iter([Evidence(translation=translation, background=background)] * len(bitext))
    if len(tagged) != len(bitext):
        expected = f"{len(bitext)}, the target sides of {bitext.name}"
        raise DataError(f"{tagged.name}: found {len(tagged)} tagged sentences; expected {expected}. Tag these.")
    for number, (sentence, pair) in enumerate(zip(tagged, bitext, strict=True), start=1):
        if tuple(map(nfc, sentence.words)) != tuple(map(nfc, pair.target)):
            raise DataError(f"{tagged.name}:{number}: found other words; expected the target side of pair {pair.id}.")
        shape = None if sentence.probabilities is None else sentence.probabilities.shape
        if matching.fusion.tagger and shape != (len(sentence), len(tagged.tags)):
            expected = f"{(len(sentence), len(tagged.tags))}, for {len(sentence)} words and {len(tagged.tags)} tags"
            raise DataError(f"{tagged.name}:{number}: found probabilities of shape {shape}; expected {expected}.")
    return (Evidence(sentence, tagged.tags, translation, background) for sentence in tagged)
