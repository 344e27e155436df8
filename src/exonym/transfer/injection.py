"""Lexical injection: an encoder learns from word pairs that translations are alike. Options and results.

PyTorch is imported when `inject` is called; the losses and the loop are in `injecting`. Start at `inject`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from exonym.align.chunks import quiet
from exonym.align.embedding.aligner import check_installed
from exonym.data import Ledger
from exonym.device import Precision
from exonym.errors import DataError, RecipeError
from exonym.transfer.retrieval import Retrieval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.align.chunks import Progress
    from exonym.transfer.word_pairs import WordPair

Maps = Literal["attention", "all"]
InjectionLoss = Literal["contrast", "triplet"]

REPORT = "injection.json"


@dataclass(frozen=True, kw_only=True)
class Injection:
    """How an encoder is adapted.

    Attributes:
        layer: whose vectors are compared, >= 1: the published 2 is early.
        adapted: the layers that learn, counted from 1, none above `layer`, whose vectors they could not change; all up
            to `layer` if empty.
        maps: which linear maps of these layers learn: `attention`: those of queries and values, as published; `all`.
        rank: of the changes, >= 1.
        alpha: changes count alpha / rank, > 0.
        loss: `contrast`: of all words of the other side in a batch, the partner is to be the most alike, in both
            directions (InfoNCE); `triplet`: the partner of a target word is to be more alike than the most alike
            other source word by a margin, as published.
        temperature: of `contrast`: cosines are divided by it, > 0.
        margin: of `triplet`, > 0.
        steps: of the optimiser, >= 1.
        batch_pairs: pairs in a step, >= 2: each is compared with the others.
        learning_rate: the highest, > 0.
        warmup: share of the steps in which it rises, in [0, 1); then it falls linearly.
        clip: longest gradient, > 0.
        precision: of the products in the encoder, as of `NeuralOptions`.
    """

    layer: int = 2
    adapted: tuple[int, ...] = ()
    maps: Maps = "attention"
    rank: int = 16
    alpha: float = 32.0
    loss: InjectionLoss = "contrast"
    temperature: float = 0.05
    margin: float = 0.4
    steps: int = 400
    batch_pairs: int = 32
    learning_rate: float = 2e-4
    warmup: float = 0.1
    clip: float = 1.0
    precision: Precision = "auto"

    def __post_init__(self) -> None:
        numbers = ("alpha", "temperature", "margin", "learning_rate", "clip")
        faults: dict[str, str | bool] = {
            "layer": self.layer < 1 and "a number >= 1",
            "adapted": (len(set(self.adapted)) != len(self.adapted) or not set(self.adapted) <= self._reached)
            and f"different numbers from 1 to {self.layer}, the layer",
            "rank": self.rank < 1 and "a number >= 1",
            "steps": self.steps < 1 and "a number >= 1",
            "batch_pairs": self.batch_pairs < 2 and "a number >= 2",
            "warmup": not 0 <= self.warmup < 1 and "a number in [0, 1)",
        }
        faults |= {key: not 0 < getattr(self, key) < float("inf") and "a number > 0" for key in numbers}
        for key, known in (("maps", Maps), ("loss", InjectionLoss), ("precision", Precision)):
            faults[key] = getattr(self, key) not in get_args(known) and " or ".join(map(repr, get_args(known)))
        for key, expected in faults.items():
            if expected:
                raise RecipeError(f"lexical injection: found {key} = {getattr(self, key)!r}; expected {expected}")

    @property
    def _reached(self) -> set[int]:
        return set(range(1, self.layer + 1))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The layers that learn, counted from 1."""
        return tuple(sorted(self.adapted or self._reached))


@dataclass(frozen=True, kw_only=True)
class InjectionReport:
    """What was done to an encoder, and what came of it.

    Attributes:
        model: what was adapted; of a folder only its name.
        options: how.
        seed: with which seed.
        pairs: how many pairs were learnt from.
        losses: the mean loss over each tenth of the steps, or each step if there are fewer than ten.
        before: retrieval before, at every layer: `trained` on the pairs learnt from, `held_out` on the others.
        after: the same afterwards.
        ledger: what was left out.
    """

    model: str
    options: Injection
    seed: int
    pairs: int
    losses: tuple[float, ...]
    before: dict[str, tuple[Retrieval, ...]]
    after: dict[str, tuple[Retrieval, ...]]
    ledger: Ledger = field(default_factory=Ledger)

    def lines(self) -> list[str]:
        """Say what came of it at the layer compared and at the last, a line for each."""
        told = []
        for name, before in self.before.items():
            for layer in dict.fromkeys((self.options.layer, len(before) - 1)):
                one, other = before[layer], self.after[name][layer]
                told.append(
                    f"{name.replace('_', ' ')} pairs ({one.pairs}), layer {layer}: P@1 to target {one.to_target:.3f}"
                    f" -> {other.to_target:.3f}, to source {one.to_source:.3f} -> {other.to_source:.3f} (chance "
                    f"{one.chance:.3f}); similarity {one.similarity:.3f} -> {other.similarity:.3f}, of random pairs "
                    f"{one.random_similarity:.3f} -> {other.random_similarity:.3f}"
                )
        return told

    @classmethod
    def of_folder(cls, folder: Path) -> Self:
        """Read the report that `inject` wrote beside the model.

        Raises:
            DataError: there is none.
        """
        path = folder / REPORT
        try:
            return cls.of_json(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path}: found no report of an injection ({error}); expected one. Inject again."
            ) from error

    @classmethod
    def of_json(cls, row: dict[str, Any]) -> Self:
        """Make it of what `asdict` made, read back from JSON."""
        options = Injection(**{**row["options"], "adapted": tuple(row["options"]["adapted"])})
        measured = {
            key: {name: tuple(Retrieval(**each) for each in rows) for name, rows in row[key].items()}
            for key in ("before", "after")
        }
        return cls(
            **{**row, **measured, "options": options, "losses": tuple(row["losses"]), "ledger": Ledger(row["ledger"])}
        )


def inject(
    model: str | Path,
    pairs: Sequence[WordPair],
    options: Injection,
    folder: str | Path,
    *,
    held_out: Sequence[WordPair] = (),
    hub: bool = False,
    seed: int = 1,
    progress: Progress = quiet,
) -> InjectionReport:
    """Teach an encoder that words and their translations are alike, and write it to a folder as Transformers has it.

    Early layers learn low-rank changes, which are merged into their weights; all else stays as it was. Words are read
    by themselves, and a vector is the mean of the subwords, without special ones. On a CPU the same arguments give the
    same bytes, with as many threads. The global random state of PyTorch is left alone.

    Args:
        model: a folder with an encoder, or a name on the Hugging Face hub.
        pairs: what to learn from.
        options: what learns, and how.
        folder: where to write weights (safetensors), tokeniser, model card and report.
        held_out: other pairs, on which retrieval is measured too.
        hub: allow a download.
        seed: of the first changes and the order of pairs, >= 0.
        progress: called with (steps done, all steps, what is done).

    Returns:
        What was done, with retrieval before and after at every layer.

    Raises:
        DataError: there is no such model, or there are fewer than two pairs that it can read.
        RecipeError: the model has no such layer, or no linear maps of the kind asked for.
        MissingExtra: PyTorch or Transformers is not installed.

    Source:
        Ngugi 2025, "Targeted Lexical Injection" (arXiv 2506.15415). Differences: their model is a decoder of 8 billion
        weights in 4 bits, ours any encoder; their means include the special subword at the start in training, although
        not in evaluation, so that all similarities begin near 1; their changes have a dropout of 0.05, and stand in all
        layers, although those above the layer compared get no gradient; `triplet` is their loss, `contrast`, the
        default, is van den Oord et al. 2018 (InfoNCE) in both directions, and words of a batch that are known to
        translate each other too are no negatives in either; a seen gain of similarity is theirs at the layer compared,
        not at the output, and without negatives.
    """
    if seed < 0:
        raise RecipeError(f"seed: found {seed}; expected a whole number >= 0")
    check_installed()
    from exonym.transfer.injecting import inject_pairs

    return inject_pairs(str(model), pairs, options, Path(folder), held_out, hub, seed, progress)


def json_of(report: InjectionReport) -> str:
    """Write a report as JSON."""
    row = asdict(report) | {"ledger": report.ledger}  # `asdict` would count the pairs of a Counter
    return json.dumps(row, indent=1, ensure_ascii=False) + "\n"
