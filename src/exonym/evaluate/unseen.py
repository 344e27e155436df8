"""F1 on entities that training never showed: how much of a score is memory.

A mention, gold or predicted, is *unseen* if its words, NFC and case-folded, are nowhere the words of an entity in the
training corpora, whatever the label there. A strict match has the same words on both sides, so both sides agree on
whether it is seen: precision over unseen predictions and recall over unseen gold entities share their matches, and
their F1 is the plain strict F1 of the two corpora without seen mentions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exonym.data import Corpus, Sentence, Span, fold
from exonym.evaluate.bootstrap import Intervals, intervals_of
from exonym.evaluate.counts import Predictions, as_runs, count
from exonym.evaluate.f1 import Scores, score

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

Surface = tuple[str, ...]
"""The words of a mention, each NFC and case-folded."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """The scores of a system on unseen and on seen mentions.

    Attributes:
        scores: on unseen mentions.
        intervals: of `scores`, over sentences; None if none were asked for.
        seen: the scores on all other mentions. The counts of the two add up to those of the whole.
        share: share of the gold mentions that is unseen, in [0, 1]; 0 without gold mentions.
    """

    scores: Scores
    intervals: Intervals | None
    seen: Scores
    share: float

    def to_dict(self) -> dict[str, Any]:
        """Return the scores, ready for JSON."""
        return {
            **self.scores.to_dict(),
            "intervals": self.intervals.to_dict() if self.intervals else None,
            "seen": self.seen.to_dict(),
            "share": self.share,
        }


def score_unseen(
    gold: Corpus,
    predicted: Predictions,
    train: Corpus | Sequence[Corpus],
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 1,
) -> Unseen:
    """Score unseen and seen mentions apart.

    Args:
        gold: the sentences with the right spans.
        predicted: the same sentences with the predicted spans, or one such corpus for each run.
        train: everything labelled that the system was trained on; in cross-lingual work the source corpus, the
            projected corpus or both.
        resamples: resamples for the intervals of the unseen scores, or 0 for none.
        level: share of resamples in the intervals, in (0, 1).
        seed: seed of the resampling, >= 0.

    Raises:
        DataError: the words of `gold` and `predicted` differ.
        RecipeError: an option is out of range.
    """
    known = surfaces(train)
    new_gold, old_gold = _split(gold, known)
    runs = [_split(run, known) for run in as_runs(predicted)]
    counts = count(new_gold, [new for new, _ in runs])
    scores, seen = score(counts), score(count(old_gold, [old for _, old in runs]))
    mentions = scores.micro.gold + seen.micro.gold
    return Unseen(
        scores=scores,
        intervals=intervals_of(counts, resamples=resamples, level=level, seed=seed) if resamples else None,
        seen=seen,
        share=scores.micro.gold / mentions if mentions else 0.0,
    )


def surfaces(train: Corpus | Sequence[Corpus]) -> frozenset[Surface]:
    """Return the folded words of every entity of the training corpora."""
    corpora = (train,) if isinstance(train, Corpus) else train
    return frozenset(_surface(sentence, span) for corpus in corpora for sentence in corpus for span in sentence.spans)


def _surface(sentence: Sentence, span: Span) -> Surface:
    return tuple(fold(word) for word in sentence.words[span.start : span.stop])


def _split(corpus: Corpus, known: Set[Surface]) -> tuple[Corpus, Corpus]:
    """Return the corpus with only its unseen, and with only its seen, mentions."""
    unseen: list[Sentence] = []
    seen: list[Sentence] = []
    for sentence in corpus:
        sides: tuple[list[Span], list[Span]] = ([], [])
        for span in sentence.spans:
            sides[_surface(sentence, span) in known].append(span)
        for kept, spans in zip((unseen, seen), sides, strict=True):
            kept.append(Sentence(sentence.words, tuple(spans), sentence.id))
    return Corpus(tuple(unseen), corpus.name), Corpus(tuple(seen), corpus.name)
