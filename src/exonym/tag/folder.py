"""A tagger on disk: a folder with its files and `tagger.json`, which says what it is.

Used by the taggers' `save` and `load`; knows no model. CRFsuite does not check what it opens, so a damaged model file
must be found here. Start at `whole_tagger` and `read_about`.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from exonym.errors import DataError
from exonym.files import whole_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from exonym.data import Corpus

MODEL = "model.crfsuite"
ABOUT = "tagger.json"
CHECKPOINT = "config.json"  # a folder with this and without ABOUT is a checkpoint of Transformers
NO_TAGGER = "no-tagger.txt"  # beside where a tagger would lie: why there is none, and what to do
_VERSION = 1
_KEYS = {"version", "kind", "tags"}
MODEL_KEYS = {"options", "training", "features", "model"}


@contextmanager
def whole_tagger(folder: Path, about: dict[str, Any]) -> Iterator[Path]:
    """Give an empty folder for the files of a tagger, which takes its place when all went well.

    Args:
        folder: where; an older tagger there is replaced.
        about: what the tagger is, for `tagger.json`: `kind`, `tags` and what its kind needs; may be completed until the
            folder is whole.

    Raises:
        DataError: something that is not a tagger is at that place.
    """
    check_free(folder)
    with whole_folder(folder) as fresh:
        yield fresh
        text = json.dumps({"version": _VERSION, **about}, indent=1)
        (fresh / ABOUT).write_text(text + "\n", encoding="ascii")


def write_folder(folder: Path, model: bytes, about: dict[str, Any]) -> None:
    """Write a tagger of one model file aside and rename it when it is whole.

    Args:
        folder: where; an older tagger there is replaced.
        model: the model file.
        about: what the tagger is: `kind`, `tags`, `options`, `training`, `features`.

    Raises:
        DataError: something that is not a tagger is at that place.
    """
    stamp = {"size": len(model), "fingerprint": fingerprint_of(about["tags"], model)}
    with whole_tagger(folder, {**about, "model": stamp}) as fresh:
        (fresh / MODEL).write_bytes(model)


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
    """Read a tagger of one model file and check that it is whole and of this kind.

    Returns:
        The model file, and what `tagger.json` says.

    Raises:
        DataError: it is not.
    """
    about = read_about(folder, kind, MODEL_KEYS)
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


def read_about(folder: Path, kind: str | None = None, keys: set[str] | frozenset[str] = frozenset()) -> dict[str, Any]:
    """Read `tagger.json` of a folder.

    Args:
        folder: the folder.
        kind: the kind that it must be of, if that is known.
        keys: what it must say beside kind and tags.

    Raises:
        DataError: there is none, it is not what `whole_tagger` writes, or it is of another kind.
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
    if kind is not None and about["kind"] != kind:
        raise DataError(f"{path}: found a tagger of kind {about['kind']!r}; expected {kind!r}. Load it as what it is.")
    if not about.keys() >= keys:
        missing = ", ".join(sorted(keys - about.keys()))
        raise DataError(f"{path}: found a {kind} tagger without {missing}; expected them. Copy the whole folder again.")
    return about


def kind_of(folder: Path) -> str:
    """Say of which kind the tagger in a folder is: as it says itself, or `checkpoint` if Transformers wrote it.

    Raises:
        DataError: there is none, or its `tagger.json` is damaged.
    """
    if not (folder / ABOUT).exists() and (folder / CHECKPOINT).is_file():
        return "checkpoint"
    return str(read_about(folder)["kind"])


def fingerprint_of(tags: Sequence[str], model: bytes) -> str:
    """Hash of a model file and the tags that its labels stand for."""
    return blake2b(json.dumps(tags).encode() + model, digest_size=16).hexdigest()


def described(corpus: Corpus) -> dict[str, Any]:
    """Say what a tagger was trained on: name, fingerprint, sentences, words, entities by type."""
    return {
        "name": corpus.name,
        "fingerprint": corpus.fingerprint,
        "sentences": len(corpus),
        "words": sum(len(sentence) for sentence in corpus),
        "entities": dict(sorted(Counter(span.label for sentence in corpus for span in sentence.spans).items())),
    }
