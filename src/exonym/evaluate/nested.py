"""Differences between systems that were run several times, on several languages: what holds for other seeds too.

`exonym.evaluate.compare` takes the runs as they are and resamples sentences; here runs are resampled as well, and
languages if asked for. Start at `contrast`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from exonym.errors import DataError, RecipeError
from exonym.evaluate.bootstrap import Interval, check_level, check_resampling, generator, percentile
from exonym.evaluate.f1 import f1_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from exonym.evaluate.counts import Counts

    Runs = Mapping[str, Sequence[Counts]]

_STEP = 200  # resamples at a time


@dataclass(frozen=True, slots=True)
class Contrast:
    """A weighted sum of the F1 of several systems, such as a difference.

    Attributes:
        value: the mean over languages; of each, the mean over runs.
        interval: percentile interval under resampling.
        p: two-sided p-value of the hypothesis that the value is 0.
        languages: the value of each language.
    """

    value: float
    interval: Interval
    p: float
    languages: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return asdict(self)


def contrast(
    systems: Sequence[tuple[float, Runs]],
    *,
    resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 1,
    other_languages: bool = False,
) -> Contrast:
    """Compute a weighted sum of mean F1, and how it moves with sentences and runs.

    In each resample runs are drawn with replacement, the same ones of all systems and languages, since run number k of
    all is made with one seed; then sentences of each language, the same ones of all systems and runs.

    Args:
        systems: a weight for each system, and its runs: language -> the counts of each run. +1 and -1 give a
            difference; +1, -1, -1, +1 an interaction.
        resamples: how many, >= 1.
        level: of the interval, in (0, 1).
        seed: of the resampling, >= 0.
        other_languages: draw languages too, with replacement: the interval is then of languages like these, and wide
            where there are few.

    Returns:
        The value, with a p-value of (c + 1) / (resamples + 1), where c counts the resamples that are as far from the
        value as 0 is.

    Raises:
        DataError: the systems do not have the same languages, sentences and numbers of runs.
        RecipeError: an option is out of range.

    Source:
        Davison and Hinkley 1997, Bootstrap Methods and their Application, section 3.8 (resampling at two levels), and
        section 4.4 for the p-value.
    """
    check_resampling(resamples, seed)
    check_level(level)
    languages = _languages(systems)
    number = len(systems[0][1][languages[0]])
    random = generator(seed)
    drawn = random.multinomial(number, np.full(number, 1 / number), size=resamples) / number
    values = np.empty((len(languages), resamples))
    exact = {}
    for at, language in enumerate(languages):
        arrays = [_stacked(runs[language]) for _, runs in systems]
        weights = [weight for weight, _ in systems]
        one = np.ones((1, arrays[0].shape[1]))
        exact[language] = float(_values(arrays, weights, one).mean())
        own = generator(seed, at)
        size = arrays[0].shape[1]
        for start in range(0, resamples, _STEP):
            step = slice(start, min(start + _STEP, resamples))
            often = own.multinomial(size, np.full(size, 1 / size), size=step.stop - start).astype(np.float64)
            values[at, step] = (_values(arrays, weights, often) * drawn[step]).sum(axis=1)
    if other_languages:
        count = len(languages)
        shares = random.multinomial(count, np.full(count, 1 / count), size=resamples) / count
        means = (values * shares.T).sum(axis=0)
    else:
        means = values.mean(axis=0)
    value = float(np.mean(list(exact.values())))
    far = int((np.abs(means - value) >= abs(value) - 1e-12).sum())
    return Contrast(value, percentile(means, level), (far + 1) / (resamples + 1), exact)


def _languages(systems: Sequence[tuple[float, Runs]]) -> list[str]:
    """Return the languages, which must be those of every system, with as many runs and sentences."""
    if not systems or not systems[0][1]:
        raise RecipeError("found no system or no language; expected at least one.")
    first = systems[0][1]
    number = len(next(iter(first.values())))
    for _, runs in systems:
        if set(runs) != set(first):
            raise DataError(
                f"found the languages {', '.join(sorted(runs))} and {', '.join(sorted(first))}; expected the same of "
                "every system."
            )
        for language, counts in runs.items():
            if len(counts) != number or not number:
                raise DataError(f"{language}: found {len(counts)} runs; expected {number}, as of the first system.")
            if len({len(each) for each in (*counts, *first[language])}) > 1:
                raise DataError(f"{language}: found runs on other numbers of sentences; expected the same text.")
    return sorted(first)


def _stacked(runs: Sequence[Counts]) -> NDArray[np.float64]:
    """Return the micro counts of runs, shape (runs, sentences, 3)."""
    return np.stack([counts.micro for counts in runs]).astype(np.float64)


def _values(
    arrays: Sequence[NDArray[np.float64]], weights: Sequence[float], often: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the weighted sum of F1 for each resample and run, given how often each sentence was drawn (R, N)."""
    total = np.zeros((len(often), len(arrays[0])))
    for weight, array in zip(weights, arrays, strict=True):
        runs, sentences, _ = array.shape
        sums = often @ array.transpose(1, 0, 2).reshape(sentences, runs * 3)
        total += weight * f1_of(sums.reshape(len(often), runs, 3))
    return total
