"""A tagger on disk: a folder with the model file and `tagger.json`, which says what it is and proves it whole.

Used by the taggers' `save` and `load`; knows no model. CRFsuite does not check what it opens, so a damaged file must be
found here. Start at `read_folder`.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from exonym.errors import DataError
from exonym.files import whole_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MODEL = "model.crfsuite"
ABOUT = "tagger.json"
NO_TAGGER = "no-tagger.txt"  # beside where a tagger would lie: why there is none, and what to do
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
    check_free(folder)
    stamp = {"size": len(model), "fingerprint": fingerprint_of(about["tags"], model)}
    with whole_folder(folder) as fresh:
        (fresh / MODEL).write_bytes(model)
        (fresh / ABOUT).write_text(json.dumps(stamped(about, stamp), indent=1) + "\n", encoding="ascii")


def check_free(folder: Path) -> None:
    """Refuse to write a tagger where there is something else.

    Raises:
        DataError: something that is not a tagger is at that place.
    """
    if folder.exists() and not (folder / ABOUT).is_file() and not (folder.is_dir() and not any(folder.iterdir())):
        raise DataError(f"{folder}: found something that is not a tagger; expected a new folder. Choose another name.")


def stamped(about: dict[str, Any], model: dict[str, Any]) -> dict[str, Any]:
    """Return what `tagger.json` holds: the version, what the tagger is, and what its files are known by."""
    return {"version": _VERSION, **about, "model": model}


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
    fingerprint = fingerprint_of(about["tags"], model)
    if {"size": len(model), "fingerprint": fingerprint} != about["model"]:
        raise DataError(
            f"{path}: found {len(model)} bytes with fingerprint {fingerprint}; expected {about['model']}. The folder "
            "is damaged or mixed from two: copy it again, or train again."
        )
    return model, about


def read_about(folder: Path) -> dict[str, Any]:
    """Read `tagger.json` of a folder.

    Raises:
        DataError: there is none, or it is not what `write_folder` writes.
    """
    path = folder / ABOUT
    advice = "Give a folder from `exonym train`, or OUT/LANGUAGE/METHOD/seed-1/tagger from `exonym compare`."
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        note = folder.parent / NO_TAGGER
        advice = note.read_text(encoding="utf-8").strip() if note.is_file() else advice
        raise DataError(f"{path}: found no tagger ({error.strerror}); expected this file. {advice}") from error
    except ValueError as error:
        raise DataError(f"{path}: found text that is not JSON ({error}); expected a tagger. {advice}") from error
    if not isinstance(about, dict) or about.get("version") != _VERSION or not about.keys() >= _KEYS:
        raise DataError(f"{path}: found no tagger of version {_VERSION}; expected the keys {sorted(_KEYS)}. {advice}")
    return about


def fingerprint_of(tags: Sequence[str], model: bytes) -> str:
    """Hash of a model file and the tags that its labels stand for."""
    return blake2b(json.dumps(tags).encode() + model, digest_size=16).hexdigest()
