"""What one text taught as prior for another: what it changes, that it survives a file, and what is refused."""

import numpy as np
import pytest

from exonym.align import AlignmentModel, StatisticalAligner, aer
from exonym.align.cells import batches_of, cut, prefix_of, view_of
from exonym.align.counts import WordCounts
from exonym.data import Alignment, Bitext, Pair
from exonym.errors import DataError, RecipeError


def permuted(pairs=300, words=40, seed=1):
    """Sentences of made-up words of unlike letters beside their translations in another order, and their links."""
    random = np.random.default_rng(seed)
    made, gold = [], []
    for _ in range(pairs):
        source = random.choice(words, size=int(random.integers(1, 9)), replace=False)
        order = random.permutation(len(source))
        made.append(Pair(tuple(map(other, source)), tuple(map(translation, source[order]))))
        gold.append({(int(i), j) for j, i in enumerate(order)})
    return Bitext(tuple(made)), gold


def other(word):
    return "bdfgklmnpr"[word // 10] + "aeiou"[word % 5] + "bdfgklmnpr"[word % 10] + "a"


def translation(word):
    return "стужзхцчшщ"[word % 10] + "аеиоу"[word % 5] + "стужзхцчшщ"[word // 10] + "о"


LARGE, _ = permuted()
TINY = Bitext(tuple(Pair(tuple(map(other, s)), tuple(map(translation, reversed(s)))) for s in ([3, 17, 25], [8, 31])))
GOLD = [{(0, 2), (1, 1), (2, 0)}, {(0, 1), (1, 0)}]


def strong(alignment):
    return [[link for link in links if link.weight > 0.5] for links in alignment]


def test_a_prior_aligns_what_a_tiny_text_leaves_open():
    aligner = StatisticalAligner()
    assert aer(strong(aligner.align(TINY)), GOLD, GOLD) > 0.3
    assert aer(strong(aligner.align(TINY, prior=aligner.learn(LARGE))), GOLD, GOLD) == 0.0


def test_words_that_the_prior_does_not_know_are_linked_by_what_is_left():
    aligner = StatisticalAligner()
    text = Bitext((Pair((other(3), "xanax", other(17)), (translation(17), "ъъъъъ", translation(3))),))
    gold = [{(0, 2), (1, 1), (2, 0)}]
    assert aer(strong(aligner.align(text, prior=aligner.learn(LARGE))), gold, gold) == 0.0


@pytest.mark.parametrize(
    "options", [{"concentration": 0.0}, {"shape": 0.0, "surface": 0.0, "models": ((0,),)}, {"hmm_iterations": 0}]
)
def test_a_prior_helps_with_other_options_too(options):
    aligner = StatisticalAligner(**options)
    assert aer(strong(aligner.align(TINY, prior=aligner.learn(LARGE))), GOLD, GOLD) < 0.1


def test_a_saved_model_is_the_same_model(tmp_path):
    aligner = StatisticalAligner()
    model, links, _ = aligner.fit(LARGE)
    assert Alignment(tuple(links)).fingerprint == aligner.align(LARGE).fingerprint
    assert model.fingerprint == aligner.learn(LARGE).fingerprint
    model.save(tmp_path / "one")
    model.save(tmp_path / "two")
    read = AlignmentModel.load(tmp_path / "one")
    assert read.fingerprint == model.fingerprint
    assert read.pairs == len(LARGE)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert aligner.align(TINY, prior=read).fingerprint == aligner.align(TINY, prior=model).fingerprint


def test_forms_of_any_characters_survive_a_file(tmp_path):
    text = Bitext((Pair(("a\nb", "\ud800", "\x00"), ("ﬁ", "𐍈", "x")),))
    model = StatisticalAligner().learn(text)
    model.save(tmp_path / "m")
    assert AlignmentModel.load(tmp_path / "m").fingerprint == model.fingerprint


def test_a_model_learnt_with_a_prior_knows_both_texts():
    aligner = StatisticalAligner()
    first, second = Bitext(LARGE.pairs[:150]), Bitext(LARGE.pairs[150:])
    model = aligner.learn(second, prior=aligner.learn(first))
    assert model.pairs == len(LARGE)
    whole = sum(words.count.sum() for pair in aligner.learn(LARGE).models[1].words for words in pair)
    assert sum(words.count.sum() for pair in model.models[1].words for words in pair) == pytest.approx(whole, rel=0.1)
    assert aer(strong(aligner.align(TINY, prior=model)), GOLD, GOLD) == 0.0


def test_the_weight_of_a_prior_multiplies_its_counts():
    """Twice the counts of a text are those of the text and the text again."""
    own = StatisticalAligner(prior_weight=1.0).learn(TINY).models[0]
    twice, added = own.times(2.0), own.plus(own)
    for one, two in zip(twice.words, added.words, strict=True):
        for side in (0, 1):
            np.testing.assert_array_equal(one[side].count, two[side].count)
            np.testing.assert_array_equal(one[side].total, two[side].total)
            np.testing.assert_array_equal(one[side].null, two[side].null)
    np.testing.assert_array_equal(twice.jumps, added.jumps)
    np.testing.assert_array_equal(twice.classes[0].linked, added.classes[0].linked)


def test_counts_find_the_words_of_another_text():
    def view(*pairs):
        made = [Pair(tuple(source.split()), tuple(target.split())) for source, target in pairs]
        pieces = list(cut((len(pair.source), len(pair.target)) for pair in made))
        return view_of(made, pieces, batches_of(pieces), lambda word: prefix_of(word, 0))

    def of(text, **counts):
        cells = np.array(
            [counts.get(text.source_forms[i] + text.target_forms[j], 0.0) for i, j in places(text)] + [0.0]
        )
        return cells

    def places(text):
        return list(zip(text.cell_source[:-1], text.cell_target[:-1], strict=True))

    text = view(("a b", "x y"))
    counts = WordCounts.of(text, of(text, ax=3.0, bx=0.01, by=2.0), np.array([0.5, 0.25, 0.0]), backward=False)
    assert counts.count.tolist() == [3.0, 2.0]  # 0.01 is too small
    assert counts.total.tolist() == pytest.approx([3.0, 2.01])
    new = view(("c b a", "x z y"))
    known = counts.known(new, backward=False)
    np.testing.assert_allclose(known.cells, of(new, ax=3.0, by=2.0))
    np.testing.assert_allclose(known.total, [0.0, 2.01, 3.0, 0.0], rtol=1e-6)
    assert known.met.tolist() == [0, 2, 2, 0]
    assert known.null.tolist() == [0.5, 0.0, 0.25, 0.0]
    assert (known.empty, known.types) == (0.75, 3)  # x, y and z


def test_a_prior_of_other_options_is_refused():
    prior = StatisticalAligner(models=((0,),)).learn(TINY)
    with pytest.raises(RecipeError, match=r"the prior was learnt with .*\[\[0\]\].*; expected"):
        StatisticalAligner().align(TINY, prior=prior)
    StatisticalAligner(models=((0,),), threshold=0.3, null_prior=0.1).align(TINY, prior=prior)


def test_a_prior_says_how_much_of_the_text_it_knows():
    prior = StatisticalAligner().learn(TINY)
    text = Bitext((Pair((other(3), "XANAX", other(3)), (translation(3).upper(), "ъъъъъ", "ьь", ".")),))
    assert StatisticalAligner().align(text, prior=prior).ledger == {
        "distinct source words that the prior knows": 1,
        "distinct source words that the prior does not know": 1,
        "distinct target words that the prior knows": 1,
        "distinct target words that the prior does not know": 3,
    }
    assert StatisticalAligner().align(Bitext(()), prior=prior).ledger == {}


def test_a_prior_of_the_other_direction_is_refused():
    aligner = StatisticalAligner()
    with pytest.raises(DataError, match=r"found none of 5 source words in the prior; expected .* direction"):
        aligner.align(TINY.swapped(), prior=aligner.learn(TINY))


def test_nothing_to_learn_from():
    with pytest.raises(DataError, match="no pairs"):
        StatisticalAligner().learn(Bitext(()))


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "empty", "array", "archive", "folder", "missing"])
def test_a_file_that_is_no_model_is_one_error(tmp_path, damage):
    path = tmp_path / "model"
    StatisticalAligner().learn(TINY).save(path)
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "flipped":
        middle = len(whole) // 2
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :])
    elif damage == "text":
        path.write_text("0-0 1-1\n")
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "array":
        with path.open("wb") as file:
            np.save(file, np.arange(3))
    elif damage == "archive":
        with path.open("wb") as file:
            np.savez(file, about=np.array('{"kind": "something"}'))
    else:
        path.unlink()
        if damage == "folder":
            path.mkdir()
    with pytest.raises(DataError, match=rf"{path.name}: found .*; expected"):
        AlignmentModel.load(path)


def test_a_changed_count_is_found(tmp_path):
    path = tmp_path / "model"
    StatisticalAligner().learn(TINY).save(path)
    with np.load(path) as arrays:
        found = dict(arrays)
    found["0.0.0.count"] = found["0.0.0.count"] + 1
    with path.open("wb") as file:
        np.savez(file, **found)
    with pytest.raises(DataError, match="damaged"):
        AlignmentModel.load(path)


def test_a_model_of_another_version_says_so(tmp_path):
    path = tmp_path / "model"
    with path.open("wb") as file:
        np.savez(file, about=np.array('{"kind": "exonym alignment model", "version": 99}'))
    with pytest.raises(DataError, match="version 99; expected 2"):
        AlignmentModel.load(path)


@pytest.mark.parametrize("how", ["soft", "grow-diag-final-and"])
def test_a_large_text_is_aligned_chunk_by_chunk(monkeypatch, how):
    monkeypatch.setattr("exonym.align.chunks.CHUNK", 70)
    text, gold = permuted(400)
    aligner = StatisticalAligner(max_pairs=150, symmetrisation=how)
    told = []
    found = aligner.align(text, [LARGE], progress=lambda *row: told.append(row))
    assert aer(strong(found), gold, gold) < 0.05
    assert told[-1] == (400, 400, "aligning")
    assert {what for *_, what in told} == {"learning", "aligning"}
    assert aligner.align(text, [LARGE], workers=2).fingerprint == found.fingerprint
    assert aligner.learn(text, [LARGE]).pairs == 150


def test_links_of_a_large_text_are_found_while_they_are_read(monkeypatch):
    monkeypatch.setattr("exonym.align.chunks.CHUNK", 70)
    told = []
    fit = StatisticalAligner(max_pairs=100).fit(LARGE, progress=lambda *row: told.append(row))
    assert {what for *_, what in told} == {"learning"}
    for _ in range(71):
        next(fit.links)
    assert told[-1] == (140, 300, "aligning")
    assert len(list(fit.links)) == 300 - 71


@pytest.mark.parametrize("options", [{"prior_weight": 0.0}, {"max_pairs": 0}])
def test_options_without_sense_are_refused(options):
    with pytest.raises(RecipeError, match=f"{next(iter(options))} is 0"):
        StatisticalAligner(**options)
