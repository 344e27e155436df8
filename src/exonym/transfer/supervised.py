"""Supervised training on labelled target text: the ceiling, where such text exists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from exonym.errors import RecipeError
from exonym.tag import LightOptions, NeuralOptions
from exonym.transfer.stages import Do, just_do, seed_for, tag, train
from exonym.transfer.task import Outcome, Task


@dataclass(frozen=True, kw_only=True)
class Supervised:
    """Options of supervised training.

    Attributes:
        kind: names the method in a recipe.
        tagger: how the tagger is trained.
    """

    kind: Literal["supervised"] = "supervised"
    tagger: LightOptions | NeuralOptions = field(default_factory=LightOptions)


def supervised(task: Task, options: Supervised, do: Do = just_do, seed: int = 1) -> Outcome:
    """Train a tagger on labelled target text.

    Args:
        task: needs `train` and `test`.
        options: the options of the method.
        do: carries out the stages.
        seed: of the training, if there is chance in it.

    Raises:
        RecipeError: the task has no labelled target text.
    """
    if task.train is None:
        raise RecipeError("supervised: found no labelled target text; expected `train` for the target language.")
    tagger = do(train, task.train, options.tagger, seed_for(options.tagger, seed))
    return Outcome(tagger=tagger, predictions=do(tag, tagger, task.test))
