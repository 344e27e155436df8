"""Parts of a task: their size, that smaller ones lie in larger ones, and that methods learn from nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exonym.data import Bitext, Corpus, Pair
from exonym.errors import RecipeError
from exonym.project import join
from exonym.transfer import (
    Gloss,
    Mixture,
    Sample,
    Supervised,
    TeacherStudent,
    TranslateTrain,
    just_do,
    sampled,
    transfer,
)
from test_transfer import LIGHT, keys, task


def whole():
    gold, toy = task()
    text = Corpus(tuple(replace(each, id=f"u{each.id}", words=(*each.words, "heute")) for each in toy.test))
    extra = Bitext(tuple(Pair((*p.source, "again"), (*p.target, "wieder"), p.id) for p in toy.translation), "extra")
    test = Corpus(toy.test.sentences[:2], "test")  # so that pairs are left besides those of the test text
    return gold, replace(toy, text=text, extra=(extra,), test=test)


def words(sentences):
    return sum(map(len, sentences))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 32), st.integers(1, 200), st.integers(0, 5))
def test_sizes(source, target, seed):
    _, toy = whole()
    part = sampled(toy, Sample(source=source, target=target), seed)
    assert len(part.source) == source
    for found, there in ((part.text, toy.text), (part.train, toy.train)):
        longest = max(map(len, there))
        assert min(target, words(there)) <= words(found) < target + longest
        assert set(found) <= set(there)
    assert words(pair.target for pair in part.own_parallel) < target + 5
    assert part.parallel is toy.parallel


@pytest.mark.parametrize("seed", [1, 2])
def test_smaller_parts_lie_in_larger_ones(seed):
    _, toy = whole()
    small, large = (sampled(toy, Sample(source=n, target=10 * n), seed) for n in (4, 9))
    assert set(small.source) < set(large.source)
    assert set(small.text) < set(large.text)
    assert set(small.translation) < set(large.translation)


def test_seeds_differ_and_repeat():
    _, toy = whole()
    parts = [sampled(toy, Sample(source=0.25, target=0.25), seed) for seed in (1, 1, 2)]
    assert parts[0] == parts[1]
    assert parts[0].source != parts[2].source
    assert parts[0].text != parts[2].text


def test_the_translation_is_that_of_the_sentences_drawn():
    _, toy = whole()
    part = sampled(toy, Sample(source=10), 1)
    assert [sentence.words for sentence in join(part.source, part.translation)] == [p.source for p in part.translation]
    test = {sentence.words for sentence in toy.test}
    drawn = {sentence.words for sentence in part.source}
    assert set(part.translation) == {p for p in toy.translation if p.source in drawn and p.target not in test}


def test_pairs_of_the_test_text_are_aligned_on_and_not_learnt_from():
    _, toy = whole()
    part = sampled(toy, Sample(), 1)
    test = {"".join(sentence.words) for sentence in toy.test}
    assert not test & {"".join(pair.target) for pair in part.own_parallel}
    assert test <= {"".join(pair.target) for pair in part.parallel}


def test_pairs_whose_source_was_drawn_come_first():
    _, toy = whole()
    part = sampled(toy, Sample(source=6, target=60), 1)
    drawn = {sentence.words for sentence in part.source}
    assert {pair.source for pair in part.translation} <= drawn
    assert part.extra
    assert not {pair.source for pair in part.extra[0]} & drawn


def learnt_from(part, options):
    """Return the target words and the source sentences that taggers were trained on."""
    met = []

    def do(stage, *args):
        if stage.name in ("train", "learn"):
            met.append(args[0])
        return just_do(stage, *args)

    outcome = transfer(part, options, do)
    return met, outcome


@pytest.mark.parametrize(
    "options",
    [
        TeacherStudent(student=LIGHT, teachers=(Gloss(tagger=LIGHT),)),
        TranslateTrain(tagger=LIGHT),
        TranslateTrain(tagger=LIGHT, labels="tagger"),
        Mixture(routes=(Gloss(tagger=LIGHT), TranslateTrain(tagger=LIGHT)), student=LIGHT, repeat=1),
        Supervised(tagger=LIGHT),
    ],
    ids=lambda options: f"{options.kind} {getattr(options, 'labels', '')}".strip(),
)
def test_methods_learn_from_the_part_alone(options):
    _, toy = whole()
    part = sampled(toy, Sample(source=20, target=80), 3)
    met, outcome = learnt_from(part, options)
    allowed = {
        each.words if hasattr(each, "words") else each.target
        for text in (part.source, part.text, part.train, part.own_parallel)
        for each in text
    }
    assert met
    assert {sentence.words for corpus in met for sentence in corpus} <= allowed
    assert keys(outcome.predictions)


def test_links_of_a_part_are_those_of_the_whole():
    _, toy = whole()
    part = sampled(toy, Sample(source=5), 2)
    options = TranslateTrain(tagger=LIGHT)
    links = options.aligner.align(toy.parallel)
    found = part.links_for(part.translation, links)
    known = dict(zip(toy.parallel, links, strict=True))
    assert list(found) == [known[pair] for pair in part.translation]


@pytest.mark.parametrize("found", [0, -1, 1.5, 0.0])
def test_sizes_that_make_no_sense(found):
    with pytest.raises(RecipeError, match="expected a share below 1, or a whole number"):
        Sample(target=found)
