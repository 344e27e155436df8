"""One call for all that is said about a system, and one for two systems. Start here.

`evaluate` gives scores, intervals, error classes and scores on unseen entities; `compare` gives the difference between
two systems and whether it could be chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exonym.data import Corpus, LabelMap, Ledger
from exonym.errors import RecipeError
from exonym.evaluate.bootstrap import Intervals, check_level, intervals_of
from exonym.evaluate.counts import Counts, Predictions, as_runs, count
from exonym.evaluate.errors import ErrorTable, error_table
from exonym.evaluate.f1 import Score, Scores, score
from exonym.evaluate.paired import Comparison
from exonym.evaluate.signature import signature
from exonym.evaluate.unseen import Unseen, score_unseen

if TYPE_CHECKING:
    from collections.abc import Sequence

_NO_CHANGE = LabelMap()


@dataclass(frozen=True)
class Evaluation:
    """All that is said about one system on one gold corpus.

    Attributes:
        scores: per label, micro and macro; of several runs, pooled.
        intervals: bootstrap intervals of the F1 scores; None if none were asked for.
        runs: the micro score of each single run.
        errors: error classes and confusion, summed over runs.
        unseen: scores on entities that training never showed; None without training corpus.
        sentences: how many sentences were scored.
        changes: how many spans each change of the label map touched, such as `gold DATE -> drop`.
        counts: counts by sentence, for `mean_over`, `paired_bootstrap` and `randomisation`; not in `to_dict`.
        signature: what is needed to compute the same numbers again; print it beside every score.
    """

    scores: Scores
    intervals: Intervals | None
    runs: tuple[Score, ...]
    errors: ErrorTable
    unseen: Unseen | None
    sentences: int
    changes: Ledger
    counts: Counts
    signature: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the counts by sentence, ready for JSON; scores are in [0, 1]."""
        return {
            "signature": self.signature,
            "sentences": self.sentences,
            **self.scores.to_dict(),
            "intervals": self.intervals.to_dict() if self.intervals else None,
            "runs": [run.to_dict() for run in self.runs],
            "errors": self.errors.to_dict(),
            "unseen": self.unseen.to_dict() if self.unseen else None,
            "changes": dict(self.changes),
        }


def evaluate(
    gold: Corpus,
    predicted: Predictions,
    *,
    train: Corpus | Sequence[Corpus] | None = None,
    label_map: LabelMap = _NO_CHANGE,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 1,
    scheme: str = "iob2",
    repair: str = "error",
) -> Evaluation:
    """Score a system against gold labels by strict entity match.

    Args:
        gold: the sentences with the right spans.
        predicted: the same sentences with the predicted spans, or one such corpus for each run (seed) of the system;
            runs are pooled, see `count`.
        train: what the system was trained on, to score unseen entities apart.
        label_map: change of labels made on gold, prediction and training corpus alike before scoring.
        resamples: bootstrap resamples, or 0 for no intervals.
        level: share of resamples in the intervals, in (0, 1).
        seed: seed of the resampling, >= 0.
        scheme: the tag scheme that the corpora were read in; only written into the signature.
        repair: how broken tags were read, in the words of the reader; only written into the signature.

    Raises:
        DataError: the words of the corpora differ, or there is nothing to score.
        RecipeError: an option is out of range.
    """
    _check_options(resamples, level)
    changes = Ledger()
    gold = _mapped(gold, label_map, "gold", changes)
    runs = tuple(_mapped(run, label_map, "predicted", changes) for run in as_runs(predicted))
    seen_in = None if train is None else [label_map.apply(corpus)[0] for corpus in _corpora(train)]
    counts = count(gold, runs)
    return Evaluation(
        scores=score(counts),
        intervals=intervals_of(counts, resamples=resamples, level=level, seed=seed) if resamples else None,
        runs=tuple(score(count(gold, run)).micro for run in runs) if len(runs) > 1 else (score(counts).micro,),
        errors=error_table(gold, runs),
        unseen=None
        if seen_in is None
        else score_unseen(gold, runs, seen_in, resamples=resamples, level=level, seed=seed),
        sentences=len(gold),
        changes=changes,
        counts=counts,
        signature=signature(
            scheme=scheme,
            repair=repair,
            label_map=label_map,
            runs=len(runs),
            resamples=resamples,
            level=level,
            seed=seed,
        ),
    )


def compare(
    gold: Corpus,
    a: Predictions,
    b: Predictions,
    *,
    label_map: LabelMap = _NO_CHANGE,
    resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 1,
    scheme: str = "iob2",
    repair: str = "error",
) -> Comparison:
    """Test whether two systems differ in strict micro F1 on the same sentences.

    Runs of a system are pooled and taken as they are: the tests say whether these runs would differ on other
    sentences, not whether other seeds would. For several languages, correct the p-values by `holm`.

    Args:
        gold: the sentences with the right spans.
        a: what the first system predicts on the same sentences; one corpus, or one for each run.
        b: what the second system predicts; the number of runs may be another.
        label_map: change of labels made on all corpora before scoring.
        resamples: resamples of the bootstrap, and swaps of the randomisation, >= 1.
        level: level of the interval of the difference, in (0, 1).
        seed: seed of both, >= 0.
        scheme: the tag scheme that the corpora were read in; only written into the signature.
        repair: how broken tags were read; only written into the signature.

    Returns:
        The difference `a` minus `b` with its interval and p-values.

    Raises:
        DataError: the words of the corpora differ, or there is nothing to score.
        RecipeError: an option is out of range.
    """
    right, _ = label_map.apply(gold)
    first, second = ([label_map.apply(run)[0] for run in as_runs(each)] for each in (a, b))
    return Comparison.of(
        count(right, first),
        count(right, second),
        resamples=resamples,
        level=level,
        seed=seed,
        signature=signature(
            scheme=scheme,
            repair=repair,
            label_map=label_map,
            runs=len(first) if len(first) == len(second) else (len(first), len(second)),
            resamples=resamples,
            level=level,
            seed=seed,
            test="paired-bootstrap+randomisation",
        ),
    )


def _check_options(resamples: int, level: float) -> None:
    if resamples < 0:
        raise RecipeError(f"found {resamples} resamples; expected 0 (no intervals) or more, such as 1000.")
    check_level(level)


def _corpora(train: Corpus | Sequence[Corpus]) -> Sequence[Corpus]:
    return (train,) if isinstance(train, Corpus) else train


def _mapped(corpus: Corpus, label_map: LabelMap, side: str, changes: Ledger) -> Corpus:
    """Apply the label map and note in the ledger what it did."""
    mapped, counts = label_map.apply(corpus)
    for change, times in counts.items():
        changes.note(f"{side} {change}", times)
    return mapped
