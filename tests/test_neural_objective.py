import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from exonym.errors import RecipeError  # noqa: E402
from exonym.tag import Objective  # noqa: E402
from exonym.tag.neural.objective import word_losses  # noqa: E402

Q = torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.float64)
numbers = st.lists(st.floats(-5, 5), min_size=3, max_size=3)


def loss_of(objective, z, targets):
    return word_losses(objective, z.log_softmax(-1), targets).mean()


def test_closed_form_of_mse():
    z = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    loss = loss_of(Objective(kind="mse"), z, Q)
    loss.backward()
    assert loss.item() == pytest.approx(0.0688889, abs=1e-7)
    np.testing.assert_allclose(z.grad[0], [-0.081481, 0.029630, 0.051852], atol=1e-6)


@given(numbers, numbers)
def test_general_gradient_of_mse(z, other):
    z = torch.tensor([z], dtype=torch.float64, requires_grad=True)
    q = torch.tensor([other], dtype=torch.float64).softmax(-1)
    loss_of(Objective(kind="mse"), z, q).backward()
    p = z.detach().softmax(-1)
    expected = 2 / 3 * p * ((p - q) - (p * (p - q)).sum())
    torch.testing.assert_close(z.grad, expected)


@given(numbers, numbers, st.floats(0.5, 4))
def test_kl_against_its_definition(z, other, temperature):
    z, q = torch.tensor([z], dtype=torch.float64), torch.tensor([other], dtype=torch.float64).softmax(-1)
    soft_q = (q ** (1 / temperature)) / (q ** (1 / temperature)).sum()
    soft_p = (z / temperature).softmax(-1)
    expected = temperature**2 * (soft_q * (soft_q / soft_p).log()).sum()
    torch.testing.assert_close(loss_of(Objective(kind="kl", temperature=temperature), z, q), expected)


@pytest.mark.parametrize(
    "objective", [Objective(kind="mse"), Objective(kind="kl"), Objective(kind="kl", temperature=2.0)]
)
@given(z=numbers, shift=st.floats(-3, 3))
def test_nothing_to_learn_from_oneself(objective, z, shift):
    z = torch.tensor([z], dtype=torch.float64, requires_grad=True)
    loss = loss_of(objective, z + shift, z.detach().softmax(-1))
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-12)
    assert z.grad.abs().max().item() < 1e-12
    assert loss_of(objective, z + torch.tensor([0.0, 0.1, 0.0]), z.detach().softmax(-1)).item() > 0


def test_hard_is_cross_entropy():
    z = torch.tensor([[1.0, 0.0, -1.0], [0.0, 0.0, 0.0]])
    tags = torch.tensor([2, 1])
    expected = torch.nn.functional.cross_entropy(z, tags)
    torch.testing.assert_close(loss_of(Objective(), z, tags), expected)


def test_certain_teachers_are_no_trouble():
    z = torch.zeros(1, 3, requires_grad=True)
    one_hot = torch.tensor([[1.0, 0.0, 0.0]])
    for temperature in (1.0, 2.0):
        loss = loss_of(Objective(kind="kl", temperature=temperature), z, one_hot)
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(z.grad).all()
    assert loss_of(Objective(kind="kl"), z, one_hot).item() == pytest.approx(np.log(3))


@pytest.mark.parametrize(
    "wrong", [{"kind": "l1"}, {"kind": "kl", "temperature": 0.0}, {"kind": "mse", "temperature": 2.0}]
)
def test_wrong_objective_is_named(wrong):
    with pytest.raises(RecipeError, match=r"kind|temperature"):
        Objective(**wrong)
