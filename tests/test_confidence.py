from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Alignment, Bitext, Corpus, Links, Pair, Sentence, Span
from exonym.errors import DataError, RecipeError
from exonym.project import Calibration, Fusion, Matching, calibration_error, calibration_of, fit, project, reliability
from exonym.project import confidence as module
from exonym.project.confidence import IDENTITY, isotonic_blocks

LINES = [Calibration(((0.2, 0.1), (0.5, 0.9))), IDENTITY]


def best_rising_fit(values, weights):
    """The least weighted squared error of any split into blocks with rising means: every split is tried."""
    best = None
    for cuts in (cut for size in range(len(values)) for cut in combinations(range(1, len(values)), size)):
        edges = [0, *cuts, len(values)]
        fitted = np.concatenate(
            [np.full(b - a, np.average(values[a:b], weights=weights[a:b])) for a, b in pairwise(edges)]
        )
        error = float(weights @ (fitted - values) ** 2)
        if (np.diff(fitted) >= -1e-12).all() and (best is None or error < best[0] - 1e-12):
            best = error, fitted
    return best[1]


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 5)), min_size=1, max_size=8))
def test_pooling_finds_the_best_rising_fit(rows):
    values, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    blocks = isotonic_blocks(values, weights)
    fitted = np.concatenate([np.full(b - a, np.average(values[a:b], weights=weights[a:b])) for a, b in blocks])
    assert [a for a, _ in blocks] == [0, *(b for _, b in blocks[:-1])]
    assert fitted == pytest.approx(best_rising_fit(values, weights), abs=1e-6)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), st.booleans()), min_size=1, max_size=40))
def test_a_fit_rises_and_keeps_the_share_that_is_right(rows):
    scores, correct = zip(*rows, strict=True)
    for bins in (0, 3):
        fitted = fit(scores, correct, bins)
        told = [fitted(score) for score in sorted(scores)]
        assert told == sorted(told)
        assert all(0 <= each <= 1 for each in told)
    blocks = fit([0.5] * len(rows), correct)
    assert blocks.points == ((0.5, pytest.approx(sum(correct) / len(correct))),)


def test_few_bins_leave_no_probability_on_a_handful():
    scores = [place / 100 for place in range(100)]
    correct = [True] + [place % 2 == 0 for place in range(98)] + [True]
    assert fit(scores, correct)(1.0) == 1
    assert all(0.3 < probability < 0.7 for _, probability in fit(scores, correct, bins=4).points)


@pytest.mark.parametrize(
    ("score", "probability"), [(0.0, 0.1), (0.2, 0.1), (0.35, 0.5), (0.5, 0.9), (0.7, 0.9), (1.0, 0.9), (1.7, 0.9)]
)
def test_a_calibration_is_linear_between_its_points_and_flat_outside(score, probability):
    assert LINES[0](score) == pytest.approx(probability)


@given(st.floats(0, 1))
def test_the_identity_changes_nothing(score):
    assert IDENTITY(score) == score


@pytest.mark.parametrize("points", [(), ((0.5, 1.5),), ((0.5, 0.2), (0.5, 0.3)), ((0.1, 0.5), (0.2, 0.4))])
def test_points_that_do_not_rise_in_the_unit_square_are_refused(points):
    with pytest.raises(RecipeError, match="points: found"):
        Calibration(points)


def test_the_fitted_table_is_for_default_scores_only(monkeypatch):
    monkeypatch.setattr(module, "FITTED", LINES[0])
    module.calibration_of.cache_clear()
    for matching in (Matching(), Matching(threshold=0.0), Matching(matcher="greedy", limit=2)):
        assert calibration_of(matching) == LINES[0]
    others = (Matching(score="words"), Matching(matcher="heuristic"), Matching(fusion=Fusion(tagger=1.0)))
    assert [calibration_of(matching) for matching in others] == [IDENTITY] * 3
    corpus = Corpus((Sentence(("a",), (Span(0, 1, "PER", 0.5),)),))
    links = Alignment((Links.of([(0, 0, 0.35)]),))
    (projected,) = project(corpus, Bitext((Pair(("a",), ("b",)),)), links)
    monkeypatch.setattr(module, "FITTED", IDENTITY)
    module.calibration_of.cache_clear()
    (bare,) = project(corpus, Bitext((Pair(("a",), ("b",)),)), links)
    module.calibration_of.cache_clear()
    score = bare.spans[0].score / 0.5
    assert 0.2 < score < 0.5
    assert projected.spans[0].score == pytest.approx(0.5 * LINES[0](score))


def test_calibration_error_is_the_mean_distance_of_bins():
    probabilities, correct = [0.05, 0.05, 0.95, 1.0], [True, False, True, True]
    table = reliability(probabilities, correct)
    assert [each.matches for each in table] == [2, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert (table[0].confidence, table[0].accuracy) == (pytest.approx(0.05), 0.5)
    assert table[9].high == 1
    assert calibration_error(probabilities, correct) == pytest.approx((2 * 0.45 + 2 * 0.025) / 4)
    assert calibration_error([], []) == 0


def test_judgements_must_belong_to_scores():
    for wrong in (lambda: fit([], []), lambda: fit([0.1], []), lambda: reliability([0.1], [])):
        with pytest.raises(DataError, match="judgements"):
            wrong()
