"""Average: taggers made by other methods, or saved ones, tag together by the mean of what they say.

Start at `average`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from exonym.data import tag_set
from exonym.errors import RecipeError
from exonym.transfer.multi_source import ensemble
from exonym.transfer.stages import Do, just_do
from exonym.transfer.task import Outcome, Task
from exonym.transfer.teachers import TeacherOptions, names_of, soft_labels, teacher_of


@dataclass(frozen=True, kw_only=True)
class Average:
    """Options of average.

    Attributes:
        kind: names the method in a recipe.
        teachers: methods that make a tagger, or saved taggers, two or more.
    """

    kind: Literal["average"] = "average"
    teachers: tuple[TeacherOptions, ...]

    def __post_init__(self) -> None:
        if len(self.teachers) < 2:
            raise RecipeError(f"teachers: found {len(self.teachers)}; expected two or more to average.")


def average(task: Task, options: Average, do: Do = just_do, seed: int = 1) -> Outcome:
    """Tag target text by several teachers, and take the mean of their distributions: no student, no further text.

    The notes of the outcome say of each teacher how far it agrees with the average on the test text, whose labels are
    not looked at.

    Args:
        task: needs `test`, and what the teachers need: saved ones no source labels, but then `types`.
        options: the options of the method.
        do: carries out the stages.
        seed: of teachers that are not deterministic.

    Raises:
        RecipeError: the task lacks what a teacher needs.

    Source:
        The teachers of Wu et al. 2020 (ACL), section 3.2, with uniform weights, as a tagger; what
        `exonym.transfer.teacher_student` learns from.
    """
    teachers = [teacher_of(task, teacher, do, seed) for teacher in options.teachers]
    weights = (1 / len(teachers),) * len(teachers)
    found, notes = soft_labels(task.test, teachers, names_of(options.teachers), weights, task.labels, do)
    together = do(ensemble, tuple(teachers), weights, tag_set(task.labels))
    return Outcome(tagger=together, predictions=found, notes=notes)
