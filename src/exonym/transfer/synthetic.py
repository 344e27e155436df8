"""Synthetic: distillation on translated text, by itself or with the labels that were projected onto it.

Start at `synthetic`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from exonym.data import Corpus, Ledger, tag_set
from exonym.errors import RecipeError
from exonym.tag import LightOptions, NeuralOptions
from exonym.transfer.direct import Direct
from exonym.transfer.mixture import one_hot
from exonym.transfer.stages import Do, just_do, keep, stage, tag
from exonym.transfer.students import Distillation, student_of
from exonym.transfer.task import Outcome, Task
from exonym.transfer.teachers import TeacherOptions, mixed_labels, names_of, soft_labels, teacher_of
from exonym.transfer.translate_train import TranslateTrain, projected_source

if TYPE_CHECKING:
    from exonym.data import Sentence

Signal = Literal["teacher", "mean", "agreed", "confidence"]


@dataclass(frozen=True, kw_only=True)
class Synthetic(Distillation):
    """Options of synthetic; those of how the student learns are described in `Distillation`.

    Attributes:
        kind: names the method in a recipe.
        projection: makes the translated text, and the labels projected onto it; its tagger is not trained.
        teachers: methods that make a tagger, or saved taggers; what several say is averaged.
        signal: what the student learns. `teacher`: what the teachers say of the translated text, whose projected labels
            are not looked at; `mean`: the mean of that and the projected labels, which for the light tagger counts with
            `learning = "sampled"` only, as the likeliest labels are the projected ones; `agreed`: the same mean, of the
            sentences in which the teachers find the very names that were projected; `confidence`: the projected labels
            alone, each as sure as its projection (see `by_confidence`), which too is for `learning = "sampled"` or a
            neural student; no teacher is asked.
    """

    kind: Literal["synthetic"] = "synthetic"
    projection: TranslateTrain = field(default_factory=TranslateTrain)
    teachers: tuple[TeacherOptions, ...] = (Direct(),)
    signal: Signal = "teacher"
    student: LightOptions | NeuralOptions = field(default_factory=LightOptions)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.teachers:
            raise RecipeError("teachers: found none; expected at least one.")
        if self.initial == "teacher":
            raise RecipeError('initial: found "teacher" in synthetic; expected "fresh".')
        if self.signal in ("mean", "confidence") and self.how == "hard":
            raise RecipeError(
                f'signal: found "{self.signal}" with learning = "hard", which decodes it to the projected labels; '
                'expected "sampled" for the light tagger, "mse" or "kl" for a network.'
            )


def synthetic(task: Task, options: Synthetic, do: Do = just_do, seed: int = 1) -> Outcome:
    """Train a student on translated text with what teachers say of it, how sure projected labels are, or both.

    The sentences are those that `translate_train` with the same options would learn from, so that the two differ in the
    labels alone.

    Args:
        task: needs `test` and what the projection and the teachers need.
        options: the options of the method.
        do: carries out the stages.
        seed: of the student, and of teachers that are not deterministic.

    Raises:
        RecipeError: the task lacks what the projection or a teacher needs, or the two agree on no sentence.

    Source:
        Ours, to take apart text and signal: arms D1 and D3 of the experiment in docs/results/questions.md.
        Projection confidence as a probability stands for a weight of the sentence, which the light tagger has not.
    """
    projected, _ = projected_source(task, options.projection, do, seed)
    silver = do(keep, projected, options.projection.filtering)
    text, notes = _lesson(task, silver, options, do, seed)
    student = student_of(text, options, do, seed)
    ledger = do(count_agreed, projected, silver, text)
    return Outcome(tagger=student, predictions=do(tag, student, task.test), corpus=text, ledger=ledger, notes=notes)


def _lesson(task: Task, silver: Corpus, options: Synthetic, do: Do, seed: int) -> tuple[Corpus, tuple[str, ...]]:
    """Return the projected sentences with the distributions that the student learns, and what to note of teachers."""
    tags = tag_set(task.labels)
    if options.signal == "confidence":
        return do(by_confidence, silver, tags), ()
    teachers = [teacher_of(task, teacher, do, seed) for teacher in options.teachers]
    weights = (1 / len(teachers),) * len(teachers)
    said, notes = soft_labels(silver, teachers, names_of(options.teachers), weights, task.labels, do)
    if options.signal == "teacher":
        return said, notes
    mean = do(mixed_labels, (do(one_hot, silver, tags), said), (0.5, 0.5), tags)
    return (do(where_agreed, mean, silver, said) if options.signal == "agreed" else mean), notes


@stage(1)
def by_confidence(projected: Corpus, tags: tuple[str, ...]) -> Corpus:
    """Give each word of a projected span the span's confidence as the probability of its tag, and the rest to `O`."""
    certain = one_hot(projected, tags)

    def softened(sentence: Sentence) -> Sentence:
        rows = np.array(sentence.probabilities, dtype=np.float32)
        for span in sentence.spans:
            rows[span.start : span.stop] *= span.score
            rows[span.start : span.stop, 0] += 1 - span.score
        return replace(sentence, probabilities=rows)

    return replace(certain, sentences=tuple(map(softened, certain)))


@stage(1)
def where_agreed(mean: Corpus, projected: Corpus, said: Corpus) -> Corpus:
    """Keep the sentences of the first corpus in which the other two have the same spans.

    Raises:
        RecipeError: there is none.
    """
    together = zip(mean, projected, said, strict=True)
    kept = tuple(
        own for own, one, other in together if {span.key for span in one.spans} == {span.key for span in other.spans}
    )
    if not kept:
        raise RecipeError("synthetic: found no sentence on which projection and teachers agree; expected some.")
    return Corpus(kept, mean.name, mean.tags)


@stage(2)
def count_agreed(projected: Corpus, silver: Corpus, text: Corpus) -> Ledger:
    """Count the translated sentences and those that the student learns from."""
    ledger = Ledger({"translated sentences": len(projected)})
    ledger.note("sentences left out: not all labels projected", len(projected) - len(silver))
    ledger.note("sentences left out: projection and teachers disagree", len(silver) - len(text))
    ledger.note("sentences with names", sum(bool(sentence.spans) for sentence in text))
    return ledger
