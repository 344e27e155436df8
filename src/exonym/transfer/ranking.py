"""Which labelled corpora to learn from, before anything is trained: sources in the order of their likeness to a target.

The measures are in `likeness`; here they are put together. Start at `rank_sources`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from exonym.data import Corpus
from exonym.errors import DataError, RecipeError
from exonym.transfer.likeness import MEASURES, profile, sample
from exonym.transfer.similarity import SimilarityOptions, learn_similarity

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST, _LEAST = 20_000, 500  # words that are compared
_COMPARED = 2000  # sentences of each corpus at most that the learnt similarity sees

# Mean over the pairs of languages that were measured, and the deviation over the sources of one target, of each measure
# that counts, with 20,000 words.
TYPICAL: Mapping[str, tuple[float, float]] = {
    "words": (0.033, 0.030),
    "affixes": (0.360, 0.083),
    "names known": (0.051, 0.025),
    "shapes": (0.951, 0.022),
}


class Ranked(NamedTuple):
    """A source and how like the target it is.

    Attributes:
        name: of the corpus.
        score: what the order goes by, to be compared within a ranking: one that is 1 greater means one deviation more
            likeness in every measure that counts. 0 is an average pair of 13 languages, if 20,000 words are compared.
        measures: value of each of `exonym.transfer.likeness.MEASURES`, in [0, 1].
        similarity: the learnt weight of the source; weights of all sources sum to 1.
        sentences: of the corpus.
        entities: of the corpus.
    """

    name: str
    score: float
    measures: Mapping[str, float]
    similarity: float
    sentences: int
    entities: int


@dataclass(frozen=True)
class Ranking:
    """Sources in the order in which to try them.

    Attributes:
        target: name of the text.
        words: of each corpus that were compared.
        sources: the best first.
    """

    target: str
    words: int
    sources: tuple[Ranked, ...]

    @property
    def reason(self) -> str:
        """Say in a sentence which source is first and why."""
        best, *others = self.sources
        words, names = (f"{100 * best.measures[name]:.0f}%" for name in ("words", "names known"))
        known = f"it knows {words} of the words and {names} of the capitalised words of {self.target}"
        if not others:
            return f"{best.name} is the only source (score {best.score:+.2f}): {known}."
        first = f"{best.name} comes first (score {best.score:+.2f}; next {others[0].name}, {others[0].score:+.2f})"
        ahead = [name for name in TYPICAL if all(best.measures[name] > other.measures[name] for other in others)]
        return f"{first}: {known}" + (f", and leads in {', '.join(ahead)}." if ahead else ".")


def rank_sources(
    target: Corpus,
    sources: Sequence[Corpus],
    *,
    similarity: SimilarityOptions = SimilarityOptions(),  # noqa: B008 - immutable
    seed: int = 1,
) -> Ranking:
    """Order labelled corpora by how well a tagger trained on them can be expected to do on a target text.

    From every corpus sentences are drawn until they have as many words as the smallest has, 20,000 at most, so that a
    large source does not look more alike because more words stand in it. The score is the mean of four measures
    (words, affixes, names known, shapes), each less its mean and divided by its deviation over many pairs of languages.

    These four were chosen with `benchmarks/rank_sources.py` on dev splits: light taggers of 13 languages, each tried on
    the 12 others. Of all subsets of the measures but `script` this is the one whose mean orders best, also whichever
    target is left out of the choice. Weights that were fitted to the F1 of the other targets did no better than the
    plain mean. The learnt similarity and the size do not count: the former hardly tells which language transfers, and
    with a quarter of the sentences a source loses about 3 F1, against a spread of 6 F1 between sources of one size, but
    a term for it did not improve the order.

    Args:
        target: text of the target language; its labels are not looked at.
        sources: labelled corpora with different names.
        similarity: how the learnt similarity is learnt, which is shown but does not count.
        seed: of the samples and of the learnt similarity.

    Returns:
        The order.

    Raises:
        DataError: a source has no labels, or a corpus has too few words to compare.
        RecipeError: there is no source, or two corpora have one name.
    """
    _check(target, sources)
    words = min(_MOST, *(_size(corpus) for corpus in (target, *sources)))
    aim = profile(sample(target.unlabelled(), words, seed))
    weights = _weights(target, sources, similarity, seed)
    ranked = []
    for source, weight in zip(sources, weights, strict=True):
        own = profile(sample(source, words, seed))
        measures = {name: measure(own, aim) for name, measure in MEASURES.items()}
        entities = sum(len(sentence.spans) for sentence in source)
        ranked.append(Ranked(source.name, score(measures), measures, weight, len(source), entities))
    return Ranking(target.name, words, tuple(sorted(ranked, key=lambda row: -row.score)))


def score(measures: Mapping[str, float]) -> float:
    """Put the measures together: the mean of those in `TYPICAL`, in deviations from their means."""
    return float(np.mean([(measures[name] - mean) / spread for name, (mean, spread) in TYPICAL.items()]))


def _weights(target: Corpus, sources: Sequence[Corpus], options: SimilarityOptions, seed: int) -> list[float]:
    """Return the learnt weight of each source, from as many sentences of each."""
    some = [_some(corpus, seed) for corpus in (target, *sources)]
    weights: list[float] = learn_similarity(some[1:], options, seed).weights(some[0]).tolist()
    return weights


def _some(corpus: Corpus, seed: int) -> Corpus:
    if len(corpus) <= _COMPARED:
        return corpus
    chosen = np.random.default_rng(seed).choice(len(corpus), _COMPARED, replace=False)
    return Corpus(tuple(corpus[index] for index in sorted(chosen.tolist())), corpus.name)


def _size(corpus: Corpus) -> int:
    return sum(len(sentence) for sentence in corpus)


def _check(target: Corpus, sources: Sequence[Corpus]) -> None:
    if not sources:
        raise RecipeError("rank-sources: found no source; expected at least one labelled corpus.")
    names = [target.name, *(source.name for source in sources)]
    for name in names:
        if names.count(name) > 1:
            raise RecipeError(f"rank-sources: found {name} twice; expected different corpora. Leave one out.")
    for source in sources:
        if not source.labels:
            raise DataError(f"{source.name}: found no entity; expected a labelled source. Leave it out.")
    for corpus in (target, *sources):
        if _size(corpus) < _LEAST:
            found = f"{corpus.name}: found {_size(corpus)} words; expected at least {_LEAST} to compare"
            raise DataError(f"{found}. Give more text, or leave it out.")
