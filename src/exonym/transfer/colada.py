"""CoLaDa: models clean the labels of the translated corpus and of target text for each other, in rounds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from exonym.data import Corpus, Ledger, tags_of
from exonym.errors import DataError, RecipeError
from exonym.tag import NeuralOptions, Objective, Tagger, train_neural
from exonym.transfer.neighbours import neighbour_weights
from exonym.transfer.stages import Do, just_do, stage, tag, train
from exonym.transfer.students import neural_start
from exonym.transfer.task import Outcome, Task
from exonym.transfer.translate_train import TranslateTrain
from exonym.transfer.translated import TranslationOptions, check_tagger, translated_source

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """How labels are weighed by the neighbours of words; see `exonym.transfer.neighbours.neighbour_weights`.

    Attributes:
        number: of the nearest words that are looked at, >= 1.
        slope: how sharply weights fall around the mean of their tag, >= 0; with 0 all weigh 1.
        bank: neighbours are sought among so many words at most, >= 1.
    """

    number: int = 500
    slope: float = 6.0
    bank: int = 20000

    def __post_init__(self) -> None:
        for key, least in (("number", 1), ("bank", 1), ("slope", 0)):
            if not least <= getattr(self, key) < float("inf"):
                raise RecipeError(f"neighbours.{key}: found {getattr(self, key)}; expected a number >= {least}.")


@dataclass(frozen=True, kw_only=True)
class CoLaDa:
    """Options of CoLaDa.

    Attributes:
        kind: names the method in a recipe.
        translation: how the source corpus comes into the target language: `TranslateTrain`, without a tagger, or
            `WordByWord`.
        tagger: how all models are trained; a neural one.
        rounds: how often the translated corpus and then the target text are labelled anew, >= 1.
        trust: weight of the projected labels against what the model says of the translated corpus, in the first round,
            in [0, 1].
        later_trust: the same in later rounds, in [0, 1].
        neighbours: how labels of models are weighed by the neighbours of their words.
    """

    kind: Literal["colada"] = "colada"
    translation: TranslationOptions = field(default_factory=TranslateTrain)
    tagger: NeuralOptions = field(default_factory=NeuralOptions)
    rounds: int = 8
    trust: float = 0.5
    later_trust: float = 0.1
    neighbours: Neighbours = field(default_factory=Neighbours)

    def __post_init__(self) -> None:
        if not isinstance(self.tagger, NeuralOptions):
            raise RecipeError(
                'tagger: found the light tagger; expected { kind = "neural" }: colada weighs labels by the vectors of '
                "words, and the light tagger has none."
            )
        check_tagger(self.translation, self.tagger)
        for key in ("trust", "later_trust"):
            if not 0 <= getattr(self, key) <= 1:
                raise RecipeError(f"{key}: found {getattr(self, key)}; expected a number in [0, 1].")
        if self.rounds < 1:
            raise RecipeError(f"rounds: found {self.rounds}; expected a whole number >= 1.")


def colada(task: Task, options: CoLaDa, do: Do = just_do, seed: int = 1) -> Outcome:
    """Let models clean the labels of the translated corpus and of target text for each other, round by round.

    In each round the model of the target text labels the translated corpus, goes on learning from its own
    distributions there and the projected labels, labels the target text, and a fresh model learns from that. What a
    model says of a word weighs as much as the nearest words agree with it. No label of the text is looked at, and
    sentences of the test text that occur in it are left out.

    Args:
        task: needs `source`, `test`, `text`, and what the translation needs.
        options: the options of the method.
        do: carries out the stages; those up to the translated corpus are shared with translate-train.
        seed: of all trainings; tells apart the runs of an aligner that is not deterministic.

    Raises:
        RecipeError: the task lacks any of these.
        DataError: a model finds no name in the translated corpus or in the text.

    Source:
        Ma et al. 2023 (ACL), "CoLaDa: A Collaborative Label Denoising Framework for Cross-lingual Named Entity
        Recognition", as released, with its constants: 8 rounds; target of a translated word = trust * one-hot + (1 -
        trust) * w * softmax, by cross-entropy (which has the gradient of the KL used here); hard labels on target text,
        weighted by w; mean over all words. Differences: the released scripts give the *target dev set* as dev set and
        keep the checkpoint that scores best on it; here the last step is taken, and nothing is selected on target
        labels. Labels are decoded under IOB2 before they are weighed, there only those of the target text. Epochs and
        rates are those of `tagger`, there 10 and 2e-5. With a CRF the distributions are its marginals. See also
        `exonym.transfer.neighbours`.
    """
    text, seen = task.unseen_text("colada")
    silver, lost = translated_source(task, options.translation, options.tagger, do, seed)
    model = do(train, task.source, options.tagger, seed)
    for number in range(options.rounds):
        trust = options.later_trust if number else options.trust
        labelled = do(tag, model, silver)
        weights = do(weigh_labels, model, labelled, options.neighbours, seed)
        better = do(learn_translated, silver, labelled, weights, trust, options.tagger, seed, model)
        labelled = do(tag, better, text)
        weights = do(weigh_labels, better, labelled, options.neighbours, seed)
        model = do(learn_weighted, labelled, weights, options.tagger, seed)
    ledger = do(count_weighed, lost, labelled, weights, seen)
    return Outcome(tagger=model, predictions=do(tag, model, task.test), ledger=ledger)


@stage(1)
def weigh_labels(model: Tagger, labelled: Corpus, options: Neighbours, seed: int) -> NDArray[np.float32]:
    """Weigh the labels that a model gave to a corpus by the neighbours of its words, in (0, 1], shape (words,).

    Raises:
        DataError: there is no name among the labels.
    """
    if not labelled.labels:
        raise DataError(
            f"{labelled.name}: found no name that the model gives; expected some to learn from. Train it longer, or on "
            "more text."
        )
    return neighbour_weights(
        neural_start(model).word_vectors(labelled),
        _tags(labelled),
        neighbours=options.number,
        slope=options.slope,
        bank=options.bank,
        seed=seed,
    )


@stage(1)
def learn_translated(
    silver: Corpus,
    labelled: Corpus,
    weights: NDArray[np.float32],
    trust: float,
    options: NeuralOptions,
    seed: int,
    start: Tagger,
) -> Tagger:
    """Train a model further on the translated corpus.

    Args:
        silver: the translated corpus with projected labels.
        labelled: the same sentences with the distributions of the model.
        weights: of what the model says of each word, shape (words,).
        trust: weight of the projected labels; the distributions have the rest of 1.
        options: how it is trained.
        seed: of the training.
        start: the model.
    """
    sentences = tuple(
        replace(own, probabilities=theirs.probabilities) for own, theirs in zip(silver, labelled, strict=True)
    )
    return train_neural(
        Corpus(sentences, silver.name, labelled.tags),
        options,
        objective=Objective(kind="kl"),
        word_weights=(1 - trust) * weights,
        tag_weights=np.full(len(weights), trust),
        start=neural_start(start),
        seed=seed,
    )


@stage(1)
def learn_weighted(labelled: Corpus, weights: NDArray[np.float32], options: NeuralOptions, seed: int) -> Tagger:
    """Train a fresh model on decoded labels of target text, weighted by word; it has all tags, also those not found."""
    return train_neural(
        labelled,
        options,
        objective=Objective(kind="mse"),
        word_weights=np.zeros(len(weights)),
        tag_weights=weights,
        seed=seed,
    )


@stage(1)
def count_weighed(lost: Ledger, labelled: Corpus, weights: NDArray[np.float32], seen: int) -> Ledger:
    """Count what the translation lost, and the target text of the last round with the weights of its labels."""
    ledger = Ledger(lost)
    ledger.note("unlabelled text", len(labelled))
    ledger.note("unlabelled text with names", sum(bool(sentence.spans) for sentence in labelled))
    names = np.array([name != "O" for name in _tags(labelled)])
    ledger.note("words of names", int(names.sum()))
    ledger.note("words of names that weigh less than half", int((weights[names] < 1 / 2).sum()))
    ledger.note("sentences left out: in the test text", seen)
    return ledger


def _tags(corpus: Corpus) -> list[str]:
    return [name for sentence in corpus for name in tags_of(len(sentence), sentence.spans)]
