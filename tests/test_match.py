from itertools import combinations, pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Links, Span
from exonym.project import (
    Candidate,
    candidates_of,
    links_of,
    match_bipartite,
    match_exact,
    match_greedy,
    match_heuristic,
    match_milp,
    ngrams,
    total,
    undominated,
    votes_of,
)
from exonym.project.match import WIDEST, _match_dynamic, _width

SCORES = ("soft", "pairs", "words")


@st.composite
def problems(draw, spans=(1, 4), words=(1, 8)):
    """The number of target words, and source spans as (size, links)."""
    count, length = draw(st.integers(*spans)), draw(st.integers(*words))
    weights = st.sampled_from([0.25, 0.5, 0.75, 1.0])
    found = []
    for _ in range(count):
        size = draw(st.integers(1, 4))
        places = st.tuples(st.integers(0, size - 1), st.integers(0, length - 1))
        links = draw(st.dictionaries(places, weights, max_size=length + 3))
        found.append((size, sorted((*place, weight) for place, weight in links.items())))
    return length, found


def few(problem, score="soft", power=1.0, threshold=0.0):
    """The candidates that are made."""
    return [candidates_of(votes_of(size, links, score, power), threshold) for size, links in problem[1]]


def by_definition(start, stop, size, links, score, power):
    """The score of a range, straight from the definition."""
    inside = [(i, j, w) for i, j, w in links if start <= j < stop]
    if score == "words":
        return (len({i for i, _, _ in inside}) + len({j for _, j, _ in inside})) / (size + stop - start)
    return 2 * sum(1 if score == "pairs" else w**power for _, _, w in inside) / (size + stop - start)


def all_ranges(problem, score="soft", power=1.0):
    """All n-grams that score anything."""
    length, spans = problem
    return [
        [
            Candidate(start, stop, value)
            for start, stop in combinations(range(length + 1), 2)
            if (value := by_definition(start, stop, size, links, score, power)) > 0
        ]
        for size, links in spans
    ]


def is_valid(choice, limit=1):
    """No two chosen candidates overlap, and no span has more than its limit."""
    chosen = sorted((c.start, c.stop) for own in choice for c in own)
    return all(a[1] <= b[0] for a, b in pairwise(chosen)) and all(len(own) <= limit for own in choice)


def brute_force(candidates, limit=1):
    """The best total over every valid choice."""
    options = [[list(some) for n in range(limit + 1) for some in combinations(own, n)] for own in candidates]
    return max(total(choice) for choice in product(*options) if is_valid(choice, limit))


@pytest.mark.parametrize("score", SCORES)
@given(problems((1, 3), (1, 5)), st.sampled_from([1.0, 2.0]))
def test_exact_on_edge_linked_candidates_is_the_optimum_over_all_ranges(score, problem, power):
    choice = match_exact(few(problem, score, power))
    assert is_valid(choice)
    assert total(choice) == pytest.approx(brute_force(all_ranges(problem, score, power)))


@pytest.mark.parametrize("score", SCORES)
@given(problems((1, 2), (1, 4)), st.integers(2, 3))
def test_exact_is_the_optimum_for_any_limit(score, problem, limit):
    best = brute_force(all_ranges(problem, score), limit)
    for solve in (match_exact, match_milp, _match_dynamic):
        choice = solve(few(problem, score), limit)
        assert is_valid(choice, limit)
        assert total(choice) == pytest.approx(best)


@given(problems(), st.integers(1, 3))
def test_dynamic_programme_equals_integer_programme_over_all_ranges(problem, limit):
    reduced = few(problem)
    best = total(match_milp(all_ranges(problem), limit))
    for solve in (_match_dynamic, match_milp, match_exact):
        choice = solve(reduced, limit)
        assert is_valid(choice, limit)
        assert total(choice) == pytest.approx(best)
        assert all(c in own for chosen, own in zip(choice, reduced, strict=True) for c in chosen)


@pytest.mark.parametrize("score", SCORES)
@given(problems())
def test_candidates_made_are_those_of_all_that_no_other_dominates(score, problem):
    ranges = ngrams(["w"] * problem[0])
    for (size, links), own in zip(problem[1], few(problem, score), strict=True):
        votes = votes_of(size, links, score)
        every = [Candidate(*each, value, value) for each in ranges if (value := votes.score(*each)) > 0]
        assert undominated(every) == own


@pytest.mark.parametrize("score", SCORES)
@given(problems((1, 1)), st.sampled_from([0.5, 1.0, 2.0]))
def test_votes_are_the_definition(score, problem, power):
    ((size, links),) = problem[1]
    votes = votes_of(size, links, score, power)
    for start, stop in ngrams(["w"] * problem[0]):
        assert votes.score(start, stop) == pytest.approx(by_definition(start, stop, size, links, score, power))
        assert score != "words" or votes.score(start, stop) <= 1


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), unique_by=(lambda p: p[0], lambda p: p[1])))
def test_with_one_link_of_weight_1_a_word_the_scores_are_the_same(places):
    votes = [votes_of(5, [(*place, 1.0) for place in sorted(places)], score) for score in SCORES]
    for each in ngrams(["w"] * 7):
        assert len({own.score(*each) for own in votes}) == 1


def test_pairs_pass_one_where_words_do_not():
    links = [(0, 0, 0.9), (0, 1, 0.9), (0, 2, 0.9)]
    assert votes_of(1, links, "pairs").score(0, 3) == 1.5
    assert votes_of(1, links, "words").score(0, 3) == 1.0


def test_a_hole_of_one_word_is_bridged_and_one_of_two_ties_with_the_shorter_range():
    assert few((4, [(2, [(0, 1, 1.0), (1, 3, 1.0)])]))[0][-2:] == [
        Candidate(1, 4, 0.8, 0.8),
        Candidate(3, 4, 2 / 3, 2 / 3),
    ]
    links = [(0, 1, 1.0), (1, 4, 1.0)]
    assert votes_of(2, links).score(1, 5) == votes_of(2, links).score(1, 2)
    assert match_exact(few((5, [(2, links)]))) == [[Candidate(1, 2, 2 / 3, 2 / 3)]]


@given(problems(), st.integers(1, 3))
def test_greedy_is_valid_and_never_above_exact(problem, limit):
    candidates = few(problem)
    greedy = match_greedy(candidates, limit)
    assert is_valid(greedy, limit)
    assert total(greedy) <= total(match_exact(candidates, limit)) + 1e-9


def greedy_by_definition(candidates, limit):
    """Take the best candidate that can still be taken, until there is none."""
    choice = [[] for _ in candidates]
    while True:
        open_ = [
            (-each.score, span, each)
            for span, own in enumerate(candidates)
            for each in own
            if is_valid([*choice, [each]], 99) and len(choice[span]) < limit
        ]
        if not open_:
            return [sorted(own) for own in choice]
        _, span, each = min(open_)
        choice[span].append(each)


@given(problems((1, 3), (1, 6)), st.integers(1, 3))
def test_greedy_takes_the_best_that_is_left(problem, limit):
    candidates = all_ranges(problem)
    assert match_greedy(candidates, limit) == greedy_by_definition(candidates, limit)


@given(problems((1, 3), (1, 4)))
def test_bipartite_is_the_best_assignment_to_different_ranges_before_overlaps_are_dropped(problem):
    candidates = all_ranges(problem)
    choice = match_bipartite(candidates)
    assert is_valid(choice)
    assert total(choice) <= total(match_exact(candidates)) + 1e-9
    options = product(*([None, *own] for own in candidates))
    different = [some for some in options if len({s and s[:2] for s in some if s}) == sum(map(bool, some))]
    best = max(sum(each.score for each in some if each) for some in different)
    optima = [some for some in different if sum(each.score for each in some if each) == pytest.approx(best)]
    assert any(kept_in_order(some) == choice for some in optima)


def kept_in_order(some):
    """Drop each that overlaps one before it."""
    choice = []
    for each in some:
        choice.append([each] if each and is_valid([*choice, [each]]) else [])
    return choice


def test_bipartite_drops_the_later_of_two_that_overlap_and_keeps_a_sentence_that_has_no_full_matching():
    assert match_bipartite([[Candidate(0, 2, 0.9)], [Candidate(1, 3, 0.95)]]) == [[Candidate(0, 2, 0.9)], []]
    same = Candidate(0, 1, 0.9)
    assert match_bipartite([[same], [Candidate(0, 1, 0.8)], []]) == [[same], [], []]


@given(problems((WIDEST + 1, WIDEST + 3), (12, 16)))
def test_many_competing_spans_are_still_matched_exactly(problem):
    candidates = few(problem)
    assert total(match_exact(candidates)) == pytest.approx(total(_match_dynamic(candidates)))


def test_width_counts_spans_that_compete_at_one_place():
    assert _width([[Candidate(0, 2, 1)], [Candidate(2, 3, 1)], []]) == 1
    assert _width([[Candidate(0, 1, 1), Candidate(4, 5, 1)], [Candidate(2, 3, 1)]]) == 2


def test_exact_gives_up_a_best_candidate_for_a_better_whole():
    candidates = [[Candidate(0, 2, 1.0), Candidate(0, 1, 0.9)], [Candidate(1, 2, 0.95)]]
    assert match_greedy(candidates) == [[Candidate(0, 2, 1.0)], []]
    assert match_exact(candidates) == [[Candidate(0, 1, 0.9)], [Candidate(1, 2, 0.95)]]


def test_with_a_limit_of_two_fragments_beat_the_whole():
    """Why the limit is 1: the exact matcher prefers two halves, as published figures show."""
    candidates = few((2, [(2, [(0, 0, 1.0), (1, 1, 1.0)])]))
    assert match_exact(candidates) == [[Candidate(0, 2, 1.0, 1.0)]]
    assert [(c.start, c.stop) for c in match_exact(candidates, 2)[0]] == [(0, 1), (1, 2)]


def test_greedy_ties_go_to_the_earlier_span_then_start_then_shorter_range():
    assert match_greedy([[Candidate(1, 2, 0.5), Candidate(0, 1, 0.5)], [Candidate(0, 1, 0.5)]]) == [
        [Candidate(0, 1, 0.5)],
        [],
    ]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=8))
def test_score_is_the_published_dice_over_link_pairs(pairs):
    span = Span(1, 3, "PER")
    (links,) = links_of([span], Links.of(pairs))
    for candidate in candidates_of(votes_of(len(span), links, "pairs")):
        inside = sum(1 <= i < 3 and candidate.start <= j < candidate.stop for i, j in set(pairs))
        assert candidate.score == pytest.approx(2 * inside / (2 + candidate.stop - candidate.start))


def test_threshold_leaves_candidates_out():
    assert few((4, [(1, [(0, 0, 0.1), (0, 3, 1.0)])]), threshold=0.5) == [[Candidate(3, 4, 1.0, 1.0)]]


def test_ngrams_hold_no_stop_word_and_at_most_so_many_words():
    assert ngrams(["a", "b", "!", "c"], 0, ("!",)) == [(0, 1), (0, 2), (1, 2), (3, 4)]
    assert ngrams(["a", "b", "c"], 2) == [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)]


def heuristic(spans, linked, **options):
    choice, reasons = match_heuristic(spans, linked, **options)
    return [[(c.start, c.stop) for c in own] for own in choice], reasons


def test_heuristic_takes_the_longest_run_and_the_first_of_equals():
    assert heuristic([Span(0, 2, "PER")], [[1, 4, 5]]) == ([[(4, 6)]], [""])
    assert heuristic([Span(0, 2, "PER")], [[1, 4]]) == ([[(1, 2)]], [""])


def test_heuristic_gap_is_a_gap_and_not_a_width():
    assert heuristic([Span(0, 3, "PER")], [[1, 2, 4]], max_gap=1)[0] == [[(1, 5)]]
    assert heuristic([Span(0, 3, "PER")], [[1, 2, 4]])[0] == [[(1, 3)]]


def test_heuristic_spans_that_change_places_keep_their_words():
    spans = [Span(0, 2, "PER"), Span(3, 4, "PER")]
    assert heuristic(spans, [[5, 6], [1]]) == ([[(5, 7)], [(1, 2)]], ["", ""])


def test_heuristic_collisions():
    same = [Span(0, 2, "PER"), Span(2, 4, "PER")]
    assert heuristic(same, [[0, 1], [1, 2]]) == ([[(0, 3)], []], ["", "joined with an overlapping span"])
    other = [Span(0, 2, "PER"), Span(2, 4, "LOC")]
    assert heuristic(other, [[0, 1, 2], [2, 3]]) == ([[(0, 3)], []], ["", "overlap"])
    assert heuristic(other, [[0, 1], [1, 2]]) == ([[], [(1, 3)]], ["overlap", ""])


@given(problems(), st.integers(0, 2), st.sets(st.integers(0, 7)))
def test_heuristic_results_are_disjoint_and_lost_ones_have_a_reason(problem, gap, punctuation):
    spans, at = [], 0
    for index, (size, _) in enumerate(problem[1]):
        spans.append(Span(at, at + size, "PER" if index % 2 else "LOC"))
        at += size
    linked = [{word for _, word, _ in links} for _, links in problem[1]]
    choice, reasons = match_heuristic(spans, linked, max_gap=gap, punctuation=punctuation)
    assert is_valid(choice)
    assert [bool(reason) for reason in reasons] == [not own for own in choice]


def test_heuristic_takes_punctuation_off_the_ends_only_and_never_all_of_a_span():
    assert heuristic([Span(0, 3, "ORG")], [[1, 2, 3, 4]], punctuation={1, 3}) == ([[(2, 5)]], [""])
    assert heuristic([Span(0, 1, "ORG")], [[1]], punctuation={1}) == ([[(1, 2)]], [""])
    assert heuristic([Span(0, 1, "ORG")], [[1, 2, 4]], punctuation={1, 2}) == ([[(4, 5)]], [""])


def test_heuristic_length_ratio():
    assert heuristic([Span(0, 4, "ORG")], [[2]], length_ratio=0.5) == ([[]], ["below length ratio"])
    assert heuristic([Span(0, 4, "ORG")], [[2, 3]], length_ratio=0.5) == ([[(2, 4)]], [""])
