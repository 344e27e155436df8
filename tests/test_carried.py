"""Label probabilities over word links, and translate-test in an average."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym import run
from exonym.data import Bitext, Corpus, Links, Pair, Sentence, Span
from exonym.errors import RecipeError
from exonym.formats import write_corpus
from exonym.run.store import Store
from exonym.tag import LightOptions, decode, decode_spans, label, mix, train_light
from exonym.tag.ensemble import average
from exonym.transfer import Average, Direct, SavedTagger, TranslateTest, TranslateTrain, transfer
from exonym.transfer.carried import carried
from exonym.transfer.translate_test import translate_test_labels
from test_transfer import task

LIGHT = LightOptions(iterations=30)
TAGS = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")


def tagged(*rows, tags=TAGS):
    """A sentence with these probabilities and the spans decoded from them."""
    matrix = np.array(rows, dtype=np.float32)
    words = tuple(f"w{number}" for number in range(len(matrix)))
    return Sentence(words, decode_spans(matrix, tags), "1", probabilities=matrix)


# Joe Doe sees Rome: a name of two words, a word that is none, a name of one.
FIRST = (0.1, 0.05, 0.05, 0.6, 0.2)
SECOND = (0.2, 0.0, 0.1, 0.1, 0.6)
SEES = (0.9, 0.05, 0.0, 0.05, 0.0)
ROME = (0.0, 0.8, 0.1, 0.1, 0.0)
SOURCE = tagged(FIRST, SECOND, SEES, ROME)


def turned(row):
    """B- and I- exchanged."""
    return [row[0], row[2], row[1], row[4], row[3]]


def rows_of(links, words, source=SOURCE):
    return carried(source, Links.of(links), words, TAGS)


def test_one_to_one_links_permute_the_distributions():
    assert [span.key for span in SOURCE.spans] == [(0, 2, "PER"), (3, 4, "LOC")]
    same = rows_of([(0, 0), (1, 1), (2, 2), (3, 3)], 4)
    assert np.allclose(same, SOURCE.probabilities)
    moved = rows_of([(0, 1), (1, 2), (2, 3), (3, 0)], 4)
    assert np.allclose(moved, [ROME, FIRST, SECOND, SEES])
    assert [span.key for span in decode_spans(moved, TAGS)] == [(0, 1, "LOC"), (1, 3, "PER")]


def test_a_name_that_is_turned_round_begins_with_its_first_word_here():
    rows = rows_of([(1, 0), (0, 1)], 2)
    assert np.allclose(rows, [turned(SECOND), turned(FIRST)])
    assert [span.key for span in decode_spans(rows, TAGS)] == [(0, 2, "PER")]


def test_two_words_for_one_are_one_name():
    rows = rows_of([(3, 0), (3, 1)], 2)
    assert np.allclose(rows, [ROME, turned(ROME)])
    assert [span.key for span in decode_spans(rows, TAGS)] == [(0, 2, "LOC")]


def test_one_word_for_two_is_their_mean_by_the_weights():
    rows = rows_of([(0, 0, 0.75), (1, 0, 0.25)], 1)
    assert np.allclose(rows, [0.75 * np.array(FIRST) + 0.25 * np.array(turned(SECOND))])
    even = rows_of([(2, 0, 0.5), (3, 0, 0.5)], 1)
    assert np.allclose(even, [(np.array(SEES) + ROME) / 2])


def test_a_name_that_comes_twice_begins_twice():
    rows = rows_of([(3, 0), (2, 1), (3, 2)], 3)
    assert np.allclose(rows, [ROME, SEES, ROME])


def test_a_word_without_links_says_nothing():
    rows = rows_of([(2, 1)], 3)
    assert not rows[[0, 2]].any()
    assert np.allclose(rows[1], SEES)
    assert not rows_of([], 2).any()


@st.composite
def linked(draw):
    """A source sentence with distributions, links, and the number of target words."""
    count, words = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    mass = [[draw(st.integers(0, 8)) for _ in TAGS] for _ in range(count)]
    rows = [np.array(own) / sum(own) if sum(own) else np.eye(1, len(TAGS))[0] for own in mass]
    cell = st.tuples(st.integers(0, count - 1), st.integers(0, words - 1), st.sampled_from([0.25, 0.5, 1.0]))
    return tagged(*rows), draw(st.lists(cell)), words


@given(linked())
def test_rows_sum_to_one_or_say_nothing_and_what_is_decoded_is_iob2(drawn):
    source, links, words = drawn
    rows = rows_of(links, words, source)
    heard = np.isin(np.arange(words), [target for _, target, _ in links])
    assert np.allclose(rows.sum(axis=1), heard)
    assert (rows >= 0).all()
    sentence = Sentence(tuple("w" * words))
    part = Corpus((replace(sentence, probabilities=rows),), "a", TAGS)
    other = Corpus((replace(sentence, probabilities=np.full((words, len(TAGS)), 0.2, np.float32)),), "b", TAGS)
    for parts in ((part, other), (part, part)):
        (mixed,) = mix(parts, (0.5, 0.5), TAGS)
        assert np.allclose(mixed.probabilities.sum(axis=1), 1)
        path = [TAGS[column] for column in decode(mixed.probabilities, TAGS)]
        for before, tag in zip(["O", *path], path, strict=False):
            assert not tag.startswith("I") or before[2:] == tag[2:]
    (alone,) = mix((part, part), (0.5, 0.5), TAGS)
    assert (alone.probabilities[~heard] == np.eye(1, len(TAGS))).all()  # nobody says anything: O


def test_who_says_nothing_is_left_out_of_the_mean():
    one = np.array([[0.5, 0.5], [0.0, 0.0], [0.0, 0.0]], dtype=np.float32)
    other = np.array([[0.1, 0.9], [0.3, 0.7], [0.0, 0.0]], dtype=np.float32)
    assert np.allclose(average((one, other), (0.25, 0.75)), [[0.2, 0.8], [0.3, 0.7], [0, 0]])
    assert np.allclose(average((one, other), (1.0, 0.0)), one)


# The ensemble.

BOTH = Average(teachers=(TranslateTrain(tagger=LIGHT), TranslateTest(tagger=LIGHT)))


def keys(corpus):
    return [[span.key for span in sentence.spans] for sentence in corpus]


def test_the_ensemble_tags_the_toy_language_without_a_tagger():
    gold, given_ = task()
    outcome = transfer(given_, BOTH)
    assert keys(outcome.predictions) == keys(gold)
    assert outcome.tagger is None
    assert outcome.ledger["spans projected"] == 2 * len(gold)
    assert [line.split(":")[0] for line in outcome.notes] == ["teacher translate_train", "teacher translate_test"]


def test_the_ensemble_is_the_mean_of_its_members():
    _, given_ = task()
    whole = transfer(given_, BOTH).predictions
    train = label(transfer(given_, BOTH.teachers[0]).tagger, given_.test)
    test, ledger = translate_test_labels(given_, BOTH.teachers[1], lambda stage, *args: stage(*args), 1)
    assert ledger == transfer(given_, BOTH.teachers[1]).ledger
    assert keys(test) == keys(transfer(given_, BOTH.teachers[1]).predictions)
    for mixed, one, other in zip(whole, train, test, strict=True):
        assert np.allclose(mixed.probabilities, (one.probabilities + other.probabilities) / 2, atol=1e-6)


def test_sentences_without_a_translation_stay_with_the_other_member():
    _, given_ = task()
    given_ = replace(given_, test_translation=Bitext(given_.test_translation.pairs[2:], "some"))
    outcome = transfer(given_, BOTH)
    assert outcome.ledger["sentences not translated"] == 2
    train = label(transfer(given_, BOTH.teachers[0]).tagger, given_.test)
    for mixed, one in zip(outcome.predictions[:2], train[:2], strict=True):
        assert np.array_equal(mixed.probabilities, one.probabilities)
    direct = Average(teachers=(BOTH.teachers[0], TranslateTest(tagger=LIGHT, missing="direct")))
    reader = label(transfer(given_, Direct(tagger=LIGHT)).tagger, given_.test)
    found = transfer(given_, direct)
    assert found.ledger["untranslated sentences tagged directly"] == 2
    mean = (train[0].probabilities + reader[0].probabilities) / 2
    assert np.allclose(found.predictions[0].probabilities, mean, atol=1e-6)


def test_alone_they_leave_such_sentences_untagged():
    _, given_ = task()
    given_ = replace(given_, test_translation=Bitext(given_.test_translation.pairs[2:], "some"))
    twins = Average(teachers=(TranslateTest(tagger=LIGHT), TranslateTest(tagger=LIGHT)))
    found = transfer(given_, twins)
    assert keys(found.predictions)[:2] == [[], []]
    assert keys(found.predictions)[2:] == keys(transfer(given_, twins.teachers[0]).predictions)[2:]


def test_a_source_tagger_with_other_types_is_reconciled(tmp_path):
    _, given_ = task()
    more = Corpus((*given_.source, Sentence(("Euro",), (Span(0, 1, "MISC"),), "m")), "misc")
    train_light(more, LIGHT).save(tmp_path / "saved")
    reader = SavedTagger(path=str(tmp_path / "saved"))
    found = transfer(given_, Average(teachers=(TranslateTrain(tagger=LIGHT), TranslateTest(tagger=reader))))
    assert found.predictions.tags == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
    assert any("MISC count as O" in line for line in found.notes)


def test_the_ensemble_comes_back_from_the_store(tmp_path):
    _, given_ = task()
    first = transfer(given_, BOTH, Store(tmp_path))
    states = []
    again = transfer(given_, BOTH, Store(tmp_path, told=lambda name, state: states.append((name, state))))
    assert {state for _, state in states} <= {"found", "shared"}
    assert again.predictions.fingerprint == first.predictions.fingerprint
    assert (again.notes, again.ledger) == (first.notes, first.ledger)
    states.clear()
    transfer(
        given_, TranslateTest(tagger=LIGHT), Store(tmp_path, told=lambda name, state: states.append((name, state)))
    )
    assert {state for _, state in states} <= {"found", "shared"}  # all of it is shared with the method itself


RECIPE = """
resamples = 100
[source]
language = "en"
train = "en.conll"
[[targets]]
language = "de"
test = "de.conll"
translation = "en-de.tsv"
test_translation = "en-de.tsv"
[[methods]]
kind = "average"
teachers = [
    { kind = "translate_train", tagger = { iterations = 30 } },
    { kind = "translate_test", tagger = { iterations = 30 } },
]
"""


def test_a_recipe_runs_the_ensemble_and_names_what_it_lacks(tmp_path):
    gold, given_ = task()
    write_corpus(tmp_path / "en.conll", given_.source)
    write_corpus(tmp_path / "de.conll", gold)
    lines = [f"{' '.join(pair.source)}\t{' '.join(pair.target)}\n" for pair in given_.translation]
    (tmp_path / "en-de.tsv").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    results = run.compare(run.read_recipe(tmp_path / "recipe.toml"), tmp_path / "out")
    assert not results.failures
    assert results.rows[0].evaluation.scores.micro.f1 == 1
    assert not (tmp_path / "out/de/average/seed-1/tagger").exists()
    bare = RECIPE.replace('test_translation = "en-de.tsv"\n', "")
    (tmp_path / "recipe.toml").write_text(bare, encoding="utf-8")
    with pytest.raises(RecipeError, match="found no `test_translation` for de; expected it for the method average"):
        run.read_recipe(tmp_path / "recipe.toml")
    student = RECIPE.replace('kind = "average"', 'kind = "teacher_student"')
    (tmp_path / "recipe.toml").write_text(student, encoding="utf-8")
    with pytest.raises(RecipeError, match="translate_test"):
        run.read_recipe(tmp_path / "recipe.toml")


def test_a_task_without_a_test_translation_is_refused():
    _, given_ = task()
    with pytest.raises(RecipeError, match="found no translation of the test text"):
        transfer(replace(given_, test_translation=None), BOTH)
    other = Bitext((Pair(("a",), ("b",), "1"),), "other")
    with pytest.raises(Exception, match="other words"):
        transfer(replace(given_, test_translation=other), BOTH)
