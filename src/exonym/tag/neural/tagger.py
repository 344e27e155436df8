"""The neural tagger: label probabilities of words from a trained network.

How it is trained is in `learning`, how it lies on disk in `disk`. Start at `NeuralTagger`.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from exonym.data import Ledger
from exonym.device import best_device, half
from exonym.int8 import in_int8
from exonym.windows import packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from exonym.data import Sentence
    from exonym.tag.neural.encoder import Network, Window
    from exonym.tag.neural.options import NeuralOptions

    _Ask = Callable[[Network, dict[str, torch.Tensor]], torch.Tensor]

_BUFFER = 1 << 16  # words that are read ahead, so that sentences of like length can go together
_BATCH_TOKENS = {"cpu": 1024, "cuda": 16384}  # most in a batch: on a CPU larger ones gain little
_ENOUGH = {"cpu": 256}  # tokens in a batch, for which more are not worth much padding
_CRF_WORDS = 4096  # in a batch of the CRF


@dataclass(frozen=True, eq=False)
class NeuralTagger:
    """A trained network.

    Made by `exonym.tag.train_neural`, `exonym.tag.load_checkpoint` or `NeuralTagger.load`. It runs on a GPU if PyTorch
    sees one. It can be used by several threads and handed to other processes.

    Attributes:
        tags: the K tags, IOB2, `O` first.
        network: encoder and CRF, on the CPU, set to evaluate.
        options: how it was trained, and how precisely it computes.
        training: what it was trained on: name, fingerprint, sentences, words, entities by type, objective, seed, and
            the ledger of what training had to leave out or change.
        iob2: False if the network gives the probabilities of IOB1 tags, which are then turned into those of IOB2.
        ledger: what `predict` had to change in the text that it was given so far.
    """

    tags: tuple[str, ...]
    network: Network = field(repr=False)
    options: NeuralOptions
    training: dict[str, Any] = field(default_factory=dict)
    iob2: bool = True
    ledger: Ledger = field(default_factory=Ledger, repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the weights and of all else that the probabilities depend on."""
        return network_fingerprint(self.network, self.tags, self.options.precision, str(self.iob2))

    def predict(self, corpus: Iterable[Sentence]) -> Iterator[NDArray[np.float32]]:
        """Give the label probabilities of each word of each sentence; with a CRF they are its marginals.

        Sentences are read ahead, tagged in order of length, and given back in their own order. In which batch a
        sentence falls changes its probabilities by rounding only.

        Args:
            corpus: the sentences; their spans are not looked at.

        Yields:
            For each sentence an array (T, K), rows sum to one.
        """
        buffer: list[Sequence[str]] = []
        words = 0
        for sentence in corpus:
            buffer.append(sentence.words)
            words += len(sentence)
            if words >= _BUFFER:
                yield from self._probabilities(buffer)
                buffer, words = [], 0
        yield from self._probabilities(buffer)

    def vectors(self, corpus: Iterable[Sentence]) -> Iterator[NDArray[np.float32]]:
        """Give the vectors of words from which the last step of the encoder makes the scores of tags.

        Args:
            corpus: the sentences; their spans are not looked at.

        Yields:
            For each sentence an array (T, D).
        """
        sentences = [sentence.words for sentence in corpus]
        filled = [words for words in sentences if len(words)]
        if not filled:
            return
        rows = self._vectors(filled, lambda network, inputs: network.read(**inputs)[0])
        yield from np.split(rows, np.cumsum([len(words) for words in sentences[:-1]]))

    def word_vectors(self, corpus: Iterable[Sentence]) -> NDArray[np.float32]:
        """Return vectors of words that can be compared.

        Of `hashed` and of experts they are those of `vectors`, of `transformer` the mean of the last three layers at
        the subwords that are read off.

        Args:
            corpus: the sentences; their spans are not looked at.

        Returns:
            The vectors of all words, one sentence after another, shape (words, D).
        """
        filled = [sentence.words for sentence in corpus if len(sentence)]
        if not filled:
            return np.zeros((0, 0), dtype=np.float32)
        return self._vectors(filled, lambda network, inputs: network.encoder.hidden(**inputs))

    def save(self, folder: str | Path) -> None:
        """Write the tagger as a folder, which appears only when it is whole; safetensors and JSON, no pickle.

        With a transformer encoder, no CRF and no embedding of letter case it is also a checkpoint for
        `AutoModelForTokenClassification` and `AutoTokenizer` of Transformers.

        Args:
            folder: where; a tagger that is there is replaced, anything else is not.

        Raises:
            DataError: there is something else at that place.
        """
        from exonym.tag.neural.disk import save

        save(self, folder)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a tagger that `save` wrote.

        Raises:
            DataError: the folder is missing, incomplete, damaged or of another kind.
        """
        from exonym.tag.neural.disk import load

        return cls(*load(folder))

    @cached_property
    def _ready(self) -> tuple[Network, torch.device]:
        """The network where and as it computes: itself, or a copy on the GPU, in bfloat16 or with maps of 8 bits."""
        device = best_device()
        if self.options.precision == "int8" and device.type == "cpu":
            return in_int8(copy.deepcopy(self.network)), device
        if half(device, self.options.precision):
            return copy.deepcopy(self.network).to(device, torch.bfloat16), device
        return (self.network if device.type == "cpu" else copy.deepcopy(self.network).to(device)), device

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_ready"}

    def _probabilities(self, sentences: Sequence[Sequence[str]]) -> Iterator[NDArray[np.float32]]:
        """Tag some sentences at once."""
        filled = [words for words in sentences if len(words)]
        if filled:
            windows = self.network.encoder.windows(filled, self.ledger)
            found = iter(self._of_scores([len(words) for words in filled], windows))
        for words in sentences:
            yield next(found) if len(words) else np.zeros((0, len(self.tags)), dtype=np.float32)

    def _of_scores(self, lengths: Sequence[int], windows: Sequence[Window]) -> list[NDArray[np.float32]]:
        """Score windows, stitch them, and turn the scores of each sentence into probabilities."""
        starts = np.cumsum([0, *lengths])
        scores = self._stitched(lengths, windows, lambda network, inputs: network(**inputs))
        with torch.inference_mode():
            rows = self._marginals(scores, starts) if self.network.crf is not None else scores.softmax(-1)
        parts = [rows[start:stop].numpy() for start, stop in pairwise(starts)]
        return parts if self.iob2 else [of_iob1(part, self.tags) for part in parts]

    def _vectors(self, sentences: Sequence[Sequence[str]], ask: _Ask) -> NDArray[np.float32]:
        """Cut sentences that have words into windows, and ask for vectors of all words."""
        windows = self.network.encoder.windows(sentences, self.ledger)
        rows: NDArray[np.float32] = self._stitched([len(words) for words in sentences], windows, ask).numpy()
        return rows

    def _stitched(self, lengths: Sequence[int], windows: Sequence[Window], ask: _Ask) -> torch.Tensor:
        """Ask the network about windows in batches, and put the rows of all words (words, D) one after another."""
        starts = np.cumsum([0, *lengths])
        network, device = self._ready
        whole = torch.empty(0)
        sizes = [window.size for window in windows]
        with torch.inference_mode():
            for batch in packed(sizes, _BATCH_TOKENS[device.type], enough=_ENOUGH.get(device.type)):
                own = [windows[place] for place in batch]
                inputs = {name: value.to(device) for name, value in network.encoder.collate(own).items()}
                found = ask(network, inputs).float().cpu()
                whole = whole if len(whole) else torch.empty(int(starts[-1]), found.shape[2])
                for window, rows in zip(own, found, strict=True):
                    at = int(starts[window.sentence]) + window.start
                    whole[at : at + len(window)] = rows[: len(window)]
        return whole

    def _marginals(self, scores: torch.Tensor, starts: NDArray[np.int64]) -> torch.Tensor:
        """Run the CRF, on the CPU in float32, over whole sentences."""
        rows = torch.empty_like(scores)
        lengths = np.diff(starts)
        for batch in packed(lengths.tolist(), _CRF_WORDS):
            parts = [scores[starts[place] : starts[place + 1]] for place in batch]
            padded = torch.nn.utils.rnn.pad_sequence(parts, batch_first=True)
            begins = torch.ones(len(batch), dtype=torch.bool)
            found = self.network.log_probabilities(padded, torch.from_numpy(lengths[batch]), begins).softmax(-1)
            for place, probabilities in zip(batch, found, strict=True):
                rows[starts[place] : starts[place + 1]] = probabilities[: lengths[place]]
        return rows


def of_iob1(probabilities: NDArray[np.float32], tags: Sequence[str]) -> NDArray[np.float32]:
    """Turn distributions over IOB1 tags into those over IOB2 tags, for words that are independent given the text.

    In IOB1 an entity begins with `I-X`, or with `B-X` if the word before is in another entity of type X. So
    `P2(I-X) = P1(I-X) P1(the word before is in X)`, and `P2(B-X)` is what is left of X: exact, as a network without a
    CRF takes words for independent.

    Args:
        probabilities: shape (T, K), over `tags` read as IOB1, rows sum to one.
        tags: as `tag_set` makes them.

    Returns:
        The distributions over `tags` read as IOB2, shape (T, K).
    """
    found = probabilities.copy()
    begin, inside = found[:, 1::2], found[:, 2::2]  # of each type, in the order of `tag_set`
    in_type = begin + inside
    before = np.vstack((np.zeros_like(in_type[:1]), in_type[:-1]))
    inside *= before
    begin[:] = in_type - inside
    return found


def network_fingerprint(network: Network, tags: Sequence[str], *more: str) -> str:
    """Hash the weights of a network, the settings of its encoder, and its tags."""
    hasher = blake2b(json.dumps([*tags, *more]).encode(), digest_size=16)
    hasher.update(network.encoder.identity())
    for name, weight in sorted(network.state_dict().items()):
        hasher.update(f"{name} {weight.dtype} {tuple(weight.shape)}".encode())
        hasher.update(weight.detach().contiguous().view(-1).view(torch.uint8).numpy().data)
    return hasher.hexdigest()
