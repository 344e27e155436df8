"""Sources in the order of their likeness to a target, on made-up languages whose order is known."""

import json
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Corpus, Sentence, Span
from exonym.errors import DataError, RecipeError
from exonym.formats import write_corpus
from exonym.transfer import likeness
from exonym.transfer.likeness import MEASURES, profile, sample
from exonym.transfer.ranking import TYPICAL, rank_sources, score
from exonym.transfer.similarity import SimilarityOptions

FAST = SimilarityOptions(kind="cosine", dimensions=8)
NEAR, FAR = ("ka", "mo", "ti", "lu", "ne"), ("strob", "knelt", "wurm", "hach", "zip")


def corpus(name, syllables=NEAR, sentences=150, seed=0, names=NEAR):
    """Sentences of nine random words; the third is a name, capitalised."""
    random = np.random.default_rng([seed, *name.encode()])

    def word(parts):
        return "".join(random.choice(parts, random.integers(1, 4)))

    made = []
    for _ in range(sentences):
        words = [word(syllables) for _ in range(9)]
        words[2] = word(names).capitalize()
        made.append(Sentence((*words, "."), (Span(2, 3, "PER"),), str(len(made) + 1)))
    return Corpus(tuple(made), name)


def profiled(*lines):
    """Profile of lines in which `*word` is a name."""
    sentences = []
    for line in lines:
        words = line.split()
        spans = tuple(Span(at, at + 1, "PER") for at, word in enumerate(words) if word.startswith("*"))
        sentences.append(Sentence(tuple(word.removeprefix("*") for word in words), spans))
    return profile(sentences)


def test_measures_by_hand():
    source = profiled("Der *Hund sah *Anna in *Bonn .", "*Anna lief .")
    target = profiled("Anna saw Bonn and Rome .")
    measured = {name: measure(source, target) for name, measure in MEASURES.items()}
    assert measured["words"] == 2 / 5  # anna, bonn of anna, saw, bonn, and, rome
    assert measured["names found"] == 1 / 3  # bonn of hund, anna, bonn; Anna stands first
    assert measured["names known"] == 1 / 2  # bonn of bonn, rome
    assert measured["script"] == 1


def test_distributions_are_compared_by_jensen_shannon():
    from collections import Counter

    assert likeness._likeness(Counter("ab"), Counter("ab")) == pytest.approx(1)
    assert likeness._likeness(Counter("ab"), Counter("cd")) == pytest.approx(0)
    assert likeness._likeness(Counter("aab"), Counter("aaaabb")) == pytest.approx(1)  # shares, not counts
    # p = (1, 0), q = (1/2, 1/2): 1 - (H(3/4) - 1/2)
    expected = 1 - (-0.75 * np.log2(0.75) - 0.25 * np.log2(0.25) - 0.5)
    assert likeness._likeness(Counter("a"), Counter("ab")) == pytest.approx(expected)
    assert likeness._likeness(Counter(), Counter("a")) == 0


def test_scripts_are_shared_by_letters():
    latin, mixed = profiled("anna sah bonn"), profiled("anna Анна")
    assert MEASURES["script"](latin, mixed) == pytest.approx(0.5)
    assert MEASURES["script"](profiled("北京"), latin) == 0


def test_words_without_case_may_be_names_and_lower_case_may_not():
    assert profiled("x 北京 anna eMzantsi U.N. 12").capitals == {"北京", "emzantsi", "u.n."}


words = st.text("abAÖжß北 .1", max_size=6).filter(str.strip)
texts = st.lists(st.lists(words, min_size=1, max_size=5).map(" ".join), min_size=1, max_size=5)


@given(texts, texts)
def test_measures_are_shares(ours, theirs):
    source, target = profiled(*ours), profiled(*theirs)
    for measure in MEASURES.values():
        assert -1e-9 <= measure(source, target) <= 1 + 1e-9


@given(texts)
def test_a_text_is_as_like_itself_as_can_be(lines):
    own = profiled(*lines)
    if own.vocabulary:
        assert MEASURES["words"](own, own) == 1
        assert MEASURES["characters"](own, own) == pytest.approx(1)
        assert MEASURES["script"](own, own) == pytest.approx(1)


def test_sources_of_the_same_language_come_first():
    target = corpus("target").unlabelled()
    ranking = rank_sources(
        target, [corpus("far", FAR, names=FAR), corpus("near"), corpus("names", FAR)], similarity=FAST
    )
    assert [row.name for row in ranking.sources] == ["near", "names", "far"]
    assert all(first.score > second.score for first, second in pairwise(ranking.sources))
    assert ranking.reason.startswith("near comes first")
    assert "leads in" in ranking.reason
    assert sum(row.similarity for row in ranking.sources) == pytest.approx(1)
    assert [row.entities for row in ranking.sources] == [150, 150, 150]


def test_the_order_of_the_sources_and_the_labels_of_the_target_do_not_matter():
    target, sources = corpus("target"), [corpus("far", FAR), corpus("near")]
    once = rank_sources(target, sources, similarity=FAST)
    again = rank_sources(target.unlabelled(), sources[::-1], similarity=FAST)
    assert [(row.name, row.score, row.measures) for row in once.sources] == [
        (row.name, row.score, row.measures) for row in again.sources
    ]


def test_a_source_does_not_win_by_its_size():
    target = corpus("target")
    small, large = corpus("small", seed=1, sentences=150), corpus("large", seed=1, sentences=1500)
    ranking = rank_sources(target, [small, large], similarity=FAST)
    found = {row.name: row for row in ranking.sources}
    assert ranking.words == 1500
    assert found["large"].measures["words"] == pytest.approx(found["small"].measures["words"], abs=0.1)
    alone = rank_sources(target, [corpus("large", seed=1, sentences=1500)], similarity=FAST)
    assert alone.sources[0].score == found["large"].score


def test_one_source_is_ranked_too():
    ranking = rank_sources(corpus("target"), [corpus("near")], similarity=FAST)
    assert ranking.reason.startswith("near is the only source")
    assert ranking.sources[0].similarity == 1


def test_the_score_is_a_mean_of_deviations():
    assert score({name: mean for name, (mean, _) in TYPICAL.items()}) == pytest.approx(0)
    assert score({name: mean + 2 * spread for name, (mean, spread) in TYPICAL.items()}) == pytest.approx(2)


def test_a_sample_has_the_words_asked_for():
    drawn = sample(corpus("a"), 95, seed=3)
    assert sum(map(len, drawn)) == 100
    assert drawn == sample(corpus("a"), 95, seed=3)
    assert len(sample(corpus("a"), 10**6, seed=3)) == 150


def test_faults_are_named():
    target, source = corpus("target"), corpus("source")
    with pytest.raises(RecipeError, match="no source"):
        rank_sources(target, [])
    with pytest.raises(RecipeError, match="source twice"):
        rank_sources(target, [source, source])
    with pytest.raises(RecipeError, match="target twice"):
        rank_sources(target, [target])
    with pytest.raises(DataError, match=r"bare: found no entity"):
        rank_sources(target, [Corpus(source.unlabelled().sentences, "bare")])
    with pytest.raises(DataError, match="found 200 words; expected at least 500"):
        rank_sources(corpus("target", sentences=20), [source])


def exonym(*arguments, code=0):
    command = [sys.executable, "-c", "from exonym.cli import main; main()", "rank-sources", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rank")
    write_corpus(folder / "near.conll", corpus("near"))
    write_corpus(folder / "far.jsonl", corpus("far", FAR, names=FAR))
    (folder / "target.txt").write_text("".join(" ".join(row.words) + "\n" for row in corpus("target")))
    return folder


def test_command_shows_a_table_and_the_reason(folder):
    done = exonym("--target", folder / "target.txt", folder / "far.jsonl", folder / "near.conll")
    assert "characters" in done.stdout
    assert f"{folder / 'near.conll'} comes first" in done.stdout
    assert "sentences read: 450" in done.stderr


def test_command_prints_json(folder):
    done = exonym("--target", folder / "target.txt", folder / "far.jsonl", folder / "near.conll", "--json")
    row = json.loads(done.stdout)
    assert [source["name"] for source in row["sources"]] == [str(folder / "near.conll"), str(folder / "far.jsonl")]
    assert set(row["sources"][0]["measures"]) == set(MEASURES)
    assert row["words"] == 1500


def test_command_names_faults(folder):
    target, near = folder / "target.txt", folder / "near.conll"
    assert "found it twice" in exonym("--target", target, near, folder / "." / "near.conll", code=1).stderr
    assert "expected labels" in exonym("--target", near, target, code=1).stderr
    (folder / "short.txt").write_text("two words\n")
    assert "found 2 words" in exonym("--target", folder / "short.txt", near, code=1).stderr
    exonym(near, code=2)
