"""From the score of a match to the probability that it is right, and how far the two are apart.

A calibration maps scores to probabilities. It is fitted by isotonic regression on projections whose target text has
gold labels (benchmarks/confidence.py does so and prints the table that belongs here). Start at `Calibration`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from exonym.errors import DataError, RecipeError
from exonym.project.options import Matching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_EPSILON = 1e-12  # what rounding may make of two equal means


@dataclass(frozen=True)
class Calibration:
    """A map from scores to probabilities: rising, and linear between its points.

    Attributes:
        points: (score, probability), both in [0, 1], by score; scores before the first or after the last point have
            the probability of that point.
    """

    points: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))

    def __post_init__(self) -> None:
        inside = all(0 <= value <= 1 for point in self.points for value in point)
        rises = all(one[0] < other[0] and one[1] <= other[1] for one, other in pairwise(self.points))
        if not (self.points and inside and rises):
            expected = "at least one (score, probability) in [0, 1], the scores rising, the probabilities not falling"
            raise RecipeError(f"points: found {self.points}; expected {expected}. Fit them, or leave them out.")

    def __call__(self, score: float) -> float:
        """Return the probability of a score, >= 0; a score above 1 counts as 1."""
        place = bisect_right(self.points, (score, 2.0))
        if place in (0, len(self.points)):
            return self.points[max(0, place - 1)][1]
        (left, low), (right, high) = self.points[place - 1 : place + 1]
        return low + (score - left) * (high - low) / (right - left)


IDENTITY = Calibration()
FITTED = Calibration(
    (
        (0.80759, 0.391),
        (0.96583, 0.553),
        (0.98649, 0.673),
        (0.99175, 0.786),
        (0.9971, 0.841),
    )
)  # of the scores of the default matching, by benchmarks/confidence.py


@cache
def calibration_of(matching: Matching) -> Calibration:
    """Return the calibration of a matching: the fitted one where scores are those of the default, else none at all.

    Matcher (`exact` or `greedy`), threshold, limit and convention leave the scores of candidates as they are.
    """
    if matching.matcher not in ("exact", "greedy"):
        return IDENTITY
    usual = Matching()
    unscored = {name: getattr(usual, name) for name in ("matcher", "threshold", "limit", "convention")}
    return FITTED if replace(matching, **unscored) == usual else IDENTITY


def fit(scores: Sequence[float], correct: Sequence[bool], bins: int = 0) -> Calibration:
    """Fit a calibration by isotonic regression.

    Args:
        scores: of M matches, in [0, 1].
        correct: for each, whether it is right.
        bins: scores are first pooled into at most so many groups of about the same size (equal scores stay together),
            so that no probability rests on a handful; 0 pools only equal scores.

    Returns:
        One point for each block of the regression, at its mean score.

    Raises:
        DataError: there are no matches, or not as many scores as judgements.

    Source:
        Zadrozny and Elkan 2002, calibration by isotonic regression; linear between blocks is ours, since a step would
        make scores that differ alike.
    """
    x, y = np.asarray(scores, dtype=float), np.asarray(correct, dtype=float)
    if not len(x) or len(x) != len(y):
        raise DataError(f"found {len(x)} scores and {len(y)} judgements; expected as many, and some.")
    x, y = x[np.argsort(x, kind="stable")], y[np.argsort(x, kind="stable")]
    last = np.flatnonzero(np.diff(x, append=np.inf))  # the last of equal scores
    if bins:
        group = (last * bins // len(x)).tolist()
        last = last[[place + 1 == len(group) or group[place] != group[place + 1] for place in range(len(group))]]
    weight = np.diff(last, prepend=-1).astype(float)
    starts = np.concatenate([[0], last[:-1] + 1])
    mean_score, mean_correct = (np.add.reduceat(values, starts) / weight for values in (x, y))
    blocks = isotonic_blocks(mean_correct, weight)
    points = []
    for start, stop in blocks:
        share = weight[start:stop] / weight[start:stop].sum()
        points.append((float(share @ mean_score[start:stop]), float(share @ mean_correct[start:stop])))
    return Calibration(tuple((min(1.0, score), min(1.0, probability)) for score, probability in points))


def isotonic_blocks(
    values: Sequence[float] | NDArray[np.float64], weights: NDArray[np.float64]
) -> list[tuple[int, int]]:
    """Find the blocks `[start, stop)` of the weighted isotonic regression: each takes the mean of its values.

    Args:
        values: N numbers.
        weights: N weights, > 0.

    Returns:
        Consecutive blocks, their means rising.

    Source:
        Ayer et al. 1955, pool adjacent violators.
    """
    blocks: list[tuple[float, float, int]] = []  # mean, weight, start
    for place, (value, weight) in enumerate(zip(values, weights, strict=True)):
        block = float(value), float(weight), place
        while blocks and blocks[-1][0] >= block[0] - _EPSILON:
            mean, mass, start = blocks.pop()
            whole = mass + block[1]
            block = (mean * mass + block[0] * block[1]) / whole, whole, start
        blocks.append(block)
    starts = [start for _, _, start in blocks]
    return list(zip(starts, [*starts[1:], len(values)], strict=True))


class Bin(NamedTuple):
    """Matches whose probability is in `[low, high)`, for the last bin in `[low, 1]`; means are nan if there are none.

    Attributes:
        low: least probability.
        high: where the next bin begins.
        matches: how many.
        confidence: mean probability.
        accuracy: share that is right.
    """

    low: float
    high: float
    matches: int
    confidence: float
    accuracy: float


def reliability(probabilities: Sequence[float], correct: Sequence[bool], bins: int = 10) -> list[Bin]:
    """Compare probabilities with what came true, in bins of equal width; a reliability diagram as a table.

    Raises:
        DataError: there are not as many probabilities as judgements.
    """
    if len(probabilities) != len(correct):
        raise DataError(f"found {len(probabilities)} probabilities and {len(correct)} judgements; expected as many.")
    p, y = np.asarray(probabilities, dtype=float), np.asarray(correct, dtype=float)
    places = np.minimum((p * bins).astype(int), bins - 1)
    found = []
    for place in range(bins):
        own = places == place
        means = (float(p[own].mean()), float(y[own].mean())) if own.any() else (float("nan"), float("nan"))
        found.append(Bin(place / bins, (place + 1) / bins, int(own.sum()), *means))
    return found


def calibration_error(probabilities: Sequence[float], correct: Sequence[bool], bins: int = 10) -> float:
    """Return the expected calibration error: the mean distance of confidence and accuracy of a bin, by its matches.

    Source:
        Guo et al. 2017, equation 3; bins of equal width.
    """
    filled = [each for each in reliability(probabilities, correct, bins) if each.matches]
    total = sum(each.matches for each in filled)
    return sum(each.matches * abs(each.confidence - each.accuracy) for each in filled) / total if total else 0.0
