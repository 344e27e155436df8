"""Lexicons: counts worked by hand, look-ups, and files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.align import Lexicon, StatisticalAligner
from exonym.data import Alignment, Bitext, Links, Pair
from exonym.errors import DataError

TEXT = Bitext(
    (
        Pair(("The", "house", "is", "big"), ("Das", "Haus", "ist", "groß")),
        Pair(("A", "House"), ("ein", "haus")),
        Pair(("home",), ("HAUS",)),
    )
)
LINKS = Alignment(
    (Links.of([(0, 0), (1, 1, 0.75), (3, 3), (2, 3, 0.125)]), Links.of([(1, 1, 0.5)]), Links.of([(0, 0, 0.5)]))
)


def test_weights_are_summed_over_folded_words():
    lexicon = Lexicon.learn(TEXT, LINKS)
    assert dict(lexicon.entries) == {
        "das": (("the", 1.0),),
        "gross": (("big", 1.0),),
        "haus": (("house", 1.25), ("home", 0.5)),
    }
    assert len(lexicon) == 3
    assert lexicon.best("HAUS") == "house"
    assert lexicon.best("Groß") == "big"
    assert lexicon.best("Katze") is None
    assert "Haus" in lexicon
    assert "Katze" not in lexicon


def test_shares():
    lexicon = Lexicon.learn(TEXT, LINKS)
    assert lexicon.top("haus") == (("house", 1.25 / 1.75), ("home", 0.5 / 1.75))
    assert lexicon.top("haus", 1) == (("house", 1.25 / 1.75),)
    assert lexicon.top("katze") == ()


def test_faint_links_and_entries_are_left_out():
    assert Lexicon.learn(TEXT, LINKS, min_link=0.0).top("gross", 2)[1] == ("is", 0.125 / 1.125)
    assert list(Lexicon.learn(TEXT, LINKS, min_weight=1.0).entries["haus"]) == [("house", 1.25)]
    assert len(Lexicon.learn(TEXT, LINKS, min_weight=2.0)) == 0


def test_swapped():
    swapped = Lexicon.learn(TEXT, LINKS).swapped()
    assert swapped.best("home") == "haus"
    assert swapped.swapped() == Lexicon.learn(TEXT, LINKS)


def test_unequal_lengths_are_refused():
    with pytest.raises(DataError, match="1 alignments for 3 pairs"):
        Lexicon.learn(TEXT, Alignment(LINKS.links[:1]))


words = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1, max_size=5)


@given(entries=st.lists(st.tuples(words, words, st.floats(1e-6, 1e6)), max_size=8))
def test_files_keep_everything(tmp_path_factory, entries):
    path = tmp_path_factory.mktemp("lexicon") / "lexicon.tsv"
    lexicon = Lexicon.of(entries)
    lexicon.save(path)
    assert Lexicon.load(path) == lexicon
    assert Lexicon.load(path).fingerprint == lexicon.fingerprint


def test_fingerprints_tell_weights_apart():
    assert Lexicon.of([("a", "b", 1.0)]).fingerprint != Lexicon.of([("a", "b", 2.0)]).fingerprint


def test_faults_of_a_file_are_all_named(tmp_path):
    path = tmp_path / "lexicon.tsv"
    path.write_text("haus\thouse\t2.5\nhund\tdog\nkatze\n\tx\t1\na\tb\tc\na\tb\t-1\na\tb\tnan\na\tb\t1\t2\n")
    with pytest.raises(DataError) as error:
        Lexicon.load(path)
    lines = str(error.value).splitlines()
    assert [line.split(": ")[0].rsplit(":", 1)[1] for line in lines] == ["3", "4", "5", "6", "7", "8"]
    path.write_text("haus\thouse\t2.5\nhund\tdog\n")
    assert Lexicon.load(path).best("hund") == "dog"


def test_learnt_from_an_aligner():
    pairs = [("ana", "sings", "well"), ("bob", "sings", "ill"), ("ana", "walks", "ill"), ("bob", "walks", "well")]
    other = {"ana": "Ana", "bob": "Bob", "sings": "canta", "walks": "anda", "well": "bien", "ill": "mal"}
    text = Bitext(tuple(Pair(pair, tuple(other[word] for word in pair)) for pair in pairs * 3))
    lexicon = Lexicon.learn(text, StatisticalAligner().align(text))
    assert {word: lexicon.best(target) for word, target in other.items()} == {word: word for word in other}
