import json
import os
import pickle
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest

from exonym.data import Corpus, Sentence, Span, spans_of
from exonym.errors import DataError, RecipeError
from exonym.tag import LightOptions, LightTagger, Tagger, label, load_tagger, train_light

DATA = Path(os.environ.get("EXONYM_DATA", Path(__file__).parents[2] / "shared" / "data"))
MADE_UP = """
[PER Amina Bello] flew to [LOC Kano] with [ORG Sahel Air] .
The [ORG Bank of Accra] hired [PER Kofi Mensah] in [LOC Tamale] .
[PER Zanele] lives in [LOC Durban] .
In [LOC Nairobi] it rained on Monday .
[ORG United Ports] and [ORG Lake Steel] met [PER Wanjiru Otieno] .
Nothing happened yesterday .
[PER Chidi] said : " [LOC Lagos] is large . "
[LOC Harare] beat [LOC Bulawayo] 2-1 .
She asked [PER Thandi Nkosi] about [ORG Radio Umlazi] .
The river rose again .
[PER Olu Ade] , [PER Femi Ojo] and [PER Bisi] left .
[ORG Green Valley School] opened in [LOC Mombasa] .
A man from [LOC Kigali] called [PER Mugisha] .
The price of maize fell .
[LOC Gaborone] , [LOC Botswana]
Police in [LOC Lusaka] arrested two men .
[PER Sekai] works for [ORG Delta Foods] .
Why ?
[ORG Delta Foods] closed its office in [LOC Beira] .
[PER Amina Bello] thanked [ORG Sahel Air] and [PER Zanele] .
"""


def parse(line):
    """Read a sentence with its names in brackets."""
    words, spans, start, name = [], [], 0, ""
    for piece in line.split():
        if piece.startswith("["):
            start, name = len(words), piece[1:]
            continue
        words.append(piece.removesuffix("]"))
        if piece.endswith("]"):
            spans.append(Span(start, len(words), name))
    return Sentence(tuple(words), tuple(spans), line[:8])


@pytest.fixture(scope="module")
def corpus():
    return Corpus(tuple(parse(line) for line in MADE_UP.strip().splitlines()), "made up")


@pytest.fixture(scope="module")
def tagger(corpus):
    return train_light(corpus)


def keys(corpus):
    return [[span.key for span in sentence.spans] for sentence in corpus]


def test_learns_its_training_sentences(corpus, tagger):
    found = label(tagger, corpus)
    assert keys(found) == keys(corpus)
    assert found.tags == tagger.tags == ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER")
    assert [sentence.words for sentence in found] == [sentence.words for sentence in corpus]
    assert all(0 < span.score <= 1 for sentence in found for span in sentence.spans)
    assert isinstance(tagger, Tagger)


def test_probabilities_are_distributions(corpus, tagger):
    arrays = list(tagger.predict(corpus))
    assert len(arrays) == len(corpus)
    for sentence, probabilities in zip(corpus, arrays, strict=True):
        assert probabilities.shape == (len(sentence), len(tagger.tags))
        assert probabilities.dtype == np.float32
        assert (probabilities >= 0).all()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_answers_are_not_looked_at(corpus, tagger):
    with_answers, without = tagger.predict(corpus), tagger.predict(corpus.unlabelled())
    for a, b in zip(with_answers, without, strict=True):
        np.testing.assert_array_equal(a, b)


def test_two_trainings_are_equal(corpus, tagger):
    again = train_light(corpus)
    assert again.model == tagger.model
    assert again.fingerprint == tagger.fingerprint
    other = train_light(corpus, LightOptions(iterations=3))
    assert other.fingerprint != tagger.fingerprint


def test_round_trip(corpus, tagger, tmp_path):
    tagger.save(tmp_path / "a" / "tagger")
    loaded = load_tagger(tmp_path / "a" / "tagger")
    assert isinstance(loaded, LightTagger)
    assert (loaded.tags, loaded.options, loaded.training) == (tagger.tags, tagger.options, tagger.training)
    assert loaded.fingerprint == tagger.fingerprint
    for a, b in zip(loaded.predict(corpus), tagger.predict(corpus), strict=True):
        np.testing.assert_array_equal(a, b)
    loaded.save(tmp_path / "b")
    for name in ("tagger.json", "model.crfsuite"):
        assert (tmp_path / "a" / "tagger" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_card_says_what_it_was_trained_on(corpus, tagger, tmp_path):
    tagger.save(tmp_path / "tagger")
    about = json.loads((tmp_path / "tagger" / "tagger.json").read_text())
    assert about["training"]["fingerprint"] == corpus.fingerprint
    assert about["training"]["sentences"] == 20
    counts = Counter(span.label for sentence in corpus for span in sentence.spans)
    assert about["training"]["entities"] == dict(counts)


def test_saving_replaces_a_tagger_and_nothing_else(corpus, tagger, tmp_path):
    folder = tmp_path / "tagger"
    folder.mkdir()
    tagger.save(folder)
    other = train_light(corpus, LightOptions(iterations=3))
    other.save(folder)
    assert load_tagger(folder).fingerprint == other.fingerprint
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    with pytest.raises(DataError, match="not a tagger"):
        tagger.save(tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "mine"


def edit(folder, **changes):
    path = folder / "tagger.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def cut(path, keep):
    path.write_bytes(path.read_bytes()[:keep])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda folder: cut(folder / "model.crfsuite", 1000), "damaged"),
        (lambda folder: cut(folder / "model.crfsuite", 0), "damaged"),
        (lambda folder: flip(folder / "model.crfsuite"), "damaged"),
        (lambda folder: (folder / "model.crfsuite").unlink(), "no model"),
        (lambda folder: (folder / "tagger.json").unlink(), "no tagger"),
        (lambda folder: cut(folder / "tagger.json", 40), "not JSON"),
        (lambda folder: (folder / "tagger.json").write_bytes(b"\xff\xfe\x00"), "not JSON"),
        (lambda folder: (folder / "tagger.json").write_text("[]"), "no tagger of version"),
        (lambda folder: edit(folder, version=99), "no tagger of version"),
        (lambda folder: edit(folder, features="0"), "other features"),
        (lambda folder: edit(folder, kind="oracle"), "oracle"),
        (lambda folder: edit(folder, tags=["O"]), "damaged"),
        (lambda folder: edit(folder, tags=None), "damaged"),
        (lambda folder: edit(folder, options={"speed": 3}), "options"),
    ],
)
def test_harmed_folder_is_named(tagger, tmp_path, harm, message):
    folder = tmp_path / "tagger"
    tagger.save(folder)
    harm(folder)
    with pytest.raises(DataError, match=message) as caught:
        load_tagger(folder)
    assert str(folder) in str(caught.value)


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        load_tagger(tmp_path / "nowhere")


def test_other_kind_is_refused(tagger, tmp_path):
    tagger.save(tmp_path / "tagger")
    edit(tmp_path / "tagger", kind="oracle")
    with pytest.raises(DataError, match="oracle"):
        LightTagger.load(tmp_path / "tagger")


def test_nothing_to_learn_from(corpus):
    with pytest.raises(DataError, match="made up: found no labelled span"):
        train_light(corpus.unlabelled())
    with pytest.raises(DataError, match="found no sentence"):
        train_light(Corpus((), "empty"))


@pytest.mark.parametrize("wrong", [{"iterations": 0}, {"l1": -1.0}, {"l2": float("nan")}, {"min_count": 0}])
def test_wrong_options_are_named(wrong):
    with pytest.raises(RecipeError, match=next(iter(wrong))):
        LightOptions(**wrong)


def test_strange_labels_survive(corpus, tmp_path):
    names = {"PER": "per:son, of\tnote", "LOC": "địa-điểm", "ORG": "B-\\x\x00 =\"'"}
    strange = Corpus(
        tuple(s.with_spans(replace(span, label=names[span.label]) for span in s.spans) for s in corpus), "strange"
    )
    tagger = train_light(strange)
    assert keys(label(tagger, strange)) == keys(strange)
    tagger.save(tmp_path / "tagger")
    assert load_tagger(tmp_path / "tagger").tags == tagger.tags


def test_strange_words_are_words(tagger):
    words = ("a:b", ":", "::1", "\\", "=", "a b", "\x00", "\ud800", "\u200d", "́", "北京", "x" * 10_000)
    sentences = (Sentence(words), Sentence(("x",)), Sentence(()))
    corpus = Corpus((*sentences, Sentence(words, (Span(0, 1, "PER"),))))
    assert [len(array) for array in tagger.predict(corpus)] == [12, 1, 0, 12]
    assert keys(label(train_light(corpus), corpus))[2] == []


def test_colon_is_no_weight():
    """`a:0` and `a:9` are two words, not one word with two weights."""
    corpus = Corpus(tuple(Sentence((word,), (Span(0, 1, name),)) for word, name in [("a:0", "X"), ("a:9", "Y")] * 5))
    assert keys(label(train_light(corpus, LightOptions(l1=0.0, l2=0.01)), corpus)) == keys(corpus)


def test_composed_and_decomposed_text_get_the_same_labels(tagger):
    words = ("Ọ̀ṣun", "gbé", "ní", "Ìbàdàn", ".")
    forms = [Sentence(tuple(normalize(form, word) for word in words)) for form in ("NFC", "NFD")]
    composed, decomposed = tagger.predict(forms)
    np.testing.assert_array_equal(composed, decomposed)
    assert label(tagger, Corpus(tuple(forms)))[1].words == forms[1].words


def test_very_long_sentence(corpus, tagger):
    words = [word for sentence in corpus for word in sentence.words]
    long = Sentence(tuple(random.Random(0).choices(words, k=10_000)), (Span(0, 1, "PER"),))
    (probabilities,) = tagger.predict([long])
    assert np.isfinite(probabilities).all()
    assert label(train_light(Corpus((long,)), LightOptions(iterations=5)), Corpus((long,)))[0].probabilities is not None


def test_progress_is_told_and_can_stop_the_training(corpus, capfd):
    steps = []
    train_light(corpus, LightOptions(iterations=7), lambda step, total: steps.append((step, total)))
    assert steps == [(step, 7) for step in range(1, 8)]
    assert capfd.readouterr() == ("", "")

    def stop(step, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_light(corpus, progress=stop)


def test_tagger_can_be_handed_to_another_process(corpus, tagger):
    copy = pickle.loads(pickle.dumps(tagger))
    assert keys(label(copy, corpus)) == keys(corpus)


def read(path, count):
    sentences = []
    for block in path.read_text(encoding="utf-8").strip().split("\n\n")[:count]:
        rows = [line.split("\t") for line in block.splitlines()]
        sentences.append(Sentence(tuple(row[0] for row in rows), tuple(spans_of([row[-1] for row in rows])[0])))
    return Corpus(tuple(sentences), path.name)


@pytest.mark.skipif(not (DATA / "ner/conll/en").is_dir(), reason="CoNLL-2003 English is not in the data folder")
def test_real_text():
    train, dev = (read(DATA / "ner/conll/en" / f"{split}.conll", 2500) for split in ("train", "dev"))
    found = label(train_light(train, LightOptions(iterations=40)), dev)
    gold = [{span.key for span in sentence.spans} for sentence in dev]
    guess = [{span.key for span in sentence.spans} for sentence in found]
    right = sum(len(a & b) for a, b in zip(gold, guess, strict=True))
    assert 2 * right / (sum(map(len, gold)) + sum(map(len, guess))) > 0.70
