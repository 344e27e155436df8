import random
import shutil
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")
pytest.importorskip("transformers", reason="the extra `neural` is not installed")

from exonym.data import Corpus, Ledger, Sentence, spans_of, tags_of  # noqa: E402
from exonym.errors import DataError, RecipeError  # noqa: E402
from exonym.tag import NeuralOptions, TransformerEncoder, label, load_checkpoint, load_tagger, train_neural  # noqa: E402
from test_tag_light import MADE_UP, keys, parse  # noqa: E402
from tiny_models import KINDS, make_model, roberta_tokenizer  # noqa: E402

CORPUS = Corpus(tuple(parse(line) for line in MADE_UP.strip().splitlines()), "made up")
TEXT = [" ".join(sentence.words) for sentence in CORPUS]


@pytest.fixture(scope="module", autouse=True)
def offline():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    home = tmp_path_factory.mktemp("bases")
    return {kind: make_model(home / kind, kind, TEXT) for kind in KINDS}


def options(base, epochs=2, crf=False, **encoder):
    return NeuralOptions(
        encoder=TransformerEncoder(model=str(base), **encoder),
        epochs=epochs,
        learning_rate=3e-3,
        batch_tokens=128,
        crf=crf,
    )


@pytest.fixture(scope="module")
def taggers(bases):
    return {kind: train_neural(CORPUS, options(base)) for kind, base in bases.items()}


def logits_of(folder, words):
    """What Transformers itself says of the first subword of each word."""
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    model = AutoModelForTokenClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoded = tokenizer([list(words)], is_split_into_words=True, return_tensors="pt")
    owners = encoded.word_ids(0)
    with torch.inference_mode():
        found = model(input_ids=encoded.input_ids, attention_mask=encoded.attention_mask).logits[0]
    return found[[owners.index(word) for word in range(len(words))]], model.config


@pytest.mark.parametrize("kind", KINDS)
def test_saved_folder_is_one_of_transformers(taggers, tmp_path, kind):
    tagger = taggers[kind]
    tagger.save(tmp_path / "tagger")
    for sentence in CORPUS.sentences[:4]:
        logits, config = logits_of(tmp_path / "tagger", sentence.words)
        assert tuple(config.id2label.values()) == tagger.tags
        (own,) = tagger.predict([sentence])
        np.testing.assert_allclose(own, logits.softmax(-1).numpy(), atol=1e-5)
    loaded = load_tagger(tmp_path / "tagger")
    assert loaded.fingerprint == tagger.fingerprint
    for ours, theirs in zip(loaded.predict(CORPUS), tagger.predict(CORPUS), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not any(str(tmp_path.parent) in path.read_text() for path in (tmp_path / "tagger").glob("*.[jm][sd]*"))


@pytest.mark.parametrize("kind", KINDS)
def test_long_sentence_is_read_whole(taggers, kind):
    words = [word for sentence in CORPUS for word in sentence.words]
    long = Sentence(tuple(random.Random(0).choices(words, k=2000)))
    (probabilities,) = taggers[kind].predict([long])
    assert probabilities.shape == (2000, 7)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(("subwords", "crf"), [("first", False), ("all", True)])
def test_learns_its_training_sentences(bases, tmp_path, subwords, crf):
    tagger = train_neural(CORPUS, options(bases["xlmr"], 40, crf, subwords=subwords))
    assert keys(label(tagger, CORPUS)) == keys(CORPUS)
    tagger.save(tmp_path / "tagger")
    loaded = load_tagger(tmp_path / "tagger")
    assert loaded.fingerprint == tagger.fingerprint
    assert keys(label(loaded, CORPUS)) == keys(CORPUS)


def test_windows_agree_with_brute_force(taggers):
    """Each word of a long sentence is what the model says in the window in which it stands furthest from an edge."""
    encoder = taggers["xlmr"].network.encoder
    words = tuple(word for sentence in CORPUS for word in sentence.words)
    windows = encoder.windows([words], Ledger())
    assert len(windows) > 3
    assert [at for window in windows for at in range(window.start, window.stop)] == list(range(len(words)))
    assert all(window.size <= 64 for window in windows)
    (whole,) = taggers["xlmr"].predict([Sentence(words)])
    for window in windows:
        logits = encoder.model(input_ids=torch.from_numpy(window.content.ids)[None]).logits[0]
        rows = logits[window.content.bounds[:-1]].softmax(-1).detach().numpy()
        np.testing.assert_allclose(whole[window.start : window.stop], rows, atol=1e-5)


def test_padding_and_company_change_nothing(taggers):
    alone = [next(taggers["deberta"].predict([sentence])) for sentence in CORPUS]
    for one, other in zip(alone, taggers["deberta"].predict(CORPUS), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_8_bits_change_little(taggers, kind):
    exact = taggers[kind]
    low = replace(exact, options=replace(exact.options, precision="int8"))
    one, two = (
        [next(iter(each.predict([Sentence(tuple(text.split()))]))) for text in TEXT[:4]] for each in (exact, low)
    )
    for rows, others in zip(one, two, strict=True):
        np.testing.assert_allclose(rows, others, atol=0.1)
    assert not all(map(np.array_equal, one, two))


def test_mean_over_subwords(bases):
    tagger = train_neural(CORPUS, options(bases["xlmr"], 1, subwords="all"))
    encoder = tagger.network.encoder
    (window,) = encoder.windows([CORPUS[0].words], Ledger())
    logits = encoder.model(input_ids=torch.from_numpy(window.content.ids)[None]).logits[0]
    bounds = window.content.bounds
    means = [logits[start:stop].mean(0) for start, stop in pairwise(bounds)]
    (own,) = tagger.predict([CORPUS[0]])
    np.testing.assert_allclose(own, torch.stack(means).softmax(-1).detach().numpy(), atol=1e-5)


def test_what_the_tokeniser_takes_is_counted(bases):
    tagger = train_neural(CORPUS, options(bases["bert"], 1))
    empty, long = Sentence(("In", "\u200b", "Kano", "\ud800", ".")), Sentence(("In", "Ka" * 400, "."))
    (probabilities,) = tagger.predict([empty])
    assert len(probabilities) == 5
    assert tagger.ledger == {"words without a subword, read as unknown": 1}
    trained = train_neural(Corpus((*CORPUS, long)), options(bases["xlmr"], 1))
    assert trained.training["ledger"]["words longer than a window, cut"] == 1
    (probabilities,) = trained.predict([long])
    assert len(probabilities) == 3
    assert trained.ledger == {"words longer than a window, cut": 1}


@pytest.mark.parametrize("kind", ["RobertaTokenizer", "PreTrainedTokenizerFast"])
def test_words_of_bytes_are_read_as_in_running_text(bases, tmp_path, kind):
    """A byte-level tokeniser sets words after a space apart; a given word must be such a one, however it is saved."""
    import transformers

    folder = shutil.copytree(bases["roberta"], tmp_path / "base")
    roberta_tokenizer(TEXT, getattr(transformers, kind)).save_pretrained(folder)
    tagger = train_neural(CORPUS, options(folder, 1))
    tagger.save(tmp_path / "tagger")
    plain = transformers.AutoTokenizer.from_pretrained(folder)
    for words in (CORPUS[0].words, ("In", "\u200b", "Łódź", ".")):
        running = plain(" " + " ".join(words)).input_ids
        (window,) = tagger.network.encoder.windows([words], tagger.ledger)
        assert window.content.ids.tolist() == running
        saved = transformers.AutoTokenizer.from_pretrained(tmp_path / "tagger")
        assert saved(list(words), is_split_into_words=True).input_ids == running
        (window,) = load_tagger(tmp_path / "tagger").network.encoder.windows([words], tagger.ledger)
        assert window.content.ids.tolist() == running
    assert not tagger.ledger


def test_frozen_layers_stay(bases):
    from transformers import AutoModelForTokenClassification

    tagger = train_neural(CORPUS, options(bases["bert"], 1, frozen_layers=2))
    before = AutoModelForTokenClassification.from_pretrained(bases["bert"]).state_dict()
    changed = {
        name
        for name, weight in tagger.network.encoder.model.state_dict().items()
        if not torch.equal(weight, before[name])
    }
    assert all(name.startswith(("bert.encoder.layer.2", "classifier")) for name in changed)
    assert any(name.startswith("bert.encoder.layer.2") for name in changed)
    with pytest.raises(RecipeError, match="frozen_layers = 9"):
        train_neural(CORPUS, options(bases["bert"], 1, frozen_layers=9))


def test_dropout_and_length_of_the_model(bases):
    tagger = train_neural(CORPUS, options(bases["xlmr"], 1, dropout=0.25, max_length=16))
    assert tagger.network.encoder.model.config.hidden_dropout_prob == 0.25
    assert max(window.size for window in tagger.network.encoder.windows([s.words for s in CORPUS], Ledger())) <= 16
    with pytest.raises(RecipeError, match="max_length = 65"):
        train_neural(CORPUS, options(bases["xlmr"], 1, max_length=65))


def test_going_on_from_a_tagger(taggers, tmp_path):
    start = taggers["xlmr"]
    more = train_neural(CORPUS, options("elsewhere", 1, frozen_layers=1), start=start)
    assert more.tags == start.tags
    assert more.fingerprint != start.fingerprint
    assert more.training["start"] == start.fingerprint
    start.save(tmp_path / "start")
    again = train_neural(CORPUS, options("elsewhere", 1, frozen_layers=1), start=load_tagger(tmp_path / "start"))
    assert again.fingerprint == more.fingerprint


@pytest.mark.parametrize(("model", "message"), [("nowhere/at-all", "local cache"), ("/nowhere", "hub = true")])
def test_missing_model_is_named(model, message):
    with pytest.raises(DataError, match=message) as caught:
        train_neural(CORPUS, options(model))
    assert model in str(caught.value)


def test_damaged_models_are_named(bases, tmp_path, taggers):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"cannot be opened.*config\.json"):
        train_neural(CORPUS, options(tmp_path / "empty"))
    folder = make_model(tmp_path / "pickled", "bert", TEXT)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(DataError, match="safetensors"):
        train_neural(CORPUS, options(folder))
    taggers["bert"].save(tmp_path / "tagger")
    (tmp_path / "tagger" / "tokenizer.json").write_text("{}")
    with pytest.raises(DataError, match=r"tokenizer\.json.*damaged"):
        load_tagger(tmp_path / "tagger")


def test_encoder_of_another_architecture_is_refused(bases, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = make_model(tmp_path / "half", "bert", TEXT)
    weights = load_file(folder / "model.safetensors")
    save_file(
        {name: weight for name, weight in weights.items() if "layer.1." not in name}, folder / "model.safetensors"
    )
    with pytest.raises(DataError, match=r"no weights for bert\.encoder\.layer\.1"):
        train_neural(CORPUS, options(folder))


def relabelled(tagger, folder, labels):
    """Save a tagger as a checkpoint of another house, its columns named otherwise."""
    from transformers import AutoConfig

    tagger.save(folder)
    (folder / "tagger.json").unlink()
    config = AutoConfig.from_pretrained(folder)
    config.id2label = dict(enumerate(labels))
    config.label2id = {name: place for place, name in enumerate(labels)}
    config.save_pretrained(folder)
    return Path(folder)


def columns_of(tagger, checkpoint):
    (ours,), (theirs,) = checkpoint.predict([CORPUS[0]]), tagger.predict([CORPUS[0]])
    return ours, theirs


def test_checkpoint_with_labels_in_another_order(taggers, tmp_path):
    labels = ("B-X", "I-Y", "O", "I-X", "B-Y", "B-Z", "I-Z")
    tagger = taggers["xlmr"]
    found = load_checkpoint(relabelled(tagger, tmp_path / "other", labels))
    assert found.tags == ("O", "B-X", "I-X", "B-Y", "I-Y", "B-Z", "I-Z")
    ours, theirs = columns_of(tagger, found)
    np.testing.assert_allclose(ours, theirs[:, [labels.index(tag) for tag in found.tags]], atol=1e-6)
    found.save(tmp_path / "saved")
    loaded = load_tagger(tmp_path / "saved")
    assert loaded.fingerprint == found.fingerprint
    np.testing.assert_array_equal(next(loaded.predict([CORPUS[0]])), ours)
    corpus = Corpus(tuple(parse("[X Kano] and [Y Lagos]") for _ in range(4)))
    more = train_neural(
        corpus, NeuralOptions(encoder=found.options.encoder, epochs=30, learning_rate=3e-3), start=found
    )
    assert keys(label(more, corpus)) == keys(corpus)


def test_checkpoint_of_bioes_is_merged(taggers, tmp_path):
    labels = ("O", "B-X", "I-X", "E-X", "S-X", "B-Y", "I-Y")
    found = load_checkpoint(relabelled(taggers["xlmr"], tmp_path / "other", labels))
    assert found.tags == ("O", "B-X", "I-X", "B-Y", "I-Y")
    ours, theirs = columns_of(taggers["xlmr"], found)
    merged = [theirs[:, 0], theirs[:, 1] + theirs[:, 4], theirs[:, 2] + theirs[:, 3], theirs[:, 5], theirs[:, 6]]
    np.testing.assert_allclose(ours, np.stack(merged, 1), atol=1e-6)


def test_checkpoint_of_iob1_is_turned(taggers, tmp_path):
    """Against the sum over all sequences of IOB1 tags of a short sentence, each read as IOB2."""
    labels = ("O", "I-X", "B-X", "I-Y", "I-Z", "I-W", "I-V")
    found = load_checkpoint(relabelled(taggers["xlmr"], tmp_path / "other", labels))
    assert not found.iob2
    short = Sentence(("Amina", "flew", "."))
    (ours,), (theirs,) = found.predict([short]), taggers["xlmr"].predict([short])
    expected = np.zeros_like(ours)
    for path in product(range(7), repeat=3):
        tags = tags_of(3, spans_of([labels[at] for at in path], "iob1")[0])
        for word, tag in enumerate(tags):
            expected[word, found.tags.index(tag)] += np.prod([theirs[w, at] for w, at in enumerate(path)])
    np.testing.assert_allclose(ours, expected, atol=1e-6)
    found.save(tmp_path / "saved")
    np.testing.assert_array_equal(next(load_tagger(tmp_path / "saved").predict([short])), ours)
    with pytest.raises(DataError, match="IOB1"):
        train_neural(CORPUS, start=found)


@pytest.mark.parametrize(
    "labels", [[f"LABEL_{place}" for place in range(7)], ["O", "PER", "LOC", "ORG", "B-X", "I-X", "X"], ["B-X"] * 7]
)
def test_checkpoint_without_types_is_refused(taggers, tmp_path, labels):
    with pytest.raises(DataError, match="id2label"):
        load_checkpoint(relabelled(taggers["xlmr"], tmp_path / "other", labels))
