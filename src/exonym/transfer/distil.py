"""Distillation without a recipe: teachers that are there already, unlabelled text, a student. Start at `distil`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exonym.data import Corpus, Ledger, tag_set
from exonym.errors import RecipeError
from exonym.tag import Ensemble, Tagger, relabelled, write_soft_labels
from exonym.tag.relabel import reconcile, types_of
from exonym.tag.select import surest
from exonym.tag.soft import asked
from exonym.transfer.students import count_kept, learnt, neural_start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from exonym.data import Sentence
    from exonym.transfer.students import Distillation


@dataclass(frozen=True)
class Distilled:
    """What `distil` made.

    Attributes:
        tagger: the student.
        ledger: the sentences of the text, and those that it did not learn from.
        notes: the types that a teacher lacks, a line for each teacher that lacks some.
    """

    tagger: Tagger
    ledger: Ledger
    notes: tuple[str, ...]


def distil(
    teachers: Mapping[str, Tagger],
    text: Corpus,
    options: Distillation,
    folder: str | Path,
    *,
    seed: int = 1,
    told: Callable[[int, int, str], None] | None = None,
) -> Distilled:
    """Let teachers label a text, average what they say, and train a student on that.

    No source labels are needed. The soft labels are computed once, written to a folder as they come, and mapped into
    memory while the student learns.

    Args:
        teachers: by name; the types of the student are those of all of them.
        text: sentences; labels on them are not looked at.
        options: how the student learns; with a student.
        folder: where the soft labels are kept.
        seed: of the student's training, or of the draws.
        told: called with what is done, of how much, and what that is.

    Raises:
        RecipeError: there is no teacher or no student, or the student cannot start as its teacher.
        DataError: the teachers find no name, or something else is at `folder`.

    Source:
        Wu et al. 2020 (ACL), sections 3.1 and 3.2 with uniform weights; see `exonym.transfer.teacher_student`.
    """
    if not teachers or options.student is None:
        raise RecipeError("distil: found no teacher or no student; expected both.")
    if options.initial == "teacher" and len(teachers) > 1:
        raise RecipeError('initial: found "teacher" with several teachers; expected one, or "fresh".')
    tags = tag_set(label for teacher in teachers.values() for label in types_of(teacher.tags))
    notes = [
        f"teacher {name}: {clause}"
        for name, teacher in teachers.items()
        for clause in reconcile(teacher.tags, tags).told()
    ]
    start = neural_start(next(iter(teachers.values()))) if options.initial == "teacher" else None
    text = text.unlabelled()
    alike = tuple(relabelled(teacher, {}, tags) for teacher in teachers.values())
    together = alike[0] if len(alike) == 1 else Ensemble(alike, (1 / len(alike),) * len(alike))
    stream = asked(together, text)
    stored = write_soft_labels(_counted(stream, len(text), told) if told else stream, tags, folder)
    soft = stored.put_on(text)
    student = learnt(
        surest(soft, options.share, balanced=options.balanced),
        options.student,
        options.how,
        temperature=options.temperature,
        draws=options.draws,
        seed=seed,
        start=start,
        progress=(lambda done, total: told(done, total, "student")) if told else None,
    )
    return Distilled(student, count_kept(soft, options.share, options.balanced, 0), tuple(notes))


def _counted(sentences: Iterator[Sentence], total: int, told: Callable[[int, int, str], None]) -> Iterator[Sentence]:
    for number, sentence in enumerate(sentences, start=1):
        yield sentence
        told(number, total, "teacher")
