import importlib.util
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from exonym.align import StatisticalAligner, romanise
from exonym.align.cells import batches_of, cut, prefix_of, view_of
from exonym.align.romanise import bones, by_names
from exonym.align.surface import Surface, SurfaceCounts
from exonym.data import Bitext, Pair
from exonym.errors import MissingExtra, RecipeError


@pytest.mark.parametrize(
    ("word", "other"), [("Karel", "Карел"), ("Catalano", "Каталано"), ("Köln", "koln"), ("Σωκράτης", "sokrates")]
)
def test_words_that_sound_alike_have_the_same_bones(word, other):
    assert bones(by_names(word)) == bones(by_names(other)) != ""


def test_romanisation_keeps_latin_and_digits_and_drops_marks():
    assert by_names("Zürich1990") == "zurich1990"
    assert by_names("!") == "!"
    assert bones(by_names("1990")) == ""  # digits have no sound


def view(pairs):
    pieces = list(cut((len(pair.source), len(pair.target)) for pair in pairs))
    return view_of(pairs, pieces, batches_of(pieces), lambda word: prefix_of(word, 0))


def test_classes_that_links_favour_weigh_their_share_among_links_over_their_share_among_cells():
    names = ["berlin", "madrid", "nairobi", "kampala", "lisboa", "tirana"]
    text = view([Pair((name, "xx", "qq"), (name, "vvv", "www")) for name in names])
    surface = Surface(text, by_names)
    counts = SurfaceCounts(surface, backward=False)
    for batch in text.batches:
        linked = np.zeros(batch.cells.shape, dtype=np.float32)
        linked[:, 0, 0] = 1.0  # the names
        linked[:, 1, 1] = 1.0  # and one pair of unlike words
        counts.add(batch, linked, np.zeros(batch.target.shape, dtype=np.float32))
    table = counts.table(0.0, 1.0)
    same = [table.cells[batch.cells[row, 0, 0]] for batch in text.batches for row in range(len(batch.pieces))]
    unlike = [table.cells[batch.cells[row, 2, 1]] for batch in text.batches for row in range(len(batch.pieces))]
    # Of 12 links 6 are of equal words, which 6 of 54 cells are; half a link is added, spread as the cells are.
    ratio = ((6 + 0.5 / 9) / (1 / 9)) / ((6 + 0.5 * 8 / 9) / (8 / 9))
    assert same == pytest.approx([ratio] * 6, rel=1e-4)
    assert unlike == [1.0] * 6
    assert table.null.tolist() == [1.0] * (text.target_types + 1)


def test_a_name_finds_its_like_where_nothing_else_tells():
    pairs = [Pair(("we", "saw", f"{name}a"), (f"{name}u", "bonke", "thina")) for name in ("Kampal", "Nairob", "Madrin")]
    found = StatisticalAligner().align(Bitext(tuple(pairs)))
    assert all(max(links, key=lambda link: link.weight)[:2] == (2, 0) for links in found)


TEXT = Bitext(tuple(Pair(("we", "saw", f"{a}bc"), (f"ж{b}", "ooo", "ppp")) for a, b in ("дy", "бz", "кx")))


@pytest.fixture
def uroman(monkeypatch):
    """A package of that name that knows two letters; gives the words that it is asked for."""
    asked = []

    class Uroman:
        def romanize_string(self, word):
            asked.append(word)
            return word.translate({ord("ж"): "Q'", ord("д"): "d"})

    monkeypatch.setitem(sys.modules, "uroman", SimpleNamespace(Uroman=Uroman))
    for known in (romanise._uroman, romanise.by_uroman):
        known.cache_clear()
    yield asked
    for known in (romanise._uroman, romanise.by_uroman):
        known.cache_clear()


def test_uroman_is_asked_once_for_each_word_that_is_not_ascii(uroman):
    text = Bitext((*TEXT.pairs, *TEXT.pairs))
    StatisticalAligner(romaniser="uroman").align(text)
    assert sorted(uroman) == sorted({word for pair in text for side in pair[:2] for word in side if not word.isascii()})
    assert romanise.by_uroman("Ж") == "q"
    assert romanise.by_uroman("D'Or") == "d'or"


def test_the_romaniser_decides_what_is_alike(uroman, monkeypatch):
    pairs = [
        Pair(("we", "saw", f"{name}a"), (f"{name[::-1]}жu", "bonke", "thina")) for name in ("kamp", "nair", "madr")
    ]
    back = {pair.target[0]: pair.source[2] for pair in pairs}
    monkeypatch.setitem(romanise.ROMANISERS, "uroman", lambda word: back.get(word, word))
    found = StatisticalAligner(romaniser="uroman").align(Bitext(tuple(pairs)))
    assert all(max(links, key=lambda link: link.weight)[:2] == (2, 0) for links in found)


def test_a_model_of_another_romaniser_is_no_prior(uroman):
    prior = StatisticalAligner(romaniser="uroman").learn(TEXT)
    with pytest.raises(RecipeError, match=r"learnt with .*'romaniser': 'uroman'.*; expected .*'romaniser': 'names'"):
        StatisticalAligner().align(TEXT, prior=prior)


def test_uroman_absent(uroman, monkeypatch):
    monkeypatch.setitem(sys.modules, "uroman", None)
    with pytest.raises(MissingExtra, match=r"uroman is not installed. Run: pip install .exonym\[romanise\]"):
        StatisticalAligner(romaniser="uroman").align(TEXT)
    with pytest.raises(RecipeError, match="romaniser is 'greek'; known: names, uroman"):
        StatisticalAligner(romaniser="greek")


@pytest.mark.skipif(importlib.util.find_spec("uroman") is None, reason="uroman is not installed")
def test_the_real_uroman():
    assert [romanise.by_uroman(word) for word in ("Берлин", "Νεπάλ", "नेपाल", "соль")] == [
        "berlin",
        "nepal",
        "nepaal",
        "sol",
    ]
