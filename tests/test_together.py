import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Alignment, Bitext, Corpus, Links, Pair, Sentence, Span
from exonym.project import project
from exonym.project.together import Together

WORDS = st.lists(st.sampled_from("abcdeA"), min_size=1, max_size=5)


def dice(pairs, one, other):
    """From its definition: pairs of either word, less the pair at hand, and four more without the other word."""
    first = [one.casefold() in map(str.casefold, pair.source) for pair in pairs]
    second = [other.casefold() in map(str.casefold, pair.target) for pair in pairs]
    if max(sum(first), sum(second)) > max(10, 0.03 * len(pairs)) or not sum(first) or not sum(second):
        return 0.0
    both = sum(map(min, first, second)) - 1
    whole = sum(first) + sum(second) - 2 + 4
    return 2 * both / whole if 2 * both >= 0.05 * whole else 0.0


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=16), st.data())
def test_a_word_belongs_to_the_span_that_it_is_met_with_more_than_with_any_other_word(sides, data):
    pairs = [Pair(tuple(one), tuple(other)) for one, other in sides]
    together = Together.learn(pairs)
    pair = data.draw(st.sampled_from(pairs))
    start = data.draw(st.integers(0, len(pair.source) - 1))
    stop = data.draw(st.integers(start + 1, len(pair.source)))
    for place, word in enumerate(pair.target):
        inside = max(dice(pairs, other, word) for other in pair.source[start:stop])
        outside = max((dice(pairs, other, word) for other in (*pair.source[:start], *pair.source[stop:])), default=-1.0)
        expected = min(1.0, inside / 0.5) if inside > outside else 0.0
        for each in (together, pickle.loads(pickle.dumps(together))):
            assert each.belongs(place, pair.target, pair.source, start, stop) == pytest.approx(expected)


def test_a_short_name_goes_to_all_words_of_the_long_one_though_links_stray():
    """The second half of what "UNO" stands for is linked to the word beside it, as in real texts."""
    roles = ("chief", "envoy", "clerk", "guard", "judge", "pilot")

    def projected(second):
        pairs, links = [], []
        for role, name in zip(roles, second, strict=True):
            target = f"{role}a wa Umoja wa {name} {role[::-1].upper()}"
            pairs.append(Pair(("UNO", role, role.upper()), tuple(target.split()), role))
            links.append(Links.of([(0, 2, 1.0), (0, 4, 0.25), (1, 4, 0.25), (1, 0), (2, 5)]))
        for number in range(100):  # other sentences, so that none of these words is frequent
            words = tuple(f"{number}{letter}" for letter in "abcdef")
            pairs.append(Pair(words, words, str(number)))
            links.append(Links.of((place, place) for place in range(6)))
        spans = {pair.id: (Span(0, 1, "ORG"),) for pair in pairs if pair.source[0] == "UNO"}
        source = Corpus(tuple(Sentence(pair.source, spans.get(pair.id, ()), pair.id) for pair in pairs))
        found = project(source, Bitext(tuple(pairs)), Alignment(tuple(links)))
        return {span.key for sentence in found for span in sentence.spans}

    assert projected(["Mataifa"] * 6) == {(2, 5, "ORG")}
    assert projected([f"{role}ni" for role in roles]) == {(2, 3, "ORG")}
