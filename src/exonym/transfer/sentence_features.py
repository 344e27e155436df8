"""One vector per sentence, from its characters and words alone: what `similarity` compares languages by.

Nothing is downloaded: pieces of words are hashed, weighted by TF-IDF and reduced to few dimensions that are fitted on
the sources. `encoder_features` has the vectors of a transformer, which take the place of these. Start at
`fit_features`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol
from zlib import crc32

import numpy as np
from scipy.sparse import csr_array, vstack

from exonym.data import Corpus, fold
from exonym.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from exonym.data import Sentence

_BUCKETS = 1 << 16  # pieces are told apart by this many hashes
_LONGEST = 4  # pieces of words have at most so many characters, the marks of both ends of the word included
_FITTED_ON = 500  # sentences of each source at most, so that each source has a like voice in the dimensions
_SPARE, _ROUNDS = (
    10,
    4,
)  # of the randomised decomposition: more dimensions than asked for, and rounds of power iteration


class Features(Protocol):
    """Gives each sentence a vector."""

    def __call__(self, corpus: Corpus) -> NDArray[np.float64]:
        """Return the features of each sentence, shape (sentences, d); labels are not looked at."""
        ...


@dataclass(frozen=True, eq=False)
class HashedFeatures:
    """Hashed pieces of words, weighted and reduced; made by `fit_features`.

    Attributes:
        rarity: inverse document frequency of each bucket, shape (buckets,).
        basis: from weighted pieces to dimensions, shape (buckets, d).
        centre: the mean over the sources of their mean vectors, which is taken off, shape (d,).
        scale: what each dimension is divided by, shape (d,).
    """

    rarity: NDArray[np.float64] = field(repr=False)
    basis: NDArray[np.float64] = field(repr=False)
    centre: NDArray[np.float64] = field(repr=False)
    scale: NDArray[np.float64] = field(repr=False)

    def __call__(self, corpus: Corpus) -> NDArray[np.float64]:
        """Return the features of each sentence, shape (sentences, d), in (-1, 1); one of no words has some too."""
        reduced = _weighted(_counts(corpus), self.rarity) @ self.basis
        return np.tanh((reduced - self.centre) / self.scale)


def fit_features(sources: Sequence[Corpus], dimensions: int = 128, seed: int = 1) -> HashedFeatures:
    """Choose the dimensions in which the sentences of the sources differ most.

    Pieces are the words without case and their parts of 1 to 4 characters, the ends of the word counted as characters,
    so that affixes are among them. A piece that stands c times in a sentence weighs 1 + ln c, times its inverse
    document frequency; rows have length 1. The dimensions are the leading right singular vectors of these rows.
    Coordinates are centred, divided by their deviation and squashed by tanh, to have the form of the pooler output
    that the paper uses.

    Args:
        sources: one corpus for each source language; at most 500 sentences of each are looked at, drawn by the seed.
        dimensions: d; there are fewer if the sources have fewer sentences.
        seed: of the sample and of the decomposition.

    Returns:
        The features, which know nothing of any target.

    Raises:
        DataError: a source has no words.

    Source:
        Singular vectors: Halko, Martinsson and Tropp 2011, algorithms 4.4 and 5.1.
    """
    samples = np.random.SeedSequence(seed).spawn(len(sources) + 1)
    counts = []
    for source, own in zip(sources, samples[1:], strict=True):
        if not any(source):
            raise DataError(f"{source.name}: found no words; expected sentences of a source language. Check the file.")
        counts.append(_counts(_sample(source, own)))
    stacked = np.bincount(np.concatenate([rows.indices for rows in counts]), minlength=_BUCKETS)
    total = sum(rows.shape[0] for rows in counts)
    rarity = np.log((1 + total) / (1 + stacked)) + 1
    weighted = [_weighted(rows, rarity) for rows in counts]
    basis = _leading(csr_array(vstack(weighted)), dimensions, np.random.default_rng(samples[0]))
    reduced = [rows @ basis for rows in weighted]
    centre = np.mean([rows.mean(axis=0) for rows in reduced], axis=0)
    deviation = np.sqrt(np.mean([((rows - centre) ** 2).mean(axis=0) for rows in reduced], axis=0))
    return HashedFeatures(rarity, basis, centre, np.where(deviation > 0, deviation, 1.0))


def _sample(source: Corpus, seed: np.random.SeedSequence) -> list[Sentence]:
    if len(source) <= _FITTED_ON:
        return list(source)
    chosen = np.random.default_rng(seed).choice(len(source), _FITTED_ON, replace=False)
    return [source[index] for index in sorted(chosen.tolist())]


def _counts(sentences: Iterable[Sentence]) -> csr_array:
    """Count the pieces of each sentence, shape (sentences, buckets)."""
    starts = [0]
    buckets: list[int] = []
    values: list[int] = []
    for sentence in sentences:
        found = Counter(bucket for word in sentence.words for bucket in _pieces(fold(word)))
        buckets += found.keys()
        values += found.values()
        starts.append(len(buckets))
    shape = (len(starts) - 1, _BUCKETS)
    return csr_array(
        (np.array(values, dtype=np.float64), np.array(buckets, dtype=np.int32), np.array(starts)), shape=shape
    )


@lru_cache(maxsize=1 << 16)
def _pieces(word: str) -> tuple[int, ...]:
    """Return the buckets of the pieces of a word."""
    marked = f"\x02{word}\x03"
    parts = {marked[at : at + size] for size in range(1, _LONGEST + 1) for at in range(len(marked) - size + 1)}
    parts = (parts - {"\x02", "\x03"}) | {marked}
    return tuple(crc32(part.encode(errors="replace")) % _BUCKETS for part in sorted(parts))


def _weighted(counts: csr_array, rarity: NDArray[np.float64]) -> csr_array:
    """Weigh counts by TF-IDF; rows get length 1."""
    values = (1 + np.log(counts.data)) * rarity[counts.indices]
    lengths = np.diff(counts.indptr)
    rows = np.repeat(np.arange(counts.shape[0]), lengths)
    norms = np.sqrt(np.bincount(rows, values**2, minlength=counts.shape[0]))
    return csr_array((values / norms[rows], counts.indices, counts.indptr), shape=counts.shape)


def _leading(rows: csr_array, dimensions: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Return the leading right singular vectors of the rows, shape (buckets, d)."""
    rows.sort_indices()
    turned = csr_array(rows.T)
    image = random.standard_normal((rows.shape[0], min(dimensions + _SPARE, rows.shape[0])))
    for _ in range(_ROUNDS):
        image = np.linalg.qr(rows @ (turned @ image))[0]
    vectors, _, _ = np.linalg.svd(turned @ image, full_matrices=False)
    leading: NDArray[np.float64] = np.ascontiguousarray(vectors[:, : min(dimensions, rows.shape[0])])
    return leading
