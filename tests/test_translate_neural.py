"""Translation by models: tiny ones that know a few made-up sentences by heart, through both engines."""

import json
import shutil
import sys
import warnings
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason='needs PyTorch: pip install "exonym[neural]"')
ctranslate2 = pytest.importorskip("ctranslate2", reason='needs CTranslate2: pip install "exonym[mt]"')

import torch  # noqa: E402
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer  # noqa: E402

from exonym.data import Corpus, Sentence  # noqa: E402
from exonym.errors import DataError, MissingExtra, RecipeError  # noqa: E402
from exonym.formats import read_jsonl, write_corpus  # noqa: E402
from exonym.hub import content_of  # noqa: E402
from exonym.run.store import KINDS, Kind, Store  # noqa: E402
from exonym.transfer import stages  # noqa: E402
from exonym.translate import (  # noqa: E402
    Ctranslate2,
    DirectTranslationScore,
    ScoringTranslator,
    TransformersTranslator,
    Translation,
    Translations,
    Translator,
    convert,
    ctranslate2_engine,
    transformers_engine,
    translated,
)
from exonym.translate.codec import open_codec  # noqa: E402
from exonym.translate.pieces import pieces_of  # noqa: E402
from exonym.translate.seq2seq import batches  # noqa: E402
from tiny_translators import FAMILIES, POSITIONS, ROUTES, make_translator  # noqa: E402

SPANISH = [
    ("The old river runs past the green mill.", "El viejo rio corre junto al molino verde."),
    ("Anna lives near it with her brother.", "Anna vive cerca con su hermano."),
    ("Peter saw seven ships, and one of them burnt!", "Pedro vio siete barcos, y uno ardia!"),
    ("Is it far to Lund? No, only two hours.", "Esta lejos Lund? No, solo dos horas."),
    ("She wrote a long letter to the mayor of Arden.", "Ella mando una larga carta a la alcaldesa de Arden."),
    ("Peter lives in Arden.", "Pedro vive en Arden."),
]
SWAHILI = [
    ("The old river runs past the green mill.", "Mto mzee unapita kinu cha kijani."),
    ("Peter lives in Arden.", "Petro anaishi Arden."),
]
OTHERS = ["Anna saw a green letter.", "Yes", "and two hours of it, and no ships", "Lund!"]
MANY = [family for family in FAMILIES if family != "marian"]


def sentences(texts):
    return [Sentence(tuple(text.split()), (), str(place), None) for place, text in enumerate(texts)]


def pair(family, lesson=0):
    """The languages of a lesson, by codes that are not those of the model."""
    target = ROUTES[family][lesson][1]
    return "en", {"spa_Latn": "es", "spa": "es", "es": "spa"}.get(target, "swh")


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """For a family the folder of its model, and of what it was converted into, made when they are first asked for."""

    @cache
    def made(family):
        home = tmp_path_factory.mktemp("translators") / family
        model = make_translator(home, family, [SPANISH, SWAHILI])
        return model, convert(model, home.with_name(f"{family}-converted"), quantization="float32")

    return made


@pytest.fixture
def engines(folders):
    """The two engines with a model, computing as exactly as they can."""

    def opened(family, **options):
        model, converted = folders(family)
        options = {"beams": 1, "max_target": 40, **options}
        return (
            TransformersTranslator(model=str(model), **options),
            Ctranslate2(model=str(converted), compute="float32", device="cpu", threads=1, **options),
        )

    return opened


def same(one, other, tolerance=1e-4):
    assert [each.text for each in one] == [each.text for each in other]
    assert [(each.cut, each.pieces, each.words) for each in one] == [
        (each.cut, each.pieces, each.words) for each in other
    ]
    np.testing.assert_allclose([each.score or 0 for each in one], [each.score or 0 for each in other], atol=tolerance)


@pytest.mark.parametrize("family", FAMILIES)
def test_both_engines_translate_alike(engines, family):
    own, other = engines(family)
    for engine, protocol in product((own, other), (Translator, ScoringTranslator)):
        assert isinstance(engine, protocol)
    given = sentences([source for source, _ in SPANISH] + OTHERS)
    made = own.translate(given, *pair(family))
    assert [each.text for each in made[: len(SPANISH)]] == [target for _, target in SPANISH]
    same(made, other.translate(given, *pair(family)))


@pytest.mark.parametrize("family", FAMILIES)
def test_both_engines_score_alike(engines, family):
    own, other = engines(family, batch_tokens=60)
    texts = [source for source, _ in SPANISH] + OTHERS
    pairs = [*SPANISH, *zip(texts, reversed(texts), strict=True), ("", "Lund"), ("Lund", "")]
    one, two = own.score(pairs, *pair(family)), other.score(pairs, *pair(family))
    for first, second in zip(one, two, strict=True):
        assert first.dtype == second.dtype == np.float32
        np.testing.assert_allclose(first, second, atol=1e-4)
    assert all((row <= 0).all() for row in one)
    assert len(one[-1]) == 1  # the end alone
    right, wrong = (np.mean([row.mean() for row in one[at : at + 6]]) for at in (0, 6))
    assert right > wrong + 1  # what was learnt is likelier than other sentences


@pytest.mark.parametrize("family", FAMILIES)
def test_scores_are_those_of_transformers_as_its_manual_has_it(folders, engines, family):
    """The labels that its own tokeniser makes, language and all, through its own loss."""
    folder, _ = folders(family)
    source, target = ROUTES[family][0]
    model, tokenizer = AutoModelForSeq2SeqLM.from_pretrained(folder), _tokenizer(folder, source, target)
    prefix = f">>{target}<< " if family == "marian-many" else ""
    for text, translation in SPANISH[:3]:
        given = tokenizer(prefix + text, text_target=translation, return_tensors="pt")
        with torch.no_grad():
            logits = model(**given).logits[0]
        if family.startswith("marian"):
            logits[:, tokenizer.pad_token_id] = -torch.inf
        labels = given["labels"][0]
        expected = logits.log_softmax(1).gather(1, labels[:, None])[:, 0].numpy()
        (found,) = engines(family)[0].score([(text, translation)], *pair(family))
        np.testing.assert_allclose(found, expected[-len(found) :], atol=1e-5)
        assert len(expected) - len(found) == (0 if family.startswith("marian") else 1)  # the token of the language


def _tokenizer(folder, source, target):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return AutoTokenizer.from_pretrained(folder, src_lang=source, tgt_lang=target)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_score_of_a_translation_is_the_mean_of_its_tokens(engines, family):
    given = sentences([source for source, _ in SPANISH[:3]])
    for engine in engines(family):
        made = engine.translate(given, *pair(family))
        rows = engine.score([(one[0], each.text) for one, each in zip(SPANISH, made, strict=False)], *pair(family))
        np.testing.assert_allclose([each.score for each in made], [row.mean() for row in rows], atol=1e-5)
        assert all(each.score is None for each in replace(engine, scores=False).translate(given, *pair(family)))


@pytest.mark.parametrize("family", MANY)
def test_the_language_that_is_asked_for_is_written(engines, family):
    given = sentences([source for source, _ in SWAHILI])
    for engine in engines(family):
        assert [each.text for each in engine.translate(given, *pair(family, 1))] == [target for _, target in SWAHILI]
        assert [each.text for each in engine.translate(given, *pair(family))] == [SPANISH[0][1], SPANISH[5][1]]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("beams", [1, 3])
def test_batches_change_nothing(engines, family, beams):
    given = sentences([source for source, _ in SPANISH[:4]] + OTHERS[:2])
    for engine in engines(family, beams=beams):
        together = engine.translate(given, *pair(family))
        alone = [engine.translate([each], *pair(family))[0] for each in given]
        same(together, alone)
        same(together, replace(engine, batch_tokens=1).translate(given, *pair(family)))
        same(together[::-1], engine.translate(given[::-1], *pair(family)))


@pytest.mark.parametrize("family", FAMILIES)
def test_more_beams_find_no_worse(engines, family):
    given = sentences([source for source, _ in SPANISH] + OTHERS)
    greedy, wide = (engines(family, beams=beams) for beams in (1, 4))
    for one, four in zip(greedy, wide, strict=True):
        scores = [[each.score for each in engine.translate(given, *pair(family))] for engine in (one, four)]
        assert np.mean(scores[1]) > np.mean(scores[0]) - 1e-6


@pytest.mark.parametrize("family", FAMILIES)
def test_long_texts_are_translated_in_pieces(folders, engines, family):
    long = " ".join(source for source, _ in SPANISH)
    expected = " ".join(target for _, target in SPANISH)
    codec = open_codec(folders(family)[0])
    route = codec.route(*ROUTES[family][0])
    room = 30 - len(route.before) - len(route.after)
    for engine in engines(family, max_source=30):
        (made,) = engine.translate(sentences([long]), *pair(family))
        assert made.pieces > 2
        assert not made.cut
        pieces = pieces_of(long, lambda text: len(codec.encode([text])[0]), room)
        parts = engine.translate(sentences(pieces), *pair(family))
        assert made.text == " ".join(each.text for each in parts if each.text)
        assert all(each.pieces == 1 for each in parts)
        assert any(target in made.text for _, target in SPANISH) or made.text == expected
        ledger = translated(engine, Corpus(tuple(sentences([long])), "c"), *pair(family)).ledger
        assert ledger["sentences translated in pieces"] == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_a_translation_that_reaches_the_limit_is_cut(engines, family):
    given = sentences([SPANISH[0][0]])
    own, other = engines(family)
    (whole,) = own.translate(given, *pair(family))
    codec = open_codec(own.model)
    tokens = len(codec.encode([SPANISH[0][1]], target=True)[0])
    assert not whole.cut
    for engine in (own, other):
        (made,) = replace(engine, max_target=tokens).translate(given, *pair(family))  # no room for the end
        assert made.cut
        assert made.text == whole.text
        (short,) = replace(engine, max_target=5).translate(given, *pair(family))
        assert short.cut
        assert whole.text.startswith(short.text)
        assert len(codec.encode([short.text], target=True)[0]) <= 5
        assert not replace(engine, max_target=tokens + 1).translate(given, *pair(family))[0].cut
        ledger = translated(replace(engine, max_target=5), Corpus(tuple(given), "c"), *pair(family)).ledger
        assert ledger["translations left out: cut off"] == 1


def test_nothing_is_made_of_nothing_and_it_is_told(engines):
    told = []
    for engine in engines("nllb", batch_tokens=30):
        told.clear()
        given = sentences(["", SPANISH[0][0], "  ", SPANISH[1][0], SPANISH[0][0]])
        made = engine.translate(given, "en", "es", lambda done, of: told.append((done, of)))
        assert [each.words for each in (made[0], made[2])] == [(), ()]
        assert made[0].score is None
        assert made[1] == made[4]  # translated once
        assert told in ([(3, 5), (5, 5)], [(4, 5), (5, 5)])  # the one with more tokens first
        assert engine.translate([], "en", "es") == []
        assert engine.score([], "en", "es") == []


def test_marks_of_a_model_in_a_text_are_text(engines):
    for family in FAMILIES:
        codec = open_codec(engines(family)[0].model)
        for text in ("</s> <pad> eng_Latn __es__ >>spa<<", ">>spa<< Lund", "half \ud83d a pair"):
            (ids,) = codec.encode([text])
            assert not {codec.end, *codec.unwanted} - set(codec.numbers([codec.names["unk"]])) & set(ids)


def test_what_is_no_text_is_never_written(engines):
    for family in FAMILIES:
        for engine in engines(family):
            made = engine.translate(sentences(OTHERS), *pair(family))
            assert not any("<" in each.text or "__" in each.text or "_Latn" in each.text for each in made)


def test_running_text_is_what_is_translated(engines):
    words = ("Is", "it", "far", "to", "Lund", "?", "No", ",", "only", "two", "hours", ".")
    marked = Sentence(("Lund",), (), "1", "Is it far to Lund? No, only two hours.", ((13, 17),))
    for engine in engines("m2m100"):
        made = engine.translate([Sentence(words, (), "0"), marked], "en", "es")
        assert [each.text for each in made] == [SPANISH[3][1]] * 2
        assert made[0].words[-2:] == ("horas", ".")


def test_languages_that_a_model_lacks(engines):
    for engine in engines("nllb"):
        with pytest.raises(RecipeError, match=r"found 'pcm', which .*nllb.* Nearest: eng_Latn"):
            engine.translate(sentences(["Lund"]), "en", "pcm")
        with pytest.raises(RecipeError, match="expected one of the 5 languages that it knows"):
            engine.score([("a", "b")], "fi", "en")
    for engine in engines("marian"):
        with pytest.raises(RecipeError, match=r"target language: found 'sw', .* expected 'es', the only one"):
            engine.translate(sentences(["Lund"]), "en", "sw")
        with pytest.raises(RecipeError, match=r"source language: found 'deu', .* expected 'en', the only one"):
            engine.translate(sentences(["Lund"]), "deu", "es")
    with pytest.raises(RecipeError, match=r"found 'xho', which .*marian-many"):
        engines("marian-many")[0].translate(sentences(["Lund"]), "en", "xho")


def test_a_text_too_long_to_score_is_refused(engines):
    for engine in engines("m2m100"):
        with pytest.raises(DataError, match=rf"found a text of \d+ tokens .*expected {POSITIONS - 2} or fewer"):
            engine.score([("Lund " * 90, "Lund")], "en", "es")


def test_options_are_checked(engines, folders):
    own, other = engines("nllb")
    for engine in (own, other):
        for wrong in ({"beams": 0}, {"batch_tokens": 0}, {"max_source": 3}, {"max_target": 0}, {"model": ""}):
            with pytest.raises(RecipeError, match="found"):
                replace(engine, **wrong)
        with pytest.raises(RecipeError, match=f"found max_source = 4000; expected {POSITIONS} or less"):
            replace(engine, max_source=4000).translate(sentences(["Lund"]), "en", "es")
    with pytest.raises(RecipeError, match="precision = 'float8'"):
        replace(own, precision="float8")
    with pytest.raises(RecipeError, match="compute = 'int4'"):
        replace(other, compute="int4")
    with pytest.raises(RecipeError, match="threads = -1"):
        replace(other, threads=-1)
    with pytest.raises(RecipeError, match="quantization = 'int3'"):
        convert(folders("nllb")[0], "x", quantization="int3")


def test_models_that_are_not_there(tmp_path, folders):
    with pytest.raises(DataError, match="found no such folder, and no such model in the local cache"):
        TransformersTranslator(model="nobody/nothing").translate(sentences(["Lund"]), "en", "es")
    with pytest.raises(DataError, match=r"found no model\.bin; expected the folder of a model that was converted"):
        Ctranslate2(model=str(folders("nllb")[0])).translate(sentences(["Lund"]), "en", "es")
    with pytest.raises(DataError, match="found no such folder"):
        convert("nobody/nothing", tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("package", ["torch", "transformers", "ctranslate2", "sentencepiece"])
def test_packages_that_are_not_there(engines, monkeypatch, package):
    own, other = engines("m2m100")
    for module in (ctranslate2_engine, transformers_engine):
        module._opened.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    engine = other if package == "ctranslate2" else own
    assert package in engine.requires
    with pytest.raises(MissingExtra, match=rf'{package} is not installed. Run: pip install "exonym\['):
        engine.translate(sentences(["Lund"]), "en", "es")


@pytest.mark.parametrize("family", FAMILIES)
def test_eight_bits_are_nearly_as_good(folders, tmp_path, family):
    model, exact = folders(family)
    small = convert(model, tmp_path / "small")  # int8
    assert (small / "model.bin").stat().st_size < (exact / "model.bin").stat().st_size / 2
    given, expected = sentences([source for source, _ in SPANISH]), [target for _, target in SPANISH]
    engine = Ctranslate2(model=str(small), compute="int8", device="cpu", threads=1)
    made = [each.text for each in engine.translate(given, *pair(family))]
    assert sum(map(str.__eq__, made, expected)) >= len(expected) - 2
    rows = engine.score(SPANISH, *pair(family))
    exactly = replace(engine, model=str(exact), compute="float32").score(SPANISH, *pair(family))
    np.testing.assert_allclose(np.concatenate(rows), np.concatenate(exactly), atol=0.3)


def test_a_model_of_the_plain_converter_with_its_tokeniser_apart(folders, tmp_path):
    """As `ct2-transformers-converter` makes it."""
    from ctranslate2.converters import TransformersConverter

    model, converted = folders("nllb")
    TransformersConverter(str(model)).convert(str(tmp_path / "plain"))
    engine = Ctranslate2(model=str(tmp_path / "plain"), tokenizer=str(model), compute="float32", device="cpu")
    given = sentences([source for source, _ in SPANISH])
    made = engine.translate(given, "en", "es")
    same(made, replace(engine, model=str(converted), tokenizer=None).translate(given, "en", "es"))
    for name in ("tokenizer.json", "tokenizer_config.json"):  # or copied into its folder
        (tmp_path / "plain" / name).write_bytes((model / name).read_bytes())
    same(made, replace(engine, tokenizer=None).translate(given, "en", "es"))


def test_fingerprints_follow_content_and_options(engines, folders, tmp_path):
    for place, engine in enumerate(engines("m2m100")):
        known = engine.fingerprint
        assert replace(engine, batch_tokens=7).fingerprint == known
        assert replace(engine, beams=2).fingerprint != known
        assert replace(engine, max_source=20).fingerprint != known
        copy = tmp_path / f"copy{place}"
        shutil.copytree(engine.model, copy)
        moved = replace(engine, model=str(copy))
        assert moved.fingerprint == known
        changed = copy / ("model.safetensors" if place == 0 else "model.bin")
        changed.write_bytes(changed.read_bytes() + b" ")
        assert moved.fingerprint != known
    own, other = engines("m2m100")
    assert own.fingerprint != other.fingerprint


def test_a_model_in_the_cache_of_the_hub_is_known_by_its_revision(engines, monkeypatch, tmp_path):
    engine = engines("nllb")[0]
    home = tmp_path / "models--tiny--nllb"
    shutil.copytree(engine.model, home / "snapshots" / "0123abcd")
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text("0123abcd")
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.setattr(f"huggingface_hub.constants.{name}", str(tmp_path))
    assert content_of("tiny/nllb") == "tiny/nllb@0123abcd"
    named = replace(engine, model="tiny/nllb")
    assert named.fingerprint != engine.fingerprint
    given = sentences([source for source, _ in SPANISH[:2]])
    same(named.translate(given, "en", "es"), engine.translate(given, "en", "es"))


@dataclass(frozen=True)
class Stopped:
    """A translator that is interrupted after some sentences."""

    engine: TransformersTranslator
    most: int
    asked: list

    @property
    def fingerprint(self):
        return self.engine.fingerprint

    def translate(self, sentences, source, target, progress=None):
        if len(self.asked) + len(sentences) > self.most:
            raise KeyboardInterrupt
        self.asked.extend(sentences)
        return self.engine.translate(sentences, source, target, progress)


def _save(made, folder):
    write_corpus(folder / "sentences.jsonl", Corpus(made.sentences, "c"))
    rows = [[each.text, each.score, each.cut, each.pieces] for each in made.translations]
    (folder / "made.json").write_text(json.dumps([made.language, made.name, rows]))


def _load(folder):
    language, name, rows = json.loads((folder / "made.json").read_text())
    made = tuple(Translation.of(text, score=score, cut=cut, pieces=pieces) for text, score, cut, pieces in rows)
    return Translations(tuple(read_jsonl(folder / "sentences.jsonl")), made, language, name)


def test_an_interrupted_run_goes_on_where_it_was(engines, monkeypatch, tmp_path):
    monkeypatch.setattr(stages, "SHARD", 3)
    if not any(kind.type is Translations for kind in KINDS.values()):
        monkeypatch.setitem(KINDS, "translations", Kind(Translations, _save, _load))
    given = Corpus(tuple(sentences([source for source, _ in SPANISH] + OTHERS)), "c")
    for place, engine in enumerate(engines("marian")):
        folder, asked = tmp_path / str(place), []
        with pytest.raises(KeyboardInterrupt):
            stages.translate(given, Stopped(engine, 4, asked), "en", "es", Store(folder))
        assert len(asked) == 3
        rest = []
        made = stages.translate(given, Stopped(engine, 99, rest), "en", "es", Store(folder))
        assert [each.id for each in rest] == [each.id for each in given.sentences[3:]]
        same(made.translations, engine.translate(given.sentences, "en", "es"))


@dataclass(frozen=True)
class Chances:
    """Gives every token of a translation the same probability, and remembers what it was asked."""

    table: dict
    asked: list

    def score(self, pairs, source, target, progress=None):
        self.asked.append((source, target, tuple(pairs)))
        return [np.log(np.full(len(made.split()) + 1, self.table[given, made], np.float32)) for given, made in pairs]


def test_phrases_translate_each_other_as_published():
    table = {
        ("Lund", "Lund"): 0.8,
        ("en Lund", "en Lund"): 0.5,
        ("Lund", "en Lund"): 0.25,
        ("en Lund", "Lund"): 0.4,
        ("a", "a"): 0.1,
        ("b", "b"): 0.2,
        ("a", "b"): 0.9,
        ("b", "a"): 0.9,
    }
    model = Chances(table, [])
    scorer = DirectTranslationScore(model, "en", "es")
    found = scorer.similarity([("Lund", "en Lund"), ("a", "b"), ("Lund", "en Lund"), ("Lund", "Lund")])
    # P(en Lund | Lund) / P(en Lund | en Lund) and P(Lund | en Lund) / P(Lund | Lund)
    assert found == pytest.approx([(0.25 / 0.5 + 0.4 / 0.8) / 2, 1, 0.5, 1], rel=1e-6)
    assert found.dtype == np.float64
    questions = [(source, target, *each) for source, target, pairs in model.asked for each in pairs]
    assert len(questions) == len(set(questions)) == 3 + 3 + 2 + 3  # distinct phrases, once
    assert {(source, target) for source, target, _, _ in questions} == {
        (a, b) for a in ["en", "es"] for b in ("en", "es")
    }
    asked = len(model.asked)
    scorer.similarity([("a", "b"), ("Lund", "Lund")])
    assert len(model.asked) == asked
    assert scorer.similarity([]).shape == (0,)


def test_phrases_by_a_model(engines):
    own, other = engines("m2m100")
    phrases = [(SPANISH[5][0], SPANISH[5][1]), (SPANISH[5][0], SPANISH[0][1]), ("Lund", "Lund")]
    one, two = (DirectTranslationScore(engine, "en", "es").similarity(phrases) for engine in (own, other))
    np.testing.assert_allclose(one, two, atol=1e-4)
    assert ((one >= 0) & (one <= 1)).all()
    assert one[0] > one[1]
    assert DirectTranslationScore(own, "en", "es").fingerprint != DirectTranslationScore(own, "en", "sw").fingerprint


@given(st.lists(st.integers(1, 50)), st.integers(1, 100))
def test_batches_hold_everything_once_and_keep_to_the_budget(sizes, budget):
    made = list(batches(sizes, budget))
    assert sorted(place for batch in made for place in batch) == list(range(len(sizes)))
    assert all(len(batch) == 1 or max(sizes[place] for place in batch) * len(batch) <= budget for batch in made)
    ordered = [sizes[place] for batch in made for place in batch]
    assert ordered == sorted(sizes, reverse=True)


@given(st.text(st.sampled_from("ab .,!?。、́นก\n"), max_size=60), st.integers(1, 12))
def test_pieces_lose_nothing_but_space(text, most):
    parts = pieces_of(text, len, most)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(len(part) <= most or len(part.strip("́")) <= 1 for part in parts if part.strip())


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("One came. Two left, and stayed away.", 30, ["One came.", "Two left, and stayed away."]),
        ("One came and left, and so did 3.5 others", 30, ["One came and left,", "and so did 3.5 others"]),
        ("他住在北京。他很好,你呢", 8, ["他住在北京。", "他很好,你呢"]),
        ("aaaabbbb", 4, ["aaaa", "bbbb"]),
        ("short.", 6, ["short."]),
    ],
)
def test_texts_are_cut_where_a_reader_pauses(text, most, expected):
    assert pieces_of(text, len, most) == expected
