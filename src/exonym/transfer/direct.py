"""Direct transfer: train on the source language, tag the target language."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from exonym.tag import LightOptions
from exonym.transfer.saved import TaggerOptions, source_tagger
from exonym.transfer.stages import Do, just_do, tag
from exonym.transfer.task import Outcome, Task


@dataclass(frozen=True, kw_only=True)
class Direct:
    """Options of direct transfer.

    Attributes:
        kind: names the method in a recipe.
        tagger: how the tagger is trained; or one that is there already.
    """

    kind: Literal["direct"] = "direct"
    tagger: TaggerOptions = field(default_factory=LightOptions)


def direct(task: Task, options: Direct, do: Do = just_do, seed: int = 1) -> Outcome:
    """Train a tagger on labelled source text and apply it to target text as it is.

    With a tagger that shares nothing between languages but characters, this is the floor that every other method is
    measured against: names, shapes and punctuation carry over, words do not.

    Args:
        task: needs `test` and, unless the tagger is there already, `source`.
        options: the options of the method.
        do: carries out the stages.
        seed: of the training, if there is chance in it.
    """
    tagger = source_tagger(task, options.tagger, do, seed)
    return Outcome(tagger=tagger, predictions=do(tag, tagger, task.test))
