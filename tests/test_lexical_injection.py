"""Targeted lexical injection, on tiny encoders and languages that are made up on the spot."""

import random
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch (extra `neural`)")
transformers = pytest.importorskip("transformers", reason="needs transformers (extra `neural`)")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from exonym.align.embedding.encoder import opened  # noqa: E402
from exonym.data import Alignment, Bitext, Corpus, Ledger, Links, Pair, Sentence, Span  # noqa: E402
from exonym.errors import DataError, RecipeError  # noqa: E402
from exonym.lora import adapt, merge  # noqa: E402
from exonym.run import compare, read_recipe  # noqa: E402
from exonym.tag import HashedEncoder, NeuralOptions, TransformerEncoder  # noqa: E402
from exonym.transfer import (  # noqa: E402
    AdaptedEncoder,
    Injection,
    LexicalInjection,
    Task,
    WordPair,
    inject,
    lexical_injection,
    read_pairs,
    retrieval,
)
from exonym.transfer.injecting import contrast, triplet  # noqa: E402
from exonym.transfer.injection import InjectionReport  # noqa: E402
from exonym.transfer.retrieval import measured  # noqa: E402
from exonym.transfer.word_pairs import learnt_pairs, shuffled_pairs, split_pairs  # noqa: E402
from exonym.transfer.word_vectors import WordEncoder  # noqa: E402
from tiny_models import make_model  # noqa: E402

_RANDOM = random.Random(7)


def _words(letters, count=40):
    found = {}
    while len(found) < count:
        found["".join(_RANDOM.choice(letters) for _ in range(_RANDOM.randint(4, 7)))] = None
    return list(found)


PAIRS = [WordPair(target, source) for target, source in zip(_words("mnopqrst"), _words("abcdefgh"), strict=True)]
QUICK = Injection(rank=4, alpha=8, maps="all", steps=100, batch_pairs=16, learning_rate=1e-2, temperature=0.2)


@pytest.fixture(scope="module", params=["xlmr", "bert", "deberta"])
def any_model(request, tmp_path_factory):
    return make_model(tmp_path_factory.mktemp(request.param) / "model", request.param, [" ".join(p) for p in PAIRS])


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("base") / "model", "xlmr", [" ".join(pair) for pair in PAIRS])


@pytest.fixture(scope="module")
def injected(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("done") / "injected"
    return folder, inject(model, PAIRS[:32], QUICK, folder, held_out=PAIRS[32:])


def weights(folder):
    return load_file(folder / "model.safetensors")


# The losses.


def test_contrast_is_its_closed_form():
    source = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    target = torch.tensor([[1.0, 0.0], [3.0, 3.0]])
    # Cosines, target by source: [[1, 0], [h, h]] with h = 1 / sqrt 2; temperature 1 / 2.
    h = 0.5**0.5
    rows = np.log(1 + np.exp(-2)) + np.log(2)
    columns = np.log(1 + np.exp(2 * (h - 1))) + np.log(1 + np.exp(-2 * h))
    assert contrast(source, target, 0.5).item() == pytest.approx((rows + columns) / 4, abs=1e-6)


def test_triplet_is_its_closed_form():
    source = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    target = torch.tensor([[0.8, 0.6], [0.0, 2.0], [0.6, 0.8]])
    # Rows of cosines: [.8, .6, .96], [0, 1, .8], [.6, .8, 1].
    expected = np.mean([0.4 + 0.96 - 0.8, 0.4 + 0.8 - 1, 0.4 + 0.8 - 1])
    assert triplet(source, target, 0.4).item() == pytest.approx(expected, abs=1e-6)


def test_a_single_pair_has_nothing_to_learn():
    one, other = torch.randn(1, 4), torch.randn(1, 4)
    assert contrast(one, other, 0.1).item() == triplet(one, other, 0.4).item() == 0


def test_equal_pairs_leave_margin_and_hardest_other():
    vectors = torch.nn.functional.normalize(torch.randn(5, 3, generator=torch.Generator().manual_seed(1)), dim=1)
    cosines = (vectors @ vectors.T).fill_diagonal_(-9)
    expected = (0.4 + cosines.amax(1) - 1).relu().mean()
    assert triplet(vectors, vectors, 0.4).item() == pytest.approx(expected.item(), abs=1e-6)


@pytest.mark.parametrize("loss", [lambda s, t, m: contrast(s, t, 0.3, m), lambda s, t, m: triplet(s, t, 0.7, m)])
def test_gradients_are_finite_differences_and_length_does_not_count(loss):
    drawn = torch.Generator().manual_seed(2)
    sides = [torch.randn(4, 3, generator=drawn, dtype=torch.float64, requires_grad=True) for _ in "st"]
    translates = torch.zeros(4, 4, dtype=torch.bool)
    translates[0, 2] = translates[3, 1] = True
    assert torch.autograd.gradcheck(lambda source, target: loss(source, target, translates), sides)
    scaled = loss(7 * sides[0], sides[1] / 3, translates)
    assert scaled.item() == pytest.approx(loss(*sides, translates).item())


def test_other_translations_are_no_negatives():
    source = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    translates = torch.tensor([[False, True, False], [True, False, False], [False, False, False]])
    sharp = contrast(source, source, 0.01, translates)
    assert sharp.item() == pytest.approx(0, abs=1e-6)
    assert contrast(source, source, 0.01).item() == pytest.approx(2 / 3 * np.log(2), abs=1e-6)
    assert triplet(source, source, 0.4, translates).item() == 0


# Low-rank changes.


def test_merged_and_unmerged_give_the_same_and_nothing_changes_at_first():
    torch.manual_seed(3)
    linear, given = torch.nn.Linear(6, 5), torch.randn(4, 6)
    plain = linear(given)
    down, up = adapt([linear], rank=2, alpha=3.0)
    assert torch.equal(linear(given), plain)
    assert [name for name, each in linear.named_parameters() if each.requires_grad and "weight" in name] == [
        "parametrizations.weight.0.down",
        "parametrizations.weight.0.up",
    ]
    with torch.no_grad():
        up.normal_()
    unmerged = linear(given)
    expected = plain + 1.5 * given @ down.T @ up.T
    assert torch.allclose(unmerged, expected, atol=1e-5)
    merge([linear])
    assert type(linear) is torch.nn.Linear
    assert torch.equal(linear(given), unmerged)


def test_changes_are_those_of_peft():
    peft = pytest.importorskip("peft", reason="peft is not installed")
    torch.manual_seed(4)
    base = torch.nn.Sequential(torch.nn.Linear(6, 5))
    given = torch.randn(3, 6)
    config = peft.LoraConfig(r=2, lora_alpha=6, target_modules=["0"])
    theirs = peft.get_peft_model(torch.nn.Sequential(torch.nn.Linear(6, 5)), config)
    layer = theirs.base_model.model[0]
    with torch.no_grad():
        layer.base_layer.weight.copy_(base[0].weight)
        layer.base_layer.bias.copy_(base[0].bias)
        layer.lora_B.default.weight.normal_()
    down, up = adapt([base[0]], rank=2, alpha=6)
    with torch.no_grad():
        down.copy_(layer.lora_A.default.weight)
        up.copy_(layer.lora_B.default.weight)
    assert torch.allclose(base(given), theirs(given), atol=1e-6)


# Retrieval.


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_retrieval_is_that_of_brute_force(data):
    sizes = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    drawn = np.random.default_rng(data.draw(st.integers(0, 999)))
    source, target = (drawn.normal(size=(size, 3)) for size in sizes)
    links = {(i, int(drawn.integers(sizes[1]))) for i in range(sizes[0])}
    links |= {(int(drawn.integers(sizes[0])), j) for j in range(sizes[1])}
    found = measured(4, source, target, sorted(links))

    def cosine(i, j):
        return source[i] @ target[j] / np.linalg.norm(source[i]) / np.linalg.norm(target[j])

    rows, columns = range(sizes[0]), range(sizes[1])
    hits = [(i, max(columns, key=lambda j: cosine(i, j))) in links for i in rows]
    back = [(max(rows, key=lambda i: cosine(i, j)), j) in links for j in columns]
    assert (found.to_target, found.to_source) == pytest.approx((np.mean(hits), np.mean(back)))
    others = [cosine(i, j) for i in rows for j in columns if (i, j) not in links]
    assert found.similarity == pytest.approx(np.mean([cosine(i, j) for i, j in links]))
    assert found.random_similarity == pytest.approx(np.mean(others) if others else 0, abs=1e-9)
    # Chance: what a uniform guess finds, in either direction.
    guess = [np.mean([(i, j) in links for j in columns]) for i in rows]
    back_guess = [np.mean([(i, j) in links for i in rows]) for j in columns]
    assert found.chance == pytest.approx((np.mean(guess) + np.mean(back_guess)) / 2)


def test_vectors_are_means_without_special_subwords_at_every_layer(any_model):
    from transformers import AutoModel

    whole, tokenizer, _ = opened(str(any_model), False, AutoModel)
    words = WordEncoder(whole, tokenizer, 2)
    known = words.known([PAIRS[0].target, f"{PAIRS[1].source} {PAIRS[2].source}"])
    found = words.at_all_layers(list(known.values()))
    for row, (text, ids) in enumerate(known.items()):
        inputs = tokenizer(text.split(), is_split_into_words=True, return_tensors="pt")
        assert inputs.input_ids[0, 1:-1].tolist() == ids.tolist()
        with torch.inference_mode():
            states = whole(**inputs, output_hidden_states=True).hidden_states
        expected = np.stack([state[0, 1:-1].mean(0).numpy() for state in states])
        np.testing.assert_allclose(found[:, row], expected, atol=1e-5)
    with torch.inference_mode():
        np.testing.assert_allclose(words.pooled(list(known.values())).numpy(), found[2], atol=1e-5)


def test_words_that_cannot_be_read_and_equal_words_are_counted(model):
    ledger = Ledger()
    strange = [WordPair("mno " * 80, "abc"), WordPair("Abba", "abba")]
    found = retrieval(model, [*PAIRS[:3], *strange], ledger=ledger)
    assert [each.layer for each in found] == [0, 1, 2, 3]
    assert found[0].pairs == 3
    assert dict(ledger) == {
        "word pairs that the model cannot read whole, left out": 1,
        "word pairs with the same word on both sides, not measured": 1,
    }
    with pytest.raises(DataError, match="no pair that can be compared"):
        retrieval(model, strange)


# Pairs.


def test_pairs_are_each_others_most_frequent_partners():
    rows = [("Oda mno pqr .", "Ana abc def ."), ("Oda mno", "Ana abc"), ("oda rst", "ana abc"), ("mno", "abc")]
    bitext = Bitext(tuple(Pair(tuple(s.split()), tuple(t.split()), str(n)) for n, (t, s) in enumerate(rows)))
    links = (Links.of([(place, place) for place in range(len(pair.source))]) for pair in bitext)
    alignment = Alignment(tuple(links), "diagonal")
    assert learnt_pairs(bitext, alignment, 10, 0) == (
        WordPair("Oda", "Ana"),
        WordPair("mno", "abc"),
        WordPair("pqr", "def"),
    )
    assert learnt_pairs(bitext, alignment, 10, 2) == (WordPair("Oda", "Ana"), WordPair("mno", "abc"))
    assert learnt_pairs(bitext, alignment, 1, 0) == (WordPair("Oda", "Ana"),)


@given(st.lists(st.tuples(st.sampled_from("mnopqr"), st.sampled_from("abcdef")), unique=True), st.integers(0, 50))
def test_pairs_set_aside_share_no_word_with_the_others(rows, seed):
    pairs = [WordPair(*row) for row in rows]
    learnt, aside = split_pairs(pairs, 0.4, seed)
    assert sorted(learnt + aside) == sorted(pairs)
    assert len(aside) <= 0.4 * len(pairs)
    for side in (0, 1):
        assert not {pair[side] for pair in learnt} & {pair[side] for pair in aside}
    assert (learnt, aside) == split_pairs(pairs, 0.4, seed)


def test_shuffled_pairs_are_wrong():
    wrong = shuffled_pairs(PAIRS, 1)
    assert len(wrong) == len(PAIRS)
    assert not set(wrong) & set(PAIRS)
    assert {pair.source for pair in wrong} == {pair.source for pair in PAIRS}
    assert wrong != shuffled_pairs(PAIRS, 2)


def test_a_file_of_pairs_is_read_and_all_its_faults_are_named(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("Mno\tAbc\nmno pq\tdef\t2.0\nMno\tAbc\n\n", encoding="utf-8")
    assert read_pairs(path) == (WordPair("Mno", "Abc"), WordPair("mno pq", "def"))
    path.write_text("mno\nabc\tdef\n\tabc\n", encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_pairs(path)
    assert "pairs.tsv:1" in str(error.value)
    assert "pairs.tsv:3" in str(error.value)


# The whole adaptation.


def test_learning_pairs_raises_retrieval(injected):
    _, report = injected
    before, after = report.before["trained"][2], report.after["trained"][2]
    assert report.losses[-1] < report.losses[0]
    assert before.mean < 0.2
    assert after.mean > 0.7
    assert after.gap > before.gap
    assert report.before["trained"][0] == report.after["trained"][0]  # the embeddings did not learn


def test_random_pairs_leave_other_retrieval_at_chance(model, tmp_path):
    report = inject(model, shuffled_pairs(PAIRS[:32], 1), QUICK, tmp_path / "wrong", held_out=PAIRS[:32])
    assert report.after["trained"][2].mean > 0.7  # the wrong pairs are learnt by heart as well as the right ones
    true = report.after["held_out"][2]
    assert true.mean <= true.chance + 3 * (true.chance * (1 - true.chance) / 32) ** 0.5


def test_only_the_chosen_layers_change(any_model, tmp_path):
    options = replace(QUICK, steps=2, maps="attention", adapted=(2,))
    inject(any_model, PAIRS, options, tmp_path / "new")
    old, new = weights(any_model), weights(tmp_path / "new")
    changed = {name for name in old if not torch.equal(old[name], new[name])}
    assert len(changed) == 2
    assert all(".1." in name and ("query" in name or "value" in name) for name in changed)


def test_the_folder_is_a_model_of_transformers(injected):
    from transformers import AutoModel, AutoTokenizer

    folder, report = injected
    loaded = AutoModel.from_pretrained(folder, add_pooling_layer=False)
    AutoTokenizer.from_pretrained(folder)
    assert loaded.config.num_hidden_layers == 3
    assert not any("parametrizations" in name or "lora" in name for name in weights(folder))
    assert InjectionReport.of_folder(folder) == report
    assert retrieval(folder, PAIRS[:32]) == report.after["trained"]
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "P@1 to target" in card
    assert str(folder.parent) not in card + (folder / "injection.json").read_text(encoding="utf-8")
    assert len(report.lines()) == 4


def test_the_same_seed_gives_the_same_bytes(model, tmp_path):
    options = replace(QUICK, steps=3)
    state = torch.random.get_rng_state()
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        inject(model, PAIRS, options, tmp_path / name, seed=seed)
    assert torch.equal(state, torch.random.get_rng_state())
    prints = [AdaptedEncoder(tmp_path / name).fingerprint for name in ("one", "two", "three")]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": 0}, "found layer = 0; expected a number >= 1"),
        ({"adapted": (3,)}, "numbers from 1 to 2"),
        ({"batch_pairs": 1}, ">= 2"),
        ({"maps": "both"}, "'attention' or 'all'"),
        ({"temperature": 0.0}, "> 0"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(RecipeError, match=message):
        Injection(**options)


def test_a_layer_that_is_not_there_and_too_few_pairs_are_refused(model, tmp_path):
    with pytest.raises(RecipeError, match="found layer = 4; expected at most 3"):
        inject(model, PAIRS, Injection(layer=4), tmp_path / "new")
    with pytest.raises(DataError, match="found 1 word pairs"):
        inject(model, PAIRS[:1], QUICK, tmp_path / "new")
    assert not (tmp_path / "new").exists()


# The method.


def test_an_encoder_from_scratch_is_refused():
    for tagger in (NeuralOptions(), NeuralOptions(encoder=HashedEncoder(width=8))):
        with pytest.raises(RecipeError, match=r"found a tagger with the hashed encoder.*expected a pretrained one"):
            LexicalInjection(tagger=tagger)


def _sentences(side, count, seed):
    drawn = random.Random(seed)
    for number in range(count):
        places = [drawn.randrange(len(PAIRS)) for _ in range(5)]
        spans = tuple(Span(at, at + 1, "PER") for at, place in enumerate(places) if place < 8)
        yield Sentence(tuple(PAIRS[place][side] for place in places), spans, str(number))


def test_the_method_is_its_steps(model):
    bitext = Bitext(
        tuple(
            Pair(source.words, target.words, source.id)
            for source, target in zip(_sentences(1, 30, 1), _sentences(0, 30, 1), strict=True)
        )
    )
    task = Task(
        source=Corpus(tuple(_sentences(1, 20, 2))),
        test=Corpus(tuple(_sentences(0, 3, 3))).unlabelled(),
        translation=bitext,
    )
    tagger = NeuralOptions(encoder=TransformerEncoder(model=str(model)), epochs=1)
    options = LexicalInjection(tagger=tagger, injection=replace(QUICK, steps=3))
    outcome = lexical_injection(task, options)
    assert [sentence.words for sentence in outcome.predictions] == [sentence.words for sentence in task.test]
    assert any("P@1 to target" in line for line in outcome.notes)
    control = lexical_injection(replace(task, translation=None), replace(options, injected="nothing"))
    assert control.tagger.fingerprint != outcome.tagger.fingerprint
    with pytest.raises(RecipeError, match="no parallel text and no file"):
        lexical_injection(replace(task, translation=None), options)


RECIPE = """
seeds = [1]
resamples = 100

[source]
language = "src"
train = "train.jsonl"

[[targets]]
language = "tgt"
test = "test.jsonl"
translation = "pairs.tsv"
"""
METHOD = """
[[methods]]
name = "{name}"
kind = "lexical_injection"
injected = "{injected}"
{more}
tagger = {{ encoder = {{ kind = "transformer", model = "model" }}, epochs = 2, learning_rate = 1e-3 }}
injection = {{ maps = "all", steps = 20, learning_rate = 1e-2, batch_pairs = 16 }}
"""


def _write(folder, model):
    from exonym.formats import write_corpus

    (folder / "model").symlink_to(model)
    write_corpus(folder / "train.jsonl", Corpus(tuple(_sentences(1, 30, 2))))
    write_corpus(folder / "test.jsonl", Corpus(tuple(_sentences(0, 10, 3))))
    both = zip(_sentences(1, 30, 2), _sentences(0, 30, 2), strict=True)
    lines = [f"{' '.join(source.words)}\t{' '.join(target.words)}\n" for source, target in both]
    (folder / "pairs.tsv").write_text("".join(lines), encoding="utf-8")
    (folder / "words.tsv").write_text("".join(f"{one}\t{other}\n" for one, other in PAIRS), encoding="utf-8")


def test_a_recipe_compares_the_arms_and_finds_them_again(model, tmp_path):
    _write(tmp_path, model)
    methods = [("learnt", "translations", ""), ("file", "translations", 'word_pairs = "words.tsv"')]
    methods += [("random", "random", 'word_pairs = "words.tsv"'), ("control", "nothing", "")]
    text = RECIPE + "".join(METHOD.format(name=name, injected=arm, more=more) for name, arm, more in methods)
    (tmp_path / "recipe.toml").write_text(text, encoding="utf-8")
    recipe = read_recipe(tmp_path / "recipe.toml")
    results = compare(recipe, tmp_path / "out")
    assert not results.failures
    assert [row.method for row in results.rows] == ["learnt", "file", "random", "control"]
    kept = sorted(path.name for path in (tmp_path / "out/store").iterdir())
    again = compare(recipe, tmp_path / "again", store=tmp_path / "out/store")
    assert sorted(path.name for path in (tmp_path / "out/store").iterdir()) == kept
    assert [row.notes for row in again.rows] == [row.notes for row in results.rows]
    for name in ("tagger/model.safetensors", "predictions.jsonl"):
        files = [tmp_path / out / "tgt/learnt/seed-1" / name for out in ("out", "again")]
        assert files[0].read_bytes() == files[1].read_bytes()


def test_a_run_without_a_store_gives_the_same_tagger(model, tmp_path):
    _write(tmp_path, model)
    method = METHOD.format(name="file", injected="translations", more='word_pairs = "words.tsv"')
    (tmp_path / "recipe.toml").write_text(RECIPE + method, encoding="utf-8")
    recipe = read_recipe(tmp_path / "recipe.toml")
    compare(recipe, tmp_path / "out")
    found = Corpus(tuple(_sentences(1, 30, 2))), Corpus(tuple(_sentences(0, 10, 3))).unlabelled()
    outcome = lexical_injection(Task(source=found[0], test=found[1]), recipe.methods[0].options)
    outcome.tagger.save(tmp_path / "own")
    stored = tmp_path / "out/tgt/file/seed-1/tagger"
    assert (tmp_path / "own/model.safetensors").read_bytes() == (stored / "model.safetensors").read_bytes()


def test_a_recipe_with_what_is_missing_is_refused(model, tmp_path):
    _write(tmp_path, model)
    bare = RECIPE.replace('translation = "pairs.tsv"\n', "")
    method = METHOD.format(name="learnt", injected="translations", more="")
    other = METHOD.format(name="file", injected="translations", more='word_pairs = "word.tsv"')
    (tmp_path / "recipe.toml").write_text(bare + method + other, encoding="utf-8")
    with pytest.raises(RecipeError) as error:
        read_recipe(tmp_path / "recipe.toml")
    assert "found no `translation` or `extra` for tgt; expected it for the method learnt" in str(error.value)
    assert "words.tsv" in str(error.value)
    hashed = method.replace('{ kind = "transformer", model = "model" }', '{ kind = "hashed" }')
    (tmp_path / "recipe.toml").write_text(RECIPE + hashed, encoding="utf-8")
    with pytest.raises(RecipeError, match="found a tagger with the hashed encoder"):
        read_recipe(tmp_path / "recipe.toml")
