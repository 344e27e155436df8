from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Alignment, Bitext, Corpus, Links, Pair, Sentence, Span, tag_set
from exonym.errors import DataError, RecipeError
from exonym.project import Evidence, Fusion, Matching, decide, match_milp, project, tagger_score, total

TAGS = tag_set(["LOC", "PER"])
PERSON = Sentence(("Ana", "Ruiz", "left"), (Span(0, 2, "PER"),), "1")


def tagged(words, probabilities, spans=()):
    return Sentence(tuple(words), tuple(spans), probabilities=np.array(probabilities, dtype=np.float32))


def certain(words, tags, belief=0.9):
    """A tagged sentence whose tagger gives each of these tags so much belief, and the rest equally to the others."""
    rows = np.full((len(words), len(TAGS)), (1 - belief) / (len(TAGS) - 1))
    rows[range(len(words)), [TAGS.index(tag) for tag in tags]] = belief
    return tagged(words, rows)


def scored(target, links, evidence, **options):
    """The candidates of one span by their ranges; links count by their weights alone."""
    (decision,) = decide(PERSON, target, Links.of(links), Matching(score="soft", **options), evidence)
    return {(candidate.start, candidate.stop): candidate for candidate in decision.candidates}


@given(st.integers(1, 5), st.integers(0, 999), st.sampled_from(["LOC", "PER"]))
def test_tagger_score_is_the_definition(length, seed, label):
    probabilities = np.random.default_rng(seed).dirichlet(np.full(len(TAGS), 0.3), length)
    score = tagger_score(probabilities, TAGS, label, 1.15)
    first, inner = TAGS.index(f"B-{label}"), TAGS.index(f"I-{label}")
    for start, stop in combinations(range(length + 1), 2):
        mean = (probabilities[start, first] + probabilities[start + 1 : stop, inner].sum()) / (stop - start)
        is_entity = list(probabilities[start:stop].argmax(axis=1)) == [first] + [inner] * (stop - start - 1)
        assert score(start, stop) == pytest.approx(mean * (1.15 ** (stop - start - 1) if is_entity else 1))


def test_candidates_carry_each_kind_of_evidence_and_score_their_weighted_mean():
    target = Sentence(("la", "Ana", "Ruiz"))
    evidence = Evidence(certain(target.words, ["O", "B-PER", "I-PER"]), TAGS, Toy({("Ana Ruiz", "Ana Ruiz"): 1.0}))
    fusion = Fusion(alignment=0.5, tagger=0.5, translation=1.0, tagger_threshold=0.0)
    found = scored(target, [(0, 1), (1, 2)], evidence, fusion=fusion, candidates="ngrams", threshold=0.0)
    best = found[1, 3]
    assert best[3:] == pytest.approx((1.0, 0.9 * 1.15, 1.0))
    assert best.score == pytest.approx((0.5 * 1 + 0.5 * 0.9 * 1.15 + 1) / 2)
    assert set(found) == {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}
    assert found[0, 1].alignment == found[0, 1].translation == 0  # not linked, and a candidate all the same


class Toy:
    """A translation scorer with a table; notes every batch."""

    def __init__(self, table):
        self.table, self.batches = table, []

    def similarity(self, phrases):
        self.batches.append(list(phrases))
        return np.array([self.table.get(phrase, 0.0) for phrase in phrases])


def test_the_tagger_is_asked_by_class_or_for_its_likeliest_label():
    target = Sentence(("Ana", "x"))
    evidence = Evidence(certain(target.words, ["B-LOC", "O"]), TAGS)
    for by_class, expected in ((True, 0.0), (False, 0.9)):
        fusion = Fusion(tagger=1.0, tagger_by_class=by_class, tagger_threshold=0.1)
        found = scored(target, [(0, 0)], evidence, fusion=fusion)
        assert found[0, 1].tagger == pytest.approx(expected)


def test_a_tagger_that_does_not_know_a_label_says_nothing_of_it():
    target = Sentence(("x",))
    evidence = Evidence(tagged(["x"], [[0.1, 0.8, 0.1]]), tag_set(["LOC"]))
    fusion = Fusion(tagger=1.0, tagger_by_class=True)
    assert scored(target, [(0, 0)], evidence, fusion=fusion)[0, 1].tagger == 0


def test_scores_under_their_threshold_count_as_nothing():
    target = Sentence(("a", "b"))
    evidence = Evidence(translation=Toy({("Ana Ruiz", "a"): 0.09, ("Ana Ruiz", "b"): 0.1}))
    found = scored(target, [], evidence, fusion=Fusion(translation=1.0), candidates="ngrams", threshold=0)
    assert {each: c.translation for each, c in found.items()} == {(1, 2): 0.1}


def test_translations_are_scored_once_for_each_pair_of_phrases_and_a_sentence_at_a_time():
    scorer = Toy({("Ana", "Ana"): 1.0, ("Eva", "Eva"): 1.0})
    source = Sentence(("Ana", "Ana", "Eva"), (Span(0, 1, "PER"), Span(1, 2, "PER"), Span(2, 3, "PER")))
    words = ("Eva", "Ana", "Ana")
    corpus, bitext = Corpus((source, source)), Bitext((Pair(source.words, words, "1"), Pair(source.words, words, "2")))
    matching = Matching(candidates="ngrams", max_words=1, fusion=Fusion(alignment=0, translation=1.0))
    links = Alignment((Links.of([]),) * 2)
    found = project(corpus, bitext, links, matching, translation=scorer)
    assert [span.key for span in found[0].spans] == [(0, 1, "PER"), (1, 2, "PER"), (2, 3, "PER")]
    assert [sorted(batch) for batch in scorer.batches] == [
        [("Ana", "Ana"), ("Ana", "Eva"), ("Eva", "Ana"), ("Eva", "Eva")]
    ] * 2


def test_tagger_spans_are_candidates_whatever_their_type_and_union_adds_them_to_linked_ones():
    target = Sentence(("Ana", "Ruiz", "x"))
    evidence = Evidence(Sentence(target.words, (Span(0, 2, "ORG"),)))
    assert list(scored(target, [(0, 0)], evidence, candidates="tagger")) == [(0, 2)]
    assert list(scored(target, [(0, 0)], evidence, candidates="union")) == [(0, 1), (0, 2)]
    nothing = Evidence(Sentence(target.words))
    decision = decide(PERSON, target, Links.of([(0, 0)]), Matching(candidates="tagger"), nothing)[0]
    assert (decision.candidates, decision.chosen, decision.reason) == ([], [], "no candidate")


@given(st.integers(0, 999), st.sampled_from(["linked", "ngrams"]), st.integers(1, 2))
def test_exact_is_the_optimum_of_fused_scores(seed, candidates, limit):
    random = np.random.default_rng(seed)
    length = 5
    source = Sentence(tuple("abcde"), (Span(0, 2, "PER"), Span(2, 3, "LOC"), Span(4, 5, "PER")))
    links = Links.of(
        [
            (int(i), int(j), float(w))
            for i, j, w in zip(*random.integers(0, 5, (2, 6)), random.uniform(0.1, 1, 6), strict=True)
        ]
    )
    target = Sentence(tuple("vwxyz"))
    evidence = Evidence(tagged(target.words, random.dirichlet(np.full(len(TAGS), 0.3), length)), TAGS)
    options = {"candidates": candidates, "fusion": Fusion(tagger=1.0), "threshold": 0.0, "limit": limit}
    decisions = decide(source, target, links, Matching(**options), evidence)
    best = total(match_milp([decision.candidates for decision in decisions], limit))
    assert total([decision.chosen for decision in decisions]) == pytest.approx(best)
    for decision in decisions:
        assert set(decision.chosen) <= set(decision.candidates)
        assert bool(decision.reason) != bool(decision.chosen)


def test_a_decision_shows_what_was_chosen_and_among_what():
    source = Sentence(("a", "b"), (Span(0, 1, "PER"), Span(1, 2, "LOC")))
    links = Links.of([(0, 0, 1.0), (0, 1, 0.5), (1, 0, 0.5)])
    first, second = decide(source, Sentence(("x", "y")), links, Matching(score="soft"))
    assert first.links == [(0, 0, 1.0), (0, 1, 0.5)]
    assert [c[:3] for c in first.candidates] == [(0, 1, 1.0), (1, 2, 0.5)]
    assert [c[:3] for c in first.chosen] == [(0, 1, 1.0)]
    assert (len(second.candidates), second.chosen, second.reason) == (1, [], "overlap")


ONE = Corpus((Sentence(("a",), (Span(0, 1, "PER"),)),))
PAIR = Bitext((Pair(("a",), ("x",), "7"),))
LINK = Alignment((Links.of([(0, 0)]),))


def test_evidence_that_is_missing_is_asked_for():
    for matching in (Matching(candidates="tagger"), Matching(fusion=Fusion(tagger=1.0))):
        with pytest.raises(RecipeError, match="no tagged target text"):
            project(ONE, PAIR, LINK, matching)
        with pytest.raises(RecipeError, match="no tagged target text"):
            decide(ONE[0], Sentence(("x",)), LINK[0], matching)
    with pytest.raises(RecipeError, match="no translation scorer"):
        project(ONE, PAIR, LINK, Matching(fusion=Fusion(translation=1.0)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (Corpus((), "t"), "t: found 0 tagged sentences; expected 1"),
        (Corpus((Sentence(("y",)),), "t"), "t:1: found other words"),
        (Corpus((Sentence(("x",)),), "t", TAGS), "t:1: found probabilities of shape None"),
        (Corpus((tagged(["x"], [[1.0]]),), "t", TAGS), "found probabilities of shape"),
    ],
)
def test_tagged_text_that_does_not_belong_is_refused(text, found):
    with pytest.raises(DataError, match=found):
        project(ONE, PAIR, LINK, Matching(fusion=Fusion(tagger=1.0)), text)


@pytest.mark.parametrize(
    "options",
    [
        {"alignment": -1},
        {"alignment": 0},
        {"tagger": float("inf")},
        {"translation": float("nan")},
        {"tagger_threshold": 1.5},
        {"alpha": 0.9},
    ],
)
def test_weights_out_of_range_are_refused(options):
    with pytest.raises(RecipeError, match="found"):
        Fusion(**options)
