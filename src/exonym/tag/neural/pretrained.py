"""Pretrained models as token classifiers: opened whole, with the labels asked for. Start at `open_pretrained`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exonym.errors import DataError, MissingExtra, RecipeError
from exonym.hub import place_of, quiet, told
from exonym.pretrained import with_spaces

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import nn


@dataclass(frozen=True)
class Pretrained:
    """A model for token classification with its tokeniser, and how many of its weights were made at random."""

    model: Any
    tokenizer: Any
    new: int = 0


def open_pretrained(
    model: str | Path, *, hub: bool, tags: Sequence[str] | None, dropout: float | None = None
) -> Pretrained:
    """Open an encoder or a token-classification checkpoint.

    Args:
        model: a folder, or a name on the hub.
        hub: allow a download.
        tags: the labels that it shall have. If they are not its own, in this order, its classifier is made anew. If
            None, it must be a checkpoint with a classifier, which keeps its labels.
        dropout: of hidden numbers and of the classifier; the model's own if None.

    Raises:
        DataError: there is no such model, or it is damaged or of no use here.
        RecipeError: a dropout that the model does not have.
        MissingExtra: Transformers is not installed.
    """
    try:
        from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer
    except ImportError as error:
        raise MissingExtra(error.name or "transformers", "neural") from error
    name = str(model)
    where = place_of(model, hub)
    with quiet(), told(name, hub):
        config = AutoConfig.from_pretrained(name, **where)
        own = tuple(config.id2label[place] for place in range(config.num_labels))
        if tags is not None:
            config.id2label = dict(enumerate(tags))
            config.label2id = {tag: place for place, tag in enumerate(tags)}
        if dropout is not None:
            _set_dropout(config, dropout)
        loaded, report = AutoModelForTokenClassification.from_pretrained(
            name, config=config, use_safetensors=True, output_loading_info=True, ignore_mismatched_sizes=True, **where
        )
        tokenizer = AutoTokenizer.from_pretrained(name, **where)
        tokenizer = with_spaces(tokenizer, name, where)
    new = set(report["missing_keys"]) | {key for key, *_ in report["mismatched_keys"]}
    _check_whole(name, loaded, new, tags)
    if tags is not None and not new and own != tuple(tags):
        new = _renew(loaded)
    return Pretrained(loaded.float(), tokenizer, len(new))


def head_of(model: Any) -> list[nn.Parameter]:  # noqa: ANN401 - a PreTrainedModel
    """Return the weights of a model that are not of its encoder."""
    encoder = {id(weight) for weight in model.base_model.parameters()}
    return [weight for weight in model.parameters() if id(weight) not in encoder]


def _set_dropout(config: Any, dropout: float) -> None:  # noqa: ANN401
    known = [name for name in ("hidden_dropout_prob", "classifier_dropout", "dropout") if hasattr(config, name)]
    if not known:
        raise RecipeError(
            f"transformer encoder: found dropout = {dropout} for a model of type {config.model_type!r}; expected none: "
            "it has no setting for it"
        )
    for name in known:
        setattr(config, name, dropout)


def _check_whole(name: str, model: Any, new: set[str], tags: Sequence[str] | None) -> None:  # noqa: ANN401
    """Refuse a checkpoint whose weights are not those of its encoder, or that lacks the classifier it must have."""
    prefix = f"{model.base_model_prefix}."
    missing = sorted(key for key in new if tags is None or key.startswith(prefix))
    if missing:
        raise DataError(
            f"{name}: found no weights for {', '.join(missing[:3])}{' and more' if len(missing) > 3 else ''}; expected "
            f"those of a whole {type(model).__name__}. Copy the whole folder, or take another model."
        )


def _renew(model: Any) -> set[str]:  # noqa: ANN401
    """Draw the classifier anew: its weights are for other labels, although as many."""
    import torch

    head = {id(weight) for weight in head_of(model)}
    names = {name for name, weight in model.named_parameters() if id(weight) in head}
    with torch.no_grad():
        for name in sorted(names):
            weight = model.get_parameter(name)
            weight.normal_(0, 0.02) if weight.ndim > 1 else weight.zero_()
    return names
