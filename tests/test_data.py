from itertools import pairwise
from unicodedata import category, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import (
    Alignment,
    Bitext,
    Corpus,
    LabelMap,
    Ledger,
    Links,
    Lost,
    Pair,
    Sentence,
    Span,
    fold,
    nfc,
    normalised,
    split_words,
)
from exonym.errors import DataError, Problems, suggest

# Letters and marks that compose with each other in several ways: Latin, dots below, Hangul jamo, Bengali vowel signs.
TEXT = st.text("ao\u0301\u0323\u0300 Ọ́한\u1112\u1161\u11ab\u09c7\u09be\u0985e.", max_size=12)


@given(TEXT)
def test_nfc_with_offsets_is_nfc_and_maps_back(text):
    result = normalised(text)
    assert result.text == normalize("NFC", text)
    assert len(result.offsets) == len(result.text) + 1
    assert result.offsets[-1] == len(text)
    assert list(result.offsets) == sorted(result.offsets)
    cuts = sorted(set(result.offsets))
    for start, stop in pairwise(cuts):
        piece = "".join(c for c, at in zip(result.text, result.offsets, strict=False) if at == start)
        assert normalize("NFC", text[start:stop]) == piece


@given(TEXT)
def test_words_that_differ_only_in_composition_are_one_word(text):
    assert nfc(normalize("NFD", text)) == nfc(text)
    assert fold(normalize("NFD", text).upper()) == fold(normalize("NFC", text.upper()))


@given(st.text(max_size=30))
def test_split_words_keeps_every_visible_character(text):
    words, offsets = split_words(text)
    assert all(text[start:stop] == word for word, (start, stop) in zip(words, offsets, strict=True))
    visible = [c for c in text if not c.isspace() and category(c) not in ("Cc", "Cf", "Cs")]
    assert [c for c in "".join(words) if category(c) != "Cf"] == visible


def test_split_words_keeps_marks_apostrophes_and_hyphens_in_words():
    words, _ = split_words("Ẹ̀kọ́ ng'ombe, Port-au-Prince (U.S.) दिल्ली।")
    assert words == ("Ẹ̀kọ́", "ng'ombe", ",", "Port-au-Prince", "(", "U.S.", ")", "दिल्ली", "।")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kenya's", "Kenya 's"),
        ("KENYA’S tea.", "KENYA ’S tea ."),
        ("the 1990's: it's", "the 1990 's : it 's"),
        ("ng'ombe l'homme o'smoq don't", "ng'ombe l'homme o'smoq don't"),
        ("women's-only 's-Gravenhage Rock'n's'", "women's-only ' s-Gravenhage Rock'n 's '"),
        ("the U.S. and U.S.A and U.S.'s, U.S.-led", "the U.S. and U.S.A and U.S. 's , U.S.-led"),
        ("J.R.R. Tolkien, डी.के. at 5 p.m...", "J.R.R. Tolkien , डी.के. at 5 p.m. . ."),
        ("a.b.com. Mr. Doctors' J. x.", "a.b.com . Mr . Doctors ' J . x ."),
    ],
)
def test_split_words_splits_off_the_english_clitic_and_keeps_the_dots_of_abbreviations(text, expected):
    assert " ".join(split_words(text)[0]) == expected


def test_split_words_keeps_soft_hyphens_in_words_and_makes_none_of_joiners_alone():
    words, offsets = split_words("Bun\u00addes\u2060tag \u200d \u00ad क्\u200d.")
    assert words == ("Bun\u00addes\u2060tag", "क्\u200d", ".")
    assert offsets[0] == (0, 11)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Span(2, 2, "PER"),
        lambda: Span(-1, 2, "PER"),
        lambda: Span(0, 1, ""),
        lambda: Sentence(("a",), (Span(0, 2, "PER"),)),
        lambda: Sentence(("a", "b"), (Span(0, 2, "PER"), Span(1, 2, "LOC"))),
        lambda: Sentence(("a",), text="a"),
        lambda: Sentence(("a",), text="ba", offsets=((0, 1),)),
        lambda: Links.of([(0, 3)]).check(Pair(("a",), ("b",), "7")),
    ],
)
def test_impossible_data_cannot_be_made(make):
    with pytest.raises(DataError):
        make()


def test_fingerprints_differ_when_anything_that_matters_differs():
    base = Sentence(("a", "b"), (Span(0, 1, "PER"),), "1")
    others = [
        Sentence(("a b",), (Span(0, 1, "PER"),), "1"),
        Sentence(("a", "b"), (Span(0, 2, "PER"),), "1"),
        Sentence(("a", "b"), (Span(0, 1, "PER", 0.5),), "1"),
        Sentence(("a", "b"), (Span(0, 1, "PER"),), "2"),
        Sentence(("a", "b"), (Span(0, 1, "PER"),), "1", lost=(Lost(1, 2, "LOC", "no link"),)),
    ]
    prints = {Corpus((sentence,)).fingerprint for sentence in [base, *others]}
    assert len(prints) == len(others) + 1
    assert Corpus((base,), "other name").fingerprint == Corpus((base,)).fingerprint
    links = [Links.of([]), Links.of([(0, 0)]), Links.of([(0, 0, 0.5)]), Links.of([(0, 1)])]
    assert len({Alignment((each,)).fingerprint for each in links}) == len(links)
    texts = [Pair(("a",), ("b",), "1"), Pair(("b",), ("a",), "1"), Pair(("a", "b"), ("b",), "1")]
    assert len({Bitext((pair,)).fingerprint for pair in texts}) == len(texts)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from([0.125, 0.25, 0.5, 1.0])), max_size=10))
def test_links_are_sorted_unique_and_swap_back(rows):
    links = Links.of(rows)
    keys = [(i, j) for i, j, _ in links]
    assert keys == sorted(set(keys))
    assert links.swapped().swapped() == links
    assert all(weight == max(w for a, b, w in rows if (a, b) == (i, j)) for i, j, weight in links)


def test_label_map_renames_merges_drops_and_counts():
    spans = (Span(0, 1, "GPE"), Span(1, 2, "LOC"), Span(2, 3, "DATE"))
    corpus = Corpus((Sentence(("a", "b", "c"), spans),))
    mapped, counts = LabelMap({"GPE": "LOC", "DATE": "drop"}).apply(corpus)
    assert [span.key for span in mapped[0].spans] == [(0, 1, "LOC"), (1, 2, "LOC")]
    assert counts == {"GPE -> LOC": 1, "DATE -> drop": 1}
    assert str(LabelMap({"GPE": "LOC", "DATE": "drop"})) == "DATE>drop,GPE>LOC"


def test_unlabelled_hides_the_answers():
    sentence = Sentence(("a",), (Span(0, 1, "PER"),), "1", "a", ((0, 1),), lost=(Lost(0, 1, "PER", "no link"),))
    hidden = Corpus((sentence,)).unlabelled()[0]
    assert hidden == Sentence(("a",), (), "1", "a", ((0, 1),))


def test_problems_are_listed_and_the_rest_counted():
    problems = Problems("f.conll", shown=2)
    for line in (1, 2, 3):
        problems.add(line, "x", "y", "Do z.")
    with pytest.raises(DataError) as error:
        problems.raise_any()
    assert str(error.value).splitlines() == [
        "f.conll:1: found x; expected y. Do z.",
        "f.conll:2: found x; expected y. Do z.",
        "... and 1 more in f.conll",
    ]


def test_suggestions_and_ledger():
    assert suggest("matchr", ["matcher", "seeds"]) == "Did you mean 'matcher'?"
    assert suggest("zzz", ["b", "a"]) == "Known: a, b."
    assert suggest("zzz", "abcdefghij") == "Known: a, b, c, d, e, f, g, h and 2 more."
    ledger = Ledger()
    ledger.note("read", 2)
    ledger.note("lost", 0)
    assert ledger.lines() == ["read: 2"]
