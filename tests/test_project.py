import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Alignment, Bitext, Corpus, Link, Links, Lost, Origin, Pair, Sentence, Span
from exonym.errors import DataError, RecipeError
from exonym.formats import read_corpus
from exonym.project import Fusion, Matching, join, losses, project

MATCHERS = ("exact", "greedy", "bipartite", "heuristic")


def carry(source, target, links, **options):
    """Project one sentence; by the weights of its links alone, unless something else is said."""
    if options.get("matcher") != "heuristic" and "score" not in options:
        options = {"score": "soft", "threshold": 0.1} | options
    corpus = Corpus((source,))
    bitext = Bitext((Pair(source.words, target, "1"),))
    return project(corpus, bitext, Alignment((Links.of(links),)), Matching(**options))[0]


@pytest.mark.parametrize("matcher", MATCHERS)
@given(st.data())
def test_a_permuting_alignment_permutes_the_spans(matcher, data):
    """Every word linked to one word, entities kept together: each matcher must find the permuted spans exactly."""
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=5))
    starts = [sum(sizes[:index]) for index in range(len(sizes))]
    order = data.draw(st.permutations(range(len(sizes))))
    spans = [Span(start, start + size, "PER") for start, size in zip(starts, sizes, strict=True)]
    spans = [span for index, span in enumerate(spans) if index % 2 == 0]
    place, links, expected = 0, [], []
    for index in order:
        links += [(starts[index] + offset, place + offset) for offset in range(sizes[index])]
        expected += [(place, place + sizes[index], "PER")] if index % 2 == 0 else []
        place += sizes[index]
    words = tuple(f"w{index}" for index in range(place))
    got = carry(Sentence(words, tuple(spans)), words, links, matcher=matcher)
    assert [span.key for span in got.spans] == sorted(expected)
    assert got.lost == ()
    assert all(span.score == 1 for span in got.spans)


def test_each_span_carries_its_origin_and_each_lost_one_its_reason():
    source = Sentence(
        ("Ana", "Ruiz", "left", "Bonn", "for", "Rome"), (Span(0, 2, "PER"), Span(3, 4, "LOC"), Span(5, 6, "LOC")), "s9"
    )
    got = carry(source, ("Bonn", "hat", "Ana", "verlassen"), [(0, 2, 0.75), (1, 3, 0.05), (3, 0, 0.05)])
    assert got.spans == (Span(2, 3, "PER", 0.5, Origin("s9", 0, 2, "exact", (Link(0, 2, 0.75),))),)
    assert got.lost == (Lost(3, 4, "LOC", "below threshold"), Lost(5, 6, "LOC", "no link"))
    assert losses(Corpus((got,))) == {"spans projected": 1, "spans lost: below threshold": 1, "spans lost: no link": 1}


def test_a_span_whose_candidates_lose_says_so():
    source = Sentence(("a", "b"), (Span(0, 1, "PER"), Span(1, 2, "LOC")))
    got = carry(source, ("x",), [(0, 0, 1.0), (1, 0, 0.5)])
    assert [span.label for span in got.spans] == ["PER"]
    assert got.lost == (Lost(1, 2, "LOC", "overlap"),)


def test_the_heuristic_says_when_all_links_are_weak():
    source = Sentence(("a", "b"), (Span(0, 1, "PER"), Span(1, 2, "LOC")))
    got = carry(source, ("x",), [(0, 0, 0.3)], matcher="heuristic")
    assert [lost.reason for lost in got.lost] == ["only weak links", "no link"]
    assert carry(source, ("x",), [(0, 0, 0.3)], matcher="heuristic", min_weight=0.2).spans[0].label == "PER"


@pytest.mark.parametrize(("place", "to"), [(0, 99), (99, 0), (20, 60), (60, 20)])
def test_one_moved_line_is_one_or_two_faults(place, to):
    words = [(f"w{number}",) for number in range(100)]
    corpus = Corpus(tuple(Sentence(each) for each in words))
    words.insert(to, words.pop(place))
    with pytest.raises(DataError) as error:
        join(corpus, Bitext(tuple(Pair(each, ("x",), str(n)) for n, each in enumerate(words, start=1))))
    assert len(str(error.value).splitlines()) <= 2


def test_pairs_join_the_corpus_in_order_and_may_leave_sentences_out():
    a, b, c = (Sentence((word,), (), str(n)) for n, word in enumerate("aba", start=1))
    bitext = Bitext((Pair(("b",), ("x",), "1"), Pair(("a",), ("y",), "2")))
    assert join(Corpus((a, b, c)), bitext) == [b, c]
    wrong = Bitext(
        (Pair(("a",), ("x",), "1"), Pair(("A",), ("y",), "2"), Pair(("a",), ("z",), "3"), Pair(("b",), ("z",), "4")),
        "b.tsv",
    )
    with pytest.raises(DataError) as error:
        join(Corpus((a, b, c), "gold.conll"), wrong)
    lines = str(error.value).splitlines()
    assert lines[0].startswith("b.tsv:2: found other words; expected the words of a sentence of gold.conll")
    assert lines[1].startswith("b.tsv:4: found an earlier sentence")


def test_links_of_another_bitext_are_refused():
    corpus, bitext = Corpus((Sentence(("a",)),)), Bitext((Pair(("a",), ("b",)),))
    with pytest.raises(DataError, match="links for 2 pairs; expected 1"):
        project(corpus, bitext, Alignment((Links.of([]), Links.of([]))))


@pytest.mark.parametrize("link", [(1, 0), (0, 1)])
def test_links_outside_their_sentences_are_refused(link):
    corpus, bitext = Corpus((Sentence(("a",), (Span(0, 1, "PER"),)),)), Bitext((Pair(("a",), ("b",), "7"),))
    with pytest.raises(DataError, match=f"pair 7: found the link {link[0]}-{link[1]}"):
        project(corpus, bitext, Alignment((Links.of([link]),)))


@pytest.mark.parametrize(
    "options",
    [
        {"threshold": 2},
        {"threshold": float("nan")},
        {"min_weight": -1},
        {"max_gap": -1},
        {"length_ratio": -0.5},
        {"length_ratio": float("nan")},
        {"power": 0},
        {"limit": 0},
        {"max_words": -1},
        {"matcher": "best"},
        {"score": "dice"},
        {"candidates": "all"},
        {"compat": "mine"},
    ],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(RecipeError):
        Matching(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"matcher": "heuristic", "threshold": 0.3},
        {"matcher": "heuristic", "score": "pairs"},
        {"power": 2.0},
        {"matcher": "heuristic", "power": 2.0},
        {"matcher": "heuristic", "candidates": "ngrams"},
        {"matcher": "heuristic", "fusion": Fusion(tagger=1.0)},
        {"matcher": "heuristic", "limit": 2},
        {"matcher": "bipartite", "limit": 2},
        {"score": "words", "power": 2.0},
        {"min_weight": 0.5},
        {"max_words": 3},
        {"stop": ()},
        {"max_gap": 0},
        {"compat": "politov"},
    ],
)
def test_options_that_would_do_nothing_are_refused(options):
    with pytest.raises(RecipeError, match="which does not know it"):
        Matching(**options)


@pytest.mark.parametrize("options", [{"score": "pairs"}, {"score": "words"}, {"matcher": "heuristic"}])
def test_where_links_count_as_one_each_weak_ones_do_not_count(options):
    source = Sentence(("a", "b", "c"), (Span(0, 1, "PER"), Span(1, 2, "LOC"), Span(2, 3, "ORG")))
    links = [(0, 0, 0.9), (1, 2, 0.3)]
    got = carry(source, ("x", "y", "z"), links, **options)
    assert [(span.key, span.score) for span in got.spans] == [((0, 1, "PER"), 1.0)]
    assert got.lost == (Lost(1, 2, "LOC", "only weak links"), Lost(2, 3, "ORG", "no link"))
    more = carry(source, ("x", "y", "z"), links, min_weight=0.2, **options)
    assert [span.key for span in more.spans] == [(0, 1, "PER"), (2, 3, "LOC")]


def test_squared_votes_prefer_strong_links():
    source, target = Sentence(("a",), (Span(0, 1, "PER"),)), ("x", "y")
    links = [(0, 0, 0.9), (0, 1, 0.5)]
    assert carry(source, target, links).spans[0].key == (0, 2, "PER")
    assert carry(source, target, links, power=2.0).spans[0].key == (0, 1, "PER")


@pytest.mark.parametrize("matcher", ["exact", "greedy"])
def test_a_span_goes_to_as_many_ranges_as_the_limit_says(matcher):
    source = Sentence(("a",), (Span(0, 1, "PER"),))
    got = carry(source, ("x", "y", "z"), [(0, 0), (0, 2)], matcher=matcher, limit=2)
    assert [span.key for span in got.spans] == [(0, 1, "PER"), (2, 3, "PER")]
    assert [span.origin.links for span in got.spans] == [(Link(0, 0, 1.0),), (Link(0, 2, 1.0),)]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6), st.sampled_from([0.2, 0.5, 1.0])), max_size=12))
def test_all_ngrams_give_the_same_total_as_linked_ones_and_stop_words_are_kept_out(links):
    source = Sentence(tuple("abcdef"), (Span(0, 2, "PER"), Span(2, 3, "LOC"), Span(4, 6, "PER")))
    target = ("t", "u", "!", "v", "w", "x", "y")
    found = [
        sum(span.score for span in carry(source, target, links, **options).spans)
        for options in ({}, {"candidates": "ngrams", "stop": ()})
    ]
    assert found[0] == pytest.approx(found[1])
    stopped = carry(source, target, links, candidates="ngrams")
    assert not any(span.start <= 2 < span.stop for span in stopped.spans)


def test_gold_links_by_identity_return_the_source_labels(data):
    """On real text, a sentence projected onto itself keeps its labels, whatever the matcher."""
    corpus = read_corpus(data / "ner/europarl/es/test.conll")
    bitext = Bitext(tuple(Pair(s.words, s.words, s.id) for s in corpus))
    links = Alignment(tuple(Links.of([(i, i) for i in range(len(s))]) for s in corpus))
    for matcher in MATCHERS:
        projected = project(corpus, bitext, links, Matching(matcher=matcher))
        assert [[span.key for span in s.spans] for s in projected] == [[span.key for span in s.spans] for s in corpus]
