"""From options to a network that knows nothing yet. Start at `build`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exonym.tag.neural.crf import Crf
from exonym.tag.neural.encoder import Network
from exonym.tag.neural.hashed import Hashed
from exonym.tag.neural.vectors import read_vectors

if TYPE_CHECKING:
    from exonym.data import Ledger
    from exonym.tag.neural.options import NeuralOptions


def build(options: NeuralOptions, tags: tuple[str, ...], ledger: Ledger) -> Network:
    """Build a network for some tags; what was made anew or left out is counted."""
    chosen = options.encoder
    if chosen.kind == "hashed":
        vectors = None if chosen.vectors is None else read_vectors(chosen.vectors, ledger)
        return Network(Hashed(chosen, len(tags), vectors), Crf(tags) if options.crf else None)
    from exonym.tag.neural.transformer import Transformer

    return Network(Transformer.for_tags(chosen, tags, ledger), Crf(tags) if options.crf else None)
