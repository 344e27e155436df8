"""Where pretrained models come from: a folder, or the hub where that is allowed. Start at `open_pretrained`.

Nothing is downloaded unless asked for, no code of a model is run, and weights are safetensors only.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exonym.errors import DataError, MissingExtra, RecipeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    where: dict[str, Any] = {"local_files_only": not hub or Path(model).is_dir(), "trust_remote_code": False}
    with quiet(), _told(name, hub):
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
        tokenizer = _with_spaces(tokenizer, name, where)
    new = set(report["missing_keys"]) | {key for key, *_ in report["mismatched_keys"]}
    _check_whole(name, loaded, new, tags)
    if tags is not None and not new and own != tuple(tags):
        new = _renew(loaded)
    return Pretrained(loaded.float(), tokenizer, len(new))


def head_of(model: Any) -> list[nn.Parameter]:  # noqa: ANN401 - a PreTrainedModel
    """Return the weights of a model that are not of its encoder."""
    encoder = {id(weight) for weight in model.base_model.parameters()}
    return [weight for weight in model.parameters() if id(weight) not in encoder]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Transformers from writing reports and bars; what matters of them is raised or counted here."""
    from transformers.utils import logging as told

    level, bars = told.get_verbosity(), told.is_progress_bar_enabled()
    told.set_verbosity(logging.CRITICAL)
    told.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        told.set_verbosity(level)
        if bars:
            told.enable_progress_bar()  # type: ignore[no-untyped-call]


@contextmanager
def _told(name: str, hub: bool) -> Iterator[None]:
    """Say what was looked for, and where, if it cannot be opened."""
    try:
        yield
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, AttributeError, TypeError) as error:
        if isinstance(error, RecipeError):
            raise
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        if Path(name).is_dir():
            raise DataError(
                f"{name}: found a folder that cannot be opened as a model ({reason}); expected config.json, a "
                "tokeniser and safetensors, as `save_pretrained` writes them. Copy the whole folder, or convert it."
            ) from error
        if hub:
            raise DataError(
                f"{name}: found no such folder, and no such model with safetensors on the Hugging Face hub ({reason}); "
                "expected one of the two. Correct the name."
            ) from error
        raise DataError(
            f"{name}: found no such folder, and no such model in the local cache of the Hugging Face hub ({reason}); "
            "expected one of the two. Correct the name, or allow a download with `hub = true`."
        ) from error


def _set_dropout(config: Any, dropout: float) -> None:  # noqa: ANN401
    known = [name for name in ("hidden_dropout_prob", "classifier_dropout", "dropout") if hasattr(config, name)]
    if not known:
        raise RecipeError(
            f"transformer encoder: found dropout = {dropout} for a model of type {config.model_type!r}; expected none: "
            "it has no setting for it"
        )
    for name in known:
        setattr(config, name, dropout)


def _with_spaces(tokenizer: Any, name: str, where: dict[str, Any]) -> Any:  # noqa: ANN401
    """Open a byte-level tokeniser so that a word that is given begins as one in running text does."""
    from transformers import AutoTokenizer

    if getattr(tokenizer, "add_prefix_space", True):
        return tokenizer
    tokenizer = AutoTokenizer.from_pretrained(name, add_prefix_space=True, **where)
    splitter: Any = getattr(getattr(tokenizer, "backend_tokenizer", None), "pre_tokenizer", None)
    if hasattr(splitter, "add_prefix_space"):
        splitter.add_prefix_space = True  # some classes only keep the setting, and split as before
    return tokenizer


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
