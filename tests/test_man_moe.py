"""MAN-MoE: mixtures, gates and the adversary against closed forms; the method on made-up languages."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'exonym[neural]'")
pytest.importorskip("accelerate", reason="accelerate is not installed: pip install 'exonym[neural]'")

from exonym import run  # noqa: E402
from exonym.data import Corpus, Ledger, Sentence, Span  # noqa: E402
from exonym.device import own_randomness, seed_with  # noqa: E402
from exonym.errors import DataError, RecipeError  # noqa: E402
from exonym.formats import write_corpus  # noqa: E402
from exonym.run.store import Store  # noqa: E402
from exonym.tag import (  # noqa: E402
    HashedEncoder,
    NeuralOptions,
    Objective,
    Sharing,
    TransformerEncoder,
    label,
    load_tagger,
    train_neural,
    train_shared,
)
from exonym.tag.neural.batches import Batch, Item  # noqa: E402
from exonym.tag.neural.build import build  # noqa: E402
from exonym.tag.neural.encoder import Network  # noqa: E402
from exonym.tag.neural.experts import Experts, mixed, outputs_of  # noqa: E402
from exonym.tag.neural.sharing import UNKNOWN, SharingLearner, _items, gates_of, reversed_gradient  # noqa: E402
from exonym.tag.neural.training import Learner, fit  # noqa: E402
from exonym.transfer import ManMoe, Task, transfer  # noqa: E402

ENCODER = HashedEncoder(width=24, layers=1, rows=512, dropout=0.0, word_dropout=0.1)
OPTIONS = NeuralOptions(encoder=ENCODER, epochs=10, learning_rate=0.02, batch_tokens=64)
SHORT = replace(OPTIONS, epochs=2)
SLOW = replace(OPTIONS, epochs=50, learning_rate=2e-3, head_learning_rate=0.02)  # so that gates and adversary keep up
SMALL = {"width": 12, "dropout": 0.1}
TAGS = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")


def corpus(name, verb, people=("Anna", "Tom", "Eva", "Omar", "Lin"), cities=("Cologne", "Rome", "Moscow", "Warsaw")):
    return Corpus(
        tuple(
            Sentence((person, verb, city, "."), (Span(0, 1, "PER"), Span(2, 3, "LOC")), f"{person}-{city}")
            for person in people
            for city in cities
        ),
        name,
    )


ENGLISH, FRENCH, GERMAN = corpus("en", "sees"), corpus("fr", "voit"), corpus("de", "sieht")
TEST = Corpus(GERMAN.sentences[::5], "test")
TASK = Task(source=ENGLISH, sources=(FRENCH,), test=TEST.unlabelled(), text=GERMAN)
METHOD = ManMoe(tagger=OPTIONS, **SMALL)


def keys(corpus):
    return [[span.key for span in sentence.spans] for sentence in corpus]


def network_of(sharing, languages=2, seed=3, options=OPTIONS):
    with own_randomness():
        seed_with(seed, 0)
        words = build(options, outputs_of(sharing), Ledger()).encoder
        return Network(Experts(words, sharing, [f"l{place}" for place in range(languages)], len(TAGS)))


def learner_of(sharing, corpora=(ENGLISH, FRENCH), text=GERMAN, seed=3):
    network = network_of(sharing, len(corpora), seed)
    items = _items(corpora, text, TAGS, network, Ledger())
    with own_randomness():
        seed_with(seed, 1)
        return SharingLearner(network, items).eval(), items


def batch_of(learner, items):
    return Batch.of(items, learner.network.encoder, torch.device("cpu"))


def gradients(loss, module):
    module.zero_grad()
    loss.backward()
    return {name: weight.grad.clone() for name, weight in module.named_parameters() if weight.grad is not None}


def test_mixtures_of_the_dossier():
    gates = torch.tensor([0.5, 0.5]).log()
    experts = torch.tensor([[0.9, 0.1], [0.1, 0.9]]).log()
    arithmetic, geometric = (mixed(gates, experts, kind) for kind in ("arithmetic", "geometric"))
    assert -arithmetic[0].item() == pytest.approx(0.693147, abs=1e-5)
    assert -geometric[0].item() == pytest.approx(-0.5 * np.log(0.09), abs=1e-5)  # 1.204
    assert geometric.exp().sum().item() == pytest.approx(0.6, abs=1e-5)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 4), st.integers(2, 5), st.integers(0, 1000))
def test_mixtures_against_their_formulas(experts, tags, seed):
    rng = np.random.default_rng(seed)
    gates, rows = rng.dirichlet(np.ones(experts), 3), rng.dirichlet(np.ones(tags), (3, experts))
    rows = np.maximum(rows, 1e-9)
    rows /= rows.sum(-1, keepdims=True)
    given_ = torch.from_numpy(gates).log(), torch.from_numpy(rows).log()
    sums = np.einsum("ne,nek->nk", gates, rows)
    products = np.exp(np.einsum("ne,nek->nk", gates, np.log(rows)))
    np.testing.assert_allclose(mixed(*given_, "arithmetic").exp(), sums, rtol=1e-6)
    np.testing.assert_allclose(mixed(*given_, "geometric").exp(), products, rtol=1e-6)
    assert (products.sum(1) <= 1 + 1e-9).all()  # equal only where all experts agree
    if experts == 1:
        np.testing.assert_allclose(products, sums)


def test_a_reversed_gradient_is_that_of_finite_differences_with_the_other_sign():
    torch.manual_seed(0)
    features = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    judge = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3)).double()

    def loss(value):
        return -judge(value).log_softmax(-1)[:, 1].sum()

    same = reversed_gradient(features, 0.3)
    assert torch.equal(same, features)
    loss(same).backward()
    for place in np.ndindex(3, 4):
        step = torch.zeros_like(features)
        step[place] = 1e-6
        slope = (loss(features + step) - loss(features - step)).item() / 2e-6
        assert features.grad[place].item() == pytest.approx(-0.3 * slope, abs=1e-7)


def test_the_encoder_climbs_where_the_adversary_descends():
    sharing = Sharing(**SMALL, adversary=0.7)
    learner, items = learner_of(sharing)
    batch = batch_of(learner, items)
    found = gradients(learner(batch), learner)
    plain = SharingLearner(learner.network, items).eval()
    plain.load_state_dict(learner.state_dict())
    plain.adversary = None
    task = gradients(plain(batch), plain)
    shared = learner.network.encoder.parts(**batch.inputs).shared
    inside = torch.arange(batch.targets.shape[1]) < batch.lengths[:, None]
    guesses = learner.adversary(shared).log_softmax(-1).gather(-1, batch.targets[..., 1:])[..., 0]
    against = gradients(-guesses[inside].sum(), learner)
    for name, gradient in found.items():
        weight = 1.0 if name.startswith("adversary") else -0.7
        expected = task.get(name, 0) + weight * against.get(name, torch.zeros_like(gradient))
        torch.testing.assert_close(gradient, expected, atol=2e-4, rtol=1e-3)
    assert any(name.startswith("adversary") for name in found)


def test_text_without_labels_teaches_only_the_adversary_and_what_it_sees():
    learner, items = learner_of(Sharing(**SMALL))
    text = [item for item in items if item.target[0, 1] == 2]
    assert len(text) == len(GERMAN)
    assert all((item.target[:, 0] == UNKNOWN).all() for item in text)
    moved = {name for name, grad in gradients(learner(batch_of(learner, text)), learner).items() if grad.any()}
    assert {name.split(".")[0] for name in moved} == {"network", "adversary"}
    assert all(name.startswith(("adversary.", "network.encoder.words.")) for name in moved)


def test_gates_sum_to_one_and_their_loss_moves_nothing_else():
    found = {}
    for gate in (0.0, 5.0):
        learner, items = learner_of(Sharing(**SMALL, adversary=0.0, gate=gate), text=None)
        batch = batch_of(learner, items)
        for shares in learner.network.encoder.parts(**batch.inputs).gates:
            torch.testing.assert_close(shares.exp().sum(-1), torch.ones(shares.shape[:2]))
        found[gate] = gradients(learner(batch), learner)
    for name, gradient in found[0.0].items():
        assert torch.equal(gradient, found[5.0][name]) == ("gate" not in name), name


def test_experts_can_change_places():
    network = network_of(Sharing(**SMALL)).eval()
    other = network_of(Sharing(**SMALL)).eval()
    experts, swapped = network.encoder, other.encoder
    for each in ("private", "tag"):
        for place in (0, 1):
            getattr(swapped, each)[place].load_state_dict(getattr(experts, each)[1 - place].state_dict())
        gate = {name: value.flip(0) for name, value in getattr(experts, f"{each}_gate").state_dict().items()}
        getattr(swapped, f"{each}_gate").load_state_dict(gate)
    inputs = experts.collate(experts.windows([sentence.words for sentence in ENGLISH], Ledger()))
    torch.testing.assert_close(network(**inputs), other(**inputs))


@pytest.mark.parametrize("mixing", ["arithmetic", "geometric"])
def test_one_source_is_a_plain_tagger(mixing):
    sharing = Sharing(**SMALL, mixing=mixing, adversary=0.0)
    tagger = train_shared([ENGLISH], None, SHORT, sharing)
    network = network_of(sharing, 1, seed=1)
    items = [Item(item.window, item.target[:, 0], 1.0) for item in _items([ENGLISH], None, TAGS, network, Ledger())]
    with own_randomness():
        fit(Learner(network, Objective()), items, SHORT.resolved(), 1)
    assert tagger.tags == TAGS
    for name, weight in network.state_dict().items():
        torch.testing.assert_close(weight, tagger.network.state_dict()[name], atol=1e-4, rtol=1e-3)
    np.testing.assert_array_equal(gates_of(tagger, ENGLISH), [1.0])


def test_languages_count_alike_for_gates_and_adversary():
    few = Corpus(FRENCH.sentences[:5], "fr")
    learner, _ = learner_of(Sharing(**SMALL), corpora=(ENGLISH, few), text=Corpus(GERMAN.sentences[:10]))
    words = np.array([80, 20, 40])
    np.testing.assert_allclose(learner.balance, 140 / 3 / words, rtol=1e-6)
    assert (learner.balance.numpy() * words).sum() == pytest.approx(words.sum())


def test_gates_learn_which_expert_knows_a_language():
    """Two languages that label the same words otherwise: only the gates can tell."""
    turned = Corpus(
        tuple(
            Sentence(s.words, tuple(replace(x, label={"PER": "LOC", "LOC": "PER"}[x.label]) for x in s.spans), s.id)
            for s in FRENCH
        ),
        "fr",
    )
    encoder = replace(ENCODER, layers=2)  # so that the last word sees the verb, which tells the languages apart
    options = replace(SLOW, encoder=encoder, epochs=40, learning_rate=5e-3, head_learning_rate=0.05)
    tagger = train_shared([ENGLISH, turned], None, options, Sharing(**SMALL, adversary=0.0, gate=1.0))
    assert keys(label(tagger, ENGLISH)) == keys(ENGLISH)
    assert keys(label(tagger, turned)) == keys(turned)
    experts = tagger.network.encoder
    inputs = experts.collate(experts.windows([s.words for part in (ENGLISH, FRENCH) for s in part], Ledger()))
    chosen = experts.parts(**inputs).gates[1].argmax(-1)
    assert (chosen[:20] == 0).float().mean() > 0.9
    assert (chosen[20:] == 1).float().mean() > 0.9
    assert gates_of(tagger, ENGLISH)[0] > 0.6 > 0.4 > gates_of(tagger, FRENCH)[0]


def test_a_strong_adversary_hides_the_language():
    """How surprised the adversary is by the language of a verb, the only word that languages do not have in common."""
    found = {}
    for adversary in (1e-6, 1.0):
        learner, items = learner_of(Sharing(width=12, dropout=0.0, adversary=adversary))
        fit(learner, items, SLOW.resolved(), 1)
        batch = batch_of(learner, items)
        with torch.no_grad():
            shared = learner.network.encoder.parts(**batch.inputs).shared
            guesses = learner.adversary(shared[:, 1])
            found[adversary] = torch.nn.functional.cross_entropy(guesses, batch.targets[:, 1, 1]).item()
    assert found[1.0] > found[1e-6] + 0.3


def test_no_label_of_the_target_is_looked_at():
    wrong = replace(GERMAN, sentences=tuple(s.with_spans([Span(1, 2, "ORG")]) for s in GERMAN))
    one = train_shared([ENGLISH, FRENCH], GERMAN, SHORT, Sharing(**SMALL))
    other = train_shared([ENGLISH, FRENCH], wrong, SHORT, Sharing(**SMALL))
    assert one.fingerprint == other.fingerprint
    assert one.tags == TAGS
    found = transfer(replace(TASK, text=wrong, test=wrong, train=wrong), replace(METHOD, tagger=SHORT, adversary=0.0))
    assert found.tagger.tags == TAGS
    shorter = Corpus(GERMAN.sentences[:3])
    assert train_shared([ENGLISH, FRENCH], shorter, SHORT, Sharing(**SMALL)).fingerprint != one.fingerprint


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train_shared([ENGLISH, FRENCH], GERMAN, SHORT, Sharing(**SMALL), seed=seed).save(tmp_path / name)
    files = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert "experts.safetensors" in files
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}
    assert files["experts.safetensors"] != (tmp_path / "c/experts.safetensors").read_bytes()


@pytest.mark.parametrize("mixing", ["arithmetic", "geometric"])
def test_the_method_learns_the_toy_language_and_comes_back_from_disk(tmp_path, mixing):
    options = replace(METHOD, mixing=mixing)
    outcome = transfer(TASK, options, Store(tmp_path / "store"))
    assert keys(outcome.predictions) == keys(TEST)
    assert outcome.ledger == {"unlabelled text": 16, "sentences left out: in the test text": 4}
    assert [note.split(":")[0] for note in outcome.notes] == ["expert en", "expert fr"]
    assert sum(float(note.split()[-1]) for note in outcome.notes) == pytest.approx(1, abs=2e-3)
    again = transfer(TASK, options, Store(tmp_path / "store"))
    assert again.tagger.fingerprint == outcome.tagger.fingerprint
    outcome.tagger.save(tmp_path / "tagger")
    loaded = load_tagger(tmp_path / "tagger")
    assert (loaded.fingerprint, loaded.options) == (outcome.tagger.fingerprint, OPTIONS.resolved())
    assert loaded.network.encoder.sharing == options.sharing
    for one, other in zip(loaded.predict(GERMAN), outcome.tagger.predict(GERMAN), strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_allclose(one.sum(1), 1, atol=1e-5)
    assert "- experts: one for each of en, fr" in (tmp_path / "tagger/README.md").read_text()
    later = train_neural(ENGLISH, replace(OPTIONS, epochs=1), start=loaded)
    later.save(tmp_path / "later")
    assert load_tagger(tmp_path / "later").fingerprint == later.fingerprint != loaded.fingerprint


def test_half_precision_says_nearly_the_same():
    tagger = train_shared([ENGLISH, FRENCH], GERMAN, SHORT, Sharing(**SMALL))
    half = replace(tagger, options=replace(tagger.options, precision="bfloat16"))
    for one, other in zip(tagger.predict(GERMAN), half.predict(GERMAN), strict=True):
        np.testing.assert_allclose(one, other, atol=0.03)
    trained = train_shared([ENGLISH, FRENCH], GERMAN, replace(SHORT, precision="bfloat16"), Sharing(**SMALL))
    assert trained.fingerprint != tagger.fingerprint


def test_a_pretrained_encoder_beneath(tmp_path, monkeypatch):
    pytest.importorskip("transformers", reason="Transformers is not installed: pip install 'exonym[neural]'")
    from tiny_models import make_model

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    text = [" ".join(sentence.words) for part in (ENGLISH, FRENCH, GERMAN) for sentence in part]
    base = make_model(tmp_path / "base", "bert", text, layers=1)
    encoder = TransformerEncoder(model=str(base), subwords="all", case=True, frozen_layers=1)
    options = NeuralOptions(encoder=encoder, epochs=2, learning_rate=3e-3, batch_tokens=256)
    tagger = train_shared([ENGLISH, FRENCH], GERMAN, options, Sharing(**SMALL))
    tagger.save(tmp_path / "tagger")
    loaded = load_tagger(tmp_path / "tagger")
    assert loaded.fingerprint == tagger.fingerprint
    for one, other in zip(loaded.predict(GERMAN), tagger.predict(GERMAN), strict=True):
        np.testing.assert_array_equal(one, other)
    assert "experts and gates" in (tmp_path / "tagger/README.md").read_text()
    free = replace(options, encoder=replace(encoder, frozen_layers=0), epochs=1)
    later = train_neural(ENGLISH, free, start=loaded)
    embeddings = "encoder.words.model.bert.embeddings.word_embeddings.weight"
    assert torch.equal(loaded.network.get_parameter(embeddings), tagger.network.get_parameter(embeddings))
    assert not torch.equal(later.network.get_parameter(embeddings), loaded.network.get_parameter(embeddings))


def test_what_is_left_out_is_counted():
    strange = Corpus((*FRENCH.sentences[:6], Sentence(("Euro",), (Span(0, 1, "MISC"),), "m"), Sentence((), (), "e")))
    task = replace(TASK, source=Corpus(ENGLISH.sentences[:10], "en"), sources=(strange,))
    outcome = transfer(task, replace(METHOD, tagger=SHORT), seed=4)
    assert outcome.tagger.tags == TAGS
    assert outcome.tagger.training["ledger"] == {"sentences without words": 1}
    assert outcome.ledger == {
        "names of sources left out: of types that the first source lacks": 1,
        "unlabelled text": 16,
        "sentences left out: in the test text": 4,
        "sentences left out: more than the largest source has": 6,
    }


@pytest.mark.parametrize(
    ("task", "options", "message"),
    [
        (replace(TASK, sources=()), METHOD, "man_moe: found one source"),
        (replace(TASK, text=None), METHOD, "man_moe: found no unlabelled text"),
        (replace(TASK, sources=(GERMAN.unlabelled(),)), METHOD, "de: found the labels none"),
    ],
)
def test_what_is_missing_is_named(task, options, message):
    with pytest.raises(RecipeError, match=message):
        transfer(task, options)


def test_options_that_cannot_be_are_refused():
    for wrong, message in (
        ({"mixing": "sum"}, "mixing = 'sum'; expected 'arithmetic' or 'geometric'"),
        ({"adversary": -1.0}, "adversary = -1.0"),
        ({"dropout": 1.0}, "dropout = 1.0"),
        ({"tagger": NeuralOptions(crf=True)}, "crf = true; expected false"),
    ):
        with pytest.raises(RecipeError, match=message):
            ManMoe(**wrong)
    with pytest.raises(RecipeError, match="crf = true"):
        train_shared([ENGLISH], GERMAN, NeuralOptions(crf=True))
    with pytest.raises(RecipeError, match="seed: found -1"):
        train_shared([ENGLISH], GERMAN, seed=-1)
    with pytest.raises(DataError, match="found no corpus"):
        train_shared([], GERMAN)
    with pytest.raises(DataError, match="de: found no labelled span"):
        train_shared([GERMAN.unlabelled()], GERMAN)
    with pytest.raises(DataError, match="found no word of unlabelled text"):
        train_shared([ENGLISH], None)


RECIPE = """
resamples = 100
[source]
language = "en"
train = "en.conll"
[[sources]]
language = "fr"
train = "fr.conll"
[[targets]]
language = "de"
test = "test.conll"
text = ["text.txt"]
[[methods]]
kind = "direct"
tagger = { iterations = 12 }
[[methods]]
kind = "man_moe"
width = 12
dropout = 0.1
tagger = { epochs = 10, learning_rate = 0.02, batch_tokens = 64, encoder = { width = 24, layers = 1, rows = 512 } }
"""


def test_a_recipe_runs_end_to_end(tmp_path):
    for name, part in (("en", ENGLISH), ("fr", FRENCH), ("test", TEST)):
        write_corpus(tmp_path / f"{name}.conll", part)
    (tmp_path / "text.txt").write_text("".join(" ".join(sentence.words) + "\n" for sentence in GERMAN))
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    recipe = run.read_recipe(path)
    results = run.compare(recipe, tmp_path / "out")
    assert not results.failures
    row = next(row for row in results.rows if row.method == "man_moe")
    assert row.evaluation.scores.micro.f1 == 1
    assert len(row.notes) == 2
    tagger = load_tagger(tmp_path / "out/de/man_moe/seed-1/tagger")
    assert keys(label(tagger, TEST)) == keys(TEST)
    for old, new, message in (
        ('text = ["text.txt"]', "", "found no `text` for de; expected it for the method man_moe"),
        ('[[sources]]\nlanguage = "fr"\ntrain = "fr.conll"', "", "method man_moe: found one source"),
        ("width = 12", "widht = 12", r"unknown key methods\[2\].widht. Did you mean 'width'"),
        ("width = 12", 'mixing = "sum"', r"found 'sum' for methods\[2\].mixing; expected"),
        ("epochs = 10", "crf = true", r"methods\[2\]: neural tagger: found crf = true"),
    ):
        path.write_text(RECIPE.replace(old, new, 1))
        with pytest.raises(RecipeError, match=message):
            run.read_recipe(path)
    path.write_text(RECIPE.replace('text = ["text.txt"]', "").replace("width = 12", "adversary = 0.0"))
    assert run.read_recipe(path).methods[1].options.adversary == 0
