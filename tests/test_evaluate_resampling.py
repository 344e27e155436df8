import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Corpus, Sentence, Span
from exonym.errors import DataError, RecipeError
from exonym.evaluate import (
    Counts,
    bootstrap,
    compare,
    count,
    holm,
    intervals_of,
    mean_over,
    paired,
    paired_bootstrap,
    parse_signature,
    randomisation,
    score,
)
from exonym.evaluate.f1 import f1_of, macro_f1_of


def counts_of(rows, runs=1, labels=("X",)):
    return Counts(labels, np.array(rows, dtype=np.int64).reshape(len(rows), len(labels), 3), runs)


def random_counts(random, sentences, gold=None, labels=1):
    """Counts that could be real: matched <= min(predicted, gold)."""
    gold = random.integers(0, 4, (sentences, labels)) if gold is None else gold
    predicted = random.integers(0, 4, (sentences, labels))
    matched = random.integers(0, np.minimum(gold, predicted) + 1)
    names = tuple(f"L{at}" for at in range(labels))
    return counts_of(np.stack([matched, predicted, gold], axis=-1), labels=names)


def plain_f1(rows):
    matched, predicted, gold = np.sum(rows, axis=0)
    return 2 * matched / (predicted + gold) if predicted + gold else 0.0


# Bootstrap


def test_sentences_that_are_all_alike_give_an_interval_of_no_width():
    found = intervals_of(counts_of([[1, 2, 3]] * 40), resamples=200).micro
    assert found.low == found.high == pytest.approx(2 / 5)


def test_resampled_sums_have_the_distribution_of_drawing_sentences():
    """All 3**3 equally likely resamples of three sentences, against many draws."""
    rows = np.array([[1, 1, 1], [0, 2, 1], [0, 2, 1]])
    drawn = np.concatenate(list(bootstrap.resampled_sums(rows, 20_000, bootstrap.generator(3))))
    exact = [tuple(rows[list(pick)].sum(axis=0)) for pick in itertools.product(range(3), repeat=3)]
    for outcome in set(exact):
        expected = exact.count(outcome) / len(exact)
        assert np.all(drawn == outcome, axis=1).mean() == pytest.approx(expected, abs=0.015)


def test_interval_agrees_with_plain_resampling_of_sentences():
    random = np.random.default_rng(5)
    counts = random_counts(random, 60, labels=3)
    plain = random.integers(0, 60, (4000, 60))
    sums = counts.values[plain].sum(axis=1)
    found = intervals_of(counts, resamples=4000)
    for ours, values in (
        (found.micro, f1_of(sums.sum(axis=1))),
        (found.macro, macro_f1_of(sums)),
        (found.per_label["L1"], f1_of(sums[:, 1])),
    ):
        assert (ours.low, ours.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])), abs=0.012)


def test_interval_covers_the_truth_about_as_often_as_it_says():
    """One gold entity and one prediction a sentence, right with chance 0.7: F1 is a mean of coin flips."""
    random = np.random.default_rng(11)
    covered = 0
    for seed in range(300):
        matched = random.random(150) < 0.7
        counts = counts_of([[int(right), 1, 1] for right in matched])
        found = intervals_of(counts, resamples=400, seed=seed).micro
        covered += found.low <= 0.7 <= found.high
    assert 0.89 <= covered / 300 <= 0.99


def test_seed_fixes_the_interval_and_the_order_of_sentences_does_not_matter():
    counts = random_counts(np.random.default_rng(2), 50, labels=2)
    found = intervals_of(counts, resamples=100, seed=4)
    assert found == intervals_of(counts, resamples=100, seed=4)
    assert found == intervals_of(Counts(counts.labels, counts.values[::-1]), resamples=100, seed=4)
    assert found != intervals_of(counts, resamples=100, seed=5)


def test_chunks_do_not_change_the_numbers(monkeypatch):
    random = np.random.default_rng(2)
    a = random_counts(random, 50)
    b = random_counts(random, 50, gold=a.values[..., 2])
    whole = intervals_of(a, resamples=100), paired_bootstrap(a, b, resamples=100), randomisation(a, b, resamples=100)
    monkeypatch.setattr(bootstrap, "_CELLS", 70)
    monkeypatch.setattr(paired, "_CELLS", 70)
    assert whole == (
        intervals_of(a, resamples=100),
        paired_bootstrap(a, b, resamples=100),
        randomisation(a, b, resamples=100),
    )


def test_macro_of_a_resample_is_over_the_labels_that_occur_in_it():
    sums = np.array([[[1, 1, 1], [0, 0, 0]], [[1, 1, 1], [0, 1, 0]], [[0, 0, 0], [0, 0, 0]]])
    assert macro_f1_of(sums).tolist() == [1.0, 0.5, 0.0]


def test_a_higher_level_gives_a_wider_interval():
    counts = random_counts(np.random.default_rng(3), 80)
    narrow, wide = (intervals_of(counts, level=level).micro for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_mean_over_languages_counts_each_the_same():
    large, small = counts_of([[1, 1, 1]] * 100), counts_of([[0, 1, 1], [1, 1, 1]])
    found = mean_over({"a": large, "b": small}, resamples=500)
    assert found.f1 == 0.75
    assert found.interval.low == 0.5
    assert found.interval.high == 1.0
    assert mean_over({"a": large}, resamples=0).interval is None
    with pytest.raises(RecipeError, match="no corpus"):
        mean_over({})


def test_mean_resamples_each_language_on_its_own():
    """Independent draws: the interval of a mean of k equal corpora shrinks by about the square root of k."""
    counts = random_counts(np.random.default_rng(8), 200)
    one = mean_over({"a": counts}, resamples=4000).interval
    four = mean_over(dict.fromkeys("abcd", counts), resamples=4000).interval
    assert (four.high - four.low) / (one.high - one.low) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("wrong", [{"resamples": 0}, {"level": 0.0}, {"level": 1.0}, {"seed": -1}])
def test_options_of_the_bootstrap_are_checked(wrong):
    counts = counts_of([[1, 1, 1]])
    for call in (lambda: intervals_of(counts, **wrong), lambda: paired_bootstrap(counts, counts, **wrong)):
        with pytest.raises(RecipeError, match="expected"):
            call()


# Two systems


def test_the_same_system_twice_has_p_one():
    counts = random_counts(np.random.default_rng(1), 30)
    found = paired_bootstrap(counts, counts, resamples=200)
    assert (found.difference, found.interval.low, found.interval.high, found.wins, found.p) == (0, 0, 0, 0.5, 1)
    assert randomisation(counts, counts, resamples=200) == 1


def test_systems_far_apart_have_the_smallest_p():
    good, bad = (
        counts_of([[2, 2, 2], [1, 1, 1]] * 100),
        counts_of([[0, 2, 2], [0, 1, 1]] * 50 + [[2, 2, 2], [1, 1, 1]] * 50),
    )
    found = paired_bootstrap(good, bad, resamples=999)
    assert (found.wins, found.p) == (1.0, 1 / 1000)
    assert found.interval.low > 0.4
    assert randomisation(good, bad, resamples=999) == 1 / 1000


@pytest.mark.parametrize("seed", range(6))
def test_randomisation_agrees_with_all_swaps(seed):
    random = np.random.default_rng(seed)
    a = random_counts(random, 9)
    b = random_counts(random, 9, gold=a.values[..., 2])
    first, second = a.micro, b.micro
    observed = abs(plain_f1(first) - plain_f1(second))
    extreme = 0
    for swaps in itertools.product([False, True], repeat=9):
        swapped = np.array(swaps)[:, None]
        difference = plain_f1(np.where(swapped, second, first)) - plain_f1(np.where(swapped, first, second))
        extreme += abs(difference) >= observed - 1e-12
    assert randomisation(a, b, resamples=20_000, seed=seed) == pytest.approx(extreme / 2**9, abs=0.015)


@pytest.mark.parametrize("seed", range(4))
def test_paired_bootstrap_agrees_with_all_resamples(seed):
    random = np.random.default_rng(seed)
    a = random_counts(random, 5)
    b = random_counts(random, 5, gold=a.values[..., 2])
    picks = np.array(list(itertools.product(range(5), repeat=5)))
    exact = np.array([plain_f1(a.micro[pick]) - plain_f1(b.micro[pick]) for pick in picks])
    observed = plain_f1(a.micro) - plain_f1(b.micro)
    found = paired_bootstrap(a, b, resamples=20_000, seed=seed)
    assert found.difference == pytest.approx(observed)
    assert found.p == pytest.approx((np.abs(exact - observed) >= abs(observed) - 1e-12).mean(), abs=0.015)
    assert found.wins == pytest.approx((exact > 1e-12).mean() + (np.abs(exact) <= 1e-12).mean() / 2, abs=0.015)


def test_p_of_equally_good_systems_is_rarely_small():
    """Two systems with the same chance of being right: about one test in twenty may be below 0.05."""
    random = np.random.default_rng(17)
    small = {"bootstrap": 0, "randomisation": 0}
    for seed in range(200):
        a, b = (counts_of([[int(right), 1, 1] for right in random.random(120) < 0.6]) for _ in range(2))
        small["bootstrap"] += paired_bootstrap(a, b, resamples=300, seed=seed).p < 0.05
        small["randomisation"] += randomisation(a, b, resamples=300, seed=seed) < 0.05
    assert all(count <= 22 for count in small.values())


def test_swapping_the_systems_turns_the_difference_round():
    random = np.random.default_rng(4)
    a = random_counts(random, 40)
    b = random_counts(random, 40, gold=a.values[..., 2])
    assert paired_bootstrap(a, b).difference == -paired_bootstrap(b, a).difference
    assert randomisation(a, b) == pytest.approx(randomisation(b, a), abs=0.02)


def test_systems_with_different_numbers_of_runs_are_put_on_one_scale():
    random = np.random.default_rng(6)
    a = random_counts(random, 40)
    b = random_counts(random, 40, gold=a.values[..., 2])
    thrice = Counts(b.labels, b.values * 3, 3)
    assert paired_bootstrap(a, thrice, resamples=500) == paired_bootstrap(a, b, resamples=500)
    assert randomisation(a, thrice, resamples=500) == randomisation(a, b, resamples=500)
    twice = Counts(a.labels, a.values * 2, 2)
    assert paired_bootstrap(twice, thrice, resamples=500) == paired_bootstrap(a, b, resamples=500)
    assert randomisation(twice, b, resamples=500) == randomisation(a, b, resamples=500)


def test_counts_against_different_gold_cannot_be_compared():
    for other in (counts_of([[1, 1, 2]]), counts_of([[1, 1, 1]] * 2)):
        with pytest.raises(DataError, match="different gold"):
            randomisation(counts_of([[1, 1, 1]]), other)


def test_compare_says_all_about_two_systems():
    def corpus(*labels):
        return Corpus(tuple(Sentence(("a",), (Span(0, 1, label),) if label else ()) for label in labels))

    gold = corpus(*["PER", "LOC"] * 20)
    found = compare(gold, gold, [corpus(*["PER", "ORG"] * 20), corpus(*["PER", ""] * 20)], resamples=200)
    assert (found.a.f1, found.b.matched, found.b.predicted, found.b.gold) == (1.0, 40, 60, 80)
    assert found.difference == pytest.approx(1 - 4 / 7)
    assert found.interval.low <= found.difference <= found.interval.high
    assert found.p_bootstrap == found.p_randomisation == 1 / 201
    fields = parse_signature(found.signature)
    assert (fields["runs"], fields["test"], fields["boot"]) == ("1,2", "paired-bootstrap+randomisation", "200")
    assert found.to_dict()["interval"]["level"] == 0.95


def test_real_corpus_compared_with_itself_spoilt_is_significant():
    """Counts by sentence of 500 sentences, from corpora rather than by hand."""
    sentences = [Sentence(tuple("abcd"), (Span(0, 1, "PER"), Span(2, 4, "LOC")), str(at)) for at in range(500)]
    spoilt = [one.with_spans(one.spans[: 1 + (at % 10 > 0)]) for at, one in enumerate(sentences)]
    gold, worse = Corpus(tuple(sentences)), Corpus(tuple(spoilt))
    assert score(count(gold, worse)).micro.f1 == pytest.approx(2 * 950 / 1950)
    assert compare(gold, gold, worse, resamples=999).p_randomisation == 0.001


# Holm


def test_holm_by_hand():
    """Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 is 0.02, 0.03, 0.06, 0.04; the last rises to 0.06."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    with pytest.raises(RecipeError, match="p-values"):
        holm([0.5, float("nan")])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_never_lowers(p_values):
    adjusted = holm(p_values)
    assert all(raw <= new <= 1 for raw, new in zip(p_values, adjusted, strict=True))
    by_raw = sorted(zip(p_values, adjusted, strict=True))
    assert [new for _, new in by_raw] == sorted(adjusted)
    assert min(adjusted) == pytest.approx(min(1, len(p_values) * min(p_values)))
