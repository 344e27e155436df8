"""MAN-MoE: one tagger for several sources, that learns what they share and mixes experts in what they do not."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from exonym.data import Corpus, Ledger
from exonym.tag import NeuralOptions, Sharing, Tagger, train_shared
from exonym.transfer.stages import Do, just_do, stage, tag
from exonym.transfer.task import Outcome, Task

if TYPE_CHECKING:
    from exonym.tag.neural.tagger import NeuralTagger


@dataclass(frozen=True, kw_only=True)
class ManMoe(Sharing):
    """Options of MAN-MoE; those of what is shared and how experts are mixed are described in `Sharing`.

    Attributes:
        kind: names the method in a recipe.
        tagger: the encoder beneath and how all is trained.
    """

    kind: Literal["man_moe"] = "man_moe"
    tagger: NeuralOptions = field(default_factory=NeuralOptions)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check(self.tagger)

    @property
    def sharing(self) -> Sharing:
        """The options of sharing alone."""
        return Sharing(**{item.name: getattr(self, item.name) for item in fields(Sharing)})


def man_moe(task: Task, options: ManMoe, do: Do = just_do, seed: int = 1) -> Outcome:
    """Train a tagger with an expert for each source, and features that hide the language; its gates tag the target.

    The adversary reads the sources and unlabelled target text, of which at most as many sentences are drawn as the
    largest source has. The notes of the outcome say how much each expert counted on the target text.

    Args:
        task: needs `source`, `sources`, `test` and, unless `adversary` is 0, `text`.
        options: the options of the method.
        do: carries out the stages.
        seed: of the training, and of the sentences that are drawn.

    Raises:
        RecipeError: the task lacks any of these.

    Source:
        Chen et al. 2019 (ACL); differences in `exonym.tag.train_shared`. The released code keeps the epoch that is best
        on labelled target text, which a language without labels does not have: here it is always the last epoch.
    """
    sources, lost = _of_types(task.all_sources("man_moe"))
    text, seen = task.unseen_text("man_moe") if options.adversary else (None, 0)
    drawn = None if text is None else _drawn(text, max(map(len, sources)), seed)
    tagger = do(share, sources, drawn, options.tagger, options.sharing, seed)
    ledger = Ledger()
    ledger.note("names of sources left out: of types that the first source lacks", lost)
    if text is not None and drawn is not None:
        ledger.note("unlabelled text", len(text))
        ledger.note("sentences left out: in the test text", seen)
        ledger.note("sentences left out: more than the largest source has", len(text) - len(drawn))
    notes = do(gates_on, tagger, task.test if drawn is None else drawn, tuple(source.name for source in sources))
    return Outcome(tagger=tagger, predictions=do(tag, tagger, task.test), ledger=ledger, notes=notes)


@stage(1)
def share(
    sources: tuple[Corpus, ...], text: Corpus | None, options: NeuralOptions, sharing: Sharing, seed: int
) -> Tagger:
    """Train a tagger with an expert for each source."""
    return train_shared(sources, text, options, sharing, seed=seed)


@stage(1)
def gates_on(tagger: Tagger, text: Corpus, names: tuple[str, ...]) -> tuple[str, ...]:
    """Say how much each expert for tags counts in a text; its labels are not looked at."""
    from exonym.tag.neural.sharing import gates_of

    shares = gates_of(cast("NeuralTagger", tagger), text)
    return tuple(f"expert {name}: weight {share:.3f}" for name, share in zip(names, shares, strict=True))


def _of_types(sources: tuple[Corpus, ...]) -> tuple[tuple[Corpus, ...], int]:
    """Leave out names of types that the first source lacks, and count them."""
    first, *others = sources
    kept = [
        replace(
            source,
            sentences=tuple(
                sentence.with_spans(span for span in sentence.spans if span.label in first.labels)
                for sentence in source
            ),
        )
        for source in others
    ]
    lost = sum(
        len(a.spans) - len(b.spans) for x, y in zip(others, kept, strict=True) for a, b in zip(x, y, strict=True)
    )
    return (first, *kept), lost


def _drawn(text: Corpus, most: int, seed: int) -> Corpus:
    """Draw sentences at random, in their order, if there are more than so many."""
    if len(text) <= most:
        return text
    places = np.sort(np.random.default_rng(seed).permutation(len(text))[:most])
    return replace(text, sentences=tuple(text[place] for place in places))
