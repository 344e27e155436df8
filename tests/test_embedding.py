"""Links of vectors: equal to the published packages, live where they are installed, and by frozen fixtures always."""

import json
from itertools import combinations, permutations, product
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the embedding aligner needs torch")
pytest.importorskip("transformers", reason="the embedding aligner needs transformers")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from exonym.align.embedding import EmbeddingAligner  # noqa: E402
from exonym.align.embedding import pairs as pairs_module  # noqa: E402
from exonym.align.embedding.encoder import LayerEncoder  # noqa: E402
from exonym.align.embedding.extraction import distorted, entmax15, is_null, itermax, linked, match, mutual  # noqa: E402
from exonym.data import Bitext, Pair  # noqa: E402
from exonym.errors import DataError, RecipeError  # noqa: E402
from tiny_embedding import BITEXT, awesome_links, awesome_model, make_encoder, make_translator, quiet_simalign  # noqa: E402

# Made with the functions of simalign 0.4 (`iter_max`, `get_max_weight_match`, `apply_distortion`) and the guide layer
# of awesome-align 0.1.7 on random matrices.
FROZEN = json.loads((Path(__file__).parent / "data" / "embedding_links.json").read_text())


def full(scores):
    return torch.ones(scores.shape, dtype=torch.bool)


def links_of(mask):
    return sorted(map(tuple, mask.nonzero().tolist()))


def aligned(options, products):
    products = torch.tensor(products, dtype=torch.float64)[None]
    found, weights = linked(options, products, full(products))
    assert ((weights[found] >= 0) & (weights[found] <= 1 + 1e-9)).all()
    return links_of(found[0])


@pytest.mark.parametrize("case", FROZEN["simalign"], ids=lambda case: "x".join(map(str, np.shape(case["cosines"]))))
@pytest.mark.parametrize("method", ["argmax", "itermax", "match"])
def test_as_simalign_on_frozen_matrices(case, method):
    for distortion in (0.0, 0.5):
        options = EmbeddingAligner(model="m", method=method, distortion=distortion)
        wanted = case["links"][f"{method} {distortion}"]
        assert aligned(options, case["cosines"]) == sorted(map(tuple, wanted))


@pytest.mark.parametrize("case", FROZEN["awesome"], ids=lambda case: "x".join(map(str, np.shape(case["products"]))))
def test_as_awesome_on_frozen_matrices(case):
    for name, wanted in case["links"].items():
        method, _, threshold = name.partition(" ")
        options = EmbeddingAligner(model="m", method=method, **({"threshold": float(threshold)} if threshold else {}))
        assert aligned(options, case["products"]) == sorted(map(tuple, wanted))


def test_a_worked_example():
    scores = torch.tensor(
        [[0.9, 0.1, 0.2, 0.1], [0.8, 0.3, 0.1, 0.1], [0.1, 0.2, 0.7, 0.6], [0.1, 0.2, 0.65, 0.5]], dtype=torch.float64
    )[None]
    assert links_of(mutual(scores, full(scores))[0]) == [(0, 0), (2, 2)]
    assert links_of(itermax(scores, full(scores), 2)[0]) == [(0, 0), (1, 0), (2, 2), (2, 3), (3, 2)]
    assert links_of(match(scores, full(scores))[0]) == [(0, 0), (1, 1), (2, 3), (3, 2)]


def test_distortion_by_hand():
    ones = torch.ones(1, 3, 3)
    wanted = [[1, 0.875, 0.5], [0.875, 1, 0.875], [0.5, 0.875, 1]]
    assert torch.allclose(distorted(ones, full(ones), 0.5)[0], torch.tensor(wanted))
    row = torch.ones(1, 1, 4)
    assert torch.equal(distorted(row, full(row), 1.0), row)


def test_softmax_by_hand():
    assert aligned(EmbeddingAligner(model="m", method="softmax"), [[9, 0], [0, 9]]) == [(0, 0), (1, 1)]
    assert len(aligned(EmbeddingAligner(model="m", method="softmax", threshold=1e-4), [[9, 0], [0, 9]])) == 4


SHAPES = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=4)


@given(
    shapes=SHAPES, seed=st.integers(0, 999), method=st.sampled_from(["argmax", "itermax", "match", "softmax", "entmax"])
)
@settings(max_examples=60)
def test_padding_changes_nothing(shapes, seed, method):
    rng = np.random.default_rng(seed)
    spread = 1 if method in ("argmax", "itermax", "match") else 5
    extra = {"distortion": 0.3, "null_threshold": 0.97} if spread == 1 else {}
    options = EmbeddingAligner(model="m", method=method, **extra)
    rows, columns = (max(shape[side] for shape in shapes) for side in (0, 1))
    products = torch.zeros(len(shapes), rows, columns, dtype=torch.float64)
    cells = torch.zeros_like(products, dtype=torch.bool)
    alone = []
    for place, (m, n) in enumerate(shapes):
        own = torch.from_numpy(rng.uniform(-spread, spread, (m, n)))
        products[place, :m, :n] = own
        cells[place, :m, :n] = True
        alone.append((own, linked(options, own[None], full(own[None]))))
    found, weights = linked(options, products, cells)
    for place, (own, (links, weight)) in enumerate(alone):
        m, n = own.shape
        assert links_of(found[place]) == links_of(links[0])
        assert torch.allclose(weights[place, :m, :n], weight[0])


@given(st.integers(0, 9999))
@settings(max_examples=40)
def test_match_has_most_links_and_then_the_largest_sum(seed):
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 5, 2).tolist()
    scores = rng.integers(0, 4, (m, n)) / 3  # with zeros, which are no links
    best = max(
        ((scores[list(rows), list(columns)] > 0).sum(), scores[list(rows), list(columns)].sum())
        for rows in combinations(range(m), min(m, n))
        for columns in permutations(range(n), min(m, n))
    )
    found = links_of(match(torch.from_numpy(scores)[None], full(scores[None]))[0])
    assert len({i for i, _ in found}) == len({j for _, j in found}) == len(found) == best[0]
    assert sum(scores[link] for link in found) == pytest.approx(best[1])
    assert all(scores[link] > 0 for link in found)


def test_null_links_by_brute_force():
    rng = np.random.default_rng(5)
    scores = rng.uniform(0, 1, (4, 5)) ** 4
    scores[1] = 0.5
    scores[:, 2] = 0.5

    def evenness(values):
        shares = values / values.sum()
        return -sum(share * np.log(share) for share in shares) / np.log(len(values))

    for threshold in (0.7, 0.9, 0.99):
        found = is_null(torch.from_numpy(scores)[None], full(scores[None]), threshold)[0]
        for i, j in product(range(4), range(5)):
            assert bool(found[i, j]) == (min(evenness(scores[i]), evenness(scores[:, j])) > threshold)
    narrow = torch.full((1, 2, 5), 0.5)
    assert not is_null(narrow, full(narrow), 0.5).any()


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=8))
def test_entmax_is_what_bisection_finds(values):
    scores = torch.tensor(values, dtype=torch.float64)
    found = entmax15(scores, 0)
    low, high = scores.max() / 2 - 1, scores.max() / 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if ((scores / 2 - middle).clamp(min=0) ** 2).sum() > 1 else (low, middle)
    assert torch.allclose(found, (scores / 2 - low).clamp(min=0) ** 2, atol=1e-9)
    assert float(found.sum()) == pytest.approx(1)


def test_gradient_of_entmax():
    scores = torch.randn(3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 2
    for dim in (1, 2):
        assert torch.autograd.gradcheck(lambda given, dim=dim: entmax15(given, dim), scores.requires_grad_())


@pytest.fixture(scope="module", params=["bert", "xlmr"])
def encoder(request, tmp_path_factory):
    return make_encoder(tmp_path_factory.mktemp("encoder"), request.param)


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return make_encoder(tmp_path_factory.mktemp("bert"), "bert")


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    return make_translator(tmp_path_factory.mktemp("translator"))


@pytest.mark.parametrize("level", ["word", "subword"])
@pytest.mark.parametrize("distortion", [0.0, 0.5])
def test_as_simalign_link_for_link(encoder, level, distortion):
    aligner = quiet_simalign(
        encoder, layer=2, token_type={"word": "word", "subword": "bpe"}[level], distortion=distortion
    )
    wanted = [aligner.get_word_aligns(list(pair.source), list(pair.target)) for pair in BITEXT]
    for method, name in (("argmax", "inter"), ("itermax", "itermax"), ("match", "mwmf")):
        options = EmbeddingAligner(model=str(encoder), method=method, layer=2, level=level, distortion=distortion)
        found = [[(i, j) for i, j, _ in links] for links in options.align(BITEXT)]
        assert found == [[tuple(link) for link in links[name]] for links in wanted]


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_as_awesome_link_for_link(bert, layer):
    model = awesome_model(bert)
    for method, threshold in (("softmax", 1e-3), ("softmax", 0.05), ("entmax", 1e-3)):
        options = EmbeddingAligner(model=str(bert), method=method, layer=layer, threshold=threshold)
        found = [{(i, j) for i, j, _ in links} for links in options.align(BITEXT)]
        assert found == [set(awesome_links(model, bert, pair, method, layer, threshold)) for pair in BITEXT]


@pytest.mark.parametrize("kind", ["bert", "xlmr", "deberta", "translator"])
def test_vectors_are_the_hidden_states_of_the_layer(kind, tmp_path):
    from transformers import AutoModel

    folder = make_translator(tmp_path) if kind == "translator" else make_encoder(tmp_path, kind)
    languages = ("eng_Latn", "deu_Latn") if kind == "translator" else ()
    base = AutoModel.from_pretrained(folder).eval()
    base = base.get_encoder() if kind == "translator" else base
    for layer in range(4):
        encoder = LayerEncoder.open(str(folder), hub=False, layer=layer, languages=languages)
        assert sum(weight.numel() for weight in encoder.parameters()) <= sum(
            weight.numel() for weight in base.parameters()
        )
        windows = encoder.windows(encoder.tokens([pair.source for pair in BITEXT], [0] * len(BITEXT)))
        ids, mask = encoder.collate([window.ids for window in windows])
        with torch.no_grad():
            states = base(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
            assert len(states) == 4
            there = mask.bool()
            assert torch.allclose(encoder(ids, mask)[there], states[layer][there], atol=1e-5)


def test_a_layer_that_is_not_there(bert):
    with pytest.raises(RecipeError, match="found layer = 4; expected at most 3"):
        EmbeddingAligner(model=str(bert), layer=4).align(BITEXT)


def itself(*sentences):
    return Bitext(tuple(Pair(words, words, str(number)) for number, words in enumerate(sentences)))


@pytest.mark.parametrize("method", ["argmax", "itermax", "match"])
def test_long_sentences_are_read_whole(encoder, method):
    rng = np.random.default_rng(1)
    words = tuple("".join(rng.choice(list("abcdefgh"), 5)) for _ in range(90))  # more than fits the 64 positions
    links = EmbeddingAligner(model=str(encoder), layer=2, method=method, level="word").align(itself(words))[0]
    assert {(i, i) for i in range(90)} <= {(i, j) for i, j, _ in links}
    assert links.weight[links.source == links.target] == pytest.approx(1)


def test_words_longer_than_a_window_are_counted(bert):
    alignment = EmbeddingAligner(model=str(bert), layer=1, max_length=8).align(itself(("a", "ab" * 30, "b")))
    assert alignment.ledger["words longer than a window, cut"] == 2
    assert {(i, i) for i in range(3)} <= {(i, j) for i, j, _ in alignment[0]}


@pytest.mark.parametrize("level", ["word", "subword"])
def test_words_without_subwords_have_no_link_and_are_counted(bert, level):
    nothing = "\x01"
    bitext = Bitext((Pair(("a", nothing, "b"), ("a", "b", nothing, nothing)), Pair((nothing,), ("a",)), *BITEXT.pairs))
    alignment = EmbeddingAligner(model=str(bert), layer=1, level=level, method="match").align(bitext)
    assert [(i, j) for i, j, _ in alignment[0]] == [(0, 0), (2, 1)]
    assert not len(alignment[1])
    assert alignment.ledger["words without a subword, unlinked"] == 4


def test_an_empty_side_is_named(bert):
    with pytest.raises(DataError, match="no target words in pair 2"):
        EmbeddingAligner(model=str(bert), layer=1).align(Bitext((Pair(("a",), ("b",)), Pair(("a",), ()))))
    assert not len(EmbeddingAligner(model="nowhere").align(Bitext(())))


def test_each_sentence_is_encoded_once(bert, monkeypatch):
    read = []
    collate = LayerEncoder.collate
    monkeypatch.setattr(LayerEncoder, "collate", lambda self, texts: read.extend(texts) or collate(self, texts))
    monkeypatch.setattr(pairs_module, "_CHUNK", 40)
    source, *targets = (pair.source for pair in BITEXT.pairs[:12])
    bitext = Bitext(tuple(Pair(source, target) for target in targets) * 2)
    alignment = EmbeddingAligner(model=str(bert), layer=2).align(bitext)
    assert len(read) == len({source, *targets})
    assert alignment.links[:11] == alignment.links[11:]


@pytest.mark.parametrize("method", ["itermax", "match", "softmax"])
def test_links_do_not_depend_on_how_the_work_is_cut(bert, monkeypatch, method):
    options = EmbeddingAligner(model=str(bert), layer=2, method=method)
    told = []
    whole = options.align(BITEXT, progress=lambda *done: told.append(done))
    assert told[-1] == (len(BITEXT), len(BITEXT), "aligning")
    monkeypatch.setattr(pairs_module, "_CHUNK", 40)
    monkeypatch.setattr(pairs_module, "_CELLS", {"cpu": 1, "cuda": 1})
    monkeypatch.setattr(pairs_module, "_BATCH_TOKENS", {"cpu": 1, "cuda": 1})
    parts = options.align(BITEXT)
    for one, other in zip(whole, parts, strict=True):
        assert one.source.tolist() == other.source.tolist()
        assert one.target.tolist() == other.target.tolist()
        assert one.weight == pytest.approx(other.weight, abs=1e-5)
        assert ((one.weight > 0) & (one.weight <= 1)).all()


def test_words_are_linked_with_the_weight_of_their_best_subwords(bert):
    options = EmbeddingAligner(model=str(bert), layer=2, method="softmax", threshold=0.0)
    encoder = LayerEncoder.open(str(bert), hub=False, layer=2)
    for pair, links in zip(BITEXT, options.align(BITEXT), strict=True):
        sides = []
        for words in pair[:2]:
            (tokens,) = encoder.tokens([words], [0])
            (window,) = encoder.windows([tokens])
            with torch.no_grad():
                vectors = encoder(*encoder.collate([window.ids]))[0, window.first : window.first + len(tokens.ids)]
            sides.append((vectors, np.repeat(tokens.words, tokens.lengths)))
        products = sides[0][0] @ sides[1][0].T
        mean = ((products.softmax(0) + products.softmax(1)) / 2).numpy()
        for i, j, weight in links:
            assert weight == pytest.approx(mean[np.ix_(sides[0][1] == i, sides[1][1] == j)].max(), abs=1e-4)


def test_bfloat16_finds_nearly_the_same(bert):
    options = {"model": str(bert), "layer": 2, "method": "argmax"}
    exact, rough = (
        EmbeddingAligner(**options, precision=precision).align(BITEXT) for precision in ("float32", "bfloat16")
    )
    same = sum(len({(i, j) for i, j, _ in a} & {(i, j) for i, j, _ in b}) for a, b in zip(exact, rough, strict=True))
    assert same >= 0.8 * sum(map(len, exact))


def test_a_translation_model_reads_each_side_in_its_language(translator):
    options = {"model": str(translator), "layer": 2, "method": "argmax", "level": "word"}
    encoder = LayerEncoder.open(str(translator), hub=False, layer=2, languages=("eng_Latn", "deu_Latn"))
    names = [
        encoder.tokenizer.convert_ids_to_tokens([one for part in special for one in part])
        for special in encoder.special
    ]
    assert names == [["eng_Latn", "</s>"], ["deu_Latn", "</s>"]]
    same = EmbeddingAligner(**options, source_language="deu_Latn", target_language="deu_Latn").align(
        itself(BITEXT[0].source)
    )[0]
    assert same.weight == pytest.approx(1)
    other = EmbeddingAligner(**options, source_language="eng_Latn", target_language="deu_Latn").align(
        itself(BITEXT[0].source)
    )[0]
    assert other.weight.max() < 1 - 1e-5
    with pytest.raises(RecipeError, match="expected source_language and target_language"):
        EmbeddingAligner(**options).align(BITEXT)
    with pytest.raises(RecipeError, match="'klingon'; expected a code of the model"):
        EmbeddingAligner(**options, source_language="eng_Latn", target_language="klingon").align(BITEXT)


def test_an_encoder_has_no_languages(bert):
    with pytest.raises(RecipeError, match="puts no language before a sentence"):
        EmbeddingAligner(model=str(bert), layer=1, source_language="en", target_language="de").align(BITEXT)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"method": "best"}, "method = 'best'; expected 'argmax' or"),
        ({"model": ""}, "a folder or a name"),
        ({"layer": -1}, "layer = -1"),
        ({"distortion": 1.5}, "distortion = 1.5"),
        ({"null_threshold": 0}, "null_threshold = 0"),
        ({"max_length": 3}, "max_length = 3"),
        ({"source_language": "en"}, "both languages, or none"),
        ({"method": "argmax", "iterations": 3}, "does not look at it"),
        ({"method": "softmax", "distortion": 0.1}, "does not look at it"),
        ({"threshold": 0.5}, "does not look at it"),
    ],
)
def test_wrong_options(options, fault):
    with pytest.raises(RecipeError, match=fault):
        EmbeddingAligner(**{"model": "m"} | options)


def test_a_model_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="found no such folder"):
        EmbeddingAligner(model=str(tmp_path / "nothing")).align(BITEXT)


RECIPE = """
title = "t"
[source]
language = "en"
train = "en.conll"
[[targets]]
language = "de"
test = "de.conll"
test_translation = "test.tsv"
translation = "en-de.tsv"
[[methods]]
kind = "translate_train"
aligner = { kind = "embedding", model = "MODEL", layer = 2, method = "itermax", level = "word" }
tagger = { iterations = 5 }
[[methods]]
kind = "translate_test"
aligner = { kind = "embedding", model = "MODEL", layer = 1, method = "softmax" }
tagger = { iterations = 5 }
[[methods]]
kind = "gloss"
aligner = { kind = "embedding", model = "MODEL", layer = 0, method = "argmax" }
tagger = { iterations = 5 }
"""


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "en.conll").write_text("Anna\tB-PER\nsings\tO\n\nin\tO\nBonn\tB-LOC\n")
    (tmp_path / "de.conll").write_text("Anna\tB-PER\nsingt\tO\n\nin\tO\nBonn\tB-LOC\n")
    (tmp_path / "en-de.tsv").write_text("Anna sings\tAnna singt\nin Bonn\tin Bonn\n")
    (tmp_path / "test.tsv").write_text("Anna sings\tAnna singt\nin Bonn\tin Bonn\n")
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path / "recipe.toml"


def test_a_recipe_whose_model_is_missing_has_one_clear_fault_for_each_method(recipe):
    from exonym.run import read_recipe

    with pytest.raises(RecipeError) as error:
        read_recipe(recipe)
    faults = str(error.value).splitlines()
    assert len(faults) == 3
    assert "method translate_train: found no folder" in faults[0]
    assert "no model 'MODEL' in the local cache of the Hugging Face hub" in faults[0]
    assert "hub = true" in faults[0]


def test_every_method_that_aligns_can_use_it(recipe, bert):
    from exonym.run import read_data, read_recipe
    from exonym.transfer import transfer

    (recipe.parent / "MODEL").symlink_to(bert)
    read = read_recipe(recipe)
    task = read_data(read).targets[0].task
    for method in read.methods:
        outcome = transfer(task, method.options)
        assert len(outcome.predictions) == len(task.test)


def test_on_the_command_line(bert, tmp_path):
    from typer.testing import CliRunner

    from exonym.cli import app

    lines = ["\t".join(" ".join(side) for side in pair[:2]) for pair in BITEXT]
    (tmp_path / "text.tsv").write_text("\n".join(lines) + "\n")
    given = ["align", str(tmp_path / "text.tsv"), "-o", str(tmp_path / "links"), "--aligner", "embedding"]
    chosen = ["--model", str(bert), "--layer", "2", "--method", "argmax", "--level", "word"]
    done = CliRunner().invoke(app, [*given, *chosen], catch_exceptions=False)
    assert not done.exit_code, done.output
    wanted = EmbeddingAligner(model=str(bert), layer=2, method="argmax", level="word").align(BITEXT)
    lines = (tmp_path / "links").read_text().split("\n")[:-1]
    found = [{tuple(map(int, link.split(":")[0].split("-"))) for link in line.split()} for line in lines]
    assert found == [{(i, j) for i, j, _ in links} for links in wanted]
    tuned = ["--fine-tune", str(tmp_path / "tuned"), "--steps", "2"]
    done = CliRunner().invoke(app, [*given, *chosen, *tuned], catch_exceptions=False)
    assert not done.exit_code, done.output
    assert (tmp_path / "tuned" / "model.safetensors").is_file()
    for wrong, message in (
        (["--aligner", "embedding"], "without --model"),
        (["--layer", "0"], "found --layer with --aligner statistical"),
        (["--aligner", "embedding", "--model", "m", "--workers", "2"], "found --workers with --aligner embedding"),
        (["--aligner", "embedding", "--model", "m", "--steps", "2"], "expected --fine-tune"),
        (["--aligner", "embedding", "--model", "m", "--extra", given[1]], "expected --fine-tune"),
        (["--aligner", "embedding", "--model", "m", "--symmetrisation", "union"], "found --symmetrisation union"),
    ):
        done = CliRunner().invoke(app, [*given[:2], *wrong])
        assert done.exit_code
        assert message in str(done.exception) + done.output


@given(st.integers(1, 40), st.integers(1, 40), st.booleans(), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_linear_maps_in_8_bits_are_near_those_in_32(inputs, outputs, bias, seed):
    from exonym.int8 import Int8Linear

    torch.manual_seed(seed)
    linear = torch.nn.Linear(inputs, outputs, bias=bias)
    numbers = torch.randn(3, inputs)
    with torch.inference_mode():
        wanted, found = linear(numbers), Int8Linear(linear)(numbers)
    step = float(numbers.max().clamp(min=0) - numbers.min().clamp(max=0)) / 127  # 7 bits of inputs, 8 of weights
    weights = float(linear.weight.detach().abs().max())
    bound = inputs * (step * weights + float(numbers.abs().max()) * weights / 127)
    assert found.shape == wanted.shape
    assert float((found - wanted).abs().max()) <= bound + 1e-6


def test_8_bits_change_few_links(tmp_path):
    model = str(make_encoder(tmp_path / "m", "bert"))
    exact, coarse = (
        EmbeddingAligner(model=model, layer=2, method="argmax", precision=precision).align(BITEXT)
        for precision in ("float32", "int8")
    )
    one = {(n, link.source, link.target) for n, links in enumerate(exact) for link in links}
    two = {(n, link.source, link.target) for n, links in enumerate(coarse) for link in links}
    assert len(one & two) > 0.8 * len(one | two)
    assert [links.weight.tolist() for links in exact] != [links.weight.tolist() for links in coarse]
    with pytest.raises(RecipeError, match="precision"):
        EmbeddingAligner(model=model, precision="int4")
