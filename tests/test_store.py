from contextlib import contextmanager
from dataclasses import dataclass, fields

import numpy as np
import pytest

from exonym.align import EmbeddingAligner, Lexicon
from exonym.data import Alignment, Corpus, Ledger, Links, Lost, Origin, Sentence, Span
from exonym.errors import ExonymError
from exonym.run.store import Store, address_of, describe
from exonym.tag import HashedEncoder, NeuralOptions, TransformerEncoder
from exonym.transfer import Stage
from exonym.transfer.similarity import SimilarityOptions


def corpus(word="a"):
    probabilities = np.array([[0.25, 0.75], [1, 0]], dtype=np.float32)
    span = Span(0, 1, "PER", 0.5, Origin("7", 0, 1, "exact"))
    first = Sentence((word, "b"), (span,), "1", probabilities=probabilities, lost=(Lost(0, 1, "LOC", "no link"),))
    return Corpus((first, Sentence(("c",), (), "2", probabilities=probabilities[:1])), "c", ("O", "B-PER"))


VALUES = {
    "corpus": corpus(),
    "plain corpus": Corpus((Sentence(("a",), (), "1"),), "plain"),
    "alignment": Alignment((Links.of([(0, 1, 0.3), (2, 0)]), Links.of([]), Links.of([(1, 1)]))),
    "empty alignment": Alignment(()),
    "lexicon": Lexicon.of([("haus", "house", 2.0), ("haus", "home", 1.5)]),
    "ledger": Ledger({"spans lost": 3}),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_every_kind_of_result_comes_back_whole(tmp_path, value):
    stage = Stage("make", 1, lambda: value)
    Store(tmp_path)(stage)
    again = Store(tmp_path)(Stage("make", 1, lambda: pytest.fail("ran again")))
    assert type(again) is type(value)
    assert getattr(again, "fingerprint", again) == getattr(value, "fingerprint", value)
    if isinstance(value, Corpus):
        assert again.sentences == value.sentences
        assert again.tags == value.tags


def test_a_stage_runs_once_and_again_only_when_something_that_matters_changes(tmp_path):
    runs, seen = [], []

    def run(text, times):
        runs.append((text, times))
        return Corpus(tuple(Sentence(("x",), (), str(n)) for n in range(times)))

    store = Store(tmp_path, told=lambda name, state: seen.append(state))
    for _ in range(2):
        store(Stage("s", 1, run), corpus(), 2)
    fresh = Store(tmp_path, told=lambda name, state: seen.append(state))
    fresh(Stage("s", 1, run), corpus(), 2)
    assert seen == ["run", "shared", "found"]
    fresh(Stage("s", 1, run), corpus(), 3)
    fresh(Stage("s", 1, run), corpus("z"), 2)
    fresh(Stage("s", 2, run), corpus(), 2)
    fresh(Stage("t", 1, run), corpus(), 2)
    assert len(runs) == 5


def test_what_was_forgotten_is_found_in_the_folder(tmp_path):
    seen = []
    store = Store(tmp_path, told=lambda name, state: seen.append(state))
    first = store(Stage("s", 1, corpus))
    store.forget()
    again = store(Stage("s", 1, lambda: pytest.fail("ran again")))
    assert seen == ["run", "found"]
    assert again.fingerprint == first.fingerprint


def test_a_stage_that_fails_leaves_nothing(tmp_path):
    def broken():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path)(Stage("s", 1, broken))
    assert list(tmp_path.iterdir()) == []


def test_a_half_written_result_is_not_taken_for_finished(tmp_path):
    stage = Stage("s", 1, lambda: Ledger({"n": 1}))
    (tmp_path / address_of(stage, ())).mkdir()
    assert Store(tmp_path)(stage) == {"n": 1}


@pytest.mark.parametrize("name", ["corpus", "alignment", "lexicon", "ledger"])
def test_a_damaged_result_is_made_again_and_counted(tmp_path, name):
    stage = Stage("s", 1, lambda: VALUES[name])
    Store(tmp_path)(stage)
    folder = tmp_path / address_of(stage, ())
    told = []
    for path in sorted(folder.iterdir()):
        for damage in (b"", path.read_bytes()[: path.stat().st_size // 2], b"[1]", b"\xff\0{"):
            whole = path.read_bytes()
            path.write_bytes(damage)
            store = Store(tmp_path)
            value = store(stage)
            assert getattr(value, "fingerprint", value) == getattr(VALUES[name], "fingerprint", VALUES[name])
            assert store.mended == [folder.name], (path, damage)
            assert path.read_bytes() == whole or path.name == "stage.json"  # its seconds differ
            assert Store(tmp_path, told=lambda name, state: told.append(state))(stage)
    assert set(told) == {"found"}


def test_a_plan_says_what_is_damaged_and_mends_nothing(tmp_path):
    stage = Stage("s", 1, corpus)
    Store(tmp_path)(stage)
    damaged = tmp_path / address_of(stage, ()) / "corpus.jsonl"
    damaged.write_text("{")
    seen = []
    Store(tmp_path, plan=True, told=lambda name, state: seen.append(state))(stage)
    assert seen == ["mended"]
    assert damaged.read_text() == "{"


def test_two_runs_may_share_a_store(tmp_path):
    """The first run finishes a stage while the second carries it out too."""

    def slow():
        Store(tmp_path)(Stage("s", 1, corpus))
        return corpus()

    assert Store(tmp_path)(Stage("s", 1, slow)).fingerprint == corpus().fingerprint
    assert [path.name for path in tmp_path.iterdir()] == [address_of(Stage("s", 1, corpus), ())]


def test_a_run_that_is_overtaken_while_it_writes_uses_what_it_has(tmp_path, monkeypatch):
    @contextmanager
    def overtaken(path):
        Store(tmp_path)(Stage("s", 1, corpus))
        raise OSError("Directory not empty")
        yield

    def slow():
        monkeypatch.setattr("exonym.run.store.whole_folder", lambda path: monkeypatch.undo() or overtaken(path))
        return corpus()

    assert Store(tmp_path)(Stage("s", 1, slow)).fingerprint == corpus().fingerprint


def test_a_full_disk_is_no_shared_store(tmp_path, monkeypatch):
    def full(path):
        raise OSError("No space left on device")

    monkeypatch.setattr("exonym.run.store.whole_folder", full)
    with pytest.raises(OSError, match="No space"):
        Store(tmp_path)(Stage("s", 1, corpus))


def test_a_plan_runs_nothing_and_says_what_would_run(tmp_path):
    seen = []
    first, second = Stage("first", 1, corpus), Stage("second", 1, lambda value: value)
    plan = Store(tmp_path, plan=True, told=lambda name, state: seen.append((name, state)))
    for _ in range(2):
        plan(second, plan(first))
    assert seen == [("first", "run"), ("second", "run"), ("first", "shared"), ("second", "shared")]
    assert list(tmp_path.iterdir()) == []


@dataclass(frozen=True)
class Options:
    size: int = 1
    names: tuple[str, ...] = ("a",)


def test_options_are_described_by_content():
    assert describe(Options()) == describe(Options())
    assert (
        len({describe(each) for each in (Options(), Options(2), Options(names=("a", "b")), Options(names=("b",)))}) == 4
    )
    assert describe(1) != describe("1")
    with pytest.raises(ExonymError, match="no fingerprint"):
        describe(object())


@pytest.mark.parametrize(
    "options",
    [
        lambda path: EmbeddingAligner(model=path),
        lambda path: NeuralOptions(encoder=TransformerEncoder(model=path)),
        lambda path: NeuralOptions(encoder=HashedEncoder(vectors=f"{path}/weights")),
        lambda path: SimilarityOptions(encoder=path),
    ],
)
def test_options_that_name_a_model_are_described_by_what_it_holds(tmp_path, options):
    model, moved = tmp_path / "model", tmp_path / "moved"
    model.mkdir()
    (model / "weights").write_text("a 0.5\n")
    before = describe(options(str(model)))
    (model / "weights").write_text("a 0.25\n")
    changed = describe(options(str(model)))
    model.rename(moved)
    assert before != changed == describe(options(str(moved)))
    with pytest.raises(ExonymError, match="found no such"):
        describe(options(str(model)))


@pytest.mark.parametrize("options", [HashedEncoder(), SimilarityOptions()])
def test_options_that_name_no_model_are_described_by_their_fields_alone(options):
    own = ",".join(f"{item.name}={getattr(options, item.name)!r}" for item in fields(options))
    assert describe(options) == f"{type(options).__name__}({own})"
