"""Students: taggers that learn from what a teacher says of unlabelled text, and how they do.

Start at `Distillation`, the options, and `student_of`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NoReturn

from exonym.data import Corpus, Ledger
from exonym.errors import RecipeError
from exonym.tag import LightOptions, NeuralOptions, Objective, Tagger, train_light, train_neural
from exonym.tag.sample import sampled
from exonym.tag.select import surest
from exonym.transfer.stages import Do, stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from exonym.tag.neural.tagger import NeuralTagger

    Progress = Callable[[int, int], None]

Learning = Literal["mse", "kl", "hard", "sampled"]


@dataclass(frozen=True, kw_only=True)
class Distillation:
    """How a student learns from a teacher.

    Attributes:
        student: the tagger that learns.
        learning: what it learns. `mse` and `kl`: the teacher's distributions, by mean squared error or
            Kullback-Leibler divergence (neural students only, which learn by `mse` if nothing is given); `hard`: the
            decoded labels (what the light tagger learns if nothing is given); `sampled`: label sequences drawn from the
            distributions (the light tagger only). On the dev sets of Spanish, Swahili and Hausa students of `gloss`
            scored 1.5 more on the mean with `hard` than with three draws.
        temperature: for `kl`: both distributions are made flatter by it before they are compared, > 0.
        draws: for `sampled`: sequences of each sentence, >= 1.
        share: learn from the surest sentences only, so many of all, in (0, 1]; see `exonym.tag.select.surest`.
        balanced: take the share of the sentences with each type, and of those without names, apart.
        initial: a neural student starts anew (`fresh`) or as its only teacher, which must be neural (`teacher`).
    """

    student: LightOptions | NeuralOptions | None = field(default_factory=LightOptions)
    learning: Learning | None = None
    temperature: float = 1.0
    draws: int = 3
    share: float = 1.0
    balanced: bool = False
    initial: Literal["fresh", "teacher"] = "fresh"

    def __post_init__(self) -> None:
        if isinstance(self.student, LightOptions):
            if self.learning in ("mse", "kl"):
                _refuse("learning", self.learning, "sampled or hard: the light tagger cannot learn distributions")
            if self.initial == "teacher":
                _refuse("initial", "teacher", "fresh: only a neural student can start as its teacher")
        if isinstance(self.student, NeuralOptions) and self.learning == "sampled":
            _refuse("learning", "sampled", "mse, kl or hard: a neural student learns the distributions themselves")
        if not 0 < self.temperature < float("inf") or (self.temperature != 1 and self.learning != "kl"):
            _refuse("temperature", self.temperature, "a number > 0, and 1 unless learning is kl")
        if not 0 < self.share <= 1:
            _refuse("share", self.share, "a number in (0, 1]")
        if self.balanced and self.share == 1:
            _refuse("balanced", True, "share below 1 with it: all sentences are kept")
        if self.draws < 1:
            _refuse("draws", self.draws, "a whole number >= 1")

    @property
    def how(self) -> Learning:
        """What the student learns, where it was not said."""
        return self.learning or ("hard" if isinstance(self.student, LightOptions) else "mse")


def _refuse(key: str, found: object, expected: str) -> NoReturn:
    raise RecipeError(f"{key}: found {found}; expected {expected}.")


def student_of(text: Corpus, options: Distillation, do: Do, seed: int, start: Tagger | None = None) -> Tagger:
    """Train a student on the surest sentences of a text with soft labels.

    Args:
        text: sentences with probabilities, and the spans decoded from them.
        options: how it learns; with a student.
        do: carries out the stages.
        seed: of the student's training, or of the draws.
        start: what a student with `initial="teacher"` starts as.
    """
    if options.student is None:
        raise RecipeError("student: found none; expected a tagger to train.")
    kept = do(keep_surest, text, options.share, options.balanced) if options.share < 1 else text
    own = 0 if isinstance(options.student, LightOptions) and options.how == "hard" else seed
    first = start if options.initial == "teacher" else None
    return do(learn, kept, options.student, options.how, options.temperature, options.draws, own, first)


@stage(1)
def keep_surest(text: Corpus, share: float, balanced: bool) -> Corpus:
    """Keep the sentences whose labels are surest."""
    return surest(text, share, balanced=balanced)


@stage(1)
def count_kept(text: Corpus, share: float, balanced: bool, seen: int) -> Ledger:
    """Count the unlabelled sentences, those in which a teacher found names, and those that no student learnt from."""
    ledger = Ledger({"unlabelled text": len(text)})
    ledger.note("unlabelled text with names", sum(bool(sentence.spans) for sentence in text))
    ledger.note("sentences left out: in the test text", seen)
    ledger.note("sentences left out: not among the surest", len(text) - len(surest(text, share, balanced=balanced)))
    return ledger


@stage(1)
def learn(
    text: Corpus,
    student: LightOptions | NeuralOptions,
    how: Learning,
    temperature: float,
    draws: int,
    seed: int,
    start: Tagger | None = None,
) -> Tagger:
    """Train a student on a text with soft labels."""
    return learnt(text, student, how, temperature=temperature, draws=draws, seed=seed, start=start)


def learnt(
    text: Corpus,
    student: LightOptions | NeuralOptions,
    how: Learning,
    *,
    temperature: float = 1.0,
    draws: int = 3,
    seed: int = 1,
    start: Tagger | None = None,
    progress: Progress | None = None,
) -> Tagger:
    """Train a student on a text with soft labels.

    Args:
        text: sentences with probabilities, and the spans decoded from them.
        student: the tagger that learns.
        how: as `Distillation.learning`.
        temperature: as there.
        draws: as there.
        seed: the same seed gives the same bytes.
        start: a neural tagger that the student starts as; None to start anew.
        progress: called with (steps done, all steps).

    Raises:
        DataError: the teacher found no name in the text, so that there is nothing to learn.
        RecipeError: `start` is no neural tagger.

    Source:
        Wu, Lin, Karlsson, Lou and Huang 2020 (ACL), section 3.1: `mse` with a fresh student is theirs. `sampled` is
        ours, for a tagger whose training takes label sequences: the expectation over the draws of its negative
        log-likelihood is the cross-entropy with the teacher's (IOB2-constrained) distribution, of which `kl` with
        temperature 1 is the counterpart word by word.
    """
    if isinstance(student, LightOptions):
        return train_light(text if how == "hard" else sampled(text, draws, seed), student, progress)
    if how == "sampled":
        _refuse("learning", how, "mse, kl or hard: a neural student learns the distributions themselves")
    objective = Objective(kind=how, temperature=temperature)
    first = None if start is None else neural_start(start)
    return train_neural(text, student, objective=objective, start=first, seed=seed, progress=progress)


def neural_start(start: Tagger) -> NeuralTagger:
    """Return a tagger that a neural student can start as, or refuse one of another kind."""
    from exonym.tag.neural.tagger import NeuralTagger

    if not isinstance(start, NeuralTagger):
        raise RecipeError('initial: found "teacher" with a teacher that is not neural; expected "fresh".')
    return start
