"""A tagger on disk: a folder with the model file and `tagger.json`, which says what it is and proves it whole.

Used by the taggers' `save` and `load`; knows no model. CRFsuite does not check what it opens, so a damaged file must be
found here. Start at `read_folder`.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from hashlib import blake2b
from pathlib import Path
from typing import Any

from exonym.errors import DataError

MODEL = "model.crfsuite"
ABOUT = "tagger.json"
_VERSION = 1
_KEYS = {"version", "kind", "tags", "options", "training", "features", "model"}


def write_folder(folder: Path, model: bytes, about: dict[str, Any]) -> None:
    """Write a tagger aside and rename it when it is whole.

    Args:
        folder: where; an older tagger there is replaced.
        model: the model file.
        about: what the tagger is: `kind`, `tags`, `options`, `training`, `features`.

    Raises:
        DataError: something that is not a tagger is at that place.
    """
    if folder.exists() and not (folder / ABOUT).is_file() and not (folder.is_dir() and not any(folder.iterdir())):
        raise DataError(f"{folder}: found something that is not a tagger; expected a new folder. Choose another name.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fresh = aside / "new"
        fresh.mkdir()
        (fresh / MODEL).write_bytes(model)
        whole = {"version": _VERSION, **about, "model": _stamp(model)}
        (fresh / ABOUT).write_text(json.dumps(whole, indent=1) + "\n", encoding="ascii")
        if folder.exists():
            folder.rename(aside / "old")
        fresh.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def read_folder(folder: Path, kind: str) -> tuple[bytes, dict[str, Any]]:
    """Read a tagger and check that it is whole and of this kind.

    Returns:
        The model file, and what `tagger.json` says.

    Raises:
        DataError: it is not.
    """
    about = read_about(folder)
    if about["kind"] != kind:
        raise DataError(
            f"{folder / ABOUT}: found a tagger of kind {about['kind']!r}; expected {kind!r}. Load it as what it is."
        )
    path = folder / MODEL
    try:
        model = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: found no model ({error.strerror}); expected one. Copy the whole folder.") from error
    if _stamp(model) != about["model"]:
        raise DataError(
            f"{path}: found {len(model)} bytes with hash {_stamp(model)['hash']}; expected {about['model']}. The file "
            "is damaged or of another tagger: copy the whole folder again, or train again."
        )
    return model, about


def read_about(folder: Path) -> dict[str, Any]:
    """Read `tagger.json` of a folder.

    Raises:
        DataError: there is none, or it is not what `write_folder` writes.
    """
    path = folder / ABOUT
    advice = "Give a folder that `save` wrote."
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: found no tagger ({error.strerror}); expected this file. {advice}") from error
    except ValueError as error:
        raise DataError(f"{path}: found text that is not JSON ({error}); expected a tagger. {advice}") from error
    if not isinstance(about, dict) or about.get("version") != _VERSION or not about.keys() >= _KEYS:
        raise DataError(f"{path}: found no tagger of version {_VERSION}; expected the keys {sorted(_KEYS)}. {advice}")
    return about


def _stamp(model: bytes) -> dict[str, Any]:
    return {"size": len(model), "hash": blake2b(model, digest_size=16).hexdigest()}
