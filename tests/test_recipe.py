import re
from pathlib import Path

import pytest

from exonym.errors import DataError, RecipeError
from exonym.project import Matching
from exonym.run import read_data, read_recipe
from exonym.transfer import Direct, TranslateTrain

NEWS = Path(__file__).parents[1] / "examples/recipes/news.toml"

GOOD = """
title = "t"
[source]
language = "en"
train = "en.conll"
[[targets]]
language = "de"
test = "de.conll"
translation = { path = "en-de.tsv" }
[[methods]]
kind = "direct"
[[methods]]
kind = "translate_train"
name = "projected"
matching = { matcher = "greedy", threshold = 0.3 }
tagger = { iterations = 7 }
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "en.conll").write_text("Anna\tB-PER\nsings\tO\n\nBonn\tB-LOC\n")
    (tmp_path / "de.conll").write_text("Anna\tB-PER\nsingt\tO\n\nin\tO\nBonn\tB-LOC\n")
    (tmp_path / "en-de.tsv").write_text("Anna sings\tAnna singt\nBonn\tBonn\n")
    return tmp_path


def recipe(folder, text):
    (folder / "recipe.toml").write_text(text)
    return folder / "recipe.toml"


def faults(folder, text):
    with pytest.raises(RecipeError) as error:
        read_recipe(recipe(folder, text))
    return str(error.value).splitlines()


def test_a_recipe_becomes_options_with_defaults_filled_in(folder):
    read = read_recipe(recipe(folder, GOOD))
    direct, projected = read.methods
    assert (direct.name, direct.options) == ("direct", Direct())
    assert projected.name == "projected"
    assert isinstance(projected.options, TranslateTrain)
    assert projected.options.matching == Matching(matcher="greedy", threshold=0.3)
    assert projected.options.tagger.iterations == 7
    assert read.source.train.path == str(folder / "en.conll")
    assert read.seeds == (1,)


def test_all_faults_come_at_once_and_suggest_the_right_key(folder):
    text = (
        GOOD.replace("title", "titel")
        .replace('test = "de.conll"', 'test = "dee.conll"')
        .replace("matcher =", "macher =")
        .replace("threshold = 0.3", 'threshold = "high"')
        .replace("iterations = 7", "iteration = 7")
    )
    found = faults(folder, text)
    assert len(found) == 5
    text = "\n".join(found)
    assert "unknown key titel. Did you mean 'title'?" in text
    assert "unknown key methods[2].matching.macher. Did you mean 'matcher'?" in text
    assert "unknown key methods[2].tagger.iteration. Did you mean 'iterations'?" in text
    assert "found 'high' for methods[2].matching.threshold" in text
    assert re.search(r"found no file .*dee\.conll\. Did you mean 'de\.conll'\?", text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "direct"', 'kind = "dirct"', "unknown kind 'dirct' for methods[1]. Did you mean 'direct'?"),
        ('kind = "direct"', "", "no kind for methods[1]"),
        ('matcher = "greedy"', 'macher = "greedy"', "unknown key methods[2].matching.macher"),
        ("tagger = {", 'aligner = { kind = "giza" }\ntagger = {', "unknown kind 'giza' for methods[2].aligner"),
        ("tagger = {", 'aligner = { kind = "eflomal", tension = 1 }\ntagger = {', "key methods[2].aligner.tension"),
        (
            "tagger = {",
            'aligner = { kind = "statistical", tension = "x" }\ntagger = {',
            "for methods[2].aligner.tension",
        ),
        ('name = "projected"', 'name = "direct"', "method name 'direct' twice"),
        ('name = "projected"', 'name = "../../x"', "can name a folder"),
        ('translation = { path = "en-de.tsv" }', "", "method projected needs `translation` for de"),
        ("title =", "title", "broken TOML"),
        ('matcher = "greedy"', 'matcher = "optimal"', "optimal"),
        ('kind = "direct"', 'kind = "supervised"', "method supervised needs `train` for de"),
        ('test = "de.conll"', 'test = "$EXONYM_NO_SUCH/de.conll"', "environment variable is not set"),
        ("threshold = 0.3", "threshold = 3.0", "threshold is 3.0"),
        ("[source]", "seeds = []\n[source]", "no seeds"),
    ],
)
def test_each_fault_of_a_recipe_gets_its_message(folder, old, new, message):
    found = faults(folder, GOOD.replace(old, new, 1))
    assert len(found) == 1
    assert message in found[0]


def test_a_missing_recipe_says_so(tmp_path):
    with pytest.raises(RecipeError, match="found no recipe"):
        read_recipe(tmp_path / "none.toml")


def test_data_faults_of_all_files_come_at_once(folder):
    (folder / "en.conll").write_text("Anna\tPER\nsings\tO\n\nBonn\tB-LOC\n")
    (folder / "en-de.tsv").write_text("Anna sings\t\nBonn\tBonn\n")
    with pytest.raises(DataError) as error:
        read_data(read_recipe(recipe(folder, GOOD)))
    assert [line.split(": ")[0].rsplit("/", 1)[1] for line in str(error.value).splitlines()] == [
        "en.conll:1",
        "en-de.tsv:1",
    ]


def test_labels_that_do_not_meet_are_found_before_anything_runs(folder):
    (folder / "de.conll").write_text("Anna\tB-PER\n2021\tB-DATE\n")
    with pytest.raises(DataError, match=r'labels DATE, which .* lacks.*DATE = "drop"'):
        read_data(read_recipe(recipe(folder, GOOD)))
    data = read_data(read_recipe(recipe(folder, GOOD + '[labels]\nDATE = "drop"\n')))
    assert data.targets[0].gold.labels == ("PER",)
    assert "source has LOC, which the test text lacks" in data.warnings[0]
    assert data.ledger[f"{folder / 'de.conll'}: spans DATE -> drop"] == 1
    with pytest.raises(DataError, match=r"found 'DAT', which no corpus has\. Did you mean 'DATE'"):
        read_data(read_recipe(recipe(folder, GOOD + '[labels]\nDAT = "drop"\nDATE = "drop"\n')))


def test_a_translation_of_another_text_is_found_before_anything_runs(folder):
    (folder / "en-de.tsv").write_text("Anna sings .\tAnna singt .\n")
    with pytest.raises(DataError, match=r"en-de.tsv:1: found other words"):
        read_data(read_recipe(recipe(folder, GOOD)))


def test_methods_cannot_see_the_test_labels(folder):
    data = read_data(read_recipe(recipe(folder, GOOD)))
    assert data.targets[0].gold.labels
    assert not data.targets[0].task.test.labels


def test_the_shipped_recipe_is_sound():
    assert [target.language for target in read_data(read_recipe(NEWS)).targets] == ["de", "es", "sw", "hi"]
