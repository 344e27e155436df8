"""Neural students and teachers, in methods, recipes and on the command line; from scratch, so without a download."""

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'exonym[neural]'")
pytest.importorskip("accelerate", reason="accelerate is not installed: pip install 'exonym[neural]'")

import numpy as np
from typer.testing import CliRunner

from exonym import run
from exonym.cli import app
from exonym.data import Corpus, Sentence, Span
from exonym.errors import DataError, RecipeError
from exonym.formats import write_corpus
from exonym.run.store import Store
from exonym.tag import (
    Ensemble,
    HashedEncoder,
    LightOptions,
    NeuralOptions,
    TransformerEncoder,
    label,
    relabelled,
    train_light,
    train_neural,
)
from exonym.transfer import Direct, Gloss, MultiSource, SavedTagger, Task, TeacherStudent, load_any_tagger, transfer

LIGHT = LightOptions(iterations=12)
ENCODER = HashedEncoder(width=24, layers=1, rows=512, dropout=0.0, word_dropout=0.1)
NEURAL = NeuralOptions(encoder=ENCODER, epochs=12, learning_rate=0.02, batch_tokens=64)
CITIES = ("Cologne", "Rome", "Moscow", "Warsaw")


def corpus(name, verb):
    return Corpus(
        tuple(
            Sentence((person, verb, city, "."), (Span(0, 1, "PER"), Span(2, 3, "LOC")), f"{person}-{city}")
            for person in ("Anna", "Tom", "Eva", "Omar", "Lin")
            for city in CITIES
        ),
        name,
    )


ENGLISH, FRENCH, GERMAN = corpus("en", "sees"), corpus("fr", "voit"), corpus("de", "sieht")
TASK = Task(
    source=ENGLISH,
    sources=(FRENCH,),
    test=Corpus(GERMAN.sentences[::5], "test").unlabelled(),
    text=GERMAN,
)
GOLD = [[span.key for span in sentence.spans] for sentence in GERMAN.sentences[::5]]


def keys(corpus):
    return [[span.key for span in sentence.spans] for sentence in corpus]


@pytest.mark.parametrize(
    "options",
    [
        TeacherStudent(teachers=(Direct(tagger=LIGHT),), student=NEURAL),
        TeacherStudent(teachers=(Direct(tagger=LIGHT),), student=NEURAL, learning="kl", temperature=2.0),
        TeacherStudent(teachers=(Direct(tagger=LIGHT),), student=NEURAL, learning="hard", share=0.9, balanced=True),
        TeacherStudent(teachers=(Direct(tagger=NEURAL),), student=NEURAL, initial="teacher"),
        TeacherStudent(teachers=(Direct(tagger=NEURAL), Direct(tagger=LIGHT)), student=LIGHT),
        MultiSource(tagger=NEURAL, student=NEURAL),
        MultiSource(tagger=NEURAL),
    ],
    ids=lambda options: f"{options.kind} {options.learning or ''} {options.initial}",
)
def test_neural_students_and_teachers_learn_the_toy_language(options, tmp_path):
    outcome = transfer(TASK, options, Store(tmp_path))
    assert keys(outcome.predictions) == GOLD
    again = transfer(TASK, options, Store(tmp_path))
    assert again.tagger.fingerprint == outcome.tagger.fingerprint
    assert keys(label(again.tagger, TASK.test)) == GOLD


def test_equal_teachers_and_one_hot_weights_are_one_teacher():
    one = TeacherStudent(teachers=(Direct(tagger=LIGHT),), student=NEURAL)
    single = transfer(TASK, one).tagger.fingerprint
    first = MultiSource(tagger=LIGHT, student=NEURAL, weights=(1.0, 0.0))
    assert transfer(TASK, first).tagger.fingerprint == single
    assert transfer(TASK, TeacherStudent(teachers=one.teachers * 2, student=NEURAL)).tagger.fingerprint == single
    assert transfer(TASK, one, seed=2).tagger.fingerprint != single


def test_only_a_neural_teacher_can_be_started_from(tmp_path):
    with pytest.raises(RecipeError, match=r"not neural \(direct\)"):
        TeacherStudent(teachers=(Direct(tagger=LIGHT),), student=NEURAL, initial="teacher")
    with pytest.raises(RecipeError, match=r"not neural \(gloss\)"):
        TeacherStudent(teachers=(Gloss(tagger=NEURAL),), student=NEURAL, initial="teacher")
    train_light(ENGLISH, LIGHT).save(tmp_path / "t")
    saved = SavedTagger(path=str(tmp_path / "t"))
    with pytest.raises(RecipeError, match="not neural"):
        transfer(TASK, TeacherStudent(teachers=(saved,), student=NEURAL, initial="teacher"))
    with pytest.raises(RecipeError, match="several teachers"):
        TeacherStudent(teachers=(Direct(), Direct()), student=NEURAL, initial="teacher")
    with pytest.raises(RecipeError, match="learning: found sampled"):
        TeacherStudent(student=NEURAL, learning="sampled")


def test_a_neural_teacher_inside_others_comes_back_from_disk(tmp_path):
    neural, light = train_neural(ENGLISH, NEURAL), train_light(ENGLISH, LIGHT)
    both = Ensemble((relabelled(neural, {"PER": "PERSON"}), relabelled(light, {"PER": "PERSON"})), (0.5, 0.5))
    both.save(tmp_path / "t")
    again = load_any_tagger(tmp_path / "t")
    assert again.fingerprint == both.fingerprint
    for mine, theirs in zip(again.predict(GERMAN), both.predict(GERMAN), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    saved = SavedTagger(path=str(tmp_path / "t"), labels={"PERSON": "PER"})
    assert keys(transfer(TASK, TeacherStudent(teachers=(saved,), student=LIGHT)).predictions) == GOLD


RECIPE = """
resamples = 100
[source]
language = "en"
train = "en.conll"
[[targets]]
language = "de"
test = "de.conll"
text = ["text.txt"]
[[methods]]
kind = "direct"
tagger = { kind = "neural", epochs = 6, encoder = { width = 16, layers = 1, rows = 512 } }
[[methods]]
kind = "teacher_student"
teachers = [{ kind = "direct", tagger = { iterations = 12 } }]
student = { kind = "neural", epochs = 12, learning_rate = 0.02, batch_tokens = 64, encoder = { kind = "hashed", width = 24, layers = 1, rows = 512 } }
learning = "mse"
"""  # noqa: E501


@pytest.fixture
def folder(tmp_path):
    write_corpus(tmp_path / "en.conll", ENGLISH)
    write_corpus(tmp_path / "de.conll", GERMAN.sentences[::5])
    (tmp_path / "text.txt").write_text("".join(" ".join(sentence.words) + "\n" for sentence in GERMAN))
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path


def test_a_recipe_names_neural_taggers(folder):
    recipe = run.read_recipe(folder / "recipe.toml")
    assert recipe.methods[0].options.tagger.encoder == HashedEncoder(width=16, layers=1, rows=512)
    results = run.compare(recipe, folder / "out")
    assert not results.failures
    assert results.rows[1].evaluation.scores.micro.f1 == 1
    assert results.rows[1].ledger["sentences left out: in the test text"] == len(GOLD)
    (folder / "wrong.toml").write_text(RECIPE.replace("layers", "leyers", 1))
    with pytest.raises(RecipeError, match=r"unknown key methods\[1\]\.tagger\.encoder\.leyers. Did you mean 'layers'"):
        run.read_recipe(folder / "wrong.toml")


def test_a_missing_torch_is_found_before_anything_runs(folder, monkeypatch):
    monkeypatch.setattr("exonym.run.meaning.find_spec", lambda name: None)
    with pytest.raises(RecipeError, match=r"method direct: torch is not installed.*exonym\[neural\]"):
        run.read_recipe(folder / "recipe.toml")


def test_train_and_distil_neural_taggers_on_the_command_line(folder, monkeypatch):
    monkeypatch.chdir(folder)

    def exonym(*arguments):
        done = CliRunner().invoke(app, list(arguments))
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    assert "tagger for LOC, PER: hashed" in exonym(
        "train", "en.conll", "-o", "hashed", "--encoder", "hashed", "--epochs", "3", "--crf", "--seed", "2"
    )
    exonym("train", "en.conll", "-o", "light")
    both = ("distil", "--teacher", "light", "--teacher", "light", "--text", "text.txt")
    assert "tagger for LOC, PER: student" in exonym(*both, "-o", "student", "--student", "hashed", "--epochs", "4")
    assert load_any_tagger("student").options.encoder == HashedEncoder()
    exonym("distil", "--teacher", "hashed", "--text", "text.txt", "-o", "next", "--student", "hashed", "--initial",
           "teacher", "--epochs", "1", "--learning", "kl", "--temperature", "2")  # fmt: skip
    assert load_any_tagger("next").training["start"] == load_any_tagger("hashed").fingerprint
    wrong = CliRunner().invoke(app, ["train", "en.conll", "-o", "x", "--encoder", "hashed", "--iterations", "3"])
    assert wrong.exit_code == 2


def test_a_checkpoint_of_transformers_is_a_teacher_and_a_base_model_a_student(folder, monkeypatch):
    pytest.importorskip("transformers", reason="Transformers is not installed: pip install 'exonym[neural]'")
    from tiny_models import make_model

    monkeypatch.chdir(folder)
    make_model(folder / "base", "xlmr", [" ".join(sentence.words) for sentence in (*ENGLISH, *GERMAN)])
    encoder = TransformerEncoder(model="base")
    teacher = train_neural(ENGLISH, NeuralOptions(encoder=encoder, epochs=15, learning_rate=0.01, batch_tokens=128))
    teacher.save("checkpoint")
    (folder / "checkpoint" / "tagger.json").unlink()  # what is left is a checkpoint of any house
    recipe = RECIPE.replace(
        '{ kind = "direct", tagger = { iterations = 12 } }', '{ kind = "saved", path = "checkpoint" }'
    )
    (folder / "saved.toml").write_text(recipe)
    results = run.compare(run.read_recipe(folder / "saved.toml"), folder / "out")
    assert not results.failures
    assert results.rows[1].evaluation.scores.micro.f1 > 0.8
    for more in (["--student", "base"], ["--student", "base", "--initial", "teacher"]):
        arguments = ["distil", "--teacher", "checkpoint", "--text", "text.txt", "-o", "student", "--epochs", "1", *more]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, (done.output, done.exception)
        assert load_any_tagger("student").options.encoder.kind == "transformer"
    gone = CliRunner().invoke(app, ["distil", "--teacher", "base", "--text", "text.txt", "-o", "x"])
    assert isinstance(gone.exception, DataError)
    assert not (folder / "x").exists()
