from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pytest

from exonym.data import Alignment, Bitext, Corpus, Links, Pair, Sentence, Span
from exonym.errors import RecipeError
from exonym.project import Fusion, Markers, Matching, losses
from exonym.run.store import address_of
from exonym.transfer import mark_then_translate
from exonym.transfer.mark_then_translate import read_markers
from exonym.transfer.stages import check_evidence
from exonym.translate import Translation, Translations, Translator, running
from test_transfer import CITIES, NAMES


@dataclass(frozen=True)
class Dictionary:
    """Puts German words for English ones, and loses the marks around some."""

    kind: str = "dictionary"
    loses: tuple[str, ...] = ()
    deterministic: ClassVar[bool] = True
    calls: ClassVar[list[int]] = []

    @property
    def requires(self) -> Mapping[str, str]:
        return {}

    def translate(self, sentences, source, target, progress=None):
        assert (source, target) == ("en", "de")
        self.calls.append(len(sentences))
        return [Translation.of(self.german(running(sentence).text)) for sentence in sentences]

    def german(self, text):
        for lost in self.loses:
            text = text.replace(f"[ {lost} ]", f"{lost} ]")
        for english, german in {**CITIES, "sees": "sieht", "the": "das"}.items():
            text = text.replace(english, german)
        return text


@dataclass(frozen=True)
class Diagonal:
    """Links each word to the one in the same place."""

    deterministic: ClassVar[bool] = True
    requires: ClassVar[Mapping[str, str]] = {}

    def align(self, bitext, extra=()):
        return Alignment(tuple(Links.of((n, n) for n in range(min(len(p.source), len(p.target)))) for p in bitext))


def corpus():
    found = []
    for name in NAMES:
        for city in CITIES:
            spans = (Span(0, 1, "PER"), Span(2, 3, "LOC"))
            found.append(Sentence((name, "sees", city, "."), spans, str(len(found) + 1)))
    return Corpus((*found, Sentence(("the", "end", "."), (), "end")), "en")


def made(loses=(), do=None, **options):
    Dictionary.calls.clear()
    matching = Matching(matcher="exact", score="soft")
    more = {} if do is None else {"do": do}
    translator = Dictionary(loses=tuple(loses))
    assert isinstance(translator, Translator)
    return mark_then_translate(
        corpus(), translator, ("en", "de"), Markers(**options), aligner=Diagonal(), matching=matching, **more
    )


def test_all_labels_are_carried_and_no_sentence_is_aligned():
    found = made()
    assert [s.id for s in found.corpus] == [s.id for s in corpus()]
    assert [[span.key for span in s.spans] for s in found.corpus] == [[span.key for span in s.spans] for s in corpus()]
    assert {found.corpus[place].words[2] for place in range(len(found.corpus) - 1)} == set(CITIES.values())
    assert found.ledger == {"sentences with markers read off": 32}
    assert losses(found.corpus) == {"spans projected": 64}
    assert Dictionary.calls == [33, 12]  # with marks; entities alone, each once


def test_sentences_with_broken_markers_are_translated_again_and_aligned():
    found = made(["Rome"], recover=0)
    assert [[span.key for span in s.spans] for s in found.corpus] == [[span.key for span in s.spans] for s in corpus()]
    assert found.ledger == {
        "sentences with markers read off": 24,
        "sentences with broken markers: lost marker": 8,
        "sentences with broken markers projected over word links": 8,
    }
    assert {span.origin.method for s in found.corpus for span in s.spans} == {"markers", "exact"}
    assert Dictionary.calls == [33, 12, 8]


def test_without_a_fallback_they_keep_what_was_read_off():
    found = made(["Rome"], recover=0, fallback="drop")
    assert losses(found.corpus) == {"spans projected": 56, "spans lost: lost marker": 8}
    assert Dictionary.calls == [33, 12]


def test_lost_markers_are_found_by_the_translation_of_the_entity():
    found = made(["Rome"])
    assert found.ledger["lost markers found by the translation of the entity"] == 8
    assert losses(found.corpus) == {"spans projected": 64}
    assert Dictionary.calls == [33, 12]


def test_every_step_is_a_stage_that_a_run_can_keep():
    addresses = []

    def do(stage, *args, **kwargs):
        addresses.append(address_of(stage, (*args, *kwargs.values())))
        return stage(*args, **kwargs)

    made(["Rome"], do=do, recover=0)
    assert [each.rpartition("-")[0] for each in addresses] == [
        "translate_shard",
        "translate_shard",
        "read_markers",
        "translate_shard",
        "align",
        "project",
        "read_markers",
        "count_markers",
    ]
    assert len(set(addresses)) == len(addresses)


def test_the_aligner_learns_on_all_translations_and_extra_text_after_the_pairs_that_need_links():
    seen = []

    class Seeing(Diagonal):
        def align(self, bitext, extra=()):
            seen.extend(pair.id for pair in bitext)
            return super().align(bitext, extra)

    extra = Bitext((Pair(("a",), ("ein",), "more"),))
    mark_then_translate(
        corpus(),
        Dictionary(loses=("Rome",)),
        ("en", "de"),
        Markers(recover=0),
        aligner=Seeing(),
        matching=Matching(score="soft"),
        extra=extra,
    )
    broken = [s.id for s in corpus() if "Rome" in s.words]
    assert seen[: len(broken)] == broken
    assert sorted(seen[len(broken) :]) == sorted([s.id for s in corpus() if "Rome" not in s.words] + ["more"])


def test_a_corpus_without_entities_is_only_translated():
    source = Corpus((Sentence(("the", "end", "."), (), "1"),))
    found = mark_then_translate(source, Dictionary(), ("en", "de"))
    assert [s.words for s in found.corpus] == [("das", "end", ".")]
    assert not found.ledger


def test_read_markers_may_be_given_no_translated_entities():
    source = corpus()
    nothing = Translations((), (), "de")
    bare = Translations(source.unlabelled().sentences, tuple(Translation.of("x y z .") for _ in source), "de")
    found = read_markers(source, bare, nothing, Markers())
    assert losses(found) == {"spans lost: lost marker": 64}


def test_matching_by_translation_needs_a_scorer():
    matching = Matching(fusion=Fusion(translation=1.0))
    check_evidence(matching, object())
    check_evidence(Matching())
    with pytest.raises(RecipeError, match="no scorer"):
        check_evidence(matching)
