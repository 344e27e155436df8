"""The table of the formats of sentences: how each is read and written, and the file endings that stand for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn

from exonym.errors import DataError, suggest
from exonym.formats.argilla import read_argilla, save_argilla, write_argilla
from exonym.formats.brat import is_brat, read_brat, write_brat
from exonym.formats.conll import BETWEEN, read_conll, scheme_of_conll, write_conll
from exonym.formats.docbin import read_docbin, write_docbin
from exonym.formats.doccano import read_doccano, write_doccano
from exonym.formats.huggingface import read_hf_jsonl, scheme_of_hf_jsonl, write_hf_jsonl
from exonym.formats.jsonl import read_jsonl, write_jsonl
from exonym.formats.labelstudio import read_labelstudio, write_labelstudio
from exonym.formats.parquet import is_dataset, read_dataset, scheme_of_dataset, write_dataset, write_parquet
from exonym.formats.prodigy import read_prodigy, write_prodigy
from exonym.formats.text import read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from exonym.data import Scheme, Sentence

FormatName = Literal[
    "argilla",
    "brat",
    "conll",
    "datasets",
    "docbin",
    "doccano",
    "hf-jsonl",
    "jsonl",
    "labelstudio",
    "parquet",
    "prodigy",
    "text",
]


class Format(NamedTuple):
    """How to read and write sentences.

    Attributes:
        read: streams the sentences of a file.
        write: writes sentences to an open file; with `first=False`, after others.
        endings: the file endings that stand for the format; of those that fit a name the longest counts.
        options: those that its reader knows.
        between: what `write` puts between two sentences.
        save: writes sentences to a path; None where `write` does that. Some formats can only be written so.
        scheme: finds out the tag scheme of a file, of formats with tags.
        holds: says whether a folder holds this format, of formats that may be folders.
    """

    read: Callable[..., Iterator[Sentence]]
    write: Callable[..., None]
    endings: tuple[str, ...]
    options: frozenset[str] = frozenset()
    between: str = ""
    save: Callable[..., None] | None = None
    scheme: Callable[[str | Path], Scheme] | None = None
    holds: Callable[[Path], bool] | None = None

    @property
    def in_parts(self) -> bool:
        """Whether `write` can be used, so that sentences can be written as they come."""
        return self.write is not _whole_only


def _whole_only(*_: object, **__: object) -> NoReturn:
    raise DataError("found a format that is not written part by part; expected a text format such as .conll or .jsonl.")


_TAGS, _UNITS = frozenset({"scheme", "repair"}), frozenset({"units"})

CORPUS_FORMATS: dict[str, Format] = {
    "conll": Format(
        read_conll,
        write_conll,
        (".conll", ".bio", ".iob", ".iob2", ".tsv"),
        _TAGS,
        BETWEEN,
        scheme=scheme_of_conll,
    ),
    "jsonl": Format(read_jsonl, write_jsonl, (".jsonl",)),
    "text": Format(read_text, write_text, (".txt",), frozenset({"raw"})),
    "labelstudio": Format(read_labelstudio, _whole_only, (".json",), _UNITS, save=write_labelstudio),
    "doccano": Format(read_doccano, write_doccano, (".doccano.jsonl",), _UNITS),
    "argilla": Format(read_argilla, write_argilla, (".argilla.jsonl", ".argilla.json"), _UNITS, save=save_argilla),
    "prodigy": Format(read_prodigy, write_prodigy, (".prodigy.jsonl",), _UNITS),
    "brat": Format(read_brat, _whole_only, (".ann",), _UNITS, save=write_brat, holds=is_brat),
    "docbin": Format(read_docbin, _whole_only, (".spacy",), save=write_docbin),
    "hf-jsonl": Format(read_hf_jsonl, write_hf_jsonl, (".hf.jsonl",), _TAGS, scheme=scheme_of_hf_jsonl),
    "parquet": Format(read_dataset, _whole_only, (".parquet",), _TAGS, save=write_parquet, scheme=scheme_of_dataset),
    "datasets": Format(
        read_dataset, _whole_only, (), _TAGS, save=write_dataset, scheme=scheme_of_dataset, holds=is_dataset
    ),
}


def format_of(path: str | Path, format: str | None = None) -> Format:
    """Return the format with this name or, if no name is given, the one that the ending or the folder stands for.

    Raises:
        DataError: the name or the ending is unknown, or the folder holds no format that may be one.
    """
    if format is not None:
        if format not in CORPUS_FORMATS:
            raise DataError(f"unknown format {format!r}. {suggest(format, CORPUS_FORMATS, shown=len(CORPUS_FORMATS))}")
        return CORPUS_FORMATS[format]
    path = Path(path)
    if path.is_dir():
        held = held_in(path)
        if held is None:
            raise DataError(f"{path}: found a folder; expected a file, or a folder of brat or of datasets.")
        return held
    endings = {ending: known for known in CORPUS_FORMATS.values() for ending in known.endings}
    fitting = [ending for ending in endings if path.name.lower().endswith(ending)]
    if fitting:
        return endings[max(fitting, key=len)]
    known_endings = ", ".join(endings)
    raise DataError(
        f"{path}: found the ending {path.suffix.lower()!r}; expected one of {known_endings}. "
        "Rename it or name its format."
    )


def held_in(folder: Path) -> Format | None:
    """Return the format that a folder holds, None for none."""
    held = (known for known in CORPUS_FORMATS.values() if known.holds is not None and known.holds(folder))
    return next(held, None)


def scheme_of(path: str | Path, format: str | None = None) -> str:
    """Find out the tag scheme of a file by a pass over it; `spans` if its format has no tags."""
    find = format_of(path, format).scheme
    return "spans" if find is None else find(path)


def check_target(path: str | Path, format: Format) -> None:
    """Refuse to write over a folder that holds something.

    Raises:
        DataError: it does, or a folder lies where a file is to be written.
    """
    path = Path(path)
    if path.is_dir() and (format.holds is None or any(path.iterdir())):
        expected = "the name of a file" if format.holds is None else "a new folder, or an empty one"
        raise DataError(f"{path}: found a folder{' with files' if format.holds else ''}; expected {expected}.")
