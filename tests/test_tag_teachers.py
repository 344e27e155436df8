"""Teachers of every kind: ensembles, other label sets, stored soft labels, label sequences drawn from them, spaCy."""

import itertools
import json
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Corpus, Sentence, Span, tag_set
from exonym.errors import DataError, RecipeError
from exonym.tag import (
    Ensemble,
    LightOptions,
    Relabelled,
    SoftLabels,
    Tagger,
    decode,
    label,
    load_tagger,
    mix,
    relabelled,
    train_light,
    write_soft_labels,
)
from exonym.tag.decode import constraints
from exonym.tag.relabel import reconcile
from exonym.tag.sample import sample_paths, sampled
from exonym.tag.select import confidence, surest
from exonym.tag.soft import asked

TAGS = tag_set(["LOC", "PER"])
PLACES = ("Kano", "Lagos", "Durban", "Oslo")
PEOPLE = ("Amina", "Kofi", "Zanele")
SENTENCES = tuple(
    Sentence((person, "lives", "in", place, "."), (Span(0, 1, "PER"), Span(3, 4, "LOC")), f"{person}-{place}")
    for person in PEOPLE
    for place in PLACES
)
TEXT = Corpus((*SENTENCES, Sentence(("It", "rained", "."), (), "rain"), Sentence(("Why", "?"), (), "why")), "text")


@pytest.fixture(scope="module")
def tagger():
    return train_light(TEXT, LightOptions(iterations=15))


@pytest.fixture(scope="module")
def other():
    return train_light(TEXT, LightOptions(iterations=3))


@dataclass(frozen=True)
class Fixed:
    """A tagger that gives every word of a sentence the same row."""

    row: tuple[float, ...]
    tags: tuple[str, ...] = TAGS

    @property
    def fingerprint(self):
        return str((self.row, self.tags))

    def predict(self, corpus):
        for sentence in corpus:
            yield np.tile(np.array(self.row, dtype=np.float32), (len(sentence), 1))


def rows_of(tagger, corpus=TEXT):
    return np.concatenate(list(tagger.predict(corpus)))


def test_an_ensemble_is_the_weighted_average(tagger, other):
    mixed = Ensemble((tagger, other), (0.3, 0.7))
    assert isinstance(mixed, Tagger)
    assert mixed.tags == tagger.tags
    np.testing.assert_allclose(rows_of(mixed), 0.3 * rows_of(tagger) + 0.7 * rows_of(other), atol=1e-6)
    np.testing.assert_allclose(rows_of(mixed).sum(axis=1), 1, atol=1e-5)
    assert mixed.fingerprint != Ensemble((tagger, other), (0.7, 0.3)).fingerprint


@pytest.mark.parametrize("number", [1, 2, 3, 7])
def test_equal_teachers_are_as_one_bit_by_bit(tagger, number):
    mixed = Ensemble((tagger,) * number, (1 / number,) * number)
    assert rows_of(mixed).tobytes() == rows_of(tagger).tobytes()


def test_one_hot_weights_are_one_teacher_bit_by_bit(tagger, other):
    assert rows_of(Ensemble((other, tagger), (0.0, 1.0))).tobytes() == rows_of(tagger).tobytes()
    parts = [label(each, TEXT) for each in (other, tagger)]
    assert mix(parts, [0.0, 1.0], tagger.tags).fingerprint == parts[1].fingerprint


def test_an_ensemble_tags_a_stream_once(tagger, other):
    mixed = Ensemble((tagger, other), (0.5, 0.5))
    assert len(list(mixed.predict(iter(TEXT)))) == len(TEXT)


@pytest.mark.parametrize("weights", [(1.0,), (0.6, 0.6), (1.5, -0.5), (0.5, float("nan"))])
def test_weights_that_are_no_average_are_refused(tagger, other, weights):
    with pytest.raises(RecipeError, match="weights: found"):
        Ensemble((tagger, other), weights)


def test_an_ensemble_of_other_tags_is_refused(tagger):
    with pytest.raises(DataError, match="B-MISC"):
        Ensemble((tagger, Fixed((1.0, 0.0, 0.0), tag_set(["MISC"]))), (0.5, 0.5))


def test_a_mixture_has_weights_for_corpora_or_for_sentences():
    one, two = (label(Fixed(row), TEXT) for row in ((0.6, 0.2, 0.0, 0.2, 0.0), (0.0, 1.0, 0.0, 0.0, 0.0)))
    by_corpus = mix([one, two], [0.75, 0.25], TAGS)
    np.testing.assert_allclose(by_corpus[0].probabilities[0], [0.45, 0.4, 0.0, 0.15, 0.0], atol=1e-6)
    weights = np.tile([1.0, 0.0], (len(TEXT), 1))
    weights[3] = [0.0, 1.0]
    by_sentence = mix([one, two], weights, TAGS)
    assert by_sentence[3].spans == two[3].spans
    assert not by_sentence[2].spans
    with pytest.raises(DataError, match="weights of shape"):
        mix([one, two], weights[:3], TAGS)
    with pytest.raises(DataError, match="other words"):
        mix([one, Corpus(two.sentences[::-1], "back", TAGS)], [0.5, 0.5], TAGS)


def test_types_are_renamed_merged_and_dropped():
    tags = tag_set(["DATE", "GPE", "LOC", "PERSON"])
    row = (0.1, 0.05, 0.05, 0.2, 0.1, 0.15, 0.05, 0.25, 0.05)
    changes = {"GPE": "LOC", "PERSON": "PER"}
    task = relabelled(Fixed(row, tags), changes, tag_set(["LOC", "ORG", "PER"]))
    assert task.tags == ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER")
    wanted = [0.2, 0.35, 0.15, 0, 0, 0.25, 0.05]
    np.testing.assert_allclose(rows_of(task), np.tile(wanted, (len(rows_of(task)), 1)), atol=1e-6)
    assert task.columns.dropped == ("DATE",)
    assert task.columns.missing == ("ORG",)
    assert task.columns.told() == ["its DATE count as O", "it cannot find ORG"]
    dropped = relabelled(Fixed(row, tags), {"DATE": "drop"})
    assert dropped.tags == tag_set(["GPE", "LOC", "PERSON"])
    assert dropped.columns.dropped == ("DATE",)


def test_what_need_not_change_does_not(tagger):
    assert relabelled(tagger) is tagger
    assert relabelled(tagger, {}, tagger.tags) is tagger
    same = Relabelled(tagger, (), tagger.tags)
    assert rows_of(same).tobytes() == rows_of(tagger).tobytes()


def test_a_map_of_unknown_types_is_refused(tagger):
    with pytest.raises(RecipeError, match=r"found 'PERS'.*Did you mean 'PER'"):
        relabelled(tagger, {"PERS": "PER"})
    with pytest.raises(RecipeError, match="found a teacher of LOC, PER; expected one of DATE"):
        relabelled(tagger, {}, tag_set(["DATE"]))


@given(st.lists(st.sampled_from(["A", "B", "C", "drop"]), min_size=3, max_size=3), st.integers(0, 2**32 - 1))
def test_relabelled_rows_are_distributions(new, seed):
    tags, wanted = tag_set(["A", "B", "C"]), tag_set(["A", "B"])
    rows = np.random.default_rng(seed).dirichlet(np.ones(len(tags)), size=4)
    columns = reconcile(tags, wanted, dict(zip("ABC", new, strict=True)))
    after = rows @ columns.matrix
    np.testing.assert_allclose(after.sum(axis=1), 1)
    for label_ in ("A", "B"):
        sources = [old for old, changed in zip("ABC", new, strict=True) if changed == label_]
        for prefix in "BI":
            mass = sum(rows[:, tags.index(f"{prefix}-{old}")] for old in sources)
            np.testing.assert_allclose(after[:, wanted.index(f"{prefix}-{label_}")], mass)
    decode(after, wanted)


@pytest.mark.parametrize("wrap", [
    lambda a, b: Ensemble((a, b), (0.25, 0.75)),
    lambda a, b: relabelled(a, {"PER": "PERSON"}),
    lambda a, b: Ensemble((relabelled(a, {"LOC": "drop"}), relabelled(b, {"LOC": "drop"})), (0.5, 0.5)),
], ids=["ensemble", "relabelled", "nested"])  # fmt: skip
def test_they_come_back_from_disk(tagger, other, wrap, tmp_path):
    made = wrap(tagger, other)
    made.save(tmp_path / "t")
    again = load_tagger(tmp_path / "t")
    assert (type(again), again.tags, again.fingerprint) == (type(made), made.tags, made.fingerprint)
    assert rows_of(again).tobytes() == rows_of(made).tobytes()
    again.save(tmp_path / "t")
    inner = next(path for path in (tmp_path / "t").rglob("model.crfsuite"))
    inner.unlink()
    with pytest.raises(DataError, match="no model"):
        load_tagger(tmp_path / "t")


def test_an_unknown_kind_is_named(tagger, tmp_path):
    relabelled(tagger, {"PER": "PERSON"}).save(tmp_path / "t")
    about = tmp_path / "t" / "tagger.json"
    about.write_text(json.dumps(json.loads(about.read_text()) | {"kind": "oracle"}))
    with pytest.raises(DataError, match=r"kind 'oracle'; expected one of 'chance', .*'light'"):
        load_tagger(tmp_path / "t")


def test_soft_labels_come_back_bit_by_bit(tagger, tmp_path):
    stored = write_soft_labels(asked(tagger, TEXT), tagger.tags, tmp_path / "soft")
    again = load_tagger(tmp_path / "soft")
    assert isinstance(again, SoftLabels)
    assert isinstance(again, Tagger)
    assert isinstance(again.rows.base, np.memmap)
    assert again.fingerprint == stored.fingerprint
    for mine, theirs in zip(again.predict(TEXT), tagger.predict(TEXT), strict=True):
        assert mine.tobytes() == theirs.tobytes()
    assert again.put_on(TEXT).fingerprint == label(tagger, TEXT).fingerprint
    raw = np.load(tmp_path / "soft" / "rows.npy")
    assert raw.tobytes() == rows_of(tagger).tobytes()
    backwards = Corpus(TEXT.sentences[::-1])
    assert rows_of(again, backwards).tobytes() == rows_of(tagger, backwards).tobytes()
    again.save(tmp_path / "copy")
    assert SoftLabels.load(tmp_path / "copy").fingerprint == stored.fingerprint


def test_soft_labels_know_only_their_sentences(tagger, tmp_path):
    stored = write_soft_labels(asked(tagger, TEXT), tagger.tags, tmp_path / "soft")
    with pytest.raises(DataError, match=r"no soft labels for sentence 'new' \(Bisi sings\); expected one of the 14"):
        list(stored.predict([Sentence(("Bisi", "sings"), (), "new")]))
    with pytest.raises(DataError, match="other sentences than text has, or in another order"):
        stored.put_on(Corpus(TEXT.sentences[::-1], "text"))


def test_soft_labels_are_there_only_when_they_are_whole(tagger, tmp_path):
    def stream():
        yield from itertools.islice(asked(tagger, TEXT), 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_soft_labels(stream(), tagger.tags, tmp_path / "soft")
    assert not list(tmp_path.iterdir())
    with pytest.raises(DataError, match="no label probabilities"):
        write_soft_labels(TEXT, tagger.tags, tmp_path / "soft")
    with pytest.raises(DataError, match=r"shape \(5, 5\); expected \(5, 3\)"):
        write_soft_labels(asked(tagger, TEXT), tag_set(["X"]), tmp_path / "soft")


def test_soft_labels_without_words_come_back(tmp_path):
    rows = np.zeros((0, len(TAGS)), dtype=np.float32)
    stored = write_soft_labels([Sentence((), (), "1", probabilities=rows)], TAGS, tmp_path / "soft")
    assert rows_of(stored, [Sentence(())]).shape == (0, len(TAGS))
    assert len(write_soft_labels([], TAGS, tmp_path / "none")) == 0


@pytest.mark.parametrize("name", ["rows.npy", "stops.npy", "sentences.npy"])
def test_damaged_soft_labels_are_found(tagger, tmp_path, name):
    write_soft_labels(asked(tagger, TEXT), tagger.tags, tmp_path / "soft")
    path = tmp_path / "soft" / name
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[-3] ^= 1
    for content in (bytes(flipped), whole[:-8], whole[:40], b""):
        path.write_bytes(content)
        with pytest.raises(DataError, match="damaged soft labels"):
            SoftLabels.load(tmp_path / "soft")
    path.unlink()
    with pytest.raises(DataError, match="damaged soft labels"):
        SoftLabels.load(tmp_path / "soft")


def test_drawn_sequences_are_as_likely_as_enumeration_says():
    rows = np.random.default_rng(5).dirichlet(np.ones(len(TAGS)), size=3)
    allowed, begins = constraints(TAGS)
    exact = {}
    for path in itertools.product(range(len(TAGS)), repeat=3):
        legal = begins[path[0]] and all(allowed[a, b] for a, b in itertools.pairwise(path))
        exact[path] = float(np.prod(rows[range(3), path])) if legal else 0.0
    total = sum(exact.values())
    draws = 200_000
    found = sample_paths(rows, TAGS, draws, np.random.default_rng(1))
    counts = dict.fromkeys(exact, 0)
    for path, count in zip(*np.unique(found, axis=0, return_counts=True), strict=True):
        counts[tuple(path.tolist())] = int(count)
    for path, weight in exact.items():
        p = weight / total
        assert abs(counts[path] / draws - p) <= 5 * np.sqrt(p * (1 - p) / draws), path


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.booleans())
def test_every_drawn_sequence_is_legal(seed, length, hard):
    random = np.random.default_rng(seed)
    rows = random.dirichlet(np.full(len(TAGS), 0.1), size=length)
    rows = np.eye(len(TAGS))[rows.argmax(axis=1)] if hard else rows  # one-hot rows may ask for what is not allowed
    allowed, begins = constraints(TAGS)
    for path in sample_paths(rows, TAGS, 4, random):
        assert begins[path[0]]
        assert allowed[path[:-1], path[1:]].all()


def test_the_same_seed_draws_the_same_labels(other):
    text = label(other, TEXT)
    one, two = sampled(text, 3, 7), sampled(text, 3, 7)
    assert one.fingerprint == two.fingerprint != sampled(text, 3, 8).fingerprint
    assert [sentence.id for sentence in one][:4] == [f"{TEXT[0].id}/{n}" for n in (1, 2, 3)] + [f"{TEXT[1].id}/1"]
    sure = label(Fixed((0.0, 1.0, 0.0, 0.0, 0.0)), TEXT)
    assert all(len(sentence.spans) == len(sentence) for sentence in sampled(sure, 2, 1))
    with pytest.raises(DataError, match="no label probabilities"):
        sampled(TEXT, 1, 1)


def scored(*rows):
    """One-word sentences with these probabilities over O, B-LOC and I-LOC, decoded."""
    tags = tag_set(["LOC"])
    arrays = [np.array([row], dtype=np.float32) for row in rows]
    sentences = [Sentence((f"w{n}",), (), str(n), probabilities=array) for n, array in enumerate(arrays)]
    return mix([Corpus(tuple(sentences), "scored", tags)], [1.0], tags)


def test_confidence_is_the_geometric_mean_over_words():
    tags = tag_set(["LOC"])
    rows = np.array([[0.1, 0.9, 0.0], [0.4, 0.2, 0.4]], dtype=np.float32)
    sentence = Sentence(("New", "York"), (Span(0, 2, "LOC"),), probabilities=rows)
    assert confidence(sentence, tags) == pytest.approx(np.sqrt(0.9 * 0.4))
    assert confidence(Sentence((), probabilities=rows[:0]), tags) == 1


def test_the_surest_share_is_kept_of_all_or_of_each_class():
    names = [(0.4, 0.6, 0), (0.3, 0.7, 0), (0.2, 0.8, 0), (0.1, 0.9, 0)]
    nameless = [(0.99, 0.01, 0), (0.98, 0.02, 0), (0.97, 0.03, 0), (0.96, 0.04, 0)]
    corpus = scored(*names, *nameless)
    assert [sentence.id for sentence in surest(corpus, 0.5)] == ["4", "5", "6", "7"]
    assert [sentence.id for sentence in surest(corpus, 0.5, balanced=True)] == ["2", "3", "4", "5"]
    assert surest(corpus, 1.0) is corpus
    assert len(surest(corpus, 0.01, balanced=True)) == 2


def test_a_spacy_pipeline_is_a_teacher(tmp_path):
    spacy = pytest.importorskip("spacy", reason="spaCy is not installed: pip install 'exonym[spacy]'")
    from exonym.tag import SpacyTagger

    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "GPE", "pattern": place} for place in ("Kano", "New York")])
    ruler.add_patterns([{"label": "PERSON", "pattern": "Amina"}])
    tagger = SpacyTagger.of(pipeline)
    assert isinstance(tagger, Tagger)
    assert tagger.tags == tag_set(["GPE", "PERSON"])
    text = Corpus((Sentence(("Amina", "left", "New", "York", "-"), (), "1"), Sentence((), (), "2"), *TEXT))
    found = label(tagger, text)
    assert [span.key for span in found[0].spans] == [(0, 1, "PERSON"), (2, 4, "GPE")]
    assert all(set(np.unique(sentence.probabilities)) <= {0.0, 1.0} for sentence in found)
    task = relabelled(tagger, {"GPE": "LOC", "PERSON": "PER"}, TAGS)
    assert [span.key for span in label(task, text)[2].spans] == [(0, 1, "PER"), (3, 4, "LOC")]
    task.save(tmp_path / "t")
    again = load_tagger(tmp_path / "t")
    assert again.fingerprint == task.fingerprint
    assert rows_of(again, text).tobytes() == rows_of(task, text).tobytes()
    with pytest.raises(DataError, match="found no spaCy pipeline"):
        SpacyTagger.named("no_such_pipeline")
    with pytest.raises(DataError, match="expected ner or entity_ruler"):
        SpacyTagger.of(spacy.blank("en"))


def test_a_missing_spacy_names_the_extra(monkeypatch):
    import sys

    from exonym.errors import MissingExtra
    from exonym.tag import SpacyTagger

    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(MissingExtra, match=r"exonym\[spacy\]"):
        SpacyTagger.named("en_core_web_sm")
