import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from exonym.data import Corpus, Sentence  # noqa: E402
from exonym.errors import DataError, RecipeError  # noqa: E402
from exonym.run.shape import checked  # noqa: E402
from exonym.tag import (  # noqa: E402
    HashedEncoder,
    NeuralOptions,
    Objective,
    Tagger,
    TransformerEncoder,
    label,
    load_tagger,
    train_neural,
)
from exonym.tag.neural import training  # noqa: E402
from exonym.tag.neural.batches import Batch  # noqa: E402
from exonym.tag.neural.learning import _items  # noqa: E402
from exonym.tag.neural.training import Learner  # noqa: E402
from test_tag_light import MADE_UP, flip, keys, parse  # noqa: E402

CORPUS = Corpus(tuple(parse(line) for line in MADE_UP.strip().splitlines()), "made up")
SMALL = HashedEncoder(width=32, rows=1024, layers=2, dropout=0.1)
OPTIONS = NeuralOptions(encoder=SMALL, epochs=25, learning_rate=5e-3, batch_tokens=48)
SHORT = replace(OPTIONS, epochs=3)
STILL = replace(SMALL, dropout=0.0, word_dropout=0.0)


@pytest.fixture(scope="module")
def tagger():
    return train_neural(CORPUS, OPTIONS)


@pytest.fixture(scope="module")
def soft(tagger):
    return label(tagger, CORPUS)


@pytest.mark.parametrize("crf", [False, True])
@pytest.mark.parametrize("context", ["convolution", "lstm"])
def test_learns_its_training_sentences(tmp_path, context, crf):
    tagger = train_neural(CORPUS, replace(OPTIONS, crf=crf, encoder=replace(SMALL, context=context)))
    found = label(tagger, CORPUS)
    assert keys(found) == keys(CORPUS)
    assert isinstance(tagger, Tagger)
    assert tagger.tags == ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER")
    for sentence in found:
        assert sentence.probabilities.dtype == np.float32
        np.testing.assert_allclose(sentence.probabilities.sum(axis=1), 1, atol=1e-5)
    tagger.save(tmp_path / "tagger")
    loaded = load_tagger(tmp_path / "tagger")
    assert (loaded.fingerprint, loaded.options, loaded.training) == (
        tagger.fingerprint,
        tagger.options,
        tagger.training,
    )
    for one, other in zip(loaded.predict(CORPUS), tagger.predict(CORPUS), strict=True):
        np.testing.assert_array_equal(one, other)


def test_same_seed_same_bytes_and_no_trace(tagger):
    torch.manual_seed(9)
    before = torch.random.get_rng_state()
    again = train_neural(CORPUS, OPTIONS)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert again.fingerprint == tagger.fingerprint
    for name, weight in again.network.state_dict().items():
        assert torch.equal(weight, tagger.network.state_dict()[name]), name
    assert train_neural(CORPUS, OPTIONS, seed=2).fingerprint != tagger.fingerprint


def test_order_is_kept_and_empty_sentences_are_empty(tagger):
    sentences = [Sentence(()), *CORPUS, Sentence(()), CORPUS[3]]
    found = list(tagger.predict(iter(sentences)))
    assert [len(rows) for rows in found] == [len(sentence) for sentence in sentences]
    assert found[0].shape == (0, 7)
    np.testing.assert_allclose(found[-1], found[4], atol=1e-5)
    for rows, sentence in zip(found, sentences, strict=True):
        if len(sentence):
            np.testing.assert_allclose(rows, next(tagger.predict([sentence])), atol=1e-5)


def test_reads_no_further_ahead_than_it_must(tagger, monkeypatch):
    monkeypatch.setattr("exonym.tag.neural.tagger._BUFFER", 20)
    taken = []
    stream = tagger.predict(taken.append(at) or sentence for at, sentence in enumerate(CORPUS))
    next(stream)
    assert sum(len(CORPUS[at]) for at in taken) < 40
    assert len(list(stream)) == len(CORPUS) - 1


class Stop(Exception):
    pass


def stop_at(step):
    def told(done, total):
        if done == step:
            raise Stop

    return told


@pytest.mark.parametrize("step", [4, 11])
@pytest.mark.parametrize("objective", [Objective(), Objective(kind="mse")])
def test_interrupted_and_resumed_is_trained_through(soft, tmp_path, monkeypatch, objective, step):
    monkeypatch.setattr(training, "_EVERY", 3)
    options = replace(SHORT, crf=True)
    steps = []
    through = train_neural(soft, options, objective=objective, progress=lambda *state: steps.append(state))
    assert steps == [(at, len(steps)) for at in range(1, len(steps) + 1)]
    folder = tmp_path / "work" / "unfinished"
    with pytest.raises(Stop):
        train_neural(soft, options, objective=objective, checkpoint=folder, progress=stop_at(step))
    seen = []
    resumed = train_neural(
        soft, options, objective=objective, checkpoint=folder, progress=lambda done, _: seen.append(done)
    )
    assert seen[0] > 1
    assert seen[-1] == len(steps)
    assert resumed.fingerprint == through.fingerprint
    assert not folder.exists()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"seed": 2}, "seed"),
        ({"options": replace(SHORT, clip=2.0)}, "options"),
        ({"weights": np.full(20, 2.0)}, "weights"),
        ({"corpus": replace(CORPUS, sentences=CORPUS.sentences[:-1])}, "corpus"),
        ({"objective": Objective(kind="kl")}, "objective"),
    ],
)
def test_checkpoint_of_another_training_is_refused(soft, tmp_path, change, name):
    arguments = {"corpus": soft, "options": SHORT}
    with pytest.raises(Stop):
        train_neural(**arguments, checkpoint=tmp_path / "work", progress=stop_at(12))
    with pytest.raises(DataError, match=f"another training, with another .*{name}"):
        train_neural(**(arguments | change), checkpoint=tmp_path / "work")


def test_other_folders_and_damaged_checkpoints_are_refused(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    with pytest.raises(DataError, match="no checkpoint"):
        train_neural(CORPUS, SHORT, checkpoint=tmp_path / "thesis")
    with pytest.raises(Stop):
        train_neural(CORPUS, SHORT, checkpoint=tmp_path / "work", progress=stop_at(12))
    (tmp_path / "work" / "state.safetensors").write_bytes(b"no tensors")
    with pytest.raises(DataError, match="damaged"):
        train_neural(CORPUS, SHORT, checkpoint=tmp_path / "work")


def learner_and_items(tagger, corpus, objective, weights=None):
    weights = np.ones(len(corpus)) if weights is None else weights
    items = _items(corpus, tagger.tags, objective, weights, tagger.network, tagger.ledger)
    return Learner(tagger.network, objective).eval(), items


@pytest.mark.parametrize("objective", [Objective(kind="mse"), Objective(kind="kl"), Objective()])
@pytest.mark.parametrize("crf", [False, True])
def test_loss_does_not_depend_on_company(soft, objective, crf):
    tagger = train_neural(CORPUS, replace(SHORT, crf=crf))
    learner, items = learner_and_items(tagger, soft, objective, np.arange(1.0, 21.0))
    encoder, cpu = tagger.network.encoder, torch.device("cpu")
    together = learner(Batch.of(items, encoder, cpu))
    apart = sum(learner(Batch.of([item], encoder, cpu)) for item in items)
    torch.testing.assert_close(together, apart)


def test_nothing_to_learn_from_oneself(tagger, soft):
    for kind in ("mse", "kl"):
        learner, items = learner_and_items(tagger, soft, Objective(kind=kind))
        loss = learner(Batch.of(items, tagger.network.encoder, torch.device("cpu")))
        assert abs(loss.item()) < 1e-4 if kind == "kl" else 0 <= loss.item() < 1e-9


@pytest.mark.parametrize("objective", [Objective(kind="mse"), Objective(kind="kl", temperature=2.0)])
@pytest.mark.parametrize("crf", [False, True])
def test_student_learns_what_the_teacher_says(soft, objective, crf):
    student = train_neural(soft, replace(OPTIONS, epochs=40, crf=crf), objective=objective, seed=7)
    assert keys(label(student, CORPUS)) == keys(soft)
    assert student.tags == soft.tags
    assert student.training["objective"]["kind"] == objective.kind


def test_weights_are_repetition():
    """A sentence of weight 2 counts as two; one of weight 0 not at all."""
    options = replace(SHORT, batch_tokens=10_000)
    weights = np.array([2.0] * 5 + [1.0] * 10 + [0.0] * 5)
    weighted = train_neural(CORPUS, options, weights=weights)
    half = train_neural(CORPUS, options, weights=weights / 2)
    assert weighted.training["ledger"] == {"sentences of weight 0": 5}
    torch.testing.assert_close(weighted.network.encoder.head.weight, half.network.encoder.head.weight)
    tagger = train_neural(CORPUS, options)
    objective = Objective()
    learner, items = learner_and_items(tagger, CORPUS, objective, weights)
    assert len(items) == 15
    repeated = Corpus((*CORPUS.sentences[:15], *CORPUS.sentences[:5]))
    _, plain = learner_and_items(tagger, repeated, objective)
    encoder, cpu = tagger.network.encoder, torch.device("cpu")
    torch.testing.assert_close(learner(Batch.of(items, encoder, cpu)), learner(Batch.of(plain, encoder, cpu)))


def test_accumulation_is_a_larger_batch():
    """Without dropout, four batches in a step give the weights of a step on all of them at once."""
    base = replace(OPTIONS, encoder=STILL, epochs=1, warmup=0.0)
    at_once = train_neural(CORPUS, replace(base, batch_tokens=10_000))
    apart = train_neural(CORPUS, replace(base, batch_tokens=48, accumulate=100))
    torch.testing.assert_close(at_once.network.state_dict(), apart.network.state_dict(), atol=1e-4, rtol=1e-3)


def test_going_on_from_a_tagger(tagger, soft):
    more = train_neural(CORPUS, SHORT, start=tagger)
    assert more.fingerprint != tagger.fingerprint
    assert more.training["start"] == tagger.fingerprint
    few = Corpus((parse("[PER Amina Bello] slept ."),), "few")
    assert train_neural(few, SHORT, start=tagger).tags == tagger.tags
    with pytest.raises(DataError, match="the types WORK"):
        train_neural(Corpus((parse("[WORK Hamlet] opens ."),)), SHORT, start=tagger)
    other = replace(soft, tags=soft.tags[::-1])
    with pytest.raises(DataError, match="in this order"):
        train_neural(other, SHORT, start=tagger, objective=Objective(kind="mse"))


def test_nothing_to_learn_from():
    with pytest.raises(DataError, match="made up: found no labelled span"):
        train_neural(CORPUS.unlabelled(), SHORT)
    with pytest.raises(DataError, match="found no sentence"):
        train_neural(Corpus((), "empty"), SHORT)
    with pytest.raises(DataError, match="no tags"):
        train_neural(CORPUS, SHORT, objective=Objective(kind="mse"))
    with pytest.raises(DataError, match="20 of 20 sentences without probabilities"):
        train_neural(replace(CORPUS, tags=("O", "B-X", "I-X")), SHORT, objective=Objective(kind="mse"))
    with pytest.raises(DataError, match="weights of shape"):
        train_neural(CORPUS, SHORT, weights=[1.0])
    with pytest.raises(DataError, match="a weight above 0"):
        train_neural(CORPUS, SHORT, weights=np.zeros(20))
    with pytest.raises(RecipeError, match="seed"):
        train_neural(CORPUS, SHORT, seed=-1)


def test_empty_sentences_are_counted():
    trained = train_neural(Corpus((*CORPUS, Sentence(()))), SHORT)
    assert trained.training["ledger"] == {"sentences without words": 1}


def test_strange_words_are_words(tagger):
    words = ("a:b", "\x00", "\ud800", "\u200d", "́", "北京", "x" * 10_000, "")
    (rows,) = tagger.predict([Sentence(words)])
    assert rows.shape == (8, 7)
    assert np.isfinite(rows).all()


def test_bfloat16(tagger):
    low = train_neural(CORPUS, replace(OPTIONS, precision="bfloat16"))
    assert keys(label(low, CORPUS)) == keys(CORPUS)
    assert low.network.encoder.table.dtype == torch.float32
    assert replace(tagger, options=replace(tagger.options, precision="bfloat16")).fingerprint != tagger.fingerprint


def test_8_bits_are_for_tagging(tagger):
    low = train_neural(CORPUS, replace(OPTIONS, precision="int8"))
    assert keys(label(low, CORPUS)) == keys(CORPUS)
    assert low.network.encoder.table.dtype == torch.float32  # what is trained, and saved, is whole
    exact = replace(low, options=replace(low.options, precision="float32"))
    both = [np.concatenate(list(each.predict(CORPUS))) for each in (low, exact)]
    assert not np.array_equal(*both)
    np.testing.assert_allclose(*both, atol=0.1)
    assert low.fingerprint != exact.fingerprint


def test_tagger_can_be_handed_to_another_process(tagger):
    list(tagger.predict(CORPUS))
    assert keys(label(pickle.loads(pickle.dumps(tagger)), CORPUS)) == keys(CORPUS)


def test_static_vectors(tmp_path):
    path = tmp_path / "words.vec"
    lines = [f"{word} {at % 7} {-at} 0.5" for at, word in enumerate(sorted({w for s in CORPUS for w in s.words})[:40])]
    path.write_text("\n".join([f"{len(lines) + 1} 3", *lines, lines[0]]) + "\n")
    options = replace(OPTIONS, encoder=replace(SMALL, vectors=str(path)))
    tagger = train_neural(CORPUS, options)
    counts = tagger.training["ledger"]
    assert counts["static vectors read"] == 40
    assert counts["static vectors of a word that had one"] == 1
    assert counts["words without a static vector"] > 0
    tagger.save(tmp_path / "tagger")
    path.unlink()
    loaded = load_tagger(tmp_path / "tagger")
    assert loaded.fingerprint == tagger.fingerprint
    assert str(tmp_path) not in (tmp_path / "tagger" / "tagger.json").read_text()
    assert keys(label(loaded, CORPUS)) == keys(label(tagger, CORPUS))
    path.write_text("a 1 2\nb 1\nc 1 x\nd 1 nan\n")
    with pytest.raises(DataError, match=r"words\.vec:2.*\n.*:3.*\n.*:4"):
        train_neural(CORPUS, options)
    path.unlink()
    with pytest.raises(DataError, match="no word vectors"):
        train_neural(CORPUS, options)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda folder: flip(folder / "model.safetensors"), "damaged"),
        (lambda folder: (folder / "model.safetensors").unlink(), "no such file"),
        (lambda folder: (folder / "tagger.json").unlink(), "no tagger"),
        (lambda folder: edit(folder, options={"speed": 3}), "does not fit"),
        (lambda folder: edit(folder, tags=["O"]), "does not fit"),
        (lambda folder: edit(folder, tags=None), "does not fit"),
        (lambda folder: edit(folder, model=None), "no list of files"),
    ],
)
def test_harmed_folder_is_named(tagger, tmp_path, harm, message):
    folder = tmp_path / "tagger"
    tagger.save(folder)
    harm(folder)
    with pytest.raises(DataError, match=message) as caught:
        load_tagger(folder)
    assert str(folder) in str(caught.value)


def edit(folder, **changes):
    path = folder / "tagger.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_card_says_what_it_was_trained_on(tagger, tmp_path):
    tagger.save(tmp_path / "tagger")
    card = (tmp_path / "tagger" / "README.md").read_text()
    for part in ("LOC, ORG, PER", "made up (20 sentences", CORPUS.fingerprint, "LOC 13", "epochs: 25", "load_tagger"):
        assert part in card


@pytest.mark.parametrize("encoder", [{"kind": "hashed", "layers": 1}, {"kind": "transformer", "model": "folder"}])
def test_options_from_a_recipe(encoder):
    row = {"kind": "neural", "encoder": encoder, "epochs": 4, "precision": "bfloat16"}
    found = TypeAdapter(NeuralOptions).validate_json(json.dumps(row), strict=True)
    kind = {"hashed": HashedEncoder, "transformer": TransformerEncoder}[encoder["kind"]]
    assert found == NeuralOptions(encoder=kind(**encoder), epochs=4, precision="bfloat16")
    assert found.resolved().learning_rate == (2e-3 if encoder["kind"] == "hashed" else 5e-5)
    assert found.resolved().epochs == 4


@pytest.mark.parametrize(
    ("encoder", "fault"),
    [
        ({"kind": "hashed", "width": "wide"}, "found 'wide' for encoder.width; expected a whole number."),
        ({"kind": "hashed", "width": 0}, "encoder: hashed encoder: found width = 0; expected a number >= 1"),
        ({"kind": "transformer"}, "found no encoder.model; expected this key, which has no default."),
        ({"kind": "hash"}, "found the unknown kind 'hash' for encoder. Did you mean 'hashed'?"),
    ],
)
def test_faults_of_an_encoder_in_a_recipe(encoder, fault):
    assert checked({"kind": "neural", "encoder": encoder}, NeuralOptions)[1] == [fault]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        *((NeuralOptions, {name: 0}) for name in ("epochs", "learning_rate", "batch_tokens", "accumulate", "clip")),
        (NeuralOptions, {"weight_decay": -1.0}),
        (NeuralOptions, {"warmup": 1.0}),
        (NeuralOptions, {"precision": "int4"}),
        (HashedEncoder, {"width": 0}),
        (HashedEncoder, {"rows": 1}),
        (HashedEncoder, {"context": "attention"}),
        (HashedEncoder, {"dropout": 1.0}),
        (HashedEncoder, {"word_dropout": float("nan")}),
        (TransformerEncoder, {"model": ""}),
        (TransformerEncoder, {"model": "m", "subwords": "last"}),
        (TransformerEncoder, {"model": "m", "frozen_layers": -1}),
        (TransformerEncoder, {"model": "m", "max_length": 4}),
    ],
)
def test_wrong_options_are_named(kind, wrong):
    with pytest.raises(RecipeError, match=list(wrong)[-1]):
        kind(**wrong)


TWO_PROCESSES = """
import os, sys
import torch
sys.path.insert(0, {tests!r})
from dataclasses import replace
from test_neural_training import CORPUS, SHORT, STILL
from exonym.tag import train_neural
options = replace(SHORT, encoder=STILL, epochs=1, crf=True)
open(os.environ["RANK"], "w").write(train_neural(CORPUS, options).fingerprint)
torch.distributed.barrier()  # neither leaves while the other still talks to it
torch.distributed.destroy_process_group()
"""


def test_two_devices_are_accumulation(tmp_path):
    """Two processes that share the batches of a step end with the weights of one that takes twice as many."""
    script = tmp_path / "train.py"
    script.write_text(TWO_PROCESSES.format(tests=str(Path(__file__).parent)))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the two have: the order of sums depends on it
    try:
        alone = train_neural(CORPUS, replace(SHORT, encoder=STILL, epochs=1, crf=True, accumulate=2))
    finally:
        torch.set_num_threads(threads)
    assert [(tmp_path / rank).read_text() for rank in "01"] == [alone.fingerprint] * 2
