"""The losses, weights and pairs of multiple-task, multiple-teacher learning."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'exonym[neural]'")
pytest.importorskip("accelerate", reason="accelerate is not installed: pip install 'exonym[neural]'")

from exonym.tag.neural.batches import Batch  # noqa: E402
from exonym.tag.neural.entity_similarity import (  # noqa: E402
    LearnFromTeachers,
    LearnTypes,
    agreement,
    partners,
    recogniser_confidence,
    similarity,
    similarity_confidence,
    similarity_losses,
    types_of,
)

LOW, HIGH = 1 / (1 + math.e), math.e / (1 + math.e)  # sigmoid(-1), sigmoid(1)
vectors = st.lists(st.floats(-3, 3), min_size=4, max_size=4).filter(lambda row: sum(x * x for x in row) > 0.1)


def double(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def test_similarity_of_known_vectors():
    east, north = double([1, 0]), double([0, 2])
    assert similarity(east, 3 * east).item() == pytest.approx(HIGH)
    assert similarity(east, -east).item() == pytest.approx(LOW)
    assert similarity(east, north).item() == pytest.approx(0.5)


@given(vectors, vectors, st.floats(0.1, 9))
def test_similarity_is_symmetric_blind_to_length_and_confined(left, right, length):
    left, right = double(left), double(right)
    found = similarity(left, right)
    torch.testing.assert_close(similarity(right, left), found)
    torch.testing.assert_close(similarity(length * left, right), found)
    assert LOW - 1e-9 <= found.item() <= HIGH + 1e-9


def test_similarity_loss_is_cross_entropy():
    left, right = double([1, 0]), double([1, 1])
    s = 1 / (1 + math.exp(-math.sqrt(0.5)))
    for wanted in (0.0, 0.6, 1.0):
        expected = -wanted * math.log(s) - (1 - wanted) * math.log(1 - s)
        assert similarity_losses(left, right, double(wanted)).item() == pytest.approx(expected)


@given(vectors, vectors, st.floats(0, 1))
def test_gradient_of_the_similarity_loss(left, right, wanted):
    left, right = double(left).requires_grad_(), double(right).requires_grad_()
    loss = similarity_losses(left, right, double(wanted)).sum()
    loss.backward()
    for changed in (left, right):
        numeric = torch.zeros_like(changed)
        for place in range(4):
            ends = []
            for step in (1e-5, -1e-5):
                with torch.no_grad():
                    changed[0, place] += step
                    ends.append(similarity_losses(left, right, double(wanted)).sum().item())
                    changed[0, place] -= step
            numeric[0, place] = (ends[0] - ends[1]) / 2e-5
        torch.testing.assert_close(changed.grad, numeric, atol=1e-6, rtol=1e-5)
        assert (changed.grad * changed).sum().item() == pytest.approx(0, abs=1e-9)  # a cosine does not see the length


def test_weights_of_known_teachers():
    torch.testing.assert_close(recogniser_confidence(double([0.7, 0.2, 0.1], [1, 0, 0])), double(0.49, 1))
    torch.testing.assert_close(similarity_confidence(double(0.5, 0.7, 0.9, 0.0)), double(0.5, 0.66, 1, 1))
    assert similarity_confidence(double(HIGH)).item() == pytest.approx(0.71355, abs=1e-5)
    p, q = double([1, 0]), double([0, 1])
    assert agreement(p, p, double(HIGH)).item() == pytest.approx(1)
    assert agreement(p, q, double(0.3)).item() == pytest.approx(0.8)


@given(vectors, vectors, st.floats(LOW, HIGH))
def test_ranges_of_the_weights(left, right, score):
    p, q = double(left).softmax(-1), double(right).softmax(-1)
    assert 1 / 16 - 1e-9 <= recogniser_confidence(p).item() <= 1
    assert 0.5 <= similarity_confidence(double(score)).item() <= 0.7136
    assert 0.5 < agreement(p, q, double(score)).item() <= 1
    torch.testing.assert_close(agreement(p, q, double(score)), agreement(q, p, double(score)))


def test_b_and_i_are_of_one_type():
    assert types_of(("O", "B-LOC", "I-LOC", "B-PER", "I-PER")) == (0, 1, 1, 3, 3)


@given(st.lists(st.integers(0, 4), min_size=2, max_size=30), st.integers(0, 99))
def test_partners_are_others_and_of_a_type_that_there_is(types, seed):
    types = torch.tensor(types)
    alone = types.bincount()[types] == 1
    for balanced in (False, True):
        torch.manual_seed(seed)
        found, weights = partners(types, balanced=balanced)
        assert (found != torch.arange(len(types))).all()
        assert (types[found] != types)[alone].all()
        assert weights.mean().item() == pytest.approx(1)
        torch.manual_seed(seed)
        assert (partners(types, balanced=balanced)[0] == found).all()
    sums = torch.zeros(5).index_add(0, types, weights)
    assert sums[sums > 0].numpy() == pytest.approx(len(types) / len(types.unique()))


def test_partners_are_drawn_evenly():
    torch.manual_seed(1)
    types = torch.tensor([0, 2, 0, 0, 2, 0, 1])
    drawn = torch.stack([partners(types, balanced=True)[0] for _ in range(4000)])
    expected = {
        0: [0, 1 / 8, 1 / 6, 1 / 6, 1 / 8, 1 / 6, 1 / 4],
        1: [1 / 16, 0, 1 / 16, 1 / 16, 1 / 2, 1 / 16, 1 / 4],
        6: [1 / 8, 1 / 4, 1 / 8, 1 / 8, 1 / 4, 1 / 8, 0],  # alone in its type
    }
    for word, shares in expected.items():
        torch.testing.assert_close(drawn[:, word].bincount(minlength=7) / 4000, torch.tensor(shares), atol=0.04, rtol=0)
    anyone = torch.stack([partners(types, balanced=False)[0] for _ in range(4000)])
    torch.testing.assert_close(anyone[:, 2].bincount(minlength=7) / 4000, (torch.arange(7) != 2) / 6, atol=0.04, rtol=0)


def batch(targets, given=None):
    """Two windows, of two words and of one."""
    begins = torch.ones(2, dtype=torch.bool)
    return Batch({}, torch.tensor([2, 1]), begins, targets, torch.ones(2), given)


def test_the_teacher_learns_types_and_no_tags():
    hidden = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [9.0, 9.0]]])
    tags = torch.tensor([[1, 0], [2, 0]])  # B-X, O; I-X: the first and the third word are of one type
    shares, loss = LearnTypes((0, 1, 1))(hidden, batch(tags))
    assert (shares == 0).all()
    # the word alone in its type is paired with another, and counts as much as both others, each paired with any
    alike, apart = -math.log(HIGH), math.log(2)
    possible = {(a / 2 + b / 2 + apart) / 2 for a in (alike, apart) for b in (alike, apart)}
    assert any(loss.item() == pytest.approx(value, abs=1e-5) for value in possible)


Q = torch.tensor([[[0.8, 0.1, 0.1], [0.2, 0.7, 0.1]], [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]])
SEEN = torch.tensor([[[1.0, 0.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]])
HIDDEN = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]])


def two_words(targets, given):
    """One window of two words, and one that has none: padding must not count."""
    begins = torch.ones(2, dtype=torch.bool)
    return Batch({}, torch.tensor([2, 0]), begins, targets, torch.ones(2), given)


def test_the_student_against_the_formula():
    cosine = (0.8 * 0.2 + 0.1 * 0.7 + 0.01) / math.sqrt(0.66 * 0.54)
    s = 1 / (1 + math.exp(-math.sqrt(0.5)))
    gamma = 1 - abs(1 / (1 + math.exp(-cosine)) - s)
    beta = (2 * s - 1) ** 2 + 0.5
    task = LearnFromTeachers((0, 1, 1), share=0.6)
    shares, loss = task(HIDDEN, two_words(Q, SEEN))
    torch.testing.assert_close(shares, torch.tensor([[0.64 * gamma, 0.49 * gamma], [0, 0]]))
    assert loss.item() == pytest.approx(0.6 / 3 * gamma * beta * math.log(2), abs=1e-6)  # the student's cosine is 0
    plain = LearnFromTeachers((0, 1, 1), share=0.6, recogniser=False, similarity=False, agreement=False)
    shares, loss = plain(HIDDEN, two_words(Q, SEEN))
    torch.testing.assert_close(shares, torch.tensor([[1.0, 1.0], [0.0, 0.0]]))
    assert loss.item() == pytest.approx(0.2 * math.log(2), abs=1e-6)


def test_no_gradient_reaches_the_teachers_and_one_word_has_no_pair():
    given, targets, hidden = (x.clone().requires_grad_() for x in (SEEN, Q, HIDDEN))
    _, loss = LearnFromTeachers((0, 1, 1))(hidden, two_words(targets.detach(), given.detach()))
    loss.backward()
    assert given.grad is None
    assert torch.isfinite(hidden.grad).all()
    assert hidden.grad[0].abs().sum() > 0
    alone = Batch({}, torch.tensor([1]), torch.ones(1, dtype=torch.bool), Q[:1, :1], torch.ones(1), SEEN[:1, :1])
    shares, loss = LearnFromTeachers((0, 1, 1))(HIDDEN[:1, :1], alone)
    torch.testing.assert_close(shares, torch.tensor([[0.64]]))
    assert loss.item() == 0
    tags = Batch(
        {}, torch.tensor([1]), torch.ones(1, dtype=torch.bool), torch.zeros(1, 1, dtype=torch.long), torch.ones(1)
    )
    assert LearnTypes((0, 1, 1))(HIDDEN[:1, :1], tags)[1].item() == 0
