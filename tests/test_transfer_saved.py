"""Methods whose source tagger is there already: the same predictions, and no source labels needed."""

from dataclasses import replace

import pytest

from exonym.data import Corpus
from exonym.errors import DataError, RecipeError
from exonym.project import Filtering
from exonym.tag import train_light
from exonym.transfer import Direct, Gloss, SavedTagger, TranslateTest, TranslateTrain, transfer
from test_transfer import LIGHT, keys, task


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "tagger"
    train_light(task()[1].source, LIGHT).save(folder)
    return SavedTagger(path=str(folder))


@pytest.mark.parametrize(
    ("trained", "key"),
    [
        (Direct(tagger=LIGHT), "tagger"),
        (Gloss(tagger=LIGHT), "tagger"),
        (TranslateTest(tagger=LIGHT), "tagger"),
        (TranslateTrain(tagger=LIGHT, labels="tagger", filtering=Filtering()), "source_tagger"),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_a_saved_source_tagger_does_what_the_trained_one_does(saved, trained, key):
    _, given = task()
    bare = replace(given, source=Corpus(()), types=("LOC", "PER"))
    outcome = transfer(bare, replace(trained, **{key: saved}))
    assert keys(outcome.predictions) == keys(transfer(given, trained).predictions)
    assert any(keys(outcome.predictions))


def test_a_saved_tagger_of_other_types_is_refused_and_can_be_mapped(saved):
    given = replace(task()[1], source=Corpus(()), types=("HUMAN",))
    with pytest.raises(RecipeError, match="found a teacher of LOC, PER; expected one of HUMAN"):
        transfer(given, Direct(tagger=saved))
    mapped = transfer(given, Direct(tagger=replace(saved, labels={"PER": "HUMAN", "LOC": "drop"})))
    assert {span.label for sentence in mapped.predictions for span in sentence.spans} == {"HUMAN"}


def test_a_missing_saved_tagger_is_one_error(tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        transfer(task()[1], Direct(tagger=SavedTagger(path=str(tmp_path / "nowhere"))))
