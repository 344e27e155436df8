from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Links, Span
from exonym.project import (
    Candidate,
    candidates_of,
    link_mass,
    match_exact,
    match_greedy,
    match_heuristic,
    match_milp,
    total,
)
from exonym.project.match import WIDEST, _match_dynamic, _width


@st.composite
def problems(draw, spans=(1, 4), words=(1, 8)):
    """Source spans, each with a dictionary of link masses over target words."""
    count, length = draw(st.integers(*spans)), draw(st.integers(*words))
    weights = st.sampled_from([0.25, 0.5, 0.75, 1.0, 2.0])
    masses = [draw(st.dictionaries(st.integers(0, length - 1), weights, max_size=length)) for _ in range(count)]
    return length, draw(st.lists(st.integers(1, 4), min_size=count, max_size=count)), masses


def every_range(mass, source_length, length):
    """All n-grams with their score, straight from the definition."""
    return [
        Candidate(start, stop, score)
        for start in range(length)
        for stop in range(start + 1, length + 1)
        if (score := 2 * sum(mass.get(word, 0) for word in range(start, stop)) / (source_length + stop - start)) > 0
    ]


def is_valid(choice):
    """No two chosen candidates overlap."""
    chosen = sorted((c.start, c.stop) for c in choice if c is not None)
    return all(a[1] <= b[0] for a, b in pairwise(chosen))


def brute_force(candidates):
    """The best total over every valid choice."""
    return max(
        (total(choice) for choice in product(*([None, *own] for own in candidates)) if is_valid(choice)),
        default=0.0,
    )


@given(problems((1, 3), (1, 5)))
def test_exact_on_edge_linked_candidates_is_the_optimum_over_all_ranges(problem):
    length, sizes, masses = problem
    full = [every_range(mass, size, length) for mass, size in zip(masses, sizes, strict=True)]
    reduced = [candidates_of(mass, size) for mass, size in zip(masses, sizes, strict=True)]
    choice = match_exact(reduced)
    assert is_valid(choice)
    assert total(choice) == pytest.approx(brute_force(full))


@given(problems())
def test_dynamic_programme_equals_integer_programme_over_all_ranges(problem):
    length, sizes, masses = problem
    full = [every_range(mass, size, length) for mass, size in zip(masses, sizes, strict=True)]
    reduced = [candidates_of(mass, size) for mass, size in zip(masses, sizes, strict=True)]
    best = total(match_milp(full))
    for choice in (_match_dynamic(reduced), match_milp(reduced), match_exact(reduced)):
        assert is_valid(choice)
        assert total(choice) == pytest.approx(best)
        assert all(c is None or c in own for c, own in zip(choice, reduced, strict=True))


@given(problems())
def test_greedy_is_valid_and_never_above_exact(problem):
    _, sizes, masses = problem
    candidates = [candidates_of(mass, size) for mass, size in zip(masses, sizes, strict=True)]
    greedy = match_greedy(candidates)
    assert is_valid(greedy)
    assert total(greedy) <= total(match_exact(candidates)) + 1e-9


@given(problems((WIDEST + 1, WIDEST + 3), (12, 16)))
def test_many_competing_spans_are_still_matched_exactly(problem):
    _, sizes, masses = problem
    candidates = [candidates_of(mass, size) for mass, size in zip(masses, sizes, strict=True)]
    assert total(match_exact(candidates)) == pytest.approx(total(_match_dynamic(candidates)))


def test_width_counts_spans_that_compete_at_one_place():
    assert _width([[Candidate(0, 2, 1)], [Candidate(2, 3, 1)], []]) == 1
    assert _width([[Candidate(0, 1, 1), Candidate(4, 5, 1)], [Candidate(2, 3, 1)]]) == 2


def test_exact_gives_up_a_best_candidate_for_a_better_whole():
    candidates = [[Candidate(0, 2, 1.0), Candidate(0, 1, 0.9)], [Candidate(1, 2, 0.95)]]
    assert match_greedy(candidates) == [Candidate(0, 2, 1.0), None]
    assert match_exact(candidates) == [Candidate(0, 1, 0.9), Candidate(1, 2, 0.95)]


def test_greedy_ties_go_to_the_earlier_span_then_start_then_shorter_range():
    assert match_greedy([[Candidate(1, 2, 0.5), Candidate(0, 1, 0.5)], [Candidate(0, 1, 0.5)]]) == [
        Candidate(0, 1, 0.5),
        None,
    ]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=8))
def test_score_is_the_published_dice_over_link_pairs(pairs):
    span = Span(1, 3, "PER")
    links = Links.of(pairs)
    (mass,) = link_mass([span], links)
    for candidate in candidates_of(mass, len(span)):
        inside = sum(1 <= i < 3 and candidate.start <= j < candidate.stop for i, j in set(pairs))
        assert candidate.score == pytest.approx(2 * inside / (2 + candidate.stop - candidate.start))


def test_threshold_leaves_candidates_out():
    assert candidates_of({0: 0.1, 3: 1.0}, 1, threshold=0.5) == [Candidate(3, 4, 1.0)]


def heuristic(spans, linked, **options):
    choice, reasons = match_heuristic(spans, [dict.fromkeys(words, 1.0) for words in linked], **options)
    return [c and (c.start, c.stop) for c in choice], reasons


def test_heuristic_takes_the_longest_run_and_the_first_of_equals():
    assert heuristic([Span(0, 2, "PER")], [[1, 4, 5]]) == ([(4, 6)], [""])
    assert heuristic([Span(0, 2, "PER")], [[1, 4]]) == ([(1, 2)], [""])


def test_heuristic_gap_is_a_gap_and_not_a_width():
    assert heuristic([Span(0, 3, "PER")], [[1, 2, 4]], max_gap=1)[0] == [(1, 5)]
    assert heuristic([Span(0, 3, "PER")], [[1, 2, 4]])[0] == [(1, 3)]


def test_heuristic_spans_that_change_places_keep_their_words():
    spans = [Span(0, 2, "PER"), Span(3, 4, "PER")]
    assert heuristic(spans, [[5, 6], [1]]) == ([(5, 7), (1, 2)], ["", ""])


def test_heuristic_collisions():
    same = [Span(0, 2, "PER"), Span(2, 4, "PER")]
    assert heuristic(same, [[0, 1], [1, 2]]) == ([(0, 3), None], ["", "joined with an overlapping span"])
    other = [Span(0, 2, "PER"), Span(2, 4, "LOC")]
    assert heuristic(other, [[0, 1, 2], [2, 3]]) == ([(0, 3), None], ["", "overlap"])
    assert heuristic(other, [[0, 1], [1, 2]]) == ([None, (1, 3)], ["overlap", ""])


@given(problems(), st.integers(0, 2))
def test_heuristic_results_are_disjoint_and_lost_ones_have_a_reason(problem, gap):
    _, sizes, masses = problem
    spans, at = [], 0
    for index, size in enumerate(sizes):
        spans.append(Span(at, at + size, "PER" if index % 2 else "LOC"))
        at += size
    choice, reasons = match_heuristic(spans, masses, max_gap=gap)
    assert is_valid(choice)
    assert [bool(reason) for reason in reasons] == [candidate is None for candidate in choice]


def test_heuristic_length_ratio():
    assert heuristic([Span(0, 4, "ORG")], [[2]], length_ratio=0.5) == ([None], ["below length ratio"])
    assert heuristic([Span(0, 4, "ORG")], [[2, 3]], length_ratio=0.5) == ([(2, 4)], [""])
