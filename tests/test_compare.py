import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from exonym import run
from exonym.errors import DataError
from exonym.evaluate import evaluate
from exonym.formats import read_corpus
from exonym.report import answer

ROOT = Path(__file__).parents[1]
RECIPE = """
title = "Toy <b>&"
[source]
language = "en"
train = "en.conll"
test = "en.conll"
[[targets]]
language = "de"
test = "de.conll"
translation = "en-de.tsv"
train = "de.conll"
[[targets]]
language = "xx"
test = "de.conll"
translation = "en-de.tsv"
train = "de.conll"
[[methods]]
kind = "direct"
tagger = { iterations = 20 }
[[methods]]
kind = "gloss"
tagger = { iterations = 20 }
[[methods]]
kind = "translate_train"
tagger = { iterations = 20 }
[[methods]]
kind = "supervised"
tagger = { iterations = 20 }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipe")
    names, cities = ("Anna", "Tom", "Eva", "Omar", "Lin"), {"Cologne": "Köln", "Rome": "Rom", "Moscow": "Moskau"}
    pairs = [(name, city, stadt) for name in names for city, stadt in cities.items()]
    english = [f"{name}\tB-PER\nsees\tO\n{city}\tB-LOC\n" for name, city, _ in pairs]
    german = [f"{name}\tB-PER\nsieht\tO\n{stadt}\tB-LOC\n" for name, _, stadt in pairs]
    (folder / "en.conll").write_text("\n".join(english))
    (folder / "de.conll").write_text("\n".join(german))
    (folder / "en-de.tsv").write_text("".join(f"{n} sees {c}\t{n} sieht {s}\n" for n, c, s in pairs))
    (folder / "recipe.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def done(folder):
    out = folder / "out"
    return out, run.compare(run.read_recipe(folder / "recipe.toml"), out)


def test_results_say_what_the_files_say(folder, done):
    out, results = done
    kept = json.loads((out / "results.json").read_text())
    assert [(row["language"], row["method"]) for row in kept["rows"]] == [
        (language, method)
        for language in ("de", "xx")
        for method in ("direct", "gloss", "translate_train", "supervised")
    ]
    gold = read_corpus(folder / "de.conll")
    for row, mine in zip(kept["rows"], results.rows, strict=True):
        predicted = read_corpus(out / row["language"] / row["method"] / "seed-1/predictions.conll")
        assert row["evaluation"]["micro"]["f1"] == evaluate(gold, predicted, resamples=0).scores.micro.f1
        assert row["evaluation"]["micro"]["f1"] == mine.evaluation.scores.micro.f1
        assert row["seconds"] > 0
    assert kept["rows"][2]["lost"]["spans projected"] == 30
    assert kept["source"]["evaluation"]["micro"]["f1"] == 1
    assert kept["recipe"]["methods"][0]["options"]["tagger"]["iterations"] == 20
    assert [mean["method"] for mean in kept["means"]] == ["direct", "gloss", "translate_train", "supervised"]
    assert "labels:none" in kept["rows"][0]["evaluation"]["signature"]


def test_the_ceiling_is_no_contestant(done):
    _, results = done
    assert [verdict.best.method != "supervised" for verdict in results.verdicts] == [True, True]
    assert answer(results.verdicts[0], results.baseline).startswith("de: ")


def test_the_page_escapes_what_users_write(done):
    page = (done[0] / "report.html").read_text()
    assert "Toy &lt;b&gt;&amp;" in page
    assert "<b>" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_second_run_finds_everything_and_says_the_same(folder, done):
    out, results = done
    recipe = run.read_recipe(folder / "recipe.toml")
    before = (out / "results.json").read_text()
    planned = run.plan(recipe, out)
    assert {state for _, stages in planned for _, state in stages} == {"found", "shared"}
    again = run.compare(recipe, out)
    assert [row.to_dict() for row in again.rows] == [row.to_dict() for row in results.rows]
    assert json.loads(before)["rows"] == json.loads((out / "results.json").read_text())["rows"]


def test_another_folder_gives_the_same_bytes(folder, done):
    other = folder / "other"
    run.compare(run.read_recipe(folder / "recipe.toml"), other)
    for path in done[0].rglob("predictions.conll"):
        assert (other / path.relative_to(done[0])).read_bytes() == path.read_bytes()
    for path in done[0].glob("*/*/*/tagger/**/*.crfsuite"):
        assert (other / path.relative_to(done[0])).read_bytes() == path.read_bytes()


def test_methods_share_their_stages(folder, done):
    planned = dict(run.plan(run.read_recipe(folder / "recipe.toml"), folder / "fresh"))
    assert ("align", "run") in planned["de gloss"]
    assert ("align", "shared") in planned["de translate_train"]
    assert ("train", "shared") in planned["xx direct"]
    assert not (folder / "fresh").exists()


def test_a_run_that_is_cut_short_does_not_look_finished(folder, done, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(done[0], out)
    recipe = run.read_recipe(folder / "recipe.toml")
    first, *rest = recipe.methods
    changed = replace(first, options=replace(first.options, tagger=replace(first.options.tagger, iterations=21)))

    def stop(finished, total, what):
        if finished:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.compare(replace(recipe, methods=(changed, *rest)), out, told=stop)
    assert not (out / "results.json").exists()
    assert not (out / "report.html").exists()
    assert (out / "de/direct/seed-1/predictions.conll").exists()
    assert not [path for path in out.rglob(".*")]


def test_a_folder_of_something_else_is_not_touched(folder, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(DataError, match="a folder of something else"):
        run.compare(run.read_recipe(folder / "recipe.toml"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_command_prints_the_table_and_the_answer(folder, done):
    command = [sys.executable, "-c", "from exonym.cli import main; main()", "compare"]
    arguments = [str(folder / "recipe.toml"), "-o", str(done[0])]
    text = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True).stdout
    assert "translate_train" in text
    assert "signature: exonym:" in text
    text = subprocess.run([*command, *arguments, "--dry-run"], capture_output=True, text=True, check=True).stdout
    assert "de gloss: train (shared), align (found)" in text


def test_the_shipped_files_are_up_to_date():
    script = ROOT / "examples/news/make_files.py"
    checked = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
