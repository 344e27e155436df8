"""A training on disk, so that one that was stopped goes on and ends as if it had not been. Start at `Checkpoint`."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from exonym.errors import DataError
from exonym.files import whole_folder

if TYPE_CHECKING:
    from torch import Tensor, nn

_ABOUT = "training.json"
_STATE = "state.safetensors"
_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


@dataclass(frozen=True)
class Checkpoint:
    """The folder of an unfinished training.

    Random numbers are no part of it: those of each step follow from the seed and the number of the step.

    Attributes:
        folder: where; made when there is something to keep, and removed when the training is done.
        identity: all that the result depends on, as JSON knows it.
    """

    folder: Path
    identity: dict[str, Any]

    def load(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> int:
        """Put back weights and moments, if there are any.

        Returns:
            The number of steps that were done.

        Raises:
            DataError: something else is at that place, the checkpoint of another training, or a damaged one.
        """
        if not self.folder.exists() or (self.folder.is_dir() and not any(self.folder.iterdir())):
            return 0
        try:
            about = json.loads((self.folder / _ABOUT).read_text(encoding="utf-8"))
            identity, steps = about["identity"], about["steps"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{self.folder}: found something that is no checkpoint ({error}); expected one, or a new folder. "
                "Choose another name."
            ) from error
        if identity != self.identity:
            other = [name for name in self.identity if identity.get(name) != self.identity[name]]
            raise DataError(
                f"{self.folder}: found the checkpoint of another training, with another {' and '.join(other)}; "
                "expected one of this training. Remove it, or choose another name."
            )
        try:
            self._restore(load_file(self.folder / _STATE), network, optimiser)
        except (OSError, SafetensorError, KeyError, RuntimeError) as error:
            raise DataError(
                f"{self.folder / _STATE}: found a damaged checkpoint ({error}); expected a whole one. Remove it."
            ) from error
        return int(steps)

    def save(self, steps: int, network: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """Keep weights and moments after so many steps."""
        tensors: dict[str, Tensor] = {}
        for name, weight in _trained(network).items():
            tensors[f"weight {name}"] = weight.detach().contiguous()
            if weight in optimiser.state:  # no loss may have reached it yet
                tensors |= {f"{kind} {name}": optimiser.state[weight][kind].contiguous() for kind in _MOMENTS}
        with whole_folder(self.folder) as fresh:
            save_file(tensors, fresh / _STATE)
            about = {"steps": steps, "identity": self.identity}
            (fresh / _ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="ascii")

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _restore(tensors: dict[str, Tensor], network: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        with torch.no_grad():
            for name, weight in _trained(network).items():
                weight.copy_(tensors[f"weight {name}"])
                if f"{_MOMENTS[0]} {name}" in tensors:
                    moments = {kind: tensors[f"{kind} {name}"].to(weight.device) for kind in _MOMENTS}
                    optimiser.state[weight] = moments


def _trained(network: nn.Module) -> dict[str, nn.Parameter]:
    return {name: weight for name, weight in network.named_parameters() if weight.requires_grad}
