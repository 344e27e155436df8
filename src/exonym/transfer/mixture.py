"""Mixture: projection and distillation together.

Routes label target text as one, and a student learns from that and from what was projected. Start at `mixture`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from exonym.data import Corpus, Ledger, tag_set
from exonym.errors import RecipeError
from exonym.tag import LightOptions, NeuralOptions
from exonym.tag.ensemble import check_weights
from exonym.transfer.gloss import Gloss
from exonym.transfer.multi_source import ensemble
from exonym.transfer.stages import Do, just_do, keep, stage, tag
from exonym.transfer.students import Distillation, student_of
from exonym.transfer.task import Outcome, Task
from exonym.transfer.teachers import TeacherOptions, mixed_labels, names_of, soft_labels, teacher_of
from exonym.transfer.translate_train import TranslateTrain, translate_train

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from exonym.data import Sentence
    from exonym.tag import Tagger


@dataclass(frozen=True, kw_only=True)
class Mixture(Distillation):
    """Options of mixture; those of how the student learns are described in `Distillation`.

    Attributes:
        kind: names the method in a recipe.
        routes: methods that make a tagger, or saved taggers; the average of what they say labels the unlabelled text.
        weights: of the routes: `uniform`, or numbers >= 0 that sum to one.
        projected: the student learns from what the `translate_train` routes projected, too.
        trust: how much of a label on projected text is what was projected; the rest is the average of what the routes
            say there, in [0, 1].
        repeat: how often the student meets the unlabelled text for each time that it meets the projected text, >= 1.
        final: what tags in the end: the `student`, or `all`: the average of the routes and the student, in which the
            student counts as much as the mean route.
    """

    kind: Literal["mixture"] = "mixture"
    routes: tuple[TeacherOptions, ...] = (Gloss(), TranslateTrain())
    weights: Literal["uniform"] | tuple[float, ...] = "uniform"
    projected: bool = True
    trust: float = 1.0
    repeat: int = 2
    final: Literal["student", "all"] = "all"
    student: LightOptions | NeuralOptions = field(default_factory=LightOptions)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.routes:
            raise RecipeError("routes: found none; expected at least one.")
        if not isinstance(self.weights, str):
            check_weights(self.weights, len(self.routes))
        if not 0 <= self.trust <= 1:
            raise RecipeError(f"trust: found {self.trust}; expected a number in [0, 1].")
        if self.repeat < 1:
            raise RecipeError(f"repeat: found {self.repeat}; expected a whole number >= 1.")
        if self.initial == "teacher":
            raise RecipeError('initial: found "teacher" in a mixture; expected "fresh".')

    @property
    def shares(self) -> tuple[float, ...]:
        """The weights of the routes as numbers."""
        number = len(self.routes)
        return (1 / number,) * number if isinstance(self.weights, str) else self.weights


def mixture(task: Task, options: Mixture, do: Do = just_do, seed: int = 1) -> Outcome:
    """Label unlabelled target text by the average of all routes, and train a student on it and on projected text.

    A lexicon and a projection miss different names: the average keeps what they agree on and what one of them is sure
    of, the student learns it with the words of real target text, and the projected labels keep it to names that a
    person labelled once.

    Args:
        task: needs `test`, `text`, and what the routes need.
        options: the options of the method.
        do: carries out the stages.
        seed: of the student, and of routes that are not deterministic.

    Raises:
        RecipeError: the task has no unlabelled text, or lacks what a route needs.

    Source:
        Ours. Near it: UniTrans (Wu et al. 2020b) and CoLaDa (Ma et al. 2023), which unite translated and unlabelled
        text by several encoders, and Ebing and Glavaš 2025, who average translate-train and translate-test.
    """
    text, seen = task.unseen_text("mixture")
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
    tags = tag_set(task.labels)
    soft, notes = soft_labels(text, taggers, names_of(options.routes), options.shares, task.labels, do)
    lessons = [do(one_hot, corpus, tags) for corpus in corpora]
    if options.trust < 1:
        halves = (options.trust, 1 - options.trust)
        for place, corpus in enumerate(corpora):
            parts = tuple(do(tag, tagger, corpus.unlabelled()) for tagger in taggers)
            said = do(mixed_labels, parts, options.shares, tags)
            lessons[place] = do(mixed_labels, (lessons[place], said), halves, tags)
    mixed = do(together, soft, tuple(lessons), options.repeat)
    student = student_of(mixed, options, do, seed)
    tagger = student
    if options.final == "all":
        own = 1 / (len(taggers) + 1)
        weights = (*((1 - own) * share for share in options.shares), own)
        tagger = do(ensemble, (*taggers, student), weights, tags)
    ledger = do(count_lessons, soft, tuple(corpora), seen)
    return Outcome(tagger=tagger, predictions=do(tag, tagger, task.test), ledger=ledger, notes=notes)


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
