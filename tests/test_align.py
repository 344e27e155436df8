"""The aligners as they are used: what they find, what they refuse, and that they give the same twice."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from exonym.align import EflomalAligner, StatisticalAligner, aer
from exonym.data import Bitext, Pair, fold
from exonym.errors import DataError, MissingExtra, RecipeError

DATA = Path(os.environ.get("EXONYM_DATA", Path(__file__).parents[2] / "shared" / "data"))
HOWS = ["soft", "intersection", "union", "grow-diag-final-and"]


def bitext(*pairs):
    return Bitext(tuple(Pair(tuple(source.split()), tuple(target.split())) for source, target in pairs))


def best(links):
    """The heaviest source word of each linked target word."""
    heaviest = {}
    for i, j, weight in links:
        heaviest[j] = max(heaviest.get(j, (0.0, 0)), (weight, i))
    return {j: i for j, (_, i) in heaviest.items()}


def permuted(pairs=200, words=30, seed=1):
    """Sentences of distinct made-up words beside their translations word by word, neighbours sometimes exchanged."""
    random = np.random.default_rng(seed)
    made, gold = [], []
    for _ in range(pairs):
        source = random.choice(words, size=int(random.integers(1, 9)), replace=False)
        order = np.arange(len(source))
        if len(order) > 2 and random.random() < 0.5:
            k = int(random.integers(len(order) - 1))
            order[[k, k + 1]] = order[[k + 1, k]]
        target = source[order]
        made.append(Pair(tuple(f"{w:03d}s" for w in source), tuple(f"{w * 7 % 100:03d}t" for w in target)))
        gold.append({(int(i), j) for j, i in enumerate(order)})
    return Bitext(tuple(made)), gold


@pytest.mark.parametrize("how", HOWS)
def test_word_by_word_translations_are_found(how):
    text, gold = permuted()
    found = StatisticalAligner(symmetrisation=how).align(text)
    strong = [[link for link in links if link.weight > 0.5] for links in found]
    assert aer(strong, gold, gold) < 0.05
    for pair, links in zip(text, found, strict=True):
        links.check(pair)
        assert (links.weight > 0).all()
        assert (links.weight <= 1).all()


def test_weights_of_a_pair_sum_to_at_most_its_mean_length():
    """Each word generated links with probability at most 1, in either direction, and the mean of both is the weight."""
    text, _ = permuted(50)
    for pair, links in zip(text, StatisticalAligner(threshold=0.0).align(text), strict=True):
        assert links.weight.sum() <= (len(pair.source) + len(pair.target)) / 2 + 1e-4


def test_the_same_text_gives_the_same_bytes():
    text, _ = permuted(60)
    one, two = (StatisticalAligner().align(text, [text]).fingerprint for _ in range(2))
    assert one == two


def test_extra_text_teaches_and_is_not_returned():
    text = bitext(("ana sings", "ana canta"))
    extra, _ = permuted(20)
    assert len(StatisticalAligner().align(text, [extra, extra])) == 1
    teaching = bitext(*[("bob sings", "bob canta"), ("bob sleeps", "bob duerme"), ("eve sleeps", "eve duerme")] * 5)
    assert best(StatisticalAligner().align(text, [teaching])[0]) == {0: 0, 1: 1}


def test_identical_texts_align_with_themselves():
    sentences = ["the cat sat on a mat", "a dog ran", "the dog sat", "cats ran on the mat"] * 3
    for links, sentence in zip(
        StatisticalAligner().align(bitext(*[(s, s) for s in sentences])), sentences, strict=True
    ):
        assert best(links) == {k: k for k in range(len(sentence.split()))}


@pytest.mark.parametrize("how", HOWS)
def test_odd_sentences(how):
    """One word a side, one long unsegmented word, characters as words, many repeats, one word against hundreds."""
    text = bitext(
        ("yes", "ja"),
        ("yes", "ja"),
        ("the spokesman said no", "发言人说没有"),
        ("no", "没 有"),
        ("the spokesman said no", "发 言 人 说 没 有"),
        ("no " * 300, "没 " * 300),
        ("yes", "ja " * 300),
        ("yes " * 300, "ja"),
        ("İstanbul ﬁ", "ISTANBUL é"),
    )
    found = StatisticalAligner(symmetrisation=how).align(text)
    assert best(found[0]) == {0: 0}
    for pair, links in zip(text, found, strict=True):
        links.check(pair)
        assert np.isfinite(links.weight).all()
        assert list(zip(links.source, links.target, strict=True)) == sorted({(i, j) for i, j, _ in links})


def test_long_sentences_are_linked_from_end_to_end():
    random = np.random.default_rng(3)
    words = random.integers(0, 400, 1200)
    text = bitext((" ".join(f"{w}s" for w in words), " ".join(f"{w}t" for w in words)))
    extra, _ = permuted(20)
    links = StatisticalAligner().align(text, [extra])[0]
    links.check(text[0])
    found = best(links)
    assert np.mean([found.get(k) == k for k in range(1200)]) > 0.95
    assert len(links) < 40 * 1200


def test_empty_text():
    assert len(StatisticalAligner().align(Bitext(()))) == 0
    assert len(EflomalAligner().align(Bitext(()))) == 0


@pytest.mark.parametrize("aligner", [StatisticalAligner(), EflomalAligner()], ids=lambda each: each.kind)
def test_pairs_with_an_empty_side_are_all_named(aligner):
    text = Bitext((Pair(("a",), ()), Pair(("a",), ("b",)), Pair((), ("b",), "x7")))
    with pytest.raises(DataError, match=r"(?s)no target words in pair 1;.*no source words in pair 3 \(x7\)"):
        aligner.align(text)
    with pytest.raises(DataError, match="pair 1"):
        aligner.align(bitext(("a", "b")), [text])


@pytest.mark.parametrize(
    "options",
    [
        {"symmetrisation": "both"},
        {"models": ()},
        {"models": ((),)},
        {"models": ((4, -1),)},
        {"surface": -1.0},
        {"shape": -1.0},
        {"null_prior": 1.0},
        {"concentration": -0.1},
        {"hmm_iterations": -1},
    ],
)
def test_options_without_sense_are_refused(options):
    with pytest.raises(RecipeError, match=next(iter(options))):
        StatisticalAligner(**options)


def test_model1_alone_and_no_training_work():
    text, gold = permuted()
    found = StatisticalAligner(hmm_iterations=0, symmetrisation="intersection").align(text)
    assert aer(found, gold, gold) < 0.2
    StatisticalAligner(model1_iterations=0, hmm_iterations=0).align(text)


@pytest.mark.parametrize("how", HOWS)
def test_eflomal_finds_word_by_word_translations(how):
    pytest.importorskip("eflomal")
    text, gold = permuted(120)
    found = EflomalAligner(symmetrisation=how, prefixes=(0,)).align(text)
    assert aer(([link for link in links if link.weight > 0.5] for links in found), gold, gold) < 0.1


def test_eflomal_absent(monkeypatch):
    monkeypatch.setitem(sys.modules, "eflomal", None)
    with pytest.raises(MissingExtra, match=r"exonym\[eflomal\]"):
        EflomalAligner().align(bitext(("a", "b")))


def test_eflomal_refuses_sentences_it_cannot_read():
    pytest.importorskip("eflomal")
    with pytest.raises(DataError, match="2000 source words in pair 1"):
        EflomalAligner().align(bitext(("a " * 2000, "b")))


def test_aer_in_closed_form():
    assert aer([[(0, 0)], []], [{(0, 0)}, set()], [set(), set()]) == 0.0
    assert aer([[(0, 0, 0.9), (1, 1, 0.1)]], [{(0, 0)}], [{(0, 0), (1, 1)}]) == 0.0
    assert aer([[(0, 1)]], [{(0, 0)}], [set()]) == 1.0
    assert aer([[(0, 0), (0, 1)]], [{(0, 0), (1, 1)}], [set()]) == pytest.approx(1 - 2 / 4)
    assert aer([], [], []) == 0.0
    with pytest.raises(DataError, match="different numbers"):
        aer([[]], [], [])


GOLD = {
    "hansards-enfr": ("en-fr", 0.0407, 0.30),
    "kftt-jaen": ("ja-en", 0.3734, None),
    "wpt-roen": ("ro-en", 0.2075, None),
}


def gold_links(path, count):
    """Sure and possible links of the first `count` pairs."""
    sure, possible = [], []
    for line in path.read_text(encoding="utf-8").split("\n")[:count]:
        fields = line.split()
        sure.append({tuple(map(int, field.split("-"))) for field in fields if "-" in field})
        possible.append({tuple(map(int, field.split("p"))) for field in fields if "p" in field})
    return sure, possible


@pytest.mark.parametrize("name", GOLD)
def test_error_rates_on_real_text(name):
    folder = DATA / "alignment" / name
    if not folder.is_dir():
        pytest.skip(f"no alignment data: {folder} is missing")
    languages, published, bar = GOLD[name]
    lines = (folder / f"test.{languages}.tsv").read_text(encoding="utf-8").split("\n")
    text = bitext(*(line.split("\t") for line in lines if line))
    sure, possible = gold_links(folder / "test.gold.txt", len(text))
    awesome = (folder / "test.awesome-align.txt").read_text(encoding="utf-8").split("\n")[: len(text)]
    theirs = [[tuple(map(int, link.split("-"))) for link in line.split()] for line in awesome]
    assert aer(theirs, sure, possible) == pytest.approx(published, abs=5e-5)
    if bar is not None:  # learnt on these few pairs alone
        assert aer(StatisticalAligner(symmetrisation="intersection").align(text), sure, possible) < bar


def test_views_fold_words():
    assert fold("STRASSE") == fold("straße")
    text = bitext(*[("Straße NEU", "STREET new"), ("strasse", "street"), ("neu", "New")] * 3)
    assert best(StatisticalAligner(symmetrisation="intersection").align(text)[0]) == {0: 0, 1: 1}


def test_links_do_not_depend_on_the_number_of_workers():
    rows = [("the red house", "das rote haus"), ("a red book", "ein rotes buch"), ("the book", "das buch")] * 4
    text = Bitext(tuple(Pair(tuple(one.split()), tuple(other.split())) for one, other in rows))
    told = []
    alone = StatisticalAligner().align(text)
    beside = StatisticalAligner().align(text, workers=2, progress=lambda *seen: told.append(seen))
    assert alone == beside
    assert [done for done, _, what in told if what == "learning"] == list(range(30))


def test_an_error_in_one_model_ends_the_others():
    def stop(done, total, what):
        if done == 4:
            raise KeyboardInterrupt

    text = Bitext((Pair(("a", "b"), ("x", "y")),) * 3)
    with pytest.raises(KeyboardInterrupt):
        StatisticalAligner().align(text, workers=3, progress=stop)
