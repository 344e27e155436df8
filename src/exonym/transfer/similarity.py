"""How like each source language a target text is: the weights of several teachers.

A model learns to tell the sources apart from sentence features, and its scores on target sentences, set against each
other, weigh the sources. `sentence_features` makes the features. Start at `learn_similarity`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy.special import logsumexp, softmax

from exonym.errors import DataError, RecipeError
from exonym.hub import content_of
from exonym.transfer.sentence_features import Features, fit_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from exonym.data import Corpus

    Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SimilarityOptions:
    """How sources are compared with a target.

    The settings of the paper are the defaults. How long is learnt decides how sharp the weights are, because longer
    learning makes greater scores (see `similarity_weights`): with six African languages of 2,000 sentences each, Hausa
    text gave Swahili a weight of .43 at this `rate` and of .22 at ten times it, while the languages were told apart
    equally well (99 % of dev sentences). Sources of a few hundred sentences need more `epochs` or a greater `rate`.

    Attributes:
        kind: `learned` is the bilinear model of the paper; `cosine`, `l1` and `l2` compare a sentence with the mean of
            each source (the latter two by the negative distance); `uniform` treats all sources alike.
        encoder: a Hugging Face encoder whose sentence vectors are compared (extra `neural`): a folder, or a name on the
            hub; None takes the hashed pieces of `sentence_features`.
        hub: allow a download of the encoder; without it a name is only looked for in the local cache of the hub.
        dimensions: d of the hashed features, >= 1.
        rank: r of the bilinear form, >= 1.
        penalty: gamma, the weight of the orthogonality of the language embeddings, >= 0.
        epochs: passes over the source sentences, >= 1.
        batch: sentences in a step, >= 1.
        rate: learning rate, > 0.
        decay: weight decay, >= 0.
        clip: longest gradient, > 0.
    """

    kind: Literal["learned", "cosine", "l1", "l2", "uniform"] = "learned"
    encoder: str | None = None
    hub: bool = False
    dimensions: int = 128
    rank: int = 64
    penalty: float = 0.01
    epochs: int = 10
    batch: int = 32
    rate: float = 1e-4
    decay: float = 1e-5
    clip: float = 1.0

    def __post_init__(self) -> None:
        for name in ("dimensions", "rank", "epochs", "batch"):
            value = getattr(self, name)
            if not 1 <= value < float("inf"):
                raise RecipeError(f"similarity: found {name} = {value}; expected a whole number >= 1")
        for name in ("penalty", "rate", "decay", "clip"):
            value = getattr(self, name)
            least = "> 0" if name in ("rate", "clip") else ">= 0"
            if not 0 <= value < float("inf") or (least == "> 0" and not value):
                raise RecipeError(f"similarity: found {name} = {value}; expected a number {least}")

    @property
    def requires(self) -> dict[str, str]:
        """The packages that it needs, and the extra of each."""
        return {} if self.encoder is None else {"torch": "neural", "transformers": "neural", "safetensors": "neural"}

    @property
    def contents(self) -> dict[str, str]:
        """Hash of what the encoder holds, by the name of its field: results that depend on it are kept under it."""
        return {} if self.encoder is None else {"encoder": content_of(self.encoder, self.hub)}


class Bilinear(NamedTuple):
    """The parameters of `s_k(f) = (U f + b_U) . (V E_k + b_V)`, or a gradient of each.

    Attributes:
        left: U, shape (r, d).
        left_bias: b_U, shape (r,).
        right: V, shape (r, d).
        right_bias: b_V, shape (r,).
        embeddings: E, one row for each language, shape (E, d).
    """

    left: Array
    left_bias: Array
    right: Array
    right_bias: Array
    embeddings: Array

    def scores(self, features: Array) -> Array:
        """Return s, shape (sentences, E), of features of shape (sentences, d)."""
        scores: Array = (features @ self.left.T + self.left_bias) @ (self.embeddings @ self.right.T + self.right_bias).T
        return scores


@dataclass(frozen=True, eq=False)
class Similarity:
    """Compares sentences with the source languages; made by `learn_similarity`.

    Attributes:
        kind: as of `SimilarityOptions`.
        names: of the E sources.
        features: gives sentences their vectors; None of `uniform`.
        means: the mean vector of each source, shape (E, d); None of `uniform`.
        model: the learnt form; None of the kinds that learn nothing.
    """

    kind: str
    names: tuple[str, ...]
    features: Features | None = field(default=None, repr=False)
    means: Array | None = field(default=None, repr=False)
    model: Bilinear | None = field(default=None, repr=False)

    def scores(self, corpus: Corpus) -> Array:
        """Return how like each source each sentence is, shape (sentences, E), any real numbers; more is more alike."""
        if self.features is None or self.means is None:
            return np.zeros((len(corpus), len(self.names)))
        features = self.features(corpus)
        if self.model is not None:
            return self.model.scores(features)
        if self.kind == "cosine":
            return _unit(features) @ _unit(self.means).T
        order = 1 if self.kind == "l1" else 2
        distances = [np.linalg.norm(features - mean, ord=order, axis=1) for mean in self.means]
        return -np.stack(distances, axis=1)

    def weights(self, corpus: Corpus) -> Array:
        """Return the weight of each source for a whole corpus, shape (E,): the mean over its sentences; sums to 1."""
        weights: Array = similarity_weights(self.scores(corpus)).mean(axis=0)
        return weights


def learn_similarity(
    sources: Sequence[Corpus],
    options: SimilarityOptions = SimilarityOptions(),
    seed: int = 1,
    *,
    features: Features | None = None,
) -> Similarity:
    """Learn to tell the source languages apart, so that target sentences can be compared with them.

    Labels are not looked at, and no target text is needed. The same arguments give the same bytes on one machine.

    Args:
        sources: one corpus for each of the E source languages.
        options: how.
        seed: of the features, the first parameters and the order of the sentences.
        features: gives sentences their vectors, in place of those that the options name.

    Returns:
        The comparison.

    Raises:
        DataError: there is no source, or one without words.
        MissingExtra: an encoder is asked for without the packages to run it.

    Source:
        Wu, Lin, Karlsson, Lou and Huang 2020, "Single-/Multi-Source Cross-Lingual NER via Teacher-Student Learning on
        Unlabeled Data in Target Language", section 3.2: cross-entropy of the scores and `penalty` times
        `||E^T E - I||_F^2`, E initialised with the mean vector of each source. Their features are the pooler output of
        multilingual BERT (d = 768), which `encoder` gives; the hashed features have the same range.
    """
    if not sources:
        raise DataError("similarity: found no source; expected at least one labelled or unlabelled corpus.")
    names = tuple(source.name for source in sources)
    if options.kind == "uniform":
        return Similarity(options.kind, names)
    features = features or _features(sources, options, seed)
    vectors = [features(source) for source in sources]
    for source, own in zip(sources, vectors, strict=True):
        if not len(own):
            raise DataError(f"{source.name}: found no sentence; expected some of a source language. Check the file.")
    means = np.stack([own.mean(axis=0) for own in vectors])
    model = _trained(vectors, means, options, seed) if options.kind == "learned" else None
    return Similarity(options.kind, names, features, means, model)


def similarity_weights(scores: Array) -> Array:
    """Turn scores into weights of the sources for each sentence: softmax of the scores divided by their variance.

    The variance is one number over all sentences and sources, and it is no deviation: scores that are c times as large
    give the softmax c times *smaller* numbers. The scale of the scores therefore matters, and large scores give even
    weights. A set of sentences cannot be weighed in parts either, as each part has a variance of its own.

    Args:
        scores: shape (sentences, E).

    Returns:
        Weights >= 0, shape (sentences, E), rows sum to 1. Scores that are all the same give even weights.

    Source:
        Wu et al. 2020, section 3.2: `tau = 1 / Var(s)`, here as in their code with the unbiased variance.
    """
    variance = scores.var(ddof=1) if scores.size > 1 else 0.0
    exponents = scores / variance if variance > 0 else np.zeros_like(scores)
    weights: Array = softmax(exponents, axis=1)
    return weights


def orthogonality(embeddings: Array) -> float:
    """Return `||E^T E - I_d||_F^2` of embeddings of shape (E, d).

    It is least, `d - E`, where the E rows are orthonormal. The penalty on the (E, E) matrix `E E^T` instead, an option
    of the authors' code, is less by the constant `d - E`, so it has the same gradient and is no option here.
    """
    gram = embeddings @ embeddings.T
    return float((gram**2).sum() - 2 * np.trace(gram) + embeddings.shape[1])


def loss_and_gradients(
    model: Bilinear, features: Array, languages: NDArray[np.intp], penalty: float
) -> tuple[float, Bilinear]:
    """Return the loss of a batch and its gradient with respect to each parameter.

    Args:
        model: the parameters.
        features: of B sentences, shape (B, d).
        languages: the source of each sentence, shape (B,), in [0, E).
        penalty: gamma.
    """
    left = features @ model.left.T + model.left_bias
    right = model.embeddings @ model.right.T + model.right_bias
    scores = left @ right.T
    rows = np.arange(len(features))
    surprise = logsumexp(scores, axis=1) - scores[rows, languages]
    loss = float(surprise.mean()) + penalty * orthogonality(model.embeddings)
    of_scores = softmax(scores, axis=1) / len(features)
    of_scores[rows, languages] -= 1 / len(features)
    of_left, of_right = of_scores @ right, of_scores.T @ left
    gram = model.embeddings @ model.embeddings.T
    of_penalty = 4 * penalty * (gram @ model.embeddings - model.embeddings)
    gradient = Bilinear(
        of_left.T @ features,
        of_left.sum(axis=0),
        of_right.T @ model.embeddings,
        of_right.sum(axis=0),
        of_right @ model.right + of_penalty,
    )
    return loss, gradient


def _features(sources: Sequence[Corpus], options: SimilarityOptions, seed: int) -> Features:
    if options.encoder is None:
        return fit_features(sources, options.dimensions, seed)
    from exonym.transfer.encoder_features import EncoderFeatures

    return EncoderFeatures.load(options.encoder, hub=options.hub)


def _trained(vectors: list[Array], means: Array, options: SimilarityOptions, seed: int) -> Bilinear:
    """Minimise the loss with AdamW."""
    features = np.concatenate(vectors)
    languages = np.repeat(np.arange(len(vectors)), [len(own) for own in vectors])
    random = np.random.default_rng(np.random.SeedSequence(seed))
    model = _start(means, options.rank, random)
    optimiser = _AdamW(options.rate, options.decay, model)
    for _ in range(options.epochs):
        order = random.permutation(len(features))
        for start in range(0, len(order), options.batch):
            chosen = order[start : start + options.batch]
            _, gradient = loss_and_gradients(model, features[chosen], languages[chosen], options.penalty)
            model = optimiser.step(model, _clipped(gradient, options.clip))
    return model


def _start(means: Array, rank: int, random: np.random.Generator) -> Bilinear:
    """Draw first parameters as PyTorch does for linear layers; the embeddings are the means of the sources."""
    dimensions = means.shape[1]
    bound = 1 / np.sqrt(dimensions)
    left, right = (random.uniform(-bound, bound, (rank, dimensions)) for _ in range(2))
    left_bias, right_bias = (random.uniform(-bound, bound, rank) for _ in range(2))
    return Bilinear(left, left_bias, right, right_bias, means.copy())


def _clipped(gradient: Bilinear, longest: float) -> Bilinear:
    """Shorten a gradient, taken as one vector, to a length."""
    length = np.sqrt(sum(float((part**2).sum()) for part in gradient))
    return Bilinear(*(part * (longest / length) for part in gradient)) if length > longest else gradient


class _AdamW:
    """Adam with decay apart from the gradient (Loshchilov and Hutter 2019), its other constants as in PyTorch."""

    def __init__(self, rate: float, decay: float, model: Bilinear) -> None:
        self.rate, self.decay, self.steps = rate, decay, 0
        self.first = Bilinear(*map(np.zeros_like, model))
        self.second = Bilinear(*map(np.zeros_like, model))

    def step(self, model: Bilinear, gradient: Bilinear) -> Bilinear:
        """Return the parameters after one step."""
        self.steps += 1
        self.first = Bilinear(*(0.9 * m + 0.1 * g for m, g in zip(self.first, gradient, strict=True)))
        self.second = Bilinear(*(0.999 * v + 0.001 * g**2 for v, g in zip(self.second, gradient, strict=True)))
        first, second = 1 - 0.9**self.steps, 1 - 0.999**self.steps
        return Bilinear(
            *(
                (1 - self.rate * self.decay) * p - self.rate * (m / first) / (np.sqrt(v / second) + 1e-8)
                for p, m, v in zip(model, self.first, self.second, strict=True)
            )
        )


def _unit(rows: Array) -> Array:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)
