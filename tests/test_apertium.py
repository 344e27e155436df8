import gc
import shutil
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exonym.data import Corpus, Sentence
from exonym.errors import RecipeError
from exonym.run.store import describe
from exonym.transfer.stages import just_do
from exonym.transfer.stages import translate as translate_corpus
from exonym.translate import Apertium, SettlingTranslator, Translator, running
from exonym.translate import apertium_modes as modes
from exonym.translate.apertium import Settled
from exonym.translate.apertium_stream import marked, prepared, read
from exonym.translate.pipeline import Pipeline
from stand_in import REVERSE, install

pairs = modes.installed() if shutil.which("apertium-wblank-mode") else {}


def real(*names):
    return pytest.mark.skipif(
        any(name not in pairs for name in names), reason=f"Apertium with {', '.join(names)} is not installed"
    )


def sentence(text):
    return Sentence(tuple(text.split()))


def linked(words, made):
    """The links as words."""
    return {(words[i], made.words[j]) for i, j, _ in made.links}


@pytest.fixture
def mode(tmp_path, monkeypatch):
    return install(tmp_path / "bin", monkeypatch)


def translate(mode, *texts, timeout=10):
    return Apertium(mode=mode, timeout=timeout).translate([sentence(text) for text in texts], "xx", "yy")


# The stand-in.


def test_every_word_is_linked_to_what_it_came_out_as(mode):
    (made,) = translate(mode, "Anna Keller sah New York")
    assert made.text == "new york sah keller anna"
    words = ("Anna", "Keller", "sah", "New", "York")
    assert linked(words, made) == {
        ("Anna", "anna"),
        ("Keller", "keller"),
        ("sah", "sah"),
        *((a, b) for a in ("New", "York") for b in ("new", "york")),
    }
    assert set(made.links.weight.tolist()) == {1.0}


def test_clitics_stay_in_their_unit_and_a_possessive_has_no_link(mode):
    (made,) = translate(mode, "Anna 's car is n't red")
    assert made.text == "red isn't car anna's"
    found = linked(("Anna", "'s", "car", "is", "n't", "red"), made)
    assert {("is", "isn't"), ("n't", "isn't"), ("Anna", "anna")} <= found
    assert not any(word == "'s" for word, _ in found)


def test_symbols_that_pass_through_are_linked_in_order_if_none_is_lost(mode):
    (made,) = translate(mode, "§ a [ b ] { ^ $ \\ / @ < > ~ 😀 §")
    assert made.text == "§ b [a] {^ $\\ / @ < > ~ 😀 §"
    words = sentence("§ a [ b ] { ^ $ \\ / @ < > ~ 😀 §").words
    assert linked(words, made) == {(word, word) for word in words}
    assert [(i, j) for i, j, _ in made.links if words[i] == "§"] == [(0, 0), (len(words) - 1, len(made.words) - 1)]


def test_text_that_holds_more_than_its_words_keeps_it(mode):
    text = "[ Anna ] sah [ New York ] ."
    offsets = ((2, 6), (9, 12), (15, 18), (19, 23), (26, 27))
    own = Sentence(("Anna", "sah", "New", "York", "."), text=text, offsets=offsets)
    (made,) = Apertium(mode=mode).translate([own], "xx", "yy")
    assert made.text == "[ . ] new york [ sah ] anna"
    assert ("Anna", "anna") in linked(own.words, made)
    assert not any(made.words[j] in "[]" for _, j, _ in made.links)


def test_control_characters_null_bytes_surrogates_and_soft_hyphens_do_no_harm(mode):
    words = ("a\0b", "\x07", "so\u00adft", "\ud800", "مرحبا", "e\u0301a")
    (made,) = Apertium(mode=mode).translate([Sentence(words)], "xx", "yy")
    assert made.text == "éa مرحبا soft b a"
    assert {("a\0b", "a"), ("a\0b", "b"), ("so\u00adft", "soft"), ("e\u0301a", "éa")} <= linked(words, made)


def test_empty_sentences_and_very_long_ones(mode):
    long = " ".join(f"w{number}" for number in range(5_000))
    empty, made, last = translate(mode, "", long, "b")
    assert empty.words == () == tuple(empty.links)
    assert len(made.words) == len(made.links) == 5_000
    assert made.links.target[0] == 4_999
    assert last.words == ("b",)


@pytest.mark.parametrize("bad", ["HANG", "DIE"])
def test_a_sentence_that_hangs_or_kills_the_programs_is_empty_and_the_rest_are_translated(mode, bad):
    texts = [f"a{number} b" for number in range(100)]
    texts[5] = texts[40] = f"a {bad} b"
    made = translate(mode, *texts, timeout=0.4)
    assert [each.text for each in made] == ["" if bad in text else " ".join(text.split()[::-1]) for text in texts]


def test_no_sentence_is_given_the_translation_of_another(mode):
    texts = [f"a{number} b" for number in range(100)]
    texts[7], texts[70] = "a LOSE b", "a TWICE b"
    made = translate(mode, *texts, timeout=0.4)
    found = {text: each.text for text, each in zip(texts, made, strict=True)}
    assert found.pop("a LOSE b") == ""
    assert found.pop("a TWICE b") in ("", "b twice a")
    assert all(text == " ".join(own.split()[::-1]) for own, text in found.items())


def test_the_answers_are_the_same_in_any_batch_and_order(mode):
    texts = ["a b .", "New York", "", "DIE", "c 's d", "§ § e"] * 3
    together = translate(mode, *texts)
    assert [*map(repr, together)] == [repr(translate(mode, text)[0]) for text in texts[:6]] * 3


def test_progress_ends_at_all(mode):
    told = []
    Apertium(mode=mode).translate([sentence("a")] * 300, "xx", "yy", lambda done, total: told.append((done, total)))
    assert told == [(250, 300), (300, 300)]


def test_no_program_is_left_behind(mode, monkeypatch):
    begun = []
    start = Pipeline._start
    monkeypatch.setattr(Pipeline, "_start", lambda self: (start(self), begun.extend(self._programs)))

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Apertium(mode=mode).translate([sentence("a")], "xx", "yy", interrupt)
    assert len(begun) == 2
    assert all(program.poll() is not None for program in begun)
    gc.collect()


def test_through_a_second_mode_links_go_from_the_first_text_to_the_last(mode):
    own = sentence("Anna sah New York")
    (made,) = Settled((mode, mode), 10).translate([own], "xx", "zz")
    assert made.text == "anna sah york new"  # the second mode does not know the unit in lower case
    crossed = {(a, b) for a in ("New", "York") for b in ("new", "york")}
    assert linked(own.words, made) == {("Anna", "anna"), ("sah", "sah"), *crossed}


def test_programs_that_do_not_start_are_an_error_with_what_they_said(tmp_path, monkeypatch):
    mode = install(tmp_path / "bin", monkeypatch, reverse="import sys; sys.exit('no dictionary')")
    with pytest.raises(RecipeError, match=r"ended with code 1.*They said: no dictionary"):
        translate(mode, "a")
    with pytest.raises(RecipeError, match=r"no-such-program: found that it cannot be started"):
        Pipeline([["no-such-program"]], 1).__enter__()
    silent = [sys.executable, "-c", "import time; time.sleep(60)"]
    began = time.monotonic()
    with pytest.raises(RecipeError, match=r"no answer of .* within 0.2 s"):
        Pipeline([silent], 0.2).__enter__()
    assert time.monotonic() - began < 30


def test_another_version_of_the_data_has_another_fingerprint_and_another_place_has_not(tmp_path, monkeypatch):
    one = install(tmp_path / "one", monkeypatch)
    same = install(tmp_path / "two", monkeypatch)
    other = install(tmp_path / "three", monkeypatch, reverse=REVERSE + "# newer\n")
    prints = [describe(Apertium(mode=each).settled("xx", "yy")) for each in (one, same, other)]
    assert prints[0] == prints[1] != prints[2]
    assert prints[0] == describe(Apertium(mode=one, timeout=5).settled("xx", "yy"))


def test_a_stage_is_given_the_settled_translator(mode):
    seen = []

    def do(stage, shard, translator, *languages):
        seen.append(translator)
        return just_do(stage, shard, translator, *languages)

    corpus = Corpus((sentence("a b"),))
    made = translate_corpus(corpus, Apertium(mode=mode), "xx", "yy", do)
    assert made.translations[0].text == "b a"
    assert seen == [Apertium(mode=mode).settled("xx", "yy")]
    assert isinstance(Apertium(), Translator)
    assert isinstance(Apertium(), SettlingTranslator)


def test_what_cannot_be_is_refused(tmp_path, monkeypatch):
    with pytest.raises(RecipeError, match="mode a and pivot"):
        Apertium(mode="a", pivot=("es",))
    with pytest.raises(RecipeError, match="timeout is 0"):
        Apertium(timeout=0)
    with pytest.raises(RecipeError, match="found no file"):
        translate(str(tmp_path / "x.mode"), "a")
    monkeypatch.setattr(modes, "installed", dict)
    with pytest.raises(RecipeError, match="make apertium"):
        Apertium().settled("en", "es")
    with pytest.raises(RecipeError, match="make apertium"):
        modes.path_of("en-es")
    monkeypatch.setattr(
        modes, "installed", lambda: dict.fromkeys(("eng-spa", "eng-cat_x", "eng-cat", "spa-por"), tmp_path)
    )
    assert modes.find("en", "cat") == "eng-cat"
    assert modes.find("eng_Latn", "spa_Latn") == "eng-spa"
    assert Apertium(pivot=("es",)).settled("en", "pt").modes == ("eng-spa", "spa-por")
    with pytest.raises(RecipeError, match="expected one of: en to ca, en to es, es to pt"):
        modes.find("en", "pt")
    with pytest.raises(RecipeError, match="Did you mean 'eng-cat'"):
        modes.path_of("eng-cta")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RecipeError, match="found no program"):
        modes.programs_of(tmp_path)


def test_a_mode_that_is_none_is_refused(mode, tmp_path):
    path = tmp_path / "bad-mode.mode"
    path.write_text("cat | cat\n")
    with pytest.raises(RecipeError, match="no apertium-wblank-attach among its programs"):
        translate(str(path), "a")


# The stream.


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_a_text_without_units_comes_back_but_for_spaces(text):
    own = prepared(Sentence((), text=text))
    assert b"\0" not in own.message
    unit = marked(own.message.decode(), own)
    made = read(unit.message.decode(), own, unit.units, ())
    assert made.text.split() == own.text.translate(dict(zip(map(ord, own.swapped), "~^", strict=True))).split()


def test_unit_whose_form_was_changed_has_no_mark_and_the_next_ones_have():
    own = prepared(running(sentence("a b c")))
    unit = marked("^a/a<x>$ ^other/b<x>$ ^c/c<x>$[][0][\n]", own)
    assert unit.message == b"[[t:w:0]]^a/a<x>$ ^other/b<x>$ [[t:w:1]]^c/c<x>$[][0][\n]"
    assert unit.units == ((0,), (2,))


# Apertium itself.


@real("eng-spa")
def test_multiwords_clitics_and_names_into_spanish():
    own = sentence("Anna Keller 's car is n't in New York or the United States .")
    (made,) = Apertium().translate([own], "en", "es")
    found = linked(own.words, made)
    assert "Nueva York" in made.text
    assert "Estados Unidos" in made.text
    assert {("Anna", "Anna"), ("Keller", "Keller"), ("n't", "no"), ("New", "Nueva"), ("States", "Estados")} <= found
    assert not any(word == "'s" for word, _ in found)


@real("eng-spa", "spa-eng")
def test_there_and_back_every_name_is_linked_to_itself(tmp_path):
    own = sentence("Peter Blackburn met Werner Zwingmann in Brussels .")
    (made,) = Apertium(pivot=("es",)).translate([own], "en", "eng")
    found = linked(own.words, made)
    assert {(name, name) for name in ("Peter", "Blackburn", "Werner", "Zwingmann", "Brussels")} <= found


SPECIAL = '[ ] { } ^ $ \\ / @ < > ~ + * | % _ # ` " 😀 §'


@pytest.mark.parametrize("pair", [("eng-spa", "en", "es"), ("eng-cat", "en", "ca"), ("en-gl", "en", "gl")])
def test_special_characters_come_back(pair):
    if pair[0] not in pairs:
        pytest.skip(f"Apertium with {pair[0]} is not installed")
    own = sentence(f"Anna {SPECIAL} Keller")
    (made,) = Apertium(timeout=20).translate([own], *pair[1:])
    squeezed = "".join(made.text.split())
    assert all(letter in squeezed for letter in SPECIAL.split())
    assert {(letter, letter) for letter in SPECIAL.split() if own.words.count(letter) == 1} <= linked(own.words, made)


@real("eng-spa")
def test_a_word_that_the_tagger_has_not_learnt_changes_no_other_sentence():
    first, second = sentence("a lot of drunk Mills"), sentence("Judith Guofang told Reuters the time was right .")
    alone = Apertium().translate([second], "en", "es")[0]
    after = Apertium().translate([first, second, first, second], "en", "es")
    assert [after[1].text, after[3].text] == [alone.text] * 2


WORDS = st.lists(
    st.text(min_size=1, max_size=8) | st.sampled_from(sentence("Anna 's told a lot of New York . [ ]").words),
    max_size=12,
)


@real("eng-spa")
@settings(max_examples=4, deadline=None, suppress_health_check=[*HealthCheck])
@given(st.lists(WORDS, min_size=40, max_size=60))
def test_no_words_stop_it_and_links_stay_inside(rows):
    sentences = [Sentence(tuple(words)) for words in rows]
    for own, made in zip(sentences, Apertium(timeout=5).translate(sentences, "en", "es"), strict=True):
        assert all(0 <= i < len(own) and 0 <= j < len(made.words) for i, j, _ in made.links)
        assert all(made.text[a:b] == word for word, (a, b) in zip(made.words, made.offsets, strict=True))
