"""Files, folders and streams that hold something only when it is whole."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def whole_file(path: str | Path) -> Iterator[TextIO]:
    """Open a text file for writing under a temporary name, and rename it when all went well.

    On an error or an interrupt the temporary file is removed, and what was at `path` before is still there. A symbolic
    link stays one: its target is replaced. What is no regular file, such as `/dev/stdout`, is written to when all is
    there.
    """
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("w", encoding="utf-8", newline="\n") as file, whole_stream(file) as aside:
            yield aside
        return
    with whole_path(path) as place, place.open("w", encoding="utf-8", newline="\n") as file:
        yield file


@contextmanager
def whole_path(path: str | Path) -> Iterator[Path]:
    """Give the path of a file to write, which is renamed when all went well; see `whole_file`."""
    path = Path(path).resolve()
    with whole_folder(None, beside=path) as folder:
        yield folder / path.name
        (folder / path.name).replace(path)


@contextmanager
def whole_stream(stream: TextIO) -> Iterator[TextIO]:
    """Lend a text file, and copy what was written to it to a stream when all went well."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n") as aside:
        yield aside
        aside.seek(0)
        shutil.copyfileobj(aside, stream)


@contextmanager
def whole_folder(path: str | Path | None, *, beside: Path | None = None) -> Iterator[Path]:
    """Give an empty folder to write into, and rename it to `path` when all went well.

    What was at `path` before is replaced; if the last step fails, it is put back. A symbolic link stays one: its target
    is replaced. With `path` None the folder is only lent, beside another path.
    """
    home = Path(path).resolve() if path is not None else beside
    if home is None:
        raise ValueError("expected a path, or a path to be beside")
    home.parent.mkdir(parents=True, exist_ok=True)
    lent = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    try:
        fresh = lent / "new"
        fresh.mkdir()
        yield fresh
        if path is not None:
            _exchange(fresh, home, lent / "old")
    finally:
        shutil.rmtree(lent, ignore_errors=True)


def _exchange(fresh: Path, home: Path, old: Path) -> None:
    """Rename `fresh` to `home`, and what was there to `old`; on an error or an interrupt put that back."""
    if home.exists():
        home.rename(old)
    try:
        fresh.rename(home)
    except BaseException:
        if old.exists():
            old.rename(home)
        raise
