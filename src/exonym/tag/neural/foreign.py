"""Token-classification checkpoints made elsewhere, as taggers: what their labels mean. Start at `load_checkpoint`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exonym.data import OUTSIDE, split_tag, tag_set
from exonym.errors import DataError
from exonym.tag.neural.encoder import Network
from exonym.tag.neural.options import NeuralOptions, TransformerEncoder
from exonym.tag.neural.pretrained import open_pretrained
from exonym.tag.neural.tagger import NeuralTagger
from exonym.tag.neural.transformer import Transformer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MEANS = {"B": "B", "S": "B", "U": "B", "I": "I", "E": "I", "L": "I"}


class Meaning(NamedTuple):
    """What labels mean: the tags, for each label the column of its tag, and whether they are IOB2 once merged."""

    tags: tuple[str, ...]
    columns: tuple[int, ...]
    iob2: bool


def load_checkpoint(model: str | Path, *, hub: bool = False) -> NeuralTagger:
    """Read a checkpoint as a tagger; see `exonym.tag.load_checkpoint`."""
    found = open_pretrained(model, hub=hub, tags=None)
    config = found.model.config
    labels = [config.id2label[place] for place in range(config.num_labels)]
    meaning = meaning_of(labels, str(model))
    chosen = TransformerEncoder(model=str(model), hub=hub)
    same = meaning.columns == tuple(range(len(labels))) == tuple(range(len(meaning.tags)))
    encoder = Transformer(found, chosen, len(meaning.tags), None if same else meaning.columns)
    network = Network(encoder)
    network.eval()
    return NeuralTagger(meaning.tags, network, NeuralOptions(encoder=chosen).resolved(), {}, meaning.iob2)


def meaning_of(labels: Sequence[str], name: str) -> Meaning:
    """Read the labels of a checkpoint.

    `S-` and `U-` are `B-`, `E-` and `L-` are `I-`. If a type has `I-` and nothing that begins it, all are IOB1.

    Args:
        labels: one for each column of the checkpoint.
        name: of the checkpoint, for messages.

    Raises:
        DataError: a label has no type or no known prefix, `O` is not there once, or no type is.
    """
    parts = [split_tag(label) for label in labels]
    strange = [label for label, (prefix, _) in zip(labels, parts, strict=True) if not prefix]
    types = {label for _, label in parts if label}
    if strange or not types or labels.count(OUTSIDE) != 1:
        raise DataError(
            f"{name}: found the labels {', '.join(labels[:12])}{' ...' if len(labels) > 12 else ''}; expected O and "
            "B-TYPE, I-TYPE (IOB2, IOB1, BIOES or BILOU). Write the real names into `id2label` of its config.json."
        )
    begun = {label for prefix, label in parts if prefix in {"B", "S", "U"}}
    tags = tag_set(types)
    merged = [OUTSIDE if not label else f"{_MEANS[prefix]}-{label}" for prefix, label in parts]
    return Meaning(tags, tuple(tags.index(tag) for tag in merged), begun == types)
