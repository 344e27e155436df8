"""Taggers multiplied, and the occurrences of a word in a text pooled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Corpus, Sentence, tag_set
from exonym.errors import DataError
from exonym.tag.pool import FEW, SMOOTHING, geometric, pooled

TAGS = tag_set(("LOC", "PER"))  # O, B-LOC, I-LOC, B-PER, I-PER


def row(**mass):
    """Make a row; what is not given is `O`."""
    found = np.array([0.0, *(mass.get(name, 0.0) for name in ("LOC", "I_LOC", "PER", "I_PER"))])
    found[0] = 1 - found.sum()
    return found


def corpus(sentences, rows, tags=TAGS):
    return Corpus(
        tuple(
            Sentence(tuple(words.split()), (), str(number), probabilities=np.array(own, dtype=np.float32))
            for number, (words, own) in enumerate(zip(sentences, rows, strict=True))
        ),
        "text",
        tags,
    )


def labels(text):
    return [[(span.start, span.stop, span.label) for span in sentence.spans] for sentence in text]


def test_the_product_in_closed_form():
    one, other = row(PER=0.8), row(PER=0.1, LOC=0.3)
    found = geometric([one[None], other[None]], (0.25, 0.75), 0.5)[0]
    wanted = (one + SMOOTHING) ** 0.25 * (other + SMOOTHING) ** 0.75 * [0.5, 1, 1, 1, 1]
    assert found == pytest.approx(wanted / wanted.sum())


def test_a_tagger_alone_says_what_it_says():
    rows = np.array([row(PER=0.4, LOC=0.1), row(LOC=0.9)])
    assert geometric([rows], (1.0,)) == pytest.approx(rows, abs=1e-5)
    assert geometric([rows, rows[::-1]], (1.0, 0.0)) == pytest.approx(rows, abs=1e-5)


@given(st.lists(st.lists(st.floats(0, 1), min_size=5, max_size=5), min_size=2, max_size=2), st.floats(0.01, 1))
def test_a_lower_bar_never_makes_fewer_names(numbers, outside):
    parts = [(np.array([each]) + 0.01) / (np.sum(each) + 0.05) for each in numbers]
    plain, low = geometric(parts, (0.5, 0.5)), geometric(parts, (0.5, 0.5), outside)
    assert low.sum() == pytest.approx(1)
    assert low[0, 0] <= plain[0, 0] + 1e-12
    assert low[0, 1:] / low[0, 1:].sum() == pytest.approx(plain[0, 1:] / plain[0, 1:].sum())


def test_pooling_in_closed_form():
    text = corpus(["Ada", "Ada x", "Ada"], [[row(PER=0.9)], [row(PER=0.2), row()], [row(PER=0.7)]])
    found = pooled([text], (1.0,), TAGS, outside=1.0, strength=0.6)
    share = 0.6 * 3 / (3 + FEW)
    own, mean = row(PER=0.2), (row(PER=0.9) + row(PER=0.2) + row(PER=0.7)) / 3
    wanted = (own + SMOOTHING) ** (1 - share) * (mean + SMOOTHING) ** share
    assert found[1].probabilities[0] == pytest.approx(wanted / wanted.sum(), abs=1e-5)
    assert found[1].probabilities[1] == pytest.approx(row(), abs=1e-4)


def test_a_name_that_is_sure_elsewhere_is_found_where_it_is_not():
    sure, unsure = row(PER=0.95), row(PER=0.4)
    sentences = ["Ada goes"] * 9 + ["then Ada"]
    text = corpus(sentences, [[sure, row()]] * 9 + [[row(), unsure]])
    alone = pooled([text], (1.0,), TAGS, outside=1.0, strength=0)
    together = pooled([text], (1.0,), TAGS, outside=1.0, strength=0.6)
    assert labels(alone)[-1] == []
    assert labels(together) == [[(0, 1, "PER")]] * 9 + [[(1, 2, "PER")]]


def test_words_are_one_in_nfc_but_not_in_another_case():
    text = corpus(["Ade\u0301"] * 9 + ["Ad\u00e9", "ad\u00e9"], [[row(PER=0.95)]] * 9 + [[row(PER=0.4)]] * 2)
    found = labels(pooled([text], (1.0,), TAGS, outside=1.0, strength=0.6))
    assert found[-2:] == [[(0, 1, "PER")], []]


def test_a_bar_for_no_name():
    text = corpus(["Ada"], [[row(PER=0.4)]])
    assert labels(pooled([text], (1.0,), TAGS, outside=1.0, strength=0)) == [[]]
    assert labels(pooled([text], (1.0,), TAGS, outside=0.5, strength=0)) == [[(0, 1, "PER")]]


def test_types_of_a_tagger_that_are_not_wanted_are_no_names():
    other = ("O", "B-PER", "I-PER", "B-X", "I-X")
    text = corpus(["Ada X"], [[[0.1, 0.9, 0, 0, 0], [0, 0, 0, 1, 0]]], other)
    found = pooled([text], (1.0,), TAGS, outside=1.0, strength=0.5)
    assert found.tags == TAGS
    assert labels(found) == [[(0, 1, "PER")]]


def test_a_text_without_words():
    assert not len(pooled([Corpus((), "none", TAGS)], (1.0,), TAGS, outside=0.5, strength=0.5))


def test_texts_that_do_not_fit_are_refused():
    text = corpus(["Ada"], [[row()]])
    with pytest.raises(DataError, match="found no text, or another one"):
        pooled([text, corpus(["Eve"], [[row()]])], (0.5, 0.5), TAGS, outside=1.0, strength=0)
    with pytest.raises(DataError, match="found no text"):
        pooled([], (), TAGS, outside=1.0, strength=0)
    with pytest.raises(DataError, match="without label probabilities"):
        pooled([text.unlabelled()], (1.0,), TAGS, outside=1.0, strength=0)
