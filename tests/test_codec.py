from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Alignment, Bitext, Corpus, Links, Pair, Sentence, Span
from exonym.errors import RecipeError
from exonym.project import Evidence, Fusion, Insertion, MarkerScorer, Matching, decide, explain, marked, ngrams, project
from exonym.translate import ScoringTranslator


def chance(*parts):
    """A number in (0, 1) that is always the same for these strings."""
    digest = blake2b("\x1f".join(parts).encode(), digest_size=6).digest()
    return (int.from_bytes(digest, "big") + 1) / (2**48 + 2)


@dataclass(frozen=True)
class HashedModel:
    """A bigram model of tokens between spaces whose probabilities are hashes; notes what it was asked."""

    sharpness: float = 1.0
    asked: list = field(default_factory=list, compare=False)

    def score(self, pairs, source, target, progress=None):
        assert (source, target) == ("en", "es")
        self.asked.append([text for _, text in pairs])
        return [self.row(given, text) for given, text in pairs]

    def row(self, given, text):
        tokens = ["<s>", *text.split(), "</s>"]
        pairs = pairwise(tokens)
        return np.array([self.sharpness * np.log(chance(given, *pair)) for pair in pairs], dtype=np.float32)


def spaced(words, spans=()):
    offsets, at = [], 0
    for word in words:
        offsets.append((at, at + len(word)))
        at += len(word) + 1
    return Sentence(tuple(words), tuple(spans), "1", " ".join(words), tuple(offsets))


SOURCE = spaced(["Ana", "left", "Rome"], [Span(0, 1, "PER"), Span(2, 3, "LOC")])


def brute_force(model, span, target, ranges, style):
    given = marked(SOURCE, style, [span]).text
    texts = {each: marked(target, style, [Span(*each, span.label)]).text for each in ranges}
    found = [Insertion(*each, float(model.row(given, text).astype(float).sum())) for each, text in texts.items()]
    return sorted(found, key=lambda each: (-each.logprob, each.start, each.stop))


@given(
    st.lists(st.sampled_from("abcde"), min_size=1, max_size=7),
    st.sampled_from(["brackets", "numbered", "xml"]),
    st.integers(1, 6),
    st.integers(0, 4),
    st.sampled_from([1, 3, 64]),
    st.integers(0, 9),
)
def test_the_most_probable_insertions_are_those_of_trying_all(words, style, kept, longest, batch, seed):
    model, target = HashedModel(0.5 + seed), spaced(words)
    scorer = MarkerScorer(
        translator=model, source="en", target="es", style=style, kept=kept, max_words=longest, batch=batch
    )
    span = SOURCE.spans[seed % 2]
    found = scorer.insertions(SOURCE, span, target, ngrams(words))
    expected = brute_force(model, span, target, ngrams(words, longest), style)[:kept]
    assert [each[:2] for each in found] == [each[:2] for each in expected]
    assert [each.logprob for each in found] == pytest.approx([each.logprob for each in expected])
    assert max(map(len, model.asked)) <= batch


def test_the_bound_saves_the_work_of_improbable_opening_marks():
    words = [f"w{n}" for n in range(12)]
    model = Bracketed({"Ana": ("w4", "w5 w6")})
    found = scorer_of(model, kept=1, max_words=0, batch=1).insertions(
        SOURCE, SOURCE.spans[0], spaced(words), ngrams(words)
    )
    assert [each[:2] for each in found] == [(5, 7)]
    assert model.asked == 12 + 7  # every opening mark, and the closing marks of the one that is probable


def test_shares_sum_to_one_and_ranges_that_may_not_be_are_not():
    scorer = MarkerScorer(translator=HashedModel(), source="en", target="es", kept=3)
    words = tuple("abcd")
    first, none = scorer.placements(SOURCE, spaced(words), [ngrams(words), []])
    assert len(first) == 3
    assert sum(first.values()) == pytest.approx(1)
    assert none == {}


class Bracketed:
    """A model that expects marks after the word and around the words of its table, and nowhere else."""

    def __init__(self, table):
        self.table, self.asked = table, 0

    def score(self, pairs, source, target, progress=None):
        self.asked += len(pairs)
        return [self.row(*pair) for pair in pairs]

    def row(self, given, text):
        before, right = self.table[given.split("[ ")[1].split(" ]")[0]]
        tokens, logs = ["<s>", *text.split()], []
        for place, token in enumerate(tokens[1:], start=1):
            opens = token == "[" and tokens[place - 1] == before
            closes = token == "]" and tokens[max(0, place - len(right.split())) : place] == right.split()
            logs.append(-0.1 if token not in "[]" or opens or closes else -5.0)
        return np.array([*logs, -0.1], dtype=np.float32)


def scorer_of(model, **options):
    return MarkerScorer(translator=model, source="en", target="es", **options)


def test_it_is_evidence_for_candidates_and_the_exact_matcher():
    target = Sentence(("Ana", "deja", "la", "Roma"))
    model = Bracketed({"Ana": ("<s>", "Ana"), "Rome": ("deja", "la Roma")})
    assert isinstance(model, ScoringTranslator)
    matching = Matching(candidates="ngrams", fusion=Fusion(alignment=0, translation=1.0))
    evidence = Evidence(translation=scorer_of(model))
    decisions = decide(SOURCE, target, Links.of([]), matching, evidence)
    assert [[each[:2] for each in decision.chosen] for decision in decisions] == [[(0, 1)], [(2, 4)]]
    assert all(decision.chosen[0].translation > 0.9 for decision in decisions)
    told = explain(SOURCE, target, Links.of([]), matching, evidence=evidence)
    assert [span.key for span in told.target.spans] == [(0, 1, "PER"), (2, 4, "LOC")]


def test_corpora_are_projected_by_it():
    pair = Pair(SOURCE.words, ("Ana", "deja", "la", "Roma"), "1")
    matching = Matching(candidates="ngrams", fusion=Fusion(alignment=0, translation=1.0))
    links, scorer = (
        Alignment((Links.of([]),)),
        scorer_of(Bracketed({"Ana": ("<s>", "Ana"), "Rome": ("deja", "la Roma")})),
    )
    found = project(Corpus((SOURCE,)), Bitext((pair,)), links, matching, translation=scorer)
    assert [span.key for span in found[0].spans] == [(0, 1, "PER"), (2, 4, "LOC")]


def test_two_entities_that_want_one_place_are_matched_at_once():
    source = replace(SOURCE, spans=(Span(0, 1, "PER"), Span(2, 3, "LOC")))
    target = Sentence(("Roma", "x", "Ana"))
    model = Bracketed({"Ana": ("x", "Ana"), "Rome": ("x", "Ana")})  # both want the last word
    matching = Matching(candidates="ngrams", threshold=0.0, fusion=Fusion(alignment=0, translation=1.0))
    matching = replace(matching, fusion=replace(matching.fusion, translation_threshold=0.0))
    decisions = decide(source, target, Links.of([]), matching, Evidence(translation=scorer_of(model)))
    scores = [{each[:2]: each.score for each in decision.candidates} for decision in decisions]
    best = max(
        sum(own.get(each, 0.0) for own, each in zip(scores, choice, strict=True))
        for choice in product(ngrams(target.words), repeat=2)
        if choice[0][1] <= choice[1][0] or choice[1][1] <= choice[0][0]
    )
    assert sum(each.score for decision in decisions for each in decision.chosen) == pytest.approx(best)


@pytest.mark.parametrize("options", [{"kept": 0}, {"max_words": -1}, {"batch": 0}])
def test_options_are_checked(options):
    with pytest.raises(RecipeError, match=next(iter(options))):
        scorer_of(HashedModel(), **options)
