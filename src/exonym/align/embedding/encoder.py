"""A pretrained encoder up to one layer: from sentences to the vectors of their subwords.

It knows words, subwords and windows, and no pairs. Start at `LayerEncoder.open`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor, nn

from exonym.device import best_device
from exonym.errors import DataError, RecipeError
from exonym.hub import place_of, quiet, told
from exonym.int8 import in_int8
from exonym.pretrained import USUAL_LENGTH, Subwords, layers_of, most_subwords, special_subwords, with_spaces
from exonym.windows import windows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_NAME = "embedding aligner"


class Tokens(NamedTuple):
    """A sentence as subwords.

    Attributes:
        ids: its subwords, without special ones, (S,).
        lengths: how many of them each word with any has, (W,), >= 1.
        words: which words these are, (W,).
        side: 0 source, 1 target: whose special subwords it gets.
        missing: words of which the tokeniser makes nothing.
        cut: words longer than a window, which lost their end.
    """

    ids: NDArray[np.int64]
    lengths: NDArray[np.int64]
    words: NDArray[np.int64]
    side: int
    missing: int
    cut: int


class Window(NamedTuple):
    """What is read at once.

    Attributes:
        sentence: number of its sentence.
        ids: subwords, special ones included, (S,).
        first: place in `ids` of the first subword that is read off in this window.
        lengths: subwords of each word that is read off.
    """

    sentence: int
    ids: NDArray[np.int64]
    first: int
    lengths: NDArray[np.int64]


class LayerEncoder(nn.Module):
    """A pretrained model up to one layer, with its tokeniser.

    Args:
        whole: a model of Transformers; of one that translates the encoder is used.
        tokenizer: its tokeniser.
        layer: whose vectors are given, 0 is the embeddings.
        languages: the codes of source and target, for models that want them.
        max_length: most subwords in a window, special ones included.

    Raises:
        RecipeError: the model has no such layer, reads shorter windows, or needs languages, or has none.
    """

    def __init__(
        self,
        whole: Any,  # noqa: ANN401 - a PreTrainedModel
        tokenizer: Any,  # noqa: ANN401
        layer: int,
        languages: Sequence[str] = (),
        max_length: int | None = None,
    ) -> None:
        super().__init__()
        self.base = encoder_of(whole)
        self.tokenizer = tokenizer
        self.layer = layer
        depth = self.base.config.num_hidden_layers
        if layer > depth:
            raise RecipeError(f"{_NAME}: found layer = {layer}; expected at most {depth}, the layers of the model")
        self.is_last = layer == depth
        self.layers = layers_of(self.base, depth)  # None where they share weights
        self.special = _special_of(tokenizer, languages)
        limit = most_subwords(self.base, tokenizer)
        if max_length is not None and max_length > limit:
            raise RecipeError(f"{_NAME}: found max_length = {max_length}; expected {limit} or less")
        self.room = (max_length or min(limit, USUAL_LENGTH)) - max(len(a) + len(b) for a, b in self.special)
        self._subwords = Subwords(tokenizer)

    @classmethod
    def open(
        cls,
        model: str,
        *,
        hub: bool,
        layer: int,
        languages: Sequence[str] = (),
        max_length: int | None = None,
        int8: bool = False,
    ) -> Self:
        """Open a model to be used as it is: layers that are not needed are dropped; with `int8`, maps get 8 bits (CPU).

        Raises:
            DataError: there is no such model, or its weights are not whole.
            RecipeError: as the class.
        """
        from transformers import AutoModel

        whole, tokenizer, _ = opened(model, hub, AutoModel)
        encoder = cls(whole, tokenizer, layer, languages, max_length)
        if encoder.layers is not None and not encoder.is_last:
            del encoder.layers[max(layer, 1) :]
        if int8 and best_device().type == "cpu":
            in_int8(encoder)
        return encoder.eval()

    def tokens(self, sentences: Sequence[Sequence[str]], sides: Sequence[int]) -> list[Tokens]:
        """Tokenise sentences word by word.

        Args:
            sentences: the words of each.
            sides: of each, 0 source or 1 target.
        """
        known = self._subwords.of(sentences)
        found = []
        for words, side in zip(sentences, sides, strict=True):
            parts = [known[word] for word in words]
            filled = [index for index, part in enumerate(parts) if part]
            cut = sum(len(part) > self.room for part in parts)
            own = [parts[index][: self.room] for index in filled]
            ids = np.array([subword for part in own for subword in part], dtype=np.int64)
            lengths = np.array([len(part) for part in own], dtype=np.int64)
            place = side if len(self.special) > 1 else 0
            found.append(Tokens(ids, lengths, np.array(filled, dtype=np.int64), place, len(parts) - len(filled), cut))
        return found

    def windows(self, sentences: Sequence[Tokens]) -> list[Window]:
        """Cut tokenised sentences into windows that fit the model; those without subwords have none."""
        found = []
        for index, tokens in enumerate(sentences):
            if not len(tokens.ids):
                continue
            prefix, suffix = self.special[tokens.side]
            offsets = np.concatenate(([0], np.cumsum(tokens.lengths)))
            for window in windows_of(tokens.lengths.tolist(), self.room):
                inner = tokens.ids[offsets[window.first] : offsets[window.last]]
                ids = np.concatenate((prefix, inner, suffix)).astype(np.int64)
                first = len(prefix) + int(offsets[window.start] - offsets[window.first])
                found.append(Window(index, ids, first, tokens.lengths[window.start : window.stop]))
        return found

    def collate(self, sentences: Sequence[NDArray[np.int64]]) -> tuple[Tensor, Tensor]:
        """Pad subwords (B, S), and say which are none (B, S); on the device of the model."""
        sizes = np.array([len(ids) for ids in sentences])
        inside = np.arange(sizes.max()) < sizes[:, None]
        padded = np.full(inside.shape, self.tokenizer.pad_token_id or 0, dtype=np.int64)
        padded[inside] = np.concatenate(sentences)
        device = next(self.base.parameters()).device
        return torch.from_numpy(padded).to(device), torch.from_numpy(inside.astype(np.int64)).to(device)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the vectors of the layer (B, S, D), as Transformers numbers its `hidden_states`."""
        if self.is_last:
            last: Tensor = self.base(input_ids=ids, attention_mask=mask).last_hidden_state
            return last
        if self.layers is None:
            states: Sequence[Tensor] = self.base(
                input_ids=ids, attention_mask=mask, output_hidden_states=True
            ).hidden_states
            return states[self.layer]
        # What the layer gives is caught: the model would go on to norm it as if it were its last.
        caught: list[Tensor] = []
        if self.layer:
            handle = self.layers[self.layer - 1].register_forward_hook(
                lambda module, given, found: caught.append(found[0] if isinstance(found, tuple) else found)
            )
        else:
            handle = self.layers[0].register_forward_pre_hook(
                lambda module, given, named: caught.append(given[0] if given else named["hidden_states"]),
                with_kwargs=True,
            )
        try:
            self.base(input_ids=ids, attention_mask=mask)
        finally:
            handle.remove()
        return caught[0]


def opened(model: str, hub: bool, kind: Any) -> tuple[Any, Any, int]:  # noqa: ANN401
    """Open a model whose encoder is whole.

    Args:
        model: a folder, or a name on the hub.
        hub: allow a download.
        kind: the class of Transformers that opens it.

    Returns:
        The model, its tokeniser, and how many of its weights, none of the encoder, were made at random.

    Raises:
        DataError: there is no such model, or weights of the encoder are missing.
    """
    from transformers import AutoTokenizer

    where = place_of(model, hub)
    with quiet(), told(model, hub):
        whole, report = kind.from_pretrained(model, use_safetensors=True, output_loading_info=True, **where)
        tokenizer = with_spaces(AutoTokenizer.from_pretrained(model, **where), model, where)
    base = encoder_of(whole)
    own = {id(weight) for name, weight in base.named_parameters() if not name.startswith("pooler.")}
    new = [name for name in sorted(report["missing_keys"]) if name in dict(whole.named_parameters())]
    missing = [name for name in new if id(whole.get_parameter(name)) in own]
    if missing:
        raise DataError(
            f"{model}: found no weights for {', '.join(missing[:3])}{' and more' if len(missing) > 3 else ''}; "
            "expected those of a whole encoder. Copy the whole folder, or take another model."
        )
    return whole.float(), tokenizer, sum(not name.partition(".")[2].startswith("pooler.") for name in new)


def encoder_of(model: Any) -> Any:  # noqa: ANN401 - a PreTrainedModel
    """Return the encoder in a model: without heads and without a decoder."""
    base = model.base_model
    return base.get_encoder() if model.config.is_encoder_decoder and hasattr(base, "get_encoder") else base


def _special_of(tokenizer: Any, languages: Sequence[str]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:  # noqa: ANN401
    """Find the special subwords of both sides: one pair for each language, or one for all text."""
    if not hasattr(tokenizer, "src_lang"):
        if languages:
            raise RecipeError(
                f"{_NAME}: found source_language = {languages[0]!r}; expected none: the model puts no language before "
                "a sentence. Leave both languages out."
            )
        return [special_subwords(tokenizer)]
    if not languages:
        raise RecipeError(
            f"{_NAME}: found no languages; expected source_language and target_language, which the model puts before a "
            f"sentence, as it writes them (now {tokenizer.src_lang!r})"
        )
    special = []
    for language in languages:
        try:
            tokenizer.src_lang = language
            found = special_subwords(tokenizer)
        except (KeyError, AttributeError) as error:
            raise _unknown(language) from error
        if tokenizer.unk_token_id in found[0] + found[1]:
            raise _unknown(language)
        special.append(found)
    return special


def _unknown(language: str) -> RecipeError:
    return RecipeError(
        f"{_NAME}: found the language {language!r}; expected a code of the model, such as eng_Latn or en"
    )
