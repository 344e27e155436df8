"""The manifest of a projected file: what it was made from, how, and what was lost.

It lies beside the file, as `NAME.project.json`, and is enough to make the file again or to explain a sentence of it
(`exonym.run.explain`). Start at `Manifest`.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Literal

from exonym import __version__
from exonym.data import Scheme
from exonym.errors import DataError
from exonym.files import whole_file
from exonym.formats import FormatName
from exonym.project import Filtering, Matching
from exonym.run.shape import checked

ENDING = ".project.json"
_AGAIN = "Project again with exonym project -o."


@dataclass(frozen=True, kw_only=True)
class Input:
    """A file or folder that was read, and what proves that it is still the same.

    Attributes:
        path: as it was given.
        beside: its path from the folder of the manifest; None where there is none, as from another drive.
        size: in bytes; of a folder, of all its files.
        blake2b: hash of its bytes; of a folder, of the names and bytes of all its files.
    """

    path: str
    beside: str | None
    size: int
    blake2b: str

    @classmethod
    def of(cls, path: Path, folder: Path) -> Input:
        """Take down a file or folder for a manifest in `folder`."""
        beside = None
        with suppress(ValueError):
            beside = Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
        size, digest = _stamp(path)
        return cls(path=str(path), beside=beside, size=size, blake2b=digest)

    def find(self, folder: Path) -> Path:
        """Find the file or folder again: from the folder of the manifest, else as it was given.

        Raises:
            DataError: it is not there, or no longer the same.
        """
        places = [place for place in (folder / self.beside if self.beside else None, Path(self.path)) if place]
        there = [place for place in places if place.exists()]
        for place in there:
            if _stamp(place) == (self.size, self.blake2b):
                return place
        if there:
            expected = f"those that were projected ({self.size} bytes, blake2b {self.blake2b[:8]}...)"
            raise DataError(f"{there[0]}: found other contents; expected {expected}. Put these back, or project again.")
        raise DataError(
            f"{places[0]}: found nothing; expected {Path(self.path).name}, which was projected. Put it back."
        )


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The options that the inputs were read with; see `exonym.formats.read_corpus` and `read_bitext`."""

    format: FormatName | None = None
    scheme: Scheme | None = None
    repair: Literal["error", "conlleval"] = "error"
    on_error: Literal["raise", "skip"] = "raise"
    swap: bool = False


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a projected file was made from.

    Attributes:
        exonym: the version that made it.
        source: the labelled corpus.
        bitext: the pairs.
        links: their word links.
        tagger: the folder of the tagger, if there was one.
        reading: how these were read.
        matching: how spans were matched.
        filtering: what was kept.
        ledger: what was read, projected, lost and left out.
        left_out: places of the pairs, from 1, that have no sentence in the file.
    """

    exonym: str = __version__
    source: Input
    bitext: Input
    links: Input
    tagger: Input | None = None
    reading: Reading
    matching: Matching
    filtering: Filtering
    ledger: dict[str, int]
    left_out: tuple[int, ...] = ()


def manifest_path(output: Path) -> Path:
    """Return where the manifest of a projected file lies."""
    return output.with_name(output.name + ENDING)


def write_manifest(output: Path, manifest: Manifest) -> None:
    """Write the manifest of a projected file; it appears only when it is whole."""
    row = {name: value for name, value in asdict(manifest).items() if (name, value) != ("tagger", None)}
    with whole_file(manifest_path(output)) as file:
        file.write(json.dumps(row, indent=1, ensure_ascii=False) + "\n")


def read_manifest(output: Path) -> Manifest:
    """Read the manifest of a projected file.

    Raises:
        DataError: there is none, or it is not one that this version can read.
    """
    path = manifest_path(output)
    expected = f"{path.name}, which exonym project writes beside its output"
    if not output.is_file():
        raise DataError(f"{output}: found no such file; expected one that exonym project wrote. Correct the name.")
    if not path.is_file():
        raise DataError(f"{output}: found no manifest; expected {expected}. {_AGAIN}")
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: found broken JSON ({error}); expected {expected}. {_AGAIN}") from error
    manifest, faults = checked(row, Manifest) if isinstance(row, dict) else (None, ["found no object."])
    if manifest is None or faults:
        made = f" It was made by exonym {row.get('exonym')}." if isinstance(row, dict) else ""
        lines = "\n".join(f"{path}: {fault}" for fault in faults)
        raise DataError(f"{lines}\n{path}: this is exonym {__version__}.{made} {_AGAIN}")
    return manifest


def _stamp(path: Path) -> tuple[int, str]:
    """Return size and hash of a file, or of all files of a folder."""
    if path.is_file():
        with path.open("rb") as file:
            return path.stat().st_size, file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()
    size, hasher = 0, blake2b(digest_size=16)
    for inner in sorted(inner for inner in path.rglob("*") if inner.is_file()):
        own, digest = _stamp(inner)
        size += own
        hasher.update(f"{inner.relative_to(path).as_posix()}\x1e{digest}\x1d".encode())
    return size, hasher.hexdigest()
