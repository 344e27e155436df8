"""Where a translation model would put the marks of an entity into a translation that has none: constrained decoding.

The model is given the source sentence with one entity marked, and scores the translation with marks put in. Its words
stay as they are, so that only the place of the marks is searched for. Start at `MarkerScorer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from exonym.data import Span
from exonym.errors import RecipeError
from exonym.project.marking import Style, marked
from exonym.translate import running

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exonym.data import Sentence
    from exonym.project.candidates import Range
    from exonym.translate import ScoringTranslator

Key = TypeVar("Key")

_ROUNDING = 1e-3  # what a batch may change of a log-probability


class Insertion(NamedTuple):
    """A range of target words `[start, stop)` with marks around it, and the log-probability of the marked sentence."""

    start: int
    stop: int
    logprob: float


@dataclass(frozen=True, kw_only=True)
class MarkerScorer:
    """Scores target ranges by how probable a translation model finds marks around them.

    It takes the place of a scorer of phrases in `Evidence.translation`, and counts by the weight `Fusion.translation`.

    Attributes:
        translator: the model; one that knows marks is better.
        source: code of the language of source sentences.
        target: code of the language of target sentences.
        style: how entities are marked.
        kept: of each entity so many ranges, the most probable ones, are found, and share a score of 1.
        max_words: longer ranges are not looked at; 0 is no limit.
        batch: sentences that the translator is given at once.
    """

    translator: ScoringTranslator
    source: str
    target: str
    style: Style = "brackets"
    kept: int = 5
    max_words: int = 10
    batch: int = 64

    def __post_init__(self) -> None:
        for name, least in (("kept", 1), ("max_words", 0), ("batch", 1)):
            if not least <= getattr(self, name) < inf:
                expected = f"{least} or a number above it. Change it, or leave it out."
                raise RecipeError(f"{name}: found {getattr(self, name)}; expected {expected}")

    def placements(
        self, source: Sentence, target: Sentence, ranges: Sequence[Sequence[Range]]
    ) -> list[dict[Range, float]]:
        """Score the target ranges of every span of a sentence.

        Args:
            source: a sentence with M spans.
            target: its translation.
            ranges: for each of the M spans, its target ranges.

        Returns:
            For each span its `kept` most probable ranges, each with its share of their probability; the shares sum
            to 1. So the sum that the exact matcher maximises is the number of spans that are expected to be right.

        Source:
            Le et al. 2024, CODEC, which decodes entity by entity too, and then takes the best that do not overlap in
            order; matching all of them at once is ours.
        """
        found = []
        for span, own in zip(source.spans, ranges, strict=True):
            best = self.insertions(source, span, target, own)
            weights = [exp(each.logprob - best[0].logprob) for each in best]
            total = sum(weights)
            rows = zip(best, weights, strict=True)
            found.append({(each.start, each.stop): weight / total for each, weight in rows})
        return found

    def insertions(self, source: Sentence, span: Span, target: Sentence, ranges: Sequence[Range]) -> list[Insertion]:
        """Find the most probable places of the marks of one span, by branch and bound.

        The probability of a marked sentence is at most that of its words up to the opening mark, that mark included,
        since log-probabilities are never above 0. So opening marks are tried in order of that bound, each with all its
        closing marks, until the bound is below the worst place that is kept. This finds the same places as trying all,
        if the tokens up to an opening mark are the same whatever follows: marks stand apart from words by spaces. It
        saves much where a mark in the wrong place is less probable than all words together, so in short sentences.

        Args:
            source: the source sentence.
            span: the span of it that is marked.
            target: its translation, without marks.
            ranges: where marks may be put.

        Returns:
            At most `kept` places, the most probable first; of equal ones the earlier and shorter.

        Source:
            Le et al. 2024, CODEC: `argmax log p(y' | x marked)` over the ways y' to put marks into y. Their search is
            depth first by words with a bound that looks `future_steps` tokens ahead, which is a heuristic; this is the
            exact one, and it goes by opening marks so that it needs nothing of a model but scores of whole sentences.
        """
        given = marked(source, self.style, [span]).text or ""
        stops: dict[int, list[int]] = {}
        for start, stop in sorted(set(ranges)):
            if not self.max_words or stop - start <= self.max_words:
                stops.setdefault(start, []).append(stop)
        opened = {start: _opened(target, start, span.label, self.style) for start in stops}
        bounds = self._logprobs(given, opened, without_end=True)
        best: list[Insertion] = []
        waiting = sorted(stops, key=lambda start: (-bounds[start], start))
        while waiting:
            worst = best[self.kept - 1].logprob if len(best) >= self.kept else -inf
            wave: list[Range] = []
            while waiting and bounds[waiting[0]] + _ROUNDING >= worst and len(wave) < self.batch:
                start = waiting.pop(0)
                wave += [(start, stop) for stop in stops[start]]
            if not wave:
                break
            texts = {each: marked(target, self.style, [Span(*each, span.label)]).text or "" for each in wave}
            scores = self._logprobs(given, texts)
            best = sorted([*best, *(Insertion(*each, scores[each]) for each in wave)], key=_rank)[: self.kept]
        return best

    def _logprobs(self, given: str, texts: Mapping[Key, str], *, without_end: bool = False) -> dict[Key, float]:
        """Return the log-probability of each text, without that of its end if it goes on."""
        keys = list(texts)
        found: dict[Key, float] = {}
        for at in range(0, len(keys), self.batch):
            some = keys[at : at + self.batch]
            rows = self.translator.score([(given, texts[key]) for key in some], self.source, self.target)
            for key, row in zip(some, rows, strict=True):
                found[key] = float(np.asarray(row[:-1] if without_end else row, dtype=np.float64).sum())
        return found


def _opened(target: Sentence, start: int, label: str, style: Style) -> str:
    """Return a target sentence up to the opening mark before a word, that mark included."""
    sentence = marked(running(target), style, [Span(start, start + 1, label)])
    return (sentence.text or "")[: sentence.offsets[start][0]].rstrip()


def _rank(insertion: Insertion) -> tuple[float, int, int]:
    return -insertion.logprob, insertion.start, insertion.stop
