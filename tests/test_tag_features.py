from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.tag.features import sentence_features, shape


@pytest.mark.parametrize(
    ("word", "long", "short"),
    [
        ("Zanele", "Xxxxx", "Xx"),
        ("eMzantsi", "xXxxxx", "xXx"),
        ("1996-08-22", "dddd-dd-dd", "d-d-d"),
        ("U.N.", "X.X.", "X.X."),
        ("北京", "cc", "c"),
        ("Ọ̀ṣun", "Xxxx", "Xx"),
        ("\u0301", "", ""),
        ("", "", ""),
    ],
)
def test_shape(word, long, short):
    assert shape(word) == long
    assert shape(word, 1) == short


@given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=5))
def test_composed_and_decomposed_words_have_the_same_features(words):
    composed = [normalize("NFC", word) for word in words]
    decomposed = [normalize("NFD", word) for word in words]
    assert sentence_features(composed) == sentence_features(decomposed)
    assert len(sentence_features(words)) == len(words)


@given(st.lists(st.text(st.characters(), min_size=1, max_size=4), min_size=1, max_size=4))
def test_every_feature_can_be_given_to_the_c_library(words):
    for row in sentence_features([*words, "\ud800", "a:b", "\x00", "\\:"]):
        assert row
        for feature in row:
            feature.encode()


def test_tone_marks_do_not_change_a_shape():
    assert shape("Yorùbá") == shape("Yoruba")


def test_inner_capital():
    def flagged(word):
        return "inner capital" in sentence_features([word])[0]

    assert flagged("eMzantsi")
    assert flagged("muHarare")
    assert not flagged("Harare")
    assert not flagged("NATO")
    assert not flagged("harare")


def test_context_is_two_words_each_way():
    features = sentence_features(["Ama", "met", "Kofi", "in", "Accra", "again"])[2]
    for expected in ("w=kofi", "-2w=ama", "-1w=met", "1w=in", "2w=accra"):
        assert expected in features
    assert not any("again" in feature for feature in features)
