"""A spaCy pipeline as a tagger, of which spaCy (the extra `spacy`) is only asked when it tags.

Its types are seldom those of a task: spaCy's English pipelines have 18, `GPE` and `PERSON` among them. Reconcile them
with `relabelled`. Start at `SpacyTagger.named`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from exonym.data import Span, tag_set, tags_of
from exonym.errors import DataError, MissingExtra
from exonym.tag.folder import read_about, whole_tagger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from exonym.data import Sentence

_PIPELINE = "pipeline"


@dataclass(frozen=True, eq=False)
class SpacyTagger:
    """A loaded pipeline.

    Attributes:
        pipeline: spaCy's `Language`; whatever in it sets `doc.ents` counts.
        tags: the K tags of the types that its components say they have, IOB2, `O` first.
    """

    pipeline: Any
    tags: tuple[str, ...]

    @classmethod
    def of(cls, pipeline: Any) -> Self:  # noqa: ANN401 - spaCy is not imported here
        """Make a tagger of a pipeline that is loaded.

        Raises:
            DataError: it has no component that finds entities.
        """
        found = {label for name, _ in pipeline.pipeline for label in _labels_of(pipeline, name)}
        if not found:
            names = ", ".join(pipeline.pipe_names) or "none"
            raise DataError(f"spaCy pipeline: found the components {names}; expected ner or entity_ruler with labels.")
        return cls(pipeline, tag_set(found))

    @classmethod
    def named(cls, name: str | Path) -> Self:
        """Load an installed pipeline by its name, or one that lies in a folder.

        Raises:
            MissingExtra: spaCy is not installed.
            DataError: there is no such pipeline, or it finds no entities.
        """
        spacy = _spacy()
        try:
            pipeline = spacy.load(name)
        except (OSError, ValueError) as error:
            raise DataError(
                f"{name}: found no spaCy pipeline ({str(error).splitlines()[0]}); expected an installed one or a "
                "folder. Install it with pip, or correct the name."
            ) from error
        return cls.of(pipeline)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the pipeline's components and of what it says of itself."""
        about = repr(sorted((key, repr(value)) for key, value in self.pipeline.meta.items() if key != "performance"))
        content = self.pipeline.to_bytes(exclude=["vocab"])
        return blake2b(about.encode() + content, digest_size=16).hexdigest()

    def predict(self, corpus: Iterable[Sentence]) -> Iterator[NDArray[np.float32]]:
        """Yield for each sentence one-hot rows, shape (T, K): spaCy says what it finds, not how sure it is.

        The words are given to spaCy as they are, with a space between each two; its own tokeniser is not used. Only
        `doc.ents` counts, with the label of each entity.
        """
        from spacy.tokens import Doc

        place = {tag: column for column, tag in enumerate(self.tags)}
        docs = (Doc(self.pipeline.vocab, words=list(sentence.words)) for sentence in corpus)
        for doc in self.pipeline.pipe(docs):
            rows = np.zeros((len(doc), len(self.tags)), dtype=np.float32)
            path = tags_of(len(doc), (Span(entity.start, entity.end, entity.label_) for entity in doc.ents))
            strange = set(path) - set(place)
            if strange:
                types = ", ".join(sorted({entity.label_ for entity in doc.ents}))
                raise DataError(f"spaCy pipeline: found the types {types}; expected those of its components.")
            rows[np.arange(len(doc)), [place[tag] for tag in path]] = 1.0
            yield rows

    def save(self, folder: str | Path) -> None:
        """Write the tagger as a folder with the whole pipeline in it."""
        with whole_tagger(Path(folder), {"kind": "spacy", "tags": list(self.tags)}) as fresh:
            self.pipeline.to_disk(fresh / _PIPELINE)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what `save` wrote.

        Raises:
            MissingExtra: spaCy is not installed.
            DataError: the folder is incomplete or damaged.
        """
        about = read_about(Path(folder), "spacy")
        loaded = cls.named(Path(folder) / _PIPELINE)
        return cls(loaded.pipeline, tuple(about["tags"]))


def _labels_of(pipeline: Any, name: str) -> tuple[str, ...]:  # noqa: ANN401
    """Return the types of a component that sets entities: as its factory says, so a tagger or parser has none."""
    if "doc.ents" not in pipeline.get_pipe_meta(name).assigns:
        return ()
    return tuple(getattr(pipeline.get_pipe(name), "labels", ()))


def _spacy() -> Any:  # noqa: ANN401
    try:
        import spacy
    except ImportError as error:
        raise MissingExtra("spacy", "spacy") from error
    return spacy
