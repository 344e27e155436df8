"""What the aligner learnt from a text, to be saved and to be a prior for other text of the same languages."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from exonym.align.cells import prefix_of
from exonym.align.counts import WordCounts
from exonym.align.surface import ClassCounts
from exonym.data import Ledger
from exonym.errors import DataError
from exonym.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from exonym.data import Bitext

_KIND = "exonym alignment model"
_VERSION = 2
_FORMS = ("given_forms", "made_forms")
_NUMBERS = ("given", "made", "count", "total", "met", "null")


class ModelCounts(NamedTuple):
    """Expected counts of one model, forward and backward.

    Attributes:
        words: of each view that compares forms.
        classes: of the likeness of letters; None if the model does not look at it.
        jumps: expected count of each jump width (2 MAX_JUMP + 1,); zeros if the hidden Markov model was not trained.
    """

    words: tuple[tuple[WordCounts, WordCounts], ...]
    classes: tuple[ClassCounts, ClassCounts] | None
    jumps: tuple[NDArray[np.float64], NDArray[np.float64]]

    def times(self, weight: float) -> ModelCounts:
        """Return all counts times `weight`."""
        words = tuple((forward.times(weight), backward.times(weight)) for forward, backward in self.words)
        classes = None if self.classes is None else (self.classes[0].times(weight), self.classes[1].times(weight))
        return ModelCounts(words, classes, (self.jumps[0] * weight, self.jumps[1] * weight))

    def plus(self, other: ModelCounts) -> ModelCounts:
        """Add the counts of other text."""
        words = tuple(
            (own[0].plus(more[0]), own[1].plus(more[1])) for own, more in zip(self.words, other.words, strict=True)
        )
        classes = self.classes
        if classes is not None and other.classes is not None:
            classes = classes[0].plus(other.classes[0]), classes[1].plus(other.classes[1])
        return ModelCounts(words, classes, (self.jumps[0] + other.jumps[0], self.jumps[1] + other.jumps[1]))


@dataclass(frozen=True, eq=False)
class AlignmentModel:
    """What the aligner learnt from a text: expected counts by word forms.

    Attributes:
        options: the options of the aligner that say what is counted; a prior must have those of who uses it.
        models: the counts of each model.
        pairs: sentence pairs it was learnt from, those of its own prior too.
    """

    options: Mapping[str, Any]
    models: tuple[ModelCounts, ...]
    pairs: int

    def times(self, weight: float) -> AlignmentModel:
        """Return the model with all counts times `weight`."""
        return replace(self, models=tuple(counts.times(weight) for counts in self.models))

    def plus(self, other: AlignmentModel) -> AlignmentModel:
        """Add what another text taught with the same options."""
        both = tuple(own.plus(more) for own, more in zip(self.models, other.models, strict=True))
        return replace(self, models=both, pairs=self.pairs + other.pairs)

    def coverage(self, bitext: Bitext) -> Ledger:
        """Count the words of a text that the model, as its prior, knows: few where languages or direction are wrong.

        Words are distinct ones, compared by the longest view that the model has of them.

        Raises:
            DataError: it knows no word of a side.
        """
        views = [
            view
            for lengths, counts in zip(self.options["models"], self.models, strict=True)
            for view in zip(lengths, counts.words, strict=False)  # the view of shapes, if any, is the last
        ]
        length, (forward, _) = max(views, key=lambda view: view[0] or inf)
        ledger = Ledger()
        for side, known in (("source", forward.given_forms), ("target", forward.made_forms)):
            words = {word for pair in bitext for word in getattr(pair, side)}
            found = {prefix_of(word, length) for word in words}
            met = len(found.intersection(known))
            if found and not met:
                raise DataError(
                    f"{bitext.name}: found none of {len(found)} {side} words in the prior; expected a prior of the "
                    "same languages in the same direction. Give another one, or none."
                )
            ledger.note(f"distinct {side} words that the prior knows", met)
            ledger.note(f"distinct {side} words that the prior does not know", len(found) - met)
        return ledger

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the options and of all counts."""
        hasher = blake2b(digest_size=16)
        for key, array in self._arrays().items():
            hasher.update(f"{key} {array.dtype.str} {array.shape}\x1e".encode())
            hasher.update(np.ascontiguousarray(array).tobytes())
        return hasher.hexdigest()

    def save(self, path: str | Path) -> None:
        """Write one file, a compressed archive of NumPy arrays; equal models give equal bytes."""
        arrays: dict[str, Any] = {**self._arrays(), "fingerprint": np.array(self.fingerprint)}
        with whole_file(path) as file:
            np.savez_compressed(file.buffer, **arrays)

    @classmethod
    def load(cls, path: str | Path) -> AlignmentModel:
        """Read what `save` wrote.

        Raises:
            DataError: the file is missing, damaged or something else.
        """
        try:
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                found = {key: arrays[key] for key in arrays}
            about = json.loads(str(found["about"]))
        except FileNotFoundError as error:
            raise DataError(f"{path}: found no file; expected a saved model. Correct the name.") from error
        except IsADirectoryError as error:
            raise DataError(f"{path}: found a folder; expected a saved model, one file.") from error
        except (ValueError, TypeError, AttributeError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise _damaged(path) from error
        version = about.get("version") if isinstance(about, dict) and about.get("kind") == _KIND else None
        if version is None:
            raise _damaged(path)
        if version != _VERSION:
            raise DataError(f"{path}: found version {version}; expected {_VERSION}. Learn and save the model again.")
        try:
            model = cls(
                about["options"],
                tuple(_read(found, about, number) for number in range(about["models"])),
                about["pairs"],
            )
            sound = model.fingerprint == str(found["fingerprint"])
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise _damaged(path) from error
        if not sound:
            raise _damaged(path)
        return model

    def _arrays(self) -> dict[str, NDArray[Any]]:
        first = self.models[0]
        about = {
            "kind": _KIND,
            "version": _VERSION,
            "options": self.options,
            "models": len(self.models),
            "views": [len(model.words) for model in self.models],
            "classes": first.classes is not None,
            "pairs": self.pairs,
        }
        arrays: dict[str, NDArray[Any]] = {"about": np.array(json.dumps(about, sort_keys=True))}
        for number, model in enumerate(self.models):
            for side in (0, 1):
                for view, words in enumerate(model.words):
                    place = f"{number}.{view}.{side}"
                    for name in _FORMS:
                        text, lengths = _packed(getattr(words[side], name))
                        arrays |= {f"{place}.{name}": text, f"{place}.{name}.bytes": lengths}
                    arrays |= {f"{place}.{name}": getattr(words[side], name) for name in _NUMBERS}
                if model.classes is not None:
                    arrays[f"{number}.{side}.classes"] = np.stack(model.classes[side])
                arrays[f"{number}.{side}.jumps"] = model.jumps[side]
        return arrays


def _read(arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any], number: int) -> ModelCounts:
    """Make the counts of one model of the arrays of a file."""

    def words(view: int, side: int) -> WordCounts:
        place = f"{number}.{view}.{side}"
        given, made = (_unpacked(arrays[f"{place}.{name}"], arrays[f"{place}.{name}.bytes"]) for name in _FORMS)
        return WordCounts(given, made, *(arrays[f"{place}.{name}"] for name in _NUMBERS))

    def classes(side: int) -> ClassCounts:
        linked, met = arrays[f"{number}.{side}.classes"]
        return ClassCounts(linked, met)

    return ModelCounts(
        tuple((words(view, 0), words(view, 1)) for view in range(about["views"][number])),
        (classes(0), classes(1)) if about["classes"] else None,
        (arrays[f"{number}.0.jumps"], arrays[f"{number}.1.jumps"]),
    )


def _packed(forms: tuple[str, ...]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Return the bytes of all forms, and how many each has."""
    encoded = [form.encode(errors="surrogatepass") for form in forms]
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), np.array([len(form) for form in encoded], dtype=np.int32)


def _unpacked(text: NDArray[np.uint8], lengths: NDArray[np.int32]) -> tuple[str, ...]:
    ends = np.cumsum(lengths, dtype=np.int64).tolist()
    whole = text.tobytes()
    return tuple(
        whole[start:stop].decode(errors="surrogatepass") for start, stop in zip([0, *ends[:-1]], ends, strict=False)
    )


def _damaged(path: str | Path) -> DataError:
    return DataError(
        f"{path}: found a damaged file, or one of another kind; expected a model that the aligner saved. "
        "Learn and save the model again."
    )
