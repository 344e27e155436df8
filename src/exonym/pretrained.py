"""What is common to all that opens a model of Hugging Face Transformers: where it lies, what it reads, its layers.

Nothing is downloaded unless asked for, no code of a model is run, and weights are safetensors only. Who opens a model
wraps that in `quiet` and `told`; what a tokeniser makes of words is in `Subwords`. PyTorch is imported here, so import
this where it is used. Start at `place_of`.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from exonym.errors import DataError, RecipeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

USUAL_LENGTH = 512  # subwords in a window, unless asked for more: what nearly all encoders were trained with
_CACHE = 1 << 17  # words whose subwords are kept


def place_of(model: str | Path, hub: bool) -> dict[str, Any]:
    """Return the arguments of `from_pretrained` that say where a model may come from, and that its code is not run."""
    return {"local_files_only": not hub or Path(model).is_dir(), "trust_remote_code": False}


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Transformers from writing reports and bars; what matters of them is raised or counted here."""
    from transformers.utils import logging as told

    level, bars = told.get_verbosity(), told.is_progress_bar_enabled()
    told.set_verbosity(logging.CRITICAL)
    told.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        told.set_verbosity(level)
        if bars:
            told.enable_progress_bar()  # type: ignore[no-untyped-call]


@contextmanager
def told(name: str, hub: bool) -> Iterator[None]:
    """Say what was looked for, and where, if it cannot be opened."""
    try:
        yield
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, AttributeError, TypeError) as error:
        if isinstance(error, RecipeError):
            raise
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        if Path(name).is_dir():
            raise DataError(
                f"{name}: found a folder that cannot be opened as a model ({reason}); expected config.json, a "
                "tokeniser and safetensors, as `save_pretrained` writes them. Copy the whole folder, or convert it."
            ) from error
        if hub:
            raise DataError(
                f"{name}: found no such folder, and no such model with safetensors on the Hugging Face hub ({reason}); "
                "expected one of the two. Correct the name."
            ) from error
        raise DataError(
            f"{name}: found no such folder, and no such model in the local cache of the Hugging Face hub ({reason}); "
            "expected one of the two. Correct the name, or allow a download with `hub = true`."
        ) from error


def with_spaces(tokenizer: Any, name: str, where: dict[str, Any]) -> Any:  # noqa: ANN401
    """Open a byte-level tokeniser so that a word that is given begins as one in running text does."""
    from transformers import AutoTokenizer

    if getattr(tokenizer, "add_prefix_space", True):
        return tokenizer
    return AutoTokenizer.from_pretrained(name, add_prefix_space=True, **where)


def special_subwords(tokenizer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:  # noqa: ANN401
    """Find which subwords a tokeniser puts before and after a sentence.

    Raises:
        DataError: it makes other subwords of a word with special ones around it than without.
    """
    bare = tokenizer(["a"], is_split_into_words=True, add_special_tokens=False).input_ids
    whole = tokenizer(["a"], is_split_into_words=True).input_ids
    for at in range(len(whole) - len(bare) + 1):
        if whole[at : at + len(bare)] == bare:
            return tuple(whole[:at]), tuple(whole[at + len(bare) :])
    raise DataError(
        "tokenizer: found a word that is tokenised otherwise with special subwords than without; expected the same "
        "subwords between them. Use another model."
    )


def most_subwords(model: nn.Module, tokenizer: Any) -> int:  # noqa: ANN401
    """Find the most subwords that a model reads at once, special ones included."""
    positions = getattr(model.config, "max_position_embeddings", None)
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            # RoBERTa and its kin number positions from the padding's on.
            positions = module.num_embeddings - (0 if module.padding_idx is None else module.padding_idx + 1)
    limit = tokenizer.model_max_length
    return int(min(limit, positions) if isinstance(positions, int) and positions > 0 else limit)


def layers_of(base: nn.Module, count: int) -> nn.ModuleList | None:
    """Find the list of the layers of an encoder that has so many."""
    for module in base.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    return None


class Subwords:
    """What a tokeniser makes of words, each by itself; lately met words are remembered."""

    def __init__(self, tokenizer: Any) -> None:  # noqa: ANN401
        self.tokenizer = tokenizer
        self._known: dict[str, tuple[int, ...]] = {}

    def of(self, sentences: Sequence[Sequence[str]]) -> dict[str, tuple[int, ...]]:
        """Return the subwords of each word of some sentences, as Transformers makes them of given words.

        A word that the tokeniser makes nothing of has none.
        """
        known = self._known if len(self._known) < _CACHE else {}
        fresh = [word for word in {word: None for words in sentences for word in words} if word not in known]
        if fresh:
            clean = [[word.encode(errors="replace").decode()] for word in fresh]  # half a surrogate pair is no text
            found = self.tokenizer(clean, is_split_into_words=True, add_special_tokens=False).input_ids
            known.update((word, tuple(ids)) for word, ids in zip(fresh, found, strict=True))
        self._known = known
        return known

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_known": {}}
