"""Mixture: projection and distillation together.

Routes label target text as one, each word with an eye on its other occurrences, and a student learns from that and from
what was projected. Start at `mixture`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING, Literal

import numpy as np

from exonym.data import Corpus, Ledger, tag_set
from exonym.errors import RecipeError
from exonym.tag import LightOptions, NeuralOptions
from exonym.tag.ensemble import check_weights
from exonym.tag.pool import pooled
from exonym.transfer.gloss import Gloss
from exonym.transfer.stages import Do, just_do, keep, stage, tag
from exonym.transfer.students import Distillation, student_of
from exonym.transfer.task import Outcome, Task
from exonym.transfer.teachers import TeacherOptions, names_of, teacher_of, told_of
from exonym.transfer.translate_train import TranslateTrain, translate_train

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from exonym.data import Sentence
    from exonym.tag import Tagger


@dataclass(frozen=True, kw_only=True)
class Mixture(Distillation):
    """Options of mixture; those of how the student learns are described in `Distillation`.

    The defaults of the first five, and that the student alone tags, were chosen on the dev sets of Swahili, isiXhosa,
    chiShona, Chichewa and Hausa; see docs/results/methods.md.

    Attributes:
        kind: names the method in a recipe.
        routes: methods that make a tagger, or saved taggers; the product of what they say labels the unlabelled text.
        weights: of the routes: `projection` gives every `translate_train` route seven parts and every other three;
            `uniform`; or numbers >= 0 that sum to one.
        outside: what the routes say of `O`, no name, is multiplied by this, > 0: they miss more names than they invent.
        pooling: how much the other occurrences of a word in the text count for its label, in [0, 1]; see
            `exonym.tag.pool`.
        projected: the student learns from what the `translate_train` routes projected, too.
        repeat: how often the student meets the unlabelled text for each time that it meets the projected text, >= 1.
    """

    kind: Literal["mixture"] = "mixture"
    routes: tuple[TeacherOptions, ...] = (Gloss(), TranslateTrain())
    weights: Literal["projection", "uniform"] | tuple[float, ...] = "projection"
    outside: float = 0.3
    pooling: float = 0.6
    projected: bool = True
    repeat: int = 2
    student: LightOptions | NeuralOptions = field(default_factory=LightOptions)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.routes:
            raise RecipeError("routes: found none; expected at least one.")
        if not isinstance(self.weights, str):
            check_weights(self.weights, len(self.routes))
        if not 0 < self.outside < inf:
            raise RecipeError(f"outside: found {self.outside}; expected a number > 0.")
        if not 0 <= self.pooling <= 1:
            raise RecipeError(f"pooling: found {self.pooling}; expected a number in [0, 1].")
        if self.repeat < 1:
            raise RecipeError(f"repeat: found {self.repeat}; expected a whole number >= 1.")
        if self.initial == "teacher":
            raise RecipeError('initial: found "teacher" in a mixture; expected "fresh".')

    @property
    def shares(self) -> tuple[float, ...]:
        """The weights of the routes as numbers."""
        if not isinstance(self.weights, str):
            return self.weights
        favoured = self.weights == "projection"
        parts = [_PARTS[favoured and isinstance(route, TranslateTrain)] for route in self.routes]
        return tuple(part / sum(parts) for part in parts)


_PARTS = {True: 7, False: 3}


def mixture(task: Task, options: Mixture, do: Do = just_do, seed: int = 1) -> Outcome:
    """Label unlabelled target text by all routes and by what it says itself, and train a student on it.

    A lexicon and a projection miss different names, and miss in one sentence what they find in another. The product of
    the routes keeps what they agree on and what one of them is sure of; pooling over the text then labels a word as it
    is labelled where the routes are sure. The student learns that with the words of real target text, and the
    projected labels keep it to names that a person labelled once.

    Args:
        task: needs `test`, `text`, and what the routes need.
        options: the options of the method.
        do: carries out the stages.
        seed: of the student, and of routes that are not deterministic.

    Raises:
        RecipeError: the task has no unlabelled text, or lacks what a route needs.

    Source:
        Ours. Near it: UniTrans (Wu et al. 2020b) and CoLaDa (Ma et al. 2023), which unite translated and unlabelled
        text by several encoders; Subramanya et al. 2010, who pool posteriors over text before training again.
    """
    text, seen = task.unseen_text("mixture")
    tags = tag_set(task.labels)
    taggers: list[Tagger] = []
    corpora: list[Corpus] = []
    for route in options.routes:
        if isinstance(route, TranslateTrain):
            made = translate_train(task, route, do, seed)
            if made.tagger is None or made.corpus is None:
                raise RecipeError("translate_train: found no tagger; expected one. Take another route.")
            taggers.append(made.tagger)
            corpora += [do(keep, made.corpus, route.filtering)] if options.projected else []
        else:
            taggers.append(teacher_of(task, route, do, seed))
    parts = tuple(do(tag, tagger, text) for tagger in taggers)
    soft = do(pool, parts, options.shares, tags, options.outside, options.pooling)
    notes = do(told_of, tuple(names_of(options.routes)), parts, options.shares, soft)
    lessons = tuple(do(one_hot, corpus, tags) for corpus in corpora)
    student = student_of(do(together, soft, lessons, options.repeat), options, do, seed)
    ledger = do(count_lessons, soft, tuple(corpora), seen)
    return Outcome(tagger=student, predictions=do(tag, student, task.test), ledger=ledger, notes=notes)


@stage(1)
def pool(
    parts: tuple[Corpus, ...], weights: tuple[float, ...], tags: tuple[str, ...], outside: float, strength: float
) -> Corpus:
    """Unite what routes say of a text."""
    return pooled(parts, weights, tags, outside=outside, strength=strength)


@stage(1)
def one_hot(corpus: Corpus, tags: tuple[str, ...]) -> Corpus:
    """Write the labels of a corpus as probabilities of 0 and 1."""
    place = {name: number for number, name in enumerate(tags)}

    def rows(sentence: Sentence) -> NDArray[np.float32]:
        found = np.zeros((len(sentence), len(tags)), dtype=np.float32)
        found[:, place["O"]] = 1
        for span in sentence.spans:
            found[span.start : span.stop] = 0
            found[span.start, place[f"B-{span.label}"]] = 1
            found[span.start + 1 : span.stop, place[f"I-{span.label}"]] = 1
        return found

    return Corpus(tuple(replace(each, probabilities=rows(each)) for each in corpus), corpus.name, tags)


@stage(1)
def count_lessons(text: Corpus, projected: tuple[Corpus, ...], seen: int) -> Ledger:
    """Count the sentences that the student learns from, and those of the text that it must not see."""
    ledger = Ledger({"unlabelled text": len(text)})
    ledger.note("unlabelled text with names", sum(bool(sentence.spans) for sentence in text))
    ledger.note("sentences left out: in the test text", seen)
    ledger.note("projected sentences", sum(map(len, projected)))
    return ledger


@stage(1)
def together(text: Corpus, lessons: tuple[Corpus, ...], repeat: int) -> Corpus:
    """Put texts with soft labels together, the first of them so many times."""
    parts = [*(text,) * repeat, *lessons]
    sentences = tuple(replace(each, id=f"{number}:{each.id}") for number, part in enumerate(parts) for each in part)
    return Corpus(sentences, "+".join(dict.fromkeys(part.name for part in parts)), text.tags)
