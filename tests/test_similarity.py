"""The similarity module against the fixtures of the paper's code, finite differences, and made-up languages."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from exonym.data import Corpus, Sentence
from exonym.errors import DataError, RecipeError
from exonym.transfer import similarity
from exonym.transfer.sentence_features import fit_features
from exonym.transfer.similarity import (
    Bilinear,
    SimilarityOptions,
    learn_similarity,
    loss_and_gradients,
    orthogonality,
    similarity_weights,
)

SYLLABLES = {"aa": ("ka", "mo", "ti", "lu"), "bb": ("strob", "knelt", "wurm", "hach"), "cc": ("ña", "ção", "ê", "dos")}
SMALL = SimilarityOptions(dimensions=16, rank=8, epochs=20, rate=1e-3)


def language(name, sentences=60, seed=0, words=8):
    """Sentences of random words, each of one to three syllables of the language."""
    random = np.random.default_rng([seed, *name.encode()])

    def word():
        return "".join(random.choice(SYLLABLES[name], random.integers(1, 4)))

    return Corpus(tuple(Sentence(tuple(word() for _ in range(words))) for _ in range(sentences)), name)


def model(rng, d=5, r=3, e=4):
    return Bilinear(*(rng.normal(size=shape) for shape in ((r, d), (r,), (r, d), (r,), (e, d))))


def test_orthogonality_is_that_of_the_square_matrix():
    assert orthogonality(np.eye(2, 4)) == 2
    rows = np.random.default_rng(1).normal(size=(3, 7))
    assert orthogonality(rows) == pytest.approx(np.linalg.norm(rows.T @ rows - np.eye(7)) ** 2)
    # The penalty on the other Gram matrix differs by a constant.
    assert orthogonality(rows) == pytest.approx(np.linalg.norm(rows @ rows.T - np.eye(3)) ** 2 + 7 - 3)


def test_scores_are_the_bilinear_form():
    rng = np.random.default_rng(2)
    form, f = model(rng), rng.normal(size=(6, 5))
    expected = [
        [(form.left @ x + form.left_bias) @ (form.right @ e + form.right_bias) for e in form.embeddings] for x in f
    ]
    np.testing.assert_allclose(form.scores(f), expected)


def test_loss_is_cross_entropy_and_penalty():
    form = Bilinear(np.eye(2, 3), np.zeros(2), np.eye(2, 3), np.zeros(2), np.eye(2, 3))
    loss, _ = loss_and_gradients(form, np.array([[1.0, 0, 0]]), np.array([0]), 0.5)
    assert loss == pytest.approx(np.log(1 + np.exp(-1)) + 0.5 * 1)


@pytest.mark.parametrize("penalty", [0.0, 0.01, 2.0])
def test_gradients_agree_with_finite_differences(penalty):
    rng = np.random.default_rng(3)
    form, features, languages = model(rng), rng.normal(size=(6, 5)), rng.integers(0, 4, 6)
    _, gradient = loss_and_gradients(form, features, languages, penalty)
    step = 1e-6
    for part, found in zip(form, gradient, strict=True):
        for index in np.ndindex(part.shape):
            kept = part[index]
            part[index] = kept + step
            above = loss_and_gradients(form, features, languages, penalty)[0]
            part[index] = kept - step
            below = loss_and_gradients(form, features, languages, penalty)[0]
            part[index] = kept
            assert found[index] == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-6)


def test_loss_of_scores_that_are_far_apart_is_finite():
    form = Bilinear(np.eye(2) * 1e4, np.zeros(2), np.eye(2), np.zeros(2), np.eye(2))
    assert loss_and_gradients(form, np.array([[1.0, 0]]), np.array([1]), 0)[0] == pytest.approx(1e4)


def test_an_embedding_with_orthonormal_rows_feels_no_penalty():
    rows = np.linalg.qr(np.random.default_rng(4).normal(size=(6, 3)))[0].T
    still = Bilinear(np.zeros((2, 6)), np.zeros(2), np.zeros((2, 6)), np.zeros(2), rows)
    _, gradient = loss_and_gradients(still, np.zeros((1, 6)), np.array([0]), 0.01)
    np.testing.assert_allclose(gradient.embeddings, 0, atol=1e-14)


def test_weights_of_the_fixture():
    weights = similarity_weights(np.array([[1.0, 0, 0], [0, 2, 0]]))
    np.testing.assert_allclose(weights, [[0.676, 0.162, 0.162], [0.0515, 0.897, 0.0515]], atol=5e-4)
    np.testing.assert_allclose(weights.mean(axis=0), [0.3638, 0.5295, 0.1068], atol=1e-4)


finite = st.floats(-50, 50)


@given(arrays(float, st.tuples(st.integers(1, 5), st.integers(1, 4)), elements=finite))
def test_weights_are_distributions(scores):
    weights = similarity_weights(scores)
    assert weights.shape == scores.shape
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1)


@given(arrays(float, (4, 3), elements=st.floats(-5, 5)), st.floats(-10, 10))
def test_weights_do_not_change_when_a_number_is_added_to_all_scores(scores, added):
    if scores.var() > 1e-2:
        np.testing.assert_allclose(similarity_weights(scores + added), similarity_weights(scores), atol=1e-6)


def test_weights_change_with_the_scale_of_the_scores():
    scores = np.array([[1.0, 0, 0], [0, 2, 0]])
    # Scores c times as large divided by a variance c^2 times as large.
    c = 10
    expected = np.exp(scores / 0.7 / c)
    np.testing.assert_allclose(similarity_weights(c * scores), expected / expected.sum(axis=1, keepdims=True))


def test_equal_scores_and_single_scores_weigh_evenly():
    np.testing.assert_array_equal(similarity_weights(np.full((3, 4), 2.0)), 0.25)
    np.testing.assert_array_equal(similarity_weights(np.array([[5.0]])), 1)
    assert similarity_weights(np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("kind", ["learned", "cosine", "l1", "l2"])
def test_a_language_is_nearest_to_itself(kind):
    sources = [language(name) for name in SYLLABLES]
    found = learn_similarity(sources, replace(SMALL, kind=kind))
    for column, name in enumerate(SYLLABLES):
        target = language(name, seed=1)
        assert (found.scores(target).argmax(axis=1) == column).mean() > 0.9
        weights = found.weights(target)
        assert weights.argmax() == column
        np.testing.assert_allclose(weights, similarity_weights(found.scores(target)).mean(axis=0))


def test_uniform_weights():
    found = learn_similarity([language(name) for name in SYLLABLES], SimilarityOptions(kind="uniform"))
    np.testing.assert_allclose(found.weights(language("aa")), 1 / 3)


def test_unlearned_scores_by_hand():
    points = {"p": [[3.0, 4.0]], "q": [[0.0, 1.0]], "x": [[0.0, 2.0]]}

    def features(corpus):
        return np.array(points[corpus.name])

    sources = [Corpus((Sentence(("w",)),), name) for name in "pq"]
    target = Corpus((Sentence(("w",)),), "x")
    for kind, expected in {"cosine": [0.8, 1], "l1": [-5, -1], "l2": [-np.sqrt(13), -1]}.items():
        found = learn_similarity(sources, SimilarityOptions(kind=kind), features=features)
        np.testing.assert_allclose(found.scores(target), [expected])


def test_training_lowers_the_loss_from_the_means_of_the_sources():
    sources = [language(name) for name in SYLLABLES]
    features = fit_features(sources, 16)
    vectors = np.concatenate([features(source) for source in sources])
    languages = np.repeat(np.arange(3), 60)
    found = learn_similarity(sources, SMALL, features=features)
    means = np.stack([features(source).mean(axis=0) for source in sources])
    np.testing.assert_allclose(found.means, means)
    start = similarity._start(means, 8, np.random.default_rng(np.random.SeedSequence(1)))
    np.testing.assert_array_equal(start.embeddings, means)
    assert (
        loss_and_gradients(found.model, vectors, languages, 0.01)[0]
        < loss_and_gradients(start, vectors, languages, 0.01)[0]
    )


def test_one_step_is_adamw():
    form = Bilinear(*(np.full(shape, 2.0) for shape in ((1, 2), (1,), (1, 2), (1,), (1, 2))))
    gradient = Bilinear(*(np.full_like(part, -3.0) for part in form))
    optimiser = similarity._AdamW(0.1, 0.5, form)
    once = optimiser.step(form, gradient)
    # The first step has the length of the rate, whatever the gradient; decay is apart from it.
    np.testing.assert_allclose(once.left, 2 * (1 - 0.05) + 0.1, rtol=1e-6)
    twice = optimiser.step(once, gradient)
    np.testing.assert_allclose(twice.left, once.left * 0.95 + 0.1, rtol=1e-6)


def test_long_gradients_are_shortened_as_one_vector():
    form = Bilinear(*(np.full(shape, 3.0) for shape in ((1, 2), (1,), (1, 2), (1,), (1, 2))))
    clipped = similarity._clipped(form, 1.0)
    assert sum((part**2).sum() for part in clipped) == pytest.approx(1)
    assert similarity._clipped(clipped, 2.0) is clipped


def test_the_same_seed_gives_the_same_bytes():
    sources = [language(name) for name in SYLLABLES]
    once, again, other = (learn_similarity(sources, SMALL, seed) for seed in (1, 1, 2))
    target = language("bb", seed=5)
    assert once.scores(target).tobytes() == again.scores(target).tobytes()
    assert once.scores(target).tobytes() != other.scores(target).tobytes()


def test_labels_are_not_looked_at_and_features_know_only_the_sources():
    sources = [language(name) for name in SYLLABLES]
    features = fit_features(sources, 16)
    assert features(sources[0]).shape == (60, 16)
    assert (abs(features(sources[0])) < 1).all()
    part = Corpus(sources[0].sentences[:7])
    np.testing.assert_allclose(features(part), features(sources[0])[:7])


def test_few_sentences_make_few_dimensions():
    sources = [language("aa", 2), language("bb", 3)]
    assert fit_features(sources, 128)(sources[0]).shape == (2, 5)
    found = learn_similarity(sources, SMALL)
    assert np.isfinite(found.scores(Corpus((Sentence(()), Sentence(("unseen", "ŵørđş")))))).all()


def test_leading_dimensions_are_singular_vectors():
    sources = [language("aa", 20), language("cc", 25)]
    from exonym.transfer import sentence_features as module

    rows = module._weighted(module._counts([*sources[0], *sources[1]]), np.ones(module._BUCKETS))
    basis = module._leading(rows, 4, np.random.default_rng(0))
    dense = rows.toarray()
    used = np.flatnonzero(dense.any(axis=0))
    expected = np.linalg.svd(dense[:, used], full_matrices=False)[2][:4]
    np.testing.assert_allclose(abs(np.diag(expected @ basis[used])), 1, atol=1e-4)


def test_faults_are_named():
    with pytest.raises(DataError, match="no source"):
        learn_similarity([])
    with pytest.raises(DataError, match="empty: found no words"):
        learn_similarity([language("aa"), Corpus((), "empty")])
    with pytest.raises(RecipeError, match="rank = 0"):
        SimilarityOptions(rank=0)
    with pytest.raises(RecipeError, match="rate = 0"):
        SimilarityOptions(rate=0)
    with pytest.raises(RecipeError, match="penalty = -1"):
        SimilarityOptions(penalty=-1)
