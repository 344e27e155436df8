"""Static word vectors from a text file of word2vec, fastText or GloVe. Knows no network. Start at `read_vectors`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from exonym.data import Ledger, fold, nfc
from exonym.errors import DataError, Problems
from exonym.tag.neural.hashing import word_key

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Vectors:
    """Word vectors by the hash of the word.

    Attributes:
        keys: hash of each of the V words, int64 (V,), sorted.
        rows: their vectors, float16 (V + 1, D); row 0 is zeros, for words that have none, and row v + 1 that of key v.
    """

    keys: NDArray[np.int64]
    rows: NDArray[np.float16]

    def find(self, word: str) -> int:
        """Return the row of a word as it is written in NFC, else of its folded form, else 0."""
        for form in (nfc(word), fold(word)):
            key = word_key(form)
            place = int(np.searchsorted(self.keys, key))
            if place < len(self.keys) and self.keys[place] == key:
                return place + 1
        return 0


def read_vectors(path: str | Path, ledger: Ledger) -> Vectors:
    """Read word vectors: a word and its numbers in each line, with or without a first line `words numbers`.

    Args:
        path: the file, UTF-8.
        ledger: where to count the vectors, and the words that come again and are passed over.

    Raises:
        DataError: the file is missing, empty, or a line does not hold as many numbers as the first.
    """
    path = Path(path)
    found: dict[int, NDArray[np.float16]] = {}
    again, size = 0, 0
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file, Problems(str(path)) as faults:
            for number, line in enumerate(file, start=1):
                parts = line.rstrip("\r\n ").split(" ")
                if number == 1 and len(parts) == 2 and all(part.isdigit() for part in parts):
                    size = int(parts[1])
                    continue
                size = size or len(parts) - 1
                vector = _numbers(parts[len(parts) - size :]) if len(parts) > size > 0 else None
                if vector is None:
                    faults.add(
                        number, f"{line[:40].strip()!r}", f"a word and {size or 'its'} numbers", "Mend the line."
                    )
                    continue
                key = word_key(nfc(" ".join(parts[: len(parts) - size])))
                again += key in found
                found.setdefault(key, vector)
    except OSError as error:
        raise DataError(
            f"{path}: found no word vectors ({error.strerror}); expected a text file. Correct the name, or leave "
            "`vectors` out."
        ) from error
    if not found:
        raise DataError(f"{path}: found no word vector; expected a word and its numbers in each line")
    ledger.note("static vectors read", len(found))
    ledger.note("static vectors of a word that had one", again)
    keys = sorted(found)
    return Vectors(
        np.array(keys, dtype=np.int64), np.stack([np.zeros(size, np.float16), *(found[key] for key in keys)])
    )


def _numbers(parts: list[str]) -> NDArray[np.float16] | None:
    """Return the numbers, or None if one of them is none."""
    try:
        vector = np.array(parts, dtype=np.float32)
    except ValueError:
        return None
    return vector.astype(np.float16) if (np.abs(vector) <= np.finfo(np.float16).max).all() else None  # no NaN either
