"""Mixture: how its routes are weighed, and what its student learns from."""

from dataclasses import replace

import numpy as np
import pytest

from exonym.data import Corpus, Sentence, Span, tag_set
from exonym.errors import RecipeError
from exonym.transfer import Direct, Gloss, Mixture, TeacherStudent, TranslateTrain, just_do, transfer
from exonym.transfer.mixture import one_hot, together
from test_transfer import LIGHT, keys, task

ROUTES = (Gloss(tagger=LIGHT), TranslateTrain(tagger=LIGHT))
TAGS = tag_set(("LOC", "PER"))


def given():
    gold, toy = task()
    text = Corpus(tuple(replace(each, id=f"u{each.id}", words=(*each.words, "heute")) for each in toy.test))
    return gold, replace(toy, text=text)


def test_it_learns_the_toy_language():
    gold, toy = given()
    outcome = transfer(toy, Mixture(routes=ROUTES, student=LIGHT))
    assert keys(outcome.predictions) == keys(gold)
    assert outcome.ledger == {
        "unlabelled text": len(toy.text),
        "unlabelled text with names": len(toy.text),
        "projected sentences": len(toy.source),
    }
    assert [note.split(",")[0] for note in outcome.notes] == [
        "teacher gloss: weight 0.300",
        "teacher translate_train: weight 0.700",
    ]


@pytest.mark.parametrize(("projected", "repeat"), [(True, 1), (True, 3), (False, 2)])
def test_the_student_meets_the_text_so_often(projected, repeat):
    _, toy = given()
    lessons = []

    def do(stage, *args):
        if stage.name == "learn":
            lessons.append(args[0])
        return just_do(stage, *args)

    transfer(toy, Mixture(routes=ROUTES, student=LIGHT, projected=projected, repeat=repeat), do)
    (met,) = lessons
    assert len(met) == repeat * len(toy.text) + projected * len(toy.source)
    assert len({each.id for each in met}) == len(met)


def test_projection_weighs_more_wherever_it_stands():
    assert Mixture().shares == pytest.approx((0.3, 0.7))
    assert Mixture(routes=(TranslateTrain(), Gloss(), Direct())).shares == pytest.approx((7 / 13, 3 / 13, 3 / 13))
    assert Mixture(routes=(Gloss(), Direct())).shares == (0.5, 0.5)
    assert Mixture(weights="uniform").shares == (0.5, 0.5)
    assert Mixture(weights=(0.25, 0.75)).shares == (0.25, 0.75)


def test_one_route_left_as_it_is_makes_the_student_of_a_teacher():
    _, toy = given()
    options = Mixture(routes=(Direct(tagger=LIGHT),), student=LIGHT, repeat=1, outside=1.0, pooling=0.0)
    teachers = TeacherStudent(teachers=(Direct(tagger=LIGHT),), student=LIGHT)
    assert transfer(toy, options).tagger.model == transfer(toy, teachers).tagger.model


def test_labels_as_probabilities_and_back():
    corpus = Corpus((Sentence(("a", "B", "C", "d"), (Span(1, 3, "PER"),), "1"), Sentence(("e",), (), "2")), "c")
    rows = one_hot(corpus, TAGS)
    assert rows.tags == TAGS
    assert [TAGS[place] for place in rows[0].probabilities.argmax(axis=1)] == ["O", "B-PER", "I-PER", "O"]
    assert all(np.array_equal(each.probabilities.sum(axis=1), np.ones(len(each))) for each in rows)
    both = together(rows, (rows,), 2)
    assert keys(both) == keys(corpus) * 3


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"routes": ()}, "routes: found none"),
        ({"weights": (0.5, 0.4)}, "weights"),
        ({"outside": 0.0}, "outside: found 0"),
        ({"pooling": 1.5}, "pooling: found 1.5"),
        ({"repeat": 0}, "repeat: found 0"),
        ({"initial": "teacher"}, "initial"),
    ],
)
def test_wrong_options_are_refused(wrong, found):
    with pytest.raises(RecipeError, match=found):
        Mixture(**wrong)


def test_without_text_it_says_so():
    with pytest.raises(RecipeError, match="mixture: found no unlabelled text"):
        transfer(task()[1], Mixture(routes=ROUTES, student=LIGHT))
