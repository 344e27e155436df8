import random
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Corpus, Ledger, Lost, Origin, Sentence, Span
from exonym.errors import DataError, RecipeError
from exonym.project import (
    Filtering,
    Markers,
    alone_of,
    broken,
    entities_to_translate,
    filtered,
    losses,
    marked_corpus,
    project_marked,
    read_off,
)
from exonym.project.marking import unmarked
from exonym.project.naming import Entity, Named, assigned, name_best, name_by_rules
from exonym.translate import Translation, Translations
from test_marking import LABELS, STYLES, sentences, spaced


def translate(corpus, change=str):
    """What a translator makes of a corpus that changes running text like this."""
    made = tuple(Translation.of(change(sentence.text)) for sentence in corpus)
    return Translations(corpus.unlabelled().sentences, made, "xx")


def carried(source, markers, change=str, word=str, **options):
    """Mark, translate by `change` (entities alone by `word`), read off."""
    marked = translate(marked_corpus(source, markers.style), change)
    alone = alone_of(translate(entities_to_translate(source, marked, markers), word))
    return project_marked(source, marked, alone, markers, **options)


def keys(sentence):
    return [span.key for span in sentence.spans]


ANA = spaced(
    ["Ana", "Ruiz", "visits", "Rome", "with", "Eva", "."], [Span(0, 2, "PER"), Span(3, 4, "LOC"), Span(5, 6, "PER")]
)
SPANISH = {"visits": "visita", "Rome": "Roma", "with": "con", "Ana Ruiz": "Ana Ruiz"}


def spanish(text):
    for one, other in SPANISH.items():
        text = text.replace(one, other)
    return text


@given(st.lists(sentences(), max_size=4), st.sampled_from(STYLES))
def test_the_identity_keeps_all_labels_and_breaks_nothing(found, style):
    numbered = [Sentence(s.words, s.spans, str(n), s.text, s.offsets) for n, s in enumerate(found)]
    source = Corpus(tuple(s for s in numbered if len(s) < 5 or not s.text.islower()))
    source = Corpus(tuple(s for s in source if len(s) < 4))  # longer copies are flawed translations
    ledger = Ledger()
    projected = carried(source, Markers(style=style), ledger=ledger)
    assert [s.words for s in projected] == [s.words for s in source]
    for one, other in zip(source, projected, strict=True):
        trimmed = [(a, b) for a, b, _ in keys(other)]
        assert all(any(x <= a < b <= y for x, y, _ in keys(one)) for a, b in trimmed)
        assert [label for *_, label in keys(one)] == [label for *_, label in keys(other)]
        if all(any(map(str.isalnum, word)) for word in one.words):
            assert keys(one) == keys(other)
    assert not broken(source, projected)
    assert sum("broken" in event for event in ledger) == 0


@pytest.mark.parametrize("style", STYLES)
def test_spans_say_where_they_come_from(style):
    (found,) = carried(Corpus((ANA,)), Markers(style=style), spanish)
    assert found.text == "Ana Ruiz visita Roma con Eva ."
    assert keys(found) == keys(ANA)
    assert found.spans[1].origin == Origin("1", 3, 4, "markers")
    assert found.lost == ()
    assert losses([found]) == {"spans projected": 3}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_types_follow_entities_that_change_places(style, order):
    def change(text):
        read = unmarked(text, style)
        a, b, c = (marker for marker in read.markers)
        tokens = text.split()
        starts = [i for i, token in enumerate(tokens) if token.startswith(("<", "[", '"')) and "/" not in token]
        assert len({a, b, c}) == len(starts) == 3
        chunks = [chunk_at(tokens, start, style) for start in starts]
        return "entonces " + " y ".join(chunks[place] for place in order)

    (found,) = carried(Corpus((ANA,)), Markers(style=style), change)
    labels = {found.surface(span): (span.label, span.origin.start) for span in found.spans}
    assert labels == {"Ana Ruiz": ("PER", 0), "Rome": ("LOC", 3), "Eva": ("PER", 5)}


def chunk_at(tokens, start, style):
    """The tokens of a marker that opens at `start`."""
    closes = {"brackets": lambda t: t == "]", "quotes": lambda t: t.endswith('"')}.get(style, lambda t: "/" in t)
    stop = next(i for i in range(start, len(tokens)) if closes(tokens[i]))
    return " ".join(tokens[start : stop + 1])


@given(st.lists(st.sampled_from(LABELS), min_size=1, max_size=4), st.integers(0, 999), st.sampled_from(STYLES[:3]))
def test_markers_lost_at_random_are_found_again(labels, seed, style):
    names = ("Anastasia", "Bogdanov", "Christchurch", "Dunfermline")
    words = [word for name in names[: len(labels)] for word in (name, "und")]
    source = Corpus((spaced(words, [Span(2 * n, 2 * n + 1, label) for n, label in enumerate(labels)]),))
    dropped = random.Random(seed)

    def change(text):
        for number in range(len(labels)):
            if dropped.random() < 0.5:  # this marker is lost
                name = names[number]
                text = " ".join(drop_around(text.split(), name))
        return text.replace("und", "and")

    (found,) = carried(source, Markers(style=style), change)
    assert keys(found) == keys(source[0])


def drop_around(tokens, name):
    at = tokens.index(name)
    return [*tokens[: at - 1], name, *tokens[at + 2 :]]


def test_without_looking_for_it_a_lost_marker_breaks_the_sentence():
    source, ledger = Corpus((ANA,)), Ledger()
    drop = lambda text: text.replace("[ Rome ]", "Roma")  # noqa: E731
    found = carried(source, Markers(recover=0), drop, ledger=ledger)
    assert keys(found[0]) == [(0, 2, "PER"), (5, 6, "PER")]
    assert found[0].lost == (Lost(3, 4, "LOC", "lost marker"),)
    assert broken(source, found) == source
    assert ledger == {"sentences with broken markers: lost marker": 1}
    kept, left = filtered(found, Filtering(sentences="complete"))
    assert (len(kept), left) == (0, {"sentences left out: incomplete": 1})
    again = carried(source, Markers(), drop, lambda text: {"Rome": "Roma."}.get(text, text), ledger=(more := Ledger()))
    assert keys(again[0]) == keys(ANA)
    assert again[0].spans[1].origin.method == "entity translation"
    assert more == {"sentences with markers read off": 1, "lost markers found by the translation of the entity": 1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<1> Ana Ruiz </1> <2> visita </2> a <3> Roma </3> <2> y </2>", "too many markers"),
        ("<1> Ana Ruiz </1> visita <4> Roma </4>", "unknown marker"),
        ("<1> Ana Ruiz </1> visita <2> Roma </2 con <3> Eva </3>", "stray mark"),
        ("<1>Ana</1><2>Roma</2>s visita con <3> Eva </3>", ""),
        ("<1>Ana <2>Roma</1>s</2> visita con <3> Eva </3>", "overlapping markers"),
        ("<1> <2> Ana </2> </1> visita con <3> Eva </3>", "overlapping markers"),
        ("Juana visita con <3> Eva </3> otra cosa", "lost marker"),
    ],
)
def test_broken_markers_say_why(text, reason):
    found = read_off(ANA, Translation.of(text), {}, Markers(style="numbered"))
    assert found.reason == reason
    assert {lost.reason for lost in found.target.lost} == ({reason} if reason else set())
    assert len(found.target.spans) + len(found.target.lost) == 3


def test_marks_without_a_name_that_are_like_nothing_are_ambiguous():
    text = "[ Qqqq ] visita [ Zzz ] con [ Xxxxxxx ]"
    found = read_off(ANA, Translation.of(text), {}, Markers())
    assert (found.reason, found.target.spans, len(found.target.lost)) == ("ambiguous markers", (), 3)
    one_is_left = read_off(ANA, Translation.of("[ Qqqq ] visita [ Ana Ruiz ] con [ Eva ]"), {}, Markers())
    assert keys(one_is_left.target) == [(0, 1, "LOC"), (2, 4, "PER"), (5, 6, "PER")]
    assert [span.score for span in one_is_left.target.spans] == [0.5, 1, 1]
    one_type = ANA.with_spans(Span(s.start, s.stop, "PER", 0.9) for s in ANA.spans)
    sure = read_off(one_type, Translation.of(text), {}, Markers())
    assert [(s.label, s.score) for s in sure.target.spans] == [("PER", 0.9)] * 3
    assert {s.origin.start for s in sure.target.spans} == {0, 3, 5}


def test_punctuation_at_the_ends_of_markers_is_left_out_but_where_the_source_has_it():
    found = read_off(
        ANA, Translation.of('"Ana Ruiz," visita "Roma" con "Eva."'), {"Rome": "Roma"}, Markers(style="quotes")
    )
    assert keys(found.target) == [(0, 2, "PER"), (4, 5, "LOC"), (6, 7, "PER")]
    source = spaced(["Yahoo", "!", "grew"], [Span(0, 2, "ORG")])
    found = read_off(source, Translation.of("[ Yahoo! ] creció"), {}, Markers())
    assert keys(found.target) == [(0, 2, "ORG")]


def test_text_that_holds_marks_is_not_marked_and_goes_to_the_fallback():
    source = Corpus((spaced(["Ana", "[", "sic", "]"], [Span(0, 1, "PER")]), spaced(["no", "<", "name"])))
    source = Corpus((source[0], replace(source[1], id="2")))
    assert [s.text for s in marked_corpus(source, "brackets")] == ["Ana [ sic ]", "no < name"]
    (found, other) = carried(source, Markers(), lambda text: text.replace("no", "sin"))
    assert found.words == ("Ana", "[", "sic", "]")
    assert [lost.reason for lost in found.lost] == ["marker in text"]
    assert other.words == ("sin", "<", "name")
    assert broken(source, Corpus((found, other))).sentences == (source[0],)


def test_a_fallback_takes_the_place_of_broken_and_flawed_sentences_only():
    second = Sentence(("Eva", "slept", "all", "day", "long"), (Span(0, 1, "PER"),), "2")
    third = Sentence(("it", "rained", "all", "day", "long"), (), "3")
    source, ledger = Corpus((ANA, second, third)), Ledger()
    texts = ["Ana [ Ruiz visita ] a Zzz ] [ con", "", ""]
    made = Translations(marked_corpus(source, "brackets").sentences, tuple(map(Translation.of, texts)), "es")
    alone = project_marked(source, made, {}, Markers(), ledger=Ledger())
    assert [s.id for s in alone] == ["1"]
    assert [s.id for s in broken(source, alone)] == ["1", "2"]
    instead = Corpus((Sentence(("Eva", "durmió"), (Span(0, 1, "PER"),), "2"),))
    found = project_marked(source, made, {}, Markers(), fallback=instead, ledger=ledger)
    assert [s.words[0] for s in found] == ["Ana", "Eva"]
    assert ledger["sentences with broken markers: flawed translation: empty"] == 1
    assert ledger["sentences with broken markers projected over word links"] == 1
    assert ledger["translations left out: flawed"] == 1
    with pytest.raises(DataError, match="same id"):
        project_marked(Corpus((ANA, ANA)), translate(Corpus((ANA, ANA))), {}, fallback=instead)


def test_only_entities_that_leave_a_choice_are_translated_alone():
    source = Corpus((ANA, spaced(["Ana", "Ruiz", "slept"], [Span(0, 2, "PER")])))
    for style, needed in (("brackets", ["Ana Ruiz", "Rome", "Eva"]), ("numbered", []), ("xml", [])):
        made = translate(marked_corpus(source, style), spanish)
        asked = entities_to_translate(source, made, Markers(style=style))
        assert [entity.text for entity in asked] == needed
    lost = translate(marked_corpus(source, "numbered"), lambda text: text.replace("<2> Rome </2>", "Roma"))
    assert [e.words for e in entities_to_translate(source, lost, Markers(style="numbered"))] == [("Rome",)]


def test_right_to_left_text():
    source = Corpus((spaced(["زارت", "سلمى", "مدينة", "القاهرة", "."], [Span(1, 2, "PER"), Span(3, 4, "LOC")]),))
    for style in STYLES:
        (found,) = carried(source, Markers(style=style), lambda text: text.replace("زارت", "رأت"))
        assert keys(found) == keys(source[0])


def test_translations_of_other_sentences_are_refused():
    with pytest.raises(DataError, match="expected 1, one for each"):
        project_marked(Corpus((ANA,)), translate(Corpus(())), {})
    with pytest.raises(DataError, match="other words"):
        project_marked(Corpus((ANA,)), translate(Corpus((spaced(["Eva"]),))), {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"style": "bracket"}, "Did you mean 'brackets'"),
        ({"assign": "hungarian"}, "assign: found"),
        ({"fallback": "align"}, "Did you mean 'alignment'"),
        ({"threshold": 1.5}, r"threshold: found 1.5; expected a number in \[0, 1\]"),
        ({"recover": float("nan")}, "recover: found nan"),
        ({"style": "xml", "assign": "reference"}, "whose marks have names"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(RecipeError, match=message):
        Markers(**options)


@given(st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=1, max_size=4))
def test_assignment_is_the_best_of_all_and_keeps_to_what_is_allowed(rows):
    like = np.array(rows) / 4
    chosen = assigned(like)
    columns = [column for column in chosen if column is not None]
    assert len(set(columns)) == len(columns)
    total = sum(like[row, column] for row, column in enumerate(chosen) if column is not None)
    assert all(like[row, column] > 0 for row, column in enumerate(chosen) if column is not None)
    padded = np.hstack([like, np.zeros((len(rows), len(rows)))])
    best = max(sum(padded[range(len(rows)), each]) for each in permutations(range(padded.shape[1]), len(rows)))
    assert total == pytest.approx(best)


def entity(label, surface, translated, name=""):
    return Entity(label, name, surface, translated)


def test_the_rules_of_the_reference_take_the_first_and_ours_the_best():
    entities = [entity("ORG", "Bank of Rome", "Banco de Roma"), entity("LOC", "Rome", "Roma")]
    read = unmarked("[ Banca di Roma ] en [ Roman ]", "brackets")
    assert name_by_rules(entities, read)[0] == [Named(0, 3), Named(4, 5)]
    # "Banca Romana" is like both, "Bancos Roma" is more like the second: the first one wins by the rules
    entities = [entity("ORG", "x", "Banco Romano"), entity("LOC", "y", "Banco Roma")]
    read = unmarked("[ Banca Roma ] en [ Banca Romana ]", "brackets")
    assert name_by_rules(entities, read) == ([None, None], "ambiguous markers")
    found, reason = name_best(entities, read)
    assert [each[:2] for each in found] == [(3, 5), (0, 2)]
    assert not reason


def test_the_rules_of_the_reference():
    one_type = [entity("PER", "A", "a"), entity("PER", "B", "b")]
    assert name_by_rules(one_type, unmarked("[ q ] [ z ]", "brackets"))[0] == [Named(0, 1), Named(1, 2)]
    assert name_by_rules(one_type, unmarked("[ q ] z", "brackets")) == ([None, None], "lost marker")
    mixed = [entity("PER", "Ann", "Ana"), entity("LOC", "Rome", "Roma"), entity("ORG", "UN", "ONU")]
    read = unmarked("[ ONU ] y [ rome ] y [ Zzz ]", "brackets")  # translated, source, and the one left over
    assert name_by_rules(mixed, read)[0] == [Named(4, 5), Named(2, 3), Named(0, 1)]
    read = unmarked("[ ONU ] y [ Xxx ] y [ Zzz ]", "brackets")
    assert name_by_rules(mixed, read) == ([None, None, None], "ambiguous markers")
    read = unmarked("[ Roma ] y [ Ana ] y [ Anna ]", "brackets")  # two of a type
    assert name_by_rules(mixed, read) == ([None, None, None], "ambiguous markers")


def test_half_a_marker_is_evidence_of_where_its_entity_is():
    entities = [entity("PER", "Ruth", "Rut"), entity("LOC", "Rome", "Roma")]
    read = unmarked("Ruta [ Rutas vio [ Roma ]", "brackets")
    assert [each[:2] for each in name_best(entities, read, recover=0.85)[0]] == [(1, 2), (3, 4)]
    far = unmarked("Ruta vio [ Roma ]", "brackets")
    assert name_best(entities, far, recover=0.9)[0] == [None, Named(2, 3)]


def test_a_marker_that_moved_to_other_words_does_not_take_its_entity_along():
    entities = [entity("ORG", "EU", "UE"), entity("PER", "Franz Fischler", "Franz Fischler")]
    read = unmarked('por "Comisario" de la UE "Franz Fischler" para', "quotes")
    assert name_best(entities, read) == ([Named(4, 5, 1.0, False), Named(5, 7, 1.0)], "")
