"""Chance: a control. Names are drawn as often as they are in the source, whatever the words. Start at `chance`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from exonym.data import Corpus
from exonym.errors import RecipeError
from exonym.tag import Tagger
from exonym.tag.chance import train_chance
from exonym.transfer.stages import Do, just_do, stage, tag
from exonym.transfer.task import Outcome, Task


@dataclass(frozen=True, kw_only=True)
class Chance:
    """Options of chance, which has none; as a teacher, it says what a student makes of labels without meaning.

    Attributes:
        kind: names the method in a recipe.
    """

    kind: Literal["chance"] = "chance"


def chance(task: Task, options: Chance, do: Do = just_do, seed: int = 1) -> Outcome:
    """Tag target text at random, with the frequencies of the source.

    Args:
        task: needs `source` and `test`.
        options: the options of the method.
        do: carries out the stages.
        seed: of the draws.

    Raises:
        RecipeError: the task has no source labels.
    """
    if not len(task.source):
        raise RecipeError("chance: found no labelled source text; expected some, to count names in.")
    tagger = do(count_names, task.source, seed)
    return Outcome(tagger=tagger, predictions=do(tag, tagger, task.test))


@stage(1)
def count_names(corpus: Corpus, seed: int) -> Tagger:
    """Count how often names occur."""
    return train_chance(corpus, seed)
