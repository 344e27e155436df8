"""Back-translations of made-up sentences, by a translator that is a table."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.align import StatisticalAligner
from exonym.data import Corpus, Ledger, Lost, Origin, Sentence, Span, resemblance
from exonym.errors import DataError
from exonym.project import Matching, alone_of, entities_to_translate, marked_corpus, project
from exonym.project.backtranslation import refine
from exonym.project.markers import Markers
from exonym.project.naming import assigned
from exonym.translate import Translation, Translations

SOURCE = Sentence(("Bonn", "Council", "met", "Ana", "!"), (Span(0, 2, "ORG"), Span(3, 4, "PER", 0.5)), "s1")
MARKERS = Markers()


def translated(corpus, table):
    """Translate by a table of running texts; what it lacks stays."""
    made = tuple(Translation.of(table.get(sentence.text, sentence.text)) for sentence in corpus)
    return Translations(corpus.unlabelled().sentences, made, "xx")


def refined(source, targets, table, **options):
    marked = translated(marked_corpus(source, MARKERS.style), table)
    alone = alone_of(translated(entities_to_translate(source, marked, MARKERS), table))
    return refine(source, targets, marked, alone, MARKERS, **options)


def test_labels_move_to_the_brackets_whatever_their_order():
    table = {
        "[ Bonn Council ] met [ Ana ] !": "a [ Ana ] vio [ el Consejo de Bonn ] !",
        "Bonn Council": "Consejo de Bonn",
        "Ana": "Ana",
    }
    table |= {key.replace(" !", "!"): value for key, value in table.items()}
    ledger = Ledger()
    source, bitext = refined(Corpus((SOURCE,)), [("x", "y")], table, ledger=ledger)
    (sentence,) = source
    assert sentence.words == ("a", "Ana", "vio", "el", "Consejo", "de", "Bonn", "!")
    assert [span.key for span in sentence.spans] == [(1, 2, "PER"), (3, 7, "ORG")]
    assert sentence.spans[0].score == 0.5
    assert 0.8 < sentence.spans[1].score < 1
    assert sentence.spans[0].origin == Origin("s1", 3, 4, "markers")
    assert ledger["sentences with markers read off"] == 1
    assert list(bitext) == [(sentence.words, ("x", "y"), "s1")]


def test_what_the_translation_lost_is_told():
    table = {"[ Bonn Council ] met [ Ana ]!": "se vio [ Ana ]!"}
    source, _ = refined(Corpus((SOURCE,)), [("x",)], table)
    assert [span.key for span in source[0].spans] == [(2, 3, "PER")]
    assert source[0].lost == (Lost(0, 2, "ORG", "lost marker"),)


def test_a_flawed_back_translation_is_in_neither():
    other = replace(SOURCE, id="s2", words=("Rome", *SOURCE.words[1:]))
    table = {"[ Rome Council ] met [ Ana ]!": "", "[ Bonn Council ] met [ Ana ]!": "[ Consejo ] vio [ Ana ]!"}
    source, bitext = refined(Corpus((other, SOURCE)), [("x",), ("y",)], table)
    assert [sentence.id for sentence in source] == [pair.id for pair in bitext] == ["s1"]
    assert bitext[0].target == ("y",)


@given(st.lists(st.sampled_from(["ana", "anna", "bo", "bob", "x"]), max_size=3), st.data())
def test_assignment_is_the_best_of_all(translated, data):
    found = data.draw(st.lists(st.sampled_from(["ana", "anne", "bo", "rob", "y"]), max_size=3))
    likeness = np.array([[resemblance(one, other, 0.5) for other in found] for one in translated])
    options = permutations([*range(len(found)), *[None] * len(translated)], len(translated))
    best = max(sum(likeness[row, place] for row, place in enumerate(each) if place is not None) for each in options)
    chosen = assigned(likeness.reshape(len(translated), len(found)))
    assert sum(likeness[row, place] for row, place in enumerate(chosen) if place is not None) == pytest.approx(best)
    places = [place for place in chosen if place is not None]
    assert len(places) == len(set(places))


def test_targets_of_other_sentences_are_refused():
    corpus = Corpus((SOURCE,), "en")
    with pytest.raises(DataError, match="found 2 targets; expected 1"):
        refined(corpus, [("x",), ("y",)], {})
    with pytest.raises(DataError, match="same id"):
        refined(Corpus((SOURCE, SOURCE)), [("x",), ("y",)], {})


@pytest.mark.parametrize("options", [{}, {"matcher": "heuristic"}, {"matcher": "greedy", "candidates": "ngrams"}])
def test_labels_reach_the_original_through_the_back_translation(options):
    """Both published variants: the heuristic, and candidates; what the back-translation lost is still told."""
    cities, people = ("Bonn", "Roma", "Oslo"), ("Ana", "Eva", "Luis", "Omar")
    pairs = [(person, city) for person in people for city in cities]
    spans = (Span(0, 1, "PER"), Span(2, 3, "LOC"))
    source = Corpus(
        tuple(Sentence((person, "likes", city), spans, str(number)) for number, (person, city) in enumerate(pairs)),
        "en",
    )
    targets = [(person, "adora", city) for person, city in pairs]
    table = {f"[ {person} ] likes [ {city} ]": f"a [ {person} ] gusta [ {city} ]" for person, city in pairs}
    table["[ Omar ] likes [ Oslo ]"] = "a quien gusta [ Oslo ]"
    labelled, bitext = refined(source, targets, table)
    found = project(labelled, bitext, StatisticalAligner().align(bitext), Matching(**options))
    assert [[span.key for span in sentence.spans] for sentence in found][:-1] == [
        [(0, 1, "PER"), (2, 3, "LOC")] for _ in pairs[:-1]
    ]
    assert ("PER", "lost marker") in [(each.label, each.reason) for each in found[len(pairs) - 1].lost]
