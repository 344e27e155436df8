"""Targeted lexical injection: make translations alike in an encoder, then transfer directly with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from exonym.align import AnyAligner, StatisticalAligner
from exonym.data import Alignment, Bitext, Ledger
from exonym.errors import DataError, RecipeError
from exonym.tag import NeuralOptions, TransformerEncoder
from exonym.transfer.adapted import AdaptedEncoder, pretrained, train_on_encoder
from exonym.transfer.injection import Injection, InjectionReport, inject
from exonym.transfer.stages import Do, align, just_do, stage, tag, train
from exonym.transfer.task import Outcome, Task
from exonym.transfer.word_pairs import WordPair, learnt_pairs, read_pairs, shuffled_pairs, split_pairs

Injected = Literal["translations", "random", "nothing"]


@dataclass(frozen=True, kw_only=True)
class LexicalInjection:
    """Options of targeted lexical injection.

    Attributes:
        kind: names the method in a recipe.
        tagger: how the source tagger is trained; its encoder, a pretrained one, is adapted before.
        injection: how the encoder is adapted.
        injected: `translations`; or a control: `random`, where each word gets the partner of another, and `nothing`,
            where the encoder stays as it is.
        word_pairs: file of word pairs, a target word, a tab and a source word a line; if None, they are learnt from the
            parallel text.
        aligner: how the words of the parallel text are linked, from which pairs are counted.
        count: most pairs that are learnt from the parallel text, >= 2: those with most links.
        min_weight: least summed weight of the links of a pair, >= 0.
        held_out: share of the pairs that are not learnt from, but measured on, in [0, 1); no word of theirs is in the
            others.
    """

    kind: Literal["lexical_injection"] = "lexical_injection"
    tagger: NeuralOptions = field(default_factory=NeuralOptions)
    injection: Injection = field(default_factory=Injection)
    injected: Injected = "translations"
    word_pairs: str | None = None
    aligner: AnyAligner = field(default_factory=StatisticalAligner)
    count: int = 2000
    min_weight: float = 2.0
    held_out: float = 0.1

    def __post_init__(self) -> None:
        name = "lexical_injection"
        pretrained(self.tagger, name)
        faults = {
            "injected": self.injected not in get_args(Injected) and " or ".join(map(repr, get_args(Injected))),
            "count": self.count < 2 and "a number >= 2",
            "min_weight": not 0 <= self.min_weight < float("inf") and "a number >= 0",
            "held_out": not 0 <= self.held_out < 1 and "a number in [0, 1)",
        }
        for key, expected in faults.items():
            if expected:
                raise RecipeError(f"{name}: found {key} = {getattr(self, key)!r}; expected {expected}")


def lexical_injection(task: Task, options: LexicalInjection, do: Do = just_do, seed: int = 1) -> Outcome:
    """Adapt an encoder on word pairs, train the source tagger on it, and tag target text as it is.

    The notes of the outcome give retrieval before and after, on the pairs learnt from and on those held out.

    Args:
        task: needs `source`, `test` and, unless the pairs are in a file, parallel text: `translation` or `extra`.
        options: the options of the method.
        do: carries out the stages.
        seed: of the adaptation, the held-out pairs and the tagger; tells apart the runs of an aligner that is not
            deterministic.

    Raises:
        RecipeError: the task has no parallel text, and there is no file; an option does not fit the model.
        DataError: there are too few pairs; the file or the model cannot be read.

    Source:
        Ngugi 2025 (arXiv 2506.15415) for the adaptation, see `exonym.transfer.injection.inject`; the paper stops at the
        similarity of words, and tags nothing. The transfer, the controls, and pairs learnt from parallel text are ours.
    """
    if options.injected == "nothing":
        tagger = do(train, task.source, options.tagger, seed)
        return Outcome(tagger=tagger, predictions=do(tag, tagger, task.test), notes=("nothing was injected",))
    pairs = _pairs(task, options, do, seed)
    _, base = pretrained(options.tagger, "lexical_injection")
    random = options.injected == "random"
    encoder = do(inject_encoder, pairs, base, options.injection, random, options.held_out, seed)
    tagger = do(train_on_encoder, task.source, options.tagger, encoder, seed)
    return Outcome(
        tagger=tagger,
        predictions=do(tag, tagger, task.test),
        ledger=do(injection_ledger, encoder),
        notes=do(injection_notes, encoder),
    )


def _pairs(task: Task, options: LexicalInjection, do: Do, seed: int) -> tuple[WordPair, ...]:
    """Read or learn the word pairs."""
    if options.word_pairs is not None:
        return read_pairs(options.word_pairs)
    if not len(task.parallel):
        raise RecipeError(
            "lexical_injection: found no parallel text and no file of word pairs; expected `translation`, `extra` or "
            "`word_pairs`."
        )
    links = do(align, task.parallel, options.aligner, 0 if options.aligner.deterministic else seed)
    return do(learn_pairs, task.parallel, links, options.count, options.min_weight)


@stage(1)
def learn_pairs(bitext: Bitext, alignment: Alignment, count: int, min_weight: float) -> tuple[WordPair, ...]:
    """Read word pairs off word links."""
    return learnt_pairs(bitext, alignment, count, min_weight)


@stage(1)
def inject_encoder(
    pairs: tuple[WordPair, ...], base: TransformerEncoder, options: Injection, random: bool, held_out: float, seed: int
) -> AdaptedEncoder:
    """Adapt an encoder on all pairs but those that are held out."""
    known = [WordPair(*pair) for pair in pairs]  # a store gives them back as plain rows
    learnt, aside = split_pairs(known, held_out, seed)
    encoder = AdaptedEncoder.lent()
    given = shuffled_pairs(learnt, seed) if random else learnt
    if len(given) < 2:
        raise DataError(
            f"lexical_injection: found {len(known)} word pairs, of which {len(given)} can be learnt from; expected 2 "
            "or more. Give more parallel text, or a file of pairs, or lower min_weight."
        )
    inject(base.model, given, options, encoder.folder, held_out=aside, hub=base.hub, seed=seed)
    return encoder


@stage(1)
def injection_ledger(encoder: AdaptedEncoder) -> Ledger:
    """Say which pairs were left out."""
    return InjectionReport.of_folder(encoder.folder).ledger


@stage(1)
def injection_notes(encoder: AdaptedEncoder) -> tuple[str, ...]:
    """Say what the adaptation did to retrieval."""
    return tuple(InjectionReport.of_folder(encoder.folder).lines())
