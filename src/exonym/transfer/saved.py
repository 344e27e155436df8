"""Taggers that are there already, and source taggers, saved or trained. Start at `source_tagger`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from exonym.errors import RecipeError
from exonym.tag import LightOptions, NeuralOptions, SpacyTagger, Tagger, load_checkpoint, relabelled
from exonym.tag.relabel import types_of
from exonym.transfer.stages import Do, seed_for, train

if TYPE_CHECKING:
    from exonym.transfer.task import Task

SPACY = "spacy:"  # before the name of a pipeline where a folder might stand


@dataclass(frozen=True, kw_only=True)
class SavedTagger:
    """A tagger that is there already; how it was trained, and on what, need not be known.

    Attributes:
        kind: names it in a recipe.
        path: folder of a tagger of any kind, of stored soft labels, or of a token classification checkpoint of
            Transformers; or `spacy:NAME`, an installed spaCy pipeline or one in a folder.
        labels: its types -> types of the task, or `drop`.
        hub: `path` is the name of a checkpoint on the Hugging Face hub, to be downloaded unless it is there.
    """

    kind: Literal["saved"] = "saved"
    path: str
    labels: dict[str, str] = field(default_factory=dict)
    hub: bool = False

    deterministic: ClassVar[bool] = True

    @property
    def requires(self) -> dict[str, str]:
        """The packages that it needs, and the extra of each."""
        return {"spacy": "spacy"} if self.path.startswith(SPACY) else {}


TaggerOptions = LightOptions | NeuralOptions | SavedTagger


def load_saved(path: str, *, hub: bool = False) -> Tagger:
    """Load a tagger that is named as in `SavedTagger.path`.

    Raises:
        DataError: there is none, or it is damaged.
        MissingExtra: it needs a package that is not installed.
    """
    from exonym.transfer.gloss import load_any_tagger

    if path.startswith(SPACY):
        return SpacyTagger.named(path.removeprefix(SPACY))
    if hub:
        return load_checkpoint(path, hub=True)
    return load_any_tagger(Path(path))


def saved_tagger(options: SavedTagger, labels: tuple[str, ...]) -> Tagger:
    """Load a saved tagger and map its types.

    Args:
        options: which, and how its types are called here.
        labels: the types of the task.

    Raises:
        DataError: there is none, or it is damaged.
        RecipeError: none of its types is of the task.
    """
    loaded = relabelled(load_saved(options.path, hub=options.hub), options.labels)
    if not set(types_of(loaded.tags)) & set(labels):
        raise RecipeError(
            f"{options.path}: found a teacher of {', '.join(types_of(loaded.tags))}; expected one of "
            f"{', '.join(labels)}. Map its types to these with labels."
        )
    return loaded


def source_tagger(task: Task, options: TaggerOptions, do: Do, seed: int) -> Tagger:
    """Train a tagger on the source corpus, or load a saved one.

    Raises:
        DataError: there is no such saved tagger, or it is damaged.
        RecipeError: none of its types is of the task.
    """
    if isinstance(options, SavedTagger):
        return saved_tagger(options, task.labels)
    return do(train, task.source, options, seed_for(options, seed))
