"""Several sources: a teacher of each, weighted by how like the target its language is; a student learns from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from exonym.data import Corpus, tag_set
from exonym.errors import RecipeError
from exonym.tag import Ensemble, LightOptions, NeuralOptions, Tagger, relabelled
from exonym.tag.ensemble import check_weights
from exonym.transfer.direct import Direct
from exonym.transfer.similarity import SimilarityOptions, learn_similarity, similarity_weights
from exonym.transfer.stages import Do, just_do, seed_for, stage, tag, train
from exonym.transfer.students import Distillation, count_kept, student_of
from exonym.transfer.task import Outcome, Task
from exonym.transfer.teachers import TeacherOptions, soft_labels, teacher_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from exonym.transfer.teachers import Shares

Weights = Literal["uniform", "similarity", "sentence"]


@dataclass(frozen=True, kw_only=True)
class MultiSource(Distillation):
    """Options of learning from several sources; those of how the student learns are described in `Distillation`.

    Attributes:
        kind: names the method in a recipe.
        weights: of the teachers: `uniform`; `similarity`: how like each source the target text is; `sentence`: the
            same for each sentence of its own; or a number for each, the first for `source`, that sum to one.
        similarity: how sources are compared with the target.
        tagger: how the teachers are trained.
        first: how the teacher of `source` is made, whose language the bitexts are of, if not like the others: such as
            `Gloss`.
        student: what learns from the teachers; None to tag with their weighted average itself.
    """

    kind: Literal["multi_source"] = "multi_source"
    weights: Weights | tuple[float, ...] = "uniform"
    similarity: SimilarityOptions = field(default_factory=SimilarityOptions)
    tagger: LightOptions | NeuralOptions = field(default_factory=LightOptions)
    first: TeacherOptions | None = None
    student: LightOptions | NeuralOptions | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.weights, str):
            check_weights(self.weights, len(self.weights))
        if self.initial == "teacher":
            raise RecipeError('initial: found "teacher" with several teachers; expected "fresh".')
        if self.student is None and self.weights == "sentence":
            raise RecipeError(
                'weights: found "sentence" without a student; expected "similarity" or a student: these weights are of '
                "the sentences that it learns from."
            )


def multi_source(task: Task, options: MultiSource, do: Do = just_do, seed: int = 1) -> Outcome:
    """Train a teacher on each source, weigh what they say of unlabelled target text, and train a student on that.

    The notes of the outcome say of each teacher its weight and how far it agrees with all of them together on the
    target text, so that a source that harms is seen without target labels (`exonym.transfer.teachers.told_of`).

    Args:
        task: needs `source`, `sources` and `test`; for a student, `text`. Without a student, teachers are weighed and
            compared on `text` if there is some, else on the test text without its labels.
        options: the options of the method.
        do: carries out the stages.
        seed: of the similarity, the student, and of teachers that are not deterministic.

    Raises:
        RecipeError: the task lacks any of these, or there are not as many weights as sources.

    Source:
        Wu et al. 2020 (ACL), section 3.2: one teacher for each source, q = sum_k w_k q_k, weights uniform or by learned
        similarity. Differences: those of `teacher_student`; the teachers' label sets may differ and are reconciled; the
        similarity is that of `exonym.transfer.similarity`.
    """
    sources = task.all_sources("multi_source")
    if not isinstance(options.weights, str):
        check_weights(options.weights, len(sources))
    needs_text = options.student is not None or task.text is not None
    text, seen = task.unseen_text("multi_source") if needs_text else (task.test, 0)
    first = options.first or Direct(tagger=options.tagger)
    own = seed_for(options.tagger, seed)
    teachers = [teacher_of(task, first, do, seed)]
    teachers += [do(train, source, options.tagger, own) for source in task.sources]
    names = [source.name for source in sources]
    weights = _weights(sources, text, options, do, seed)
    soft, notes = soft_labels(text, teachers, names, weights, task.source.labels, do)
    if options.student is None:
        together = do(ensemble, tuple(teachers), weights, tag_set(task.source.labels))
        return Outcome(tagger=together, predictions=do(tag, together, task.test), notes=notes)
    student = student_of(soft, options, do, seed)
    ledger = do(count_kept, soft, options.share, options.balanced, seen)
    return Outcome(tagger=student, predictions=do(tag, student, task.test), ledger=ledger, notes=notes)


def _weights(sources: tuple[Corpus, ...], text: Corpus, options: MultiSource, do: Do, seed: int) -> Shares:
    """Return the weights of the teachers, shape (E,), or for each sentence (sentences, E)."""
    if options.weights == "uniform":
        return (1 / len(sources),) * len(sources)
    if isinstance(options.weights, str):
        return do(source_weights, sources, text, options.similarity, seed, options.weights == "sentence")
    return options.weights


@stage(1)
def source_weights(
    sources: tuple[Corpus, ...], text: Corpus, options: SimilarityOptions, seed: int, each: bool
) -> NDArray[np.float64]:
    """Weigh sources by how like them a text is: shape (E,), or for each sentence (sentences, E)."""
    weights = similarity_weights(learn_similarity(sources, options, seed).scores(text))
    return weights if each else weights.mean(axis=0)


@stage(1)
def ensemble(taggers: tuple[Tagger, ...], weights: Shares, tags: tuple[str, ...]) -> Tagger:
    """Put teachers together as one tagger of these tags."""
    return Ensemble(tuple(relabelled(tagger, {}, tags) for tagger in taggers), tuple(map(float, weights)))
