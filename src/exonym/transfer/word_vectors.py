"""Vectors of words, each read by itself, at every layer of a pretrained encoder. Start at `WordEncoder`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from torch import Tensor

from exonym.align.embedding.encoder import LayerEncoder, opened
from exonym.data import Ledger, fold
from exonym.device import best_device
from exonym.transfer.retrieval import Retrieval, measured

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from exonym.transfer.word_pairs import WordPair

_BATCH = 256


class WordEncoder:
    """An encoder that is given single words, or a few.

    Args:
        whole: a model of Transformers, on the device where it is to run.
        tokenizer: its tokeniser.
        layer: whose vectors `pooled` gives.
    """

    def __init__(self, whole: Any, tokenizer: Any, layer: int = 1) -> None:  # noqa: ANN401 - of Transformers
        self.encoder = LayerEncoder(whole.eval(), tokenizer, layer)
        self.first = len(self.encoder.special[0][0])

    @classmethod
    def open(cls, model: str, *, hub: bool) -> Self:
        """Open a model to be measured.

        Raises:
            DataError: there is no such model, or its weights are not whole.
        """
        from transformers import AutoModel

        whole, tokenizer, _ = opened(model, hub, AutoModel)
        return cls(whole.to(best_device()), tokenizer)

    def known(self, texts: Iterable[str]) -> dict[str, NDArray[np.int64]]:
        """Return the subwords of those texts that the model can read whole, without special ones."""
        texts = list(dict.fromkeys(texts))
        tokens = self.encoder.tokens([text.split() for text in texts], [0] * len(texts))
        return {
            text: each.ids
            for text, each in zip(texts, tokens, strict=True)
            if 0 < len(each.ids) <= self.encoder.room and not each.missing and not each.cut
        }

    def usable(self, pairs: Sequence[WordPair], ledger: Ledger) -> list[WordPair]:
        """Leave out the pairs that the model cannot read whole."""
        known = self.known(text for pair in pairs for text in pair)
        kept = [pair for pair in pairs if pair.target in known and pair.source in known]
        ledger.note("word pairs that the model cannot read whole, left out", len(pairs) - len(kept))
        return kept

    def pooled(self, texts: Sequence[NDArray[np.int64]]) -> Tensor:
        """Return the mean vector of the subwords of each text at the layer (B, D), special subwords left out."""
        return self._mean(self.encoder(*self._given(texts)), texts)

    @torch.inference_mode()
    def at_all_layers(self, texts: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        """Return the mean vectors of texts at the embeddings and every layer (L + 1, N, D)."""
        order = np.argsort([len(text) for text in texts], kind="stable")
        parts = []
        for at in range(0, len(texts), _BATCH):
            batch = [texts[place] for place in order[at : at + _BATCH]]
            ids, mask = self._given(batch)
            states = self.encoder.base(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
            parts.append(np.stack([self._mean(state, batch).cpu().numpy() for state in states]))
        found = np.concatenate(parts, axis=1)
        return np.ascontiguousarray(found[:, np.argsort(order)])

    def measured(self, pairs: Sequence[WordPair], ledger: Ledger | None = None) -> tuple[Retrieval, ...]:
        """Measure retrieval at every layer; see `exonym.transfer.retrieval.retrieval`."""
        ledger = Ledger() if ledger is None else ledger
        pairs = self.usable(pairs, ledger)
        different = [pair for pair in pairs if fold(pair.target) != fold(pair.source)]
        ledger.note("word pairs with the same word on both sides, not measured", len(pairs) - len(different))
        known = self.known(text for pair in different for text in pair)
        sources = {text: place for place, text in enumerate(dict.fromkeys(pair.source for pair in different))}
        targets = {text: place for place, text in enumerate(dict.fromkeys(pair.target for pair in different))}
        links = [(sources[pair.source], targets[pair.target]) for pair in different]
        if not links:
            return (measured(0, np.zeros((0, 1)), np.zeros((0, 1)), links),)
        both = tuple(self.at_all_layers([known[text] for text in side]) for side in (sources, targets))
        return tuple(measured(layer, one, two, links) for layer, (one, two) in enumerate(zip(*both, strict=True)))

    def _given(self, texts: Sequence[NDArray[np.int64]]) -> tuple[Tensor, Tensor]:
        prefix, suffix = self.encoder.special[0]
        return self.encoder.collate([np.concatenate((prefix, text, suffix)).astype(np.int64) for text in texts])

    def _mean(self, hidden: Tensor, texts: Sequence[NDArray[np.int64]]) -> Tensor:
        sizes = torch.tensor([len(text) for text in texts], device=hidden.device)[:, None]
        inner = hidden[:, self.first : self.first + int(sizes.max())].float()
        inside = torch.arange(inner.shape[1], device=hidden.device) < sizes
        return (inner * inside[:, :, None]).sum(1) / sizes
