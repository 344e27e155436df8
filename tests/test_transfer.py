from dataclasses import dataclass, replace

import numpy as np
import pytest

from exonym.align import Lexicon, StatisticalAligner
from exonym.data import Alignment, Bitext, Corpus, Links, Pair, Sentence, Span
from exonym.errors import DataError, RecipeError
from exonym.project import Filtering, Fusion, Matching
from exonym.run.store import Store
from exonym.tag import Ensemble, LightOptions, label, load_tagger, train_light
from exonym.transfer import (
    Direct,
    Gloss,
    GlossTagger,
    Supervised,
    Task,
    TranslateTest,
    TranslateTrain,
    load_any_tagger,
    transfer,
)
from exonym.transfer.casing import Casing, capital_at

NAMES = ("Anna", "Tom", "Eva", "Omar", "Lin", "Ida", "Max", "Noor")
CITIES = {"Cologne": "Köln", "Rome": "Rom", "Moscow": "Moskau", "Warsaw": "Warschau"}
LIGHT = LightOptions(iterations=30)


def task():
    """Toy English and German: every name sees every city; German puts the city first."""
    english, german, pairs = [], [], []
    for name in NAMES:
        for city, stadt in CITIES.items():
            number = str(len(pairs) + 1)
            pairs.append(Pair((name, "sees", city, "."), (name, "sieht", stadt, "."), number))
            english.append(Sentence(pairs[-1].source, (Span(0, 1, "PER"), Span(2, 3, "LOC")), number))
            german.append(Sentence(pairs[-1].target, (Span(0, 1, "PER"), Span(2, 3, "LOC")), number))
    gold = Corpus(tuple(german), "de")
    bitext = Bitext(tuple(pairs), "en-de")
    return gold, Task(
        source=Corpus(tuple(english), "en"),
        test=gold.unlabelled(),
        train=gold,
        translation=bitext,
        test_translation=bitext,
    )


@pytest.mark.parametrize(
    "options",
    [
        Direct(tagger=LIGHT),
        Gloss(tagger=LIGHT),
        TranslateTrain(tagger=LIGHT),
        TranslateTrain(tagger=LIGHT, labels="tagger", filtering=Filtering()),
        TranslateTrain(tagger=LIGHT, matching=Matching(candidates="union", fusion=Fusion(tagger=0.5))),
        TranslateTest(tagger=LIGHT),
        TranslateTest(tagger=LIGHT, matching=Matching(matcher="heuristic")),
        TranslateTest(tagger=LIGHT, matching=Matching(candidates="union", fusion=Fusion(tagger=0.5))),
        Supervised(tagger=LIGHT),
    ],
    ids=lambda options: f"{options.kind} {getattr(options, 'labels', '')}".strip(),
)
def test_every_method_learns_the_toy_language(options):
    gold, given = task()
    outcome = transfer(given, options)
    assert [s.words for s in outcome.predictions] == [s.words for s in gold]
    keys = [[span.key for span in s.spans] for s in outcome.predictions]
    assert keys == [[span.key for span in s.spans] for s in gold]
    if options.kind == "translate_train":
        assert outcome.corpus is not None
        assert outcome.ledger["spans projected"] == 2 * len(gold)
        assert all(span.origin is not None for s in outcome.corpus for span in s.spans)


@pytest.mark.parametrize(
    "options", [Gloss(), TranslateTrain(), TranslateTrain(labels="tagger"), TranslateTest(), Supervised()]
)
def test_methods_say_which_data_they_lack(options):
    _, given = task()
    with pytest.raises((RecipeError, DataError), match="expected"):
        transfer(Task(source=given.source, test=given.test), options)


def test_translate_train_learns_from_what_the_filter_keeps():
    _, given = task()
    outcome = transfer(given, TranslateTrain(tagger=LIGHT, filtering=Filtering(labels=("LOC",))))
    assert {span.label for sentence in outcome.predictions for span in sentence.spans} == {"LOC"}
    assert outcome.ledger["spans left out: label not wanted"] == len(given.source)


def test_translate_train_has_no_translation_scorer():
    with pytest.raises(RecipeError, match="translation"):
        TranslateTrain(matching=Matching(fusion=Fusion(translation=1.0)))


@dataclass(frozen=True)
class Capitals:
    """A tagger that finds a name in every capital; it lets tests see what a gloss tagger shows to its inner tagger."""

    tags: tuple[str, ...] = ("O", "B-PER", "I-PER")
    fingerprint: str = "capitals"

    def predict(self, corpus):
        for sentence in corpus:
            yield np.array(
                [[0, 1, 0] if word[:1].isupper() else [1, 0, 0] for word in sentence.words], dtype=np.float32
            )


def test_gloss_translates_words_and_keeps_capitals():
    lexicon = Lexicon.of(
        [("köln", "cologne", 2), ("köln", "city", 1), ("un", "onu", 1), ("sieht", "sees", 1), ("mzantsi", "south", 1)]
    )
    tagger = GlossTagger(Capitals(), lexicon, Casing())
    words = ("Köln", "sieht", "UN", "eMzantsi", "kaBerlin", "Anna", "KÖLN", "unbekannt")
    assert tagger.gloss(words) == ("Cologne", "sees", "ONU", "South", "Berlin", "Anna", "COLOGNE", "unbekannt")
    decomposed = "Ko\u0308ln"
    assert tagger.gloss((decomposed,)) == ("Cologne",)


def test_labels_come_back_by_position():
    lexicon = Lexicon.of([("köln", "cologne", 1)])
    text = "in Köln"
    sentence = Sentence(("in", "Köln"), (), "1", text, ((0, 2), (3, 7)))
    (rows,) = GlossTagger(Capitals(), lexicon, Casing()).predict([sentence])
    assert rows.argmax(axis=1).tolist() == [0, 1]


def test_capital_at_looks_at_the_first_four_characters():
    words = ("Rom", "eMzantsi", "muHarare", "ngoLwesihlanu", "abcdE", "rom", "", "Ọyọ")
    assert [capital_at(word) for word in words] == [
        0, 1, 2, 3, -1, -1, -1, 0]  # fmt: skip


def parallel(rows):
    """Sentence pairs from (source, target) word lists, linked word by word."""
    pairs = tuple(Pair(tuple(source.split()), tuple(target.split()), str(n)) for n, (source, target) in enumerate(rows))
    links = Alignment(tuple(Links.of([(i, i) for i in range(len(pair.source))]) for pair in pairs))
    return Bitext(pairs), links


def test_casing_is_taken_as_it_is_where_languages_agree():
    casing = Casing.learn(
        *parallel([("Then Anna saw Rome", "Dann Anna sah Rom")] * 3 + [("we met Eva", "wir trafen Eva")])
    )
    assert casing.weights == ()
    assert casing.capitals(("ein", "Haus")) == [False, True]


def test_casing_is_learnt_where_they_disagree():
    nouns = ("Haus", "Hund", "Baum", "Tisch", "Stuhl", "Wagen", "Garten", "Apfel")
    rows = [
        (f"the big {noun.lower()} of {name} stood", f"das grosse {noun} von {name} stand")
        for noun in nouns
        for name in NAMES
    ]
    casing = Casing.learn(*parallel(rows))
    assert casing.agreement == pytest.approx(0.5)
    shown = casing.capitals(("das", "grosse", "Garten", "von", "Anna", "stand"))
    assert shown[1:] == [False, False, False, True, False]
    assert Casing.from_json(casing.to_json()) == casing


def test_a_gloss_tagger_comes_back_from_disk(tmp_path):
    _, given = task()
    inner = train_light(given.source, LIGHT)
    casing = Casing(0.5, {"haus": (3, 0), "-aus": (3, 0)}, tuple(float(n) for n in range(11)))
    tagger = GlossTagger(inner, Lexicon.of([("köln", "cologne", 2)]), casing)
    tagger.save(tmp_path / "t")
    again = load_any_tagger(tmp_path / "t")
    assert isinstance(again, GlossTagger)
    assert again.fingerprint == tagger.fingerprint
    for mine, other in zip(tagger.predict(given.test), again.predict(given.test), strict=True):
        assert np.array_equal(mine, other)
    both = Ensemble((tagger, inner), (0.5, 0.5))
    both.save(tmp_path / "both")
    assert load_any_tagger(tmp_path / "both").fingerprint == both.fingerprint
    with pytest.raises(DataError, match="kind 'gloss'"):
        load_tagger(tmp_path / "both")
    (tmp_path / "t/casing.json").write_text("{}")
    with pytest.raises(DataError, match=r"casing\.json.*Copy the whole folder"):
        load_any_tagger(tmp_path / "t")


def test_the_aligner_says_whether_it_is_deterministic():
    assert StatisticalAligner.deterministic


def test_casing_is_learnt_for_scripts_without_capitals():
    rows = [(f"the dog of {name} slept", f"डॉग ऑफ़ {name.lower()} सोया अब") for name in NAMES * 3]
    casing = Casing.learn(*parallel([(source, f"द {target}") for source, target in rows]))
    assert casing.agreement == 0
    assert casing.capitals(("द", "डॉग", "ऑफ़", "anna", "सोया"))[1:] == [False, False, True, False]


def test_pairs_of_all_parallel_text_have_names_of_their_own():
    _, given = task()
    again = Task(source=given.source, test=given.test, translation=given.translation, extra=(given.translation,) * 2)
    names = [pair.id for pair in again.parallel]
    assert len(set(names)) == len(names) == 3 * len(given.translation)
    outcome = transfer(again, TranslateTrain(tagger=LIGHT, labels="tagger"))
    assert outcome.corpus[-1].id == names[-1]
    assert outcome.corpus[-1].spans[0].origin.sentence == names[-1]


def inverted(gone=()):
    """A test text `Stadt sieht Name heute .`, and translations of its sentences but those in `gone`.

    The words stand in another order than those of their translations, so that positions do not help.
    """
    _, given = task()
    pairs, sentences = [], []
    for number, pair in enumerate(given.translation):
        name, _, city, _ = pair.source
        words = (CITIES[city], "sieht", name, "heute", ".")
        sentences.append(Sentence(words, (Span(0, 1, "LOC"), Span(2, 3, "PER")), f"s{number}"))
        if number not in gone:
            pairs.append(Pair((name, "sees", city, "."), words, str(number + 1)))
    gold = Corpus(tuple(sentences), "test")
    extra = (Bitext(tuple(Pair((city,), (stadt,)) for city, stadt in CITIES.items()), "names"),)
    return gold, Task(
        source=given.source, test=gold.unlabelled(), extra=extra, test_translation=Bitext(tuple(pairs), "tt")
    )


def keys(corpus):
    return [[span.key for span in sentence.spans] for sentence in corpus]


def test_translate_test_brings_the_spans_of_the_translation_back():
    gold, given = inverted()
    outcome = transfer(given, TranslateTest(tagger=LIGHT))
    assert keys(outcome.predictions) == keys(gold)
    assert [s.id for s in outcome.predictions] == [s.id for s in gold]
    assert outcome.ledger == {"spans projected": 2 * len(gold)}
    assert outcome.tagger is None
    assert [(span.origin.start, span.origin.sentence) for span in outcome.predictions[4].spans] == [(2, "5"), (0, "5")]
    assert keys(transfer(given, Direct(tagger=LIGHT)).predictions) != keys(gold)


def test_spans_without_a_translation_are_lost_with_a_reason():
    gold, given = inverted()
    words = gold[0].words
    longer = Pair(("Anna", "sees", "Cologne", "and", "Max", "sees", "Rome", "."), words, "1")
    given = replace(given, test_translation=Bitext((longer, *given.test_translation[1:])))
    outcome = transfer(given, TranslateTest(tagger=LIGHT))
    assert sum(outcome.ledger.values()) == 2 * len(gold) + 2
    lost = [each for sentence in outcome.predictions for each in sentence.lost]
    assert outcome.ledger["spans projected"] == 2 * len(gold) + 2 - len(lost)
    assert lost


@pytest.mark.parametrize("gone", [(0,), (31,), (3, 4, 17)])
def test_sentences_without_a_translation_are_counted(gone):
    gold, given = inverted(gone)
    untagged = transfer(given, TranslateTest(tagger=LIGHT))
    wanted = [[] if place in gone else key for place, key in enumerate(keys(gold))]
    assert keys(untagged.predictions) == wanted
    assert untagged.ledger["sentences not translated"] == len(gone)
    directly = transfer(given, TranslateTest(tagger=LIGHT, missing="direct"))
    alone = keys(label(train_light(given.source, LIGHT), given.test))
    assert keys(directly.predictions) == [alone[place] if place in gone else key for place, key in enumerate(wanted)]
    assert directly.ledger["untranslated sentences tagged directly"] == len(gone)
    assert any(alone[place] for place in gone)


def test_a_translation_of_another_text_is_refused_with_all_mismatches():
    _, given = inverted()
    wrong = [
        pair._replace(target=(*pair.target, "!")) if n in (2, 9) else pair
        for n, pair in enumerate(given.test_translation)
    ]
    given = Task(source=given.source, test=given.test, test_translation=Bitext(tuple(wrong), "wrong"))

    def run_nothing(stage, *args):
        pytest.fail(f"ran {stage.name}")

    with pytest.raises(DataError, match=r"wrong:3: found other words.*\n.*wrong:10: .*The target side must be"):
        transfer(given, TranslateTest(), run_nothing)
    swapped = Task(source=given.source, test=given.test, test_translation=inverted()[1].test_translation.swapped())
    with pytest.raises(DataError, match="and 12 more"):
        transfer(swapped, TranslateTest(), run_nothing)


def test_only_translate_test_sees_the_test_translation():
    _, given = inverted()
    assert list(given.parallel) == [pair._replace(id=f"1:{pair.id}") for pair in given.extra[0]]
    asked = []

    def plan(stage, *args):
        asked.append((stage.name, args))
        return stage(*args)

    transfer(given, TranslateTest(tagger=LIGHT), plan)
    (aligned,) = [args[0] for name, args in asked if name == "align"]
    assert [(p.source, p.target) for p in aligned] == [
        (p.source, p.target) for p in (*given.test_translation, *given.extra[0])
    ]


def test_translate_test_comes_back_from_the_store(tmp_path):
    _, given = inverted((5,))
    options = TranslateTest(tagger=LIGHT, missing="direct")
    first = transfer(given, options, Store(tmp_path))
    states = []
    again = transfer(given, options, Store(tmp_path, told=lambda name, state: states.append((name, state))))
    assert {state for _, state in states} == {"found"}
    assert again.predictions.sentences == first.predictions.sentences
    assert again.ledger == first.ledger
    other = transfer(given, TranslateTest(tagger=LIGHT), Store(tmp_path))
    assert keys(other.predictions)[5] == []


@pytest.mark.parametrize("options", [TranslateTrain, TranslateTest])
def test_a_matching_that_no_method_can_feed_is_refused_at_once(options):
    with pytest.raises(RecipeError, match="no scorer"):
        options(matching=Matching(fusion=Fusion(translation=0.5)))
