import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from exonym import run
from exonym.errors import DataError
from exonym.evaluate import evaluate
from exonym.formats import read_corpus
from exonym.report import answer, details, notes
from exonym.transfer import load_any_tagger

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
    assert [path.name for path in out.rglob(".*")] == [".exonym"]


@pytest.mark.parametrize("name", ["thesis.txt", "report.html", "results.json", "store"])
def test_a_folder_of_something_else_is_not_touched(folder, tmp_path, name):
    (tmp_path / name).write_text("precious")
    with pytest.raises(DataError, match="a folder of something else"):
        run.compare(run.read_recipe(folder / "recipe.toml"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "precious"


@pytest.fixture
def unlabelled(folder, tmp_path):
    """The comparison where each sentence of Xx is one word, so that none gets all labels of its source."""
    for name in ("en.conll", "de.conll", "en-de.tsv"):
        shutil.copy(folder / name, tmp_path)
    english = [line.split("\t")[0] for line in (folder / "en-de.tsv").read_text().splitlines()]
    (tmp_path / "en-xx.tsv").write_text("".join(f"{line}\t.\n" for line in english))
    german, other = RECIPE.split('language = "xx"')
    other = other.replace("en-de.tsv", "en-xx.tsv")
    (tmp_path / "recipe.toml").write_text(f'{german}language = "xx"{other}'.replace("title", "seeds = [1, 2]\ntitle"))
    return tmp_path


def test_a_method_that_fails_does_not_take_the_others_with_it(unlabelled):
    out = unlabelled / "out"
    old = out / "xx/translate_train/seed-1/predictions.conll"
    results = run.compare(run.read_recipe(unlabelled / "recipe.toml"), out)
    assert {(failure.language, failure.method, failure.seed) for failure in results.failures} == {
        ("xx", "translate_train", 1),
        ("xx", "translate_train", 2),
    }
    assert "found no" in results.failures[0].reason
    assert [row.method for row in results.rows if row.language == "xx"] == ["direct", "gloss", "supervised"]
    assert len([row for row in results.rows if row.language == "de"]) == 4
    assert [mean.method for mean in results.means] == ["direct", "gloss", "supervised"]
    kept = json.loads((out / "results.json").read_text())
    assert kept["failures"][0]["reason"] == results.failures[0].reason
    assert "failed: xx translate_train seed 1: " in (out / "report.html").read_text()
    old.parent.mkdir(parents=True)
    old.write_text("of an earlier run")
    done = command(unlabelled / "recipe.toml", "-o", out)
    assert done.returncode == 1
    assert "failed: xx translate_train seed 1: " in done.stdout
    assert "Traceback" not in done.stderr
    assert not old.exists()


def test_without_the_baseline_there_are_no_differences(unlabelled):
    recipe = run.read_recipe(unlabelled / "recipe.toml")
    order = {"translate_train": 0, "gloss": 1, "supervised": 2}
    methods = sorted((each for each in recipe.methods if each.name in order), key=lambda each: order[each.name])
    results = run.compare(replace(recipe, methods=tuple(methods)), unlabelled / "out")
    assert results.baseline == "translate_train"
    german, other = [[row for row in results.rows if row.language == language] for language in ("de", "xx")]
    assert [row.comparison is None for row in german] == [True, False, False]
    assert [row.comparison for row in other] == [None, None]
    assert answer(results.verdicts[1], results.baseline).startswith("xx: gloss reaches F1")


def test_results_without_a_row_are_written_too(unlabelled):
    recipe = run.read_recipe(unlabelled / "recipe.toml")
    only = replace(recipe, targets=recipe.targets[1:], methods=recipe.methods[2:3])
    results = run.compare(only, unlabelled / "out")
    assert not results.rows
    assert "failed: xx translate_train" in (unlabelled / "out/report.html").read_text()


def test_seconds_and_losses_are_those_of_one_run(folder, done):
    recipe = run.read_recipe(folder / "recipe.toml")
    three = run.compare(replace(recipe, seeds=(1, 2, 3)), folder / "three", store=done[0] / "store")
    for row, other in zip(done[1].rows, three.rows, strict=True):
        assert row.ledger == other.ledger
        assert row.seconds == pytest.approx(other.seconds)
        assert len(other.evaluation.runs) == 3


def test_translate_test_leaves_predictions_and_says_why_there_is_no_tagger(folder, tmp_path):
    rows = (folder / "en-de.tsv").read_text().splitlines()[1:]
    (folder / "de-en.tsv").write_text("".join("\t".join(row.split("\t")[::-1]) + "\n" for row in rows))
    head, _ = RECIPE.split('[[targets]]\nlanguage = "xx"')
    text = head + 'test_translation = { path = "de-en.tsv", swap = true }\n[[methods]]\nkind = "direct"\n'
    text += 'tagger = { iterations = 20 }\n[[methods]]\nkind = "translate_test"\ntagger = { iterations = 20 }\n'
    (folder / "back.toml").write_text(text)
    recipe = run.read_recipe(folder / "back.toml")
    out = tmp_path / "out"
    planned = dict(run.plan(recipe, out))
    assert [name for name, _ in planned["de translate_test"]] == [
        "train", "tag_source_side", "align", "project", "put_on_test", "count_test_losses"]  # fmt: skip
    results = run.compare(recipe, out)
    assert results.rows[1].ledger == {"spans projected": 28, "sentences not translated": 1}
    assert results.rows[1].evaluation.scores.micro.f1 == pytest.approx(2 * 28 / (28 + 30))
    assert "de translate_test: sentences lost 1" in details(results)
    made = out / "de/translate_test/seed-1"
    assert sorted(path.name for path in made.iterdir()) == ["no-tagger.txt", "predictions.conll", "predictions.jsonl"]
    with pytest.raises(DataError, match=r"found no tagger.*only text whose translation it is given. Take another"):
        load_any_tagger(made / "tagger")
    assert (out / "de/direct/seed-1/tagger").is_dir()


def test_a_damaged_store_is_mended_and_the_notes_say_so(folder, done, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(done[0], out)
    for path in out.glob("store/align-*/links.npz"):
        path.write_bytes(path.read_bytes()[:100])
    recipe = run.read_recipe(folder / "recipe.toml")
    results = run.compare(recipe, out)
    assert [row.evaluation.scores for row in results.rows] == [row.evaluation.scores for row in done[1].rows]
    assert "1 damaged results were made again: align-" in " ".join(notes(results))
    assert "damaged" not in " ".join(notes(run.compare(recipe, out)))


def test_progress_covers_the_source_test_and_the_scoring(folder, done):
    seen = []
    recipe = run.read_recipe(folder / "recipe.toml")
    run.compare(recipe, done[0], told=lambda *what: seen.append(what))
    planned = run.plan(recipe, done[0])
    assert planned[-1] == ("en source test", [("train", "shared"), ("tag", "found")])
    assert seen[-2:] == [(8, 9, "en source test: tag"), (9, 9, "scoring")]


def command(*arguments):
    line = [sys.executable, "-c", "from exonym.cli import main; main()", "compare", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True)


def test_the_command_prints_the_table_and_the_answer(folder, done):
    arguments = (folder / "recipe.toml", "-o", done[0])
    text = command(*arguments).stdout
    assert "translate_train" in text
    assert "signature: exonym:" in text
    text = command(*arguments, "--dry-run").stdout
    assert "de gloss: train (shared), align (found)" in text
    assert "en source test: train (shared), tag (found)" in text


def test_the_shipped_files_are_up_to_date():
    script = ROOT / "examples/news/make_files.py"
    checked = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_an_interrupt_stops_with_a_message_and_leaves_nothing_half_written(tmp_path):
    command = [sys.executable, "-c", "from exonym.cli import main; main()", "compare"]
    arguments = [str(ROOT / "examples/recipes/news.toml"), "-o", str(tmp_path / "out")]
    process = subprocess.Popen([*command, *arguments], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list((tmp_path / "out").glob("store/train-*")):  # the first stage is done, others are to come
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; nothing half-written was left" in errors
    assert not (tmp_path / "out/results.json").exists()
    assert not [path for path in (tmp_path / "out").rglob(".*") if path.name != ".exonym"]


def test_signatures_say_how_the_gold_labels_were_read(folder, tmp_path):
    tags = (folder / "de.conll").read_text().replace("B-", "I-") + "\nam\tO\nMontag\tI-DATE\n"
    (folder / "iob1.conll").write_text(tags)
    text = RECIPE.replace('test = "de.conll"', 'test = { path = "iob1.conll", repair = "conlleval" }', 1)
    (folder / "iob1.toml").write_text(text + '[labels]\nDATE = "drop"\n')
    results = run.compare(run.read_recipe(folder / "iob1.toml"), tmp_path / "out")
    verdict = results.verdicts[0]
    for signed in (results.rows[0].evaluation, results.rows[1].comparison, verdict.margin):
        assert "|scheme:iob1|repair:conlleval|labels:DATE>drop|" in signed.signature
    assert "|scheme:iob2|repair:error|labels:DATE>drop|" in results.source.signature
    signatures = [line for line in notes(results) if line.startswith("signature")]
    assert [line.partition(":")[0] for line in signatures] == ["signature (de)", "signature (xx)"]
