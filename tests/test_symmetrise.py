"""Symmetrisation: fixtures worked by hand, and what must hold for all links."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.align import grow_diag_final_and, intersection, symmetrise, union, vote
from exonym.data import Links
from exonym.errors import RecipeError

points = st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=15)


def links(text):
    return Links.of(tuple(map(int, link.split("-"))) for link in text.split())


def places(found):
    return {(i, j) for i, j, _ in found}


def test_grow_diag_final_and_by_hand():
    # Intersection 0-0; 1-1 touches it and both its words are free; then 2-1 touches 1-1 and source 2 is free;
    # 2-2 touches 2-1 and target 2 is free; 0-1 touches, but both its words have links by then; 4-4 touches nothing
    # and is taken last because both its words are free; 4-5 is not, because source 4 is taken then.
    forward = links("0-0 1-1 2-1 4-4")
    backward = links("0-0 2-2 4-5")
    assert places(grow_diag_final_and(forward, backward)) == places(links("0-0 1-1 2-1 2-2 4-4"))


def test_points_are_visited_in_order_and_count_at_once():
    # 0-1 comes before 1-0 in the sweep; both touch 0-0 or 1-1. Neither has a free word, so nothing grows.
    assert places(grow_diag_final_and(links("0-0 1-1 0-1"), links("0-0 1-1 1-0"))) == places(links("0-0 1-1"))
    # Here a chain grows in one sweep: 1-0 makes 2-0 a neighbour.
    assert places(grow_diag_final_and(links("0-0 1-0 2-0"), links("0-0"))) == places(links("0-0 1-0 2-0"))
    # And here only in the second sweep: 0-2 is visited before 1-1, which makes it a neighbour.
    assert places(grow_diag_final_and(links("2-0 1-1 0-2"), links("2-0"))) == places(links("2-0 1-1 0-2"))


def test_final_and_prefers_forward_links():
    assert places(grow_diag_final_and(links("0-0"), links("0-3"))) == {(0, 0)}
    assert places(grow_diag_final_and(links("0-3"), links("0-0"))) == {(0, 3)}


def test_weights_are_means():
    forward, backward = Links.of([(0, 0, 1.0), (1, 1, 0.5)]), Links.of([(0, 0, 0.5)])
    assert union(forward, backward) == Links.of([(0, 0, 0.75), (1, 1, 0.25)])
    assert intersection(forward, backward) == Links.of([(0, 0, 0.75)])
    assert symmetrise(forward, backward, "soft") == Links.of([(0, 0, 0.75), (1, 1, 0.25)])
    assert vote([forward, backward], [3.0, 1.0]) == Links.of([(0, 0, 0.875), (1, 1, 0.375)])
    assert vote([forward, backward], threshold=0.5) == Links.of([(0, 0, 0.75)])


@given(points, points)
def test_invariants(one, other):
    forward, backward = Links.of(one), Links.of(other)
    both, either = places(intersection(forward, backward)), places(union(forward, backward))
    grown = places(grow_diag_final_and(forward, backward))
    assert both == one & other
    assert either == one | other == places(symmetrise(forward, backward, "soft"))
    assert both <= grown <= either
    for how in ("soft", "intersection", "union"):
        assert symmetrise(forward, backward, how) == symmetrise(backward, forward, how)
    # Read in the other direction, the sentence pair gives the same intersection and union.
    assert union(forward.swapped(), backward.swapped()) == union(forward, backward).swapped()


@given(points)
def test_agreeing_directions_are_kept(one):
    found = Links.of(one)
    for how in ("soft", "intersection", "union", "grow-diag-final-and"):
        assert symmetrise(found, found, how) == found


@given(points, points)
def test_grown_links_are_connected_or_lonely(one, other):
    """Each link outside the intersection either touched an accepted one, or links words that had no link."""
    core = one & other
    grown = places(grow_diag_final_and(Links.of(one), Links.of(other)))
    for i, j in grown - core:
        rest = grown - {(i, j)}
        touches = any((i + a, j + b) in rest for a in (-1, 0, 1) for b in (-1, 0, 1))
        lonely = all(i != a and j != b for a, b in core)
        assert touches or lonely


@given(st.lists(points, min_size=1, max_size=4))
def test_votes_are_means_in_order(alignments):
    found = vote([Links.of(one) for one in alignments])
    for i, j, weight in found:
        assert weight == pytest.approx(sum((i, j) in one for one in alignments) / len(alignments))
    assert places(found) == set().union(*alignments)
    assert sorted(places(found)) == [(i, j) for i, j, _ in found]
    assert found.source.dtype == np.int32
    assert found.weight.dtype == np.float32


@pytest.mark.parametrize(("votes", "weights"), [([], None), ([links("0-0")], [0.0]), ([links("0-0")], [1.0, 1.0])])
def test_votes_without_sense_are_refused(votes, weights):
    with pytest.raises(RecipeError, match="weight"):
        vote(votes, weights)
