import re
from pathlib import Path

import pytest

from exonym.errors import DataError, RecipeError
from exonym.project import Filtering, Fusion, Matching
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
filtering = { min_confidence = 0.5, sentences = "confident", labels = ["PER", "LOC"] }
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
    assert projected.options.filtering == Filtering(min_confidence=0.5, sentences="confident", labels=("PER", "LOC"))
    assert projected.options.matching == Matching(matcher="greedy", threshold=0.3)
    assert projected.options.tagger.iterations == 7
    assert read.source.train.path == str(folder / "en.conll")
    assert read.seeds == (1,)


def test_every_option_of_matching_can_be_written(folder):
    table = (
        'score = "soft", power = 2.0, candidates = "ngrams", max_words = 5, stop = ["!"], threshold = 0.2, limit = 2, '
        "fusion = { alignment = 0.5, tagger = 0.5, tagger_by_class = true, alpha = 1.2 }"
    )
    read = read_recipe(recipe(folder, GOOD.replace("threshold = 0.3", table)))
    assert isinstance(read.methods[1].options, TranslateTrain)
    assert read.methods[1].options.matching == Matching(
        matcher="greedy",
        score="soft",
        power=2.0,
        candidates="ngrams",
        max_words=5,
        stop=("!",),
        threshold=0.2,
        limit=2,
        fusion=Fusion(alignment=0.5, tagger=0.5, tagger_by_class=True, alpha=1.2),
    )
    old = 'matcher = "greedy", threshold = 0.3'
    new = 'matcher = "heuristic", compat = "politov", max_gap = 2, length_ratio = 0.5'
    read = read_recipe(recipe(folder, GOOD.replace(old, new)))
    assert isinstance(read.methods[1].options, TranslateTrain)
    assert read.methods[1].options.matching.run_options == (2, 0.5, False)
    text = "\n".join(faults(folder, GOOD.replace(old, f"{old}, fusion = {{ taggr = 1.0 }}")))
    assert "unknown key methods[2].matching.fusion.taggr. Did you mean 'tagger'?" in text
    text = "\n".join(faults(folder, GOOD.replace(old, f"{old}, compat = 'politov'")))
    assert "methods[2].matching: compat: found it with matcher 'greedy', which does not know it" in text


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
    assert re.search(r"found no file .*dee\.conll; expected one\. Did you mean 'de\.conll'\?", text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "direct"', 'kind = "dirct"', "unknown kind 'dirct' for methods[1]. Did you mean 'direct'?"),
        ('kind = "direct"', "", "no kind for methods[1]"),
        ('matcher = "greedy"', 'macher = "greedy"', "unknown key methods[2].matching.macher"),
        ("tagger = {", 'aligner = { kind = "giza" }\ntagger = {', "unknown kind 'giza' for methods[2].aligner"),
        ("tagger = {", 'aligner = { kind = "statistical", tnsion = 1 }\ntagger = {', "Did you mean 'tension'?"),
        (
            "tagger = {",
            'aligner = { kind = "statistical", tension = "x" }\ntagger = {',
            "for methods[2].aligner.tension",
        ),
        ('name = "projected"', 'name = "direct"', "method name 'direct' twice"),
        ('name = "projected"', 'name = "../../x"', "can name a folder"),
        (
            'kind = "direct"',
            'kind = "translate_test"',
            "found no `test_translation` for de; expected it for the method translate_test",
        ),
        (
            'path = "en-de.tsv"',
            'path = "en-de.tsv", raw = "left"',
            "found 'left' for targets[1].translation.raw; expected true or false, or 'source' or 'target'.",
        ),
        (
            'path = "en-de.tsv"',
            'path = "en-de.tsv", raw = 1',
            "found 1 for targets[1].translation.raw; expected true or false, or 'source' or 'target'.",
        ),
        (
            'path = "en-de.tsv"',
            'path = "en-de.tsv", swap = "yes"',
            "found 'yes' for targets[1].translation.swap; expected true or false.",
        ),
        (
            'path = "en-de.tsv"',
            'path = "en-de.tsv", scheme = "iob2"',
            "unknown key targets[1].translation.scheme",
        ),
        (
            'test = "de.conll"',
            'test = { path = "de.conll", swap = true }',
            "unknown key targets[1].test.swap",
        ),
        (
            'test = "de.conll"',
            'test = "de.conll"\ntest_translation = "de-en.tsv"',
            "de-en.tsv; expected one. Did you mean 'en-de.tsv'?",
        ),
        (
            'translation = { path = "en-de.tsv" }',
            "",
            "found no `translation` for de; expected it for the method projected",
        ),
        ("title =", "title", "broken TOML"),
        ('matcher = "greedy"', 'matcher = "optimal"', "optimal"),
        ('kind = "direct"', 'kind = "supervised"', "found no `train` for de; expected it for the method supervised"),
        (
            'test = "de.conll"',
            'test = "$EXONYM_NO_SUCH/de.conll"',
            "found paths with $EXONYM_NO_SUCH, an environment variable that is not set",
        ),
        ("threshold = 0.3", "threshold = 3.0", "methods[2].matching: "),
        ("[source]", "seeds = []\n[source]", "no seeds"),
        ("[source]", "seeds = [-1]\n[source]", "found -1 for seeds[1]; expected a number greater than or equal to 0"),
        ("[source]", "seeds = [1, 2, 1]\n[source]", "found the seed 1 twice"),
        ("[source]", "seeds = [true]\n[source]", "found true for seeds[1]; expected a whole number"),
        ("[source]", 'seeds = ["1"]\n[source]', "found '1' for seeds[1]; expected a whole number"),
        ("[source]", "seeds = 1\n[source]", "found 1 for seeds; expected an array. Write seeds = [...]"),
        ("[source]", 'confidence = "0.9"\n[source]', "found '0.9' for confidence; expected a number."),
        ("[source]", "confidence = 1.5\n[source]", "expected a number less than 1"),
        ("[source]", 'labels = { PER = "" }\n[source]', "found '' for labels.PER; expected a label"),
        (
            "[source]",
            'labels = { PER = "a b" }\n[source]',
            "found 'a b' for labels.PER; expected a label without spaces",
        ),
        ('title = "t"', "title = 2020-01-01", "found the date 2020-01-01 for title; expected text in quotes"),
        ("iterations = 7", "iterations = 7.0", "found 7.0 for methods[2].tagger.iterations; expected a whole number"),
        ('language = "en"', "", "found no source.language; expected this key"),
        ('language = "de"', 'language = "results.json"', "the target language 'results.json'; expected another"),
        ('name = "projected"', 'name = "Store"', "the method name 'Store'; expected another"),
        ("[[targets]]", "[targets]", "found a table for targets; expected one table for each. Write [[targets]]"),
        ("[source]", "[[source]]", "found an array for source; expected a table. Write [source]"),
        ("tagger = {", 'aligner = "eflomal"\ntagger = {', 'expected a table. Write aligner = { kind = "eflomal" }.'),
        ('test = "de.conll"', 'test = "de.conll"\nextra = "en-de.tsv"', "expected an array. Write extra = [...]"),
    ],
)
def test_each_fault_of_a_recipe_gets_its_message(folder, old, new, message):
    found = faults(folder, GOOD.replace(old, new, 1))
    assert len(found) == 1
    assert message in found[0]


def test_methods_given_by_name_only_say_what_to_write(folder):
    found = faults(folder, 'methods = ["direct"]\n' + GOOD.split("[[methods]]")[0])
    assert len(found) == 1
    assert (
        """found 'direct' for methods[1]; expected a table. Write [[methods]] and, in the next line, kind = "direct"."""
        in (found[0])
    )


def test_no_fault_speaks_of_python(folder):
    for line in [line for line in GOOD.splitlines() if "=" in line]:
        for value in ("5", "true", "[1]", "{ a = 1 }", "2020-01-01"):
            found = faults(folder, GOOD.replace(line, f"{line.partition(' =')[0]} = {value}"))
            assert not re.search("dictionary|tuple|instance|valid|Aligner|Direct|Input", "".join(found)), found


@pytest.mark.parametrize(
    ("aligner", "package", "extra"),
    [('kind = "eflomal"', "eflomal", "eflomal"), ('kind = "statistical", romaniser = "uroman"', "uroman", "romanise")],
)
def test_a_missing_package_is_found_before_anything_runs(folder, monkeypatch, aligner, package, extra):
    monkeypatch.setattr("exonym.run.meaning.find_spec", lambda name: None)
    found = faults(folder, GOOD.replace("tagger = {", f"aligner = {{ {aligner} }}\ntagger = {{"))
    assert len(found) == 1
    assert f'method projected: {package} is not installed. Run: pip install "exonym[{extra}]"' in found[0]


def test_a_byte_order_mark_and_variables_anywhere_in_a_path_are_read(folder, monkeypatch):
    monkeypatch.setenv("EXONYM_CODE", "de")
    path = recipe(folder, GOOD.replace('"en-de.tsv"', '"en-${EXONYM_CODE}.tsv"'))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_recipe(path).targets[0].translation.path == str(folder / "en-de.tsv")


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


def test_labels_of_all_corpora_are_checked(folder):
    (folder / "odd.conll").write_text("Anna\tB-PERSON\n")
    for key in ("train", "test"):
        for place, old in (("source", 'train = "en.conll"'), ("targets", 'test = "de.conll"')):
            if old.startswith(key):
                continue
            text = GOOD.replace(old, f'{old}\n{key} = "odd.conll"')
            with pytest.raises(
                DataError, match=r"odd\.conll: found the labels PERSON, which .*en\.conll lacks"
            ) as error:
                read_data(read_recipe(recipe(folder, text)))
            assert len(str(error.value).splitlines()) == 1, place


def test_a_map_that_leaves_no_labels_is_a_fault(folder):
    with pytest.raises(
        DataError, match=r"en\.conll: found only labels that \[labels\] drops \(PER -> drop, LOC -> drop\)"
    ):
        read_data(read_recipe(recipe(folder, GOOD + '[labels]\nPER = "drop"\nLOC = "drop"\n')))
    (folder / "de.conll").write_text("Anna\tO\n")
    with pytest.raises(DataError, match=r"de\.conll: found no labels; expected labelled text"):
        read_data(read_recipe(recipe(folder, GOOD)))


def test_a_translation_of_another_text_is_found_before_anything_runs(folder):
    (folder / "en-de.tsv").write_text("Anna sings .\tAnna singt .\n")
    with pytest.raises(DataError, match=r"en-de.tsv:1: found other words"):
        read_data(read_recipe(recipe(folder, GOOD)))


def test_a_test_translation_is_read_as_the_recipe_says(folder):
    (folder / "de-en.tsv").write_text("Anna singt\tAnna sings.\nin Bonn\tIn Bonn\n")
    table = '{ path = "de-en.tsv", swap = true, raw = "source" }'
    text = GOOD.replace('test = "de.conll"', f'test = "de.conll"\ntest_translation = {table}')
    task = read_data(read_recipe(recipe(folder, text))).targets[0].task
    assert [pair[:2] for pair in task.test_translation] == [
        (("Anna", "sings", "."), ("Anna", "singt")),
        (("In", "Bonn"), ("in", "Bonn")),
    ]
    assert len(task.parallel) == 2


def test_a_test_translation_of_another_text_is_found_before_anything_runs(folder):
    (folder / "de-en.tsv").write_text("Anna singt .\tAnna sings .\nnach Bonn\tto Bonn\n")
    text = GOOD.replace(
        'test = "de.conll"', 'test = "de.conll"\ntest_translation = { path = "de-en.tsv", swap = true }'
    )
    with pytest.raises(DataError) as error:
        read_data(read_recipe(recipe(folder, text)))
    lines = str(error.value).splitlines()
    assert [line.split("/")[-1].split(":")[1] for line in (lines[0].split(" ")[0], lines[1].split(" ")[0])] == [
        "1",
        "2",
    ]
    assert all("The target side must be the corpus, word for word" in line for line in lines)


def test_methods_cannot_see_the_test_labels(folder):
    data = read_data(read_recipe(recipe(folder, GOOD)))
    assert data.targets[0].gold.labels
    assert not data.targets[0].task.test.labels


def test_the_shipped_recipe_is_sound():
    assert [target.language for target in read_data(read_recipe(NEWS)).targets] == ["de", "es", "sw", "hi"]


def test_extra_text_without_spaces_is_cut_like_the_test_translation_and_counted(folder):
    (folder / "de.conll").write_text("甲乙\tB-PER\n丙\tO\n丁戊\tO\n\n丙\tO\n甲乙\tB-PER\n\n" * 30)
    (folder / "zh-en.tsv").write_text("甲乙 丙 丁戊\tAnna sings well\n丙 甲乙\tSings Anna\n" * 30)
    (folder / "extra.tsv").write_text("well sings Anna\t丁戊丙甲乙\n" * 4)
    rows = 'test_translation = { path = "zh-en.tsv", swap = true }\nextra = [{ path = "extra.tsv" }]'
    text = GOOD.split("[[methods]]")[0].replace('translation = { path = "en-de.tsv" }', rows)
    text += '[[methods]]\nkind = "direct"\n[[methods]]\nkind = "translate_test"\n'
    data = read_data(read_recipe(recipe(folder, text)))
    assert {pair.target for pair in data.targets[0].task.parallel} == {("丁戊", "丙", "甲乙")}
    event = f"{folder / 'extra.tsv'}: unsegmented stretches on the target side"
    assert data.ledger[f"{event} cut"] == 4
    assert data.ledger[f"{event}, words made of them"] == 12


@pytest.mark.parametrize("path", sorted(NEWS.parent.glob("*.toml")), ids=lambda path: path.stem)
def test_the_examples_lack_nothing_but_data_and_packages(path, monkeypatch):
    for name in ("EXONYM_DATA", "EXONYM_MODELS", "EXONYM_MINILM"):
        monkeypatch.setenv(name, "/nowhere")
    try:
        faults = [] if read_recipe(path).methods else ["no methods"]
    except RecipeError as error:
        known = ("found no file", "found no folder", "is not installed")
        faults = [line for line in str(error).splitlines() if not any(each in line for each in known)]
    assert faults == []


METHOD = """
[[methods]]
kind = "translate_train"
name = "m"
"""


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ('translator = { kind = "files", path = "no.tsv" }', "found no file or folder FOLDER/no.tsv; expected one."),
        ('translator = { kind = "ctranslate2", model = "no" }', "found no file or folder FOLDER/no; expected one."),
        (
            'translator = { kind = "ctranslate2", model = ".", tokenizer = "no" }',
            "found no file or folder FOLDER/no; expected one.",
        ),
        (
            'tagger = { kind = "neural", encoder = { kind = "hashed", vectors = "no.vec" } }',
            "found no file or folder FOLDER/no.vec; expected one.",
        ),
        (
            'matching = { candidates = "tagger" }\nsource_tagger = { kind = "saved", path = "no" }',
            "found no file or folder FOLDER/no; expected one.",
        ),
    ],
)
def test_what_a_method_names_and_is_not_there_is_a_fault_before_anything_runs(folder, rows, fault):
    text = GOOD.split("[[methods]]")[0] + METHOD + rows
    with pytest.raises(RecipeError) as error:
        read_recipe(recipe(folder, text))
    assert any(f"method m: {fault.replace('FOLDER', str(folder))}" in line for line in str(error.value).splitlines())


def test_the_folder_of_a_tokeniser_is_relative_to_the_recipe(folder):
    (folder / "words").mkdir()
    text = GOOD.split("[[methods]]")[0] + METHOD
    text += 'translator = { kind = "ctranslate2", model = "words", tokenizer = "words" }'
    translator = read_recipe(recipe(folder, text)).methods[0].options.translator
    assert translator.model == translator.tokenizer == str(folder / "words")


@pytest.mark.parametrize(
    ("rows", "package"),
    [
        (
            'matching.fusion.translation = 1.0\nscorer = { kind = "phrases", translator = { kind = "ctranslate2", '
            'model = "." } }',
            "ctranslate2",
        ),
        ('aligner = { kind = "embedding", model = "." }', "transformers"),
    ],
)
def test_packages_that_any_part_of_a_method_lacks_are_named(folder, rows, package, monkeypatch):
    monkeypatch.setattr("exonym.run.meaning.find_spec", lambda name: None if name == package else name)
    with pytest.raises(RecipeError, match=f"method m: {package} is not installed"):
        read_recipe(recipe(folder, GOOD.split("[[methods]]")[0] + METHOD + rows))


def test_a_scorer_without_a_weight_is_a_fault(folder):
    rows = 'scorer = { kind = "phrases", translator = { kind = "ctranslate2", model = "." } }'
    with pytest.raises(RecipeError, match="scorer: found one, and no weight"):
        read_recipe(recipe(folder, GOOD.split("[[methods]]")[0] + METHOD + rows))


def test_the_translator_of_a_teacher_must_be_told_the_languages_and_has_labelled_text_translated(folder):
    head = GOOD.partition("[source]")[0] + '[[targets]]\nlanguage = "de"\ntest = "de.conll"\ntext = ["de.conll"]\n'
    teacher = '{ kind = "translate_train", labels = "tagger", translator = { kind = "apertium" }, SAVED }'.replace(
        "SAVED", 'source_tagger = { kind = "saved", path = "." }'
    )
    text = f'{head}[[methods]]\nkind = "teacher_student"\nteachers = [{teacher}]'
    with pytest.raises(RecipeError) as error:
        read_recipe(recipe(folder, text))
    assert "expected it for the translator of the method teacher_student" in str(error.value)
    assert "found no labelled source text; expected it for the method teacher_student" in str(error.value)
