"""Adaptation of an encoder to a language: masked language modelling on unlabelled text. Options and what came of it.

PyTorch is imported when `adapt` is called; the loop is in `adapting`. Start at `adapt`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self, get_args

from exonym.align.chunks import quiet
from exonym.align.embedding.aligner import check_installed
from exonym.data import Ledger
from exonym.device import Precision
from exonym.errors import DataError, RecipeError

if TYPE_CHECKING:
    from exonym.align.chunks import Progress
    from exonym.data import Corpus

REPORT = "adaptation.json"


@dataclass(frozen=True, kw_only=True)
class Adaptation:
    """How an encoder is adapted to a text.

    Attributes:
        steps: of the optimiser, >= 1.
        learning_rate: the highest, > 0.
        batch_tokens: most subwords in a step, padding included, >= 1; a longer window is a step of its own.
        hidden: share of the subwords that are hidden and guessed, in (0, 1).
        warmup: share of the steps in which the rate rises, in [0, 1); then it falls linearly.
        weight_decay: pull of the weights towards 0, >= 0.
        clip: longest gradient, > 0.
        precision: of the products in the encoder, as of `NeuralOptions`.
    """

    steps: int = 1000
    learning_rate: float = 5e-5
    batch_tokens: int = 2048
    hidden: float = 0.15
    warmup: float = 0.1
    weight_decay: float = 0.01
    clip: float = 1.0
    precision: Precision = "auto"

    def __post_init__(self) -> None:
        faults: dict[str, str | bool] = {
            "hidden": not 0 < self.hidden < 1 and "a number in (0, 1)",
            "warmup": not 0 <= self.warmup < 1 and "a number in [0, 1)",
            "weight_decay": not 0 <= self.weight_decay < float("inf") and "a number >= 0",
            "precision": self.precision not in get_args(Precision) and " or ".join(map(repr, get_args(Precision))),
        }
        faults |= {key: getattr(self, key) < 1 and "a number >= 1" for key in ("steps", "batch_tokens")}
        for key in ("learning_rate", "clip"):
            faults[key] = not 0 < getattr(self, key) < float("inf") and "a number > 0"
        for key, expected in faults.items():
            if expected:
                raise RecipeError(f"adapt: found {key} = {getattr(self, key)!r}; expected {expected}")


@dataclass(frozen=True, kw_only=True)
class AdaptationReport:
    """What came of an adaptation.

    Attributes:
        losses: the mean loss over each tenth of the steps, or each step if there are fewer than ten.
        ledger: what was read, left out, and made anew.
    """

    losses: tuple[float, ...]
    ledger: Ledger = field(default_factory=Ledger)

    @classmethod
    def of_folder(cls, folder: Path) -> Self:
        """Read the report that `adapt` wrote beside the model.

        Raises:
            DataError: there is none.
        """
        path = folder / REPORT
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
            return cls(losses=tuple(row["losses"]), ledger=Ledger(row["ledger"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path}: found no report ({error}); expected one of an adaptation. Adapt again."
            ) from error


def adapt(
    model: str | Path,
    text: Corpus,
    options: Adaptation,
    folder: str | Path,
    *,
    hub: bool = False,
    seed: int = 1,
    progress: Progress = quiet,
) -> AdaptationReport:
    """Go on with the masked language modelling of an encoder, on another text, and write it as Transformers has it.

    All weights learn. Words are tokenised each by itself, as taggers do it, and long sentences are read in windows. The
    head that guesses is that of the model; one that has none gets a new one over its own embeddings of subwords. On a
    CPU the same arguments give the same bytes, with as many threads. The global random state of PyTorch is left alone.

    Args:
        model: a folder with an encoder, or a name on the Hugging Face hub.
        text: sentences; labels on them are not looked at.
        options: how to learn.
        folder: where to write weights (safetensors), tokeniser and report.
        hub: allow a download.
        seed: of the order of the text, of what is hidden and of dropout, >= 0.
        progress: called with (steps done, all steps, what is done).

    Raises:
        DataError: there is no such model, or nothing in the text that it can read.
        RecipeError: the model has no mask.
        MissingExtra: PyTorch or Transformers is not installed.

    Source:
        Devlin et al. 2019, section 3.1, without its next sentences and with what is hidden drawn anew at each step (Liu
        et al. 2019, section 4.1); on the text of the target, Pfeiffer et al. 2020 (MAD-X), section 5.1, "MLM-TRG". The
        losses of the hidden subwords are averaged over each window, then over windows.
    """
    if seed < 0:
        raise RecipeError(f"seed: found {seed}; expected a whole number >= 0")
    check_installed()
    from exonym.transfer.adapting import adapt_to_text

    return adapt_to_text(str(model), text, options, Path(folder), hub, seed, progress)
