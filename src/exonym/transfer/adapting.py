"""The loop that adapts an encoder to a text. Start at `adapt_to_text`.

PyTorch is imported here, so import this where it is used.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from exonym.align.embedding.encoder import LayerEncoder, opened
from exonym.data import Ledger
from exonym.device import autocast, best_device, own_randomness, seed_with
from exonym.errors import DataError, RecipeError
from exonym.files import whole_folder
from exonym.hub import quiet
from exonym.masking import guess
from exonym.optimise import adamw, set_rates
from exonym.transfer.adaptation import REPORT, AdaptationReport
from exonym.windows import packed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from exonym.align.chunks import Progress
    from exonym.data import Corpus
    from exonym.transfer.adaptation import Adaptation

    Windows = list[NDArray[np.int64]]


def adapt_to_text(
    model: str, text: Corpus, options: Adaptation, folder: Path, hub: bool, seed: int, progress: Progress
) -> AdaptationReport:
    """Adapt and write an encoder; see `exonym.transfer.adaptation.adapt`."""
    from transformers import AutoModelForMaskedLM

    ledger = Ledger()
    with own_randomness():
        seed_with(seed, 0)  # weights may be missing
        whole, tokenizer, new = opened(model, hub, AutoModelForMaskedLM)
        if tokenizer.mask_token_id is None:
            raise RecipeError(f"{model}: found a tokeniser without a mask; expected one for masked language modelling")
        ledger.note("weights of the model that were made anew", new)
        encoder = LayerEncoder(whole.to(best_device()), tokenizer, whole.config.num_hidden_layers)
        windows = _windows(text, encoder, ledger)
        report = AdaptationReport(losses=_fit(whole, encoder, windows, options, seed, progress), ledger=ledger)
    with whole_folder(folder) as fresh, quiet():
        whole.cpu().save_pretrained(fresh)
        tokenizer.save_pretrained(fresh)
        (fresh / REPORT).write_text(
            json.dumps({"losses": report.losses, "ledger": ledger}, indent=1) + "\n", encoding="utf-8"
        )
    return report


def _windows(text: Corpus, encoder: LayerEncoder, ledger: Ledger) -> Windows:
    """Cut a text into windows of subwords, with special ones."""
    tokens = encoder.tokens([sentence.words for sentence in text], [0] * len(text))
    windows = [window.ids for window in encoder.windows(tokens)]
    ledger.note("sentences that the encoder was adapted to", sum(bool(len(each.ids)) for each in tokens))
    ledger.note("sentences without a subword", sum(not len(each.ids) for each in tokens))
    ledger.note("words longer than a window, cut", sum(each.cut for each in tokens))
    if not windows:
        raise DataError(f"{text.name}: found no sentence that the model can read; expected some to adapt it to")
    return windows


def _fit(
    whole: Any,  # noqa: ANN401 - a PreTrainedModel
    encoder: LayerEncoder,
    windows: Windows,
    options: Adaptation,
    seed: int,
    progress: Progress,
) -> tuple[float, ...]:
    """Train all weights; return the mean loss of each tenth of the steps."""
    optimiser = adamw(((weight, options.learning_rate) for weight in whole.parameters()), options.weight_decay)
    whole.train()
    losses = []
    for step, batch in enumerate(_batches(windows, options, seed)):
        set_rates(optimiser, step, options.steps, options.warmup)
        seed_with(seed, 2, step)
        ids, mask = encoder.collate(batch)
        with autocast(best_device(), options.precision):
            loss = guess(whole, encoder.tokenizer, ids, mask, mask.bool(), options.hidden)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(whole.parameters(), options.clip)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        losses.append(loss.item())
        progress(step + 1, options.steps, "adapting the encoder")
    return tuple(float(np.mean(part)) for part in np.array_split(losses, min(10, len(losses))))


def _batches(windows: Windows, options: Adaptation, seed: int) -> Iterator[Windows]:
    """Draw the windows of each step: all in a new order, again and again, those of alike length together."""
    sizes = [len(window) for window in windows]
    done = epoch = 0
    while done < options.steps:
        chance = np.random.default_rng((seed, 1, epoch))
        batches = packed(sizes, options.batch_tokens, chance.permutation(len(windows)).tolist())
        for place in chance.permutation(len(batches)).tolist()[: options.steps - done]:
            yield [windows[index] for index in batches[place]]
        done += len(batches)
        epoch += 1
