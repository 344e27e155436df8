"""Transfer methods, one file each; each reads like the method section of its paper. Start at `METHODS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from exonym.transfer.adaptation import Adaptation, AdaptationReport, adapt
from exonym.transfer.adapted import AdaptedEncoder
from exonym.transfer.average import Average, average
from exonym.transfer.chance import Chance, chance
from exonym.transfer.colada import CoLaDa, Neighbours, colada
from exonym.transfer.direct import Direct, direct
from exonym.transfer.entity_similarity import EntitySimilarity
from exonym.transfer.gloss import Gloss, GlossTagger, gloss, load_any_tagger
from exonym.transfer.injection import Injection, InjectionReport, inject
from exonym.transfer.lexical_injection import LexicalInjection, lexical_injection
from exonym.transfer.man_moe import ManMoe, man_moe
from exonym.transfer.mark_then_translate import MarkedCorpus, mark_then_translate
from exonym.transfer.mixture import Mixture, mixture
from exonym.transfer.mtmt import Mtmt, mtmt
from exonym.transfer.multi_source import MultiSource, multi_source
from exonym.transfer.parallel import InsertionScorer, PhraseScorer, TranslatorLinks
from exonym.transfer.retrieval import Retrieval, retrieval
from exonym.transfer.sample import Sample, sampled
from exonym.transfer.saved import SavedTagger
from exonym.transfer.stages import Do, Stage, just_do, stage
from exonym.transfer.supervised import Supervised, supervised
from exonym.transfer.synthetic import Synthetic, synthetic
from exonym.transfer.task import Outcome, Task
from exonym.transfer.teacher_student import TeacherStudent, teacher_student
from exonym.transfer.translate_test import TranslateTest, translate_test
from exonym.transfer.translate_train import TranslateTrain, translate_train
from exonym.transfer.translated import WordByWord
from exonym.transfer.unitrans import UniTrans, unitrans
from exonym.transfer.word_pairs import WordPair, read_pairs

if TYPE_CHECKING:
    from collections.abc import Callable

MethodOptions = (
    Direct
    | Gloss
    | TranslateTrain
    | TranslateTest
    | Average
    | TeacherStudent
    | Synthetic
    | MultiSource
    | ManMoe
    | Mixture
    | Mtmt
    | LexicalInjection
    | UniTrans
    | CoLaDa
    | Supervised
    | Chance
)


class Method(NamedTuple):
    """A transfer method: its options, and the function that carries it out."""

    options: type[MethodOptions]
    run: Callable[..., Outcome]


METHODS: dict[str, Method] = {
    "direct": Method(Direct, direct),
    "gloss": Method(Gloss, gloss),
    "translate_train": Method(TranslateTrain, translate_train),
    "translate_test": Method(TranslateTest, translate_test),
    "average": Method(Average, average),
    "teacher_student": Method(TeacherStudent, teacher_student),
    "synthetic": Method(Synthetic, synthetic),
    "multi_source": Method(MultiSource, multi_source),
    "mixture": Method(Mixture, mixture),
    "mtmt": Method(Mtmt, mtmt),
    "lexical_injection": Method(LexicalInjection, lexical_injection),
    "man_moe": Method(ManMoe, man_moe),
    "unitrans": Method(UniTrans, unitrans),
    "colada": Method(CoLaDa, colada),
    "supervised": Method(Supervised, supervised),
    "chance": Method(Chance, chance),
}


def transfer(task: Task, options: MethodOptions, do: Do = just_do, seed: int = 1) -> Outcome:
    """Carry out the method that these options belong to."""
    run: Any = METHODS[options.kind].run
    outcome: Outcome = run(task, options, do, seed)
    return outcome


__all__ = [
    "METHODS",
    "Adaptation",
    "AdaptationReport",
    "AdaptedEncoder",
    "Average",
    "Chance",
    "CoLaDa",
    "Direct",
    "Do",
    "EntitySimilarity",
    "Gloss",
    "GlossTagger",
    "Injection",
    "InjectionReport",
    "InsertionScorer",
    "LexicalInjection",
    "ManMoe",
    "MarkedCorpus",
    "Method",
    "MethodOptions",
    "Mixture",
    "Mtmt",
    "MultiSource",
    "Neighbours",
    "Outcome",
    "PhraseScorer",
    "Retrieval",
    "Sample",
    "SavedTagger",
    "Stage",
    "Supervised",
    "Synthetic",
    "Task",
    "TeacherStudent",
    "TranslateTest",
    "TranslateTrain",
    "TranslatorLinks",
    "UniTrans",
    "WordByWord",
    "WordPair",
    "adapt",
    "average",
    "chance",
    "colada",
    "direct",
    "gloss",
    "inject",
    "just_do",
    "lexical_injection",
    "load_any_tagger",
    "man_moe",
    "mark_then_translate",
    "mixture",
    "mtmt",
    "multi_source",
    "read_pairs",
    "retrieval",
    "sampled",
    "stage",
    "supervised",
    "synthetic",
    "teacher_student",
    "transfer",
    "translate_test",
    "translate_train",
    "unitrans",
]
