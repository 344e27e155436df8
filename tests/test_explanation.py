import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Alignment, Bitext, Corpus, Link, Links, Lost, Pair, Sentence, Span
from exonym.project import (
    Background,
    Dropped,
    Evidence,
    Filtering,
    Matching,
    Projected,
    dropped,
    dropped_of,
    evidence_of,
    explain,
    filter_sentence,
    project,
)
from exonym.project.drops import Place, write_dropped

WORDS = tuple("tuvwxyz")
SOURCE = Sentence(tuple("abcdef"), (Span(0, 2, "PER"), Span(2, 3, "LOC", 0.8), Span(4, 6, "PER")), "s1")
LINKS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6), st.sampled_from([0.05, 0.2, 0.5, 1.0])), max_size=12)
SOFT = Matching(score="soft", threshold=0.1)
MATCHINGS = (
    Matching(),
    SOFT,
    Matching(matcher="greedy", limit=2),
    Matching(matcher="bipartite", score="pairs", candidates="ngrams"),
    Matching(matcher="heuristic"),
    Matching(matcher="heuristic", compat="politov"),
    Matching(matcher="heuristic", compat="easy-label-projection"),
)


def told(links, source=SOURCE, target=WORDS, matching=None, filtering=None):
    target = Sentence(target, (), "7")
    matching = matching or SOFT
    bitext = Bitext((Pair(source.words, target.words, "7"),))
    (evidence,) = evidence_of(bitext, matching, background=Background.learn(bitext, [Links.of(links)]))
    return explain(source, target, Links.of(links), matching, filtering or Filtering(), evidence)


def projected(links, matching):
    bitext = Bitext((Pair(SOURCE.words, WORDS, "7"),))
    return project(Corpus((SOURCE,)), bitext, Alignment((Links.of(links),)), matching)


@pytest.mark.parametrize("matching", MATCHINGS, ids=lambda each: f"{each.matcher} {each.score} {each.compat or ''}")
@given(LINKS, st.sampled_from([Filtering(), Filtering(min_confidence=0.4), Filtering(labels=("PER",))]))
def test_what_is_explained_is_what_was_projected(matching, links, filtering):
    found = told(links, matching=matching, filtering=filtering)
    sentence, left_out = filter_sentence(projected(links, matching)[0], filtering)
    assert (found.target, found.left_out) == (sentence, left_out)
    assert {span for fate in found.fates for span in fate.spans} == set(sentence.spans)
    lost = {(lost.start, lost.stop, lost.reason) for lost in sentence.lost}
    assert {(fate.span.start, fate.span.stop, fate.reason) for fate in found.fates if not fate.spans} == lost
    for fate in found.fates:
        kept = {(each.candidate.start, each.candidate.stop) for each in fate.options if each.verdict == "chosen"}
        assert kept == {(span.start, span.stop) for span in fate.spans}


@given(LINKS)
def test_whatever_scores_better_than_what_was_chosen_is_held_by_others(links):
    found = told(links)
    for index, fate in enumerate(found.fates):
        scores = [each.candidate.score for each in fate.options]
        assert scores == sorted(scores, reverse=True)
        chosen = next((each.candidate.score for each in fate.options if each.verdict == "chosen"), None)
        for option in fate.options:
            if option.candidate.score < 0.1:
                assert option.verdict == "below threshold"
            elif option.verdict != "chosen" and (chosen is None or option.candidate.score > chosen):
                assert option.verdict == "overlap"
            for other in option.beaten_by:
                assert other != index
                (winner,) = found.fates[other].spans
                assert winner.start < option.candidate.stop
                assert option.candidate.start < winner.stop


def test_each_candidate_has_a_verdict():
    links = [(0, 0), (1, 1), (2, 1, 0.2), (4, 6, 0.06)]
    found = told(links)
    assert found.links == tuple(
        map(Link._make, [(0, 0, 1.0), (1, 1, 1.0), (2, 1, pytest.approx(0.2)), (4, 6, pytest.approx(0.06))])
    )
    per, loc, weak = found.fates
    verdicts = [(each.candidate.start, each.candidate.stop, each.verdict, each.beaten_by) for each in per.options]
    assert verdicts[0] == (0, 2, "chosen", ())
    assert {each[2] for each in verdicts[1:]} == {"lower score"}
    assert [(each.verdict, each.beaten_by) for each in loc.options] == [("overlap", (0,))]
    assert (loc.reason, loc.spans) == ("overlap", ())
    assert [each.verdict for each in weak.options] == ["below threshold"]
    assert weak.reason == "below threshold"


def test_runs_of_the_heuristic_have_verdicts_too():
    links = [(0, 0), (0, 1), (1, 3), (2, 1), (4, 5, 0.2)]
    per, loc, weak = told(links, matching=Matching(matcher="heuristic")).fates
    assert [(each.candidate[:2], each.verdict) for each in per.options] == [((0, 2), "chosen"), ((3, 4), "shorter")]
    assert [(each.candidate[:2], each.verdict, each.beaten_by) for each in loc.options] == [((1, 2), "overlap", (0,))]
    assert (weak.options, weak.reason, len(weak.links)) == ((), "only weak links", 1)
    short = told(links, matching=Matching(matcher="heuristic", length_ratio=2.0)).fates[1]
    assert [each.verdict for each in short.options] == ["below length ratio"]


def test_what_a_filter_took_says_so():
    links = [(0, 0), (1, 1), (2, 3)]
    filtering = Filtering(min_confidence=0.9, labels=("LOC",), sentences="confident")
    found = told(links, filtering=filtering)
    assert [fate.reason for fate in found.fates] == ["label not wanted", "low confidence", "no link"]
    assert [fate.options[0].verdict for fate in found.fates[:2]] == ["label not wanted", "low confidence"]
    assert [fate.options[0].confidence for fate in found.fates[:2]] == [1.0, 0.8]
    assert found.left_out == "low confidence"


def test_what_was_dropped_has_its_best_candidate_and_what_beat_it():
    links = [(0, 0), (1, 1), (2, 1, 0.2), (4, 6, 0.06)]
    loc, weak, sentence = dropped(told(links, filtering=Filtering(sentences="complete")))
    assert (loc.what, loc.id, loc.source_id, loc.reason) == ("span", "7", "s1", "overlap")
    assert loc.source == Place(2, 3, "LOC", "c")
    assert loc.best == Place(1, 2, "LOC", "u", pytest.approx(0.2))
    assert loc.beaten_by == (Place(0, 2, "PER", "t u", 1.0, 1.0),)
    assert (weak.reason, weak.best.surface, weak.beaten_by) == ("below threshold", "z", ())
    assert sentence == Dropped("sentence", "7", "s1", "incomplete")


def test_spans_lost_before_and_parts_left_out_are_dropped_too():
    source = Sentence(("a", "b"), (Span(0, 1, "PER"),), "s", lost=(Lost(1, 2, "LOC", "not found"),))
    matching = Matching(matcher="greedy", limit=2, score="soft", threshold=0.1)
    filtering = Filtering(min_confidence=0.7)
    found = dropped(told([(0, 0, 1.0), (0, 2, 0.6)], source, ("x", "y", "z"), matching, filtering))
    assert [(each.reason, each.source.surface) for each in found] == [("not found", "b"), ("low confidence", "a")]
    assert (found[1].best.surface, found[1].best.confidence) == ("z", pytest.approx(0.6))


@given(LINKS)
def test_a_corpus_drops_what_its_ledger_counts(links):
    filtering = Filtering(min_confidence=0.4, sentences="complete")
    silver = projected(links, SOFT)[0]
    rows = dropped_of(Projected(SOURCE, silver, Links.of(links), Evidence()), SOFT, filtering)
    kept, left_out = filter_sentence(silver, filtering)
    assert [row.reason for row in rows if row.what == "sentence"] == ([left_out] if left_out else [])
    assert sum(row.what == "span" for row in rows) == len(kept.lost)


def test_dropped_rows_are_json_without_what_is_not_known():
    file = io.StringIO()
    write_dropped([Dropped("sentence", "7", "s1", "incomplete"), *dropped(told([(0, 0)]))], file)
    first, *spans = map(json.loads, file.getvalue().splitlines())
    assert first == {"what": "sentence", "id": "7", "source_id": "s1", "reason": "incomplete"}
    source = {"start": 2, "stop": 3, "label": "LOC", "surface": "c"}
    assert spans[0] == {"what": "span", "id": "7", "source_id": "s1", "reason": "no link", "source": source}
