"""Students of one teacher or of several sources, as methods, in recipes and on the command line."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from exonym import run
from exonym.cli import app
from exonym.data import Bitext, Corpus, Pair, Sentence, Span
from exonym.errors import DataError, ExonymError, RecipeError
from exonym.formats import write_corpus
from exonym.run.store import Store
from exonym.tag import Ensemble, LightOptions, label, train_light
from exonym.transfer import (
    Average,
    Direct,
    Gloss,
    MultiSource,
    SavedTagger,
    Task,
    TeacherStudent,
    TranslateTrain,
    load_any_tagger,
    transfer,
)
from exonym.transfer.similarity import SimilarityOptions
from exonym.transfer.students import Distillation
from exonym.transfer.teachers import told_of

LIGHT = LightOptions(iterations=12)
PEOPLE = ("Anna", "Tom", "Eva", "Omar", "Lin")
CITIES = {"Cologne": "Köln", "Rome": "Rom", "Moscow": "Moskau", "Warsaw": "Warschau"}


def corpus(name, verb, cities, labels=("PER", "LOC")):
    sentences = [
        Sentence((person, verb, city, "."), (Span(0, 1, labels[0]), Span(2, 3, labels[1])), f"{person}-{city}")
        for person in PEOPLE
        for city in cities
    ]
    return Corpus((*sentences, Sentence(("nothing", verb), (), "none")), name)


ENGLISH, FRENCH = corpus("en", "sees", CITIES), corpus("fr", "voit", ("Cologne", "Rome", "Moscou", "Varsovie"))
GERMAN = corpus("de", "sieht", CITIES.values())
TEST = replace(GERMAN, sentences=GERMAN.sentences[:-1:4])
PAIRS = tuple(
    Pair((person, "sees", city, "."), (person, "sieht", stadt, "."), f"{person}-{city}")
    for person in PEOPLE
    for city, stadt in CITIES.items()
)
TASK = Task(
    source=ENGLISH,
    test=TEST.unlabelled(),
    text=GERMAN,
    sources=(FRENCH,),
    translation=Bitext(PAIRS, "en-de"),
)


def keys(corpus):
    return [[span.key for span in sentence.spans] for sentence in corpus]


@pytest.mark.parametrize(
    "options",
    [
        TeacherStudent(teachers=(Gloss(tagger=LIGHT),), student=LIGHT),
        TeacherStudent(teachers=(Gloss(tagger=LIGHT),), student=LIGHT, learning="sampled", share=0.8, balanced=True),
        TeacherStudent(teachers=(Gloss(tagger=LIGHT), TranslateTrain(tagger=LIGHT)), student=LIGHT),
        MultiSource(tagger=LIGHT, student=LIGHT),
        MultiSource(tagger=LIGHT, weights="similarity", first=Gloss(tagger=LIGHT)),
        MultiSource(tagger=LIGHT, weights="sentence", student=LIGHT),
        MultiSource(tagger=LIGHT, weights=(0.25, 0.75)),
        Average(teachers=(Gloss(tagger=LIGHT), TranslateTrain(tagger=LIGHT))),
    ],
    ids=lambda options: f"{options.kind} {getattr(options, 'learning', '')} {getattr(options, 'weights', '')}",
)
def test_students_learn_the_toy_language(options):
    outcome = transfer(TASK, options)
    assert keys(outcome.predictions) == keys(TEST)
    assert outcome.tagger is not None
    assert keys(label(outcome.tagger, TASK.test)) == keys(TEST)


def test_no_label_of_the_text_is_looked_at_and_no_test_sentence_is_learnt_from():
    seen = []

    def spy(stage, *args):
        seen.append((stage.name, args))
        return stage(*args)

    options = TeacherStudent(teachers=(Gloss(tagger=LIGHT),), student=LIGHT)
    outcome = transfer(TASK, options, spy)
    (asked,) = [args[1] for name, args in seen if name == "tag" and args[1].name == "de" and len(args[1]) > len(TEST)]
    assert not any(sentence.spans for sentence in asked)
    test = {sentence.words for sentence in TEST}
    assert not any(sentence.words in test for sentence in asked)
    assert outcome.ledger["sentences left out: in the test text"] == len(TEST)
    assert outcome.ledger["unlabelled text"] == len(GERMAN) - len(TEST)
    (learnt,) = [args[0] for name, args in seen if name == "learn"]
    assert [sentence.words for sentence in learnt] == [sentence.words for sentence in asked]
    wrong = tuple(sentence.with_spans([Span(0, 1, "LOC")]) for sentence in GERMAN)
    other = transfer(replace(TASK, text=replace(GERMAN, sentences=wrong)), options)
    assert other.tagger.fingerprint == outcome.tagger.fingerprint


def test_the_surest_share_is_counted():
    options = TeacherStudent(teachers=(Gloss(tagger=LIGHT),), student=LIGHT, share=0.5)
    ledger = transfer(TASK, options).ledger
    assert ledger["sentences left out: not among the surest"] == ledger["unlabelled text"] // 2


@pytest.mark.parametrize("learning", ["hard", "sampled"])
def test_equal_teachers_and_one_hot_weights_are_one_teacher(learning):
    one = TeacherStudent(teachers=(Direct(tagger=LIGHT),), student=LIGHT, learning=learning)
    single = transfer(TASK, one).tagger.fingerprint
    three = replace(one, teachers=one.teachers * 3)
    assert transfer(TASK, three).tagger.fingerprint == single
    twins = replace(TASK, sources=(ENGLISH, ENGLISH))
    several = MultiSource(tagger=LIGHT, student=LIGHT, learning=learning)
    assert transfer(twins, several).tagger.fingerprint == single
    for weights in ("similarity", "sentence"):
        alike = replace(several, weights=weights, similarity=SimilarityOptions(kind="cosine", dimensions=4))
        assert transfer(twins, alike).tagger.fingerprint == single
    first = replace(several, weights=(1.0, 0.0))
    assert transfer(TASK, first).tagger.fingerprint == single
    second = transfer(TASK, replace(several, weights=(0.0, 1.0))).tagger
    assert second.fingerprint == transfer(replace(TASK, source=FRENCH), one).tagger.fingerprint


def test_without_a_student_the_weighted_teachers_tag():
    outcome = transfer(TASK, MultiSource(tagger=LIGHT, weights=(0.5, 0.5)))
    wanted = Ensemble((train_light(ENGLISH, LIGHT), train_light(FRENCH, LIGHT)), (0.5, 0.5))
    assert outcome.tagger.fingerprint == wanted.fingerprint
    assert outcome.predictions.fingerprint == label(wanted, TASK.test).fingerprint
    bare = replace(TASK, text=None)
    assert transfer(bare, MultiSource(tagger=LIGHT)).tagger.fingerprint == wanted.fingerprint


def test_an_average_tags_as_its_teachers_together(tmp_path):
    weak = train_light(ENGLISH, LightOptions(iterations=1))
    weak.save(tmp_path / "weak")
    teachers = (Direct(tagger=LIGHT), SavedTagger(path=str(tmp_path / "weak")))
    outcome = transfer(replace(TASK, text=None, sources=(), translation=None), Average(teachers=teachers))
    wanted = Ensemble((train_light(ENGLISH, LIGHT), weak), (0.5, 0.5))
    assert outcome.tagger.fingerprint == wanted.fingerprint
    for ours, theirs in zip(outcome.predictions, label(wanted, TASK.test), strict=True):
        assert ours.spans == theirs.spans
        np.testing.assert_allclose(ours.probabilities, theirs.probabilities, atol=1e-6)
    assert [note.split(",")[0] for note in outcome.notes] == [
        "teacher direct: weight 0.500",
        f"teacher {tmp_path / 'weak'}: weight 0.500",
    ]


def test_seeds_draw_other_labels_and_the_same_seed_the_same():
    weak = Direct(tagger=replace(LIGHT, iterations=2))
    options = TeacherStudent(teachers=(weak,), student=LIGHT, learning="sampled")
    prints = [transfer(TASK, options, seed=seed).tagger.fingerprint for seed in (1, 1, 2)]
    assert prints[0] == prints[1] != prints[2]
    hard = replace(options, learning="hard")
    assert transfer(TASK, hard, seed=1).tagger.fingerprint == transfer(TASK, hard, seed=2).tagger.fingerprint


def test_teachers_with_other_types_are_reconciled_and_told_of(tmp_path):
    dates = tuple(
        Sentence((*s.words, "Monday"), (*s.spans, Span(len(s), len(s) + 1, "DATE")), s.id)
        for s in FRENCH.sentences[:-1]
    )
    other = Corpus(tuple(s.with_spans(span for span in s.spans if span.label != "LOC") for s in dates), "fr")
    outcome = transfer(replace(TASK, sources=(other,)), MultiSource(tagger=LIGHT))
    assert outcome.tagger.tags == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
    assert outcome.notes[0].startswith("teacher en: weight 0.500, agreement ")
    assert outcome.notes[1].endswith("its DATE count as O; it cannot find LOC")
    train_light(other, LIGHT).save(tmp_path / "t")
    saved = SavedTagger(path=str(tmp_path / "t"), labels={"DATE": "drop"})
    outcome = transfer(TASK, TeacherStudent(teachers=(saved,), student=LIGHT))
    assert outcome.notes == (f"teacher {tmp_path / 't'}: it cannot find LOC",)
    odd = corpus("xx", "voit", CITIES, ("A", "B"))
    with pytest.raises(RecipeError, match="xx: found the labels A, B; expected some of LOC, PER"):
        transfer(replace(TASK, sources=(odd,)), MultiSource(tagger=LIGHT))
    train_light(odd, LIGHT).save(tmp_path / "odd")
    with pytest.raises(RecipeError, match="a teacher of A, B; expected one of LOC, PER"):
        transfer(TASK, TeacherStudent(teachers=(SavedTagger(path=str(tmp_path / "odd")),), student=LIGHT))


def test_a_source_that_harms_is_shown_without_target_labels():
    swapped = corpus("wrong", "sees", CITIES, ("LOC", "PER"))
    outcome = transfer(replace(TASK, sources=(FRENCH, swapped)), MultiSource(tagger=LIGHT))
    harmful = [note for note in outcome.notes if "far from the others" in note]
    assert len(harmful) == 1
    assert harmful[0].startswith("teacher wrong: weight 0.333, agreement ")
    parts = tuple(label(train_light(each, LIGHT), TASK.test) for each in (ENGLISH, FRENCH))
    assert len(told_of(("a", "b"), parts, (0.5, 0.5), parts[0])) == 2
    assert "agreement 100.0" in told_of(("a", "b"), parts, (0.5, 0.5), parts[0])[0]


@pytest.mark.parametrize(
    ("task", "options", "message"),
    [
        (replace(TASK, text=None), TeacherStudent(), "teacher_student: found no unlabelled text; expected `text`"),
        (replace(TASK, text=TEST), TeacherStudent(), "found only sentences of the test text"),
        (replace(TASK, sources=()), MultiSource(), "found one source"),
        (replace(TASK, text=None), MultiSource(student=LIGHT), "multi_source: found no unlabelled text"),
        (TASK, MultiSource(weights=(0.2, 0.3, 0.5)), "weights: found 3 for 2 teachers"),
        (replace(TASK, translation=None), TeacherStudent(teachers=(Gloss(),)), "gloss: found no parallel text"),
    ],
)
def test_what_is_missing_is_named(task, options, message):
    with pytest.raises(RecipeError, match=message):
        transfer(task, options)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"learning": "mse"}, "learning: found mse; expected sampled or hard"),
        ({"initial": "teacher"}, "initial: found teacher"),
        ({"temperature": 2.0}, "temperature: found 2.0"),
        ({"share": 0.0}, "share: found 0.0"),
        ({"share": 1.5}, "share: found 1.5"),
        ({"balanced": True}, "balanced: found True"),
        ({"draws": 0}, "draws: found 0"),
    ],
)
def test_wrong_options_are_named(wrong, message):
    with pytest.raises(RecipeError, match=message):
        Distillation(**wrong)


def test_options_that_do_not_fit_are_refused():
    with pytest.raises(RecipeError, match="teachers: found none"):
        TeacherStudent(teachers=())
    with pytest.raises(RecipeError, match="found 1; expected two or more"):
        Average(teachers=(Direct(),))
    with pytest.raises(RecipeError, match='found "sentence" without a student'):
        MultiSource(weights="sentence")
    with pytest.raises(RecipeError, match=r"weights: found 0\.5, 0\.6"):
        MultiSource(weights=(0.5, 0.6))


@pytest.mark.parametrize(
    "options",
    [
        TeacherStudent(teachers=(Gloss(tagger=LIGHT), Direct(tagger=LIGHT)), student=LIGHT, share=0.9),
        MultiSource(tagger=LIGHT, weights="sentence", student=LIGHT),
        MultiSource(tagger=LIGHT, weights="similarity"),
        Average(teachers=(Gloss(tagger=LIGHT), Direct(tagger=LIGHT))),
    ],
)
def test_results_come_back_from_the_store(tmp_path, options):
    first = transfer(TASK, options, Store(tmp_path))
    states = []
    again = transfer(TASK, options, Store(tmp_path, told=lambda name, state: states.append(state)))
    assert set(states) <= {"found", "shared"}
    assert again.predictions.sentences == first.predictions.sentences
    assert again.tagger.fingerprint == first.tagger.fingerprint
    assert (again.notes, again.ledger) == (first.notes, first.ledger)
    plain = transfer(TASK, options)
    assert plain.tagger.fingerprint == first.tagger.fingerprint


def test_probabilities_in_the_store_are_mapped_into_memory(tmp_path):
    def base(array):
        return array if array.base is None or isinstance(array, np.memmap) else base(array.base)

    tagger = train_light(ENGLISH, LIGHT)
    from exonym.transfer.stages import tag

    for _ in range(2):
        found = Store(tmp_path)(tag, tagger, TASK.test)
        assert isinstance(base(found[0].probabilities), np.memmap)
        assert found.fingerprint == label(tagger, TASK.test).fingerprint


RECIPE = """
seeds = [1, 2]
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
translation = "en-de.tsv"
text = ["text.conll", { path = "more.txt", raw = true }]
[[methods]]
kind = "direct"
tagger = { iterations = 12 }
[[methods]]
kind = "teacher_student"
teachers = [
    { kind = "gloss", tagger = { iterations = 12 } },
    { kind = "saved", path = "saved", labels = { MISC = "drop" } },
]
student = { iterations = 12 }
learning = "sampled"
share = 0.9
balanced = true
[[methods]]
kind = "multi_source"
weights = "similarity"
tagger = { iterations = 12 }
first = { kind = "gloss", tagger = { iterations = 12 } }
[[methods]]
kind = "multi_source"
name = "multi_student"
weights = [0.4, 0.6]
tagger = { kind = "light", iterations = 12 }
student = { kind = "light", iterations = 12 }
[[methods]]
kind = "average"
teachers = [{ kind = "direct", tagger = { iterations = 12 } }, { kind = "saved", path = "saved" }]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipe")
    for name, each in (("en", ENGLISH), ("fr", FRENCH), ("test", TEST), ("text", GERMAN)):
        write_corpus(folder / f"{name}.conll", each)
    (folder / "more.txt").write_text("Anna sieht Rom wieder.\nTom sieht Köln, Eva sieht Rom.\n")
    (folder / "en-de.tsv").write_text("".join(f"{' '.join(p.source)}\t{' '.join(p.target)}\n" for p in PAIRS))
    misc = Corpus((*ENGLISH, Sentence(("Euro",), (Span(0, 1, "MISC"),), "m")), "misc")
    train_light(misc, LIGHT).save(folder / "saved")
    (folder / "recipe.toml").write_text(RECIPE)
    return folder


def test_a_recipe_of_teachers_runs_end_to_end(folder):
    recipe = run.read_recipe(folder / "recipe.toml")
    assert recipe.methods[1].options.teachers[1].path == str(folder / "saved")
    assert recipe.methods[3].options.weights == (0.4, 0.6)
    out = folder / "out"
    planned = dict(run.plan(recipe, out))
    assert ("learn", "run") in planned["de teacher_student seed 2"]
    assert ("train", "shared") in planned["de multi_source"]
    results = run.compare(recipe, out)
    assert not results.failures
    rows = {row.method: row for row in results.rows}
    assert set(rows) == {"direct", "teacher_student", "multi_source", "multi_student", "average"}
    assert rows["teacher_student"].evaluation.scores.micro.f1 == 1
    assert rows["teacher_student"].ledger["unlabelled text"] == len(GERMAN) - len(TEST) + 2
    assert rows["multi_source"].notes[0].startswith(f"teacher {folder / 'en.conll'}: weight 0.")
    kept = json.loads((out / "results.json").read_text())
    assert kept["rows"][3]["notes"] == list(rows["multi_student"].notes)
    assert "teacher " in (out / "report.html").read_text()
    for method in ("teacher_student", "multi_source", "average"):
        tagger = load_any_tagger(out / "de" / method / "seed-1/tagger")
        assert label(tagger, TASK.test)[0].spans
    states = {state for _, stages in run.plan(recipe, out) for _, state in stages}
    assert states == {"found", "shared"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('text = ["text.conll", { path = "more.txt", raw = true }]', "", "found no `text` for de; expected it for the"),
        ("translation =", "#", "found no `translation` or `extra` for de; expected it for the method teacher_student"),
        ('[[sources]]\nlanguage = "fr"\ntrain = "fr.conll"', "", "found one source; expected more"),
        ("[0.4, 0.6]", "[0.4, 0.3, 0.3]", "method multi_student: found 3 weights; expected 2"),
        ("[0.4, 0.6]", "[0.4, 0.7]", "methods[4]: weights: found 0.4, 0.7; expected numbers >= 0 that sum to one"),
        ("[0.4, 0.6]", '"unifrm"', "found 'unifrm' for methods[4].weights; expected 'uniform', 'similarity' or"),
        ('kind = "saved"', 'kind = "savd"', "unknown kind 'savd' for methods[2].teachers[2]. Did you mean 'saved'?"),
        ('kind = "light", iterations', 'kind = "heavy", iterations', "unknown kind 'heavy' for methods[4]."),
        (
            '"saved", labels',
            '"$EXONYM_NO_SUCH/saved", labels',
            "found paths with $EXONYM_NO_SUCH, an environment variable",
        ),
        ("share = 0.9", "share = 1.9", "methods[2]: share: found 1.9"),
        ('"more.txt", raw', '"more.txt", row', "unknown key targets[1].text[2].row. Did you mean 'raw'?"),
        ('"more.txt"', '"mre.txt"', "mre.txt; expected one. Did you mean 'more.txt'?"),
        ('"fr.conll"', '"fx.conll"', "fx.conll; expected one. Did you mean"),
        ('language = "fr"', 'language = "en"', "found the source language 'en' twice"),
    ],
)
def test_each_fault_of_such_a_recipe_gets_its_message(folder, old, new, message):
    path = folder / "wrong.toml"
    path.write_text(RECIPE.replace(old, new, 1))
    with pytest.raises(RecipeError) as error:
        run.read_recipe(path)
    lines = set(str(error.value).splitlines())
    assert all(message in line or message[:20] in line for line in lines), lines
    assert any(message in line for line in lines), lines


def test_faults_of_the_text_come_with_those_of_other_files(folder):
    path = folder / "wrong.toml"
    path.write_text(RECIPE.replace('"text.conll", {', '{ path = "text.conll", raw = true }, {'))
    with pytest.raises(DataError, match=r"text\.conll: found raw = true for a corpus that has words"):
        run.read_data(run.read_recipe(path))


SOURCELESS = """
resamples = 100
[[targets]]
language = "de"
test = "test.conll"
train = "text.conll"
text = ["text.conll"]
[[methods]]
kind = "teacher_student"
teachers = [{ kind = "saved", path = "saved", labels = { MISC = "drop" } }]
student = { iterations = 12 }
[[methods]]
kind = "supervised"
tagger = { iterations = 12 }
"""


def test_saved_teachers_need_no_source(folder, tmp_path):
    path = folder / "sourceless.toml"
    path.write_text(SOURCELESS)
    recipe = run.read_recipe(path)
    assert recipe.source is None
    results = run.compare(recipe, tmp_path / "out")
    assert not results.failures
    row = results.rows[0]
    assert (row.method, row.evaluation.scores.micro.f1, row.evaluation.unseen) == ("teacher_student", 1, None)
    with_source = transfer(TASK, TeacherStudent(teachers=recipe.methods[0].options.teachers, student=LIGHT))
    tagger = load_any_tagger(tmp_path / "out/de/teacher_student/seed-1/tagger")
    assert keys(label(tagger, TASK.test)) == keys(with_source.predictions)


def test_an_average_of_saved_taggers_needs_no_source(folder, tmp_path):
    path = folder / "average.toml"
    one = '{ kind = "saved", path = "saved", labels = { MISC = "drop" } }'
    path.write_text(f'{SOURCELESS.split("[[methods]]")[0]}[[methods]]\nkind = "average"\nteachers = [{one}, {one}]')
    results = run.compare(run.read_recipe(path), tmp_path / "out")
    assert not results.failures
    assert results.rows[0].evaluation.scores.micro.f1 > 0


def test_types_of_a_teacher_that_the_test_text_lacks_are_told(folder, tmp_path):
    path = folder / "sourceless.toml"
    path.write_text(SOURCELESS.replace(', labels = { MISC = "drop" }', ""))
    results = run.compare(run.read_recipe(path), tmp_path / "out")
    assert any("MISC" in note for note in results.rows[0].notes)
    path.write_text(SOURCELESS.replace('"drop"', '"X", PER = "Y", LOC = "Z"'))
    results = run.compare(run.read_recipe(path), tmp_path / "out")
    assert "expected one of LOC, PER. Map its types" in results.failures[0].reason


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ('kind = "supervised"', 'kind = "direct"', "direct"),
        ('kind = "supervised"', 'kind = "multi_source"', "multi_source"),
        ("teachers = [", 'teachers = [{ kind = "direct" }, ', "teacher_student"),
    ],
)
def test_methods_that_learn_from_a_source_say_so(folder, old, new, name):
    path = folder / "sourceless.toml"
    path.write_text(SOURCELESS.replace(old, new))
    with pytest.raises(RecipeError) as error:
        run.read_recipe(path)
    mend = "Add `train` to [source], or leave the method out."
    assert str(error.value) == f"{path}: found no labelled source text; expected it for the method {name}. {mend}"


def test_a_task_needs_a_source_or_types(folder):
    saved = TeacherStudent(teachers=(SavedTagger(path=str(folder / "saved")),), student=LIGHT)
    task = Task(test=TASK.test, text=GERMAN)
    with pytest.raises(RecipeError, match="no labelled source text and no types"):
        transfer(task, saved)
    only = transfer(replace(task, types=("PER",)), saved)
    assert {span.label for sentence in only.predictions for span in sentence.spans} == {"PER"}


def test_a_saved_teacher_that_is_none_fails_alone(folder, tmp_path):
    path = folder / "none.toml"
    path.write_text(RECIPE.replace('path = "saved"', 'path = "nowhere"', 1))
    (folder / "nowhere").mkdir(exist_ok=True)
    results = run.compare(run.read_recipe(path), tmp_path / "out", store=folder / "out/store")
    assert {failure.method for failure in results.failures} == {"teacher_student"}
    assert "nowhere" in results.failures[0].reason


def exonym(*arguments, code=0):
    command = [sys.executable, "-c", "from exonym.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr
    return done


def test_distil_needs_teachers_and_text_only(folder, tmp_path):
    train_light(FRENCH, LIGHT).save(tmp_path / "french")
    teachers = ("--teacher", folder / "saved", "--teacher", tmp_path / "french")
    rest = ("--text", folder / "text.conll", "-o", tmp_path / "student", "--soft-labels", tmp_path / "soft")
    done = exonym("distil", *teachers, *rest, "--share", 0.9, "--balanced", "--map", "MISC=drop")
    assert f"teacher {tmp_path / 'french'}" not in done.stderr
    assert "unlabelled text: 21" in done.stderr
    assert "sentences left out: not among the surest: " in done.stderr
    assert f"tagger for LOC, PER: {tmp_path / 'student'}" in done.stderr
    student = load_any_tagger(tmp_path / "student")
    assert label(student, TASK.test)[0].spans
    again = exonym("distil", "--teacher", tmp_path / "soft", *rest[:2], "-o", tmp_path / "again",
                   "--share", 0.9, "--balanced")  # fmt: skip
    assert "tagger for LOC, PER" in again.stderr
    assert load_any_tagger(tmp_path / "again").fingerprint == student.fingerprint
    exonym("tag", tmp_path / "student", folder / "more.txt", "--raw", "-o", tmp_path / "tagged.jsonl")
    lines = (tmp_path / "tagged.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["spans"]
    other = exonym(
        "distil", *teachers, "--text", folder / "text.conll", "-o", tmp_path / "other", "--learning", "sampled"
    )
    assert f"teacher {tmp_path / 'french'}: it cannot find MISC" in other.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "french", "other", "soft", "student",
                                                                 "tagged.jsonl"]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--teacher", "nowhere"), 1, "found no tagger"),
        (("--teacher", "saved", "--map", "MIS=drop"), 1, "--map: found 'MIS'; expected a type of a teacher. Did you"),
        (("--teacher", "saved", "--learning", "mse"), 1, "learning: found mse; expected sampled or hard"),
        (("--teacher", "saved", "--student", "heavy"), 2, "expected light, hashed, or a folder"),
        (("--teacher", "saved", "--soft-labels", "saved"), 2, "which is a teacher; expected another"),
        (("--teacher", "saved", "--soft-labels", "student"), 2, "which is --output; expected another"),
        (("--teacher", "saved", "--raw"), 2, "found a corpus with words"),
        (("--teacher", "saved", "--share", "2"), 1, "share: found 2.0"),
        ((), 2, "Missing option '--teacher'"),
    ],
)
def test_distil_refuses_at_once_what_cannot_be(folder, tmp_path, monkeypatch, arguments, code, message):
    monkeypatch.chdir(folder)
    before = sorted(path.name for path in folder.iterdir())
    done = CliRunner().invoke(app, ["distil", *arguments, "--text", "text.conll", "-o", "student"])
    assert done.exit_code == code
    shown = " ".join(f"{done.output} {done.exception}".replace("│", " ").split())
    assert message in shown
    assert isinstance(done.exception, ExonymError | SystemExit)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_distil_that_is_stopped_leaves_nothing(folder, tmp_path):
    text = "\n".join(f"Anna{number} sieht Köln und Eva{number} sieht Rom" for number in range(20_000)) + "\n"
    (tmp_path / "long.txt").write_text(text)
    line = [sys.executable, "-c", "from exonym.cli import main; main()", "distil", "--teacher", str(folder / "saved")]
    line += [
        "--text",
        str(tmp_path / "long.txt"),
        "-o",
        str(tmp_path / "student"),
        "--soft-labels",
        str(tmp_path / "s"),
    ]
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".s-*")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long.txt"]
