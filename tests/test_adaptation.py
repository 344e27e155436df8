"""Masked language modelling on target text before a tagger is trained, on tiny encoders made on the spot."""

import random
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="needs torch (extra `neural`)")
transformers = pytest.importorskip("transformers", reason="needs transformers (extra `neural`)")

from safetensors.torch import load_file  # noqa: E402

from exonym.data import Corpus, Sentence, Span  # noqa: E402
from exonym.errors import DataError, RecipeError  # noqa: E402
from exonym.masking import guess, guessing  # noqa: E402
from exonym.run import compare, read_recipe  # noqa: E402
from exonym.tag import HashedEncoder, LightOptions, NeuralOptions, TransformerEncoder  # noqa: E402
from exonym.transfer import (  # noqa: E402
    Adaptation,
    AdaptationReport,
    AdaptedEncoder,
    Direct,
    SavedTagger,
    Task,
    TeacherStudent,
    adapt,
    transfer,
)
from tiny_models import make_model  # noqa: E402

_RANDOM = random.Random(3)
_WORDS = ["".join(_RANDOM.choice("mnopqrst") for _ in range(_RANDOM.randint(3, 6))) for _ in range(12)]


def sentences(count, seed, length=6):
    """A language in which each word is followed by the next of the list: hidden subwords can be guessed."""
    drawn = random.Random(seed)
    for number in range(count):
        first = drawn.randrange(len(_WORDS))
        words = tuple(_WORDS[(first + step) % len(_WORDS)] for step in range(length))
        spans = tuple(Span(at, at + 1, "PER") for at, word in enumerate(words) if word in _WORDS[:3])
        yield Sentence(words, spans, str(number))


SOURCE = Corpus(tuple(sentences(20, 1)), "source")
TEXT = Corpus(tuple(sentences(60, 2, 7)), "text")
TEST = Corpus(tuple(sentences(4, 3)), "test")
QUICK = Adaptation(steps=60, learning_rate=5e-3, batch_tokens=256)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    home = tmp_path_factory.mktemp("bases")
    text = [" ".join(sentence.words) for sentence in TEXT]
    return {kind: make_model(home / kind, kind, text, layers=2) for kind in ("bert", "xlmr", "roberta")}


def weights(folder):
    return load_file(folder / "model.safetensors")


def tagger_of(model, **options):
    return NeuralOptions(encoder=TransformerEncoder(model=str(model)), epochs=1, **options)


# What is hidden, and the loss.


class Alike(torch.nn.Module):
    """A model whose scores are the same for every subword; it keeps what it was given."""

    def forward(self, input_ids, attention_mask):
        self.given = input_ids
        logits = torch.zeros(*input_ids.shape, 9)
        return transformers.modeling_outputs.MaskedLMOutput(logits=logits)


class Marks:
    """Of a tokeniser what guessing looks at: 9 subwords, of which the first three are special."""

    all_special_ids = (0, 1, 2)
    mask_token_id = 2

    def __len__(self):
        return 9


def test_special_subwords_and_padding_are_never_hidden():
    torch.manual_seed(1)
    model, ids = Alike(), torch.full((50, 20), 5)
    ids[:, 0] = ids[:, 9] = 1
    mask = torch.ones_like(ids)
    mask[:, 10:] = 0
    loss = guess(model, Marks(), ids, mask, mask.bool(), 0.999)
    changed = model.given != ids
    assert changed[:, 1:9].float().mean() > 0.8
    assert not changed[:, [0, 9]].any()
    assert not changed[:, 10:].any()
    assert loss.item() == pytest.approx(torch.tensor(9.0).log().item(), abs=1e-5)  # nine subwords, all as likely


def test_the_loss_is_its_closed_form():
    scores = torch.tensor([[[0.0, 0.0], [2.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]])
    labels = torch.tensor([[0, 0], [-100, -100]])
    first = (torch.tensor(2.0).log() + torch.tensor(2.0).neg().exp().log1p()) / 2
    assert guessing(scores, labels).item() == pytest.approx(first.item() / 2, abs=1e-6)


# The adaptation.


@pytest.mark.parametrize("kind", ["bert", "xlmr", "roberta"])
def test_the_loss_falls_and_the_folder_is_a_model_of_transformers(models, kind, tmp_path):
    report = adapt(models[kind], TEXT, QUICK, tmp_path / "new")
    assert len(report.losses) == 10
    assert report.losses[-1] < 0.8 * report.losses[0]
    assert report.ledger["sentences that the encoder was adapted to"] == len(TEXT)
    assert report.ledger["weights of the model that were made anew"] > 0  # the tiny model has no head
    assert AdaptationReport.of_folder(tmp_path / "new") == report
    loaded, info = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path / "new", output_loading_info=True)
    assert not info["missing_keys"]
    assert loaded.config.num_hidden_layers == 2
    old, new = weights(models[kind]), weights(tmp_path / "new")
    prefix = loaded.base_model_prefix
    shared = {name for name in old if f"{prefix}.{name}" in new}
    assert any("layer.1." in name for name in shared)
    assert not any(torch.equal(old[name], new[f"{prefix}.{name}"]) for name in shared if "dense.weight" in name)
    assert str(tmp_path) not in (tmp_path / "new/adaptation.json").read_text(encoding="utf-8")


def test_a_head_that_is_there_is_used(models, tmp_path):
    first = adapt(models["bert"], TEXT, QUICK, tmp_path / "one")
    again = adapt(tmp_path / "one", TEXT, QUICK, tmp_path / "two")
    assert "weights of the model that were made anew" not in again.ledger
    assert again.losses[0] < 0.8 * first.losses[0]


def test_the_same_seed_gives_the_same_bytes(models, tmp_path):
    options, state = replace(QUICK, steps=3), torch.random.get_rng_state()
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        adapt(models["xlmr"], TEXT, options, tmp_path / name, seed=seed)
    assert torch.equal(state, torch.random.get_rng_state())
    prints = [AdaptedEncoder(tmp_path / name).fingerprint for name in ("one", "two", "three")]
    assert prints[0] == prints[1] != prints[2]


def test_long_sentences_are_read_in_windows(models, tmp_path):
    long = Corpus(tuple(sentences(2, 4, 100)), "long")
    report = adapt(models["bert"], long, replace(QUICK, steps=2, batch_tokens=1), tmp_path / "new")
    assert report.ledger["sentences that the encoder was adapted to"] == 2
    assert len(report.losses) == 2


def test_labels_on_the_text_do_not_count(models, tmp_path):
    for name, text in (("one", TEXT), ("two", TEXT.unlabelled())):
        adapt(models["bert"], text, replace(QUICK, steps=2), tmp_path / name)
    assert AdaptedEncoder(tmp_path / "one").fingerprint == AdaptedEncoder(tmp_path / "two").fingerprint


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "found steps = 0; expected a number >= 1"),
        ({"hidden": 1.0}, r"hidden = 1.0; expected a number in \(0, 1\)"),
        ({"learning_rate": 0.0}, "> 0"),
        ({"warmup": 1.0}, r"\[0, 1\)"),
        ({"precision": "half"}, "'bfloat16'"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(RecipeError, match=message):
        Adaptation(**options)


def test_what_cannot_be_adapted_is_refused(models, tmp_path):
    nothing = Corpus((Sentence(("\x00",), (), "1"),), "nothing")  # BERT's tokeniser makes nothing of it
    with pytest.raises(DataError, match="no sentence that the model can read"):
        adapt(models["bert"], nothing, QUICK, tmp_path / "new")
    with pytest.raises(RecipeError, match="seed: found -1"):
        adapt(models["bert"], TEXT, QUICK, tmp_path / "new", seed=-1)
    with pytest.raises(DataError, match="found no such folder"):
        adapt(tmp_path / "none", TEXT, QUICK, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    with pytest.raises(DataError, match="found no report"):
        AdaptationReport.of_folder(tmp_path)


# The arm of direct transfer.


@pytest.mark.parametrize(
    ("tagger", "found"),
    [
        (LightOptions(), "no encoder to train"),
        (NeuralOptions(encoder=HashedEncoder()), "the hashed encoder"),
        (SavedTagger(path="saved"), "no encoder to train"),
    ],
)
def test_taggers_without_a_pretrained_encoder_are_refused(tagger, found):
    with pytest.raises(RecipeError, match=f"adapt: found a tagger with {found}; expected a pretrained one"):
        Direct(tagger=tagger, adapt=QUICK)


def test_the_tagger_stands_on_the_adapted_encoder_and_the_test_text_is_not_seen(models):
    task = Task(source=SOURCE, test=TEST.unlabelled(), text=Corpus((*TEXT, *TEST), "text"))
    seen = []

    def spy(stage, *args):
        seen.append((stage.name, args))
        return stage(*args)

    options = Direct(tagger=tagger_of(models["bert"], learning_rate=1e-5), adapt=replace(QUICK, steps=20))
    outcome = transfer(task, options, spy)
    (text,) = [args[0] for name, args in seen if name == "adapt_encoder"]
    assert not {sentence.words for sentence in text} & {sentence.words for sentence in TEST}
    assert not any(sentence.spans for sentence in text)
    assert outcome.ledger["sentences left out: in the test text"] == len(TEST)
    assert outcome.ledger["sentences that the encoder was adapted to"] == len(TEXT)
    assert outcome.notes[0].startswith("guessing hidden subwords: loss ")
    (encoder,) = [args[2] for name, args in seen if name == "train_on_encoder"]
    name = "encoder.layer.1.output.dense.weight"
    base, adapted = weights(models["bert"])[name], weights(encoder.folder)[f"bert.{name}"]
    with torch.no_grad():
        own = next(w for n, w in outcome.tagger.network.named_parameters() if n.endswith(name)).cpu()
    assert (own - adapted).norm() < 0.1 * (own - base).norm()
    plain = transfer(task, replace(options, adapt=None))
    assert plain.tagger.fingerprint != outcome.tagger.fingerprint
    assert not plain.ledger
    with pytest.raises(RecipeError, match="adapt: found no unlabelled text"):
        transfer(replace(task, text=None), options)


RECIPE = """
resamples = 100
[source]
language = "src"
train = "train.jsonl"
[[targets]]
language = "tgt"
test = "test.jsonl"
text = ["text.jsonl"]
[[methods]]
kind = "direct"
tagger = TAGGER
[[methods]]
kind = "direct"
name = "adapted"
tagger = TAGGER
adapt = { steps = 5, learning_rate = 1e-3 }
[[methods]]
kind = "teacher_student"
teachers = [{ kind = "direct", adapt = { steps = 5, learning_rate = 1e-3 }, tagger = TAGGER }]
"""
TAGGER = '{ kind = "neural", encoder = { kind = "transformer", model = "model" }, epochs = 1 }'


def test_a_recipe_compares_with_and_without_and_finds_the_encoder_again(models, tmp_path):
    from exonym.formats import write_corpus

    (tmp_path / "model").symlink_to(models["xlmr"])
    for name, corpus in (("train", SOURCE), ("test", TEST), ("text", TEXT)):
        write_corpus(tmp_path / f"{name}.jsonl", corpus)
    (tmp_path / "recipe.toml").write_text(RECIPE.replace("TAGGER", TAGGER), encoding="utf-8")
    recipe = read_recipe(tmp_path / "recipe.toml")
    assert isinstance(recipe.methods[2].options, TeacherStudent)
    results = compare(recipe, tmp_path / "out")
    assert not [failure for failure in results.failures if failure.method != "teacher_student"]
    kept = sorted(path.name for path in (tmp_path / "out/store").iterdir())
    assert sum(name.startswith("adapt_encoder") for name in kept) == 1  # shared with the teacher
    again = compare(recipe, tmp_path / "again", store=tmp_path / "out/store")
    assert sorted(path.name for path in (tmp_path / "out/store").iterdir()) == kept
    assert [row.notes for row in again.rows] == [row.notes for row in results.rows]
    bare = RECIPE.replace('text = ["text.jsonl"]\n', "")
    (tmp_path / "recipe.toml").write_text(bare.replace("TAGGER", TAGGER), encoding="utf-8")
    with pytest.raises(RecipeError, match="found no `text` for tgt; expected it for the method adapted"):
        read_recipe(tmp_path / "recipe.toml")
    (tmp_path / "recipe.toml").write_text(RECIPE.replace("TAGGER", '{ kind = "light" }'), encoding="utf-8")
    with pytest.raises(RecipeError, match="adapt: found a tagger with no encoder to train"):
        read_recipe(tmp_path / "recipe.toml")
