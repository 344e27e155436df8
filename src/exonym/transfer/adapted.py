"""Encoders that a method has adapted before a tagger is trained on them. Start at `AdaptedEncoder`."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from exonym.errors import RecipeError
from exonym.hub import content_of
from exonym.tag import NeuralOptions, TransformerEncoder
from exonym.tag import train as train_any
from exonym.transfer.stages import stage

if TYPE_CHECKING:
    from exonym.data import Corpus
    from exonym.tag import Tagger


@dataclass(frozen=True, eq=False)
class AdaptedEncoder:
    """An adapted encoder: a folder that Transformers opens, and that may be the `model` of any encoder or aligner.

    Attributes:
        folder: where it lies, with a report of what was done to it.
    """

    folder: Path

    @classmethod
    def lent(cls) -> Self:
        """Lend a folder that is removed with the object."""
        home = tempfile.mkdtemp(prefix="exonym-")
        found = cls(Path(home) / "encoder")
        weakref.finalize(found, shutil.rmtree, home, ignore_errors=True)
        return found

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all its files."""
        return content_of(self.folder)

    def save(self, folder: Path) -> None:
        """Copy it to a folder that is not there yet."""
        shutil.copytree(self.folder, folder)


def pretrained(options: object, method: str) -> tuple[NeuralOptions, TransformerEncoder]:
    """Return the options of a tagger, and of its encoder, which must be a pretrained one.

    Args:
        options: of the tagger.
        method: named as what needs it.

    Raises:
        RecipeError: the tagger is not neural or there already, or its encoder is learnt from scratch.
    """
    if isinstance(options, NeuralOptions) and isinstance(options.encoder, TransformerEncoder):
        return options, options.encoder
    found = f"the {options.encoder.kind} encoder" if isinstance(options, NeuralOptions) else "no encoder to train"
    raise RecipeError(
        f"{method}: found a tagger with {found}; expected a pretrained one. Write "
        'tagger = { kind = "neural", encoder = { kind = "transformer", model = "..." } }.'
    )


@stage(1)
def train_on_encoder(corpus: Corpus, options: NeuralOptions, encoder: AdaptedEncoder, seed: int) -> Tagger:
    """Train a tagger on an adapted encoder, in the place of that of its options."""
    adapted = replace(pretrained(options, "tagger")[1], model=str(encoder.folder), hub=False)
    return train_any(corpus, replace(options, encoder=adapted), seed=seed)
