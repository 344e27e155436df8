"""The two alignment models against enumeration of all alignments of tiny sentences."""

from itertools import product

import numpy as np
import pytest

from exonym.align.cells import Batch, Piece, batches_of, cut, prefix_of, shape_of, view_of
from exonym.align.hmm import MAX_JUMP, first_jumps, forward_backward, learnt_jumps
from exonym.align.ibm1 import NULL_PRIOR, diagonal, expected_links
from exonym.align.tables import Counts, Emission, emission, uniform
from exonym.data import Pair, fold


def hmm_by_enumeration(emission, null, jumps, null_prior):
    """Posteriors, no-link posteriors and expected jumps of one pair, by summing over all (m + 1)^n alignments."""
    n, m = emission.shape
    linked, unlinked, steps = np.zeros((n, m)), np.zeros(n), np.zeros(2 * MAX_JUMP + 1)
    for path in product(range(-1, m), repeat=n):  # -1: no link
        probability, last, taken = 1.0, -1, []
        for j, i in enumerate(path):
            if i < 0:
                probability *= null_prior * null[j]
                continue
            total = sum(jumps[k - last + MAX_JUMP] for k in range(m))
            probability *= (1 - null_prior) * jumps[i - last + MAX_JUMP] / total * emission[j, i]
            taken.append(i - last + MAX_JUMP)
            last = i
        for j, i in enumerate(path):
            if i < 0:
                unlinked[j] += probability
            else:
                linked[j, i] += probability
        np.add.at(steps, taken, probability)
    total = linked[0].sum() + unlinked[0]
    return linked / total, unlinked / total, steps / total


@pytest.mark.parametrize("shapes", [[(1, 1)], [(3, 3)], [(2, 4)], [(4, 2)], [(1, 3), (3, 1), (3, 3), (2, 2)]])
def test_hmm_posteriors_equal_enumeration(shapes):
    random = np.random.default_rng(len(shapes) + shapes[0][0])
    m, n = (max(shape[k] for shape in shapes) for k in (0, 1))
    seen, null = np.zeros((n, len(shapes), m), dtype=np.float32), np.ones((n, len(shapes)), dtype=np.float32)
    for row, (a, b) in enumerate(shapes):
        seen[:b, row, :a] = random.uniform(0.01, 1, (b, a))
        null[:b, row] = random.uniform(0.01, 1, b)
    jumps = learnt_jumps(random.uniform(0, 1, 2 * MAX_JUMP + 1))
    found = forward_backward(seen, null, np.array([a for a, _ in shapes]), jumps, 0.2)
    steps = np.zeros(2 * MAX_JUMP + 1)
    for row, (a, b) in enumerate(shapes):
        linked, unlinked, own = hmm_by_enumeration(seen[:b, row, :a], null[:b, row], jumps, 0.2)
        np.testing.assert_allclose(found.linked[:b, row, :a], linked, atol=2e-6)
        np.testing.assert_allclose(found.unlinked[:b, row], unlinked, atol=2e-6)
        assert not found.linked[b:, row].any()
        assert not found.linked[:, row, a:].any()
        steps += own
    np.testing.assert_allclose(found.jumps, steps, atol=1e-5)


def test_hmm_follows_jumps_where_words_say_nothing():
    seen, null = np.full((5, 1, 5), 0.1, dtype=np.float32), np.full((5, 1), 1e-6, dtype=np.float32)
    counts = np.zeros(2 * MAX_JUMP + 1)
    counts[MAX_JUMP + 1] = 1.0
    linked = forward_backward(seen, null, np.array([5]), learnt_jumps(counts, smoothing=1e-6), 0.2).linked[:, 0]
    np.testing.assert_allclose(linked, np.eye(5), atol=1e-3)


def test_hmm_stands_words_that_nothing_explains():
    """Thousands of tiny emissions neither underflow nor overflow."""
    seen, null = np.full((3000, 1, 40), 1e-12, dtype=np.float32), np.full((3000, 1), 1e-12, dtype=np.float32)
    seen[::7, 0, 3] = 1.0
    found = forward_backward(seen, null, np.array([40]), first_jumps(), 0.2)
    assert np.isfinite(found.linked).all()
    np.testing.assert_allclose(found.linked.sum(axis=2) + found.unlinked, 1.0, atol=1e-3)


def model1_by_enumeration(table, null, near):
    """Link posteriors (m, n) and log likelihood of one pair under model 1."""
    m, n = table.shape
    linked, total = np.zeros((m, n)), 0.0
    for path in product(range(-1, m), repeat=n):
        probability = 1.0
        for j, i in enumerate(path):
            share = (1 - NULL_PRIOR) * near[i, j] / near[:, j].sum()
            probability *= NULL_PRIOR * null[j] if i < 0 else share * table[i, j]
        for j, i in enumerate(path):
            if i >= 0:
                linked[i, j] += probability
        total += probability
    return linked / total, np.log(total)


def toy_view(pairs):
    pairs = [Pair(tuple(source.split()), tuple(target.split())) for source, target in pairs]
    pieces = list(cut((len(pair.source), len(pair.target)) for pair in pairs))
    return view_of(pairs, pieces, batches_of(pieces), fold)


@pytest.mark.parametrize("backward", [False, True])
def test_model1_posteriors_and_likelihood(backward):
    view = toy_view([("the house", "das haus"), ("the book", "das buch"), ("a book", "ein buch ."), ("a", "ein")])
    table = uniform(view, backward=backward)
    likelihoods = []
    for _ in range(6):
        counts, likelihood = Counts(view, backward=backward), 0.0
        for batch in view.batches:
            near, seen = diagonal(batch, 4.0), emission([table], [batch], backward=backward)
            found = expected_links(seen, near, backward=backward)
            for row, (m, n) in enumerate(zip(batch.source_lengths, batch.target_lengths, strict=True)):
                parts = seen.cells[row, :m, :n], seen.null[row], near[row, :m, :n]
                if backward:
                    linked, own = model1_by_enumeration(parts[0].T, parts[1], parts[2].T)
                    linked = linked.T
                else:
                    linked, own = model1_by_enumeration(*parts)
                np.testing.assert_allclose(found.linked[row, :m, :n], linked, atol=1e-6)
                assert not found.linked[row, m:].any()
                assert not found.linked[row, :, n:].any()
                likelihood += own
            counts.add(batch, *found)
        likelihoods.append(likelihood)
        table = counts.table(0.0, 1.0)
        total = np.bincount(view.cell_target if backward else view.cell_source, weights=table.cells)
        np.testing.assert_allclose(total[:-1], 1.0, atol=1e-5)
    # The first table is no distribution, so the climb starts at the second.
    assert (np.diff(likelihoods[1:]) > -1e-9).all()


def test_variational_table_in_closed_form():
    view = toy_view([("a", "x y")])
    counts = Counts(view, backward=False)
    counts.add(view.batches[0], np.array([[[2.0, 1.0]]]), np.array([[0.0, 1.0]]))
    # digamma(z + 1) = digamma(z) + 1/z, digamma(1) = -0.5772...; prior 1: counts 3 and 2 of a total of 5
    digamma = dict(zip(range(1, 6), np.cumsum([-np.euler_gamma, 1, 1 / 2, 1 / 3, 1 / 4]), strict=True))
    table = counts.table(1.0, 1.0)
    np.testing.assert_allclose(table.cells[:2], np.exp([digamma[3] - digamma[5], digamma[2] - digamma[5]]), rtol=1e-6)
    np.testing.assert_allclose(counts.table(1.0, 0.5).cells[:2], table.cells[:2] ** 0.5, rtol=1e-6)
    np.testing.assert_allclose(counts.table(0.0, 1.0).cells, [2 / 3, 1 / 3, 0.0], rtol=1e-6)


def test_emission_is_the_product_of_the_views():
    view = toy_view([("a b", "x y"), ("a", "x")])
    table = uniform(view, backward=False)
    halved = table._replace(cells=table.cells * np.float32(0.5))
    seen = emission([halved, halved], [view.batches[0], view.batches[0]], backward=False)
    assert isinstance(seen, Emission)
    assert set(np.unique(seen.cells)) <= {0.0, 0.25}


def test_cells_number_pairs_of_types():
    view = toy_view([("a B", "x x"), ("b", "y"), ("a", "x")])
    cells = {}
    for batch in view.batches:
        assert isinstance(batch, Batch)
        for row in range(len(batch.pieces)):
            for i in range(batch.source_lengths[row]):
                for j in range(batch.target_lengths[row]):
                    types = batch.source[row, i], batch.target[row, j]
                    assert cells.setdefault(types, batch.cells[row, i, j]) == batch.cells[row, i, j]
                    assert (view.cell_source[batch.cells[row, i, j]], view.cell_target[batch.cells[row, i, j]]) == types
    assert len(cells) == len(set(cells.values())) == 3  # a-x, b-x, b-y
    assert (view.source_types, view.target_types) == (2, 2)
    assert len(view.cell_source) == 4  # and padding


@pytest.mark.parametrize("lengths", [(1, 1), (30, 40), (3000, 2500), (1, 5000), (5000, 1), (700, 100_000)])
def test_pieces_cover_each_target_word_once_and_stay_small(lengths):
    pieces = list(cut([lengths]))
    assert [word for piece in pieces for word in range(piece.target_start, piece.target_stop)] == list(
        range(lengths[1])
    )
    assert {word for piece in pieces for word in range(piece.source_start, piece.source_stop)} == set(range(lengths[0]))
    assert pieces[0] == Piece(0, 0, pieces[0].source_stop, 0, pieces[0].target_stop)
    for piece in pieces:
        cells = (piece.source_stop - piece.source_start) * (piece.target_stop - piece.target_start)
        assert cells <= 400_000


def test_forms_of_words():
    assert [prefix_of("Straße", length) for length in (0, 2, 5, 9)] == ["strasse", "st", "stras", "strasse"]
    words = ["NATO", "A", "Paris", "eMzantsi", "1999", "walks", ",", "…", "发言人"]
    assert [shape_of(word) for word in words] == ["AA1", "Aa0", "Aa1", "a2", "01", "a1", ",0", "…0", "a1"]
