"""Files and folders that appear only when they are whole."""

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

    On an error or an interrupt the temporary file is removed, and what was at `path` before is still there.
    """
    path = Path(path)
    with whole_folder(None, beside=path) as aside:
        with (aside / path.name).open("w", encoding="utf-8", newline="\n") as file:
            yield file
        (aside / path.name).replace(path)


@contextmanager
def whole_folder(path: str | Path | None, *, beside: Path | None = None) -> Iterator[Path]:
    """Give an empty folder to write into, and rename it to `path` when all went well.

    What was at `path` before is replaced. With `path` None the folder is only lent, beside another path.
    """
    home = Path(path) if path is not None else beside
    if home is None:
        raise ValueError("expected a path, or a path to be beside")
    home.parent.mkdir(parents=True, exist_ok=True)
    lent = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    try:
        fresh = lent / "new"
        fresh.mkdir()
        yield fresh
        if path is not None:
            if home.exists():
                home.rename(lent / "old")
            fresh.rename(home)
    finally:
        shutil.rmtree(lent, ignore_errors=True)
