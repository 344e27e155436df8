"""The training loop of fine-tuning. Start at `train`.

It is not that of neural taggers, whose batches are windows with tags: here a step draws pairs, lets the model say what
it is to learn, and adds up several losses. Optimiser, rates and checkpoints are the same.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from exonym.align.embedding.encoder import LayerEncoder, Tokens, opened
from exonym.align.embedding.objectives import consistency, distributions, guide, self_training
from exonym.checkpoint import Checkpoint
from exonym.device import autocast, best_device, own_randomness, seed_with
from exonym.errors import DataError, RecipeError
from exonym.files import whole_folder
from exonym.hub import content_of, quiet
from exonym.masking import guess
from exonym.optimise import adamw, set_rates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from exonym.align.chunks import Progress
    from exonym.align.embedding.tuning import FineTuning
    from exonym.data import Bitext, Ledger

_EVERY = 500  # steps between two checkpoints


class Sides(NamedTuple):
    """Some pairs, each a side of tokens."""

    source: list[Tokens]
    target: list[Tokens]


def train(
    bitext: Bitext,
    options: FineTuning,
    folder: Path,
    ledger: Ledger,
    seed: int,
    progress: Progress,
    checkpoint: Path | None,
) -> None:
    """Train, and write the model; see `fine_tune`."""
    from transformers import AutoModel, AutoModelForMaskedLM

    with own_randomness():
        seed_with(seed, 0)  # weights may be missing
        whole, tokenizer, new = opened(
            options.model, options.hub, AutoModelForMaskedLM if options.guesses else AutoModel
        )
        ledger.note("weights of the model that were made anew", new)
        encoder = LayerEncoder(whole, tokenizer, options.layer, options.languages, options.max_length)
        if options.guesses and tokenizer.mask_token_id is None:
            raise RecipeError(f"{options.model}: found a tokeniser without a mask; expected one for mlm and tlm")
        pairs = _usable(bitext, options, encoder, ledger)
        given = {"bitext": bitext.fingerprint, "options": asdict(options), "seed": seed}
        identity = json.loads(json.dumps(given | {"model": content_of(options.model, options.hub)}))
        unfinished = None if checkpoint is None else Checkpoint(checkpoint, identity)
        learner = Learner(options, encoder, whole).to(best_device())
        _fit(learner, pairs, seed, progress, unfinished)
    with whole_folder(folder) as fresh, quiet():
        whole.cpu().save_pretrained(fresh)
        tokenizer.save_pretrained(fresh)
        about = json.dumps(identity | {"ledger": ledger, "pairs": len(pairs.source)}, indent=1)
        (fresh / "fine_tuning.json").write_text(about + "\n", encoding="utf-8")
    if unfinished:
        unfinished.remove()


def _usable(bitext: Bitext, options: FineTuning, encoder: LayerEncoder, ledger: Ledger) -> Sides:
    """Tokenise the pairs, and leave out those that cannot be read whole."""
    source = encoder.tokens([pair.source for pair in bitext], [0] * len(bitext))
    target = encoder.tokens([pair.target for pair in bitext], [1] * len(bitext))
    together = "tlm" in options.objectives
    special = sum(map(len, encoder.special[0]))
    kept = Sides([], [])
    for own in zip(source, target, strict=True):
        sizes = [len(tokens.ids) for tokens in own]
        longest = sum(sizes) + special if together else max(sizes)
        if not min(sizes):
            ledger.note("pairs with a side without a subword, left out")
        elif longest > encoder.room or any(tokens.cut for tokens in own):
            ledger.note("pairs too long for the model, left out")
        else:
            kept.source.append(own[0])
            kept.target.append(own[1])
    if not kept.source:
        raise DataError(f"{bitext.name}: found no pair that the model can read whole; expected some to learn from")
    return kept


def _fit(learner: Learner, pairs: Sides, seed: int, progress: Progress, checkpoint: Checkpoint | None) -> None:
    options = learner.options
    in_epoch = -(-len(pairs.source) // options.batch_pairs)
    total = options.steps or in_epoch
    optimiser = adamw(((weight, options.learning_rate) for weight in learner.parameters()), options.weight_decay)
    done = checkpoint.load(learner, optimiser) if checkpoint else 0
    for step in range(done, total):
        epoch, at = divmod(step, in_epoch)
        order = np.random.default_rng((seed, 1, epoch)).permutation(len(pairs.source))
        chosen = order[at * options.batch_pairs : (at + 1) * options.batch_pairs].tolist()
        set_rates(optimiser, step, total, options.warmup)
        seed_with(seed, 2, step)
        batch = Sides([pairs.source[place] for place in chosen], [pairs.target[place] for place in chosen])
        with autocast(best_device(), options.precision):
            for loss in learner.losses(batch):
                loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learner.parameters(), options.clip)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        if checkpoint and (step + 1) % _EVERY == 0 and step + 1 < total:
            checkpoint.save(step + 1, learner, optimiser)
        progress(step + 1, total, "fine-tuning")


class Learner(nn.Module):
    """An encoder with its objectives."""

    def __init__(self, options: FineTuning, encoder: LayerEncoder, whole: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.options = options
        self.encoder = encoder
        self.whole = whole

    def losses(self, pairs: Sides) -> Iterator[Tensor]:
        """Yield the losses of some pairs, to be added; each may be freed before the next is computed."""
        wanted = set(self.options.objectives)
        if wanted & {"so", "co"}:
            yield self._alignment(pairs)
        if "mlm" in wanted:
            for own in pairs:
                yield self._guess([self._whole(tokens) for tokens in own], [0] * len(own), len(own) * [None])
        if "tlm" in wanted:
            turned = bool(torch.rand(()) < 0.5)
            sides = [[self._whole(tokens) for tokens in own] for own in (reversed(pairs) if turned else pairs)]
            both = [np.concatenate(parts) for parts in zip(*sides, strict=True)]
            starts = [len(first) for first in sides[0]]
            yield self._guess(both, [0] * len(both), starts)
            yield self._guess(both, starts, [None] * len(both))

    def _alignment(self, pairs: Sides) -> Tensor:
        """Return SO and CO of some pairs."""
        inputs = [self.encoder.collate([self._whole(tokens) for tokens in own]) for own in pairs]
        inside = [self._inside(own) for own in pairs]
        cells = inside[0][:, :, None] & inside[1][:, None, :]
        self.eval()
        marked = None
        if "so" in self.options.objectives:
            with torch.no_grad():
                products = self._products(inputs, pairs)
            marked = guide(self.options, products, cells, (self._owners(pairs.source), self._owners(pairs.target)))
        self.train()
        forward, backward = distributions(self.options, self._products(inputs, pairs), cells)
        loss = forward.new_zeros(())
        if marked is not None:
            loss = loss + self_training(forward, backward, marked, cells)
        if "co" in self.options.objectives:
            loss = loss + consistency(forward, backward, cells)
        return loss

    def _products(self, inputs: Sequence[tuple[Tensor, Tensor]], pairs: Sides) -> Tensor:
        """Return the products of the vectors of subwords (B, U, V), in float32 at least."""
        vectors = []
        for place, (given, own) in enumerate(zip(inputs, pairs, strict=True)):
            first = len(self.encoder.special[place if len(self.encoder.special) > 1 else 0][0])
            hidden = self.encoder(*given)[:, first : first + max(len(tokens.ids) for tokens in own)]
            vectors.append(hidden.to(torch.promote_types(hidden.dtype, torch.float32)))
        with torch.autocast(vectors[0].device.type, enabled=False):
            products: Tensor = vectors[0] @ vectors[1].mT
        return products

    def _guess(self, texts: Sequence[NDArray[np.int64]], starts: Sequence[int], stops: Sequence[int | None]) -> Tensor:
        """Return the loss of guessing hidden subwords of a part of each text."""
        self.train()
        ids, mask = self.encoder.collate(texts)
        place = torch.arange(ids.shape[1], device=ids.device)
        last = torch.tensor([len(text) if stop is None else stop for text, stop in zip(texts, stops, strict=True)])
        first = torch.tensor(starts)
        inside = (place >= first.to(ids.device)[:, None]) & (place < last.to(ids.device)[:, None])
        return guess(self.whole, self.encoder.tokenizer, ids, mask, mask.bool() & inside, self.options.hidden)

    def _whole(self, tokens: Tokens) -> NDArray[np.int64]:
        prefix, suffix = self.encoder.special[tokens.side]
        return np.concatenate((prefix, tokens.ids, suffix)).astype(np.int64)

    def _inside(self, own: Sequence[Tokens]) -> Tensor:
        sizes = torch.tensor([len(tokens.ids) for tokens in own])
        inside = torch.arange(int(sizes.max())) < sizes[:, None]
        return inside.to(next(self.parameters()).device)

    def _owners(self, own: Sequence[Tokens]) -> Tensor:
        rows = [torch.from_numpy(np.repeat(tokens.words, tokens.lengths)) for tokens in own]
        return nn.utils.rnn.pad_sequence(rows, batch_first=True).to(next(self.parameters()).device)
