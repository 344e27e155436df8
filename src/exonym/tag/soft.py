"""Soft labels on disk: what a teacher says of a text, computed once, mapped into memory and used as often as wanted.

A folder with one array for all words, written as the text streams by. It is a tagger of the sentences that it holds,
so it can stand wherever a teacher can, without the teacher. Start at `write_soft_labels` and `SoftLabels`.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import numpy as np

from exonym.data import Corpus
from exonym.errors import DataError
from exonym.tag.decode import decode_spans
from exonym.tag.folder import read_about, whole_tagger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from exonym.data import Sentence
    from exonym.tag import Tagger

_KIND = "soft_labels"
_ROWS, _STOPS, _KEYS = "rows.npy", "stops.npy", "sentences.npy"
_HEADER = 128  # bytes of the header of the array, whose length is only known at the end
_KEY = 16  # bytes of the hash of a sentence
_BLOCK = 1 << 24  # bytes read at once
_SHOWN = 8  # words of a sentence in a message


@dataclass(frozen=True, eq=False)
class SoftLabels:
    """Stored label probabilities; made by `write_soft_labels` and `SoftLabels.load`.

    Attributes:
        tags: the K tags, IOB2, `O` first.
        rows: the probabilities of all words, float32 (words, K), mapped into memory: read when they are looked at.
        stops: where the words of each sentence end in `rows`, int64 (sentences,).
        keys: hash of the words of each sentence, bytes.
        fingerprint: hash of all of it.
        folder: where it lies.
    """

    tags: tuple[str, ...]
    rows: NDArray[np.float32]
    stops: NDArray[np.int64]
    keys: tuple[bytes, ...]
    fingerprint: str
    folder: Path

    @cached_property
    def _places(self) -> dict[bytes, int]:
        """Where a sentence stands; the first place of one that occurs several times."""
        return {key: place for place, key in reversed(list(enumerate(self.keys)))}

    def __len__(self) -> int:
        return len(self.keys)

    def predict(self, corpus: Iterable[Sentence]) -> Iterator[NDArray[np.float32]]:
        """Yield for each sentence what is stored for its words, shape (T, K).

        Raises:
            DataError: nothing is stored for a sentence.
        """
        for sentence in corpus:
            place = self._places.get(key_of(sentence.words))
            if place is None:
                shown = " ".join(sentence.words[:_SHOWN]) + (" ..." if len(sentence) > _SHOWN else "")
                raise DataError(
                    f"{self.folder}: found no soft labels for sentence {sentence.id!r} ({shown}); expected one of the "
                    f"{len(self)} sentences that they were stored for. Give the teacher itself, or store them again."
                )
            yield self._of(place)

    def _of(self, place: int) -> NDArray[np.float32]:
        start = int(self.stops[place - 1]) if place else 0
        return self.rows[start : int(self.stops[place])]

    def put_on(self, text: Corpus) -> Corpus:
        """Put the soft labels on the very sentences that they were stored for, in their order, and decode them.

        Raises:
            DataError: they were stored for other sentences, or in another order.
        """
        if [key_of(sentence.words) for sentence in text] != list(self.keys):
            raise DataError(
                f"{self.folder}: found soft labels of other sentences than {text.name} has, or in another order; "
                "expected the same. Store them again."
            )
        sentences = tuple(
            replace(sentence, probabilities=own, spans=decode_spans(own, self.tags), lost=())
            for sentence, own in zip(text, map(self._of, range(len(self))), strict=True)
        )
        return Corpus(sentences, text.name, self.tags)

    def save(self, folder: str | Path) -> None:
        """Copy the soft labels to another folder, which appears only when it is whole."""
        about = read_about(self.folder, _KIND)
        del about["version"]
        if Path(folder).resolve() == self.folder.resolve():
            return
        with whole_tagger(Path(folder), about) as fresh:
            for name in (_ROWS, _STOPS, _KEYS):
                shutil.copyfile(self.folder / name, fresh / name)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Open what `write_soft_labels` wrote. The whole of it is read once to see that it is undamaged.

        Raises:
            DataError: a part is missing or damaged.
        """
        folder = Path(folder)
        about = read_about(folder, _KIND, {"fingerprint", "words", "sentences"})
        tags = tuple(about["tags"])
        try:
            rows, stops, keys = (_opened(folder / name) for name in (_ROWS, _STOPS, _KEYS))
            fits = rows.shape == (about["words"], len(tags)) and rows.dtype == np.dtype("<f4")
            fits = fits and stops.shape == (about["sentences"],) and keys.shape == (about["sentences"], _KEY)
            if not fits or _stamp_of(folder, tags) != about["fingerprint"]:
                raise ValueError(f"an array of shape {rows.shape} that is not the one that was written")
        except (OSError, ValueError, EOFError) as error:
            raise DataError(
                f"{folder}: found damaged soft labels ({error}); expected {about['words']} words. Copy the folder "
                "again, or store them again."
            ) from error
        return cls(tags, rows, stops, tuple(key.tobytes() for key in keys), about["fingerprint"], folder)


def write_soft_labels(sentences: Iterable[Sentence], tags: Sequence[str], folder: str | Path) -> SoftLabels:
    """Store the label probabilities of sentences, one after another; the folder appears only when it is whole.

    Args:
        sentences: with probabilities over these tags; only one of them is in memory at a time.
        tags: the K tags, IOB2, `O` first.
        folder: where; an older tagger or soft labels there are replaced.

    Returns:
        The soft labels, mapped into memory.

    Raises:
        DataError: a sentence has no probabilities, or of another shape; or something that is not a tagger is there.
    """
    folder, stop = Path(folder), 0
    stops, keys = [], []
    about: dict[str, Any] = {"kind": _KIND, "tags": list(tags)}
    with whole_tagger(folder, about) as fresh:
        with (fresh / _ROWS).open("wb") as file:
            file.write(_header(0, len(tags)))
            for sentence in sentences:
                rows = sentence.probabilities
                if rows is None or rows.shape != (len(sentence), len(tags)):
                    found = "no label probabilities" if rows is None else f"probabilities of shape {rows.shape}"
                    raise DataError(f"sentence {sentence.id!r}: found {found}; expected ({len(sentence)}, {len(tags)})")
                file.write(np.ascontiguousarray(rows, dtype="<f4").tobytes())
                stop += len(sentence)
                stops.append(stop)
                keys.append(np.frombuffer(key_of(sentence.words), np.uint8))
            file.seek(0)
            file.write(_header(stop, len(tags)))
        np.save(fresh / _STOPS, np.array(stops, dtype="<i8"))
        np.save(fresh / _KEYS, np.array(keys, dtype=np.uint8).reshape(len(keys), _KEY))
        about |= {"words": stop, "sentences": len(keys), "fingerprint": _stamp_of(fresh, tags)}
    return SoftLabels.load(folder)


def asked(tagger: Tagger, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """Put a tagger's probabilities, and no spans, on sentences as they stream by."""
    read: list[Sentence] = []  # a tagger may read ahead: these are those that it has not answered

    def noted() -> Iterator[Sentence]:
        for sentence in sentences:
            read.append(sentence)
            yield sentence

    for probabilities in tagger.predict(noted()):
        yield replace(read.pop(0), spans=(), lost=(), probabilities=probabilities)


def key_of(words: Sequence[str]) -> bytes:
    """Hash of the words of a sentence, as they were read."""
    return blake2b("\x1f".join(words).encode(errors="surrogatepass"), digest_size=_KEY).digest()


def _header(rows: int, columns: int) -> bytes:
    """Write the header of a float32 .npy file (version 1.0), of the same length for every number of rows."""
    about = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}"
    text = about.encode("latin1").ljust(_HEADER - 11) + b"\n"
    return b"\x93NUMPY\x01\x00" + pack("<H", len(text)) + text


def _opened(path: Path) -> NDArray[Any]:
    """Open an array; that of all words is mapped into memory."""
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False) if path.name == _ROWS else np.load(path)
    return np.asarray(array)


def _stamp_of(folder: Path, tags: Sequence[str]) -> str:
    """Hash of the tags and of the bytes of all arrays."""
    hasher = blake2b("\x1f".join(tags).encode(), digest_size=16)
    for name in (_ROWS, _STOPS, _KEYS):
        with (folder / name).open("rb") as file:
            _feed(hasher, file)
    return hasher.hexdigest()


def _feed(hasher: blake2b, file: BinaryIO) -> None:
    while block := file.read(_BLOCK):
        hasher.update(block)
