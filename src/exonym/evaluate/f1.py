"""Strict entity precision, recall and F1 from counts: by label, micro and macro.

All are in [0, 1]; percent is for printing. A ratio with nothing below the line is 0, as in conlleval: a corpus without
any gold or predicted entity scores 0, not 1, so an empty test set never looks like a perfect system.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from exonym.evaluate.counts import GOLD, MATCHED, PREDICTED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from exonym.evaluate.counts import Counts


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1, with the counts behind them.

    Attributes:
        precision: matched / predicted, in [0, 1].
        recall: matched / gold, in [0, 1].
        f1: harmonic mean of the two, in [0, 1].
        matched: predictions with the right words and the right label; summed over runs, as are the next two.
        predicted: all predictions.
        gold: all gold entities.
    """

    precision: float
    recall: float
    f1: float
    matched: int
    predicted: int
    gold: int

    @classmethod
    def of(cls, matched: int, predicted: int, gold: int) -> Self:
        """Score these counts; a ratio with nothing below the line is 0."""
        return cls(
            precision=matched / predicted if predicted else 0.0,
            recall=matched / gold if gold else 0.0,
            f1=2 * matched / (predicted + gold) if predicted + gold else 0.0,
            matched=matched,
            predicted=predicted,
            gold=gold,
        )

    def to_dict(self) -> dict[str, float]:
        """Return the fields, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of one system.

    Attributes:
        per_label: one score for each label that occurs in gold or prediction, sorted by label.
        micro: all entities together; the F1 of conlleval and of the field.
        macro: the plain mean over `per_label` of precision, of recall and of F1, as in seqeval. A label that occurs
            only in the prediction counts as one with F1 0. Its counts are those of `micro`.
    """

    per_label: dict[str, Score]
    micro: Score
    macro: Score

    def to_dict(self) -> dict[str, Any]:
        """Return the scores, ready for JSON."""
        return {
            "micro": self.micro.to_dict(),
            "macro": self.macro.to_dict(),
            "per_label": {label: score.to_dict() for label, score in self.per_label.items()},
        }


def score(counts: Counts) -> Scores:
    """Score the sentences of `counts` all together."""
    per_label = {
        label: Score.of(*row)
        for label, row in zip(counts.labels, counts.total.tolist(), strict=True)
        if row[PREDICTED] + row[GOLD]
    }
    matched, predicted, gold = counts.total.sum(axis=0).tolist()
    micro = Score.of(matched, predicted, gold)
    occurring = max(len(per_label), 1)
    macro = Score(
        precision=sum(each.precision for each in per_label.values()) / occurring,
        recall=sum(each.recall for each in per_label.values()) / occurring,
        f1=sum(each.f1 for each in per_label.values()) / occurring,
        matched=matched,
        predicted=predicted,
        gold=gold,
    )
    return Scores(per_label, micro, macro)


def f1_of(sums: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
    """F1 of many sums at once.

    Args:
        sums: (..., 3), the last axis (matched, predicted, gold).

    Returns:
        F1 in [0, 1], (...); 0 where there is neither gold nor prediction.
    """
    below = np.asarray(sums[..., PREDICTED] + sums[..., GOLD], dtype=np.float64)
    return np.divide(2.0 * sums[..., MATCHED], below, out=np.zeros_like(below), where=below > 0)


def macro_f1_of(sums: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
    """Macro F1 of many sums at once.

    Args:
        sums: (..., L, 3), the last axis (matched, predicted, gold).

    Returns:
        The mean F1 over the labels that occur in gold or prediction *of that sum*, (...); 0 where none does.
    """
    occurring = ((sums[..., PREDICTED] + sums[..., GOLD]) > 0).sum(axis=-1)
    mean: NDArray[np.float64] = f1_of(sums).sum(axis=-1) / np.maximum(occurring, 1)
    return mean
