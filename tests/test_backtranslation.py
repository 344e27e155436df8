"""Back-translations of made-up sentences, by a translator that is a table."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.align import StatisticalAligner
from exonym.data import Corpus, Ledger, Lost, Origin, Sentence, Span
from exonym.errors import DataError
from exonym.project import Matching, losses, project
from exonym.project.backtranslation import assign, entities, marked, read_brackets, refine

SOURCE = Sentence(("Bonn", "Council", "met", "Ana", "[", "sic", "]"), (Span(0, 2, "ORG"), Span(3, 4, "PER", 0.5)), "s1")


def refined(back, alone, **options):
    """Refine one sentence; returns it and the ledger."""
    ledger = Ledger()
    source, bitext = refine(Corpus((SOURCE,)), [("x",)], [back], [alone], ledger=ledger, **options)
    assert bitext[0] == (source[0].words, ("x",), "s1")
    return source[0], ledger


def test_entities_are_marked_and_brackets_of_the_text_are_not():
    assert marked(SOURCE) == "[ Bonn Council ] met [ Ana ] ( sic )"
    assert entities(SOURCE) == ["Bonn Council", "Ana"]


def test_labels_move_to_the_brackets_whatever_their_order():
    sentence, ledger = refined("a [ Ana ] vio [ el Consejo de Bonn ] ( sic )", ["Consejo de Bonn", "Ana"])
    assert sentence.words == ("a", "Ana", "vio", "el", "Consejo", "de", "Bonn", "(", "sic", ")")
    assert [span.key for span in sentence.spans] == [(1, 2, "PER"), (3, 7, "ORG")]
    assert sentence.spans[0].score == 0.5
    assert 0.8 < sentence.spans[1].score < 1
    assert sentence.spans[0].origin == Origin("s1", 3, 4, "back-translation")
    assert ledger == {"entities found in back-translations": 2, "brackets of the source text": 2}


def test_the_best_bracket_wins_and_not_the_last_that_is_similar_enough():
    sentence, _ = refined("[ Anna ] y [ Annas ] y [ Consejo ]", ["Consejo", "Anna"])
    assert [span.key for span in sentence.spans] == [(0, 1, "PER"), (4, 5, "ORG")]


def test_an_entity_does_not_take_what_another_one_needs():
    """One after the other, `Consejo Ana` would take `Consejo Ana B`, and `Consejo Ana B` would be left with nothing."""
    assert assign(["Consejo Ana", "Consejo Ana B"], ["Consejo Ana B", "Consejo An"], 0.5) == [
        (1, pytest.approx(20 / 21)),
        (0, 1.0),
    ]


def test_brackets_do_not_count_as_similar():
    sentence, ledger = refined("[ zz ] [ Ana ]", ["q", "Ana"])  # with its brackets and spaces `[ zz ]` is like `[ q ]`
    assert [span.key for span in sentence.spans] == [(1, 2, "PER")]
    assert sentence.lost == (Lost(0, 2, "ORG", "not found in the back-translation"),)
    assert ledger["entities not found in back-translations"] == ledger["brackets without an entity"] == 1


def test_equal_names_are_assigned_in_their_order():
    assert assign(["Ana", "Ana", "Ana"], ["ana", "ANA", "Ana"], 0.5) == [(0, 1.0), (1, 1.0), (2, 1.0)]
    assert assign(["Ana", "Ana"], ["Ana"], 0.5).count(None) == 1
    assert assign([], ["Ana"], 0.5) == []
    assert assign(["Ana"], [], 0.5) == [None]


@given(st.lists(st.sampled_from(["ana", "anna", "bo", "bob", "x"]), max_size=3), st.data())
def test_assignment_is_the_best_of_all(translated, data):
    from difflib import SequenceMatcher

    found = data.draw(st.lists(st.sampled_from(["ana", "anne", "bo", "rob", "y"]), max_size=3))
    options = permutations([*range(len(found)), *[None] * len(translated)], len(translated))

    def similarity(one, place):
        ratio = 0 if place is None else SequenceMatcher(None, one, found[place], autojunk=False).ratio()
        return ratio if ratio >= 0.5 else 0

    best = max(sum(map(similarity, translated, places)) for places in options)
    chosen = assign(translated, found, 0.5)
    assert sum(each[1] for each in chosen if each) == pytest.approx(best)
    places = [each[0] for each in chosen if each]
    assert len(places) == len(set(places))


@pytest.mark.parametrize(
    ("text", "words", "ranges", "unmatched"),
    [
        ("a [ b c ] d", "a b c d", [(1, 3)], 0),
        ("a ] b [ c", "a b c", [], 2),
        ("[ a [ b ] c ]", "a b c", [(1, 2)], 2),
        ("[ ] a []", "a", [], 0),
        ("[a]-b", "a -b", [(0, 1)], 0),
        ("", "", [], 0),
    ],
)
def test_brackets_are_read_and_taken_out(text, words, ranges, unmatched):
    assert read_brackets(text) == (tuple(words.split()), ranges, unmatched)


@given(st.text("ab [ ]"))
def test_no_bracket_is_left_and_every_one_is_accounted_for(text):
    words, ranges, unmatched = read_brackets(text)
    assert not {"[", "]"} & set("".join(words))
    empty = text.count("[") + text.count("]") - unmatched - 2 * len(ranges)
    assert empty >= 0
    assert empty % 2 == 0
    assert words == tuple(text.replace("[", " ").replace("]", " ").split())
    assert all(start < stop for start, stop in ranges)
    assert ranges == sorted(ranges)


def test_translations_of_other_sentences_are_refused():
    corpus = Corpus((SOURCE,), "en")
    with pytest.raises(DataError, match="found 2 back-translations; expected 1"):
        refine(corpus, [("x",)], ["a", "b"], [["a", "b"]])
    with pytest.raises(DataError, match="sentence 1: found 1 translated entities; expected 2"):
        refine(corpus, [("x",)], ["a"], [["a"]])


@pytest.mark.parametrize("options", [{}, {"matcher": "heuristic"}, {"matcher": "greedy", "candidates": "ngrams"}])
def test_labels_reach_the_original_through_the_back_translation(options):
    """Both published variants: the heuristic, and candidates; what the back-translation lost is still told."""
    cities, people = ("Bonn", "Roma", "Oslo"), ("Ana", "Eva", "Luis", "Omar")
    pairs = [(person, city) for person in people for city in cities]
    source = Corpus(
        tuple(
            Sentence((person, "likes", city), (Span(0, 1, "PER"), Span(2, 3, "LOC")), str(number))
            for number, (person, city) in enumerate(pairs)
        ),
        "en",
    )
    targets = [(person, "adora", city) for person, city in pairs]
    back = [f"a [ {person} ] gusta [ {city} ]" for person, city in pairs]
    back[-1] = "a Omar gusta [ Oslo ]"
    labelled, bitext = refine(source, targets, back, [[person, city] for person, city in pairs])
    found = project(labelled, bitext, StatisticalAligner().align(bitext), Matching(**options))
    assert [[span.key for span in sentence.spans] for sentence in found][:-1] == [
        [(0, 1, "PER"), (2, 3, "LOC")] for _ in pairs[:-1]
    ]
    assert [span.key for span in found[-1].spans] == [(2, 3, "LOC")]
    assert losses(found)["spans lost: not found in the back-translation"] == 1
