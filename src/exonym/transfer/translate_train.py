"""Translate-train: project source labels onto translations and train a target tagger on the result.

Start at `translate_train`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from exonym.align import StatisticalAligner
from exonym.data import Corpus, Ledger
from exonym.errors import RecipeError
from exonym.project import Filtering, Markers, Matching, filtered, losses
from exonym.tag import LightOptions, NeuralOptions, Tagger
from exonym.transfer.mark_then_translate import mark_then_translate
from exonym.transfer.parallel import (
    AlignerOptions,
    ScorerOptions,
    TranslatorOptions,
    check_links,
    counted,
    links_of,
    scorer_of,
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
        markers: entities are marked before the source corpus is translated, and read off the translation; None
            projects them over word links. The aligner and the matching are for sentences whose markers broke.
        aligner: how words are linked.
        scorer: scores candidates by translation, where `matching.fusion.translation` is not 0.
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
    markers: Markers | None = None
    aligner: AlignerOptions = field(default_factory=StatisticalAligner)
    matching: Matching = field(default_factory=Matching)
    scorer: ScorerOptions | None = None
    filtering: Filtering = field(default_factory=lambda: Filtering(sentences="complete"))
    tagger: LightOptions | NeuralOptions = field(default_factory=LightOptions)
    source_tagger: SavedTagger | None = None

    def __post_init__(self) -> None:
        check_evidence(self.matching, self.scorer)
        if self.markers is not None and (self.translator is None or self.labels == "tagger"):
            raise RecipeError(
                'markers: found them without a translator, or with labels = "tagger"; expected a translator, which '
                "translates the marked source corpus."
            )
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
    projected, made = projected_source(task, options, do, seed)
    silver = do(keep, projected, options.filtering)
    tagger = do(train, silver, options.tagger, own)
    predictions = do(tag, tagger, task.test)
    lost = do(count_losses, projected, options.filtering)
    return Outcome(tagger=tagger, predictions=predictions, corpus=projected, ledger=counted(made, lost))


def projected_source(task: Task, options: TranslateTrain, do: Do, seed: int) -> tuple[Corpus, Ledger]:
    """Carry out translate-train up to the labelled target corpus, before anything is left out of it.

    Returns:
        The target corpus, and the count of what the translator made.
    """
    if options.markers is None or options.translator is None:
        return _over_links(task, options, do, seed)
    return _by_markers(task, options.translator, options.markers, options, do, seed)


def _over_links(task: Task, options: TranslateTrain, do: Do, seed: int) -> tuple[Corpus, Ledger]:
    """Project labels over word links; return the target corpus and the count of what the translator made."""
    made = None
    if options.translator is not None:
        task, made = with_translation(task, options.translator, do)
    labelled, bitext = task.source, task.translation
    if options.labels == "tagger":
        bitext = task.own_parallel
        labelled = do(tag_source_side, _source_tagger(task, options, do, seed), bitext)
    if bitext is None or not len(bitext):
        raise RecipeError("translate_train: found no translation of the source corpus; expected `translation`.")
    links = links_of(task.parallel, options.aligner, made.alignment if made else None, do, seed)
    links = task.links_for(bitext, links)
    tagged = None
    if options.matching.needs_tagger:
        tagged = do(tag_target_side, _source_tagger(task, options, do, seed), bitext)
    scorer = scorer_of(options.scorer, task)
    more = () if scorer is None else (scorer,)  # so that without one the address of the result is what it was
    projected = do(project, labelled, bitext, links, options.matching, tagged, *more)
    return projected, made.ledger if made else Ledger()


def _by_markers(
    task: Task, translator: TranslatorOptions, markers: Markers, options: TranslateTrain, do: Do, seed: int
) -> tuple[Corpus, Ledger]:
    """Translate with markers and read labels off; return the target corpus and the count of what became of them."""
    needs = options.matching.needs_tagger
    return mark_then_translate(
        task.source,
        translator,
        (task.source_language, task.target_language),
        markers,
        aligner=options.aligner,
        matching=options.matching,
        extra=replace(task, translation=None, whole=None).parallel if task.extra else None,
        tagger=_source_tagger(task, options, do, seed) if needs else None,
        translation=scorer_of(options.scorer, task),
        do=do,
        seed=seed,
    )


def _source_tagger(task: Task, options: TranslateTrain, do: Do, seed: int) -> Tagger:
    return source_tagger(task, options.source_tagger or options.tagger, do, seed)


@stage(2)
def count_losses(projected: Corpus, filtering: Filtering) -> Ledger:
    """Count what was not projected, and the spans and sentences that were left out of training, by reason."""
    ledger = losses(projected)
    ledger.update(filtered(projected, filtering)[1])
    return ledger
