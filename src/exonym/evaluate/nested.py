"""Systems that were run several times, on several languages: which differences hold for other seeds too.

`exonym.evaluate.compare` takes the runs as they are and resamples sentences; here runs are resampled as well, and
languages if asked for. Start at `resample_runs`.
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

_STEP = 500  # resamples at a time
_CLOSE = 1e-12


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


@dataclass(frozen=True, eq=False)
class ResampledRuns:
    """The F1 of systems as they are and in resamples, the same ones for all systems, so that differences are paired.

    Attributes:
        f1: system -> language -> mean F1 of its runs.
        resampled: system -> language -> mean F1 of drawn runs on drawn sentences, shape (R,).
        shares: how much each language counts in each resample if languages are drawn too, (R, languages), in the
            order of their names.
    """

    f1: dict[str, dict[str, float]]
    resampled: dict[str, dict[str, NDArray[np.float64]]]
    shares: NDArray[np.float64]

    def contrast(
        self,
        weights: Mapping[str, float],
        *,
        languages: Sequence[str] = (),
        level: float = 0.95,
        other_languages: bool = False,
    ) -> Contrast:
        """Compute a weighted sum of mean F1, and how it moves with runs and sentences.

        Args:
            weights: system -> weight. +1 and -1 give a difference; +1, -1, -1, +1 an interaction.
            languages: of which to take the mean; all if empty.
            level: of the interval, in (0, 1).
            other_languages: draw languages too: the interval is then of languages like all these, and wide where there
                are few.

        Returns:
            The value, with a p-value of (c + 1) / (R + 1), where c counts the resamples that are as far from the
            value as 0 is.

        Raises:
            RecipeError: a system or language is not there, the level is out of range, or languages are drawn from some
                only.
        """
        check_level(level)
        known = sorted(next(iter(self.f1.values())))
        asked = list(languages) or known
        missing = [each for each in (*weights, *asked) if each not in self.f1 and each not in known]
        if missing or not weights:
            raise RecipeError(f"found {', '.join(missing) or 'no system'}; expected some of {', '.join(self.f1)}.")
        if other_languages and asked != known:
            raise RecipeError("languages: found some with other_languages; expected all, to draw from.")
        exact = {name: sum(weight * self.f1[system][name] for system, weight in weights.items()) for name in asked}
        drawn = np.stack(
            [sum(weight * self.resampled[system][name] for system, weight in weights.items()) for name in asked], axis=1
        )
        means = (drawn * self.shares).sum(axis=1) if other_languages else drawn.mean(axis=1)
        value = float(np.mean(list(exact.values())))
        far = int((np.abs(means - value) >= abs(value) - _CLOSE).sum())
        return Contrast(value, percentile(means, level), (far + 1) / (len(means) + 1), exact)


def resample_runs(systems: Mapping[str, Runs], *, resamples: int = 10_000, seed: int = 1) -> ResampledRuns:
    """Resample runs and sentences of several systems.

    In each resample runs are drawn with replacement, the same ones of all systems and languages, since run number k of
    all is made with one seed; then sentences of each language, the same ones of all systems and runs.

    Args:
        systems: system -> language -> the counts of each run.
        resamples: how many, R >= 1.
        seed: of the resampling, >= 0.

    Raises:
        DataError: the systems do not have the same languages, sentences and numbers of runs.
        RecipeError: there is no system, or an option is out of range.

    Source:
        Davison and Hinkley 1997, Bootstrap Methods and their Application, section 3.8 (resampling at two levels), and
        section 4.4 for the p-value of `ResampledRuns.contrast`.
    """
    check_resampling(resamples, seed)
    languages, number = _checked(systems)
    random = generator(seed)
    runs = _drawn(number, resamples, random)
    shares = _drawn(len(languages), resamples, random)
    f1: dict[str, dict[str, float]] = {system: {} for system in systems}
    resampled: dict[str, dict[str, NDArray[np.float64]]] = {system: {} for system in systems}
    for at, language in enumerate(languages):
        arrays = np.stack([_stacked(of[language]) for of in systems.values()])  # (systems, runs, sentences, 3)
        found = np.empty((len(systems), resamples))
        own = generator(seed, at)
        for start in range(0, resamples, _STEP):
            step = slice(start, min(start + _STEP, resamples))
            often = _drawn(arrays.shape[2], step.stop - start, own)
            found[:, step] = (_f1(arrays, often) * runs[step]).sum(axis=2)
        exact = _f1(arrays, np.ones((1, arrays.shape[2]))).mean(axis=2)[:, 0]
        for place, system in enumerate(systems):
            f1[system][language] = float(exact[place])
            resampled[system][language] = found[place]
    return ResampledRuns(f1, resampled, shares)


def _checked(systems: Mapping[str, Runs]) -> tuple[list[str], int]:
    """Return the languages and the number of runs, which must be those of every system."""
    if not systems or not next(iter(systems.values())):
        raise RecipeError("found no system or no language; expected at least one.")
    first = next(iter(systems.values()))
    number = len(next(iter(first.values())))
    for system, runs in systems.items():
        if set(runs) != set(first):
            raise DataError(
                f"{system}: found the languages {', '.join(sorted(runs))}; expected {', '.join(sorted(first))}, as of "
                "the first system."
            )
        for language, counts in runs.items():
            if len(counts) != number or not number:
                raise DataError(f"{system}, {language}: found {len(counts)} runs; expected {number}, as elsewhere.")
            if len({len(each) for each in (*counts, *first[language])}) > 1:
                raise DataError(f"{system}, {language}: found another number of sentences; expected the same text.")
    return sorted(first), number


def _drawn(number: int, resamples: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Draw `number` things with replacement, again and again: the share of each, (R, number)."""
    return random.multinomial(number, np.full(number, 1 / number), size=resamples) / number


def _stacked(runs: Sequence[Counts]) -> NDArray[np.float64]:
    """Return the micro counts of runs, shape (runs, sentences, 3)."""
    return np.stack([counts.micro for counts in runs]).astype(np.float64)


def _f1(arrays: NDArray[np.float64], often: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return F1, (systems, R, runs), given the share of each sentence in each resample, (R, sentences)."""
    systems, runs, sentences, _ = arrays.shape
    sums = often @ arrays.transpose(2, 0, 1, 3).reshape(sentences, -1)
    return f1_of(sums.reshape(len(often), systems, runs, 3)).transpose(1, 0, 2)
