import json
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from seqeval.metrics import sequence_labeling as lenient
from seqeval.metrics import v1 as strict
from seqeval.scheme import IOB2

from exonym.data import Corpus, LabelMap, Sentence, Span, spans_of, tags_of
from exonym.errors import DataError, RecipeError
from exonym.evaluate import Score, check_same_sentences, count, evaluate, parse_signature, score, signature

LABELS = ["LOC", "ORG", "PER"]
TAGS = ["O", *(f"{prefix}-{label}" for label in LABELS for prefix in "BI")]


def corpus_of(sentences, name="corpus"):
    """Read lists of tags as a corpus, as conlleval reads them."""
    return Corpus(
        tuple(
            Sentence(tuple(f"w{at}" for at in range(len(tags))), tuple(spans_of(tags)[0]), str(row))
            for row, tags in enumerate(sentences)
        ),
        name,
    )


def scores_of(gold, predicted):
    return score(count(corpus_of(gold), corpus_of(predicted)))


def assert_same_as_seqeval(scores, gold, predicted, seqeval, **mode):
    """Compare micro, macro and every label with seqeval."""
    for average, ours in (("micro", scores.micro), ("macro", scores.macro)):
        theirs = seqeval.precision_recall_fscore_support(gold, predicted, average=average, zero_division=0, **mode)
        assert (ours.precision, ours.recall, ours.f1, ours.gold) == pytest.approx(tuple(map(float, theirs)))
    theirs = seqeval.precision_recall_fscore_support(gold, predicted, average=None, zero_division=0, **mode)
    ours = [[s.precision, s.recall, s.f1, s.gold] for s in scores.per_label.values()]
    assert np.array(ours) == pytest.approx(np.array(theirs).T)


@st.composite
def tag_pairs(draw, *, valid):
    """Gold and predicted tags of some sentences; `valid` makes both good IOB2."""
    lengths = draw(st.lists(st.integers(1, 8), min_size=1, max_size=6))
    sides = [[draw(st.lists(st.sampled_from(TAGS), min_size=n, max_size=n)) for n in lengths] for _ in range(2)]
    if valid:
        sides = [[tags_of(len(tags), spans_of(tags)[0]) for tags in side] for side in sides]
    assume(any(tag != "O" for side in sides for tags in side for tag in tags))
    return sides


@given(tag_pairs(valid=True))
def test_equals_seqeval_strict_on_valid_iob2(pair):
    assert_same_as_seqeval(scores_of(*pair), *pair, strict, scheme=IOB2)


@given(tag_pairs(valid=False))
def test_equals_seqeval_default_on_any_tags(pair):
    """On broken IOB2 seqeval's two modes part; the lenient one is conlleval's reading, and ours."""
    assert_same_as_seqeval(scores_of(*pair), *pair, lenient)


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        # An orphan I- opens an entity for conlleval (1 of 1), where seqeval's strict mode finds none (0 of 1).
        (["B-PER", "I-PER"], ["I-PER", "I-PER"], (1, 1, 1)),
        # A change of type inside an entity opens another one.
        (["B-PER", "I-PER"], ["B-PER", "I-LOC"], (0, 2, 1)),
        (["B-PER", "I-LOC", "I-LOC"], ["B-PER", "B-LOC", "I-LOC"], (2, 2, 2)),
        # B- cuts two adjacent entities of one type; without it they are one.
        (["B-PER", "B-PER", "O"], ["B-PER", "I-PER", "O"], (0, 1, 2)),
        (["O", "B-LOC", "I-LOC"], ["O", "O", "B-LOC"], (0, 1, 1)),
        (["O", "O"], ["O", "B-LOC"], (0, 1, 0)),
    ],
)
def test_reads_tags_as_conlleval_does(gold, predicted, expected):
    micro = scores_of([gold], [predicted]).micro
    assert (micro.matched, micro.predicted, micro.gold) == expected


def test_seqeval_strict_loses_the_orphan_that_conlleval_keeps():
    gold, predicted = [["B-PER", "I-PER"]], [["I-PER", "I-PER"]]
    *_, f1, _ = strict.precision_recall_fscore_support(gold, predicted, average="micro", scheme=IOB2, zero_division=0)
    assert (f1, scores_of(gold, predicted).micro.f1) == (0.0, 1.0)


def perturbed(tags, labels, dice):
    """Spoil some of the tags of a sentence, and return valid IOB2."""
    spoilt = [dice.choice(labels) if dice.random() < 0.06 else tag for tag in tags]
    return tags_of(len(tags), spans_of(spoilt)[0])


def test_equals_seqeval_strict_on_real_data(data):
    path = data / "ner" / "conll" / "en" / "test.conll"
    if not path.is_file():
        pytest.skip(f"no {path}")
    blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
    gold = [[line.split("\t")[1] for line in block.split("\n")] for block in blocks]
    dice = random.Random(7)
    kinds = sorted({tag for tags in gold for tag in tags})
    predicted = [perturbed(tags, kinds, dice) for tags in gold]
    scores = scores_of(gold, predicted)
    assert 0.5 < scores.micro.f1 < 0.95
    assert scores.micro.gold == 5648
    assert_same_as_seqeval(scores, gold, predicted, strict, scheme=IOB2)


def test_nothing_on_either_side_scores_zero_and_is_finite():
    scores = scores_of([["O", "O"]], [["O", "O"]])
    assert scores.micro == scores.macro == Score(0.0, 0.0, 0.0, 0, 0, 0)
    assert scores.per_label == {}


def test_macro_is_the_mean_over_labels_that_occur_on_either_side():
    scores = scores_of([["B-PER", "O", "O"]], [["B-PER", "O", "B-LOC"]])
    assert scores.per_label["LOC"] == Score(0.0, 0.0, 0.0, 0, 1, 0)
    assert scores.macro.f1 == 0.5
    assert scores.micro.f1 == pytest.approx(2 / 3)


def test_counts_are_by_sentence_and_label():
    counts = count(
        corpus_of([["B-PER", "O"], ["B-LOC", "O"], ["O", "O"]]),
        corpus_of([["B-PER", "B-LOC"], ["B-PER", "O"], ["O", "O"]]),
    )
    assert counts.labels == ("LOC", "PER")
    assert counts.values.tolist() == [[[0, 1, 0], [1, 1, 1]], [[0, 0, 1], [0, 1, 0]], [[0, 0, 0], [0, 0, 0]]]
    assert counts.micro.tolist() == [[1, 2, 1], [0, 1, 1], [0, 0, 0]]


def test_runs_are_pooled_sentence_by_sentence():
    gold, good, bad = corpus_of([["B-PER", "O"]]), corpus_of([["B-PER", "O"]]), corpus_of([["O", "B-LOC"]])
    counts = count(gold, [good, bad])
    assert (counts.runs, counts.micro.tolist()) == (2, [[1, 2, 2]])
    found = evaluate(gold, [good, bad], resamples=10)
    assert [run.f1 for run in found.runs] == [1.0, 0.0]
    assert found.scores.micro.f1 == 0.5
    assert parse_signature(found.signature)["runs"] == "2"


def words(*sentences, name):
    return Corpus(tuple(Sentence(tuple(text.split()), (), f"s{at}") for at, text in enumerate(sentences)), name)


def test_all_differing_sentences_are_named_at_once():
    gold = words("a b", "c d", "e f", "g", name="gold")
    with pytest.raises(DataError) as error:
        count(gold, words("a b", "c x", "e f", "g h", name="system"))
    message = str(error.value)
    assert "system: 2 of 4 sentences do not have the words of gold" in message
    assert "sentence 2 (id 's1'): found 'x' as word 2; expected 'd'" in message
    assert "sentence 4 (id 's3'): found 2 words; expected 1" in message
    assert "Predict again" in message


def test_a_missing_sentence_is_reported_with_the_first_that_differ():
    with pytest.raises(DataError, match="found 1 sentences; expected the 2 of gold"):
        check_same_sentences(words("a", "b", name="gold"), words("a", name="system"))
    many = [f"w{at}" for at in range(30)]
    with pytest.raises(DataError, match=r"(?s)found 29 sentences.*29 of 29.*sentence 20 [^\n]*\n  \.\.\. and 9 more"):
        check_same_sentences(words(*many, name="gold"), words(*many[1:], name="system"))


def test_nothing_to_score_is_an_error():
    with pytest.raises(DataError, match="found no sentence"):
        count(Corpus(()), Corpus(()))
    with pytest.raises(DataError, match="found no prediction"):
        count(words("a", name="gold"), [])


def test_evaluation_is_ready_for_json():
    gold = corpus_of([["B-PER", "O", "B-DATE"], ["B-LOC", "I-LOC", "O"]])
    predicted = corpus_of([["B-PER", "O", "O"], ["B-LOC", "O", "B-ORG"]])
    found = evaluate(
        gold, predicted, train=gold, label_map=LabelMap({"DATE": "drop"}), resamples=50, repair="conlleval"
    )
    shown = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert shown["micro"] == {"precision": 1 / 3, "recall": 0.5, "f1": 0.4, "matched": 1, "predicted": 3, "gold": 2}
    assert shown["changes"] == {"gold DATE -> drop": 1}
    assert shown["sentences"] == 2
    assert set(shown["per_label"]) == {"LOC", "ORG", "PER"}
    assert shown["errors"]["counts"]["boundary"] == 1
    assert shown["unseen"]["share"] == 0.0
    assert shown["intervals"]["micro"]["low"] <= 0.4 <= shown["intervals"]["micro"]["high"]
    assert shown["signature"].endswith(
        "|f1:entity-strict-micro|scheme:iob2|repair:conlleval|labels:DATE>drop|runs:1|boot:50|seed:1"
    )


def test_evaluation_without_entities_or_intervals_is_ready_for_json():
    empty = corpus_of([["O"], ["O"]])
    json.dumps(evaluate(empty, empty, train=empty).to_dict(), allow_nan=False)
    found = evaluate(empty, empty, resamples=0)
    assert found.intervals is None
    assert found.unseen is None
    assert "boot" not in parse_signature(found.signature)


def test_options_out_of_range_are_refused():
    corpus = corpus_of([["O"]])
    for wrong in ({"resamples": -1}, {"level": 95.0}, {"seed": -1}):
        with pytest.raises(RecipeError, match="expected"):
            evaluate(corpus, corpus, **wrong)


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=3), st.text(max_size=5))
@settings(max_examples=50)
def test_signature_can_be_read_back(changes, repair):
    text = signature(label_map=LabelMap(changes), repair=repair, resamples=9, level=0.9, seed=3, runs=(2, 1))
    fields = parse_signature(text)
    assert fields["labels"] == str(LabelMap(changes))
    assert fields["repair"] == repair
    assert (fields["boot"], fields["level"], fields["seed"], fields["runs"]) == ("9", "0.9", "3", "2,1")


@pytest.mark.parametrize("text", ["", "exonym", "f1:x", "exonym:1|f1:a|f1:b"])
def test_what_is_no_signature_is_refused(text):
    with pytest.raises(DataError, match="signature"):
        parse_signature(text)


def test_import_pulls_in_nothing_heavy():
    heavy = "torch", "transformers", "scipy", "sklearn", "seqeval"
    code = f"import sys, exonym.evaluate; print(sorted(set({heavy}) & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_scores_and_origin_of_spans_do_not_matter():
    gold = Corpus((Sentence(("a",), (Span(0, 1, "PER"),)),))
    predicted = Corpus((Sentence(("a",), (Span(0, 1, "PER", 0.3),), "other id"),))
    assert score(count(gold, predicted)).micro.f1 == 1.0
