"""Methods can be planned without running anything."""

from dataclasses import replace

import pytest

from exonym.data import Bitext
from exonym.run.store import NotYet, Store
from exonym.transfer import METHODS, Average, Direct, Gloss, TranslateTest, transfer
from test_sample import whole

NEURAL = ("man_moe", "mtmt", "lexical_injection", "unitrans", "colada", "multi_source")  # need networks or more sources


@pytest.mark.parametrize("kind", [kind for kind in METHODS if kind not in NEURAL])
def test_a_plan_runs_nothing(kind, tmp_path):
    _, toy = whole()
    toy = replace(toy, test_translation=Bitext(toy.test_translation.pairs[: len(toy.test)], "test"))
    kinds = {"average": lambda: Average(teachers=(Direct(), Gloss(), TranslateTest()))}
    options = kinds.get(kind, METHODS[kind].options)()
    told = []
    plan = Store(tmp_path / "store", plan=True, told=lambda name, state: told.append((name, state)))
    try:
        transfer(toy, options, plan)
    except NotYet:
        assert kind == "average"  # it adds up ledgers, and `run.plan` says that the rest follows
    assert told
    assert {state for _, state in told} <= {"run", "shared"}
    assert not (tmp_path / "store").exists()
