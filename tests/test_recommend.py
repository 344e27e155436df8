"""Recommendations: what applies, what is measured on and that none of it is learnt from, and what is chosen."""

import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from exonym import run
from exonym.data import Bitext, Corpus, Pair, Sentence, Span
from exonym.errors import DataError, RecipeError
from exonym.report import candidates_table, trials_table
from exonym.run import candidates, recommendation, split
from exonym.run.candidates import candidates_of
from exonym.run.meaning import faults_of_meaning, given
from exonym.run.recipe import File, NamedMethod
from exonym.run.store import Store
from exonym.run.writing import recipe_text
from exonym.tag import LightOptions
from exonym.transfer import (
    METHODS,
    Average,
    CoLaDa,
    Direct,
    Gloss,
    ManMoe,
    Mixture,
    Mtmt,
    MultiSource,
    SavedTagger,
    Supervised,
    Task,
    TeacherStudent,
    TranslateTest,
    TranslateTrain,
    UniTrans,
    WordByWord,
    just_do,
    transfer,
)
from exonym.transfer.needs import (
    LABELS,
    LANGUAGE,
    NEEDS,
    PARALLEL,
    SOURCES,
    TEST,
    TEST_TRANSLATION,
    TEXT,
    TRAIN,
    TRANSLATION,
    needs_of,
)
from exonym.translate import Files
from test_transfer import task as toy_task

LIGHT = LightOptions(iterations=20)
SAVED = SavedTagger(path="nowhere")
FILES = Files(path="nowhere")


def name(random):
    """A name that no other sentence has; nothing in it tells its type."""
    return "".join(random.choice("bdgklmnrstv") + random.choice("aeiou") for _ in range(4))


def sentences(number, seed):
    """A made-up language pair in which what names a type stands before the name in one, and behind it in the other.

    Nothing carries over as it is, and a word-by-word translation puts the word that tells on the wrong side.
    """
    own = random.Random(seed)
    for place in range(number):
        kind, before, behind = own.choice((("PER", "mister", "ombu"), ("LOC", "town", "itza")))
        (a, x), (b, y) = own.sample((("sees", "wela"), ("hears", "sopa"), ("has", "nima"), ("wants", "reka")), 2)
        known = name(own)
        yield (
            Sentence((a, before, known, b, "."), (Span(2, 3, kind),), f"{seed}.{place}"),
            Sentence((x, known, behind, y, "."), (Span(1, 2, kind),), f"{seed}.{place}"),
        )


def conll(rows):
    def tag(sentence, place):
        return next((f"B-{s.label}" for s in sentence.spans if s.start <= place < s.stop), "O")

    return "\n".join("".join(f"{w}\t{tag(s, i)}\n" for i, w in enumerate(s.words)) for s in rows)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recommend")
    pairs = list(sentences(150, 1))
    (folder / "en.conll").write_text(conll(source for source, _ in pairs))
    (folder / "en-xx.tsv").write_text("".join(f"{' '.join(s.words)}\t{' '.join(t.words)}\n" for s, t in pairs))
    (folder / "few.conll").write_text(conll(target for _, target in sentences(40, 2)))
    (folder / "test.conll").write_text(conll(target for _, target in sentences(10, 3)))
    text = [target for _, target in (*sentences(60, 4), *sentences(40, 2))]
    (folder / "text.txt").write_text("".join(" ".join(s.words) + "\n" for s in text))
    return folder


HEAD = '[source]\nlanguage = "en"\ntrain = "en.conll"\n[[targets]]\nlanguage = "xx"\n'
ROWS = {"train": '"few.conll"', "translation": '"en-xx.tsv"', "extra": '["en-xx.tsv"]', "text": '["text.txt"]'}
THREE = "".join(
    f'[[methods]]\nkind = "{kind}"\ntagger = {{ iterations = 20 }}\n' for kind in ("direct", "gloss", "translate_train")
)


def asked(folder, *keys, methods="", head=HEAD, name="recipe.toml"):
    path = folder / name
    path.write_text(head + "".join(f"{key} = {ROWS[key]}\n" for key in keys) + methods)
    return run.read_recipe(path, complete=False)


def by_method(found):
    return {candidate.method: candidate for candidate in found.candidates}


# What applies


def test_every_method_says_what_it_needs():
    assert set(METHODS) | {"saved", "words"} <= set(NEEDS)
    assert set(candidates.PRIOR) <= set(METHODS)


@pytest.mark.parametrize(
    ("options", "needs"),
    [
        (Direct(), {LABELS}),
        (Direct(tagger=SAVED), set()),
        (Gloss(), {LABELS, PARALLEL}),
        (Gloss(tagger=SAVED), {PARALLEL}),
        (TranslateTrain(), {LABELS, TRANSLATION}),
        (TranslateTrain(translator=FILES), {LABELS, LANGUAGE}),
        (TranslateTrain(labels="tagger"), {LABELS, PARALLEL}),
        (TranslateTrain(labels="tagger", source_tagger=SAVED), {PARALLEL}),
        (TranslateTrain(labels="tagger", source_tagger=SAVED, translator=FILES), {LABELS, LANGUAGE}),
        (TranslateTest(), {LABELS, TEST, TEST_TRANSLATION}),
        (TranslateTest(tagger=SAVED, translator=FILES), {LANGUAGE, TEST}),
        (Average(teachers=(Direct(tagger=SAVED), Gloss())), {LABELS, PARALLEL}),
        (TeacherStudent(), {LABELS, TEXT}),
        (TeacherStudent(teachers=(SAVED,)), {TEXT}),
        (Mixture(), {LABELS, PARALLEL, TRANSLATION, TEXT}),
        (Mixture(routes=(SAVED,)), {TEXT}),
        (MultiSource(), {LABELS, SOURCES}),
        (MultiSource(first=Gloss(), student=LIGHT), {LABELS, SOURCES, PARALLEL, TEXT}),
        (ManMoe(), {LABELS, SOURCES, TEXT}),
        (ManMoe(adversary=0), {LABELS, SOURCES}),
        (Mtmt(teachers=(SAVED,)), {LABELS, TEXT}),
        (UniTrans(), {LABELS, TRANSLATION, TEXT}),
        (CoLaDa(translation=WordByWord()), {LABELS, PARALLEL, TEXT}),
        (Supervised(), {TRAIN}),
    ],
    ids=lambda value: value.kind if hasattr(value, "kind") else "",
)
def test_needs_follow_from_the_options(options, needs):
    assert set(needs_of(options)) == needs


def everything():
    """A task in which nothing is missing, so that one thing can be taken out of it at a time."""
    _, toy = toy_task()
    text = Corpus(tuple(replace(each, words=(*each.words, "heute")) for each in toy.test), "text")
    return replace(toy, text=text, sources=(replace(toy.source, name="other"),))


LACKING = {
    LABELS: {"source": Corpus(()), "types": ("PER", "LOC")},
    SOURCES: {"sources": ()},
    TEXT: {"text": None},
    TRANSLATION: {"translation": None},
    PARALLEL: {"translation": None},
    TEST_TRANSLATION: {"test_translation": None},
    TRAIN: {"train": None},
}
CHEAP = [
    Direct(tagger=LIGHT),
    Gloss(tagger=LIGHT),
    TranslateTrain(tagger=LIGHT),
    TranslateTest(tagger=LIGHT),
    Average(teachers=(Direct(tagger=LIGHT), Gloss(tagger=LIGHT))),
    TeacherStudent(teachers=(Direct(tagger=LIGHT),), student=LIGHT),
    Mixture(routes=(Gloss(tagger=LIGHT), TranslateTrain(tagger=LIGHT)), student=LIGHT),
    MultiSource(tagger=LIGHT),
    UniTrans(tagger=LIGHT),
    Supervised(tagger=LIGHT),
]


@pytest.mark.parametrize("options", CHEAP, ids=lambda options: options.kind)
def test_a_method_runs_with_what_it_needs_and_not_without(options):
    task, needs = everything(), needs_of(options)
    unneeded = {key: value for need, row in LACKING.items() if need not in needs for key, value in row.items()}
    if needs and {PARALLEL, TRANSLATION} & set(needs):
        unneeded.pop("translation", None)
    assert len(transfer(replace(task, **unneeded), options).predictions) == len(task.test)
    for need in needs:
        if need != TEST:
            with pytest.raises((RecipeError, DataError)):
                transfer(replace(task, **LACKING[need]), options)


@pytest.mark.parametrize("options", [Mtmt(), ManMoe(), CoLaDa(), UniTrans()], ids=lambda options: options.kind)
def test_a_network_says_what_it_lacks_before_it_learns(options):
    for need in needs_of(options):
        with pytest.raises((RecipeError, DataError)):
            transfer(replace(everything(), **LACKING[need]), options)


def test_a_recipe_is_checked_by_the_same_declaration(folder):
    recipe = asked(folder)
    for options in (*CHEAP, Mtmt(), ManMoe(), CoLaDa(translation=WordByWord())):
        method = NamedMethod(name="m", options=options)
        faults = faults_of_meaning(replace(recipe, methods=(method,)))
        lacking = [need for need in needs_of(options) if need not in given(recipe, recipe.targets[0])]
        assert len(faults) == len(lacking), faults
        for need in lacking:
            assert any(need.key in fault for fault in faults), (need, faults)


def test_every_method_is_in_the_table(folder):
    found = run.recommend(asked(folder, "translation", "text", "train"), folder / "none", dry=True)
    table = by_method(found)
    assert list(table) == list(METHODS)
    assert table["mixture"].compared
    assert table["supervised"].compared
    assert table["lexical_injection"].missing[0].startswith("options of its own under [[methods]]: ")
    assert table["man_moe"].missing == ("labels in further languages: give [[sources]]",)
    assert table["translate_test"].missing == (
        "a text to tag: give `test`",
        "a translation of the text to tag: give `test_translation`",
    )
    if not table["mtmt"].missing:  # the extra neural is installed
        assert "it is a network" in table["mtmt"].note
    assert not (folder / "none").exists()


def test_what_is_missing_is_said_with_what_to_give(folder):
    table = by_method(run.recommend(asked(folder), folder / "none", dry=True))
    assert table["direct"].missing == ()
    assert table["gloss"].missing == ("parallel text: give `translation` or `extra`",)
    assert table["mixture"].missing == (
        "a translation of the labelled source text: give `translation`",
        "unlabelled text: give `text`",
    )
    assert table["supervised"].missing == ("labelled target text: give `train`",)


def test_packages_that_are_not_there_are_told(folder, monkeypatch):
    monkeypatch.setattr("exonym.run.meaning.find_spec", lambda name: None if name == "torch" else name)
    table = by_method(run.recommend(asked(folder, "translation", "text"), folder / "none", dry=True))
    assert any("torch is not installed" in line for line in table["colada"].missing)


def test_with_a_tagger_and_no_labels_methods_use_it(folder):
    head = f'[have]\ntagger = {{ path = "{folder}" }}\n[[targets]]\nlanguage = "xx"\n'
    recipe = asked(folder, "extra", "text", head=head, name="have.toml")
    rows = {each.about.kind: each for each in candidates_of(recipe, recipe.targets[0], "prior")}
    assert [kind for kind, row in rows.items() if not row.about.missing] == [
        "direct",
        "gloss",
        "translate_train",
        "average",
        "teacher_student",
        "mixture",
    ]
    assert rows["gloss"].method.options.tagger.path == str(folder)
    assert rows["translate_train"].method.options.labels == "tagger"


def test_a_translator_stands_in_for_a_translation(folder):
    head = '[have]\ntranslator = { kind = "files", path = "en-xx.tsv" }\n' + HEAD
    recipe = asked(folder, "text", head=head, name="have.toml")
    found = candidates_of(recipe, recipe.targets[0], "silver")
    rows = {each.about.kind: each for each in found}
    assert rows["translate_train"].method.options.translator is not None
    assert rows["translate_train"].tried.translator is None  # by then it is a translation
    assert rows["translate_train"].about.compared
    assert rows["gloss"].about.missing


# What is measured on


def words(corpus):
    return {each.words for each in corpus}


def met(asked_for):
    """All sentences that training stages were given, on either side."""
    found = set()
    for value in asked_for:
        if isinstance(value, Corpus):
            found |= words(value)
        elif isinstance(value, Bitext):
            found |= {pair.source for pair in value} | {pair.target for pair in value}
        elif isinstance(value, tuple):
            found |= met(value)
    return found


def spied(monkeypatch):
    """Note what every stage of a recommendation gets that is not only tagging or counting."""
    seen = []

    class Spy(Store):
        def __call__(self, stage, *args, **kwargs):
            if stage.name in ("train", "align", "learn", "learn_lexicon", "tune", "gloss_tagger", "project"):
                seen.append((stage.name, args))
            return super().__call__(stage, *args, **kwargs)

    monkeypatch.setattr(recommendation, "Store", Spy)
    return seen


def test_labelled_sentences_are_not_learnt_from(folder, tmp_path, monkeypatch):
    seen = spied(monkeypatch)
    found = run.recommend(asked(folder, "translation", "text", "train"), tmp_path / "out")
    assert found.basis == "labels"
    assert {trial.method for trial in found.trials} >= {"direct", "gloss", "mixture", "supervised"}
    few = run.read_data(asked(folder, "train")).targets[0].task.train
    folds = [args[0] for name, args in seen if name == "train" and words(args[0]) & words(few)]
    assert len(folds) == split.FOLDS  # the training parts of `supervised`, and nothing else
    assert all(words(fold) < words(few) for fold in folds)
    others = [args for name, args in seen if not (name == "train" and any(args[0] is fold for fold in folds))]
    assert not met(others) & words(few)


def test_held_out_translations_are_not_learnt_from_on_either_side(folder, tmp_path, monkeypatch):
    seen = spied(monkeypatch)
    found = run.recommend(asked(folder, "translation", "extra", "text"), tmp_path / "out")
    assert found.basis == "silver"
    (align, of_split), (project, projected), *rest = seen  # what makes the split comes first
    assert (align, project) == ("align", "project")
    held = projected[1]
    assert len(held) == 30
    learnt = [args for _, args in rest if args[0] is not of_split[0]]
    sides = {pair.source for pair in held} | {pair.target for pair in held}
    assert not met(learnt) & sides


def made_up():
    """A task in the made-up languages."""
    pairs = list(sentences(12, 5))
    sides = [Corpus(tuple(side), name) for side, name in zip(zip(*pairs, strict=True), ("s", "t"), strict=True)]
    bitext = Bitext(tuple(Pair(s.words, t.words, s.id) for s, t in pairs), "s-t")
    return Task(source=sides[0], test=sides[1].unlabelled(), train=sides[1], translation=bitext)


def test_folds_are_whole_and_apart():
    few = Corpus(tuple(t for _, t in sentences(23, 7)) * 2, "few")
    few = replace(few, sentences=tuple(replace(each, id=str(place)) for place, each in enumerate(few)))
    made = split.split_labels(replace(made_up(), train=few))
    assert [task.train for task in made.tasks] == [None]
    assert [words(fold.test) & words(fold.train) for fold in made.folds] == [set()] * split.FOLDS
    assert sum(len(fold.test) for fold in made.folds) == len(few)
    assert not any(sentence.spans for fold in made.folds for sentence in fold.test)
    parts = [replace(fold.test, sentences=tuple(e for e in few if e.words in words(fold.test))) for fold in made.folds]
    assert split.together(made.gold, parts) == made.gold


def test_labelled_text_that_is_the_translation_itself_is_taken_out_fold_by_fold():
    task = made_up()
    made = split.split_labels(task)
    assert len(made.tasks) == len(made.folds) == split.FOLDS
    assert sum(len(each.test) for each in made.tasks) == len(task.train)
    for each in made.tasks:
        assert each.train is None
        assert len(each.translation) == len(each.source) == len(task.train) - len(each.test)
        assert not words(each.test) & {pair.target for pair in each.translation}


def test_a_sentence_goes_with_all_that_translates_it():
    task = made_up()
    more = Bitext((Pair(task.source[3].words, ("other", "words"), "1"),), "more")
    task = replace(task, extra=(more,), text=task.test)
    left = split.without(task, target={task.test[3].words})
    assert task.source[3].words not in words(left.source)
    assert len(left.source) == len(left.translation) == len(left.text) == 11
    assert not len(left.extra[0])


def test_what_is_drawn_is_bounded_and_counted():
    task = made_up()
    half = replace(task.translation, pairs=task.translation.pairs[6:])
    task = replace(task, translation=half, extra=(half, half), text=task.test)
    small, left_out = split.bounded(task, 5, 1)
    assert len(small.source) == len(small.translation) == len(small.text) == len(small.train) == 5
    assert {pair.source for pair in small.translation} == words(small.source)  # translated ones are drawn first
    assert sum(map(len, small.extra)) == 5
    assert not len(small.test)
    assert left_out["source s: sentences left out of the comparison"] == 7
    same, nothing = split.bounded(task, 100, 1)
    assert same.source == task.source
    assert not nothing
    assert split.bounded(task, 5, 1)[0].source == small.source
    assert split.bounded(task, 5, 2)[0].source != small.source


def test_the_labels_of_the_silver_split_are_those_of_its_source():
    task = made_up()
    made = split.split_translation(task, just_do, 1)
    right = {target.words: [span.key for span in target.spans] for target in task.train}
    assert len(made.gold)
    assert all([span.key for span in each.spans] == right[each.words] for each in made.gold)


# What is chosen


@pytest.fixture(scope="module")
def labelled(folder):
    out = folder / "labelled"
    return out, run.recommend(asked(folder, "translation", "train", methods=THREE, name="labelled.toml"), out)


def test_the_route_that_must_win_is_chosen_on_labels(labelled):
    _, found = labelled
    assert (found.basis, found.choice) == ("labels", "translate_train")
    assert found.trials[0].f1 > 0.9
    assert all(trial.f1 < 0.6 for trial in found.trials[1:])
    assert all(trial.p < 0.05 and trial.comparison.difference > 0.3 for trial in found.trials[1:])
    assert found.reason.startswith("xx: use `translate_train`: on 40 labelled sentences F1 ")
    assert "better than `" in found.reason


def test_the_recipe_that_is_written_trains_the_choice(labelled, folder, tmp_path):
    out, found = labelled
    recipe = run.read_recipe(out / "recipe.toml")
    assert [method.name for method in recipe.methods] == [found.choice]
    results = run.compare(recipe, tmp_path / "trained")
    assert not results.failures
    assert not results.rows  # there is no test
    assert any("nothing is scored" in warning for warning in results.warnings)
    assert (tmp_path / "trained/xx/translate_train/seed-1/tagger").is_dir()


def test_the_labels_of_test_are_not_looked_at(folder, tmp_path):
    head = HEAD + 'test = "test.conll"\n'
    found = run.recommend(asked(folder, "translation", methods=THREE, head=head, name="t.toml"), tmp_path / "out")
    assert found.basis == "silver"
    assert any("`test`" in caveat for caveat in found.caveats)
    results = run.compare(run.read_recipe(tmp_path / "out/recipe.toml"), tmp_path / "out/trained")
    assert results.rows[0].evaluation.sentences == 10


@pytest.mark.parametrize(
    ("keys", "choice"),
    [
        ((), "direct"),
        (("extra",), "gloss"),
        (("extra", "text"), "gloss"),
    ],
)
def test_without_anything_to_measure_on_other_languages_decide_and_it_says_so(folder, tmp_path, keys, choice):
    found = run.recommend(asked(folder, *keys), tmp_path / "out")
    assert (found.basis, found.choice, found.trials) == ("prior", choice, ())
    assert "no evidence on xx" in " ".join(found.caveats)
    results = run.compare(run.read_recipe(tmp_path / "out/recipe.toml"), tmp_path / "trained")
    assert not results.failures
    assert (tmp_path / f"trained/xx/{choice}/seed-1/tagger").is_dir()


def test_the_prior_needs_no_more_than_there_is(folder):
    recipe = asked(folder, "translation", "text")
    found = candidates_of(recipe, recipe.targets[0], "prior")
    order = [each.about.kind for each in candidates.by_prior(found)]
    assert order == ["mixture", "average", "translate_train", "gloss", "direct", "teacher_student"]


def test_with_nothing_at_all_there_is_no_choice(tmp_path):
    recipe = run.Recipe(targets=(run.recipe.TargetData(language="xx"),))
    found = run.recommend(recipe, tmp_path / "out")
    assert found.choice is None
    assert "no method applies" in found.reason
    assert not (tmp_path / "out/recipe.toml").exists()


def test_too_few_labels_are_no_evidence(folder, tmp_path):
    (folder / "two.conll").write_text(conll(target for _, target in sentences(2, 8)))
    recipe = asked(folder, head=HEAD + 'train = "two.conll"\n', name="two.toml")
    found = run.recommend(recipe, tmp_path / "out")
    assert found.basis == "prior"
    assert any("found 2 labelled sentences" in caveat for caveat in found.caveats)


def test_a_method_that_fails_is_told_and_the_others_are_compared(folder, tmp_path, monkeypatch):
    def fails(task, options, do, seed):
        raise DataError("the lexicon is empty")

    monkeypatch.setitem(METHODS, "gloss", METHODS["gloss"]._replace(run=fails))
    found = run.recommend(asked(folder, "translation", "train", methods=THREE), tmp_path / "out")
    assert [failure.method for failure in found.failures] == ["gloss"]
    assert {trial.method for trial in found.trials} == {"direct", "translate_train"}


# Runs, files and the command line


def test_a_second_run_finds_everything_and_says_the_same(labelled, folder):
    out, found = labelled
    before = json.loads((out / "recommendation.json").read_text())
    told = []
    recipe = asked(folder, "translation", "train", methods=THREE, name="labelled.toml")
    stamps = {path: path.stat().st_mtime_ns for path in (out / "store").rglob("*") if path.is_file()}
    again = run.recommend(recipe, out, told=lambda *what: told.append(what))
    after = json.loads((out / "recommendation.json").read_text())
    assert {path: path.stat().st_mtime_ns for path in (out / "store").rglob("*") if path.is_file()} == stamps
    assert [trial.to_dict() for trial in again.trials] == [trial.to_dict() for trial in found.trials]
    assert before["trials"] == after["trials"]
    assert told[0][1] == 3


def test_a_run_that_is_cut_short_does_not_look_finished(folder, tmp_path):
    recipe = asked(folder, "translation", "train", methods=THREE)

    def stop(done, total, what):
        if done:
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run.recommend(recipe, out, told=stop)
    assert not (out / "recommendation.json").exists()
    assert not (out / "recipe.toml").exists()
    assert run.recommend(recipe, out).choice == "translate_train"


def test_a_recipe_is_written_as_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("EXONYM_DATA", "/nowhere")
    text = f'''
title = "Quotes \\" and \\\\ and tabs\\t, ключ"
seeds = [1, 2]
[labels]
"DATE TIME" = "drop"
[have]
tagger = {{ path = "{tmp_path}", labels = {{ GPE = "LOC" }} }}
translator = {{ kind = "files", path = "en.conll" }}
[source]
language = "en"
train = {{ path = "en.conll", scheme = "iob1" }}
[[sources]]
language = "fr"
train = "en.conll"
[[targets]]
language = "xx"
translation = {{ path = "en.conll", raw = "source" }}
extra = [{{ path = "en.conll", raw = true }}]
text = ["en.conll"]
[[methods]]
kind = "translate_train"
name = "own"
matching = {{ matcher = "greedy", candidates = "ngrams", stop = ["!"], fusion = {{ alignment = 0.5, tagger = 0.5 }} }}
tagger = {{ kind = "neural", encoder = {{ kind = "hashed" }} }}
[[methods]]
kind = "average"
teachers = [{{ kind = "gloss", tagger = {{ kind = "saved", path = "{tmp_path}" }} }}, {{ kind = "direct" }}]
[[methods]]
kind = "multi_source"
weights = [0.5, 0.5]
'''
    (tmp_path / "en.conll").write_text("Anna\tB-PER\n")
    (tmp_path / "one.toml").write_text(text)
    recipe = run.read_recipe(tmp_path / "one.toml", complete=False)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/two.toml").write_text(recipe_text(recipe))
    again = run.read_recipe(tmp_path / "sub/two.toml", complete=False)
    assert again == recipe


def test_wrong_wishes_are_refused(folder, tmp_path):
    recipe = asked(folder)
    two = replace(recipe, targets=(*recipe.targets, replace(recipe.targets[0], language="yy")))
    with pytest.raises(RecipeError, match=r"found the targets xx, yy; expected one\. Name it"):
        run.recommend(two, tmp_path / "out")
    assert run.recommend(two, tmp_path / "out", language="yy", dry=True).language == "yy"
    with pytest.raises(RecipeError, match="found no target zz"):
        run.recommend(two, tmp_path / "out", language="zz")
    with pytest.raises(RecipeError, match="sentences: found 5"):
        run.recommend(recipe, tmp_path / "out", sentences=5)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("precious")
    with pytest.raises(DataError, match="a folder of something else"):
        run.recommend(recipe, tmp_path / "mine")
    broken = replace(recipe, source=replace(recipe.source, train=File(path=str(folder / "text.txt"))))
    with pytest.raises(DataError):
        run.recommend(broken, tmp_path / "out")


def command(*arguments):
    line = [sys.executable, "-c", "from exonym.cli import main; main()", "recommend", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True)


def test_the_command_says_what_applies_compares_and_chooses(labelled, folder):
    out, found = labelled
    done = command(folder / "labelled.toml", "-o", out)
    assert done.returncode == 0, done.stderr
    for line in (found.reason, *found.caveats):
        assert line in done.stdout
    assert "xx: what applies" in done.stdout
    assert "translate_train less it" in done.stdout
    assert f"to train it: exonym compare {out / 'recipe.toml'} -o {out / 'trained'}" in done.stderr


def test_the_command_plans_and_refuses_in_one_message(folder, tmp_path):
    asked(folder, "translation", "text", name="plan.toml")
    done = command(folder / "plan.toml", "-o", tmp_path / "out", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "would be compared on labels projected over a part of the translation" in done.stdout
    assert "needs labelled target text: give `train`" in done.stdout
    assert not (tmp_path / "out").exists()
    done = command(folder / "no.toml", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "found no recipe" in done.stderr
    (folder / "bad.toml").write_text(HEAD + 'tranlation = "en-xx.tsv"\n')
    done = command(folder / "bad.toml", "-o", tmp_path / "out")
    assert "Did you mean 'translation'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_tables_show_names_literally(labelled):
    _, found = labelled
    strange = replace(found, language="[red]", candidates=(replace(found.candidates[0], method="[bold]x"),))
    assert candidates_table(strange).row_count == 1
    assert trials_table(found).row_count == 3


def test_the_docs_name_every_key():
    text = (Path(__file__).parents[1] / "docs/recommend.md").read_text()
    for word in ("[have]", "`train`", "--dry-run", "--sentences", "recommendation.json", "recipe.toml"):
        assert word in text
