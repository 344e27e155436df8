"""Translate-train: project source labels onto translations and train a target tagger on the result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from exonym.align import StatisticalAligner
from exonym.data import Corpus, Ledger
from exonym.errors import RecipeError
from exonym.project import Filtering, Matching, filtered, losses
from exonym.tag import LightOptions, NeuralOptions
from exonym.transfer.parallel import (
    AlignerOptions,
    TranslatorOptions,
    check_links,
    counted,
    links_of,
    with_translation,
)
from exonym.transfer.saved import SavedTagger, source_tagger
from exonym.transfer.stages import (
    Do,
    check_evidence,
    just_do,
    keep,
    project,
    seed_for,
    stage,
    tag,
    tag_source_side,
    tag_target_side,
    train,
)
from exonym.transfer.task import Outcome, Task


@dataclass(frozen=True, kw_only=True)
class TranslateTrain:
    """Options of translate-train.

    Attributes:
        kind: names the method in a recipe.
        labels: `gold` projects the labels of the source corpus over its translation; `tagger` projects what a source
            tagger finds on the source side of all parallel text.
        translator: makes the translation of the source corpus; None takes the one of the task.
        aligner: how words are linked.
        matching: how spans are matched. Where it needs a tagger of the target language, it gets one that is trained on
            the source corpus.
        filtering: what of the projection is trained on; if not given, the sentences that received every label of their
            source (in the others lost names stand unlabelled).
        tagger: how taggers are trained.
        source_tagger: a source tagger that is there already; None trains one like the others where one is needed.
    """

    kind: Literal["translate_train"] = "translate_train"
    labels: Literal["gold", "tagger"] = "gold"
    translator: TranslatorOptions | None = None
    aligner: AlignerOptions = field(default_factory=StatisticalAligner)
    matching: Matching = field(default_factory=Matching)
    filtering: Filtering = field(default_factory=lambda: Filtering(sentences="complete"))
    tagger: LightOptions | NeuralOptions = field(default_factory=LightOptions)
    source_tagger: SavedTagger | None = None

    def __post_init__(self) -> None:
        check_evidence(self.matching)
        check_links(self.aligner, self.translator)
        if self.labels == "tagger" and self.aligner.kind == "translator":
            raise RecipeError(
                'aligner: found kind = "translator" with labels = "tagger"; expected another aligner, for it also '
                "links parallel text that the translator has not made."
            )


def translate_train(task: Task, options: TranslateTrain, do: Do = just_do, seed: int = 1) -> Outcome:
    """Align source text with its translation, project the labels, train on the labelled translation.

    Args:
        task: needs `source`, `test` and, for `labels="gold"` without a translator, `translation`, else any parallel
            text.
        options: the options of the method.
        do: carries out the stages.
        seed: of trainings with chance in them; tells apart the runs of an aligner that is not deterministic.

    Raises:
        RecipeError: the task has no such text, or the translator does not know the languages.

    Source:
        Yarowsky et al. 2001 for projected training data; García-Ferrero et al. 2022 and Politov et al. 2025 for how
        labels are projected.
    """
    own = seed_for(options.tagger, seed)
    made = None
    if options.translator is not None:
        task, made = with_translation(task, options.translator, do)
    labelled, bitext = task.source, task.translation
    tag_source = options.source_tagger or options.tagger
    if options.labels == "tagger":
        labelled = do(tag_source_side, source_tagger(task, tag_source, do, seed), task.parallel)
        bitext = task.parallel
    if bitext is None or not len(bitext):
        raise RecipeError("translate_train: found no translation of the source corpus; expected `translation`.")
    links = links_of(task.parallel, options.aligner, made.alignment if made else None, do, seed)
    tagged = None
    if options.matching.needs_tagger:
        tagged = do(tag_target_side, source_tagger(task, tag_source, do, seed), bitext)
    projected = do(project, labelled, bitext, links, options.matching, tagged)
    silver = do(keep, projected, options.filtering)
    tagger = do(train, silver, options.tagger, own)
    predictions = do(tag, tagger, task.test)
    ledger = counted(made, do(count_losses, projected, options.filtering))
    return Outcome(tagger=tagger, predictions=predictions, corpus=projected, ledger=ledger)


@stage(2)
def count_losses(projected: Corpus, filtering: Filtering) -> Ledger:
    """Count what was not projected, and the spans and sentences that were left out of training, by reason."""
    ledger = losses(projected)
    ledger.update(filtered(projected, filtering)[1])
    return ledger
