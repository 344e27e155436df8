import numpy as np
import pytest

from exonym.data import Corpus, Sentence, Span, tag_set
from exonym.errors import DataError, RecipeError
from exonym.evaluate import calibration

TAGS = tag_set(("PER",))  # O, B-PER, I-PER


def pair(rows, spans):
    words = tuple("abcdefghij"[: len(rows)])
    said = Sentence(words, (), "1", probabilities=np.array(rows, dtype=np.float32))
    return Corpus((Sentence(words, spans, "1"),), "gold"), Corpus((said,), "said", TAGS)


def test_by_hand():
    """Confidences .95 (right), .95 (wrong), .55 (right): bins of a tenth."""
    gold, said = pair([[0.95, 0.05, 0], [0.05, 0.95, 0], [0.45, 0.55, 0]], (Span(2, 3, "PER"),))
    found = calibration(gold, said)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.confidence == pytest.approx((0.95 + 0.95 + 0.55) / 3)
    assert found.error == pytest.approx((abs(1 - 2 * 0.95) + abs(1 - 0.55)) / 3)
    assert found.names == pytest.approx((0.95 + 0.45) / 2)
    assert found.words == 3


def test_a_tagger_that_is_sure_and_right_is_calibrated():
    gold, said = pair([[1, 0, 0], [0, 1, 0], [0, 0, 1]], (Span(1, 3, "PER"),))
    assert calibration(gold, said).to_dict() == {"accuracy": 1, "confidence": 1, "error": 0, "names": 0, "words": 3}


def test_drawn_labels_are_calibrated():
    random = np.random.default_rng(1)
    rows = random.dirichlet([2, 1], 20_000)
    spans = tuple(Span(at, at + 1, "PER") for at in np.flatnonzero(random.random(len(rows)) < rows[:, 1]).tolist())
    words = tuple(map(str, range(len(rows))))
    said = Sentence(words, (), probabilities=np.column_stack([rows, np.zeros(len(rows))]))
    found = calibration(Corpus((Sentence(words, spans),)), Corpus((said,), "said", TAGS), bins=5)
    assert found.error < 0.01


def test_faults():
    gold, said = pair([[1, 0, 0]], ())
    with pytest.raises(DataError, match="no label probabilities"):
        calibration(gold, gold)
    with pytest.raises(DataError, match="no word"):
        calibration(Corpus((Sentence(()),)), Corpus((Sentence((), probabilities=np.zeros((0, 3))),), "x", TAGS))
    with pytest.raises(RecipeError, match="bins"):
        calibration(gold, said, bins=0)
