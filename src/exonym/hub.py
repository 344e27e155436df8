"""Models of Hugging Face Transformers: a folder, or a name on the hub where that is allowed; what a model holds.

Nothing is downloaded unless asked for, no code of a model is run, and weights are safetensors only. Transformers is
imported when a function is called. Start at `place_of` and `told`.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exonym.errors import DataError, MissingExtra, RecipeError

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 1 << 22  # bytes read at once


def place_of(model: str | Path, hub: bool) -> dict[str, Any]:
    """Return the arguments of `from_pretrained` that say where a model may come from."""
    return {"local_files_only": not hub or Path(model).is_dir(), "trust_remote_code": False}


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
def told(name: str, hub: bool) -> Iterator[None]:
    """Say what was looked for, and where, if it cannot be opened.

    Raises:
        DataError: what is inside raised an error that is no `RecipeError` or `MissingExtra`.
    """
    try:
        yield
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, AttributeError, TypeError) as error:
        if isinstance(error, (RecipeError, MissingExtra)):
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
            "expected one of the two. Correct the name, or allow a download with `hub = true`, on the command "
            "line --hub."
        ) from error


def content_of(model: str | Path, hub: bool = False) -> str:
    """Return a hash of what a model holds: of all its files, or of the revision that the hub's cache has.

    Args:
        model: a folder, or a name on the hub.
        hub: allow a download, of its config.json.

    Raises:
        DataError: there is no such model.
        MissingExtra: the hub's own package is not installed.
    """
    path = Path(model)
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.is_file())
        seen = tuple((str(each), each.stat().st_size, each.stat().st_mtime_ns) for each in files)
        return _content_of_files(path, seen)
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise MissingExtra(error.name or "huggingface_hub", "neural") from error
    with told(str(model), hub):
        found = Path(hf_hub_download(str(model), "config.json", local_files_only=not hub))
    return f"{model}@{found.parent.name}"  # the cache keeps files under the commit they are of


def content_of_file(path: str | Path) -> str:
    """Return a hash of what a file holds; it may be moved.

    Raises:
        DataError: there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: found no such file; expected one. Correct the path.")
    return _content_of_files(path, ((str(path), path.stat().st_size, path.stat().st_mtime_ns),))


@lru_cache(maxsize=16)
def _content_of_files(folder: Path, seen: tuple[tuple[str, int, int], ...]) -> str:
    content = blake2b(digest_size=12)
    for name, size, _ in seen:
        content.update(f"{Path(name).relative_to(folder).as_posix()}\x1e{size}\x1e".encode())
        with Path(name).open("rb") as file:
            while block := file.read(_BLOCK):
                content.update(block)
    return content.hexdigest()
