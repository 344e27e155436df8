from itertools import pairwise, product

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from exonym.data import tag_set  # noqa: E402
from exonym.tag.neural.crf import Crf  # noqa: E402

TAGS = tag_set(["X", "Y"])
LENGTHS = torch.tensor([4, 1, 3])
BEGINS = torch.tensor([True, True, False])


@pytest.fixture
def crf():
    crf = Crf(TAGS).double()
    generator = torch.Generator().manual_seed(3)
    for weight in crf.parameters():
        weight.data = torch.randn(weight.shape, generator=generator, dtype=torch.float64)
    return crf


@pytest.fixture
def emissions():
    return torch.randn(3, 4, len(TAGS), generator=torch.Generator().manual_seed(4), dtype=torch.float64)


def allowed(path, begins):
    tags = [TAGS[tag] for tag in path]
    starts = not begins or not tags[0].startswith("I")
    return starts and all(
        not after.startswith("I") or (before != "O" and before[2:] == after[2:]) for before, after in pairwise(tags)
    )


def scores(crf, emissions, length, begins):
    """The score of every allowed tag sequence of one chain."""
    found = {}
    transitions, starts = crf.transitions.detach().numpy(), crf.starts.detach().numpy()
    for path in product(range(len(TAGS)), repeat=length):
        if allowed(path, begins):
            score = sum(emissions[word, tag] for word, tag in enumerate(path))
            score += sum(transitions[a, b] for a, b in pairwise(path))
            found[path] = float(score + (starts[path[0]] if begins else 0))
    return found


def test_partition_likelihood_and_marginals_by_brute_force(crf, emissions):
    totals = crf.log_partition(emissions, LENGTHS, BEGINS)
    marginals = crf.log_marginals(emissions, LENGTHS, BEGINS).exp()
    for row, (length, begins) in enumerate(zip(LENGTHS.tolist(), BEGINS.tolist(), strict=True)):
        found = scores(crf, emissions[row], length, begins)
        total = np.logaddexp.reduce(list(found.values()))
        assert totals[row].item() == pytest.approx(total)
        expected = np.zeros((length, len(TAGS)))
        for path, score in found.items():
            for word, tag in enumerate(path):
                expected[word, tag] += np.exp(score - total)
        np.testing.assert_allclose(marginals[row, :length].detach().numpy(), expected, atol=1e-10)
        for path in list(found)[:: max(1, len(found) // 7)]:
            tags = torch.zeros(3, 4, dtype=torch.long)
            tags[row, :length] = torch.tensor(path)
            loss = crf.losses(emissions, tags, LENGTHS, BEGINS)[row]
            assert loss.item() == pytest.approx(total - found[path])


def test_forbidden_sequences_have_no_probability(crf, emissions):
    marginals = crf.float().log_marginals(emissions.float() * 50, LENGTHS, BEGINS).exp()
    inside = [column for column, tag in enumerate(TAGS) if tag.startswith("I")]
    assert (marginals[:2, 0, inside] == 0).all()
    assert (marginals[2, 0, inside] > 0).any()
    assert torch.isfinite(marginals).all()


def test_gradients_by_finite_differences(crf, emissions):
    emissions.requires_grad_(True)
    tags = torch.tensor([[1, 2, 0, 3], [0, 0, 0, 0], [2, 0, 1, 0]])
    transitions, starts = crf.transitions.data.clone(), crf.starts.data.clone()

    def losses(emissions, transitions, starts):
        return torch.func.functional_call(
            Methods(crf), {"crf.transitions": transitions, "crf.starts": starts}, (emissions, tags)
        )

    arguments = (emissions, transitions.requires_grad_(True), starts.requires_grad_(True))
    assert torch.autograd.gradcheck(losses, arguments)


class Methods(torch.nn.Module):
    """Likelihood and marginals of one CRF as outputs of one call."""

    def __init__(self, crf):
        super().__init__()
        self.crf = crf

    def forward(self, emissions, tags):
        marginals = self.crf.log_marginals(emissions, LENGTHS, BEGINS).exp()
        inside = torch.arange(4) < LENGTHS[:, None]
        return self.crf.losses(emissions, tags, LENGTHS, BEGINS), marginals[inside]


def test_padding_and_company_change_nothing(crf, emissions):
    changed = emissions.clone()
    changed[1, 1:] = 1e3
    changed[2, 3:] = -1e3
    for function in (crf.log_partition, crf.log_marginals):
        one, other = function(emissions, LENGTHS, BEGINS), function(changed, LENGTHS, BEGINS)
        for row, length in enumerate(LENGTHS.tolist()):
            alone = function(emissions[row : row + 1, :length], LENGTHS[row : row + 1], BEGINS[row : row + 1])[0]
            for found in (one, other):
                part = found[row] if found.ndim == 1 else found[row, :length]
                torch.testing.assert_close(part, alone)
