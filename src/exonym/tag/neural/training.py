"""The one training loop of all neural taggers, whatever they learn from.

From items (windows with targets and weights) and a learner, which says what the loss of a batch is, to the learner's
network, trained. It knows no corpus and no encoder. Start at `fit`.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn

from exonym.device import autocast, best_device, seed_with
from exonym.optimise import adamw, set_rates
from exonym.tag.neural.batches import Batch, epoch_batches
from exonym.tag.neural.objective import tag_losses, word_losses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from accelerate import Accelerator

    from exonym.checkpoint import Checkpoint
    from exonym.tag.neural.batches import Item
    from exonym.tag.neural.encoder import Network
    from exonym.tag.neural.options import NeuralOptions, Objective

    Progress = Callable[[int, int], None]

_EVERY = 500  # steps between two checkpoints, besides the one after each epoch


class SideTask(Protocol):
    """Something else to learn in the same steps, from the vectors of words; what is random in it torch draws."""

    def __call__(self, vectors: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Say how much the tagging loss of each word counts, and what is added to the mean of these losses.

        Args:
            vectors: of the words, shape (B, T, D); what stands past the end of a window is no word.
            batch: what is to be learnt of them.

        Returns:
            The weights of the words, shape (B, T), and the loss of the side task, a scalar.
        """
        ...


class Learner(nn.Module):
    """A network with its objective, and maybe a side task: from a batch to the weighted sum of the losses of words.

    One that learns otherwise may have weights of its own besides, which are no part of the network.
    """

    def __init__(self, network: Network, objective: Objective, side: SideTask | None = None) -> None:
        super().__init__()
        self.network = network
        self.objective = objective
        self.side = side

    def forward(self, batch: Batch) -> Tensor:
        """Return the sum, a scalar; what stands past the end of a window does not count."""
        if self.side is not None:
            return self._with_side(batch, self.side)
        scores: Tensor = self.network(**batch.inputs)
        with torch.autocast(scores.device.type, enabled=False):
            bare = batch.factors is None and batch.sure is None
            if self.network.crf is not None and self.objective.kind == "hard" and bare:
                losses = self.network.crf.losses(scores, batch.targets, batch.lengths, batch.begins)
                return losses @ batch.weights
            return self._words(scores, batch).sum(1) @ batch.weights

    def _with_side(self, batch: Batch, side: SideTask) -> Tensor:
        vectors, scores = self.network.read(**batch.inputs)
        with torch.autocast(scores.device.type, enabled=False):
            shares, loss = side(vectors, batch)
            return (self._words(scores, batch) * shares).sum(1) @ batch.weights + loss * (
                batch.lengths.to(batch.weights) @ batch.weights
            )

    def _words(self, scores: Tensor, batch: Batch) -> Tensor:
        """Return the loss of each word, shape (B, T), 0 past the end."""
        log_probabilities = self.network.log_probabilities(scores, batch.lengths, batch.begins)
        words = word_losses(self.objective, log_probabilities, batch.targets)
        if batch.factors is not None:
            words = words * batch.factors
        if batch.sure is not None:
            words = words + tag_losses(log_probabilities, batch.sure)
        return torch.where(batch.inside, words, 0)

    def new_parameters(self) -> list[nn.Parameter]:
        """Return the weights that learn at the rate of the head."""
        return self.network.new_parameters()


def fit(
    learner: Learner,
    items: Sequence[Item],
    options: NeuralOptions,
    seed: int,
    progress: Progress | None = None,
    checkpoint: Checkpoint | None = None,
) -> Network:
    """Train a network: AdamW, a learning rate that rises and falls linearly, and gradients of limited length.

    A step takes `accumulate` batches on each device. Its loss is the weighted mean over all words of those batches, so
    it does not depend on how they are cut. Run under `accelerate launch` or `torchrun`, several processes share the
    steps; each returns the same network.

    Args:
        learner: what to train; those of its weights that do not want a gradient stay as they are.
        items: what to learn, at least one.
        options: how to train, resolved.
        seed: of the order of batches and of dropout, >= 0.
        progress: called with (steps done, all steps) after each step; what it raises stops the training.
        checkpoint: where to keep unfinished work and to find it again.

    Returns:
        The learner's network on the CPU, set to evaluate.
    """
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=best_device().type == "cpu", mixed_precision="no")
    optimiser = _optimiser(learner.to(accelerator.device), options)
    prepared = accelerator.prepare_model(learner)
    plan = _Plan(items, options, seed, accelerator.num_processes)
    done = checkpoint.load(learner, optimiser) if checkpoint else 0
    prepared.train()
    for step, batches in plan.steps(done):
        set_rates(optimiser, step, plan.total, options.warmup)
        seed_with(seed, 1, step, accelerator.process_index)
        _step(prepared, optimiser, plan, batches, options, accelerator)
        if checkpoint and accelerator.is_main_process and plan.keeps(step + 1):
            checkpoint.save(step + 1, learner, optimiser)
        if progress:
            progress(step + 1, plan.total)
    if checkpoint and accelerator.is_main_process:
        checkpoint.remove()
    return learner.network.cpu().eval()


class _Plan:
    """Which items make the batches of which step: the same in every process, and after every interruption."""

    def __init__(self, items: Sequence[Item], options: NeuralOptions, seed: int, processes: int) -> None:
        self.items = items
        self.budget = options.batch_tokens or 1
        self.seed = seed
        self.group = options.accumulate * processes
        self.in_epoch = -(-len(epoch_batches(items, self.budget, (seed, 0, 0))) // self.group)
        self.total = self.in_epoch * (options.epochs or 1)

    def steps(self, done: int) -> Iterator[tuple[int, list[list[int]]]]:
        """Yield the number and the batches of each step that is still to do."""
        epoch, batches = -1, []
        for step in range(done, self.total):
            if step // self.in_epoch != epoch:
                epoch = step // self.in_epoch
                batches = epoch_batches(self.items, self.budget, (self.seed, 0, epoch))
            at = step % self.in_epoch * self.group
            yield step, batches[at : at + self.group]

    def words(self, batches: Sequence[Sequence[int]]) -> float:
        """Return the weighted number of words in some batches."""
        return sum(self.items[index].weight * len(self.items[index].window) for batch in batches for index in batch)

    def keeps(self, done: int) -> bool:
        """Say whether to keep what there is after so many steps."""
        return done < self.total and (done % self.in_epoch == 0 or done % _EVERY == 0)


def _step(
    learner: nn.Module,
    optimiser: torch.optim.Optimizer,
    plan: _Plan,
    batches: Sequence[Sequence[int]],
    options: NeuralOptions,
    accelerator: Accelerator,
) -> None:
    """Take one step of the optimiser; a process that gets no batch adds the gradient 0 of one."""
    own = batches[accelerator.process_index :: accelerator.num_processes]
    share = accelerator.num_processes / plan.words(batches)  # gradients are averaged over processes
    own, share = (own, share) if own else (batches[:1], 0.0)
    network = accelerator.unwrap_model(learner).network
    for place, batch in enumerate(own):
        items = [plan.items[index] for index in batch]
        with accelerator.no_sync(learner) if place < len(own) - 1 else nullcontext():
            with autocast(accelerator.device, options.precision):
                loss = learner(Batch.of(items, network.encoder, accelerator.device)) * share
            loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), options.clip)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)


def _optimiser(learner: Learner, options: NeuralOptions) -> torch.optim.Optimizer:
    """Give the new weights their own rate."""
    new = {id(weight) for weight in learner.new_parameters()}
    rate = options.learning_rate or 0.0
    own = options.head_learning_rate or rate
    rates = ((weight, own if id(weight) in new else rate) for weight in learner.parameters())
    return adamw(rates, options.weight_decay)
