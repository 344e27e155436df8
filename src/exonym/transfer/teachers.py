"""Teachers: taggers made by another method, or saved ones of any kind, and what they say of an unlabelled text.

Start at `teacher_of`; `soft_labels` asks several and averages what they say.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from exonym.data import Corpus, tag_set
from exonym.errors import RecipeError
from exonym.tag import Tagger, mix
from exonym.tag.relabel import reconcile
from exonym.transfer.chance import Chance, chance
from exonym.transfer.direct import Direct, direct
from exonym.transfer.gloss import Gloss, gloss
from exonym.transfer.saved import SavedTagger, saved_tagger
from exonym.transfer.stages import Do, stage, tag
from exonym.transfer.translate_train import TranslateTrain, translate_train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from exonym.transfer.task import Outcome, Task
    from exonym.transfer.translate_test import TranslateTest

    Shares = tuple[float, ...] | NDArray[np.float64]  # weights of teachers

_FAR = 0.5  # a teacher that agrees less than this share of what the others do is called harmful


TeacherOptions = Direct | Gloss | TranslateTrain | Chance | SavedTagger


def teacher_of(task: Task, options: TeacherOptions, do: Do, seed: int) -> Tagger:
    """Train a teacher by its method, or load a saved one and map its types.

    Raises:
        RecipeError: the task lacks what the method needs, or none of the types of a saved teacher is of the task.
    """
    if isinstance(options, SavedTagger):
        return saved_tagger(options, task.labels)
    method: Any = {"direct": direct, "gloss": gloss, "translate_train": translate_train, "chance": chance}[options.kind]
    outcome: Outcome = method(task, options, do, seed)
    if outcome.tagger is None:
        raise RecipeError(f"{options.kind}: found no tagger; expected one. Take another teacher.")
    return outcome.tagger


def names_of(teachers: Sequence[TeacherOptions | TranslateTest | str]) -> list[str]:
    """Name teachers in notes: by their kind, or by the path of a saved one; those of one name are numbered."""
    names = [
        teacher if isinstance(teacher, str) else teacher.path if isinstance(teacher, SavedTagger) else teacher.kind
        for teacher in teachers
    ]
    return [name if names.count(name) == 1 else f"{name} ({number})" for number, name in enumerate(names, start=1)]


def soft_labels(
    text: Corpus,
    taggers: Sequence[Tagger],
    names: Sequence[str],
    weights: Shares,
    labels: Sequence[str],
    do: Do,
) -> tuple[Corpus, tuple[str, ...]]:
    """Ask teachers about a text and average what they say over the types of the task.

    Args:
        text: sentences without labels.
        taggers: the E teachers.
        names: of the teachers, for the notes.
        weights: shape (E,), or (sentences, E) for weights of each sentence.
        labels: the types of the task; those of a teacher that are not of it count as `O`.
        do: carries out the stages.

    Returns:
        The text with the mixture as its probabilities and the spans decoded from it; and the notes of `told_of`.
    """
    return mixture_of(tuple(do(tag, tagger, text) for tagger in taggers), names, weights, labels, do)


def mixture_of(
    parts: tuple[Corpus, ...], names: Sequence[str], weights: Shares, labels: Sequence[str], do: Do
) -> tuple[Corpus, tuple[str, ...]]:
    """Average what was said of a text, as `soft_labels`; the parts are the text with the probabilities of each."""
    mixed = do(mixed_labels, parts, weights, tag_set(labels))
    return mixed, do(told_of, tuple(names), parts, weights, mixed)


@stage(1)
def mixed_labels(parts: tuple[Corpus, ...], weights: Shares, tags: tuple[str, ...]) -> Corpus:
    """Average what teachers say of a text."""
    return mix(parts, weights, tags)


@stage(1)
def told_of(names: tuple[str, ...], parts: tuple[Corpus, ...], weights: Shares, mixed: Corpus) -> tuple[str, ...]:
    """Describe teachers by what they say of the text: no label of the target language is looked at.

    Of each of several: its weight (the mean over sentences), how far its names agree with those of the weighted average
    (F1 of spans), and how many it finds. One that agrees less than half as well as the median of the others is called
    far from the others: a source that harms looks so, and so does the only good one among bad ones, so this is a reason
    to look, not a proof. Of each teacher: the types that it has and the task lacks, and the other way round.
    """
    shares = np.atleast_2d(np.asarray(weights, dtype=np.float64)).mean(axis=0)
    agreements = [_agreement(part, mixed) for part in parts]
    lines = []
    for number, (name, part) in enumerate(zip(names, parts, strict=True)):
        clauses = reconcile(part.tags, mixed.tags).told()
        if len(parts) > 1:
            found = sum(len(sentence.spans) for sentence in part)
            clauses.insert(0, f"weight {shares[number]:.3f}, agreement {100 * agreements[number]:.1f}, names {found}")
            rest = median(agreements[:number] + agreements[number + 1 :])
            if agreements[number] < _FAR * rest:
                clauses.append("far from the others: it may harm; leave it out, or give it less weight")
        lines += [f"teacher {name}: {'; '.join(clauses)}"] if clauses else []
    return tuple(lines)


def _agreement(part: Corpus, mixed: Corpus) -> float:
    """F1 of the spans of a teacher against those of the mixture; 1 if neither has any."""
    pairs = [({span.key for span in a.spans}, {span.key for span in b.spans}) for a, b in zip(part, mixed, strict=True)]
    both = sum(len(a & b) for a, b in pairs)
    total = sum(len(a) + len(b) for a, b in pairs)
    return 2 * both / total if total else 1.0
