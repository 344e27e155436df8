"""Label sequences drawn from what a teacher says of each word: how a student that needs labels learns from a teacher.

The CRF cannot be trained on distributions, but on sequences drawn from them: a name of which the teacher is half sure
is named in about half of the copies of its sentence. Start at `sampled`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from exonym.data import Corpus, spans_of
from exonym.errors import DataError
from exonym.tag.decode import FLOOR, checked, constraints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def sampled(corpus: Corpus, draws: int, seed: int) -> Corpus:
    """Repeat every sentence with spans that are drawn from its label probabilities.

    Args:
        corpus: sentences with probabilities.
        draws: how often, >= 1.
        seed: the same seed gives the same spans.

    Returns:
        `draws` copies of each sentence, one after another, named `ID/1`, `ID/2`, ..., without probabilities.

    Raises:
        DataError: a sentence has no probabilities.
    """
    random = np.random.default_rng(seed)
    sentences = []
    for sentence in corpus:
        if sentence.probabilities is None:
            raise DataError(f"sentence {sentence.id!r}: found no label probabilities; expected those of a teacher")
        paths = sample_paths(sentence.probabilities, corpus.tags, draws, random)
        for number, path in enumerate(paths.tolist(), start=1):
            spans, _ = spans_of([corpus.tags[column] for column in path])
            name = f"{sentence.id}/{number}"
            sentences.append(replace(sentence, spans=tuple(spans), probabilities=None, lost=(), id=name))
    return Corpus(tuple(sentences), corpus.name)


def sample_paths(
    probabilities: ArrayLike, tags: Sequence[str], draws: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Draw tag sequences that obey IOB2, each as likely as the product of the probabilities of its words says.

    p(y) is proportional to the product over words t of q_t(y_t) among the sequences that IOB2 allows (`I-X` only after
    `B-X` or `I-X`), and 0 for the others. With a_1(j) = q_1(j) if j may begin, a_t(j) = q_t(j) * sum_i a_{t-1}(i) over
    those i that j may follow, the last tag is drawn from a_T, and each before it from a_t(i) over those i that the tag
    already drawn may follow.

    Args:
        probabilities: label probabilities, shape (T, K), >= 0; one below 1e-30 is read as 1e-30.
        tags: the K tags, IOB2.
        draws: how many sequences, D >= 1.
        random: the source of chance; one number is taken for each word and draw.

    Returns:
        Column numbers, shape (D, T).

    Raises:
        DataError: as `exonym.tag.decode`.

    Source:
        Forward filtering, backward sampling: Chib 1996, "Calculating posterior distributions and modal estimates in
        Markov mixture models". The distribution is that of single words with the illegal sequences cut away, not that
        of the CRF or encoder that gave them.
    """
    matrix = np.maximum(checked(probabilities, tags), FLOOR)
    allowed, begins = constraints(tuple(tags))
    follows = allowed.astype(np.float64)
    forward = np.empty_like(matrix)
    before = begins.astype(np.float64)
    for word, row in enumerate(matrix):
        forward[word] = row * before
        forward[word] /= forward[word].sum()
        before = forward[word] @ follows
    paths = np.empty((draws, len(matrix)), dtype=np.int64)
    after = np.ones((draws, len(tags)))
    for word in range(len(matrix) - 1, -1, -1):
        sums = np.cumsum(forward[word] * after, axis=1)
        chance = random.random(draws) * sums[:, -1]
        paths[:, word] = np.minimum((sums <= chance[:, None]).sum(axis=1), len(tags) - 1)
        after = follows[:, paths[:, word]].T
    return paths
