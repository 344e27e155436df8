"""The losses and the loop of lexical injection. Start at `inject_pairs`.

PyTorch is imported here, so import this where it is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from exonym.align.embedding.encoder import opened
from exonym.data import Ledger
from exonym.device import autocast, best_device, own_randomness, seed_with
from exonym.errors import DataError, RecipeError
from exonym.files import whole_folder
from exonym.hub import quiet
from exonym.lora import adapt, merge
from exonym.optimise import adamw, set_rates
from exonym.transfer.injection import REPORT, InjectionReport, json_of
from exonym.transfer.word_vectors import WordEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.align.chunks import Progress
    from exonym.transfer.injection import Injection
    from exonym.transfer.retrieval import Retrieval
    from exonym.transfer.word_pairs import WordPair

# What models call their linear maps of queries and values, or of queries, keys and values in one.
_ATTENTION = {"query", "value", "q_proj", "v_proj", "query_proj", "value_proj", "q_lin", "v_lin", "q", "v", "Wqkv"}


def contrast(source: Tensor, target: Tensor, temperature: float, translates: Tensor | None = None) -> Tensor:
    """Return the loss by which each word picks its partner among the words of the other side; mean of both directions.

    Args:
        source: vectors (B, D).
        target: vectors of their partners, in the same order (B, D).
        temperature: cosines are divided by it.
        translates: (B, B), rows are target words: which others translate each other too, and are no negatives.
    """
    logits = _cosines(source, target, translates) / temperature
    places = torch.arange(len(logits), device=logits.device)
    return (cross_entropy(logits, places) + cross_entropy(logits.T, places)) / 2


def triplet(source: Tensor, target: Tensor, margin: float, translates: Tensor | None = None) -> Tensor:
    """Return the mean of relu(margin + most similar other - partner) over target words; arguments as of `contrast`."""
    cosines = _cosines(source, target, translates)
    own = torch.eye(len(cosines), dtype=torch.bool, device=cosines.device)
    others = cosines.masked_fill(own, float("-inf")).amax(1)
    return (margin + others - cosines.diagonal()).relu().mean()


def _cosines(source: Tensor, target: Tensor, translates: Tensor | None) -> Tensor:
    cosines = normalize(target, dim=1) @ normalize(source, dim=1).T
    return cosines if translates is None else cosines.masked_fill(translates, float("-inf"))


def inject_pairs(
    model: str,
    pairs: Sequence[WordPair],
    options: Injection,
    folder: Path,
    held_out: Sequence[WordPair],
    hub: bool,
    seed: int,
    progress: Progress,
) -> InjectionReport:
    """Adapt, measure and write an encoder; see `exonym.transfer.injection.inject`."""
    from transformers import AutoModel

    ledger = Ledger()
    with own_randomness():
        seed_with(seed, 0)  # weights may be missing
        whole, tokenizer, _ = opened(model, hub, AutoModel)
        depth = whole.config.num_hidden_layers
        if options.layer > depth:
            raise RecipeError(
                f"lexical injection: found layer = {options.layer}; expected at most {depth}, the layers of {model}"
            )
        words = WordEncoder(whole.to(best_device()), tokenizer, options.layer)
        maps = _maps(words.encoder.layers, options)
        learnt = words.usable(pairs, ledger)
        if len({pair.folded for pair in learnt}) < 2:
            raise DataError(f"lexical injection: found {len(learnt)} word pairs that can be read; expected 2 or more.")
        measured = {"trained": learnt} | ({"held_out": held_out} if held_out else {})
        before = {name: words.measured(each, ledger) for name, each in measured.items()}
        seed_with(seed, 1)
        losses = _fit(words, maps, learnt, options, seed, progress)
        after = {name: words.measured(each) for name, each in measured.items()}
    name = Path(model).resolve().name if Path(model).exists() else model
    report = InjectionReport(
        model=name,
        options=options,
        seed=seed,
        pairs=len(learnt),
        losses=losses,
        before=before,
        after=after,
        ledger=ledger,
    )
    with whole_folder(folder) as fresh, quiet():
        whole.cpu().save_pretrained(fresh)
        tokenizer.save_pretrained(fresh)
        (fresh / REPORT).write_text(json_of(report), encoding="utf-8")
        (fresh / "README.md").write_text(_card(report), encoding="utf-8")
    return report


def _maps(layers: nn.ModuleList | None, options: Injection) -> list[nn.Linear]:
    """Find the linear maps that learn."""
    if layers is None:
        raise RecipeError(
            "lexical injection: found a model whose layers share their weights; expected one where each has its own."
        )
    chosen, seen = [], set()
    for number in options.numbers:
        for name, module in layers[number - 1].named_modules():
            if isinstance(module, nn.Linear):
                last = name.rpartition(".")[2]
                seen.add(last)
                if options.maps == "all" or last in _ATTENTION:
                    chosen.append(module)
    if not chosen:
        found = f"a model whose linear maps are called {', '.join(sorted(seen))}" if seen else "no linear map"
        raise RecipeError(
            f"lexical injection: found {found}; expected queries and values by a known name. Choose maps = 'all'."
        )
    return chosen


def _fit(
    words: WordEncoder,
    maps: Sequence[nn.Linear],
    pairs: Sequence[WordPair],
    options: Injection,
    seed: int,
    progress: Progress,
) -> tuple[float, ...]:
    """Train the changes and merge them; layers above the one compared are not run meanwhile."""
    encoder = words.encoder
    whole, layers = encoder.base, encoder.layers
    wanted = [weight.requires_grad for weight in whole.parameters()]
    whole.requires_grad_(False)
    above = list(layers[options.layer :]) if layers is not None else []
    changes = adapt(maps, options.rank, options.alpha)
    optimiser = adamw(((weight, options.learning_rate) for weight in changes), 0.0)
    losses = []
    known = {pair.folded for pair in pairs}
    try:
        if layers is not None and above:
            del layers[options.layer :]
        for step, batch in enumerate(_batches(pairs, options, seed)):
            set_rates(optimiser, step, options.steps, options.warmup)
            loss = _loss(words, batch, known, options)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(changes, options.clip)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            losses.append(loss.item())
            progress(step + 1, options.steps, "lexical injection")
    finally:
        merge(maps)
        if layers is not None:
            layers.extend(above)
    for weight, learns in zip(whole.parameters(), wanted, strict=True):
        weight.requires_grad_(learns)
    parts = np.array_split(losses, min(10, len(losses)))
    return tuple(float(np.mean(part)) for part in parts)


def _batches(pairs: Sequence[WordPair], options: Injection, seed: int) -> list[list[WordPair]]:
    """Draw the pairs of each step: all in a new order, again and again; a rest that is too few goes to the next."""
    size = min(options.batch_pairs, len(pairs))
    in_epoch = len(pairs) // size
    batches: list[list[WordPair]] = []
    for epoch in range(-(-options.steps // in_epoch)):
        order = np.random.default_rng((seed, 5, epoch)).permutation(len(pairs))[: in_epoch * size]
        batches += [[pairs[place] for place in part] for part in order.reshape(in_epoch, size).tolist()]
    return batches[: options.steps]


def _loss(words: WordEncoder, batch: Sequence[WordPair], known: set[tuple[str, str]], options: Injection) -> Tensor:
    found = words.known(text for pair in batch for text in pair)
    with autocast(best_device(), options.precision):
        source = words.pooled([found[pair.source] for pair in batch])
        target = words.pooled([found[pair.target] for pair in batch])
    targets, sources = zip(*(pair.folded for pair in batch), strict=True)
    cells = [[i != j and (one, other) in known for j, other in enumerate(sources)] for i, one in enumerate(targets)]
    translates = torch.tensor(cells, device=source.device)
    if options.loss == "contrast":
        return contrast(source, target, options.temperature, translates)
    return triplet(source, target, options.margin, translates)


def _card(report: InjectionReport) -> str:
    """Write what the model is, in Markdown; no path is in it."""
    options = report.options
    rows = [
        "| pairs | layer | P@1 to target | P@1 to source | chance | similarity | random pairs |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, before in report.before.items():
        for one, other in zip(before, report.after[name], strict=True):
            rows.append(_row(name.replace("_", " "), one, other))
    lines = [
        f"- base model: {report.model}",
        f"- word pairs learnt from: {report.pairs}",
        f"- layers that learnt: {', '.join(map(str, options.numbers))} ({options.maps}), compared at {options.layer}",
        f"- rank {options.rank}, alpha {options.alpha}, merged; loss {options.loss}, {options.steps} steps of "
        f"{options.batch_pairs} pairs, learning rate {options.learning_rate}; seed {report.seed}",
        *(f"- {line}" for line in report.ledger.lines()),
    ]
    head = ["---", "library_name: transformers", "---", "", f"# {report.model} with lexical injection", ""]
    what = "Words and their translations were made alike in early layers of the encoder; it has no head.\n"
    return "\n".join([*head, what, *lines, "", "Before -> after, words read by themselves:", "", *rows, ""])


def _row(name: str, one: Retrieval, other: Retrieval) -> str:
    cells = [name, str(one.layer)]
    cells += [f"{getattr(one, key):.3f} -> {getattr(other, key):.3f}" for key in ("to_target", "to_source")]
    cells.append(f"{one.chance:.3f}")
    cells += [f"{getattr(one, key):.3f} -> {getattr(other, key):.3f}" for key in ("similarity", "random_similarity")]
    return f"| {' | '.join(cells)} |"
