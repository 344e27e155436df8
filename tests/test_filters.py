import pytest

from exonym.data import Corpus, Lost, Origin, Sentence, Span
from exonym.errors import RecipeError
from exonym.project import Filtering, filtered


def span(start, label="PER", score=1.0, source=None):
    source = start if source is None else source
    return Span(start, start + 1, label, score, Origin("s", source, source + 1, "exact"))


FULL = Sentence(("a", "b"), (span(0), span(1, "LOC")), "1")
DOUBTFUL = Sentence(("a", "b"), (span(0, score=0.4), span(1, "LOC", 0.9)), "2")
PART = Sentence(("a", "b"), (span(0),), "3", lost=(Lost(5, 6, "LOC", "no link"),))
EMPTY = Sentence(("a",), (), "4")
CORPUS = Corpus((FULL, DOUBTFUL, PART, EMPTY), "silver")


def test_no_filter_keeps_everything_as_it_is():
    corpus, ledger = filtered(CORPUS, Filtering())
    assert corpus == CORPUS
    assert not ledger


def test_spans_of_low_confidence_are_lost_with_the_reason():
    corpus, ledger = filtered(CORPUS, Filtering(min_confidence=0.5))
    assert [len(sentence.spans) for sentence in corpus] == [2, 1, 1, 0]
    assert corpus[1].lost == (Lost(0, 1, "PER", "low confidence"),)
    assert ledger == {"spans left out: low confidence": 1}
    assert filtered(CORPUS, Filtering(min_confidence=0.4))[0] == CORPUS  # what reaches it is kept


@pytest.mark.parametrize(
    ("options", "ids", "ledger"),
    [
        ({"sentences": "complete"}, "124", {"sentences left out: incomplete": 1}),
        (
            {"sentences": "complete", "min_confidence": 0.5},
            "14",
            {"sentences left out: incomplete": 2, "spans left out: low confidence": 1},
        ),
        (
            {"sentences": "confident", "min_confidence": 0.5},
            "134",
            {"sentences left out: low confidence": 1, "spans left out: low confidence": 1},
        ),
        (
            {"sentences": "complete", "labels": ("PER",)},  # the lost LOC of the third is not asked for
            "1234",
            {"spans left out: label not wanted": 2},
        ),
    ],
)
def test_sentences_are_left_out_and_counted(options, ids, ledger):
    corpus, found = filtered(CORPUS, Filtering(**options))
    assert "".join(sentence.id for sentence in corpus) == ids
    assert found == ledger


def test_only_wanted_labels_are_kept():
    corpus, _ = filtered(CORPUS, Filtering(labels=("LOC",)))
    assert [[each.label for each in sentence.spans] for sentence in corpus] == [["LOC"], ["LOC"], [], []]
    assert corpus[0].lost == (Lost(0, 1, "PER", "label not wanted"),)


def test_a_source_span_with_a_part_left_is_not_lost_but_the_part_is_counted():
    sentence = Sentence(("a", "b"), (span(0, score=0.2, source=7), span(1, score=0.9, source=7)))
    corpus, ledger = filtered(Corpus((sentence,)), Filtering(min_confidence=0.5, sentences="complete"))
    assert [each.start for each in corpus[0].spans] == [1]
    assert corpus[0].lost == ()
    assert ledger == {"spans left out: low confidence": 1}


def test_spans_that_come_from_nowhere_are_left_out_and_not_called_lost():
    corpus, ledger = filtered(Corpus((Sentence(("a",), (Span(0, 1, "PER", 0.1),)),)), Filtering(min_confidence=0.5))
    assert corpus[0] == Sentence(("a",))
    assert ledger == {"spans left out: low confidence": 1}


@pytest.mark.parametrize(
    "options",
    [
        {"min_confidence": 1.1},
        {"min_confidence": float("nan")},
        {"sentences": "some"},
        {"labels": ("PER", "")},
        {"sentences": "confident"},
    ],
)
def test_filters_that_cannot_be_meant_are_refused(options):
    with pytest.raises(RecipeError, match="found"):
        Filtering(**options)
