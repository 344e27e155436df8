"""How far a score would move with other sentences: percentile intervals by the bootstrap.

A resample draws N of the N sentences with replacement and sums their counts. Sentences with the same counts are
interchangeable, so we draw how often each *different* row of counts occurs; that is the same distribution at a
fraction of the cost. Tests between two systems are in `exonym.evaluate.paired`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from exonym.errors import RecipeError
from exonym.evaluate.f1 import f1_of, macro_f1_of, score

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from exonym.evaluate.counts import Counts

_CELLS = 1 << 21  # how many weights are in memory at once: 16 MiB as float64


@dataclass(frozen=True, slots=True)
class Interval:
    """A bootstrap interval over sentences.

    Attributes:
        low: lower bound.
        high: upper bound.
        level: share of resamples that lie within, such as 0.95.
    """

    low: float
    high: float
    level: float

    def to_dict(self) -> dict[str, float]:
        """Return the fields, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Intervals:
    """The intervals of the F1 scores of one system.

    Attributes:
        micro: of micro F1.
        macro: of macro F1, over the labels that occur in each resample.
        per_label: of the F1 of each label.
    """

    micro: Interval
    macro: Interval
    per_label: dict[str, Interval]

    def to_dict(self) -> dict[str, Any]:
        """Return the intervals, ready for JSON."""
        return {
            "micro": self.micro.to_dict(),
            "macro": self.macro.to_dict(),
            "per_label": {label: interval.to_dict() for label, interval in self.per_label.items()},
        }


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean micro F1 of several corpora, usually languages; each counts the same, whatever its size."""

    f1: float
    interval: Interval | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return {"f1": self.f1, "interval": self.interval.to_dict() if self.interval else None}


def intervals_of(counts: Counts, *, resamples: int = 1000, level: float = 0.95, seed: int = 1) -> Intervals:
    """Percentile intervals of F1 under resampling of sentences.

    Runs of one system are fixed: the interval says how the score of these runs moves with the sentences, not how it
    would move with other seeds. For that, look at the scores of the single runs.

    Args:
        counts: counts by sentence; of several runs, their sums.
        resamples: how many resamples, >= 1.
        level: share of resamples in the interval, in (0, 1).
        seed: seed of the resampling, >= 0; the order of the sentences has no influence.

    Returns:
        The interval of micro F1, macro F1 and the F1 of every label.

    Raises:
        RecipeError: `resamples`, `level` or `seed` is out of range.

    Source:
        Efron and Tibshirani (1993), An Introduction to the Bootstrap, section 13.3 (percentile interval).
    """
    check_resampling(resamples, seed)
    check_level(level)
    size = len(counts.labels)
    rows = counts.values.reshape(len(counts), size * 3)
    parts = list(resampled_sums(rows, resamples, generator(seed)))
    sums = np.concatenate(parts).reshape(resamples, size, 3)
    return Intervals(
        percentile(f1_of(sums.sum(axis=1)), level),
        percentile(macro_f1_of(sums), level),
        {label: percentile(f1_of(sums[:, at]), level) for at, label in enumerate(counts.labels)},
    )


def mean_over(counts: Mapping[str, Counts], *, resamples: int = 1000, level: float = 0.95, seed: int = 1) -> Mean:
    """Mean micro F1 over corpora, with an interval from resampling each of them on its own.

    Args:
        counts: corpus or language -> its counts; at least one.
        resamples: how many resamples, or 0 for no interval.
        level: share of resamples in the interval, in (0, 1).
        seed: seed of the resampling, >= 0.

    Returns:
        The mean and its interval. The interval takes the corpora as fixed: it says nothing about other languages.

    Raises:
        RecipeError: there is no corpus, or an option is out of range.
    """
    if not counts:
        raise RecipeError("found no corpus to take the mean over; expected at least one.")
    f1 = sum(score(each).micro.f1 for each in counts.values()) / len(counts)
    if resamples == 0:
        return Mean(f1, None)
    check_resampling(resamples, seed)
    check_level(level)
    total = np.zeros(resamples)
    for at, name in enumerate(sorted(counts)):
        total += f1_of(np.concatenate(list(resampled_sums(counts[name].micro, resamples, generator(seed, at)))))
    return Mean(f1, percentile(total / len(counts), level))


def resampled_sums(
    rows: NDArray[np.int64], resamples: int, random: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """Sum N rows drawn with replacement, again and again.

    Args:
        rows: (N, C) counts of N sentences, N >= 1.
        resamples: how many sums.
        random: source of the draws.

    Yields:
        Chunks (R, C) of the sums, `resamples` rows in all; R is such that memory stays bounded.
    """
    different, often = np.unique(rows, axis=0, return_counts=True)
    numbers = different.astype(np.float64)  # exact below 2**53, and the product then goes to BLAS
    share = often / len(rows)
    step = max(1, _CELLS // len(different))
    for start in range(0, resamples, step):
        weights = random.multinomial(len(rows), share, size=min(step, resamples - start))
        yield weights.astype(np.float64) @ numbers


def percentile(values: NDArray[np.float64], level: float) -> Interval:
    """Return the interval that leaves (1 - level) / 2 of the values on either side."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return Interval(low, high, level)


def generator(seed: int, *key: int) -> np.random.Generator:
    """Return a generator for the component `key` under the root seed, independent of those with other keys."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def check_resampling(resamples: int, seed: int) -> None:
    """Raise `RecipeError` unless there is at least one resample and the seed is not negative."""
    if resamples < 1:
        raise RecipeError(f"found {resamples} resamples; expected at least 1. Give 1000 or more for an interval.")
    if seed < 0:
        raise RecipeError(f"found seed {seed}; expected 0 or more.")


def check_level(level: float) -> None:
    """Raise `RecipeError` unless the level is a share between 0 and 1."""
    if not 0 < level < 1:
        raise RecipeError(f"found level {level}; expected a share between 0 and 1, such as 0.95.")
