import math
from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Alignment, Bitext, Corpus, Links, Pair, Sentence, Span
from exonym.project import Background, Matching, candidates_of, project
from exonym.project.belief import FEATURES, WEIGHTS, Belief, beliefs_of


def test_every_feature_has_a_weight():
    assert len(FEATURES) == len(WEIGHTS)


@given(
    st.lists(st.tuples(st.floats(0.05, 1.0), st.floats(0.01, 0.99)), min_size=1, max_size=7),
    st.data(),
)
def test_the_best_candidate_has_the_greatest_expected_dice(words, data):
    """Against all ranges by brute force, from the formula as it stands in the docstring."""
    count = [value for value, _ in words]
    linked = data.draw(st.sets(st.integers(0, len(words) - 1), min_size=1))
    probability = {word: words[word][1] for word in sorted(linked)}
    lengths = [sum(count[:place]) for place in range(len(count) + 1)]
    belief = Belief(sorted(linked), list(probability.values()), [])

    def dice(start, stop):
        inside = sum(count[word] * chance for word, chance in probability.items() if start <= word < stop)
        whole = sum(count[word] * chance for word, chance in probability.items())
        return 2 * inside / (sum(count[start:stop]) + whole)

    best = max(dice(a, b + 1) for a, b in combinations_with_replacement(range(len(count)), 2))
    found = candidates_of(belief.votes(lengths))
    assert max(candidate.score for candidate in found) == pytest.approx(best)
    assert all(candidate.score == pytest.approx(dice(candidate.start, candidate.stop)) for candidate in found)
    assert best <= 1 + 1e-9


def text(rows):
    """A bitext with its links."""
    pairs = tuple(
        Pair(tuple(one.split()), tuple(other.split()), str(n)) for n, (one, other, _) in enumerate(rows, start=1)
    )
    return Bitext(pairs), Alignment(tuple(Links.of(links) for *_, links in rows))


# English capitals mark names; in this made-up language too. Verbs stay small.
TEXT = [
    (f"He saw {name} {verb}", f"el vio {name}o {verb}an", [(0, 0), (1, 1), (2, 2), (3, 3)])
    for name, verb in zip(
        ("Rom", "Tok", "Lim", "Nur", "Bern", "Suz"), ("run", "fall", "burn", "shine", "sing", "fly"), strict=True
    )
    for _ in range(4)
]


def test_capitals_count_only_where_they_tell_names():
    cased = Background.learn(*text(TEXT))
    assert 0 < cased.lower <= 1
    assert 0 < cased.capital <= 1
    uncased = Background.learn(*text([(one, other.lower(), links) for one, other, links in TEXT]))
    assert uncased.lower == pytest.approx(0.0, abs=0.05)  # and no word has a capital that could count


def test_frequent_words_count_less_and_rare_ones_in_full():
    words = ["de"] * 90 + ["Roma", "casa", "De"] + ["."] * 7
    background = Background.learn([Pair(("x",), tuple(words))], [Links.of([])])
    share = math.log10(100 / 91) / 3
    assert background.information["de"] == background.information["De"] == pytest.approx(max(share, 0.05))
    assert background.information["Roma"] == pytest.approx(2 / 3)
    assert background.information["."] == 0.5
    assert background.lengths(("de", "Berna", ".")) == pytest.approx([0, 0.05, 1.05, 1.55])


def test_a_verb_that_nothing_explains_stays_outside_a_name():
    links = [(0, 0), (1, 1), (2, 2), (2, 3, 0.5)]
    rows = [*TEXT, ("He saw Rom", "el vio Romo ardiendo", links)]
    bitext, alignment = text(rows)
    source = Corpus(tuple(Sentence(pair.source, (Span(2, 3, "LOC"),), pair.id) for pair in bitext))
    assert project(source, bitext, alignment)[-1].spans[0].key == (2, 3, "LOC")
    soft = Matching(score="soft", threshold=0.1)
    assert project(source, bitext, alignment, soft)[-1].spans[0].key[0] == 2


def test_one_word_goes_to_both_words_that_it_always_stands_for():
    rows = [
        (f"UK {verb}", f"Regno Unito {verb}an", [(0, 0, 0.6), (0, 1, 0.6), (1, 2)])
        for verb in ("runs", "falls", "sings")
    ]
    bitext, alignment = text(rows * 3)
    source = Corpus(tuple(Sentence(pair.source, (Span(0, 1, "LOC"),), pair.id) for pair in bitext))
    assert {sentence.spans[0].key for sentence in project(source, bitext, alignment)} == {(0, 2, "LOC")}


def test_more_links_never_make_a_word_less_likely_than_fewer():
    def chance(weight):
        rows = [[(0, 0, 1.0), (0, 1, weight)]]
        return beliefs_of((Span(0, 1, "PER"),), ("a",), ("x", "y"), rows, {}, Background())[0].probability[1]

    assert chance(0.1) < chance(0.5) < chance(0.9)


def test_the_convention_of_conll_is_explicit_and_counted():
    from exonym.project import losses

    bitext, alignment = text([("Europe", "europäischen", [(0, 0)]), ("Europe", "Europa", [(0, 0)])])
    source = Corpus(tuple(Sentence(pair.source, (Span(0, 1, "LOC"),), pair.id) for pair in bitext))
    plain = project(source, bitext, alignment)
    assert [sentence.spans[0].label for sentence in plain] == ["LOC", "LOC"]
    changed = project(source, bitext, alignment, Matching(convention="conll"))
    assert [sentence.spans[0].label for sentence in changed] == ["MISC", "LOC"]
    assert [sentence.spans[0].origin.label for sentence in changed] == ["LOC", ""]
    assert losses(changed)["labels changed by convention: LOC -> MISC"] == 1


def coordinated(label="MISC", between=1):
    """Structural and Cohesion Funds, in Spanish."""
    source = ("Structural", *("and",) * between, "Cohesion", "Funds")
    spans = (Span(0, 1, "MISC"), Span(1 + between, 3 + between, label))
    links = [(0, 1), (between, 2), (1 + between, 4), (2 + between, 0)]
    bitext, alignment = text([(" ".join(source), "Fondos estructurales y de cohesión", links)])
    (found,) = project(Corpus((Sentence(source, spans, "1"),)), bitext, alignment)
    return {span.origin.start: (span.start, span.stop) for span in found.spans}


def test_a_head_that_coordinated_names_share_stands_with_the_name_beside_it():
    assert coordinated() == {0: (0, 2), 2: (4, 5)}


@pytest.mark.parametrize("options", [{"label": "ORG"}, {"between": 2}])
def test_names_that_are_not_coordinated_share_no_head(options):
    assert coordinated(**options)[0] == (1, 2)
