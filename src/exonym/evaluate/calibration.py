"""Is a tagger as often right as it is sure: word accuracy and expected calibration error. Start at `calibration`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from exonym.errors import DataError, RecipeError
from exonym.evaluate.counts import check_same_sentences

if TYPE_CHECKING:
    from exonym.data import Corpus


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure a tagger is of its likeliest tags, and how often they are right.

    Attributes:
        accuracy: share of the words whose likeliest tag is right, in [0, 1].
        confidence: mean probability of the likeliest tag, in [0, 1].
        error: expected calibration error, in [0, 1]: the mean over words of the distance between confidence and
            accuracy in the bin that they fall into.
        names: the same error over the words that are in a name, or whose likeliest tag says so: most words are in none
            and easy, so that `error` hides what matters. 0 if there is no such word.
        words: how many words.
    """

    accuracy: float
    confidence: float
    error: float
    names: float
    words: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return asdict(self)


def calibration(gold: Corpus, predicted: Corpus, *, bins: int = 10) -> Calibration:
    """Compare what a tagger says of every word with what is right.

    Args:
        gold: sentences with the right spans.
        predicted: the same sentences with label probabilities.
        bins: of equal width over [0, 1], >= 1.

    Raises:
        DataError: there is no word, the words differ, or there are no probabilities.
        RecipeError: there is no bin.

    Source:
        Naeini, Cooper and Hauskrecht 2015, "Obtaining Well Calibrated Probabilities Using Bayesian Binning"; of the
        likeliest tag alone, as Guo et al. 2017.
    """
    if bins < 1:
        raise RecipeError(f"bins: found {bins}; expected 1 or more.")
    check_same_sentences(gold, predicted)
    right, sure, named = [], [], []
    for own, said in zip(gold, predicted, strict=True):
        if said.probabilities is None:
            raise DataError(f"sentence {said.id!r}: found no label probabilities; expected those of a tagger.")
        tags = ["O"] * len(own)
        for span in own.spans:
            tags[span.start : span.stop] = [f"B-{span.label}", *[f"I-{span.label}"] * (span.stop - span.start - 1)]
        best = said.probabilities.argmax(axis=1).tolist()
        found = [predicted.tags[column] for column in best]
        right += [one == other for one, other in zip(tags, found, strict=True)]
        named += [one != "O" or other != "O" for one, other in zip(tags, found, strict=True)]
        sure += said.probabilities.max(axis=1).tolist()
    if not right:
        raise DataError(f"{gold.name}: found no word; expected some.")
    hits, confidence, inside = np.array(right, dtype=float), np.array(sure, dtype=float), np.array(named)
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    return Calibration(
        accuracy=float(hits.mean()),
        confidence=float(confidence.mean()),
        error=_error(hits, confidence, places, bins),
        names=_error(hits[inside], confidence[inside], places[inside], bins),
        words=len(right),
    )


def _error(hits: Any, confidence: Any, places: Any, bins: int) -> float:  # noqa: ANN401 - arrays
    gaps = np.bincount(places, weights=hits - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / max(len(hits), 1))
