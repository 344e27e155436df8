from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Corpus, Sentence, Span
from exonym.errors import DataError
from exonym.evaluate import ERROR_CLASSES, count, error_table, evaluate, findings, score, score_unseen, surfaces

LABELS = ["PER", "LOC", "ORG"]


def corpus_of(*sentences, length=12):
    words = tuple(f"w{at}" for at in range(length))
    return Corpus(
        tuple(Sentence(words, tuple(Span(*span) for span in spans), str(at)) for at, spans in enumerate(sentences))
    )


@st.composite
def spans(draw, length=12):
    """Disjoint spans on a sentence, as tuples."""
    found, at = [], 0
    while at < length:
        size = draw(st.integers(1, min(4, length - at)))
        if draw(st.booleans()):
            found.append((at, at + size, draw(st.sampled_from(LABELS))))
        at += size
    return found


sides = st.lists(st.tuples(spans(), spans()), min_size=1, max_size=3)


def kinds_of(gold, predicted):
    return sorted(found.kind for found in findings(corpus_of(gold), corpus_of(predicted)))


@pytest.mark.parametrize(
    ("gold", "predicted", "kinds"),
    [
        ([(0, 2, "PER")], [(0, 2, "PER")], ["matched"]),
        ([(0, 2, "PER")], [(0, 2, "LOC")], ["type"]),
        ([(0, 2, "PER")], [(1, 3, "PER")], ["boundary"]),
        ([(0, 2, "PER")], [(1, 3, "LOC")], ["both"]),
        ([(0, 2, "PER")], [], ["missed"]),
        ([], [(0, 2, "PER")], ["spurious"]),
        ([(0, 2, "PER")], [(2, 3, "PER")], ["missed", "spurious"]),
        # Two gold entities under one prediction, and one entity cut in two.
        ([(0, 1, "PER"), (1, 3, "PER")], [(0, 3, "PER")], ["boundary", "missed"]),
        ([(0, 3, "PER")], [(0, 1, "PER"), (1, 3, "PER")], ["boundary", "spurious"]),
        # The right type goes before the longer overlap.
        ([(0, 4, "PER")], [(0, 3, "LOC"), (3, 4, "PER")], ["boundary", "spurious"]),
        # A strict match is never given away to an overlap.
        ([(0, 2, "PER"), (2, 4, "LOC")], [(2, 4, "LOC")], ["matched", "missed"]),
    ],
)
def test_classes_by_hand(gold, predicted, kinds):
    assert kinds_of(gold, predicted) == kinds


def test_the_pair_that_shares_most_words_goes_first():
    gold, predicted = corpus_of([(0, 1, "PER"), (1, 4, "PER")]), corpus_of([(0, 4, "PER")])
    pairs = {found.kind: found.gold.key for found in findings(gold, predicted)}
    assert pairs == {"boundary": (1, 4, "PER"), "missed": (0, 1, "PER")}


def brute_force(gold, predicted):
    """The rule again, by picking the best allowed pair out of all, again and again."""

    def rank(pair):
        (a_start, a_stop, a_label), (b_start, b_stop, b_label) = pair
        words = set(range(a_start, a_stop)) & set(range(b_start, b_stop))
        same, alike = (a_start, a_stop) == (b_start, b_stop), a_label == b_label
        if not words:
            return None
        step = 0 if same and alike else 1 if same else 2 if alike else 3
        return step, -len(words), a_start, b_start

    gold, predicted, found = list(gold), list(predicted), Counter()
    while pairs := [(rank((a, b)), a, b) for a in gold for b in predicted if rank((a, b))]:
        (step, *_), a, b = min(pairs)
        gold.remove(a)
        predicted.remove(b)
        found[("matched", "type", "boundary", "both")[step], a, b] += 1
    found.update(("missed", a, None) for a in gold)
    found.update(("spurious", None, b) for b in predicted)
    return found


@given(sides)
def test_classes_by_brute_force(sides):
    gold, predicted = corpus_of(*(a for a, _ in sides)), corpus_of(*(b for _, b in sides))
    expected = Counter()
    for at, (a, b) in enumerate(sides):
        expected.update({(at, *key): times for key, times in brute_force(a, b).items()})
    assert expected == Counter(
        (one.sentence, one.kind, one.gold and one.gold.key, one.predicted and one.predicted.key)
        for one in findings(gold, predicted)
    )


@given(sides)
def test_every_entity_is_counted_once(sides):
    gold, predicted = corpus_of(*(a for a, _ in sides)), corpus_of(*(b for _, b in sides))
    table, scores = error_table(gold, predicted), score(count(gold, predicted))
    counts = table.counts
    assert counts["matched"] == scores.micro.matched
    assert sum(counts.values()) - counts["spurious"] == scores.micro.gold
    assert sum(counts.values()) - counts["missed"] == scores.micro.predicted
    for label, row in table.per_label.items():
        assert sum(row.values()) - row["spurious"] == scores.per_label[label].gold
        assert sum(columns.get(label, 0) for columns in table.confusion.values()) == scores.per_label[label].predicted
    assert sum(map(sum, (columns.values() for columns in table.confusion.values()))) == sum(counts.values())


def test_table_by_label_confusion_and_runs():
    gold = corpus_of([(0, 2, "PER"), (3, 4, "LOC"), (5, 6, "LOC")])
    predicted = corpus_of([(0, 2, "ORG"), (3, 4, "LOC"), (8, 9, "PER")])
    table = error_table(gold, predicted)
    assert table.confusion == {"LOC": {"LOC": 1, "O": 1}, "O": {"PER": 1}, "PER": {"ORG": 1}}
    assert table.per_label["PER"] == dict.fromkeys(ERROR_CLASSES, 0) | {"type": 1, "spurious": 1}
    assert table.per_label["LOC"] == dict.fromkeys(ERROR_CLASSES, 0) | {"matched": 1, "missed": 1}
    twice = error_table(gold, [predicted, predicted])
    assert twice.counts == {kind: 2 * times for kind, times in table.counts.items()}


def test_errors_need_the_same_words():
    with pytest.raises(DataError, match="words"):
        list(findings(corpus_of([]), corpus_of([], length=11)))


# Unseen


def text(*sentences):
    """Sentences of (word, label or empty) pairs, one word an entity."""
    return Corpus(
        tuple(
            Sentence(
                tuple(word for word, _ in pairs),
                tuple(Span(at, at + 1, label) for at, (_, label) in enumerate(pairs) if label),
                str(row),
            )
            for row, pairs in enumerate(sentences)
        )
    )


def test_unseen_by_hand():
    train = text([("Rome", "LOC"), ("Anna", "PER"), ("walks", "")])
    gold = text([("ROME", "LOC"), ("Berta", "PER"), ("Oslo", "LOC"), ("walks", "")])
    predicted = text([("ROME", "LOC"), ("Berta", "PER"), ("Oslo", "ORG"), ("walks", "LOC")])
    found = score_unseen(gold, predicted, train, resamples=0)
    assert (found.scores.micro.matched, found.scores.micro.predicted, found.scores.micro.gold) == (1, 3, 2)
    assert (found.seen.micro.matched, found.seen.micro.predicted, found.seen.micro.gold) == (1, 1, 1)
    assert found.share == pytest.approx(2 / 3)
    assert found.intervals is None


def test_surfaces_are_folded_and_normalised_and_kept_apart_by_word():
    decomposed = Corpus((Sentence(("Zu\u0308rich", "See"), (Span(0, 2, "LOC"),)),))
    composed = Corpus((Sentence(("Z\u00fcrich", "SEE"), (Span(0, 2, "ORG"),)),))
    assert surfaces(decomposed) == surfaces(composed) == surfaces([decomposed, composed])
    assert surfaces(text([("a b", "PER")])) != surfaces(Corpus((Sentence(("a", "b"), (Span(0, 2, "PER"),)),)))


@given(sides, sides)
def test_seen_and_unseen_add_up(sides, train):
    gold, predicted = corpus_of(*(a for a, _ in sides)), corpus_of(*(b for _, b in sides))
    found = score_unseen(gold, predicted, corpus_of(*(a for a, _ in train)), resamples=5)
    whole = score(count(gold, predicted)).micro
    for part in ("matched", "predicted", "gold"):
        assert getattr(found.scores.micro, part) + getattr(found.seen.micro, part) == getattr(whole, part)
    assert found.intervals.micro.low <= found.intervals.micro.high


def test_evaluate_scores_unseen_against_several_training_corpora():
    gold = text([("Rome", "LOC"), ("Berta", "PER")], [("Oslo", "LOC")])
    found = evaluate(gold, gold, train=[text([("Rome", "LOC")]), text([("berta", "PER")])], resamples=20)
    assert found.unseen.scores.micro.gold == 1
    assert found.unseen.to_dict()["micro"]["f1"] == 1.0
    assert found.unseen.to_dict()["intervals"]["micro"]["high"] == 1.0
