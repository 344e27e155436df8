"""Two tasks and several teachers: a student learns labels from taggers, and from another which words are alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from exonym.data import Corpus
from exonym.errors import RecipeError
from exonym.tag import NeuralOptions, Objective, Tagger
from exonym.tag.neural import check_installed
from exonym.transfer.direct import Direct
from exonym.transfer.entity_similarity import EntitySimilarity, learn_entity_similarity
from exonym.transfer.stages import Do, just_do, stage, tag
from exonym.transfer.students import count_kept
from exonym.transfer.task import Outcome, Task
from exonym.transfer.teachers import TeacherOptions, names_of, soft_labels, teacher_of

if TYPE_CHECKING:
    from exonym.tag.neural.entity_similarity import LearnFromTeachers

Weighting = Literal["recogniser", "similarity", "agreement"]
Pairs = Literal["balanced", "any"]


@dataclass(frozen=True, kw_only=True)
class Mtmt:
    """Options of multiple-task, multiple-teacher learning.

    Attributes:
        kind: names the method in a recipe.
        teachers: the recognisers: methods that make a tagger, or saved taggers; what several say is averaged.
        evaluator: how the similarity teacher is trained; like the student if None.
        student: the tagger that learns.
        weighting: what makes words and pairs count: `recogniser`: how sure the recogniser is of the word (alpha);
            `similarity`: how sure the similarity teacher is of the pair (beta); `agreement`: how far the two agree on
            the pair (gamma).
        similarity_share: of the similarity loss, >= 0; 0 leaves it out, and with it beta.
        pairs: `balanced`: pairs of one type and of two are equally likely, and each type counts as much as the others;
            `any`: a word is paired with any other one. How is in `exonym.tag.neural.entity_similarity.partners`.
    """

    kind: Literal["mtmt"] = "mtmt"
    teachers: tuple[TeacherOptions, ...] = (Direct(),)
    evaluator: NeuralOptions | None = None
    student: NeuralOptions = field(default_factory=NeuralOptions)
    weighting: tuple[Weighting, ...] = get_args(Weighting)
    similarity_share: float = 0.5
    pairs: Pairs = "balanced"

    def __post_init__(self) -> None:
        if not self.teachers:
            raise RecipeError("teachers: found none; expected at least one.")
        if not 0 <= self.similarity_share < float("inf"):
            raise RecipeError(f"similarity_share: found {self.similarity_share}; expected a number >= 0.")
        known = get_args(Weighting)
        if len(set(self.weighting)) < len(self.weighting) or not set(self.weighting) <= set(known):
            raise RecipeError(
                f"weighting: found {', '.join(self.weighting)}; expected some of {', '.join(known)}, each once."
            )
        if self.pairs not in get_args(Pairs):
            raise RecipeError(f"pairs: found {self.pairs!r}; expected {' or '.join(map(repr, get_args(Pairs)))}.")


def mtmt(task: Task, options: Mtmt, do: Do = just_do, seed: int = 1) -> Outcome:
    """Train a similarity teacher on the source, let it and recognisers teach a student on unlabelled target text.

    No label of the text is looked at, and sentences of the test text that occur in it are left out. All networks are
    those of their last epoch.

    Args:
        task: needs `source`, `test`, `text`, and what the recognisers need.
        options: the options of the method.
        do: carries out the stages.
        seed: of the similarity teacher, of the student, and of recognisers that are not deterministic.

    Raises:
        RecipeError: the task has no unlabelled text, no labelled source text, or lacks what a teacher needs.

    Source:
        Li, Hu, Guo, Chen, Qin and Zhang 2022 (ACL), "An Unsupervised Multiple-Task and Multiple-Teacher Model for
        Cross-lingual Named Entity Recognition"; read with their code (`mtmt_trainer.py`). The losses and the weights
        alpha, beta and gamma are theirs (`exonym.tag.neural.entity_similarity`). Where we differ:

        - Pairs. Their code draws pairs from the labelled target training text, by a loader that is told whether to draw
          equal ones and so can look at the target labels. Ours draws them by what the recognisers find likeliest. The
          loader was not released. Ours balances the types too. With any pairs the teacher only tells names from
          what is none: learnt from 1,000 sentences of CoNLL English, on others the mean cosine of a PER and a LOC is
          0.76 (0.79 of two PER), and 0.04 (0.66) with balanced ones.
        - Selection. Their code keeps the teachers and the student that are best on target dev labels; ours the last.
        - Their student learns the labels of the two words of each pair, and runs over both sentences for that. Ours
          runs once over a sentence and learns the labels of all its words; each has a partner in its batch, and takes
          the gamma of that pair. So with no weighting and `similarity_share = 0` it is `teacher_student`, to the byte.
        - With weighting their code sums the label loss over tags, without it takes the mean, which makes the similarity
          loss count K times more. Ours always counts it against the sum (and divides both by K, so that learning rates
          and the clipping of gradients mean what they mean elsewhere).
        - Their student's classifier learns at a thousandth of the rate, of which the paper says nothing. Ours at the
          full one; `student.head_learning_rate` sets it for a pretrained encoder.
        - Their BERT has no attention mask, so that padding counts; ours has one.
    """
    if not len(task.source):
        raise RecipeError("mtmt: found no labelled source text; expected it for the similarity teacher.")
    text, seen = task.unseen_text("mtmt")
    teachers = [teacher_of(task, teacher, do, seed) for teacher in options.teachers]
    weights = (1 / len(teachers),) * len(teachers)
    soft, notes = soft_labels(text, teachers, names_of(options.teachers), weights, task.labels, do)
    balanced = options.pairs == "balanced"
    evaluator = None
    if options.similarity_share or "agreement" in options.weighting:
        evaluator = do(learn_similarity, task.source, options.evaluator or options.student, balanced, seed)
    student = do(
        learn_both, soft, evaluator, options.student, options.weighting, options.similarity_share, balanced, seed
    )
    ledger = do(count_kept, soft, 1.0, False, seen)
    return Outcome(tagger=student, predictions=do(tag, student, task.test), ledger=ledger, notes=notes)


@stage(1)
def learn_similarity(source: Corpus, options: NeuralOptions, balanced: bool, seed: int) -> EntitySimilarity:
    """Train a similarity teacher."""
    return learn_entity_similarity(source, options, balanced=balanced, seed=seed)


@stage(1)
def learn_both(
    text: Corpus,
    evaluator: EntitySimilarity | None,
    student: NeuralOptions,
    weighting: tuple[Weighting, ...],
    share: float,
    balanced: bool,
    seed: int,
) -> Tagger:
    """Train a student on a text with soft labels, and on the similarities of its words."""
    check_installed()
    from exonym.tag.neural.entity_similarity import types_of
    from exonym.tag.neural.learning import Side, train

    task = _side_task(types_of(text.tags), weighting, share, balanced)
    side = Side(task, evaluator.vectors(text) if evaluator else None) if share or weighting else None
    return train(text, student, objective=Objective(kind="mse"), seed=seed, side=side)


def _side_task(
    types: tuple[int, ...], weighting: tuple[Weighting, ...], share: float, balanced: bool
) -> LearnFromTeachers:
    from exonym.tag.neural.entity_similarity import LearnFromTeachers

    return LearnFromTeachers(types, balanced, share, **{name: name in weighting for name in get_args(Weighting)})
