"""Parallel text that a method has its translator make, and the word links of parallel text. Start at `links_of`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from exonym.align import AnyAligner
from exonym.data import Ledger
from exonym.errors import RecipeError
from exonym.project import MarkerScorer
from exonym.project.marking import Style
from exonym.transfer.stages import Do, align, translate
from exonym.translate import Apertium, Ctranslate2, DirectTranslationScore, Files, TransformersTranslator

if TYPE_CHECKING:
    from exonym.data import Alignment, Bitext
    from exonym.transfer.task import Task
    from exonym.translate import Translations


@dataclass(frozen=True, kw_only=True)
class TranslatorLinks:
    """Takes the word links from the translator, which must know them (Apertium does, exactly).

    Attributes:
        kind: names this choice where an aligner may stand in a recipe.
    """

    deterministic: ClassVar[bool] = True
    requires: ClassVar[dict[str, str]] = {}

    kind: Literal["translator"] = "translator"


@dataclass(frozen=True, kw_only=True)
class PhraseScorer:
    """Scores candidates by how well a translation model finds that they and the source span translate each other.

    Attributes:
        kind: names it in a recipe.
        translator: the model; one of NLLB or M2M100, which also translate a language into itself.

    Source:
        García-Ferrero et al. 2023, T-Projection, whose candidates are ranked so; here with the exact assignment.
    """

    kind: Literal["phrases"] = "phrases"
    translator: Ctranslate2 | TransformersTranslator


@dataclass(frozen=True, kw_only=True)
class InsertionScorer:
    """Scores candidates by how probable a translation model finds marks around them, given the marked source sentence.

    Attributes:
        kind: names it in a recipe.
        translator: the model; better one that was taught to keep marks.
        style: how entities are marked.
        kept: of each entity so many ranges share a score of 1.
        max_words: longer ranges are not looked at; 0 is no limit.

    Source:
        Le et al. 2024, CODEC; see `exonym.project.MarkerScorer`.
    """

    kind: Literal["insertions"] = "insertions"
    translator: Ctranslate2 | TransformersTranslator
    style: Style = "brackets"
    kept: int = 5
    max_words: int = 10


AlignerOptions = AnyAligner | TranslatorLinks
TranslatorOptions = Apertium | Files | Ctranslate2 | TransformersTranslator
ScorerOptions = PhraseScorer | InsertionScorer


def scorer_of(options: ScorerOptions | None, task: Task) -> DirectTranslationScore | MarkerScorer | None:
    """Make the scorer of candidates of a task."""
    if options is None:
        return None
    source, target = task.source_language, task.target_language
    if isinstance(options, PhraseScorer):
        return DirectTranslationScore(options.translator, source, target)
    return MarkerScorer(
        translator=options.translator,
        source=source,
        target=target,
        style=options.style,
        kept=options.kept,
        max_words=options.max_words,
    )


def with_translation(task: Task, translator: TranslatorOptions, do: Do) -> tuple[Task, Translations]:
    """Translate the source corpus of a task, and put the result in the place of its translation."""
    made = translate(task.source, translator, task.source_language, task.target_language, do)
    return replace(task, translation=made.bitext, whole=None), made


def with_test_translation(task: Task, translator: TranslatorOptions, do: Do) -> tuple[Task, Translations]:
    """Translate the test text of a task into the source language, and put the result in the place of its translation.

    The translations go from the test text to the source language; the bitext, as every one of a task, the other way.
    """
    made = translate(task.test, translator, task.target_language, task.source_language, do)
    return replace(task, test_translation=made.bitext.swapped()), made


def counted(made: Ledger, lost: Ledger) -> Ledger:
    """Put the counts of what a translator made, if it made anything, before those of what was lost later."""
    if not made:
        return lost
    whole = Ledger(made)
    whole.update(lost)
    return whole


def check_links(aligner: AlignerOptions, translator: TranslatorOptions | None) -> None:
    """Refuse the links of a translator where there is none.

    Raises:
        RecipeError: so it is.
    """
    if isinstance(aligner, TranslatorLinks) and translator is None:
        raise RecipeError(
            'aligner: found kind = "translator" and no translator; expected one that knows which words come from '
            'which, such as translator = { kind = "apertium" }.'
        )


def links_of(bitext: Bitext, aligner: AlignerOptions, own: Alignment | None, do: Do, seed: int) -> Alignment:
    """Link the words of a bitext.

    Args:
        bitext: the pairs; those of a translator come first.
        aligner: who links them, or `TranslatorLinks`.
        own: what the translator knows of its own pairs; None if it knows nothing, or if there is none.
        do: carries out the stages.
        seed: tells apart the runs of an aligner that is not deterministic.

    Raises:
        RecipeError: the links of the translator are asked for, and it has none.
    """
    if not isinstance(aligner, TranslatorLinks):
        return do(align, bitext, aligner, 0 if aligner.deterministic else seed)
    if own is None:
        raise RecipeError(
            'aligner: found kind = "translator" and a translator without word links; expected another aligner.'
        )
    return own
