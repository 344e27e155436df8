"""Extra text without spaces: what is cut, into what, and what is left alone. All words are made up."""

from collections import Counter
from itertools import combinations
from math import log
from unicodedata import normalize

import numpy as np
import pytest

from exonym.align import EflomalAligner, StatisticalAligner, segmented_like
from exonym.align.segment import LONGEST, _Unigram, cut_like
from exonym.data import Bitext, Corpus, Pair, Sentence
from exonym.transfer import Task

HAN = [chr(0x4E00 + 7 * k) for k in range(60)]
THAI = ["กา", "ขน", "คำ", "เมือง", "แม่", "โรง", "ใจ", "ไป", "น้ำ", "ที่"]


def vocabulary(random, size=40):
    return ["".join(random.choice(HAN, size=int(random.integers(1, 4)))) for _ in range(size)]


def sentences(random, words, count):
    return [tuple(random.choice(words, size=int(random.integers(3, 9)))) for _ in range(count)]


def text(targets, name="text"):
    return Bitext(tuple(Pair(("x",), target, str(k)) for k, target in enumerate(targets)), name)


def glued(sentences):
    return [("".join(words), "。") for words in sentences]


def test_known_words_are_found_again():
    random = np.random.default_rng(1)
    words = vocabulary(random)
    gold = sentences(random, words, 100)
    (cut,), ledger = segmented_like(text(sentences(random, words, 100)), [text(glued(gold), "extra")])
    right = sum((*words, "。") == pair.target for words, pair in zip(gold, cut, strict=True))
    assert right > 90
    assert [pair.id for pair in cut] == [str(k) for k in range(100)]
    assert cut.name == "extra"
    assert ledger == {
        "extra: unsegmented stretches on the target side cut": 100,
        "extra: unsegmented stretches on the target side, words made of them": sum(len(p.target) - 1 for p in cut),
    }


def test_nothing_is_lost_and_the_same_text_is_cut_alike():
    random = np.random.default_rng(2)
    extra = text(glued(sentences(random, vocabulary(random), 50)))
    known = text(sentences(random, vocabulary(random), 100))  # other words of the same characters
    (one,), _ = segmented_like(known, [extra])
    (other,), _ = segmented_like(known, [extra])
    assert one == other
    for before, after in zip(extra, one, strict=True):
        assert "".join(before.target) == "".join(after.target)
    assert sum(len(pair.target) for pair in one) > 3 * len(one)


def test_names_that_the_known_words_lack_are_found():
    random = np.random.default_rng(3)
    words, name = vocabulary(random), "ウィルマ"
    runs = ["".join((*sentence[:2], name, *sentence[2:])) for sentence in sentences(random, words, 40)]
    known = Counter(word for sentence in sentences(random, words, 100) for word in sentence)
    assert sum(name in words for words in cut_like(known, Counter(runs)).values()) > 0.7 * len(runs)


def test_words_that_recur_in_the_extra_text_are_learnt():
    model = _Unigram({"a": 5, "b": 5})
    assert model.cut("ab") == ("a", "b")
    model.learn({"ab": 9})
    assert model.cut("ab") == ("ab",)
    model.learn({})
    assert model.cut("ab") == ("a", "b")


def cost_by_hand(words, known):
    """-log of the probability of a cut under the model of the docstring."""
    total = sum(known.values())
    unknown = (sum(count == 1 for count in known.values()) + 1) / (total + 1)
    lengths, characters = Counter(map(len, known)), Counter("".join(known))
    size = characters.total() + len(characters) + 1
    cost = 0.0
    for word in words:
        chance = unknown * (lengths[len(word)] + 0.1) / (len(known) + 0.1 * LONGEST)
        for character in word:
            chance *= (characters[character] + 0.5) / size
        cost -= log(max(chance, (1 - unknown) * known.get(word, 0) / total))
    return cost


def test_the_cut_is_the_likeliest_of_all():
    random = np.random.default_rng(4)
    for _ in range(20):
        known = Counter({word: int(random.integers(1, 9)) for word in vocabulary(random, 12)})
        run = "".join(random.choice(HAN[:20], size=8))
        cuts = [
            tuple(run[a:b] for a, b in zip((0, *places), (*places, len(run)), strict=True))
            for count in range(len(run))
            for places in combinations(range(1, len(run)), count)
        ]
        found = _Unigram(known).cut(run)
        assert cost_by_hand(found, known) == pytest.approx(min(cost_by_hand(cut, known) for cut in cuts))


def test_segmented_text_is_not_touched():
    random = np.random.default_rng(5)
    words = vocabulary(random)
    known = text(sentences(random, words, 100))
    doubled = text([(a + b, c) for a, b, c, *_ in sentences(random, words, 50)])  # a little longer than ours
    latin = text([("Donaudampfschifffahrt", "ist", "lang")] * 50)
    extra = [text(sentences(random, words, 50)), doubled, latin, text([])]
    same, ledger = segmented_like(known, extra)
    assert all(one is other for one, other in zip(same, extra, strict=True))
    assert not ledger
    assert segmented_like(latin, [known]) == ((known,), {})


def test_without_words_to_learn_from_nothing_is_cut_and_it_is_said():
    random = np.random.default_rng(6)
    words = vocabulary(random)
    long = text(glued([(*one, *other, *third) for one, other, third in [sentences(random, words, 3)] * 30]), "extra")
    event = "extra: unsegmented stretches on the target side left as they are, for want of words to learn from"
    for known in (text(glued([s[:2] for s in sentences(random, words, 300)])), text(sentences(random, words, 5))):
        (same,), ledger = segmented_like(known, [long])
        assert same is long
        assert ledger == {event: 30}
    clauses = text(glued(sentences(random, words, 100)))
    assert segmented_like(clauses, [clauses]) == ((clauses,), {})


def test_either_side_may_be_unsegmented():
    random = np.random.default_rng(7)
    words = vocabulary(random)
    known = text(sentences(random, words, 100)).swapped()
    extra = text(glued(sentences(random, words, 50))).swapped()
    (cut,), ledger = segmented_like(known, [extra])
    assert all(pair.target == ("x",) and len(pair.source) > 2 for pair in cut)
    assert all("source side" in event for event in ledger)


def test_other_scripts_inside_a_word_stay_whole():
    random = np.random.default_rng(8)
    words = vocabulary(random)
    extra = text([("".join(s) + "Twp" + "".join(s) + "12", "e-mail") for s in sentences(random, words, 30)])
    (cut,), _ = segmented_like(text(sentences(random, words, 100)), [extra])
    for pair in cut:
        assert pair.target.count("Twp") == 1
        assert pair.target[-2:] == ("12", "e-mail")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_letters_keep_their_marks_and_vowels_their_consonants(form):
    random = np.random.default_rng(9)
    known = Counter({normalize("NFC", word): 30 for word in [*THAI, "が", "ぎ", "プラ"]})
    runs = ["".join(random.choice([*THAI, "ขี้", "เก", "ប្រ", "ができ", "プラザ"], size=9)) for _ in range(60)]
    cut = cut_like(known, Counter(normalize(form, run) for run in runs))
    for run, words in cut.items():
        assert "".join(words) == run
        for word in words:
            assert word[0] not in "\u0e34\u0e35\u0e48\u0e49\u3099\u309a\u17d2"
            assert word[-1] not in "เแโใไ\u17d2"
    assert sum("が" in words or normalize("NFD", "が") in words for words in cut.values()) > 0


def taught(random, size=12):
    """Few pairs to align, and many that teach, unsegmented: each number is one made-up word on both sides."""
    words = [f"{HAN[2 * k]}{HAN[2 * k + 1]}" for k in range(size)]

    def pairs(count):
        for _ in range(count):
            chosen = random.choice(size, size=int(random.integers(3, 7)), replace=False)
            yield Pair(tuple(f"w{k}" for k in chosen), tuple(words[k] for k in chosen))

    known = Bitext(tuple(pairs(40)), "known")
    return known, Bitext(tuple(p._replace(target=("".join(p.target),)) for p in pairs(200)), "extra")


@pytest.mark.parametrize("aligner", [StatisticalAligner(), EflomalAligner()], ids=lambda each: each.kind)
def test_aligners_cut_extra_text_and_say_so(aligner):
    if aligner.kind == "eflomal":
        pytest.importorskip("eflomal")
    known, extra = taught(np.random.default_rng(10))
    found = aligner.align(known, [extra])
    assert found.ledger["extra: unsegmented stretches on the target side cut"] == 200
    right = [(link.source == link.target) for links in found for link in links if link.weight > 0.5]
    assert np.mean(right) > 0.9


def test_cut_text_teaches_what_the_segmented_text_would():
    known, extra = taught(np.random.default_rng(11))
    (cut,), _ = segmented_like(known, [extra])
    aligner = StatisticalAligner()
    assert aligner.align(known, [extra]).fingerprint == aligner.align(known, [cut]).fingerprint
    assert not aligner.align(known, [cut]).ledger


def test_tasks_cut_extra_text_like_the_translation():
    known, extra = taught(np.random.default_rng(12))
    (cut,), ledger = segmented_like(known, [extra])
    corpus = Corpus((Sentence(("x",), (), "1"),))
    for given in ({"translation": known}, {"test_translation": known}):
        task = Task(source=corpus, test=corpus, extra=(extra,), **given)
        learnt = [pair for pair in task.parallel if pair.id.startswith("1:")]
        assert [pair.target for pair in learnt] == [pair.target for pair in cut]
        assert task.changes == ledger
    alone = Task(source=corpus, test=corpus, extra=(extra,))
    assert [pair.target for pair in alone.parallel] == [pair.target for pair in extra]
    assert not alone.changes
