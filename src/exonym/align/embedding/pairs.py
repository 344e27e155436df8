"""From a bitext to links: sentences are encoded in batches, and pairs of like size are aligned in blocks.

Start at `align_pairs`.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize
from torch.nn.utils.rnn import pad_sequence

from exonym.align.embedding.extraction import linked
from exonym.data import Links
from exonym.device import autocast, best_device
from exonym.windows import packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from exonym.align.chunks import Progress
    from exonym.align.embedding.aligner import EmbeddingAligner
    from exonym.align.embedding.encoder import LayerEncoder, Tokens
    from exonym.data import Bitext, Ledger

_BATCH_TOKENS = {"cpu": 512, "cuda": 16384}  # subwords encoded at once: on a CPU more are slower, as caches are small
_CELLS = {"cpu": 1 << 17, "cuda": 1 << 22}  # similarities computed at once
_CHUNK = 1 << 17  # subwords whose vectors are kept, besides those of sentences that are met again


class Plan(NamedTuple):
    """A bitext as numbers.

    Attributes:
        tokens: of each distinct sentence.
        distinct: the distinct pairs, each as the numbers of its two sentences.
        of: for each pair of the bitext, the number of its distinct pair.
    """

    tokens: list[Tokens]
    distinct: list[tuple[int, int]]
    of: list[int]


def align_pairs(
    bitext: Bitext, options: EmbeddingAligner, encoder: LayerEncoder, ledger: Ledger, progress: Progress
) -> tuple[Links, ...]:
    """Link the words of each pair.

    Args:
        bitext: the pairs, each with words on both sides.
        options: of the aligner.
        encoder: gives the vectors.
        ledger: is told of words without a subword and of words that were cut.
        progress: is told how many pairs are done.
    """
    plan = _planned(bitext, encoder, ledger)
    device = best_device()
    encoder.to(device)
    found: dict[int, Links] = {}
    with torch.inference_mode():
        for chunk, vectors in _chunks(plan, options, encoder):
            for block in _blocks(chunk, plan, vectors, _CELLS[device.type]):
                found |= zip(block, _links(block, plan, vectors, options), strict=True)
                progress(len(found), len(plan.distinct), "aligning")
    nothing = Links.of([])
    return tuple(found.get(number, nothing) for number in plan.of)


def _planned(bitext: Bitext, encoder: LayerEncoder, ledger: Ledger) -> Plan:
    """Number the distinct sentences and pairs, and tokenise the sentences."""
    sentences: dict[tuple[int, tuple[str, ...]], int] = {}
    pairs: dict[tuple[int, int], int] = {}
    two = len(encoder.special) > 1
    of = []
    for pair in bitext:
        source = sentences.setdefault((0, tuple(pair.source)), len(sentences))
        target = sentences.setdefault((int(two), tuple(pair.target)), len(sentences))
        of.append(pairs.setdefault((source, target), len(pairs)))
    tokens = encoder.tokens([words for _, words in sentences], [side for side, _ in sentences])
    times = Counter(of)
    for place, own in enumerate(pairs):
        for sentence in own:
            ledger.note("words without a subword, unlinked", times[place] * tokens[sentence].missing)
            ledger.note("words longer than a window, cut", times[place] * tokens[sentence].cut)
    return Plan(tokens, list(pairs), of)


def _chunks(
    plan: Plan, options: EmbeddingAligner, encoder: LayerEncoder
) -> Iterator[tuple[list[int], dict[int, Tensor]]]:
    """Yield some distinct pairs at a time, those of like size together, with the vectors of their sentences.

    Pairs in which a side has no subword are left out.
    """
    sizes = [len(tokens.ids) for tokens in plan.tokens]
    usable = [at for at, (source, target) in enumerate(plan.distinct) if sizes[source] and sizes[target]]
    usable.sort(key=lambda at: sum(sizes[side] for side in plan.distinct[at]))
    uses = Counter(side for at in usable for side in plan.distinct[at])
    vectors: dict[int, Tensor] = {}
    totals = np.cumsum([sum(sizes[side] for side in plan.distinct[at]) for at in usable])
    stops = np.flatnonzero(np.diff(totals // _CHUNK)) + 1
    for start, stop in pairwise([0, *stops.tolist(), len(usable)]):
        chunk = usable[start:stop]
        wanted = dict.fromkeys(side for at in chunk for side in plan.distinct[at])
        fresh = [side for side in wanted if side not in vectors]
        vectors |= zip(fresh, encoded([plan.tokens[side] for side in fresh], options, encoder), strict=True)
        yield chunk, vectors
        uses.subtract(side for at in chunk for side in plan.distinct[at])
        for side in [side for side in vectors if not uses[side]]:
            del vectors[side]


def encoded(sentences: Sequence[Tokens], options: EmbeddingAligner, encoder: LayerEncoder) -> list[Tensor]:
    """Return the vectors of the units of each sentence, float32 (U, D), of length 1 where cosines are compared."""
    windows = encoder.windows(sentences)
    parts: list[list[tuple[int, Tensor]]] = [[] for _ in sentences]
    device = best_device()
    for batch in packed([len(window.ids) for window in windows], _BATCH_TOKENS[device.type]):
        own = [windows[place] for place in batch]
        with autocast(device, options.precision):
            hidden = encoder(*encoder.collate([window.ids for window in own])).float()
        sizes = [int(window.lengths.sum()) for window in own]
        places = np.concatenate(
            [
                np.arange(window.first, window.first + size) + row * hidden.shape[1]
                for row, (window, size) in enumerate(zip(own, sizes, strict=True))
            ]
        )
        units = hidden.flatten(0, 1)[torch.from_numpy(places).to(hidden.device)]
        if options.level == "word":
            units = _means(units, np.concatenate([window.lengths for window in own]))
            sizes = [len(window.lengths) for window in own]
        if options.compares_cosines:
            units = normalize(units, dim=-1)
        for place, window, rows in zip(batch, own, units.split(sizes), strict=True):
            parts[window.sentence].append((place, rows))
    return [
        rows[0][1] if len(rows) == 1 else torch.cat([part for _, part in sorted(rows, key=lambda row: row[0])])
        for rows in parts
    ]


def _means(units: Tensor, lengths: NDArray[np.int64]) -> Tensor:
    """Average the vectors of the subwords of each word."""
    counts = torch.from_numpy(lengths).to(units.device)
    owners = torch.repeat_interleave(torch.arange(len(lengths), device=units.device), counts)
    sums = units.new_zeros(len(lengths), units.shape[1]).index_add_(0, owners, units)
    return sums / counts[:, None]


def _blocks(chunk: Iterable[int], plan: Plan, vectors: dict[int, Tensor], budget: int) -> Iterator[list[int]]:
    """Yield pairs of like size, so many that their padded similarities keep to a budget."""
    shapes = {
        at: (len(vectors[source]), len(vectors[target])) for at in chunk for source, target in [plan.distinct[at]]
    }
    block: list[int] = []
    rows = columns = 0
    for at in sorted(shapes, key=shapes.__getitem__):
        wider = max(rows, shapes[at][0]), max(columns, shapes[at][1])
        if block and wider[0] * wider[1] * (len(block) + 1) > budget:
            yield block
            block, wider = [], shapes[at]
        block.append(at)
        rows, columns = wider
    if block:
        yield block


def _links(block: Sequence[int], plan: Plan, vectors: dict[int, Tensor], options: EmbeddingAligner) -> list[Links]:
    """Link the words of a block of pairs."""
    sides = [[plan.distinct[at][side] for at in block] for side in (0, 1)]
    source, target = (pad_sequence([vectors[sentence] for sentence in own], batch_first=True) for own in sides)
    owners = [_owners([plan.tokens[sentence] for sentence in own], options) for own in sides]
    there = [torch.from_numpy(own >= 0).to(source.device) for own in owners]
    found, weights = linked(options, source @ target.mT, there[0][:, :, None] & there[1][:, None, :])
    pair, row, column = found.nonzero(as_tuple=True)
    weight = weights[pair, row, column].cpu().numpy()
    at, i, j = (places.cpu().numpy() for places in (pair, row, column))
    return _by_pair(len(block), at, owners[0][at, i], owners[1][at, j], weight)


def _owners(sentences: Sequence[Tokens], options: EmbeddingAligner) -> NDArray[np.int64]:
    """Return the word of each unit of sentences, padded with -1."""
    own = [tokens.words if options.level == "word" else np.repeat(tokens.words, tokens.lengths) for tokens in sentences]
    padded = np.full((len(own), max(map(len, own))), -1)
    for row, words in zip(padded, own, strict=True):
        row[: len(words)] = words
    return padded


def _by_pair(
    pairs: int,
    pair: NDArray[np.int64],
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    weight: NDArray[np.float32],
) -> list[Links]:
    """Gather links of units by pair and word; of several links of two words the heaviest counts."""
    order = np.lexsort((-weight, target, source, pair))
    pair, source, target = pair[order], source[order], target[order]
    again = (np.diff(pair) == 0) & (np.diff(source) == 0) & (np.diff(target) == 0)
    kept = np.concatenate(([True], ~again))[: len(pair)]
    weight = weight[order][kept].clip(np.finfo(np.float32).tiny, 1)  # rounding may pass 1
    bounds = np.searchsorted(pair[kept], np.arange(pairs + 1)).tolist()
    whole = Links(source[kept].astype(np.int32), target[kept].astype(np.int32), weight)
    return [Links(whole.source[a:b], whole.target[a:b], whole.weight[a:b]) for a, b in pairwise(bounds)]
