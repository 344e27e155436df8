"""Letter case for encoders that lower-case their text."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")
pytest.importorskip("transformers", reason="the extra `neural` is not installed")

from typer.testing import CliRunner  # noqa: E402

from exonym.cli import app  # noqa: E402
from exonym.data import Corpus, Ledger, Sentence  # noqa: E402
from exonym.errors import DataError, RecipeError  # noqa: E402
from exonym.formats import write_corpus  # noqa: E402
from exonym.tag import NeuralOptions, TransformerEncoder, label, load_tagger, train_neural  # noqa: E402
from exonym.tag.neural.build import build  # noqa: E402
from exonym.tag.neural.case import CASES, case_of  # noqa: E402
from exonym.tag.neural.tagger import NeuralTagger  # noqa: E402
from test_tag_light import MADE_UP, keys, parse  # noqa: E402
from tiny_models import KINDS, make_model  # noqa: E402

CORPUS = Corpus(tuple(parse(line) for line in MADE_UP.strip().splitlines()), "made up")
TAGS = ("O", "B-X", "I-X")
# What is a name is seen from its case alone.
BY_CASE = Corpus(
    tuple(
        parse(line) for line in ("a [X Rose] is red", "a rose is red", "[X Rose] is a rose", "red is a [X Rose]") * 3
    ),
    "by case",
)


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    home = tmp_path_factory.mktemp("bases")
    text = [" ".join(sentence.words) for sentence in CORPUS]
    made = {kind: make_model(home / kind, kind, text) for kind in KINDS}
    return made | {"uncased": make_model(home / "uncased", "bert", text, lowercase=True)}


def options(base, case, epochs=2, crf=False, **encoder):
    return NeuralOptions(
        encoder=TransformerEncoder(model=str(base), case=case, **encoder),
        epochs=epochs,
        learning_rate=3e-3,
        head_learning_rate=3e-2,
        batch_tokens=128,
        crf=crf,
    )


def fresh(base, case, **encoder):
    """A tagger that has learnt nothing yet."""
    torch.manual_seed(3)
    chosen = options(base, case, **encoder)
    return NeuralTagger(TAGS, build(chosen, TAGS, Ledger()).eval(), chosen)


@pytest.fixture(scope="module")
def tagger(bases):
    return train_neural(BY_CASE, options(bases["uncased"], True, 25))


@pytest.mark.parametrize(
    ("word", "case"),
    [
        ("rose", "lower"),
        ("o'clock", "lower"),
        ("Rose", "capital"),
        ("A", "capital"),
        ("McCoy", "capital"),
        ("Jean-Luc", "capital"),
        ("'Rose", "capital"),
        ("A\u0301da", "capital"),
        ("ǅungla", "capital"),
        ("UNO", "capitals"),
        ("A.B.", "capitals"),
        ("eThekwini", "mixed"),
        ("1990s", "digit"),
        ("F-16", "digit"),
        ("٣", "digit"),
        (".", "other"),
        ("東京", "other"),
        ("\ud800", "other"),
        ("", "other"),
    ],
)
def test_case_of_a_word(word, case):
    assert CASES[case_of(word)] == case


@given(st.text(max_size=8))
def test_case_does_not_depend_on_the_form_of_unicode(word):
    assert case_of(unicodedata.normalize("NFD", word)) == case_of(unicodedata.normalize("NFC", word))
    assert CASES[case_of(word)] != "special"


@pytest.mark.parametrize("kind", [*KINDS, "uncased"])
def test_it_begins_as_the_pretrained_function(bases, kind):
    for theirs, ours in zip(
        fresh(bases[kind], False).predict(CORPUS), fresh(bases[kind], True).predict(CORPUS), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_only_with_it_an_uncased_encoder_tells_case(bases, tagger):
    small, capital = Sentence(("a", "rose", "is", "red")), Sentence(("a", "Rose", "is", "red"))
    blind = train_neural(BY_CASE, options(bases["uncased"], False))
    np.testing.assert_allclose(*blind.predict([small, capital]), atol=1e-6)
    assert keys(label(tagger, BY_CASE)) == keys(BY_CASE)


@pytest.mark.parametrize("crf", [False, True])
def test_saved_and_loaded_bit_by_bit(bases, tmp_path, crf):
    tagger = train_neural(BY_CASE, options(bases["uncased"], True, crf=crf))
    tagger.save(tmp_path / "tagger")
    loaded = load_tagger(tmp_path / "tagger")
    assert loaded.fingerprint == tagger.fingerprint
    for ours, theirs in zip(loaded.predict(BY_CASE), tagger.predict(BY_CASE), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    card = (tmp_path / "tagger" / "README.md").read_text()
    assert "without the embedding of letter case" in card or "and the embedding of letter case" in card
    assert "AutoTokenizer" not in card
    (tmp_path / "tagger" / "case.safetensors").unlink()
    with pytest.raises(DataError, match=r"case\.safetensors"):
        load_tagger(tmp_path / "tagger")


def test_windows_know_the_case_of_their_words(bases, tagger):
    """Each word of a long sentence is what the model says in its window, with the case of each subword by hand."""
    encoder = tagger.network.encoder
    words = tuple(word for _ in range(4) for sentence in CORPUS for word in sentence.words)
    windows = encoder.windows([words], Ledger())
    assert len(windows) > 3
    (whole,) = tagger.predict([Sentence(words)])
    pieces = [encoder.tokenizer([word], is_split_into_words=True, add_special_tokens=False).input_ids for word in words]
    stream = [(piece, case_of(word)) for word, own in zip(words, pieces, strict=True) for piece in own]
    at = 0
    for window in windows:
        ids, bounds, cases = window.content
        inner = list(zip(ids[1:-1].tolist(), cases[1:-1].tolist(), strict=True))
        at = next(place for place in range(at, len(stream)) if stream[place : place + len(inner)] == inner)
        assert (cases[0], cases[-1]) == (0, 0)
        embedded = encoder.model.get_input_embeddings()(torch.from_numpy(ids))
        embedded = embedded + encoder.case.weight[torch.from_numpy(cases)]
        rows = encoder.model(inputs_embeds=embedded[None]).logits[0][bounds[:-1]].softmax(-1).detach().numpy()
        np.testing.assert_allclose(whole[window.start : window.stop], rows, atol=1e-5)


def test_padding_and_company_change_nothing(tagger):
    alone = [next(tagger.predict([sentence])) for sentence in CORPUS]
    for one, other in zip(alone, tagger.predict(CORPUS), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_it_learns_where_the_encoder_is_frozen_and_special_subwords_have_none(bases, tagger):
    frozen = train_neural(BY_CASE, options(bases["uncased"], True, 1, frozen_layers=3))
    weight = frozen.network.encoder.case.weight
    assert weight[case_of("Rose")].abs().sum() > 0
    assert not weight[CASES.index("special")].any()
    assert not tagger.network.encoder.case.weight[CASES.index("special")].any()


def test_going_on_keeps_it(bases, tagger, tmp_path):
    more = train_neural(BY_CASE, options("elsewhere", False, 1), start=tagger)
    assert more.options.encoder.case
    tagger.save(tmp_path / "start")
    again = train_neural(BY_CASE, options("elsewhere", False, 1), start=load_tagger(tmp_path / "start"))
    assert again.fingerprint == more.fingerprint


def test_a_model_without_embeddings_as_input_is_refused(bases, monkeypatch):
    from transformers import BertForTokenClassification

    monkeypatch.setattr(BertForTokenClassification, "forward", lambda self, input_ids, attention_mask: None)
    with pytest.raises(RecipeError, match="case = true for a model of type 'bert'"):
        fresh(bases["bert"], True)


def test_train_on_the_command_line(bases, tmp_path):
    write_corpus(tmp_path / "x.conll", BY_CASE.sentences[:2])
    arguments = ["train", str(tmp_path / "x.conll"), "-o", str(tmp_path / "out"), "--case", "--epochs", "1"]
    done = CliRunner().invoke(app, [*arguments, "--encoder", str(bases["uncased"])])
    assert done.exit_code == 0, (done.output, done.exception)
    assert load_tagger(tmp_path / "out").options.encoder.case
    wrong = CliRunner().invoke(app, [*arguments, "--encoder", "hashed"])
    assert wrong.exit_code == 2
