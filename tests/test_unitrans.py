"""UniTrans, CoLaDa and what they need of the training loop, on made-up toy languages, without a download."""

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'exonym[neural]'")
pytest.importorskip("accelerate", reason="accelerate is not installed: pip install 'exonym[neural]'")

from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from exonym import run
from exonym.align import Lexicon
from exonym.data import Bitext, Corpus, Ledger, Pair, Sentence, Span
from exonym.errors import DataError, RecipeError
from exonym.formats import write_corpus
from exonym.run.store import Store
from exonym.tag import HashedEncoder, LightOptions, NeuralOptions, Objective, label, train_neural
from exonym.tag.neural.batches import Batch, Item
from exonym.tag.neural.objective import tag_losses
from exonym.tag.neural.training import Learner
from exonym.transfer import (
    CoLaDa,
    Direct,
    Neighbours,
    Task,
    TeacherStudent,
    TranslateTrain,
    UniTrans,
    WordByWord,
    transfer,
)
from exonym.transfer.colada import weigh_labels
from exonym.transfer.neighbours import neighbour_weights, same_type_counts
from exonym.transfer.translated import translate_words
from exonym.transfer.unitrans import agreement, count_agreed, learn_agreed

LIGHT = LightOptions(iterations=12)
ENCODER = HashedEncoder(width=24, layers=1, rows=512, dropout=0.0, word_dropout=0.1)
NEURAL = NeuralOptions(encoder=ENCODER, epochs=10, learning_rate=0.02, batch_tokens=64)
FEW = Neighbours(number=8)
PEOPLE = ("Anna", "Tom", "Eva", "Omar", "Lin")
CITIES = {"Cologne": "Köln", "Rome": "Rom", "Moscow": "Moskau", "Warsaw": "Warschau"}


def sentences(people, verb, cities):
    return tuple(
        Sentence((person, verb, city, "."), (Span(0, 1, "PER"), Span(2, 3, "LOC")), f"{person}-{city}")
        for person in people
        for city in cities
    )


ENGLISH = Corpus(sentences(PEOPLE, "sees", CITIES), "en")
SILVER = Corpus(sentences(PEOPLE, "sieht", CITIES.values()), "de")
BITEXT = Bitext(tuple(Pair(a.words, b.words, a.id) for a, b in zip(ENGLISH, SILVER, strict=True)), "en-de")
GERMAN = Corpus(SILVER.sentences, "text")
TEST = Corpus(GERMAN.sentences[::5], "test")
TASK = Task(source=ENGLISH, test=TEST.unlabelled(), translation=BITEXT, text=GERMAN)


def keys(corpus):
    return [[span.key for span in sentence.spans] for sentence in corpus]


METHODS = [
    UniTrans(tagger=NEURAL),
    UniTrans(tagger=NEURAL, translation=WordByWord(), teacher="source", ensemble=2),
    UniTrans(tagger=LIGHT),
    UniTrans(tagger=LIGHT, student=NEURAL),
    UniTrans(tagger=replace(NEURAL, crf=True)),
    CoLaDa(tagger=NEURAL, rounds=2, neighbours=FEW),
    CoLaDa(tagger=replace(NEURAL, crf=True), translation=WordByWord(), rounds=1, neighbours=FEW),
]


@pytest.mark.parametrize("options", METHODS, ids=lambda o: f"{o.kind}-{o.tagger.kind}-{o.translation.kind}")
def test_they_learn_the_toy_language_and_give_the_same_bytes_again(options, tmp_path):
    outcome = transfer(TASK, options, Store(tmp_path))
    assert keys(outcome.predictions) == keys(TEST)
    assert keys(label(outcome.tagger, GERMAN)) == keys(GERMAN)
    assert outcome.ledger["sentences left out: in the test text"] == len(TEST)
    again = transfer(TASK, options, Store(tmp_path))
    assert again.tagger.fingerprint == outcome.tagger.fingerprint
    assert again.ledger == outcome.ledger


@pytest.mark.parametrize("options", [METHODS[0], METHODS[5]], ids=["unitrans", "colada"])
def test_chance_is_in_the_seed_alone(options):
    options = replace(options, tagger=replace(NEURAL, epochs=3))
    first = transfer(TASK, options).tagger.fingerprint
    assert transfer(TASK, options).tagger.fingerprint == first
    assert transfer(TASK, options, seed=2).tagger.fingerprint != first


def test_stages_are_shared_with_direct_and_translate_train(tmp_path):
    states = []
    store = Store(tmp_path, told=lambda name, state: states.append((name, state)))
    transfer(TASK, Direct(tagger=NEURAL), store)
    transfer(TASK, TranslateTrain(tagger=NEURAL), store)
    states.clear()
    transfer(TASK, METHODS[0], store)
    run = [name for name, state in states if state == "run"]
    assert "train" not in run
    assert not {"align", "project", "keep", "count_losses"} & set(run)
    assert {"tune", "agreement", "learn_agreed"} <= set(run)
    states.clear()
    transfer(TASK, METHODS[5], store)
    run = [name for name, state in states if state == "run"]
    assert not {"train", "align", "project", "keep"} & set(run)
    assert run.count("learn_translated") == run.count("learn_weighted") == 2


def test_without_agreement_and_with_the_source_teacher_unitrans_is_teacher_student():
    plain = TeacherStudent(teachers=(Direct(tagger=NEURAL),), student=NEURAL, learning="mse")
    bare = UniTrans(tagger=NEURAL, teacher="source", agreed=0.0)
    assert transfer(TASK, bare).tagger.fingerprint == transfer(TASK, plain).tagger.fingerprint


def spans(*rows):
    words = ("Anna", "sees", "Rome")
    return Corpus(tuple(Sentence(words, row, str(n)) for n, row in enumerate(rows)), "text", ("O", "B-LOC", "I-LOC"))


def test_models_agree_where_all_three_give_one_tag():
    whole, half, none = (Span(0, 2, "LOC"),), (Span(0, 1, "LOC"),), ()
    mask = agreement(spans(whole, none), spans(whole, half), spans(half, none))
    assert mask.tolist() == [1, 0, 1, 0, 1, 1]
    ledger = count_agreed(Ledger(lost=3), spans(whole, none), mask, 7)
    assert ledger["lost"] == 3
    assert ledger["words agreed on"] == 4
    assert (ledger["words of names"], ledger["words of names agreed on"]) == (2, 1)
    assert ledger["unlabelled text agreed on to the last word"] == 0
    assert ledger["sentences left out: in the test text"] == 7


def test_a_light_student_learns_the_sentences_that_are_wholly_agreed_on():
    mask = np.concatenate([np.ones(len(s)) if s.words[0] == "Anna" else np.zeros(len(s)) for s in SILVER])
    student = learn_agreed(SILVER, mask, LIGHT, 1.0, 1.0, 0)
    assert student.training["sentences"] == len(CITIES)
    with pytest.raises(DataError, match="expected"):
        learn_agreed(SILVER, np.zeros(len(mask)), LIGHT, 1.0, 1.0, 0)


def loss_of(network, objective, items):
    batch = Batch.of(items, network.encoder, torch.device("cpu"))
    batch = replace(batch, weights=batch.weights.to(network.encoder.head.weight.dtype))
    return Learner(network, objective)(batch)


def items_of(network, sentences, targets, factors, sure, weights):
    windows = network.encoder.windows([s.words for s in sentences], Ledger())
    rows = zip(windows, targets, weights, factors, sure, strict=True)
    return [Item(*row, factors=words, sure=tags) for *row, words, tags in rows]


def mixed_case(crf):
    """A network, sentences of different lengths, and random targets for them."""
    options = NeuralOptions(encoder=replace(ENCODER, word_dropout=0.0), epochs=1, crf=crf)
    tagger = train_neural(ENGLISH, options)
    text = [Sentence(("Anna", "sees", "Rome", "."), (), "1"), Sentence(("Omar", "sleeps"), (), "2")]
    rng = np.random.default_rng(3)
    targets = [rng.dirichlet(np.ones(5), len(s)).astype(np.float32) for s in text]
    factors = [rng.uniform(0, 2, len(s)).astype(np.float32) for s in text]
    sure = [np.eye(5, dtype=np.float32)[rng.integers(5, size=len(s))] * rng.uniform(0, 2) for s in text]
    sure = [rows.astype(np.float32) for rows in sure]
    return tagger, text, targets, factors, sure


@pytest.mark.parametrize("crf", [False, True])
def test_the_mixed_loss_of_a_batch_against_its_definition(crf):
    tagger, text, targets, factors, sure = mixed_case(crf)
    weights = (1.0, 0.5)
    found = loss_of(
        tagger.network, Objective(kind="mse"), items_of(tagger.network, text, targets, factors, sure, weights)
    )
    expected = 0.0
    for p, q, f, h, weight in zip(tagger.predict(text), targets, factors, sure, weights, strict=True):
        p = p.astype(np.float64)
        expected += weight * (f * ((p - q) ** 2).mean(1) - (h * np.log(np.maximum(p, np.exp(-69)))).sum(1)).sum()
    assert found.item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("crf", [False, True])
def test_gradients_of_the_mixed_loss_by_finite_differences(crf):
    tagger, text, targets, factors, sure = mixed_case(crf)
    network = tagger.network.double().eval()
    targets, factors, sure = ([x.astype(np.float64) for x in each] for each in (targets, factors, sure))
    items = items_of(network, text, targets, factors, sure, (1.0, 0.5))
    network.forward = lambda **inputs: network.encoder(**inputs)  # in float64
    for kind in ("mse", "kl"):
        network.zero_grad()
        loss_of(network, Objective(kind=kind), items).backward()
        bias, step = network.encoder.head.bias, 1e-5
        for place in range(5):
            with torch.no_grad():
                values = []
                for sign in (1, -1):
                    bias[place] += sign * step
                    values.append(loss_of(network, Objective(kind=kind), items).item())
                    bias[place] -= sign * step
            assert bias.grad[place].item() == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-4, abs=1e-6)


def test_cross_entropy_of_tags_in_closed_form():
    z = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    sure = torch.tensor([[0.0, 2.0, 0.0]], dtype=torch.float64)
    loss = tag_losses(z.log_softmax(-1), sure).sum()
    loss.backward()
    assert loss.item() == pytest.approx(2 * np.log(3))
    np.testing.assert_allclose(z.grad[0], [2 / 3, -4 / 3, 2 / 3])


def test_the_target_of_colada_is_one_cross_entropy():
    """trust * one-hot + (1 - trust) w softmax has the gradient of (1 - trust) w KL + trust CE."""
    rng = np.random.default_rng(0)
    z = torch.tensor(rng.normal(size=(4, 3)), requires_grad=True)
    q, hot = torch.tensor(rng.dirichlet(np.ones(3), 4)), torch.eye(3, dtype=torch.float64)[[0, 2, 1, 1]]
    weights, trust = torch.tensor([1.0, 0.5, 0.0, 0.2], dtype=torch.float64), 0.3
    mixed = trust * hot + (1 - trust) * weights[:, None] * q
    (wanted,) = torch.autograd.grad(-(mixed * z.log_softmax(-1)).sum(), z)
    from exonym.tag.neural.objective import word_losses

    log_p = z.log_softmax(-1)
    ours = (1 - trust) * weights * word_losses(Objective(kind="kl"), log_p, q) + tag_losses(log_p, trust * hot)
    (found,) = torch.autograd.grad(ours.sum(), z)
    torch.testing.assert_close(found, wanted)


def test_weights_of_one_change_nothing_and_weights_of_zero_take_words_out():
    soft = label(train_neural(ENGLISH, NEURAL), ENGLISH)
    words = sum(map(len, soft))
    options, mse = replace(NEURAL, epochs=2), Objective(kind="mse")
    plain = train_neural(soft, options, objective=mse).fingerprint
    assert train_neural(soft, options, objective=mse, word_weights=np.ones(words)).fingerprint == plain
    assert train_neural(soft, options, objective=mse, tag_weights=np.zeros(words)).fingerprint == plain
    only = np.zeros(words)
    hard = train_neural(soft, options, objective=mse, word_weights=only, tag_weights=np.ones(words))
    usual = train_neural(soft, options)  # plain cross-entropy of the same spans
    for mine, theirs in zip(hard.predict(GERMAN), usual.predict(GERMAN), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)


def test_a_training_with_weights_goes_on_where_it_was_stopped(tmp_path):
    soft = label(train_neural(ENGLISH, replace(NEURAL, epochs=1)), ENGLISH)
    given = {"objective": Objective(kind="mse"), "tag_weights": np.linspace(0, 1, sum(map(len, soft)))}
    options = replace(NEURAL, epochs=3)
    whole = train_neural(soft, options, **given)

    def stop(done, total):
        if done == total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_neural(soft, options, **given, checkpoint=tmp_path / "c", progress=stop)
    assert train_neural(soft, options, **given, checkpoint=tmp_path / "c").fingerprint == whole.fingerprint


def test_weights_that_do_not_fit_are_refused():
    words = sum(map(len, ENGLISH))
    with pytest.raises(DataError, match=rf"word_weights of shape \(3,\); expected {words} numbers"):
        train_neural(ENGLISH, NEURAL, word_weights=[1, 1, 1])
    with pytest.raises(DataError, match="tag_weights"):
        train_neural(ENGLISH, NEURAL, tag_weights=np.full(words, -1.0))
    strange = replace(spans((Span(0, 1, "GOD"),)))
    rows = np.full((3, 3), 1 / 3, dtype=np.float32)
    strange = replace(strange, sentences=tuple(replace(s, probabilities=rows) for s in strange))
    with pytest.raises(DataError, match="found the tag B-GOD; expected one of O, B-LOC, I-LOC"):
        train_neural(strange, NEURAL, objective=Objective(kind="mse"), tag_weights=np.ones(3))


def counts_by_hand(vectors, types, k):
    """Neighbours one word at a time, in float64, without the word and its copies."""
    unit = vectors.astype(np.float64) / np.linalg.norm(vectors, axis=1, keepdims=True)
    counts = []
    for place in range(len(unit)):
        near = sorted(
            (-float(unit[place] @ unit[other]), other)
            for other in range(len(unit))
            if other != place and unit[place] @ unit[other] < 1 - 1e-6
        )
        counts.append(sum(types[other] == types[place] for _, other in near[:k]))
    return counts


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), words=st.integers(1, 40), k=st.integers(1, 45))
def test_neighbours_against_brute_force(seed, words, k):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(words, 6)).astype(np.float32)
    tags = rng.choice(["O", "B-PER", "I-PER", "B-LOC"], size=words)
    copies = rng.integers(words, size=words // 4)  # as of the same word in the same sentence
    vectors[copies], tags[copies] = vectors[0], tags[0]
    tags = tags.tolist()
    types = [tag[2:] for tag in tags]
    counts = same_type_counts(vectors, tags, neighbours=k, bank=1000, seed=1)
    assert counts.tolist() == counts_by_hand(vectors, types, k)
    weights = neighbour_weights(vectors, tags, neighbours=k, slope=6.0)
    assert weights.shape == (words,)
    assert ((weights > 0) & (weights <= 1)).all()
    for tag in set(tags):
        own = np.array(tags) == tag
        r = counts[own] / max(counts[own].max(), 1)
        w = 1 / (1 + np.exp(-6 * (r - r.mean())))
        np.testing.assert_allclose(weights[own], w / w.max(), rtol=1e-5)


def test_closed_form_of_the_weights():
    """Three words of PER in one direction, one among three of O: its neighbours speak against it."""
    angles = np.array([0.0, 0.01, 0.02, 1.5, 1.51, 1.52, 1.53])
    vectors = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    tags = ["B-PER", "I-PER", "B-PER", "B-PER", "O", "O", "O"]
    weights = neighbour_weights(vectors, tags, neighbours=2, slope=6.0)
    low, high = 1 / (1 + np.exp(4)), 1 / (1 + np.exp(-2))  # r = 1, 1, 0 with the mean 2/3
    np.testing.assert_allclose(weights[[0, 1, 2, 3]], [1, 1, 1, low / high], rtol=1e-5)
    assert neighbour_weights(vectors, tags, neighbours=2, slope=0.0).tolist() == [1] * 7


def test_a_bank_is_drawn_by_the_seed():
    rng = np.random.default_rng(0)
    vectors, tags = rng.normal(size=(60, 4)).astype(np.float32), rng.choice(["O", "B-PER"], size=60).tolist()
    few = [same_type_counts(vectors, tags, neighbours=5, bank=20, seed=seed).tolist() for seed in (1, 1, 2)]
    assert few[0] == few[1] != few[2]
    assert max(few[0]) <= 5


def test_word_vectors_are_what_the_head_reads():
    tagger = train_neural(ENGLISH, replace(NEURAL, epochs=1))
    text = Corpus((Sentence(()), *GERMAN.sentences[:5], Sentence(("Rom",))))
    vectors = tagger.word_vectors(text)
    assert vectors.shape == (21, ENCODER.width)
    head = tagger.network.encoder.head
    scores = torch.from_numpy(vectors) @ head.weight.T + head.bias
    expected = np.concatenate(list(tagger.predict(text)))
    np.testing.assert_allclose(scores.softmax(-1).detach().numpy(), expected, atol=1e-5)
    assert tagger.word_vectors(Corpus((Sentence(()),))).shape[0] == 0


@pytest.mark.parametrize("subwords", ["first", "all"])
def test_word_vectors_of_a_transformer_are_the_mean_of_three_layers(subwords, tmp_path):
    pytest.importorskip("transformers", reason="Transformers is not installed: pip install 'exonym[neural]'")
    from exonym.tag import TransformerEncoder
    from tiny_models import make_model

    make_model(tmp_path / "base", "xlmr", [" ".join(sentence.words) for sentence in ENGLISH])
    encoder = TransformerEncoder(model=str(tmp_path / "base"), subwords=subwords)
    tagger = train_neural(ENGLISH, NeuralOptions(encoder=encoder, epochs=1))
    sentence = Sentence(("Anna", "unbelievably", "Rome"), (), "1")
    vectors = tagger.word_vectors([sentence])
    inner = tagger.network.encoder
    (window,) = inner.windows([sentence.words], Ledger())
    ids, bounds, _ = window.content
    with torch.no_grad():
        layers = inner.model(input_ids=torch.tensor(ids)[None], output_hidden_states=True).hidden_states
    mean = torch.stack(layers[-3:]).mean(0)[0].numpy()
    for place, (start, stop) in enumerate(pairwise(bounds)):
        expected = mean[start] if subwords == "first" else mean[start:stop].mean(0)
        np.testing.assert_allclose(vectors[place], expected, atol=1e-5)


def test_word_by_word_keeps_order_labels_and_capitals():
    lexicon = Lexicon.of([("köln", "cologne", 2), ("rom", "cologne", 1), ("sieht", "sees", 1), ("onu", "un", 1)])
    source = Corpus((Sentence(("Cologne", "sees", "UN", "COLOGNE", "Oslo"), (Span(0, 1, "LOC"),), "1"),), "en")
    (made,) = translate_words(source, lexicon)
    assert made.words == ("Köln", "sieht", "ONU", "KÖLN", "Oslo")
    assert keys([made]) == keys(source)
    assert transfer(TASK, UniTrans(tagger=LIGHT, translation=WordByWord())).ledger["words of the source"] == 80


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: CoLaDa(tagger=LIGHT), "tagger: found the light tagger.*word.*has none"),
        (lambda: CoLaDa(rounds=0), "rounds: found 0"),
        (lambda: CoLaDa(trust=1.5), "trust: found 1.5"),
        (lambda: Neighbours(number=0), "neighbours.number: found 0"),
        (lambda: UniTrans(soft=-1.0), "soft: found -1"),
        (lambda: UniTrans(soft=0.0, agreed=0.0), "nothing would be learnt"),
        (lambda: UniTrans(tagger=LIGHT, agreed=2.0), "light student"),
        (lambda: UniTrans(tagger=LIGHT, ensemble=2), "ensemble: found 2 with a light tagger"),
        (lambda: UniTrans(ensemble=0), "ensemble: found 0"),
        (lambda: UniTrans(translation=TranslateTrain(tagger=NEURAL)), "translation.tagger"),
    ],
)
def test_wrong_options_are_refused(wrong, said):
    with pytest.raises(RecipeError, match=said):
        wrong()


@pytest.mark.parametrize("options", [METHODS[2], METHODS[5]], ids=["unitrans", "colada"])
@pytest.mark.parametrize(
    ("lacking", "said"),
    [("text", "found no unlabelled text"), ("translation", "found no translation of the source corpus")],
)
def test_they_say_which_data_they_lack(options, lacking, said):
    with pytest.raises(RecipeError, match=said):
        transfer(replace(TASK, **{lacking: None}), options)


def test_a_model_that_finds_nothing_is_named():
    model = train_neural(ENGLISH, replace(NEURAL, epochs=1))
    with pytest.raises(DataError, match="text: found no name that the model gives"):
        weigh_labels(model, GERMAN.unlabelled(), FEW, 1)


NETWORK = (
    '{ kind = "neural", epochs = 10, learning_rate = 0.02, batch_tokens = 64, '
    "encoder = { width = 24, layers = 1, rows = 512, dropout = 0.0, word_dropout = 0.1 } }"
)
RECIPE = f"""
resamples = 100
[source]
language = "en"
train = "en.conll"
[[targets]]
language = "de"
test = "de.conll"
text = ["text.txt"]
translation = "en-de.tsv"
[[methods]]
kind = "direct"
tagger = {NETWORK}
[[methods]]
kind = "unitrans"
tagger = {NETWORK}
[[methods]]
kind = "colada"
rounds = 1
neighbours = {{ number = 8 }}
translation = {{ kind = "words" }}
tagger = {NETWORK}
"""


@pytest.fixture
def folder(tmp_path):
    write_corpus(tmp_path / "en.conll", ENGLISH)
    write_corpus(tmp_path / "de.conll", TEST)
    (tmp_path / "text.txt").write_text("".join(" ".join(sentence.words) + "\n" for sentence in GERMAN))
    (tmp_path / "en-de.tsv").write_text("".join(f"{' '.join(p.source)}\t{' '.join(p.target)}\n" for p in BITEXT))
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path


def test_a_recipe_compares_them(folder):
    recipe = run.read_recipe(folder / "recipe.toml")
    assert all(stages for _, stages in run.plan(recipe, folder / "out"))
    results = run.compare(recipe, folder / "out")
    assert not results.failures
    assert [row.evaluation.scores.micro.f1 for row in results.rows[1:]] == [1, 1]
    planned = run.plan(recipe, folder / "out")
    assert {state for _, stages in planned for _, state in stages} <= {"found", "shared"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('text = ["text.txt"]', "", "found no `text` for de; expected it for the method unitrans"),
        ('translation = "en-de.tsv"', "", "found no `translation` for de; expected it for the method unitrans"),
        (
            'translation = "en-de.tsv"',
            "",
            "found no `translation` or `extra` for de; expected it for the method colada",
        ),
        ('train = "en.conll"', "", "found no labelled source text; expected it for the method colada"),
        ("rounds = 1", "round = 1", r"unknown key methods\[3\].round. Did you mean 'rounds'"),
    ],
)
def test_a_recipe_says_what_is_missing(folder, old, new, said):
    (folder / "wrong.toml").write_text(RECIPE.replace(old, new, 1))
    with pytest.raises(RecipeError, match=said):
        run.read_recipe(folder / "wrong.toml")


def test_a_missing_torch_is_found_before_anything_runs(folder, monkeypatch):
    monkeypatch.setattr("exonym.run.meaning.find_spec", lambda name: None)
    with pytest.raises(RecipeError, match=r"method unitrans: torch is not installed.*exonym\[neural\]"):
        run.read_recipe(folder / "recipe.toml")
