"""Average: what several methods, or saved taggers, say of the test text is averaged word by word, and decoded.

Start at `average`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from exonym.data import Corpus, Ledger, tag_set
from exonym.errors import RecipeError
from exonym.tag import Tagger
from exonym.transfer.multi_source import ensemble
from exonym.transfer.stages import Do, just_do, tag
from exonym.transfer.task import Outcome, Task
from exonym.transfer.teachers import TeacherOptions, mixture_of, names_of, teacher_of
from exonym.transfer.translate_test import TranslateTest, translate_test_labels


@dataclass(frozen=True, kw_only=True)
class Average:
    """Options of average.

    Attributes:
        kind: names the method in a recipe.
        teachers: methods that make a tagger, saved taggers, or translate-test, two or more.
    """

    kind: Literal["average"] = "average"
    teachers: tuple[TeacherOptions | TranslateTest, ...]

    def __post_init__(self) -> None:
        if len(self.teachers) < 2:
            raise RecipeError(f"teachers: found {len(self.teachers)}; expected two or more to average.")


def average(task: Task, options: Average, do: Do = just_do, seed: int = 1) -> Outcome:
    """Tag target text by several teachers, and take the mean of their distributions: no student, no further text.

    The notes of the outcome say of each teacher how far it agrees with the average on the test text, whose labels are
    not looked at.

    Translate-test says what its source tagger says of the translation, carried over word links
    (`exonym.transfer.carried`); of a word without links, and of a sentence without a translation, it says nothing, and
    the mean is that of the others.

    Args:
        task: needs `test`, and what the teachers need: saved ones no source labels, but then `types`.
        options: the options of the method.
        do: carries out the stages.
        seed: of teachers that are not deterministic.

    Returns:
        Predictions; and a tagger, unless translate-test is among the teachers; and what was lost in that.

    Raises:
        RecipeError: the task lacks what a teacher needs.

    Source:
        The teachers of Wu et al. 2020 (ACL), section 3.2, with uniform weights, as a tagger; what
        `exonym.transfer.teacher_student` learns from. With translate-train and translate-test as teachers: the ensemble
        of Ebing and Glavas 2025 (ACL), known to us by its abstract. What becomes of several links, of none, and of the
        two halves of a tag is ours.
    """
    parts: list[Corpus] = []
    taggers: list[Tagger] = []
    ledger = Ledger()
    for teacher in options.teachers:
        if isinstance(teacher, TranslateTest):
            part, lost = translate_test_labels(task, teacher, do, seed)
            ledger.update(lost)
        else:
            taggers.append(teacher_of(task, teacher, do, seed))
            part = do(tag, taggers[-1], task.test)
        parts.append(part)
    weights = (1 / len(parts),) * len(parts)
    found, notes = mixture_of(tuple(parts), names_of(options.teachers), weights, task.labels, do)
    whole = len(taggers) == len(parts)
    together = do(ensemble, tuple(taggers), weights, tag_set(task.labels)) if whole else None
    return Outcome(tagger=together, predictions=found, ledger=ledger, notes=notes)
