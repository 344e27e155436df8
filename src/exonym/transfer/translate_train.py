"""Translate-train: project source labels onto translations and train a target tagger on the result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from exonym.align import AnyAligner, StatisticalAligner
from exonym.data import Corpus, Ledger
from exonym.errors import RecipeError
from exonym.project import Filtering, Matching, filtered, losses
from exonym.tag import LightOptions, NeuralOptions
from exonym.transfer.stages import (
    Do,
    align,
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
        labels: `gold` projects the labels of the source corpus over its translation; `tagger` trains a source tagger
            and projects what it finds on the source side of all parallel text.
        aligner: how words are linked.
        matching: how spans are matched. Where it needs a tagger of the target language, it gets one that is trained on
            the source corpus.
        filtering: what of the projection is trained on; if not given, the sentences that received every label of their
            source (in the others lost names stand unlabelled).
        tagger: how taggers are trained.
    """

    kind: Literal["translate_train"] = "translate_train"
    labels: Literal["gold", "tagger"] = "gold"
    aligner: AnyAligner = field(default_factory=StatisticalAligner)
    matching: Matching = field(default_factory=Matching)
    filtering: Filtering = field(default_factory=lambda: Filtering(sentences="complete"))
    tagger: LightOptions | NeuralOptions = field(default_factory=LightOptions)

    def __post_init__(self) -> None:
        check_evidence(self.matching)


def translate_train(task: Task, options: TranslateTrain, do: Do = just_do, seed: int = 1) -> Outcome:
    """Align source text with its translation, project the labels, train on the labelled translation.

    Args:
        task: needs `source`, `test` and, for `labels="gold"`, `translation`, else any parallel text.
        options: the options of the method.
        do: carries out the stages.
        seed: of trainings with chance in them; tells apart the runs of an aligner that is not deterministic.

    Raises:
        RecipeError: the task has no such text.

    Source:
        Yarowsky et al. 2001 for projected training data; García-Ferrero et al. 2022 and Politov et al. 2025 for how
        labels are projected.
    """
    own = seed_for(options.tagger, seed)
    labelled, bitext = task.source, task.translation
    if options.labels == "tagger":
        source_tagger = do(train, task.source, options.tagger, own)
        labelled, bitext = do(tag_source_side, source_tagger, task.parallel), task.parallel
    if bitext is None or not len(bitext):
        raise RecipeError("translate_train: found no translation of the source corpus; expected `translation`.")
    links = do(align, task.parallel, options.aligner, 0 if options.aligner.deterministic else seed)
    tagged = None
    if options.matching.needs_tagger:
        tagged = do(tag_target_side, do(train, task.source, options.tagger, own), bitext)
    projected = do(project, labelled, bitext, links, options.matching, tagged)
    silver = do(keep, projected, options.filtering)
    tagger = do(train, silver, options.tagger, own)
    predictions = do(tag, tagger, task.test)
    ledger = do(count_losses, projected, options.filtering)
    return Outcome(tagger=tagger, predictions=predictions, corpus=projected, ledger=ledger)


@stage(2)
def count_losses(projected: Corpus, filtering: Filtering) -> Ledger:
    """Count what was not projected, and the spans and sentences that were left out of training, by reason."""
    ledger = losses(projected)
    ledger.update(filtered(projected, filtering)[1])
    return ledger
