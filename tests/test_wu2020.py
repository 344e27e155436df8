"""The replay of Wu et al. 2020, all but the weights: four made-up languages, a tiny encoder that knows them."""

import importlib.util
import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'exonym[neural]'")
pytest.importorskip("transformers", reason="Transformers is not installed: pip install 'exonym[neural]'")

from exonym.data import Corpus, Sentence, Span
from exonym.formats import write_corpus
from exonym.run import plan
from exonym.tag import NeuralOptions, TransformerEncoder, train_neural
from tiny_models import make_model

PERSONS, CITIES = ("Anna", "Tomas", "Evina", "Omar", "Lindis", "Karsten"), ("Kolm", "Rovik", "Mosta", "Varsel", "Bonn")
FIRMS, PEOPLES = ("Telfa", "Grundo", "Sympa"), ("Kolmish", "Roviks", "Mostan", "Varsels")
VERBS = {"en": ("meets", "the"), "es": ("encuentra", "los"), "nl": ("ontmoet", "de"), "de": ("trifft", "die")}
COUNTS = {"train": 24, "test": 8}


def load():
    path = Path(__file__).parents[1] / "examples" / "wu2020.py"
    spec = importlib.util.spec_from_file_location("wu2020", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


wu2020 = load()


def corpus(language, split):
    """Sentences `Anna meets the Roviks in Bonn Telfa .`; no two of a language are the same."""
    verb, article = VERBS[language]
    first = 0 if split == "train" else COUNTS["train"]
    sentences = []
    for number in range(first, first + COUNTS[split]):
        names = (PERSONS[number % 6], PEOPLES[number % 4], CITIES[number % 5], FIRMS[number // 6 % 3])
        words = (names[0], verb, article, names[1], "in", names[2], names[3], f"{number}", ".")
        spans = (Span(0, 1, "PER"), Span(3, 4, "MISC"), Span(5, 6, "LOC"), Span(6, 7, "ORG"))
        sentences.append(Sentence(words, spans, f"{number}"))
    return Corpus(tuple(sentences), f"{language} {split}")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("conll")
    for language in VERBS:
        (folder / language).mkdir()
        for split in COUNTS:
            write_corpus(folder / language / f"{split}.conll", corpus(language, split))
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A tiny BERT that was taught the names beforehand, since three epochs at 5e-5 teach a fresh one nothing."""
    folder = tmp_path_factory.mktemp("model")
    everything = Corpus(tuple(sentence for language in VERBS for sentence in corpus(language, "train")), "all")
    text = [" ".join(sentence.words) for sentence in everything]
    fresh = TransformerEncoder(model=str(make_model(folder / "fresh", "bert", text, positions=160)))
    options = NeuralOptions(encoder=fresh, epochs=12, learning_rate=0.005, batch_tokens=256)
    train_neural(everything, options).save(folder / "taught")
    return folder / "taught"


@pytest.fixture(scope="module")
def replayed(data, model, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    wu2020.main(["--data", str(data), "--model", str(model), "--seeds", "22", "-o", str(out)])
    return out


def test_every_cell_of_the_table_is_filled(replayed):
    head, _, *lines = (replayed / "table.md").read_text(encoding="utf-8").splitlines()
    assert head == "| | es | nl | de | mean |"
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [row[0] for row in rows[:6]] == list(wu2020.ROWS.values())
    assert len(rows) == 10
    for row in rows:
        assert len(row) == 5
        assert all(float(cell.split()[0]) > 70 for cell in row[1:]), row
    for row, has_difference in zip(rows, (False, True, False, True, True, True), strict=False):
        assert all((", p " in cell) == has_difference for cell in row[1:4])


def options_of(results):
    return {method["name"]: method["options"] for method in results["recipe"]["methods"]}


def test_the_hyper_parameters_are_those_of_the_paper(replayed):
    for part, student_decay in (("single", 0.01), *((f"multi-{each}", 1e-5) for each in ("es", "nl", "de"))):
        results = json.loads((replayed / part / "results.json").read_text(encoding="utf-8"))
        assert results["recipe"]["seeds"] == [22]
        methods = options_of(results)
        students = [options["student"] for options in methods.values() if options.get("student")]
        if part == "single":
            teachers = [methods["direct"]["tagger"], methods["student"]["teachers"][0]["tagger"]]
        else:
            teachers = [options["tagger"] for options in methods.values()]
        taggers = [(each, 5e-5, 0.01) for each in teachers] + [(each, 1e-4, student_decay) for each in students]
        for tagger, rate, decay in taggers:
            encoder = tagger["encoder"]
            assert (tagger["learning_rate"], tagger["weight_decay"]) == (rate, decay)
            assert (tagger["epochs"], tagger["warmup"], tagger["clip"], tagger["crf"]) == (3, 0.1, 1.0, False)
            assert (tagger["head_learning_rate"], tagger["accumulate"]) == (None, 1)
            assert (encoder["frozen_layers"], encoder["dropout"], encoder["max_length"]) == (3, 0.1, 128)
            assert encoder["subwords"] == "first"
        for options in methods.values():
            assert options.get("learning") is None  # of a neural student that is `mse`
            assert options.get("share", 1.0) == 1.0
            assert options.get("initial", "fresh") == "fresh"


def test_sources_and_weights_are_those_of_the_paper(replayed, model):
    for language in ("es", "nl", "de"):
        results = json.loads((replayed / f"multi-{language}" / "results.json").read_text(encoding="utf-8"))
        recipe = results["recipe"]
        sources = {recipe["source"]["language"], *(each["language"] for each in recipe["sources"])}
        assert sources == {"en", "es", "nl", "de"} - {language}
        methods = options_of(results)
        assert [options["weights"] for options in methods.values()] == ["uniform"] * 2 + ["similarity"] * 2
        similarity = methods["student-similar"]["similarity"]
        assert similarity["kind"] == "learned"
        assert similarity["encoder"] == str(model)
        assert (similarity["rank"], similarity["penalty"], similarity["epochs"]) == (64, 0.01, 10)
        assert (similarity["batch"], similarity["rate"], similarity["decay"], similarity["clip"]) == (32, 1e-4, 1e-5, 1)


def test_it_can_be_stopped_and_run_again(replayed, data, model):
    for name, recipe in wu2020.recipes(data, str(model)).items():
        steps = plan(recipe, replayed / name, store=replayed / "store")
        assert {state for _, stages in steps for _, state in stages} <= {"found", "shared"}
    trained = [path for path in (replayed / "store").iterdir() if path.name.startswith("train-")]
    assert len(trained) == 4  # one teacher for each language, whatever it is used for


def test_a_missing_corpus_is_one_clear_error(data, model, tmp_path):
    for file in data.rglob("*.conll"):
        if file.parent.name != "nl":
            (tmp_path / "data" / file.parent.name).mkdir(parents=True, exist_ok=True)
            (tmp_path / "data" / file.parent.name / file.name).write_bytes(file.read_bytes())
    with pytest.raises(SystemExit, match=r"error: found no .*train\.conll, .*test\.conll; expected .*CoNLL-2002"):
        wu2020.main(["--data", str(tmp_path / "data"), "--model", str(model), "-o", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_a_missing_model_is_told_once(data, tmp_path):
    with pytest.raises(SystemExit) as error:
        wu2020.main(["--data", str(data), "--model", str(tmp_path / "none"), "-o", str(tmp_path / "out")])
    assert str(error.value).count("found no such folder") == 1
