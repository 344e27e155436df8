"""Distillation on translated text, and the controls: chance and shuffled links."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from exonym.align import ShuffledAligner, StatisticalAligner
from exonym.data import Bitext, Corpus, Sentence, Span, tag_set
from exonym.errors import DataError, RecipeError
from exonym.project import Filtering
from exonym.run.store import Store
from exonym.tag import ChanceTagger, label, load_tagger
from exonym.tag.chance import train_chance
from exonym.tag.decode import decode
from exonym.transfer import Chance, Direct, Gloss, Synthetic, TeacherStudent, TranslateTrain, just_do, transfer
from exonym.transfer.synthetic import by_confidence, where_agreed
from test_transfer import LIGHT, keys, task

ALL = TranslateTrain(tagger=LIGHT, filtering=Filtering(sentences="all"))


def lesson(toy, options):
    met = []

    def do(stage, *args):
        if stage.name == "learn":
            met.append(args[0])
        return just_do(stage, *args)

    outcome = transfer(toy, options, do)
    return met[0], outcome


@pytest.mark.parametrize("signal", ["teacher", "mean", "agreed"])
def test_it_learns_the_toy_language(signal):
    gold, toy = task()
    options = Synthetic(
        projection=ALL, teachers=(Gloss(tagger=LIGHT),), student=LIGHT, signal=signal, learning="sampled"
    )
    met, outcome = lesson(toy, options)
    assert keys(outcome.predictions) == keys(gold)
    assert [sentence.words for sentence in met] == [pair.target for pair in toy.translation]


def test_the_teacher_alone_is_asked():
    """What was projected plays no part: with shuffled links the lesson is the same."""
    _, toy = task()
    options = [
        Synthetic(projection=replace(ALL, aligner=aligner), teachers=(Direct(tagger=LIGHT),), student=LIGHT)
        for aligner in (StatisticalAligner(), ShuffledAligner())
    ]
    one, other = (lesson(toy, each)[0] for each in options)
    assert keys(one) == keys(other)
    assert all(np.array_equal(a.probabilities, b.probabilities) for a, b in zip(one, other, strict=True))


def test_mean_is_half_of_either():
    _, toy = task()
    said = lesson(toy, Synthetic(projection=ALL, teachers=(Direct(tagger=LIGHT),), student=LIGHT))[0]
    options = Synthetic(
        projection=ALL, teachers=(Direct(tagger=LIGHT),), student=LIGHT, signal="mean", learning="sampled"
    )
    mean = lesson(toy, options)[0]
    silver = transfer(toy, ALL).corpus
    for own, teacher, projected in zip(mean, said, silver, strict=True):
        begins = np.zeros(len(own))
        begins[[span.start for span in projected.spans if span.label == "PER"]] = 1
        column = mean.tags.index("B-PER")
        assert own.probabilities[:, column] == pytest.approx((begins + teacher.probabilities[:, column]) / 2)


def test_sentences_are_kept_where_both_agree():
    name, longer, other = Span(0, 1, "PER"), Span(0, 2, "PER"), Span(0, 1, "LOC")
    cases = [([], [], 1), ([name], [name], 1), ([name], [], 0), ([name], [longer], 0), ([name], [other], 0)]
    cases += [([name, Span(1, 2, "LOC")], [name], 0), ([name], [replace(name, score=0.4)], 1)]
    tags = tag_set(("LOC", "PER"))
    one, two = (
        Corpus(tuple(Sentence(("a", "b"), tuple(case[side]), str(n)) for n, case in enumerate(cases)), "x", tags)
        for side in (0, 1)
    )
    kept = where_agreed(one, one, two)
    assert [sentence.id for sentence in kept] == [str(n) for n, case in enumerate(cases) if case[2]]
    assert kept.tags == tags


def test_a_label_is_as_sure_as_its_projection():
    tags = tag_set(("LOC", "PER"))
    spans = (Span(0, 2, "PER", 0.75), Span(3, 4, "LOC"))
    found = by_confidence(Corpus((Sentence(tuple("abcde"), spans, "1"),)), tags)
    rows = [dict(zip(tags, row, strict=True)) for row in found[0].probabilities.tolist()]
    assert rows[0]["B-PER"] == rows[1]["I-PER"] == 0.75
    assert rows[0]["O"] == rows[1]["O"] == 0.25
    assert rows[2]["O"] == rows[4]["O"] == rows[3]["B-LOC"] == 1
    assert all(sum(row.values()) == 1 for row in rows)
    assert found[0].spans == spans


def test_confidence_asks_no_teacher():
    gold, toy = task()

    def do(stage, *args):
        assert stage.name not in ("tag_source_side", "mixed_labels")
        return just_do(stage, *args)

    outcome = transfer(toy, Synthetic(projection=ALL, student=LIGHT, signal="confidence", learning="sampled"), do)
    found, right = (
        {(n, key) for n, spans in enumerate(keys(text)) for key in spans} for text in (outcome.predictions, gold)
    )
    assert found <= right
    assert len(found) > 0.9 * len(right)  # what is projected with doubt may be lost


def test_nothing_to_learn_where_nothing_is_agreed():
    _, toy = task()
    shuffled = replace(ALL, aligner=ShuffledAligner())
    outcome = transfer(toy, Synthetic(projection=shuffled, teachers=(Direct(tagger=LIGHT),), student=LIGHT))
    agreed = Synthetic(projection=shuffled, teachers=(Chance(),), student=LIGHT, signal="agreed")
    assert len(outcome.corpus) == len(toy.translation)
    with pytest.raises(RecipeError, match="no sentence on which projection and teachers agree"):
        transfer(toy, agreed)


@pytest.mark.parametrize("signal", ["mean", "confidence"])
def test_what_is_decoded_is_neither_mean_nor_sure(signal):
    with pytest.raises(RecipeError, match="which decodes it to the projected labels"):
        Synthetic(signal=signal)


def made_up():
    random = np.random.default_rng(1)
    sentences = []
    for number in range(150):
        spans, at = [], 0
        while at < 200:
            if random.random() < 0.2:
                length = min(int(random.geometric(0.5)), 200 - at)
                spans.append(Span(at, at + length, "PER" if random.random() < 0.7 else "LOC"))
                at += length
            else:
                at += 1
        sentences.append(Sentence(tuple(f"w{number}.{word}" for word in range(200)), tuple(spans), str(number)))
    return Corpus(tuple(sentences), "made up")


def test_chance_has_the_frequencies_and_lengths_of_the_source():
    corpus = made_up()
    found = label(train_chance(corpus, 1), corpus)

    def shape(labelled):
        spans = [span for sentence in labelled for span in sentence.spans]
        count = Counter(span.label for span in spans)
        return count["PER"], count["LOC"], sum(span.stop - span.start for span in spans) / len(spans)

    assert shape(found) == pytest.approx(shape(corpus), rel=0.06)


def test_chance_says_the_same_twice_and_obeys_the_scheme(tmp_path):
    corpus = made_up()
    tagger = train_chance(corpus, 2)
    tagger.save(tmp_path / "chance")
    loaded = load_tagger(tmp_path / "chance")
    assert isinstance(loaded, ChanceTagger)
    assert loaded.fingerprint == tagger.fingerprint != train_chance(corpus, 3).fingerprint
    one, other = (list(each.predict(corpus)) for each in (tagger, loaded))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    for rows in one:
        tags = [tagger.tags[column] for column in rows.argmax(axis=1)]
        assert rows.sum(axis=1) == pytest.approx(1)
        assert tags == [tagger.tags[column] for column in decode(rows, tagger.tags)]  # the decoder had nothing to mend


def test_chance_scores_next_to_nothing_and_so_does_its_student():
    gold, toy = task()
    text = Corpus(tuple(replace(each, id=f"u{each.id}", words=(*each.words, "heute")) for each in toy.test))
    given = replace(toy, text=text)
    right = {(number, key) for number, spans in enumerate(keys(gold)) for key in spans}
    for options in (Chance(), TeacherStudent(teachers=(Chance(),), student=LIGHT)):
        found = keys(transfer(given, options).predictions)
        hits = {(number, key) for number, spans in enumerate(found) for key in spans} & right
        assert len(hits) < len(right) / 4


@pytest.mark.parametrize("signal", ["teacher", "mean", "agreed", "confidence"])
def test_it_can_be_planned(signal, tmp_path):
    _, toy = task()
    told = []
    plan = Store(tmp_path / "store", plan=True, told=lambda name, state: told.append((name, state)))
    transfer(toy, Synthetic(projection=ALL, student=LIGHT, signal=signal, learning="sampled"), plan)
    assert {state for _, state in told} <= {"run", "shared"}
    assert told[-1][0] == "tag"
    assert not (tmp_path / "store").exists()


def test_chance_needs_names():
    with pytest.raises(DataError, match="found no names"):
        train_chance(Corpus((Sentence(("a",)),), "bare"), 1)


def test_shuffled_links_are_as_many_and_as_heavy():
    _, toy = task()
    plain, shuffled = (aligner.align(toy.translation) for aligner in (StatisticalAligner(), ShuffledAligner()))
    moved = 0
    for pair, one, other in zip(toy.translation, plain, shuffled, strict=True):
        other.check(pair)
        assert sorted(one.source.tolist()) == sorted(other.source.tolist())
        assert sorted(one.weight.tolist()) == sorted(other.weight.tolist())
        partners = [[sorted(np.bincount(links.target, minlength=len(pair.target)).tolist())] for links in (one, other)]
        assert partners[0] == partners[1]
        assert list(zip(other.source.tolist(), other.target.tolist(), strict=True)) == sorted(
            zip(other.source.tolist(), other.target.tolist(), strict=True)
        )
        moved += one != other
    assert moved > len(plain) / 2
    assert shuffled == ShuffledAligner().align(toy.translation)
    assert shuffled != ShuffledAligner(seed=2).align(toy.translation)


def test_shuffled_links_of_an_empty_bitext():
    assert len(ShuffledAligner().align(Bitext(()))) == 0
