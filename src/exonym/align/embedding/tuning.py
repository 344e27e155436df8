"""Fine-tuning of an encoder on a bitext so that it aligns better: the options. Start at `fine_tune`.

The losses are in `objectives`, the loop is in `training`; neither is imported before it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from exonym.align.aligner import prepared
from exonym.align.chunks import quiet
from exonym.align.embedding.aligner import THRESHOLD, check_installed
from exonym.data import Ledger
from exonym.device import Precision
from exonym.errors import DataError, RecipeError

if TYPE_CHECKING:
    from exonym.align.chunks import Progress
    from exonym.data import Bitext

Objective = Literal["so", "co", "mlm", "tlm"]


@dataclass(frozen=True, kw_only=True)
class FineTuning:
    """How an encoder is trained to align.

    Attributes:
        model: as of `EmbeddingAligner`.
        hub: as of `EmbeddingAligner`.
        objectives: what is learnt, at least one: `so`: give the links that the model finds now more probability; `co`:
            let both directions agree; `mlm`: guess hidden subwords of a side; `tlm`: guess them with the other side
            beside it. The last two need a model with a mask.
        layer: whose vectors are compared, >= 0.
        method: how products become probabilities: `softmax` or `entmax`.
        threshold: of `softmax`: least probability of a link in both directions, in [0, 1).
        steps: of the optimiser, >= 1; those of one pass over the text if None.
        batch_pairs: pairs in a step, >= 1.
        learning_rate: the highest, > 0.
        warmup: share of the steps in which it rises, in [0, 1); then it falls linearly.
        weight_decay: pull of the weights towards 0, >= 0.
        clip: longest gradient, > 0.
        hidden: share of the subwords that are hidden, in (0, 1).
        source_language: as of `EmbeddingAligner`.
        target_language: as of `EmbeddingAligner`.
        precision: as of `EmbeddingAligner`; weights stay float32.
        max_length: as of `EmbeddingAligner`; pairs that do not fit are left out, and counted.
    """

    model: str
    hub: bool = False
    objectives: tuple[Objective, ...] = ("so", "tlm")
    layer: int = 8
    method: Literal["softmax", "entmax"] = "softmax"
    threshold: float = THRESHOLD
    steps: int | None = None
    batch_pairs: int = 8
    learning_rate: float = 2e-5
    warmup: float = 0.0
    weight_decay: float = 0.0
    clip: float = 1.0
    hidden: float = 0.15
    source_language: str = ""
    target_language: str = ""
    precision: Precision = "auto"
    max_length: int | None = None

    def __post_init__(self) -> None:
        strange = [name for name in self.objectives if name not in get_args(Objective)]
        faults = {
            "model": not self.model and "a folder or a name on the Hugging Face hub",
            "objectives": (strange or not self.objectives) and f"one or more of {', '.join(get_args(Objective))}",
            "method": self.method not in ("softmax", "entmax") and "'softmax' or 'entmax'",
            "precision": self.precision not in get_args(Precision) and " or ".join(map(repr, get_args(Precision))),
            "layer": self.layer < 0 and "a number >= 0",
            "threshold": not 0 <= self.threshold < 1 and "a number in [0, 1)",
            "steps": self.steps is not None and self.steps < 1 and "a number >= 1",
            "batch_pairs": self.batch_pairs < 1 and "a number >= 1",
            "learning_rate": not 0 < self.learning_rate < float("inf") and "a number > 0",
            "clip": not self.clip > 0 and "a number > 0",
            "warmup": not 0 <= self.warmup < 1 and "a number in [0, 1)",
            "weight_decay": not 0 <= self.weight_decay < float("inf") and "a number >= 0",
            "hidden": not 0 < self.hidden < 1 and "a number in (0, 1)",
            "target_language": bool(self.source_language) != bool(self.target_language) and "both languages, or none",
        }
        for key, expected in faults.items():
            if expected:
                raise RecipeError(f"fine-tuning: found {key} = {getattr(self, key)!r}; expected {expected}")

    @property
    def guesses(self) -> bool:
        """Whether subwords are hidden and guessed."""
        return bool({"mlm", "tlm"} & set(self.objectives))

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes of both languages, or nothing."""
        return (self.source_language, self.target_language) if self.source_language else ()


def fine_tune(
    bitext: Bitext,
    options: FineTuning,
    folder: str | Path,
    *,
    seed: int = 1,
    progress: Progress = quiet,
    checkpoint: str | Path | None = None,
) -> Ledger:
    """Train an encoder to align, and write it to a folder that `EmbeddingAligner(model=...)` opens.

    On a CPU the same arguments give the same weights, with as many threads. The global random state of PyTorch is left
    alone.

    Args:
        bitext: what to learn from; no links are needed.
        options: what to train, and how.
        folder: where to write the model: its weights as safetensors, its tokeniser, and what was done.
        seed: of the order of pairs, of what is hidden and of dropout, >= 0.
        progress: called with (steps done, all steps, what is done).
        checkpoint: folder for unfinished work, as of `exonym.tag.train_neural`.

    Returns:
        What was left out: pairs too long for the model, and pairs with a side without a subword.

    Raises:
        DataError: a pair has an empty side, no pair can be used, or the model cannot be read.
        RecipeError: an option does not fit the model.
        MissingExtra: PyTorch or Transformers is not installed.

    Source:
        Dou and Neubig 2021, section 2.2. As in their code the guide of SO is found anew at each step by the model as it
        is, without dropout; two texts side by side (TLM) keep all their special subwords, come in either order by
        chance, and are guessed one side at a time. Differences: their sentences are cut to half a block, ours are left
        out; sentence identification (PSI) is not here; their steps are 4 batches of 2 pairs.
    """
    if seed < 0:
        raise RecipeError(f"seed: found {seed}; expected a whole number >= 0")
    prepared(bitext)
    if not len(bitext):
        raise DataError(f"{bitext.name}: found no pair; expected pairs to learn from")
    check_installed()
    from exonym.align.embedding.training import train

    ledger = Ledger()
    train(bitext, options, Path(folder), ledger, seed, progress, None if checkpoint is None else Path(checkpoint))
    return ledger
