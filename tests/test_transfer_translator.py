"""Translate-train and translate-test with a translator in the place of ready translations."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from exonym.data import Links
from exonym.errors import RecipeError
from exonym.run.store import NotYet, Store
from exonym.transfer import TranslateTest, TranslateTrain, transfer
from exonym.transfer.parallel import TranslatorLinks
from exonym.translate import Translation
from test_transfer import CITIES, LIGHT, inverted, keys, task

WORDS = {"sees": "sieht", **CITIES}


@dataclass(frozen=True)
class Wordwise:
    """Translates word by word, the last words first; `lost` comes out as nothing."""

    deterministic: ClassVar[bool] = True
    requires: ClassVar[dict[str, str]] = {}
    kind: str = "wordwise"
    knows_links: bool = True
    lost: str = ""

    def translate(self, sentences, source, target, progress=None):
        assert {source, target} == {"en", "de"}
        table = WORDS if source == "en" else {new: old for old, new in WORDS.items()}
        made = []
        for sentence in sentences:
            words = [table.get(word, word) for word in reversed(sentence.words)]
            last = len(words) - 1
            links = Links.of((place, last - place) for place in range(len(words))) if self.knows_links else None
            found = self.lost and self.lost in sentence.words
            made.append(Translation("", (), ()) if found else Translation.of(" ".join(words), links=links))
        return made


def languages(given):
    return replace(given, translation=None, test_translation=None, source_language="en", target_language="de")


@pytest.mark.parametrize("aligner", [TranslatorLinks(), TranslateTrain().aligner], ids=lambda each: each.kind)
def test_translate_train_learns_from_what_its_translator_makes(aligner):
    _, given = task()
    outcome = transfer(languages(given), TranslateTrain(tagger=LIGHT, translator=Wordwise(), aligner=aligner))
    assert outcome.ledger["sentences translated"] == len(given.source)
    for own, made in zip(given.source, outcome.corpus, strict=True):
        assert [WORDS.get(word, word) for word in reversed(own.words)] == list(made.words)
        if aligner.kind == "translator":
            wanted = [(len(own) - span.stop, len(own) - span.start, span.label) for span in reversed(own.spans)]
            assert [span.key for span in made.spans] == wanted


def test_translate_test_tags_what_its_translator_makes():
    gold, given = inverted()
    options = TranslateTest(tagger=LIGHT, translator=Wordwise(), aligner=TranslatorLinks())
    outcome = transfer(languages(given), options)
    assert keys(outcome.predictions) == keys(gold)


def test_sentences_without_translation_are_counted():
    _, given = task()
    options = TranslateTrain(tagger=LIGHT, translator=Wordwise(lost="Rome"), aligner=TranslatorLinks())
    outcome = transfer(languages(given), options)
    gone = sum("Rome" in sentence.words for sentence in given.source)
    assert outcome.ledger["translations left out: empty"] == gone
    assert len(outcome.corpus) == len(given.source) - gone


def test_links_of_a_translator_that_has_none_are_refused():
    with pytest.raises(RecipeError, match="no translator"):
        TranslateTrain(aligner=TranslatorLinks())
    with pytest.raises(RecipeError, match="labels"):
        TranslateTrain(aligner=TranslatorLinks(), translator=Wordwise(), labels="tagger")
    options = TranslateTrain(tagger=LIGHT, aligner=TranslatorLinks(), translator=Wordwise(knows_links=False))
    with pytest.raises(RecipeError, match="without word links"):
        transfer(languages(task()[1]), options)


def test_a_plan_ends_where_the_translation_is_looked_into(tmp_path):
    told = []
    store = Store(tmp_path, plan=True, told=lambda name, state: told.append((name, state)))
    with pytest.raises(NotYet):
        transfer(languages(task()[1]), TranslateTrain(tagger=LIGHT, translator=Wordwise()), store)
    assert told == [("translate_shard", "run")]
