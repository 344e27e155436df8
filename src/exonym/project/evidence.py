"""Candidates with all the evidence that there is for them: word links, a tagger of the target language, translation.

Nothing is chosen here. Start at `scored_candidates`.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, Protocol

from exonym.data import Sentence, split_tag
from exonym.errors import RecipeError
from exonym.project.belief import Background, beliefs_of
from exonym.project.candidates import (
    Candidate,
    Range,
    candidates_of,
    linked_ranges,
    ngrams,
    votes_of,
)
from exonym.project.codec import MarkerScorer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from exonym.data import Span
    from exonym.project.candidates import Votes
    from exonym.project.options import Fusion, Matching


class TranslationScorer(Protocol):
    """Something that says how well phrases, words between spaces, translate each other.

    As published, from a translation model with P(A|B) the length-normalised probability of A as a translation of B:
    `sim(A, B) = P(A|B) / P(A|A)`, and the score is `(sim(A, B) + sim(B, A)) / 2`.

    Source:
        Vamvas and Sennrich 2022, NMTScore, direct translation probability; used for candidates in the thesis behind
        Politov et al. 2025.
    """

    def similarity(self, phrases: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """Return for each (source phrase, target phrase) a similarity in [0, 1], shape (len(phrases),)."""
        ...


class Evidence(NamedTuple):
    """What is known of a target sentence beside its links.

    Attributes:
        tagged: the target sentence with the spans and the probabilities of a tagger; None if there is none.
        tags: the K tags that the columns of its probabilities stand for.
        translation: scores phrases, or the places of marks; None if there is none.
        background: what the whole text tells of its words.
    """

    tagged: Sentence | None = None
    tags: tuple[str, ...] = ()
    translation: TranslationScorer | MarkerScorer | None = None
    background: Background = Background()


def scored_candidates(
    source: Sentence,
    target: Sentence,
    links: Sequence[Sequence[tuple[int, int, float]]],
    matching: Matching,
    evidence: Evidence = Evidence(),  # noqa: B008 - immutable
    total: Mapping[int, float] | None = None,
) -> list[list[Candidate]]:
    """Find and score the candidates of every source span of a sentence.

    Args:
        source: a sentence with M spans.
        target: its translation.
        links: for each span its links that count, as from `links_of`.
        matching: which candidates, scored how.
        evidence: what else is known; must hold what `matching` needs.
        total: `expected`: target word -> summed weight of all links of the sentence; None if it has no others.

    Returns:
        For each of the M spans its candidates that reach the threshold, by start, then stop.

    Raises:
        RecipeError: the matching needs evidence that is not there.
    """
    if matching.score == "expected":
        beliefs = beliefs_of(source.spans, source.words, target.words, links, total or {}, evidence.background)
        lengths = evidence.background.lengths(target.words)
        votes = [belief.votes(lengths) for belief in beliefs]
    else:
        votes = [
            votes_of(len(span), rows, matching.score, matching.power)
            for span, rows in zip(source.spans, links, strict=True)
        ]
    if matching.makes_few:  # nothing but links counts
        return [candidates_of(own, matching.threshold) for own in votes]
    require(matching, evidence.tagged, evidence.translation)
    ranges = _ranges(votes, target, matching, evidence)
    tagger = _tagger_scores(source.spans, ranges, matching.fusion, evidence)
    translation = _translation_scores(source, target, ranges, matching.fusion, evidence)
    fusion, found = matching.fusion, []
    weight = fusion.alignment + fusion.tagger + fusion.translation
    for own, mine, tagged, translated in zip(votes, ranges, tagger, translation, strict=True):
        candidates = []
        for (start, stop), tag, sim in zip(mine, tagged, translated, strict=True):
            linked = own.score(start, stop)
            score = (fusion.alignment * linked + fusion.tagger * tag + fusion.translation * sim) / weight
            if score > 0 and score >= matching.threshold:
                candidates.append(Candidate(start, stop, score, linked, tag, sim))
        found.append(candidates)
    return found


def require(matching: Matching, tagged: object | None, translation: object | None) -> None:
    """Raise `RecipeError` if a matching needs evidence that is not there."""
    if matching.needs_tagger and tagged is None:
        raise RecipeError(
            "candidates, fusion.tagger: found no tagged target text; expected some. Give it, or leave them out."
        )
    if matching.needs_translation and translation is None:
        raise RecipeError("fusion.translation: found no translation scorer; expected one. Give one, or leave it out.")


def _ranges(votes: Sequence[Votes], target: Sentence, matching: Matching, evidence: Evidence) -> list[list[Range]]:
    """Return for each source span its target ranges, sorted."""
    if matching.candidates == "ngrams":
        return [ngrams(target.words, matching.max_words, matching.stop)] * len(votes)
    found = [(span.start, span.stop) for span in evidence.tagged.spans] if evidence.tagged else []
    if matching.candidates == "tagger":
        return [found] * len(votes)
    if matching.candidates == "linked":
        return [linked_ranges(own) for own in votes]
    return [sorted({*linked_ranges(own), *found}) for own in votes]


def _tagger_scores(
    spans: Sequence[Span], ranges: Sequence[Sequence[Range]], fusion: Fusion, evidence: Evidence
) -> list[list[float]]:
    """Ask the tagger about every candidate; all 0 where it does not count."""
    if not fusion.tagger or evidence.tagged is None or evidence.tagged.probabilities is None:
        return [[0.0] * len(mine) for mine in ranges]
    known = {split_tag(tag)[1] for tag in evidence.tags} - {""}
    scorers = {
        label: tagger_score(evidence.tagged.probabilities, evidence.tags, label, fusion.alpha)
        for label in sorted(known)
    }
    found = []
    for span, mine in zip(spans, ranges, strict=True):
        asked = [span.label] if fusion.tagger_by_class else list(scorers)
        own = [scorers[label] for label in asked if label in scorers]
        best = [max((score(*each) for score in own), default=0.0) for each in mine]
        found.append([score if score >= fusion.tagger_threshold else 0.0 for score in best])
    return found


def tagger_score(
    probabilities: NDArray[np.float32], tags: Sequence[str], label: str, alpha: float
) -> Callable[[int, int], float]:
    """Return the function that scores a target range `[start, stop)` by a tagger, for one label.

    The score is the mean of the probabilities of `B-label` at the first word and of `I-label` at the others, and that
    times `alpha` for each word after the first if the likeliest tags of the range are these.

    Args:
        probabilities: of the tags of each word, shape (T, K).
        tags: the K tags; must have those of the label.
        label: the label.
        alpha: the bonus for length, >= 1.

    Source:
        The thesis behind Politov et al. 2025, NER score. Its formula gives every range the bonus; its code gives it, as
        we do, only to ranges that the tagger itself takes for one entity.
    """
    first, inner = list(tags).index(f"B-{label}"), list(tags).index(f"I-{label}")
    begin = probabilities[:, first].tolist()
    inside = [0.0, *accumulate(probabilities[:, inner].tolist())]
    likeliest = probabilities.argmax(axis=1).tolist()
    ends: list[int] = []  # of the longest run of `I-label` that begins after each word
    for word in range(len(likeliest) - 1, -1, -1):
        goes_on = word + 1 < len(likeliest) and likeliest[word + 1] == inner
        ends.append(ends[-1] if goes_on else word + 1)
    ends.reverse()

    def score(start: int, stop: int) -> float:
        mean = (begin[start] + inside[stop] - inside[start + 1]) / (stop - start)
        is_entity = likeliest[start] == first and stop <= ends[start]
        return float(mean * alpha ** (stop - start - 1)) if is_entity else float(mean)

    return score


def _translation_scores(
    source: Sentence, target: Sentence, ranges: Sequence[Sequence[Range]], fusion: Fusion, evidence: Evidence
) -> list[list[float]]:
    """Ask how well spans and candidates translate each other, once for each pair of phrases, or where marks would be.

    All 0 if not asked.
    """
    if not fusion.translation or evidence.translation is None:
        return [[0.0] * len(mine) for mine in ranges]
    if isinstance(evidence.translation, MarkerScorer):
        placed = evidence.translation.placements(source, target, ranges)
        shares = [[own.get(each, 0.0) for each in mine] for own, mine in zip(placed, ranges, strict=True)]
        return [[share if share >= fusion.translation_threshold else 0.0 for share in own] for own in shares]
    phrases = [
        [(source.surface(span), " ".join(target.words[start:stop])) for start, stop in mine]
        for span, mine in zip(source.spans, ranges, strict=True)
    ]
    asked = sorted({pair for own in phrases for pair in own})
    told = dict(zip(asked, evidence.translation.similarity(asked).tolist(), strict=True)) if asked else {}
    return [[told[pair] if told[pair] >= fusion.translation_threshold else 0.0 for pair in own] for own in phrases]
