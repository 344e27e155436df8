"""The list of what a projection dropped: source spans, parts of them and whole sentences, each with its reason.

Start at `dropped_of`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

import orjson

from exonym.data import Sentence
from exonym.project.explanation import explain
from exonym.project.filters import LOW_CONFIDENCE, NOT_WANTED, Filtering

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from exonym.data import Lost, Span
    from exonym.project.explanation import Explanation, Fate, Option
    from exonym.project.options import Matching
    from exonym.project.stream import Projected


@dataclass(frozen=True, slots=True)
class Place:
    """Words of a sentence that a label is for.

    Attributes:
        start: the first word.
        stop: one past the last word.
        label: the label.
        surface: the words, as `Sentence.surface`.
        score: of the match, in the target language; None in the source language.
        confidence: of the target span that was made of it, in [0, 1]; None if none was.
    """

    start: int
    stop: int
    label: str
    surface: str
    score: float | None = None
    confidence: float | None = None


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


def dropped_of(
    projected: Projected,
    matching: Matching,
    filtering: Filtering = Filtering(),  # noqa: B008 - immutable
) -> list[Dropped]:
    """Say what of a projected sentence is missing; one that lacks nothing costs nothing.

    Args:
        projected: the sentence, before it is filtered, with what it came from, as `project_stream` hands it to `then`.
        matching: how it was matched.
        filtering: what is kept.

    Returns:
        As `dropped`.
    """
    if not projected.target.lost and not any(map(filtering.fault_of, projected.target.spans)):
        return []
    target = Sentence(projected.target.words, (), projected.target.id)
    return dropped(explain(projected.source, target, projected.links, matching, filtering, projected.evidence))


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
            _target_place(target, option, fate.span) if option else None,
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
        _target_place(explanation.target, other, explanation.fates[index].span)
        for index in option.beaten_by
        for other in explanation.fates[index].options
        if other.confidence is not None
        and other.candidate.start < option.candidate.stop
        and option.candidate.start < other.candidate.stop
    )


def _source_place(source: Sentence, span: Span | Lost) -> Place:
    return Place(span.start, span.stop, span.label, " ".join(source.words[span.start : span.stop]))


def _target_place(target: Sentence, option: Option, span: Span) -> Place:
    start, stop, score = option.candidate[:3]
    return Place(start, stop, span.label, " ".join(target.words[start:stop]), score, option.confidence)
