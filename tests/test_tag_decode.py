from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from exonym.data import OUTSIDE, Span, spans_of, split_tag, tag_set
from exonym.errors import DataError
from exonym.tag import decode, decode_spans

TAGS = tag_set(["LOC", "PER"])


def legal(path, tags):
    """Say whether a path obeys IOB2, straight from its definition."""
    before = (OUTSIDE, "")
    for tag in path:
        prefix, name = split_tag(tags[tag])
        if prefix == "I" and (before[0] == OUTSIDE or before[1] != name):
            return False
        before = prefix, name
    return True


@st.composite
def matrices(draw, longest=5):
    """Label probabilities of a short sentence; zeros, ties and rows that do not sum to one are among them."""
    shape = draw(st.integers(0, longest)), len(TAGS)
    values = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1, width=32))
    return draw(arrays(np.float32, shape, elements=values))


@given(matrices(), st.permutations(range(len(TAGS))))
def test_decode_finds_the_best_legal_path(probabilities, order):
    tags = [TAGS[column] for column in order]
    path = decode(probabilities, tags)
    assert len(path) == len(probabilities)
    assert legal(path, tags)
    scores = np.log(np.maximum(probabilities.astype(np.float64), 1e-30))

    def score(columns):
        return sum(scores[word, column] for word, column in enumerate(columns))

    every = product(range(len(tags)), repeat=len(probabilities))
    assert score(path) == pytest.approx(max(score(columns) for columns in every if legal(columns, tags)))


@given(matrices(longest=8))
def test_spans_are_those_of_the_tags(probabilities):
    spans, faults = spans_of([TAGS[column] for column in decode(probabilities, TAGS)])
    found = decode_spans(probabilities, TAGS)
    assert not faults
    assert [span.key for span in found] == [span.key for span in spans]
    assert all(0 <= span.score <= 1 for span in found)


def test_inside_after_outside_is_repaired_by_the_whole_path():
    # Word by word: O I-PER I-PER. Opening at the second word costs less than giving the name up.
    probabilities = np.array([[0.9, 0, 0, 0.1, 0], [0.1, 0, 0, 0.4, 0.5], [0.1, 0, 0, 0.1, 0.8]])
    assert [TAGS[column] for column in decode(probabilities, TAGS)] == ["O", "B-PER", "I-PER"]


def test_score_is_the_geometric_mean_of_the_chosen_tags():
    probabilities = np.array([[0.1, 0.9, 0, 0, 0], [0.6, 0, 0.4, 0, 0], [1, 0, 0, 0, 0]])
    probabilities[1] = [0.2, 0, 0.4, 0, 0.4]
    assert decode_spans(probabilities, TAGS) == (Span(0, 2, "LOC", pytest.approx(np.sqrt(0.9 * 0.4))),)


def test_adjacent_spans_stay_apart():
    probabilities = np.eye(5)[[3, 4, 3, 1, 1]]
    found = [span.key for span in decode_spans(probabilities, TAGS)]
    assert found == [(0, 2, "PER"), (2, 3, "PER"), (3, 4, "LOC"), (4, 5, "LOC")]


def test_long_sentence():
    rng = np.random.default_rng(0)
    tags = [TAGS[column] for column in decode(rng.dirichlet(np.ones(5), 10_000), TAGS)]
    assert not spans_of(tags)[1]


def test_no_words():
    assert decode(np.zeros((0, 5)), TAGS) == []
    assert decode_spans(np.zeros((0, 5)), TAGS) == ()


@pytest.mark.parametrize(
    ("probabilities", "tags", "message"),
    [
        (np.zeros((2, 4)), TAGS, "shape"),
        (np.zeros(5), TAGS, "shape"),
        (np.full((1, 5), np.nan), TAGS, "not a number"),
        (np.full((1, 5), -1.0), TAGS, "negative"),
        (np.ones((1, 2)), ("O", "S-PER"), "IOB2"),
        (np.ones((1, 2)), ("O", "O"), "each once"),
        (np.ones((1, 1)), ("I-PER",), "no I- tag"),
    ],
)
def test_wrong_input_is_named(probabilities, tags, message):
    with pytest.raises(DataError, match=message):
        decode(probabilities, tags)
