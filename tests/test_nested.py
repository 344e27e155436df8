"""Contrasts over runs and languages against closed forms and plain loops."""

from itertools import product

import numpy as np
import pytest

from exonym.errors import DataError, RecipeError
from exonym.evaluate import Counts, resample_runs, score


def contrast(systems, *, resamples=100, **options):
    """A contrast of systems that are given with their weights."""
    named = {str(place): runs for place, (_, runs) in enumerate(systems)}
    weights = {str(place): weight for place, (weight, _) in enumerate(systems)}
    return resample_runs(named, resamples=resamples).contrast(weights, **options)


def counts(*rows):
    """One label; a row is (matched, predicted, gold) of a sentence."""
    return Counts(("PER",), np.array(rows, dtype=np.int64)[:, None, :])


def random_counts(random, sentences=40):
    gold = random.integers(1, 4, sentences)
    matched = random.binomial(gold, 0.6)
    return counts(*zip(matched, matched + random.integers(0, 2, sentences), gold, strict=True))


def test_value_is_the_mean_of_runs_and_languages():
    random = np.random.default_rng(1)
    a = {name: [random_counts(random) for _ in range(3)] for name in ("x", "y")}
    b = {name: [random_counts(random) for _ in range(3)] for name in ("x", "y")}
    found = contrast([(1, a), (-1, b)], resamples=50)
    expected = {
        name: np.mean([score(one).micro.f1 - score(two).micro.f1 for one, two in zip(a[name], b[name], strict=True)])
        for name in a
    }
    assert found.languages == pytest.approx(expected)
    assert found.value == pytest.approx(np.mean(list(expected.values())))
    assert found.interval.low <= found.value <= found.interval.high


def test_a_system_does_not_differ_from_itself():
    runs = {"x": [random_counts(np.random.default_rng(seed)) for seed in range(4)]}
    found = contrast([(1, runs), (-1, runs)], resamples=99)
    assert (found.value, found.interval.low, found.interval.high, found.p) == (0, 0, 0, 1)


def test_a_difference_that_is_the_same_everywhere_is_certain():
    good, bad = {"x": [counts(*[(1, 1, 1)] * 30)] * 2}, {"x": [counts(*[(0, 1, 1)] * 30)] * 2}
    found = contrast([(1, good), (-1, bad)], resamples=999)
    assert (found.value, found.interval.low, found.p) == (1, 1, 1 / 1000)


def test_runs_are_resampled():
    """All sentences are alike, so that only the draw of runs moves the value: its distribution is enumerated."""
    f1s = (0.0, 0.5, 1.0)
    runs = {"x": [counts(*[(round(2 * f1), 2, 2)] * 10) for f1 in f1s]}
    found = contrast([(1, runs)], resamples=20_000, level=0.9)
    means = [np.mean(draw) for draw in product(f1s, repeat=3)]
    low, high = np.quantile(means, [0.05, 0.95])
    assert found.interval.low == pytest.approx(low)
    assert found.interval.high == pytest.approx(high)


def test_runs_are_drawn_together():
    """What all runs of one seed share cancels in the difference."""
    a = {"x": [counts(*[(n, 4, 4)] * 10) for n in (1, 2, 4)]}
    b = {"x": [counts(*[(n - 1, 4, 4)] * 10) for n in (1, 2, 4)]}
    found = contrast([(1, a), (-1, b)], resamples=200)
    assert found.interval.low == pytest.approx(0.25)
    assert found.interval.high == pytest.approx(0.25)


def test_languages_are_resampled_if_asked_for():
    runs = {"x": [counts(*[(0, 1, 1)] * 10)], "y": [counts(*[(1, 1, 1)] * 10)]}
    assert contrast([(1, runs)], resamples=300).interval.low == 0.5
    wide = contrast([(1, runs)], resamples=300, other_languages=True).interval
    assert (wide.low, wide.high) == (0, 1)


def test_interaction():
    random = np.random.default_rng(3)
    arms = [{"x": [random_counts(random) for _ in range(2)]} for _ in range(4)]
    single = [contrast([(1, arm)], resamples=10).value for arm in arms]
    weights = (1, -1, -1, 1)
    found = contrast(list(zip(weights, arms, strict=True)), resamples=10).value
    assert found == pytest.approx(sum(weight * value for weight, value in zip(weights, single, strict=True)))


def test_p_values_hold_where_there_is_no_difference():
    """Two systems of one strength: p below .1 in about a tenth of the trials."""
    random = np.random.default_rng(5)
    small = 0
    for _ in range(100):
        a, b = ({"x": [random_counts(random, 60) for _ in range(5)]} for _ in range(2))
        small += contrast([(1, a), (-1, b)], resamples=200).p < 0.1
    assert small <= 25


@pytest.mark.parametrize(
    ("systems", "error", "words"),
    [
        ([], RecipeError, "no system"),
        (
            [(1, {"x": [counts((1, 1, 1))]}), (-1, {"y": [counts((1, 1, 1))]})],
            DataError,
            "1: found the languages y; expected x",
        ),
        ([(1, {"x": [counts((1, 1, 1))]}), (-1, {"x": []})], DataError, "0 runs; expected 1"),
        (
            [(1, {"x": [counts((1, 1, 1))]}), (-1, {"x": [counts(*[(1, 1, 1)] * 2)]})],
            DataError,
            "1, x: found another number",
        ),
    ],
)
def test_faults(systems, error, words):
    with pytest.raises(error, match=words):
        contrast(systems, resamples=10)


def test_some_languages_alone():
    runs = {name: [random_counts(np.random.default_rng(at))] for at, name in enumerate("xyz")}
    found = resample_runs({"a": runs}, resamples=20)
    assert found.contrast({"a": 1}, languages=["y"]).languages == {"y": score(runs["y"][0]).micro.f1}
    with pytest.raises(RecipeError, match="found b, w"):
        found.contrast({"b": 1}, languages=["w"])
    with pytest.raises(RecipeError, match="expected all"):
        found.contrast({"a": 1}, languages=["x"], other_languages=True)
