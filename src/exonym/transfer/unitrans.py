"""UniTrans: model transfer and data transfer made one teacher, and a student that also hears where the three agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from exonym.data import Corpus, Ledger, tag_set, tags_of
from exonym.errors import RecipeError
from exonym.tag import LightOptions, NeuralOptions, Objective, Tagger, train_light, train_neural
from exonym.tag import train as train_any
from exonym.transfer.stages import Do, just_do, seed_for, stage, tag, train
from exonym.transfer.students import neural_start
from exonym.transfer.task import Outcome, Task
from exonym.transfer.teachers import mixed_labels
from exonym.transfer.translate_train import TranslateTrain
from exonym.transfer.translated import TranslationOptions, check_tagger, translated_source

if TYPE_CHECKING:
    from numpy.typing import NDArray

_APART = 1000  # between the seeds of the models of an ensemble, so that they are those of no other run


@dataclass(frozen=True, kw_only=True)
class UniTrans:
    """Options of UniTrans.

    Attributes:
        kind: names the method in a recipe.
        translation: how the source corpus comes into the target language: `TranslateTrain`, without a tagger, or
            `WordByWord`.
        tagger: how the three models are trained: on the source, on its translation, and on one after the other. A light
            tagger cannot go on from another, and learns from both at once.
        student: what learns on unlabelled text; None for one like `tagger`.
        teacher: whose distributions the student learns: `tuned`, the model of both, or `source`.
        soft: weight of the squared error against these distributions, mean over words and tags, >= 0.
        agreed: weight of the cross-entropy of the tags on which the three models agree, mean over those words, >= 0.
        ensemble: of each of the three, so many are trained with different seeds, and averaged, >= 1.
    """

    kind: Literal["unitrans"] = "unitrans"
    translation: TranslationOptions = field(default_factory=TranslateTrain)
    tagger: LightOptions | NeuralOptions = field(default_factory=NeuralOptions)
    student: LightOptions | NeuralOptions | None = None
    teacher: Literal["tuned", "source"] = "tuned"
    soft: float = 1.0
    agreed: float = 1.0
    ensemble: int = 1

    def __post_init__(self) -> None:
        check_tagger(self.translation, self.tagger)
        for key in ("soft", "agreed"):
            if not 0 <= getattr(self, key) < float("inf"):
                raise RecipeError(f"{key}: found {getattr(self, key)}; expected a number >= 0.")
        if not self.soft and not self.agreed:
            raise RecipeError("soft: found 0, and agreed 0 too; expected one above 0: nothing would be learnt.")
        if isinstance(self.learner, LightOptions) and (self.soft, self.agreed) != (1, 1):
            raise RecipeError(
                "soft: found weights with a light student; expected none: it learns the decoded labels of the "
                "sentences on which the three models agree."
            )
        if self.ensemble < 1:
            raise RecipeError(f"ensemble: found {self.ensemble}; expected a whole number >= 1.")
        if self.ensemble > 1 and isinstance(self.tagger, LightOptions):
            raise RecipeError(
                f"ensemble: found {self.ensemble} with a light tagger; expected 1: there is no chance in its training."
            )

    @property
    def learner(self) -> LightOptions | NeuralOptions:
        """The options of the student, where they were not said."""
        return self.student or self.tagger


def unitrans(task: Task, options: UniTrans, do: Do = just_do, seed: int = 1) -> Outcome:
    """Train a model on the source, one on its translation and one on both; a student learns from all three.

    The student learns, on unlabelled target text, the distributions of the teacher at every word and the tag of the
    teacher at those words to which all three models give the same. No label of the text is looked at, and sentences of
    the test text that occur in it are left out. The last step of each training is taken: nothing is selected on target
    labels.

    Args:
        task: needs `source`, `test`, `text`, and what the translation needs.
        options: the options of the method.
        do: carries out the stages; those of translate-train and direct with this tagger are shared with them.
        seed: of trainings with chance in them; tells apart the runs of an aligner that is not deterministic.

    Raises:
        RecipeError: the task lacks any of these.
        DataError: the translation has no name, or no model finds any in the text.

    Source:
        Wu et al. 2020 (IJCAI), "UniTrans: Unifying Model Transfer and Data Transfer for Cross-Lingual Named Entity
        Recognition with Unlabeled Data"; loss = `soft` MSE + `agreed` CE, both 1 in the released code. Differences: the
        translation is a real one with projected labels unless `WordByWord` is asked for; models agree where their tags
        decoded under IOB2 are the same, there where the likeliest are; the mean of the cross-entropy is over the agreed
        words of the whole text, there over those of each batch, so that a batch with few of them does not weigh each
        more. Their ensemble draws its models from those of the other runs; ours have seeds of their own, so that runs
        stay independent. The light tagger and its student are ours.
    """
    text, seen = task.unseen_text("unitrans")
    roles: tuple[list[Tagger], ...] = ([], [], [])
    lost = Ledger()
    for member in range(options.ensemble):
        found, lost = _models(task, options, do, seed + _APART * member)
        for role, model in zip(roles, found, strict=True):
            role.append(model)
    shares = (1 / options.ensemble,) * options.ensemble
    source, translated, tuned = (
        do(mixed_labels, tuple(do(tag, model, text) for model in role), shares, tag_set(task.labels)) for role in roles
    )
    agreed = do(agreement, source, translated, tuned)
    teacher = tuned if options.teacher == "tuned" else source
    own = seed_for(options.learner, seed)
    student = do(learn_agreed, teacher, agreed, options.learner, options.soft, options.agreed, own)
    ledger = do(count_agreed, lost, teacher, agreed, seen)
    return Outcome(tagger=student, predictions=do(tag, student, task.test), ledger=ledger)


def _models(task: Task, options: UniTrans, do: Do, seed: int) -> tuple[tuple[Tagger, Tagger, Tagger], Ledger]:
    """Train the three models: of the source, of the translation, of both; and count what the translation lost."""
    own = seed_for(options.tagger, seed)
    silver, lost = translated_source(task, options.translation, options.tagger, do, seed)
    source = do(train, task.source, options.tagger, own)
    translated = do(train, silver, options.tagger, own)
    light = isinstance(options.tagger, LightOptions)
    tuned = do(tune, task.source, silver, options.tagger, own, None if light else source)
    return (source, translated, tuned), lost


@stage(1)
def tune(
    source: Corpus, silver: Corpus, options: LightOptions | NeuralOptions, seed: int, start: Tagger | None
) -> Tagger:
    """Train the model of the source further on the translation; without one to start from, a model on both at once."""
    if isinstance(options, NeuralOptions) and start is not None:
        return train_neural(silver, options, start=neural_start(start), seed=seed)
    both = Corpus(source.sentences + silver.sentences, f"{source.name}+{silver.name}")
    return train_any(both, options, seed=seed)


@stage(1)
def agreement(source: Corpus, translated: Corpus, tuned: Corpus) -> NDArray[np.float32]:
    """Say of each word of a text whether three models give it the same tag: 1 or 0, shape (words,)."""
    found = [
        float(a == b == c)
        for same in zip(source, translated, tuned, strict=True)
        for a, b, c in zip(*(tags_of(len(sentence), sentence.spans) for sentence in same), strict=True)
    ]
    return np.array(found, dtype=np.float32)


@stage(1)
def learn_agreed(
    text: Corpus,
    agreed: NDArray[np.float32],
    student: LightOptions | NeuralOptions,
    soft: float,
    hard: float,
    seed: int,
) -> Tagger:
    """Train a student on distributions, and on decoded tags where models agree.

    Args:
        text: with the teacher's probabilities and decoded spans.
        agreed: 1 for each word on which the models agree, else 0, shape (words,).
        student: what learns; a light one learns the decoded spans of the sentences that are agreed on to the last word.
        soft: weight of the squared error, mean over words and tags.
        hard: weight of the cross-entropy, mean over the words that are agreed on.
        seed: of a neural student.
    """
    if isinstance(student, LightOptions):
        return train_light(_wholly(text, agreed), student)
    share = float(agreed.mean()) if len(agreed) else 0.0
    return train_neural(
        text,
        student,
        objective=Objective(kind="mse"),
        word_weights=None if soft == 1 else np.full(len(agreed), soft),
        tag_weights=hard / share * agreed if hard and share else None,
        seed=seed,
    )


def _wholly(text: Corpus, agreed: NDArray[np.float32]) -> Corpus:
    """Return the sentences that are agreed on to the last word."""
    parts = np.split(agreed, np.cumsum([len(sentence) for sentence in text])[:-1])
    kept = tuple(sentence for sentence, part in zip(text, parts, strict=True) if part.all())
    return Corpus(kept, text.name, text.tags)


@stage(1)
def count_agreed(lost: Ledger, text: Corpus, agreed: NDArray[np.float32], seen: int) -> Ledger:
    """Count what the translation lost, the unlabelled text, and on how many of its words the models agree."""
    ledger = Ledger(lost)
    ledger.note("unlabelled text", len(text))
    ledger.note("unlabelled text with names", sum(bool(sentence.spans) for sentence in text))
    ledger.note("unlabelled text agreed on to the last word", len(_wholly(text, agreed)))
    ledger.note("words of unlabelled text", len(agreed))
    ledger.note("words agreed on", int(agreed.sum()))
    tags = np.array([name for s in text for name in tags_of(len(s), s.spans)], dtype=object)
    ledger.note("words of names", int((tags != "O").sum()))
    ledger.note("words of names agreed on", int(((tags != "O") & (agreed > 0)).sum()))
    ledger.note("sentences left out: in the test text", seen)
    return ledger
