"""Taggers with other label sets than the task: types are renamed, merged or dropped, and what is lost is told.

Works on distributions, so nothing is decoded on the way. Start at `Relabelled`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from exonym.data import DROP, OUTSIDE, split_tag, tag_set
from exonym.errors import RecipeError, suggest
from exonym.tag.folder import read_about, whole_tagger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from exonym.data import Sentence
    from exonym.tag import Tagger


class Columns(NamedTuple):
    """How the columns of one tag set become those of another.

    Attributes:
        matrix: 1 where the mass of a tag goes, 0 elsewhere, shape (K before, K after); every row has a single 1.
        dropped: types whose mass goes to `O`, because the map or the wanted tag set says so.
        missing: wanted types that no type becomes: their columns are 0.
    """

    matrix: NDArray[np.float64]
    dropped: tuple[str, ...]
    missing: tuple[str, ...]

    def told(self) -> list[str]:
        """Say what is lost, a clause each."""
        lines = []
        if self.dropped:
            lines.append(f"its {', '.join(self.dropped)} count as {OUTSIDE}")
        if self.missing:
            lines.append(f"it cannot find {', '.join(self.missing)}")
        return lines


def reconcile(tags: Sequence[str], wanted: Sequence[str], changes: Mapping[str, str] | None = None) -> Columns:
    """Find which column of one tag set becomes which of another.

    `B-X` becomes `B-` and `I-X` becomes `I-` of what `changes` makes of X, or of X itself; `O` where that is `drop` or
    not wanted. An `I-X` may then follow an `O` in which a dropped name began; the decoder forbids it a name there.

    Args:
        tags: the tags before, IOB2.
        wanted: the tags after, IOB2, with `O`.
        changes: type -> new type, or `drop`.
    """
    changes = changes or {}
    place = {tag: column for column, tag in enumerate(wanted)}
    matrix = np.zeros((len(tags), len(wanted)))
    for row, tag in enumerate(tags):
        prefix, label = split_tag(tag)
        matrix[row, place.get(f"{prefix}-{changes.get(label, label)}", place[OUTSIDE])] = 1.0
    after = set(types_of(wanted))
    dropped = tuple(label for label in types_of(tags) if changes.get(label, label) not in after)
    found = {changes.get(label, label) for label in types_of(tags)}
    return Columns(matrix, dropped, tuple(label for label in types_of(wanted) if label not in found))


def types_of(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the entity types of a tag set, each once, in their order."""
    return tuple(dict.fromkeys(label for _, label in map(split_tag, tags) if label))


@dataclass(frozen=True, eq=False)
class Relabelled:
    """A tagger whose distributions are over another tag set; made by `relabelled`.

    Attributes:
        inner: the tagger.
        changes: type -> new type, or `drop`.
        tags: the tags wanted, IOB2, `O` first.
    """

    inner: Tagger
    changes: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]

    @cached_property
    def columns(self) -> Columns:
        """Which column becomes which, and what is lost."""
        return reconcile(self.inner.tags, self.tags, dict(self.changes))

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the tagger, the map and the tags."""
        parts = json.dumps([self.inner.fingerprint, sorted(self.changes), self.tags])
        return blake2b(parts.encode(), digest_size=16).hexdigest()

    def predict(self, corpus: Iterable[Sentence]) -> Iterator[NDArray[np.float32]]:
        """Yield for each sentence its label probabilities over the wanted tags, shape (T, K), rows sum to one."""
        for probabilities in self.inner.predict(corpus):
            yield (probabilities.astype(np.float64) @ self.columns.matrix).astype(np.float32)

    def save(self, folder: str | Path) -> None:
        """Write the tagger as a folder, with the inner tagger in a folder of its own."""
        about = {"kind": "relabelled", "tags": list(self.tags), "changes": dict(self.changes)}
        with whole_tagger(Path(folder), about) as fresh:
            self.inner.save(fresh / "inner")

    @classmethod
    def load(cls, folder: Path, load: Callable[[Path], Tagger]) -> Relabelled:
        """Read what `save` wrote; `load` reads the inner tagger.

        Raises:
            DataError: a part is missing or damaged.
        """
        about = read_about(folder, "relabelled", {"changes"})
        return cls(load(folder / "inner"), tuple(about["changes"].items()), tuple(about["tags"]))


def relabelled(tagger: Tagger, changes: Mapping[str, str] | None = None, wanted: Sequence[str] | None = None) -> Tagger:
    """Give a tagger another tag set, if it does not have it already.

    Args:
        tagger: the tagger.
        changes: type -> new type, or `drop`.
        wanted: the tags wanted; None for those that the map makes of its own.

    Returns:
        The tagger itself if nothing changes, else a `Relabelled`.

    Raises:
        RecipeError: the map names a type that the tagger lacks, or none of the types wanted comes from it.
    """
    changes = changes or {}
    own = types_of(tagger.tags)
    for label in changes:
        if label not in own:
            found = f"found {label!r} in the map of labels; expected a type that the teacher knows."
            raise RecipeError(f"{found} {suggest(label, own)}")
    after = {label for label in (changes.get(label, label) for label in own) if label != DROP}
    tags = tag_set(after) if wanted is None else tuple(wanted)
    if not after & set(types_of(tags)):
        raise RecipeError(
            f"found a teacher of {', '.join(own) or 'no type'}; expected one of {', '.join(types_of(tags)) or 'some'}. "
            "Map its types to these with labels."
        )
    if not changes and tags == tuple(tagger.tags):
        return tagger
    return Relabelled(tagger, tuple(changes.items()), tags)
