"""Multiple-task, multiple-teacher learning as a method and in recipes; from scratch, so without a download."""

from dataclasses import dataclass, replace

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'exonym[neural]'")
pytest.importorskip("accelerate", reason="accelerate is not installed: pip install 'exonym[neural]'")

import numpy as np

from exonym import run
from exonym.data import Corpus, Sentence, Span
from exonym.errors import DataError, RecipeError
from exonym.formats import write_corpus
from exonym.run.store import Store
from exonym.tag import HashedEncoder, LightOptions, NeuralOptions, Objective, TransformerEncoder, label, train_light
from exonym.tag.neural.entity_similarity import LearnFromTeachers, types_of
from exonym.tag.neural.learning import Side, train
from exonym.transfer import Direct, EntitySimilarity, Mtmt, Task, TeacherStudent, transfer
from exonym.transfer.entity_similarity import learn_entity_similarity

LIGHT = LightOptions(iterations=12)
ENCODER = HashedEncoder(width=24, layers=1, rows=512, dropout=0.1, word_dropout=0.1)
NEURAL = NeuralOptions(encoder=ENCODER, epochs=12, learning_rate=0.02, batch_tokens=64)
PLAIN = {"weighting": (), "similarity_share": 0.0}


def corpus(name, verb):
    return Corpus(
        tuple(
            Sentence((person, verb, city, "."), (Span(0, 1, "PER"), Span(2, 3, "LOC")), f"{person}-{city}")
            for person in ("Anna", "Tom", "Eva", "Omar", "Lin")
            for city in ("Cologne", "Rome", "Moscow", "Warsaw")
        ),
        name,
    )


ENGLISH, GERMAN = corpus("en", "sees"), corpus("de", "sieht")
TASK = Task(source=ENGLISH, test=Corpus(GERMAN.sentences[::5], "test").unlabelled(), text=GERMAN)
GOLD = [[span.key for span in sentence.spans] for sentence in GERMAN.sentences[::5]]
MTMT = Mtmt(teachers=(Direct(tagger=LIGHT),), student=NEURAL)


def keys(corpus):
    return [[span.key for span in sentence.spans] for sentence in corpus]


@pytest.mark.parametrize(
    "options",
    [
        MTMT,
        replace(MTMT, teachers=(Direct(tagger=NEURAL), Direct(tagger=LIGHT)), pairs="any"),
        replace(MTMT, student=replace(NEURAL, crf=True)),
    ],
    ids=["light teacher", "two teachers", "CRF"],
)
def test_the_student_learns_the_toy_language_and_comes_back_from_the_store(options, tmp_path):
    states = []
    outcome = transfer(TASK, options, Store(tmp_path, told=lambda name, state: states.append((name, state))))
    assert keys(outcome.predictions) == GOLD
    assert ("learn_similarity", "run") in states
    assert outcome.ledger["sentences left out: in the test text"] == len(GOLD)
    assert outcome.tagger.training["side"]["name"] == "LearnFromTeachers"
    states.clear()
    again = transfer(TASK, options, Store(tmp_path, told=lambda name, state: states.append((name, state))))
    assert {state for _, state in states} == {"found"}
    assert again.tagger.fingerprint == outcome.tagger.fingerprint
    assert keys(label(again.tagger, TASK.test)) == GOLD


def test_the_same_seed_gives_the_same_bytes():
    first = transfer(TASK, MTMT).tagger.fingerprint
    assert transfer(TASK, MTMT).tagger.fingerprint == first
    assert transfer(TASK, MTMT, seed=2).tagger.fingerprint != first
    for other in ({"pairs": "any"}, {"similarity_share": 0.0}, {"weighting": ("similarity",)}):
        assert transfer(TASK, replace(MTMT, **other)).tagger.fingerprint != first


def test_without_its_additions_it_is_teacher_student():
    asked = []

    def spy(stage, *args):
        asked.append(stage.name)
        return stage(*args)

    plain = transfer(TASK, replace(MTMT, **PLAIN), spy).tagger
    student = TeacherStudent(teachers=MTMT.teachers, student=NEURAL)
    assert plain.fingerprint == transfer(TASK, student).tagger.fingerprint
    sure = transfer(TASK, replace(MTMT, weighting=("recogniser",), similarity_share=0.0), spy).tagger
    assert sure.fingerprint != plain.fingerprint
    assert "learn_similarity" not in asked


def test_the_similarity_teacher_tells_types_apart(tmp_path):
    teacher = learn_entity_similarity(ENGLISH, NEURAL)
    vectors = np.concatenate(teacher.vectors(ENGLISH))
    types = np.tile([0, 1, 2, 1], len(ENGLISH))  # PER, O, LOC, O
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    same = types[:, None] == types[None]
    assert cosines[same].min() > 0.8
    assert cosines[~same].max() < 0.1
    assert cosines[~same].mean() == pytest.approx(-0.5, abs=0.1)  # three types cannot be further apart
    teacher.save(tmp_path / "t")
    again = EntitySimilarity.load(tmp_path / "t")
    assert again.fingerprint == teacher.fingerprint
    none, some = again.vectors(Corpus((Sentence((), ()), ENGLISH.sentences[0])))
    assert (len(none), len(some)) == (0, 4)
    assert not again.vectors(Corpus(()))
    bare = learn_entity_similarity(ENGLISH, replace(NEURAL, crf=True))
    assert bare.fingerprint == teacher.fingerprint
    with pytest.raises(DataError, match="no labelled span"):
        learn_entity_similarity(ENGLISH.unlabelled(), NEURAL)


def test_no_label_of_the_target_is_looked_at():
    wrong = tuple(sentence.with_spans([Span(0, 1, "LOC")]) for sentence in GERMAN)
    other = transfer(replace(TASK, text=replace(GERMAN, sentences=wrong)), MTMT)
    assert other.tagger.fingerprint == transfer(TASK, MTMT).tagger.fingerprint


def side_of(soft, share=0.5):
    teacher = learn_entity_similarity(ENGLISH, NEURAL)
    return Side(LearnFromTeachers(types_of(soft.tags), share=share), teacher.vectors(soft))


def test_a_stopped_student_goes_on_to_the_same_bytes(tmp_path):
    soft = label(train_light(ENGLISH, LIGHT), GERMAN)
    side, mse = side_of(soft), Objective(kind="mse")
    whole = train(soft, NEURAL, objective=mse, side=side).fingerprint

    def stop(done, total):
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(soft, NEURAL, objective=mse, side=side, checkpoint=tmp_path / "c", progress=stop)
    with pytest.raises(DataError, match="another side"):
        train(soft, NEURAL, objective=mse, side=side_of(soft, 0.4), checkpoint=tmp_path / "c")
    assert train(soft, NEURAL, objective=mse, side=side, checkpoint=tmp_path / "c").fingerprint == whole
    with pytest.raises(RecipeError, match="CRF"):
        train(ENGLISH, replace(NEURAL, crf=True), side=side)


@dataclass(frozen=True)
class Shrink:
    """A side task without chance: small vectors, and labels that count half."""

    def __call__(self, vectors, batch):
        return 0.5 * batch.inside, vectors[batch.inside].square().mean()


def test_how_batches_are_cut_does_not_change_how_a_side_task_counts():
    still = replace(ENCODER, dropout=0.0, word_dropout=0.0)
    one = NeuralOptions(encoder=still, epochs=1, learning_rate=0.02, batch_tokens=8, warmup=0.0)
    two = Corpus((*GERMAN.sentences[:1], Sentence(("Anna", "ging"), (Span(0, 1, "PER"),))), "two")
    together = train(two, one, side=Side(Shrink()))
    apart = train(two, replace(one, batch_tokens=4, accumulate=2), side=Side(Shrink()))
    for mine, theirs in zip(together.predict(two), apart.predict(two), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-3)
    assert together.training["side"] == {"name": "Shrink"}
    assert "side" not in train(two, one).training


@pytest.mark.parametrize("subwords", ["first", "all"])
def test_a_pretrained_encoder_has_vectors_and_learns_both_tasks(tmp_path, subwords):
    pytest.importorskip("transformers", reason="Transformers is not installed: pip install 'exonym[neural]'")
    from tiny_models import make_model

    make_model(tmp_path / "base", "xlmr", [" ".join(sentence.words) for sentence in (*ENGLISH, *GERMAN)], positions=16)
    encoder = TransformerEncoder(model=str(tmp_path / "base"), subwords=subwords)
    options = NeuralOptions(encoder=encoder, epochs=1, learning_rate=0.01, batch_tokens=128)
    long = Corpus((*GERMAN.sentences[1:], Sentence(("Anna",) * 40, ())), "long")  # in several windows
    outcome = transfer(replace(TASK, text=long), replace(MTMT, student=options))
    vectors = list(outcome.tagger.vectors(long))
    assert [rows.shape for rows in vectors] == [(len(sentence), 32) for sentence in long]
    model = outcome.tagger.network.encoder.model
    scores = vectors[0] @ model.classifier.weight.detach().numpy().T + model.classifier.bias.detach().numpy()
    odds = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    np.testing.assert_allclose(odds, next(iter(outcome.tagger.predict(long))), atol=1e-5)


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
tagger = { iterations = 12 }
[[methods]]
kind = "mtmt"
teachers = [{ kind = "direct", tagger = { iterations = 12 } }]
student = { epochs = 12, learning_rate = 0.02, batch_tokens = 64, encoder = { kind = "hashed", width = 24, layers = 1, rows = 512 } }
evaluator = { epochs = 6, learning_rate = 0.02, batch_tokens = 64, encoder = { width = 16, layers = 1, rows = 512 } }
weighting = ["recogniser", "agreement"]
similarity_share = 1.0
"""  # noqa: E501


@pytest.fixture
def folder(tmp_path):
    write_corpus(tmp_path / "en.conll", ENGLISH)
    write_corpus(tmp_path / "de.conll", GERMAN.sentences[::5])
    (tmp_path / "text.txt").write_text("".join(" ".join(sentence.words) + "\n" for sentence in GERMAN))
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path


def test_a_recipe_compares_it(folder):
    recipe = run.read_recipe(folder / "recipe.toml")
    assert recipe.methods[1].options.weighting == ("recogniser", "agreement")
    ((_, stages), *_) = [step for step in run.plan(recipe, folder / "out") if step[0].startswith("de mtmt")]
    assert ("learn_similarity", "run") in stages
    results = run.compare(recipe, folder / "out")
    assert not results.failures
    assert results.rows[1].evaluation.scores.micro.f1 == 1
    again = run.compare(recipe, folder / "out")
    assert again.rows[1].evaluation.scores.micro == results.rows[1].evaluation.scores.micro


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('text = ["text.txt"]\n', "", "found no `text` for de; expected it for the method mtmt"),
        ('train = "en.conll"\n', "", "found no labelled source text; expected it for the method mtmt"),
        ('"agreement"]', '"aggreement"]', "weighting"),
        ("similarity_share = 1.0", "similarity_share = -1.0", "similarity_share: found -1.0"),
    ],
)
def test_faults_of_a_recipe(folder, old, new, fault):
    (folder / "recipe.toml").write_text(RECIPE.replace(old, new))
    with pytest.raises(RecipeError, match=fault):
        run.read_recipe(folder / "recipe.toml")


def test_a_missing_torch_is_found_before_anything_runs(folder, monkeypatch):
    monkeypatch.setattr("exonym.run.meaning.find_spec", lambda name: None)
    with pytest.raises(RecipeError, match=r"method mtmt: torch is not installed.*exonym\[neural\]"):
        run.read_recipe(folder / "recipe.toml")


@pytest.mark.parametrize(
    "wrong",
    [{"teachers": ()}, {"weighting": ("agreement", "agreement")}, {"weighting": ("x",)}, {"pairs": "all"}],
)
def test_wrong_options_are_named(wrong):
    with pytest.raises(RecipeError, match=f"{next(iter(wrong))}: found"):
        Mtmt(**wrong)


def test_a_task_that_lacks_something_is_refused():
    with pytest.raises(RecipeError, match="no unlabelled text"):
        transfer(replace(TASK, text=None), MTMT)
    with pytest.raises(RecipeError, match="no labelled source text"):
        transfer(replace(TASK, source=Corpus(()), types=("LOC", "PER")), MTMT)
