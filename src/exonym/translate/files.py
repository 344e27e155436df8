"""Translations that are there already, as a translator. Start at `Files`."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from exonym.data import nfc
from exonym.errors import DataError
from exonym.formats import read_bitext
from exonym.translate.running import joined
from exonym.translate.translator import Translation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exonym.data import Sentence
    from exonym.translate.translator import Progress


@dataclass(frozen=True, kw_only=True)
class Files:
    """Looks translations up in a bitext; a sentence that is not in it comes back without words.

    Sentences are compared by their letters in NFC without the spaces, so that it does not matter how they were split
    into words. If the bitext has a sentence several times, its first translation counts.

    Attributes:
        kind: names it in a recipe.
        path: the two-column file: source, tab, target.
        raw: its sides that are running text, as in `read_bitext`.
        swap: its columns are target, tab, source.
    """

    deterministic: ClassVar[bool] = True
    requires: ClassVar[dict[str, str]] = {}

    kind: Literal["files"] = "files"
    path: str
    raw: bool | Literal["source", "target"] = False
    swap: bool = False

    @property
    def fingerprint(self) -> str:
        """Hash of the file and of how it is read.

        Raises:
            DataError: there is no such file.
        """
        hasher = blake2b(f"{self.raw} {self.swap}\x1e".encode(), digest_size=12)
        try:
            hasher.update(Path(self.path).read_bytes())
        except OSError as error:
            raise DataError(f"{self.path}: found no bitext ({error.strerror}); expected a two-column file.") from error
        return hasher.hexdigest()

    def translate(
        self, sentences: Sequence[Sentence], source: str, target: str, progress: Progress | None = None
    ) -> list[Translation]:
        """Look sentences up; the languages are those of the file.

        Raises:
            DataError: the file has faults.
        """
        known: dict[str, tuple[str, ...]] = {}
        for pair in read_bitext(self.path, raw=self.raw, swap=self.swap):
            known.setdefault(_key(pair.source), pair.target)
        made = [_translation(known.get(_key(sentence.words), ())) for sentence in sentences]
        if progress is not None:
            progress(len(made), len(sentences))
        return made


def _key(words: Iterable[str]) -> str:
    return nfc("".join("".join(words).split()))


def _translation(words: tuple[str, ...]) -> Translation:
    text, offsets = joined(words)
    return Translation(text, words, offsets)
