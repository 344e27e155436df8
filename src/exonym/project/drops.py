"""The list of what a projection dropped: source spans, parts of them and whole sentences, each with its reason.

Start at `all_dropped` for a corpus, at `dropped` for a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

import orjson

from exonym.data import Sentence
from exonym.project.belief import Background
from exonym.project.explanation import explain
from exonym.project.filters import LOW_CONFIDENCE, NOT_WANTED, Filtering
from exonym.project.options import Matching
from exonym.project.pairing import join
from exonym.project.projection import evidence_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from exonym.data import Alignment, Bitext, Corpus, Lost, Span
    from exonym.project.candidates import Candidate
    from exonym.project.evidence import TranslationScorer
    from exonym.project.explanation import Explanation, Fate, Option


@dataclass(frozen=True, slots=True)
class Place:
    """Words of a sentence that a label is for.

    Attributes:
        start: the first word.
        stop: one past the last word.
        label: the label.
        surface: the words, as `Sentence.surface`.
        score: of the match, in the target language; None in the source language.
    """

    start: int
    stop: int
    label: str
    surface: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A source span or a sentence that is not in the projected corpus.

    Attributes:
        what: `span`, or `sentence`: the whole target sentence.
        id: of the target sentence: that of its pair.
        source_id: of the source sentence.
        reason: one of those that `exonym.project.project` and `Filtering` document.
        source: the source span; None for a sentence.
        best: its candidate with the highest score, above the threshold or not; None if it has none.
        beaten_by: what other source spans went to and overlaps that.
    """

    what: Literal["span", "sentence"]
    id: str
    source_id: str
    reason: str
    source: Place | None = None
    best: Place | None = None
    beaten_by: tuple[Place, ...] = ()


def all_dropped(
    source: Corpus,
    bitext: Bitext,
    alignment: Alignment,
    projected: Corpus,
    matching: Matching | None = None,
    filtering: Filtering | None = None,
    tagged: Corpus | None = None,
    translation: TranslationScorer | None = None,
) -> Iterator[Dropped]:
    """Say what a projection dropped.

    Args:
        source: as it was given to `project`, and so are bitext, alignment, matching, tagged and translation.
        bitext: see there.
        alignment: see there.
        projected: what `project` gave, before it was filtered; sentences that lack nothing are passed over.
        matching: see there.
        filtering: what is kept; None for everything.
        tagged: see there.
        translation: see there.

    Yields:
        What was dropped, by sentence.
    """
    matching, filtering = matching or Matching(), filtering or Filtering()
    background = Background.learn(bitext, alignment) if matching.needs_background else Background()
    evidence = evidence_of(bitext, matching, tagged, translation, background)
    for labelled, pair, links, known, found in zip(
        join(source, bitext), bitext, alignment, evidence, projected, strict=True
    ):
        if found.lost or any(map(filtering.fault_of, found.spans)):
            target = Sentence(pair.target, (), pair.id)
            yield from dropped(explain(labelled, target, links, matching, filtering, known))


def dropped(explanation: Explanation) -> list[Dropped]:
    """Say what of one sentence was dropped: spans that the source had lost itself, then others, then the sentence."""
    target, source = explanation.target, explanation.source
    before = [
        Dropped("span", target.id, source.id, lost.reason, _source_place(source, lost))
        for lost in explanation.source.lost
    ]
    spans = [
        Dropped(
            "span",
            target.id,
            source.id,
            reason,
            _source_place(source, fate.span),
            _target_place(target, option.candidate, fate.span) if option else None,
            _winners(explanation, option) if option else (),
        )
        for fate in explanation.fates
        for reason, option in _faults(fate)
    ]
    whole = [Dropped("sentence", target.id, source.id, explanation.left_out)] if explanation.left_out else []
    return [*before, *spans, *whole]


def write_dropped(rows: Iterable[Dropped], file: TextIO) -> None:
    """Write what was dropped as JSON, one a line; what is None or empty is left out."""
    for row in rows:
        file.write(
            orjson.dumps(_known(row), default=_known, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode("utf-8") + "\n"
        )


def _known(row: Dropped | Place) -> dict[str, object]:
    names = (field.name for field in fields(row))
    return {name: getattr(row, name) for name in names if getattr(row, name) not in (None, ())}


def _faults(fate: Fate) -> list[tuple[str, Option | None]]:
    """Return the reason and best range of a span that was dropped, or those of its parts that were left out."""
    if not fate.spans:
        return [(fate.reason, fate.options[0] if fate.options else None)]
    return [(option.verdict, option) for option in fate.options if option.verdict in (LOW_CONFIDENCE, NOT_WANTED)]


def _winners(explanation: Explanation, option: Option) -> tuple[Place, ...]:
    """Return what other source spans went to that overlaps a candidate."""
    return tuple(
        _target_place(explanation.target, other.candidate, explanation.fates[index].span)
        for index in option.beaten_by
        for other in explanation.fates[index].options
        if other.verdict in ("chosen", LOW_CONFIDENCE, NOT_WANTED)
        and other.candidate.start < option.candidate.stop
        and option.candidate.start < other.candidate.stop
    )


def _source_place(source: Sentence, span: Span | Lost) -> Place:
    return Place(span.start, span.stop, span.label, " ".join(source.words[span.start : span.stop]))


def _target_place(target: Sentence, candidate: Candidate, span: Span) -> Place:
    words = " ".join(target.words[candidate.start : candidate.stop])
    return Place(candidate.start, candidate.stop, span.label, words, candidate.score)
