"""Teacher-student: a student learns, on unlabelled target text, from what teachers say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from exonym.errors import RecipeError
from exonym.tag import LightOptions, NeuralOptions
from exonym.transfer.chance import Chance
from exonym.transfer.direct import Direct
from exonym.transfer.gloss import Gloss
from exonym.transfer.stages import Do, just_do, tag
from exonym.transfer.students import Distillation, count_kept, student_of
from exonym.transfer.task import Outcome, Task
from exonym.transfer.teachers import TeacherOptions, names_of, soft_labels, teacher_of


@dataclass(frozen=True, kw_only=True)
class TeacherStudent(Distillation):
    """Options of teacher-student learning; those of how the student learns are described in `Distillation`.

    Attributes:
        kind: names the method in a recipe.
        teachers: methods that make a tagger, or saved taggers; what several say is averaged.
    """

    kind: Literal["teacher_student"] = "teacher_student"
    teachers: tuple[TeacherOptions, ...] = (Direct(),)
    student: LightOptions | NeuralOptions = field(default_factory=LightOptions)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.teachers:
            raise RecipeError("teachers: found none; expected at least one.")
        if self.initial == "teacher" and len(self.teachers) > 1:
            raise RecipeError('initial: found "teacher" with several teachers; expected one, or "fresh".')
        only = self.teachers[0]
        light = isinstance(getattr(only, "tagger", None), LightOptions)
        if self.initial == "teacher" and (light or isinstance(only, Chance | Gloss)):
            raise RecipeError(
                f'initial: found "teacher" with a teacher that is not neural ({only.kind}); expected "fresh".'
            )


def teacher_student(task: Task, options: TeacherStudent, do: Do = just_do, seed: int = 1) -> Outcome:
    """Let teachers label unlabelled target text, and train a student on their distributions.

    No label of the text is looked at, and sentences of the test text that occur in it are left out.

    Args:
        task: needs `test`, `text`, and what the teachers need: saved ones no source labels, but then `types`.
        options: the options of the method.
        do: carries out the stages.
        seed: of the student, and of teachers that are not deterministic.

    Raises:
        RecipeError: the task has no unlabelled text, or lacks what a teacher needs.

    Source:
        Wu, Lin, Karlsson, Lou and Huang 2020 (ACL), "Single-/Multi-Source Cross-Lingual NER via Teacher-Student
        Learning on Unlabeled Data in Target Language", section 3.1. Theirs: one `direct` teacher, a fresh student of
        the same encoder, `mse`, all sentences. Ours besides: teachers of any kind and several of them; students that
        learn by other losses, from the surest sentences, or as a CRF; the decoder forbids illegal tags.
    """
    text, seen = task.unseen_text("teacher_student")
    teachers = [teacher_of(task, teacher, do, seed) for teacher in options.teachers]
    names = names_of(options.teachers)
    weights = (1 / len(teachers),) * len(teachers)
    soft, notes = soft_labels(text, teachers, names, weights, task.labels, do)
    student = student_of(soft, options, do, seed, start=teachers[0])
    ledger = do(count_kept, soft, options.share, options.balanced, seen)
    return Outcome(tagger=student, predictions=do(tag, student, task.test), ledger=ledger, notes=notes)
