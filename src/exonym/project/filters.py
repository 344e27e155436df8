"""Which projected spans and sentences are good enough to keep. Start at `Filtering`.

A span that is not kept goes to `Sentence.lost` with the reason; what was left out is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, get_args

from exonym.data import Corpus, Ledger, Lost, Sentence
from exonym.errors import RecipeError, suggest

if TYPE_CHECKING:
    from exonym.data import Span

Sentences = Literal["all", "complete", "confident"]

LOW_CONFIDENCE: Final = "low confidence"
NOT_WANTED: Final = "label not wanted"
INCOMPLETE: Final = "incomplete"


@dataclass(frozen=True, kw_only=True)
class Filtering:
    """Which projected spans and sentences are kept.

    Attributes:
        min_confidence: spans whose score is below this, in [0, 1], are left out.
        labels: only spans with these labels are kept, and only they count below; empty keeps all labels.
        sentences: `all` keeps every sentence; `complete` those into which every source entity was carried (the others
            hold names without a label); `confident` those in which no span was below `min_confidence`. A sentence that
            is complete is confident.
    """

    min_confidence: float = 0.0
    labels: tuple[str, ...] = ()
    sentences: Sentences = "all"

    def __post_init__(self) -> None:
        if not 0 <= self.min_confidence <= 1:  # no comparison holds for nan
            expected = "a number in [0, 1]. Change it, or leave it out."
            raise RecipeError(f"min_confidence: found {self.min_confidence}; expected {expected}")
        if self.sentences not in get_args(Sentences):
            raise RecipeError(
                f"sentences: found {self.sentences!r}. {suggest(str(self.sentences), get_args(Sentences))}"
            )
        if "" in self.labels:
            raise RecipeError("labels: found an empty one; expected names such as PER. Leave it out.")
        if self.sentences == "confident" and not self.min_confidence:
            raise RecipeError(
                "sentences: found 'confident' with min_confidence 0, which no span is below; "
                "expected a number above 0. Give min_confidence too."
            )

    def wants(self, label: str) -> bool:
        """Say whether spans with this label are kept."""
        return not self.labels or label in self.labels

    def fault_of(self, span: Span) -> Literal["", "low confidence", "label not wanted"]:
        """Say why a span is not kept; empty if it is."""
        if not self.wants(span.label):
            return NOT_WANTED
        return LOW_CONFIDENCE if span.score < self.min_confidence else ""


def filtered(corpus: Corpus, filtering: Filtering) -> tuple[Corpus, Ledger]:
    """Keep the projected spans and the sentences that are good enough.

    Args:
        corpus: projected sentences.
        filtering: what is kept.

    Returns:
        What is kept, and the count of spans and sentences left out, by reason. A source span of which nothing is kept
        stands in `Sentence.lost` with the reason `low confidence` or `label not wanted`.
    """
    ledger = Ledger()
    found = (filter_sentence(sentence, filtering, ledger) for sentence in corpus)
    return Corpus(tuple(kept for kept, fault in found if not fault), corpus.name, corpus.tags), ledger


def filter_sentence(sentence: Sentence, filtering: Filtering, ledger: Ledger | None = None) -> tuple[Sentence, str]:
    """Take the spans that are not good enough off a sentence.

    Args:
        sentence: a projected sentence. Spans that were not projected are kept or left out too, but not called lost.
        filtering: what is kept.
        ledger: where what is left out is counted.

    Returns:
        The sentence with the spans that are kept, and why it is left out itself: `incomplete` or `low confidence`;
        empty if it is not.
    """
    faults = [filtering.fault_of(span) for span in sentence.spans]
    if any(faults):
        spans = tuple(span for span, fault in zip(sentence.spans, faults, strict=True) if not fault)
        carried = {_source_of(span) for span in spans}  # a source span with a part that is kept is not lost
        gone = {
            (span.origin.start, span.origin.stop): Lost(span.origin.start, span.origin.stop, span.label, fault)
            for span, fault in zip(sentence.spans, faults, strict=True)
            if span.origin and _source_of(span) not in carried
        }
        sentence = replace(sentence, spans=spans, lost=(*sentence.lost, *(gone[place] for place in sorted(gone))))
    left_out = ""
    if filtering.sentences == "complete" and any(filtering.wants(lost.label) for lost in sentence.lost):
        left_out = INCOMPLETE
    elif filtering.sentences == "confident" and LOW_CONFIDENCE in faults:
        left_out = LOW_CONFIDENCE
    if ledger is not None:
        for fault in filter(None, faults):
            ledger.note(f"spans left out: {fault}")
        if left_out:
            ledger.note(f"sentences left out: {left_out}")
    return sentence, left_out


def _source_of(span: Span) -> tuple[int, int] | None:
    return (span.origin.start, span.origin.stop) if span.origin else None
