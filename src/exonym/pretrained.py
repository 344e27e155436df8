"""What is common to encoders of Hugging Face Transformers: what they read, and their layers.

Where models come from is in `exonym.hub`. PyTorch is imported here, so import this where it is used. Start at
`Subwords`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from exonym.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

USUAL_LENGTH = 512  # subwords in a window, unless asked for more: what nearly all encoders were trained with
_CACHE = 1 << 17  # words whose subwords are kept


def with_spaces(tokenizer: Any, name: str, where: dict[str, Any]) -> Any:  # noqa: ANN401
    """Open a byte-level tokeniser so that a word that is given begins as one in running text does."""
    from transformers import AutoTokenizer

    if getattr(tokenizer, "add_prefix_space", True):
        return tokenizer
    tokenizer = AutoTokenizer.from_pretrained(name, add_prefix_space=True, **where)
    splitter: Any = getattr(getattr(tokenizer, "backend_tokenizer", None), "pre_tokenizer", None)
    if hasattr(splitter, "add_prefix_space"):
        splitter.add_prefix_space = True  # some classes only keep the setting, and split as before
    return tokenizer


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
