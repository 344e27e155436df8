"""One vector per sentence from a Hugging Face encoder in a local folder, to compare languages by.

Needs torch and transformers (extra `neural`), which are imported when a folder is read. Start at
`EncoderFeatures.load`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from exonym.errors import DataError, MissingExtra

if TYPE_CHECKING:
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
        model: the encoder, in evaluation mode.
        longest: subwords that fit in a window.
    """

    tokenizer: Any = field(repr=False)
    model: Any = field(repr=False)
    longest: int = _LONGEST

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read an encoder and its tokenizer; nothing is downloaded and no code of the folder is run.

        Raises:
            MissingExtra: torch or transformers is not installed.
            DataError: the folder holds no encoder.
        """
        try:
            import torch  # noqa: F401 - transformers would only find out later
            from transformers import AutoModel, AutoTokenizer
        except ImportError as error:
            raise MissingExtra("transformers" if error.name == "transformers" else "torch", "neural") from error
        if not Path(folder).is_dir():
            raise DataError(
                f"{folder}: found no folder; expected one with an encoder and its tokenizer. Check the path."
            )
        try:
            tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, use_fast=True)
            model = AutoModel.from_pretrained(str(folder), local_files_only=True).eval()
        except (OSError, ValueError, KeyError) as error:
            found = f"{folder}: found no encoder that Transformers can open ({error})"
            raise DataError(f"{found}; expected config, weights and tokenizer. Copy the whole folder again.") from error
        # Some encoders number positions from 2 on.
        room = getattr(model.config, "max_position_embeddings", _LONGEST + 2) - 2
        return cls(tokenizer, model, min(room, tokenizer.model_max_length))

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
        padding = self.tokenizer.pad_token_id or 0
        numbers = torch.tensor([window + [padding] * (longest - len(window)) for window in windows])
        mask = torch.tensor([[1] * len(window) + [0] * (longest - len(window)) for window in windows])
        with torch.inference_mode():
            output = self.model(input_ids=numbers, attention_mask=mask)
        pooled = getattr(output, "pooler_output", None)
        if pooled is None:
            shares = mask[..., None] / mask.sum(dim=1)[:, None, None]
            pooled = (output.last_hidden_state * shares).sum(dim=1)
        vectors: NDArray[np.float64] = pooled.double().numpy()
        return vectors
