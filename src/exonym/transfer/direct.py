"""Direct transfer: train on the source language, tag the target language."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from exonym.data import Corpus, Ledger
from exonym.tag import LightOptions, TransformerEncoder
from exonym.transfer.adaptation import Adaptation, AdaptationReport, adapt
from exonym.transfer.adapted import AdaptedEncoder, pretrained, train_on_encoder
from exonym.transfer.saved import TaggerOptions, source_tagger
from exonym.transfer.stages import Do, just_do, stage, tag
from exonym.transfer.task import Outcome, Task


@dataclass(frozen=True, kw_only=True)
class Direct:
    """Options of direct transfer.

    Attributes:
        kind: names the method in a recipe.
        tagger: how the tagger is trained; or one that is there already.
        adapt: the encoder of the tagger, a pretrained one, first learns from the unlabelled target text to guess hidden
            subwords; None leaves it as it is.
    """

    kind: Literal["direct"] = "direct"
    tagger: TaggerOptions = field(default_factory=LightOptions)
    adapt: Adaptation | None = None

    def __post_init__(self) -> None:
        if self.adapt is not None:
            pretrained(self.tagger, "adapt")


def direct(task: Task, options: Direct, do: Do = just_do, seed: int = 1) -> Outcome:
    """Train a tagger on labelled source text and apply it to target text as it is.

    With a tagger that shares nothing between languages but characters, this is the floor that every other method is
    measured against: names, shapes and punctuation carry over, words do not.

    Args:
        task: needs `test` and, unless the tagger is there already, `source`; to adapt the encoder, `text`, of which the
            sentences of the test text are left out.
        options: the options of the method.
        do: carries out the stages.
        seed: of the training and the adaptation, if there is chance in them.

    Raises:
        RecipeError: the encoder is to be adapted, and the task has no unlabelled text, or the encoder no mask.
        DataError: a model or a saved tagger cannot be read.
    """
    if options.adapt is None:
        tagger = source_tagger(task, options.tagger, do, seed)
        return Outcome(tagger=tagger, predictions=do(tag, tagger, task.test))
    text, seen = task.unseen_text("adapt")
    own, base = pretrained(options.tagger, "adapt")
    encoder = do(adapt_encoder, text, base, options.adapt, seed)
    tagger = do(train_on_encoder, task.source, own, encoder, seed)
    ledger, notes = do(adaptation_ledger, encoder, seen), do(adaptation_notes, encoder)
    return Outcome(tagger=tagger, predictions=do(tag, tagger, task.test), ledger=ledger, notes=notes)


@stage(1)
def adapt_encoder(text: Corpus, base: TransformerEncoder, options: Adaptation, seed: int) -> AdaptedEncoder:
    """Let an encoder guess hidden subwords of a text."""
    encoder = AdaptedEncoder.lent()
    adapt(base.model, text, options, encoder.folder, hub=base.hub, seed=seed)
    return encoder


@stage(1)
def adaptation_ledger(encoder: AdaptedEncoder, seen: int) -> Ledger:
    """Count what an encoder was adapted to, and the sentences that it was not shown since the test text has them."""
    ledger = Ledger(AdaptationReport.of_folder(encoder.folder).ledger)
    ledger.note("sentences left out: in the test text", seen)
    return ledger


@stage(1)
def adaptation_notes(encoder: AdaptedEncoder) -> tuple[str, ...]:
    """Say how the loss of guessing fell."""
    losses = AdaptationReport.of_folder(encoder.folder).losses
    return (f"guessing hidden subwords: loss {losses[0]:.3f} in the first tenth, {losses[-1]:.3f} in the last",)
