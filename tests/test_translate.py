"""Running text from words, what looks wrong with a translation, and translations as data."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Corpus, Links, Sentence, Span
from exonym.transfer import just_do
from exonym.transfer.stages import SHARD, translate
from exonym.translate import Translation, Translations, flaw_of, joined, running, translated

words = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1), max_size=12)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("Amina 's aunt said : \" We wo n't ( ever ) go . \"", "Amina's aunt said: \"We won't (ever) go.\""),
        ("It costs $ 5 , or € 4 ; or 20 % off !", "It costs $5, or €4; or 20% off!"),
        ("`` Yes '' , he said ...", "``Yes'', he said..."),
        ("他 住 在 北京 。", "他住在北京。"),
        ("Nairobi", "Nairobi"),
        ("", ""),
    ],
)
def test_words_are_joined_as_they_would_be_written(given, written):
    assert joined(given.split())[0] == written


@given(words)
def test_every_word_is_found_again_in_the_running_text(found):
    made = running(Sentence(tuple(found), (), "1"))  # checks its offsets itself
    assert made.text.replace(" ", "") == "".join(found).replace(" ", "")
    assert [made.text[start:stop] for start, stop in made.offsets] == found


def test_known_text_stays():
    sentence = Sentence(("Ada", "!"), (), "1", "Ada !", ((0, 3), (4, 5)))
    assert running(sentence) is sentence


@pytest.mark.parametrize(
    ("source", "target", "cut", "flaw"),
    [
        ("we saw Juma", "tulimwona Juma", False, ""),
        ("we saw Juma", "", False, "empty"),
        ("we saw Juma", "tulimwona", True, "cut off"),
        ("we saw Juma and Ada", "sisi na sisi na sisi na sisi na", False, "repeated"),
        ("ha ha ha ha ha", "ja ja ja ja ja", False, ""),  # as in the source
        ("x", ". . . . . . . .", False, ""),  # marks may be repeated
        ("we saw Juma at home", "We saw Juma at home", False, "copied"),
        ("we saw Juma", "we saw Juma", False, ""),  # too few words to say
        ("FC Bravo 3 - 2 Alfa", "FC Bravo 3 - 2 Alfa", False, ""),  # nothing to translate
        ("the price of maize went up again today", "bei", False, "short"),
        ("the price of maize went up", "bei ya mahindi", False, ""),
    ],
)
def test_flaws(source, target, cut, flaw):
    assert flaw_of(source.split(), target.split(), cut=cut) == flaw


@given(words, st.integers(4, 6))
def test_what_is_said_four_times_is_repeated(found, times):
    phrase = ["ndege", *found[:7]]
    assert flaw_of(["a", "bird"], phrase * times) == "repeated"


@dataclass(frozen=True)
class Shouting:
    """Translates by capitals; a word `fail` comes out as nothing."""

    deterministic: ClassVar[bool] = True
    requires: ClassVar[dict[str, str]] = {}
    kind: str = "shouting"

    def translate(self, sentences, source, target, progress=None):
        made = []
        for sentence in map(running, sentences):
            links = Links.of((place, place) for place in range(len(sentence)))
            made.append(
                Translation("", (), ())
                if "fail" in sentence.words
                else Translation.of(sentence.text.upper(), links=links)
            )
        return made


def corpus_of(*texts):
    return Corpus(tuple(Sentence(tuple(text.split()), (), str(number)) for number, text in enumerate(texts, start=1)))


def test_flawed_translations_are_counted_and_are_no_pairs():
    found = translated(Shouting(), corpus_of("a b", "fail", "c"), "en", "xx")
    assert [pair.target for pair in found.bitext] == [("A", "B"), ("C",)]
    assert [pair.id for pair in found.bitext] == ["1", "3"]
    assert [list(links) for links in found.alignment] == [[(0, 0, 1.0), (1, 1, 1.0)], [(0, 0, 1.0)]]
    assert found.ledger == {"sentences translated": 3, "translations left out: empty": 1}
    assert found.language == "xx"


def test_no_alignment_without_links_of_every_pair():
    made = (Translation.of("A", links=Links.of([(0, 0)])), Translation.of("B"))
    assert Translations(corpus_of("a", "b").sentences, made, "xx").alignment is None


def test_fingerprint_sees_all_of_a_translation():
    sentences = corpus_of("a b").sentences
    kinds = [
        Translation.of("A B"),
        Translation.of("A  B"),
        Translation.of("A B", score=-0.5),
        Translation.of("A B", cut=True),
        Translation.of("A B", links=Links.of([(0, 0)])),
        Translation.of("A B", links=Links.of([(0, 1)])),
    ]
    assert len({Translations(sentences, (made,), "xx").fingerprint for made in kinds}) == len(kinds)


def test_labels_are_not_looked_at():
    bare = corpus_of("Ada lives")
    labelled = Corpus(tuple(sentence.with_spans([Span(0, 1, "PER")]) for sentence in bare))
    assert (
        translated(Shouting(), labelled, "en", "xx").fingerprint == translated(Shouting(), bare, "en", "xx").fingerprint
    )


def test_shards_make_the_whole():
    texts = [f"word{number} here" for number in range(SHARD + 7)]
    whole = translated(Shouting(), corpus_of(*texts), "en", "xx")
    sizes = []

    def do(stage, *args):
        sizes.append(len(args[0]))
        return just_do(stage, *args)

    parts = translate(corpus_of(*texts), Shouting(), "en", "xx", do)
    assert sizes == [SHARD, 7]
    assert parts.fingerprint == whole.fingerprint
    assert parts.name == whole.name


def test_text_counts_in_the_fingerprint_of_a_corpus():
    plain = Sentence(("a", "b"), (), "1")
    texts = [plain, running(plain), Sentence(("a", "b"), (), "1", "[a] b", ((1, 2), (4, 5)))]
    assert len({Corpus((sentence,)).fingerprint for sentence in texts}) == 3
    assert np.all([s.words == ("a", "b") for s in texts])
