"""Is one system better than another on the same sentences: paired bootstrap, approximate randomisation, Holm.

Both tests work on counts and take whole sentences as units, since the entities of a sentence stand and fall together.
All p-values are two-sided and are (c + 1) / (n + 1), so none is 0.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from exonym.errors import DataError, RecipeError
from exonym.evaluate.bootstrap import Interval, check_level, check_resampling, generator, percentile, resampled_sums
from exonym.evaluate.counts import GOLD
from exonym.evaluate.f1 import Score, f1_of, score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from exonym.evaluate.counts import Counts

_CELLS = 1 << 21  # how many swap counts are in memory at once
_EQUAL = 1e-12  # differences of F1 closer than this are the same number, computed in another order


@dataclass(frozen=True, slots=True)
class PairedBootstrap:
    """What the paired bootstrap says about the difference of micro F1, first system minus second.

    Attributes:
        difference: F1 of the first minus F1 of the second on all sentences, in [-1, 1].
        interval: percentile interval of the difference.
        wins: share of resamples in which the first is better; ties count half. Koehn's own figure.
        p: two-sided p-value of the hypothesis that the difference is 0.
    """

    difference: float
    interval: Interval
    wins: float
    p: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two systems on the same sentences.

    Attributes:
        a: micro score of the first system; of several runs, pooled.
        b: micro score of the second system.
        difference: F1 of `a` minus F1 of `b`, in [-1, 1].
        interval: percentile interval of the difference under resampling of sentences.
        wins: share of resamples in which `a` is better; ties count half.
        p_bootstrap: two-sided p-value of the paired bootstrap.
        p_randomisation: two-sided p-value of approximate randomisation; the one to give when only one is given, since
            it needs no assumption about the shape of the difference.
        signature: what is needed to compute the same numbers again.
    """

    a: Score
    b: Score
    difference: float
    interval: Interval
    wins: float
    p_bootstrap: float
    p_randomisation: float
    signature: str

    @classmethod
    def of(cls, a: Counts, b: Counts, *, resamples: int, level: float, seed: int, signature: str) -> Self:
        """Run both tests on the counts of two systems."""
        found = paired_bootstrap(a, b, resamples=resamples, level=level, seed=seed)
        p = randomisation(a, b, resamples=resamples, seed=seed)
        return cls(
            a=score(a).micro,
            b=score(b).micro,
            difference=found.difference,
            interval=found.interval,
            wins=found.wins,
            p_bootstrap=found.p,
            p_randomisation=p,
            signature=signature,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return asdict(self)


def paired_bootstrap(
    a: Counts, b: Counts, *, resamples: int = 10_000, level: float = 0.95, seed: int = 1
) -> PairedBootstrap:
    """Resample sentences, the same for both systems, and look at the difference of their micro F1.

    Args:
        a: counts of the first system by sentence.
        b: counts of the second system on the same sentences.
        resamples: how many resamples, >= 1.
        level: share of resamples in the interval, in (0, 1).
        seed: seed of the resampling, >= 0.

    Returns:
        The difference, its interval, the share of wins and the p-value.

    Raises:
        DataError: the two do not come from the same sentences and gold entities.
        RecipeError: an option is out of range.

    Source:
        Koehn (2004), Statistical Significance Tests for Machine Translation Evaluation, section 4. He gives the share
        of wins, which is no p-value: the resamples are centred on the observed difference, not on 0. We centre them
        for the p-value, p = P(|d* - d| >= |d|), as Efron and Tibshirani (1993, section 16.4) and sacreBLEU do.
    """
    check_resampling(resamples, seed)
    check_level(level)
    rows = np.concatenate(_same_scale(a, b), axis=1)
    observed = _difference(rows.sum(axis=0))
    sums = np.concatenate(list(resampled_sums(rows, resamples, generator(seed))))
    resampled = _difference(sums)
    extreme = int(np.count_nonzero(np.abs(resampled - observed) >= abs(observed) - _EQUAL))
    better, equal = resampled > _EQUAL, np.abs(resampled) <= _EQUAL
    return PairedBootstrap(
        difference=float(observed),
        interval=percentile(resampled, level),
        wins=float(better.mean() + equal.mean() / 2),
        p=(extreme + 1) / (resamples + 1),
    )


def randomisation(a: Counts, b: Counts, *, resamples: int = 10_000, seed: int = 1) -> float:
    """Swap the outputs of the two systems on random sentences, and see how often the difference is as large.

    If the systems were the same, which of them said what on a sentence would be a coin flip. Sentences with the same
    difference of counts are interchangeable: we draw how many of each kind are swapped, from a binomial.

    Args:
        a: counts of the first system by sentence.
        b: counts of the second system on the same sentences.
        resamples: how many random swaps, >= 1.
        seed: seed of the swaps, >= 0.

    Returns:
        Two-sided p-value of the hypothesis that the systems are exchangeable, in (0, 1].

    Raises:
        DataError: the two do not come from the same sentences and gold entities.
        RecipeError: an option is out of range.

    Source:
        Noreen (1989), Computer-Intensive Methods for Testing Hypotheses, chapter 2; Yeh (2000), More Accurate Tests
        for the Statistical Significance of Result Differences, section 3.3, for F-scores.
    """
    check_resampling(resamples, seed)
    first, second = _same_scale(a, b)
    totals = np.concatenate([first.sum(axis=0), second.sum(axis=0)])
    observed = abs(float(_difference(totals)))
    different, often = np.unique(first - second, axis=0, return_counts=True)
    moves = np.concatenate([-different, different], axis=1).astype(np.float64)
    step = max(1, _CELLS // len(different))
    random = generator(seed, 1)
    extreme = 0
    for start in range(0, resamples, step):
        swapped = random.binomial(often, 0.5, size=(min(step, resamples - start), len(often)))
        sums = totals + swapped.astype(np.float64) @ moves
        extreme += int(np.count_nonzero(np.abs(_difference(sums)) >= observed - _EQUAL))
    return (extreme + 1) / (resamples + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for having made several tests, such as one for each language.

    Args:
        p_values: the raw p-values, in [0, 1], in any order.

    Returns:
        The adjusted p-values in the same order, >= the raw ones and <= 1; those below alpha are significant with a
        chance of at most alpha that any of them is wrong, whatever the dependence between the tests.

    Raises:
        RecipeError: a p-value is not in [0, 1].

    Source:
        Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure.
    """
    wrong = [p for p in p_values if not 0 <= p <= 1]
    if wrong:
        raise RecipeError(f"found the p-values {wrong}; expected numbers in [0, 1].")
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = highest
    return adjusted


def _same_scale(a: Counts, b: Counts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Micro counts (N, 3) of both, multiplied so that both stand for the same number of runs.

    F1 does not change when all counts are multiplied, and integers stay integers, which a mean over runs would not.
    """
    first, second = a.micro * b.runs, b.micro * a.runs
    if len(first) != len(second) or not np.array_equal(first[:, GOLD], second[:, GOLD]):
        raise DataError(
            f"found counts of {len(first)} and {len(second)} sentences with different gold entities; expected counts "
            "of two systems on the same sentences. Count both against the same gold corpus."
        )
    return first, second


def _difference(sums: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
    """F1 of the first three columns minus F1 of the last three: (..., 6) -> (...)."""
    return f1_of(sums[..., :3]) - f1_of(sums[..., 3:])
