"""One vector per sentence from a Hugging Face encoder, to compare languages by.

Needs torch and transformers (extra `neural`), which are imported when an encoder is read. Start at
`EncoderFeatures.load`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from exonym.errors import DataError, MissingExtra
from exonym.hub import place_of, quiet, told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from exonym.data import Corpus

_BATCH = 32  # windows that are encoded at once
_LONGEST = 512  # subwords in a window, where the encoder names no limit


@dataclass(frozen=True, eq=False)
class EncoderFeatures:
    """The sentence vectors of an encoder as it is, without fine-tuning.

    A vector is the pooler output or, of encoders without a pooler, the mean over subwords of the last layer. A sentence
    that is longer than the encoder can read is read in windows, whose vectors are averaged by length; nothing is cut.

    Attributes:
        tokenizer: of the encoder.
        model: the encoder, in evaluation mode, on a GPU if PyTorch sees one, in float32.
        longest: subwords that fit in a window.
    """

    tokenizer: Any = field(repr=False)
    model: Any = field(repr=False)
    longest: int = _LONGEST

    @classmethod
    def load(cls, model: str | Path, *, hub: bool = False) -> Self:
        """Read an encoder and its tokenizer, from safetensors only; no code that comes with it is run.

        Args:
            model: a folder, or a name on the Hugging Face hub.
            hub: allow a download; without it a name is only looked for in the local cache of the hub.

        Raises:
            MissingExtra: torch or transformers is not installed.
            DataError: there is no such encoder, or weights of it are missing.
        """
        try:
            import torch  # noqa: F401 - transformers would only find out later
            from transformers import AutoModel, AutoTokenizer

            from exonym.device import best_device
        except ImportError as error:
            raise MissingExtra("transformers" if error.name == "transformers" else "torch", "neural") from error
        where = place_of(model, hub)
        with quiet(), told(str(model), hub):
            tokenizer = AutoTokenizer.from_pretrained(str(model), use_fast=True, **where)
            encoder, report = AutoModel.from_pretrained(
                str(model), use_safetensors=True, output_loading_info=True, **where
            )
        _without_new_weights(str(model), encoder, report["missing_keys"])
        # Some encoders number positions from 2 on.
        room = getattr(encoder.config, "max_position_embeddings", _LONGEST + 2) - 2
        return cls(tokenizer, encoder.eval().to(best_device()), min(room, tokenizer.model_max_length))

    def __call__(self, corpus: Corpus) -> NDArray[np.float64]:
        """Return the vector of each sentence, shape (sentences, d); labels are not looked at."""
        windows: list[list[int]] = []
        owners: list[int] = []
        for number, sentence in enumerate(corpus):
            own = self._windows(sentence.words)
            windows += own
            owners += [number] * len(own)
        vectors = np.zeros((len(windows), self.model.config.hidden_size))
        order = sorted(range(len(windows)), key=lambda index: len(windows[index]))
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            vectors[chosen] = self._encoded([windows[index] for index in chosen])
        lengths = np.array([len(window) for window in windows], dtype=float)
        sums = np.zeros((len(corpus), vectors.shape[1]))
        np.add.at(sums, owners, vectors * lengths[:, None])
        return sums / np.bincount(owners, lengths, minlength=len(corpus))[:, None]

    def _windows(self, words: tuple[str, ...]) -> list[list[int]]:
        """Split a sentence into windows of subword numbers, special ones included."""
        rows = self.tokenizer(
            list(words),
            is_split_into_words=True,
            truncation=True,
            max_length=self.longest,
            return_overflowing_tokens=True,
        )["input_ids"]
        return [list(row) for row in rows] if rows and isinstance(rows[0], list) else [list(rows)]

    def _encoded(self, windows: list[list[int]]) -> NDArray[np.float64]:
        import torch

        longest = max(map(len, windows))
        device = self.model.device
        padding = self.tokenizer.pad_token_id or 0
        numbers = torch.tensor([window + [padding] * (longest - len(window)) for window in windows])
        mask = torch.tensor([[1] * len(window) + [0] * (longest - len(window)) for window in windows])
        with torch.inference_mode():
            output = self.model(input_ids=numbers.to(device), attention_mask=mask.to(device))
        pooled = getattr(output, "pooler_output", None)
        if pooled is None:
            shares = (mask[..., None] / mask.sum(dim=1)[:, None, None]).to(device)
            pooled = (output.last_hidden_state * shares).sum(dim=1)
        vectors: NDArray[np.float64] = pooled.double().cpu().numpy()
        return vectors


def _without_new_weights(name: str, encoder: Any, missing: Iterable[str]) -> None:  # noqa: ANN401
    """Take away a pooler without weights, which would be a random one; refuse other gaps."""
    rest = sorted(key for key in missing if "pooler" not in key)
    if rest:
        raise DataError(
            f"{name}: found no weights for {', '.join(rest[:3])}{' and more' if len(rest) > 3 else ''}; expected those "
            f"of a whole {type(encoder).__name__}. Copy the whole folder, or take another model."
        )
    if any("pooler" in key for key in missing):
        encoder.pooler = None
