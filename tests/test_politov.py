"""The recipes of Politov et al. 2025 with tiny stand-ins for every model, on a few made-up sentences a language."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'exonym[neural]'")
pytest.importorskip("transformers", reason="Transformers is not installed: pip install 'exonym[neural]'")
pytest.importorskip("ctranslate2", reason="CTranslate2 is not installed: pip install 'exonym[mt]'")

from exonym import run
from exonym.data import Corpus, Sentence, Span
from exonym.formats import write_corpus
from exonym.tag import LightOptions, train_light
from exonym.translate import code_for, convert
from test_languages import FLORES
from tiny_models import make_model
from tiny_translators import make_translator

RECIPES = Path(__file__).parents[1] / "examples" / "recipes"
NAMES = ("Amina", "Juma", "Zuri")
CITIES = ("Moshi", "Tanga")
PAIRS = [(f"{name} ako {city} leo", f"{name} is in {city}") for name in NAMES for city in CITIES]


def corpus(places, words):
    return Corpus(
        tuple(
            Sentence(tuple(pair[words].split()), tuple(Span(p, p + 1, label) for p, label in places), str(number))
            for number, pair in enumerate(PAIRS, start=1)
        )
    )


def languages(name):
    recipe = tomllib.loads((RECIPES / name).read_text())
    return {target["language"]: target["test"].removeprefix("$EXONYM_DATA/") for target in recipe["targets"]}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Models of the names that the recipes have: a translator from all their languages, an encoder, a tagger."""
    folder = tmp_path_factory.mktemp("models")
    codes = {
        code_for(language, FLORES, "NLLB")
        for name in ("politov-masakhaner2.toml", "politov-xtreme.toml")
        for language in languages(name)
    }
    routes = [(code, "eng_Latn") for code in sorted(codes)]
    plain = make_translator(folder / "plain", "nllb", [PAIRS] * len(routes), 60, routes)
    convert(plain, folder / "nllb", quantization="float32")
    make_model(folder / "aligner", "bert", [side for pair in PAIRS for side in pair], layers=8)
    known = (*corpus(((0, "PER"), (3, "LOC")), 1), Sentence(("a", "Swahili", "song"), (Span(1, 2, "MISC"),), "last"))
    train_light(Corpus(known), LightOptions(iterations=30)).save(folder / "english")
    return folder


@pytest.mark.parametrize(("name", "number"), [("politov-masakhaner2.toml", 18), ("politov-xtreme.toml", 39)])
def test_recipe_runs_through(name, number, models, tmp_path, monkeypatch):
    data = tmp_path / "data"
    for path in languages(name).values():
        (data / path).parent.mkdir(parents=True)
        labels = corpus(((0, "PER"), (2, "LOC")), 0)
        dated = tuple(sentence.with_spans((*sentence.spans, Span(3, 4, "DATE"))) for sentence in labels)
        write_corpus(data / path, Corpus(dated) if "masakhaner2" in name else labels)
    monkeypatch.setenv("EXONYM_DATA", str(data))
    monkeypatch.setenv("EXONYM_MODELS", str(models))
    recipe = run.read_recipe(RECIPES / name)
    assert len(recipe.targets) == number
    few = recipe.targets[:3]  # the others differ by their names only
    results = run.compare(replace(recipe, targets=few), tmp_path / "out")
    assert not results.failures
    assert {row.method for row in results.rows} == {method.name for method in recipe.methods}
    for row in results.rows:
        if row.method.endswith(("ngrams", "heuristic")):
            assert row.ledger["sentences translated"] == len(PAIRS)
        if row.method != "direct":
            assert any(event.startswith("spans ") for event in row.ledger)
