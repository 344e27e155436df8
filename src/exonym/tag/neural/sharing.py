"""Learning what to share between languages: experts, gates, and an adversary that shared features must deceive.

It makes items of several labelled corpora and an unlabelled one, and a loss of them; the loop is that of `training`.
Start at `train_shared`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from exonym.data import Corpus, Ledger, tag_set, tags_of
from exonym.device import own_randomness, seed_with
from exonym.errors import DataError, RecipeError
from exonym.tag.folder import described
from exonym.tag.neural.batches import Item
from exonym.tag.neural.build import build
from exonym.tag.neural.encoder import Network
from exonym.tag.neural.experts import Experts, outputs_of
from exonym.tag.neural.options import NeuralOptions, Objective, Sharing
from exonym.tag.neural.tagger import NeuralTagger
from exonym.tag.neural.training import Learner, fit
from exonym.windows import packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from exonym.data import Sentence
    from exonym.tag.neural.batches import Batch
    from exonym.tag.neural.training import Progress

UNKNOWN = -1  # the tag of a word without labels
_BATCH_TOKENS = 1024  # most that gates are asked of at once


def train_shared(
    corpora: Sequence[Corpus],
    text: Corpus | None = None,
    options: NeuralOptions | None = None,
    sharing: Sharing = Sharing(),  # noqa: B008 - immutable
    *,
    seed: int = 1,
    progress: Progress | None = None,
) -> NeuralTagger:
    """Train a tagger with an expert for each language; see `exonym.tag.train_shared`."""
    options = (options or NeuralOptions()).resolved()
    sharing.check(options)
    if seed < 0:
        raise RecipeError(f"seed: found {seed}; expected a whole number >= 0")
    _check(corpora, text, sharing)
    text = None if not sharing.adversary or text is None else text.unlabelled()
    tags = tag_set(sorted({label for corpus in corpora for label in corpus.labels}))
    ledger = Ledger()
    with own_randomness():
        seed_with(seed, 0)
        words = build(options, outputs_of(sharing), ledger).encoder
        network = Network(Experts(words, sharing, [corpus.name for corpus in corpora], len(tags)))
        items = _items(corpora, text, tags, network, ledger)
        fit(SharingLearner(network, items), items, options, seed, progress)
    return NeuralTagger(tags, network, options, _describe(corpora, text, sharing, seed, ledger))


def gates_of(tagger: NeuralTagger, corpus: Iterable[Sentence]) -> NDArray[np.float64]:
    """Return the mean share of each expert for tags over the words of a corpus, in [0, 1].

    Args:
        tagger: made by `train_shared`.
        corpus: sentences of one word at least in all; their spans are not looked at.

    Returns:
        A share for each language of the tagger, in order; they sum to one.
    """
    encoder = cast("Experts", tagger.network.encoder)
    windows = encoder.windows([sentence.words for sentence in corpus if len(sentence)], Ledger())
    sums = np.zeros(len(encoder.languages))
    with torch.inference_mode():
        for batch in packed([window.size for window in windows], _BATCH_TOKENS):
            own = [windows[place] for place in batch]
            for rows, window in zip(encoder.parts(**encoder.collate(own)).gates[1].exp(), own, strict=True):
                sums += rows[: len(window)].double().sum(0).numpy()
    shares: NDArray[np.float64] = sums / sums.sum()
    return shares


class SharingLearner(Learner):
    """Experts with all that they learn, and the adversary, which is no part of the network.

    The targets of a word are its tag, or `UNKNOWN`, and its language. Languages count alike for gates and adversary,
    however many words they have.

    Args:
        network: with `Experts`.
        items: all that will be learnt from. Languages that the experts do not have are only for the adversary.
    """

    balance: Tensor

    def __init__(self, network: Network, items: Sequence[Item]) -> None:
        super().__init__(network, Objective())
        self.sharing = cast("Experts", network.encoder).sharing
        words = np.bincount(np.concatenate([item.target[:, 1] for item in items]).astype(np.int64))
        self.register_buffer("balance", torch.tensor(words.sum() / len(words) / words, dtype=torch.float32))
        width = self.sharing.width
        self.adversary = (
            nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, len(words)))
            if self.sharing.adversary
            else None
        )

    def forward(self, batch: Batch) -> Tensor:
        """Return the weighted sum over words of all losses, a scalar."""
        parts = cast("Experts", self.network.encoder).parts(**batch.inputs)
        with torch.autocast(parts.scores.device.type, enabled=False):
            tags, languages = batch.targets.unbind(-1)
            inside = torch.arange(tags.shape[1], device=tags.device) < batch.lengths[:, None]
            labelled = inside & (tags != UNKNOWN)
            balance = self.balance[languages]
            losses = _surprise(parts.scores, tags, labelled)
            for gate in parts.gates:
                losses = losses + self.sharing.gate * balance * _surprise(gate, languages, labelled)
            if self.adversary is not None:
                guesses = self.adversary(reversed_gradient(parts.shared.float(), self.sharing.adversary))
                losses = losses + balance * _surprise(guesses.log_softmax(-1), languages, inside)
            return losses.sum(1) @ batch.weights

    def new_parameters(self) -> list[nn.Parameter]:
        """Return the weights that learn at the rate of the head: the adversary's, too."""
        return [*super().new_parameters(), *(self.adversary.parameters() if self.adversary is not None else ())]


def reversed_gradient(features: Tensor, weight: float) -> Tensor:
    """Return the same numbers; their gradient goes on with the opposite sign, times `weight`.

    Source:
        Ganin and Lempitsky 2015, section 3.1.
    """
    still = features.detach()
    return still + weight * (still - features)


def _surprise(log_probabilities: Tensor, right: Tensor, counted: Tensor) -> Tensor:
    """Return the negative log-likelihood of each word (B, T), 0 where it is not counted."""
    right = torch.where(counted, right, 0)
    return torch.where(counted, -log_probabilities.gather(-1, right[..., None])[..., 0], 0)


def _check(corpora: Sequence[Corpus], text: Corpus | None, sharing: Sharing) -> None:
    """Refuse corpora that nothing can be learnt from."""
    if not corpora:
        raise DataError("train_shared: found no corpus; expected labelled sentences of one language or more")
    for corpus in corpora:
        if not corpus.labels:
            raise DataError(f"{corpus.name}: found no labelled span; expected labelled sentences. Leave it out.")
    if sharing.adversary and not any(map(len, text or ())):
        raise DataError(
            f"train_shared: found no word of unlabelled text with adversary = {sharing.adversary}; expected some, or "
            "adversary = 0"
        )


def _items(
    corpora: Sequence[Corpus], text: Corpus | None, tags: tuple[str, ...], network: Network, ledger: Ledger
) -> list[Item]:
    """Make windows with the tag and the language of each word; the text is the last language."""
    parts = (*corpora, *([text] if text is not None else []))
    rows = [(sentence, language) for language, part in enumerate(parts) for sentence in part if len(sentence)]
    ledger.note("sentences without words", sum(map(len, parts)) - len(rows))
    columns = {tag: column for column, tag in enumerate(tags)}
    items = []
    for window in network.encoder.windows([sentence.words for sentence, _ in rows], ledger):
        sentence, language = rows[window.sentence]
        target: NDArray[np.int64] = np.full((len(window), 2), (UNKNOWN, language), dtype=np.int64)
        if language < len(corpora):
            own = tags_of(len(sentence), sentence.spans)[window.start : window.stop]
            target[:, 0] = [columns[tag] for tag in own]
        items.append(Item(window, target, 1.0))
    return items


def _describe(
    corpora: Sequence[Corpus], text: Corpus | None, sharing: Sharing, seed: int, ledger: Ledger
) -> dict[str, Any]:
    """Say what a tagger was trained on and how."""
    together = Corpus(tuple(sentence for corpus in corpora for sentence in corpus), "+".join(c.name for c in corpora))
    return {
        **described(together),
        "objective": asdict(Objective()),
        "sharing": asdict(sharing),
        "languages": [described(corpus) for corpus in corpora],
        "text": None if text is None else described(text),
        "seed": seed,
        "start": None,
        "ledger": dict(ledger),
    }
