"""Translate-test: tag a translation of the test text in the source language, and project the spans back.

Start at `translate_test`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np

from exonym.align import StatisticalAligner
from exonym.data import Alignment, Bitext, Corpus, Ledger
from exonym.errors import RecipeError
from exonym.project import Matching, losses, places
from exonym.tag import LightOptions
from exonym.transfer.carried import carried
from exonym.transfer.parallel import (
    AlignerOptions,
    ScorerOptions,
    TranslatorOptions,
    check_links,
    counted,
    links_of,
    scorer_of,
    with_test_translation,
)
from exonym.transfer.saved import TaggerOptions, source_tagger
from exonym.transfer.stages import (
    Do,
    check_evidence,
    just_do,
    project,
    stage,
    tag,
    tag_source_side,
    tag_target_side,
)
from exonym.transfer.task import Outcome, Task

Missing = Literal["untagged", "direct"]


@dataclass(frozen=True, kw_only=True)
class TranslateTest:
    """Options of translate-test.

    Attributes:
        kind: names the method in a recipe.
        translator: translates the test text into the source language; None takes the test translation of the task.
        aligner: how words are linked.
        matching: how spans are matched. Where it needs a tagger of the target language, it gets the source tagger.
        scorer: scores candidates by translation, where `matching.fusion.translation` is not 0.
        missing: what becomes of test sentences that have no translation: they stay `untagged`, or the source tagger
            tags them as they are (`direct`).
        tagger: how the source tagger is trained; or one that is there already.
    """

    kind: Literal["translate_test"] = "translate_test"
    translator: TranslatorOptions | None = None
    aligner: AlignerOptions = field(default_factory=StatisticalAligner)
    matching: Matching = field(default_factory=Matching)
    scorer: ScorerOptions | None = None
    missing: Missing = "untagged"
    tagger: TaggerOptions = field(default_factory=LightOptions)

    def __post_init__(self) -> None:
        check_evidence(self.matching, self.scorer)
        check_links(self.aligner, self.translator)


class _Projected(NamedTuple):
    """What was made of a test text: the spans put on it, what was counted, and what they come from."""

    predictions: Corpus
    ledger: Ledger
    tagged: Corpus
    translation: Bitext
    links: Alignment
    rest: Corpus


def translate_test(task: Task, options: TranslateTest, do: Do = just_do, seed: int = 1) -> Outcome:
    """Tag the translation of the test text with a source tagger and project its spans onto the test text.

    The aligner learns on the pairs of the test translation and all other parallel text at once.

    Args:
        task: needs `source`, `test` and, without a translator, `test_translation`; other parallel text makes the links
            better.
        options: the options of the method.
        do: carries out the stages.
        seed: of trainings with chance in them; tells apart the runs of an aligner that is not deterministic.

    Returns:
        Predictions whose spans carry the pair, links and score that they come from; no tagger, since more text could
        only be tagged with its translation.

    Raises:
        RecipeError: the task has no test translation, or the translator does not know the languages.
        DataError: the test translation is not one of this test text; all faults are named.

    Source:
        Politov et al. 2025, the pipelines that align the test text with its translation (theirs from NLLB-200; here
        whatever is given) and project by the word-alignment heuristic or by matching candidates (see `exonym.project`).
        Differences: our aligner is statistical, trained on this text and the other parallel text; sentences may
        lack a translation, and are counted.
    """
    found = _projected(task, options, do, seed)
    return Outcome(predictions=found.predictions, ledger=found.ledger)


def translate_test_labels(task: Task, options: TranslateTest, do: Do, seed: int) -> tuple[Corpus, Ledger]:
    """Do as `translate_test`, and say for each word of the test text what the source tagger says of its translation.

    Returns:
        The test text with the spans of `translate_test`, and as probabilities what `exonym.transfer.carried` carries
        over the same links: of a word without links, or of a sentence without a translation, they are zero, unless the
        source tagger tags such a sentence as it is; and the count of what was lost.

    Raises:
        RecipeError: as `translate_test`.
        DataError: as `translate_test`.
    """
    found = _projected(task, options, do, seed)
    return do(carry, found.tagged, found.translation, found.links, found.predictions, found.rest), found.ledger


def _projected(task: Task, options: TranslateTest, do: Do, seed: int) -> _Projected:
    made = None
    if options.translator is not None:
        task, made = with_test_translation(task, options.translator, do)
    translation = task.test_translation
    if translation is None or not len(translation):
        raise RecipeError("translate_test: found no translation of the test text; expected `test_translation`.")
    places(task.test, translation, "target")  # a translation of another text is refused before any work is done for it
    reader = source_tagger(task, options.tagger, do, seed)
    tagged = do(tag_source_side, reader, translation)
    own = made.alignment.swapped() if made and made.alignment else None
    links = links_of(translation + task.parallel, options.aligner, own, do, seed)
    known = do(tag_target_side, reader, translation) if options.matching.needs_tagger else None
    scorer = scorer_of(options.scorer, task)
    more = () if scorer is None else (scorer,)
    projected = do(project, tagged, translation, links, options.matching, known, *more)
    rest = do(tag, reader, task.test) if options.missing == "direct" else task.test
    predictions = do(put_on_test, projected, translation, rest)
    lost = do(count_test_losses, projected, len(task.test) - len(translation), options.missing)
    ledger = counted(made.ledger if made else Ledger(), lost)
    return _Projected(predictions, ledger, tagged, translation, links, rest)


@stage(1)
def put_on_test(projected: Corpus, translation: Bitext, rest: Corpus) -> Corpus:
    """Put projected spans on the test text; sentences without a translation stay as they are in `rest`."""
    sentences = [replace(sentence, probabilities=None) for sentence in rest]
    for place, found in zip(places(rest, translation, "target"), projected, strict=True):
        sentences[place] = replace(sentences[place], spans=found.spans, lost=found.lost)
    return Corpus(tuple(sentences), rest.name)


@stage(1)
def carry(tagged: Corpus, translation: Bitext, links: Alignment, predictions: Corpus, rest: Corpus) -> Corpus:
    """Carry label probabilities onto the test text, whose spans stay; sentences without a translation have `rest`'s."""
    sentences = [
        replace(own, probabilities=np.zeros((len(own), len(tagged.tags)), np.float32) if rows is None else rows)
        for own, rows in zip(predictions, (each.probabilities for each in rest), strict=True)
    ]
    known = zip(places(predictions, translation, "target"), tagged, links, strict=False)  # links may go on past the end
    for place, source, own in known:
        rows = carried(source, own, len(sentences[place]), tagged.tags)
        sentences[place] = replace(sentences[place], probabilities=rows)
    return Corpus(tuple(sentences), predictions.name, tagged.tags)


@stage(1)
def count_test_losses(projected: Corpus, untranslated: int, missing: Missing) -> Ledger:
    """Count what was not projected, by reason, and the test sentences without a translation."""
    ledger = losses(projected)
    untagged = missing == "untagged"
    ledger.note("sentences not translated" if untagged else "untranslated sentences tagged directly", untranslated)
    return ledger
