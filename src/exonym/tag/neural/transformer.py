"""A pretrained encoder of Hugging Face Transformers as an encoder of words: tokenising, windows, reading off words.

The model is always one for token classification, so that it can be saved as such. Where models come from is in
`pretrained`. Start at `Transformer`.
"""

from __future__ import annotations

import json
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from exonym.errors import RecipeError
from exonym.hub import quiet
from exonym.pretrained import USUAL_LENGTH, Subwords, layers_of, most_subwords, special_subwords
from exonym.tag.neural.case import CASES, case_of
from exonym.tag.neural.encoder import Window
from exonym.tag.neural.pretrained import Pretrained, head_of, open_pretrained
from exonym.windows import windows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from exonym.data import Ledger
    from exonym.tag.neural.options import TransformerEncoder

_CASE = "case.safetensors"
_LAYERS = 3  # whose mean is the vector of a word: those of CoLaDa


class _Content(NamedTuple):
    """Subwords of a window with the special ones, and where those of each word that counts begin and the last ends.

    If letter case is looked at, also that of the word of each subword.
    """

    ids: NDArray[np.int64]
    bounds: NDArray[np.int64]
    cases: NDArray[np.int64] | None


class Transformer(nn.Module):
    """From words to scores of tags, by a Hugging Face model with a classifier for tokens.

    Args:
        found: model and tokeniser.
        options: how to use them.
        columns: for each label of the model the tag that it means, a number below K; the same if None.
        tags: K.
    """

    columns: Tensor | None

    def __init__(
        self, found: Pretrained, options: TransformerEncoder, tags: int, columns: Sequence[int] | None = None
    ) -> None:
        super().__init__()
        self.model = found.model
        self.tokenizer = found.tokenizer
        self.options = options
        self.tags = tags
        self.register_buffer("columns", None if columns is None else torch.tensor(columns), persistent=False)
        self.special = special_subwords(found.tokenizer)
        self.max_length = _max_length(found, options)
        self.case = _case_embedding(found.model) if options.case else None
        self.freeze(options.frozen_layers)
        self._subwords = Subwords(found.tokenizer)

    @classmethod
    def for_tags(cls, options: TransformerEncoder, tags: Sequence[str], ledger: Ledger) -> Self:
        """Open a base model and give it a classifier for some tags: its own if it has one for these, else a new one.

        Raises:
            DataError: it cannot be read.
            RecipeError: an option does not fit it.
        """
        found = open_pretrained(options.model, hub=options.hub, tags=tags, dropout=options.dropout)
        ledger.note("weights of the base model that were made anew", found.new)
        return cls(found, options, len(tags))

    @classmethod
    def of_folder(
        cls, folder: Path, options: TransformerEncoder, tags: Sequence[str], columns: list[int] | None
    ) -> Self:
        """Open what `write` wrote."""
        encoder = cls(open_pretrained(folder, hub=False, tags=None), options, len(tags), columns)
        if encoder.case is not None:
            encoder.case.load_state_dict(load_file(folder / _CASE))
        return encoder

    def freeze(self, layers: int) -> None:
        """Train all but the embeddings and the first layers; all if `layers` is 0.

        Raises:
            RecipeError: the model has not so many.
        """
        self.model.requires_grad_(True)
        if not layers:
            return
        base = self.model.base_model
        stack = layers_of(base, self.model.config.num_hidden_layers)
        embeddings = getattr(base, "embeddings", None) or base.get_input_embeddings()
        if stack is None or layers > len(stack):
            found = "none that could be found" if stack is None else len(stack)
            raise RecipeError(
                f"transformer encoder: found frozen_layers = {layers}; expected at most those of the model, {found}"
            )
        for part in (embeddings, *stack[:layers]):
            part.requires_grad_(False)

    def windows(self, sentences: Sequence[Sequence[str]], ledger: Ledger) -> list[Window]:
        """Cut sentences into windows that fit the model.

        A word that the tokeniser makes nothing of is the unknown subword; a word that is longer than a window loses its
        end. Both are counted.
        """
        known = self._subwords.of(sentences)
        prefix, suffix = self.special
        capacity = self.max_length - len(prefix) - len(suffix)
        unknown = self.tokenizer.unk_token_id or self.tokenizer.pad_token_id or 0
        found = []
        for index, words in enumerate(sentences):
            parts = [known[word] for word in words]
            ledger.note("words without a subword, read as unknown", sum(not part for part in parts))
            ledger.note("words longer than a window, cut", sum(len(part) > capacity for part in parts))
            parts = [part[:capacity] or (unknown,) for part in parts]
            offsets = np.cumsum([0, *map(len, parts)])
            for window in windows_of([len(part) for part in parts], capacity):
                inner = [subword for part in parts[window.first : window.last] for subword in part]
                ids = np.array([*prefix, *inner, *suffix], dtype=np.int64)
                bounds = offsets[window.start : window.stop + 1] - offsets[window.first] + len(prefix)
                cases = None
                if self.case is not None:
                    of_words = [case_of(word) for word in words[window.first : window.last]]
                    inside = np.repeat(of_words, np.diff(offsets[window.first : window.last + 1]))
                    cases = np.pad(inside, (len(prefix), len(suffix)))  # 0 is of no word
                found.append(Window(index, window.start, window.stop, len(ids), _Content(ids, bounds, cases)))
        return found

    def collate(self, windows: Sequence[Window]) -> dict[str, Tensor]:
        """Pad the subwords (B, S), and say where each word that counts begins (B, T).

        If all subwords of a word count: of which word each is (B, S), T if of none, and how many a word has (B, T). If
        letter case is looked at: that of the word of each subword (B, S), 0 if of none.
        """
        shape = len(windows), max(window.size for window in windows)
        words = max(map(len, windows))
        ids = np.full(shape, self.tokenizer.pad_token_id or 0, dtype=np.int64)
        mask = np.zeros(shape, dtype=np.int64)
        starts = np.zeros((len(windows), words), dtype=np.int64)
        counts = np.ones_like(starts)
        owners = np.full(shape, words, dtype=np.int64)
        for row, window in enumerate(windows):
            subwords, bounds, _ = window.content
            ids[row, : window.size] = subwords
            mask[row, : window.size] = 1
            starts[row, : len(window)] = bounds[:-1]
            counts[row, : len(window)] = np.diff(bounds)
            owners[row, bounds[0] : bounds[-1]] = np.repeat(np.arange(len(window)), np.diff(bounds))
        arrays = {"ids": ids, "mask": mask}
        arrays |= {"starts": starts} if self.options.subwords == "first" else {"owners": owners, "counts": counts}
        if self.case is not None:
            arrays["cases"] = np.zeros_like(ids)
            for row, window in enumerate(windows):
                arrays["cases"][row, : window.size] = window.content.cases
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def forward(
        self,
        ids: Tensor,
        mask: Tensor,
        starts: Tensor | None = None,
        owners: Tensor | None = None,
        counts: Tensor | None = None,
        cases: Tensor | None = None,
    ) -> Tensor:
        """Return the scores of the tags (B, T, K): the mean over subwords is taken of the scores."""
        return self._tags(_words(self._run(ids, mask, cases).logits, starts, owners, counts))

    def read(
        self,
        ids: Tensor,
        mask: Tensor,
        starts: Tensor | None = None,
        owners: Tensor | None = None,
        counts: Tensor | None = None,
        cases: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return the vectors of words (B, T, D), those of the last layer, and the scores of their tags (B, T, K)."""
        found = self._run(ids, mask, cases, output_hidden_states=True)
        vectors = _words(found.hidden_states[-1], starts, owners, counts)
        return vectors, self._tags(_words(found.logits, starts, owners, counts))

    def _run(self, ids: Tensor, mask: Tensor, cases: Tensor | None, **more: bool) -> Any:  # noqa: ANN401
        if self.case is None:
            return self.model(input_ids=ids, attention_mask=mask, **more)
        embedded = self.model.get_input_embeddings()(ids) + self.case(cases)
        return self.model(inputs_embeds=embedded, attention_mask=mask, **more)

    def _tags(self, scores: Tensor) -> Tensor:
        """Turn the scores of the model's labels into those of tags."""
        if self.columns is None:
            return scores
        return torch.stack([scores[:, :, self.columns == tag].logsumexp(2) for tag in range(self.tags)], dim=2)

    def hidden(
        self,
        ids: Tensor,
        mask: Tensor,
        starts: Tensor | None = None,
        owners: Tensor | None = None,
        counts: Tensor | None = None,
        cases: Tensor | None = None,
    ) -> Tensor:
        """Return the mean of the last three layers at each word (B, T, D): at its first subword, or over all."""
        layers = self._run(ids, mask, cases, output_hidden_states=True).hidden_states
        return _words(torch.stack(layers[-_LAYERS:]).mean(0), starts, owners, counts)

    def new_parameters(self) -> Iterable[nn.Parameter]:
        """Return the weights of the classifier, and of the embedding of letter case."""
        return [*head_of(self.model), *(() if self.case is None else self.case.parameters())]

    def identity(self) -> bytes:
        """Return the tokeniser, how words are read off, and what labels mean."""
        vocabulary = sorted(self.tokenizer.get_vocab().items())
        columns = None if self.columns is None else self.columns.tolist()
        settings = [self.options.subwords, self.max_length, self.special, columns, vocabulary]
        return json.dumps(settings).encode()

    def write(self, folder: Path) -> None:
        """Write model and tokeniser as Transformers reads them, and beside them the embedding of letter case."""
        with quiet():
            self.model.save_pretrained(folder)
            self.tokenizer.save_pretrained(folder)
        if self.case is not None:
            save_file(self.case.state_dict(), folder / _CASE)


def _words(of_subwords: Tensor, starts: Tensor | None, owners: Tensor | None, counts: Tensor | None) -> Tensor:
    """Read words off subwords (B, S, D): the first of each word, or their mean, shape (B, T, D)."""
    width = of_subwords.shape[2]
    if starts is not None:
        return of_subwords.gather(1, starts[:, :, None].expand(-1, -1, width))
    if owners is None or counts is None:
        raise ValueError("expected starts, or owners and counts")
    sums = of_subwords.new_zeros(len(of_subwords), counts.shape[1] + 1, width)
    sums = sums.scatter_add(1, owners[:, :, None].expand(-1, -1, width), of_subwords)
    return sums[:, :-1] / counts[:, :, None]


def _case_embedding(model: Any) -> nn.Embedding:  # noqa: ANN401
    """Make an embedding of letter case that is zero, and stays so for special subwords."""
    if "inputs_embeds" not in signature(model.forward).parameters:
        raise RecipeError(
            f"transformer encoder: found case = true for a model of type {model.config.model_type!r}; expected false: "
            "it does not take embeddings of subwords"
        )
    found = nn.Embedding(len(CASES), model.get_input_embeddings().embedding_dim, CASES.index("special"))
    nn.init.zeros_(found.weight)
    return found


def _max_length(found: Pretrained, options: TransformerEncoder) -> int:
    """Find the most subwords that the model reads at once, and check what was asked for against it."""
    limit = most_subwords(found.model, found.tokenizer)
    if options.max_length is None:
        return min(limit, USUAL_LENGTH)
    if options.max_length > limit:
        raise RecipeError(f"transformer encoder: found max_length = {options.max_length}; expected {limit} or less")
    return options.max_length
