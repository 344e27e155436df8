"""Direct transfer: train on the source language, tag the target language."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from exonym.tag import LightOptions
from exonym.transfer.stages import Do, just_do, tag, train
from exonym.transfer.task import Outcome, Task


@dataclass(frozen=True, kw_only=True)
class Direct:
    """Options of direct transfer.

    Attributes:
        kind: names the method in a recipe.
        tagger: how the tagger is trained.
    """

    kind: Literal["direct"] = "direct"
    tagger: LightOptions = field(default_factory=LightOptions)


def direct(task: Task, options: Direct, do: Do = just_do, seed: int = 1) -> Outcome:
    """Train a tagger on labelled source text and apply it to target text as it is.

    With a tagger that shares nothing between languages but characters, this is the floor that every other method is
    measured against: names, shapes and punctuation carry over, words do not.

    Args:
        task: needs `source` and `test`.
        options: the options of the method.
        do: carries out the stages.
        seed: without effect: nothing here is random.
    """
    tagger = do(train, task.source, options.tagger)
    return Outcome(tagger=tagger, predictions=do(tag, tagger, task.test))
