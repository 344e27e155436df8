"""Parquet files and folders of Hugging Face `datasets`, with the rows of `exonym.formats.huggingface`.

Tags are numbers here, whose names are in the features of the file (`ClassLabel`), so that
`load_dataset("parquet", data_files=FILE)` and, of a folder, `load_dataset(FOLDER)` give them. Folders of
`Dataset.save_to_disk` are read too. Needs the extra `parquet`.

Source: `datasets`: `Features.arrow_schema` for the features; "Structure your repository" for the names of files.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import regex

from exonym.data import Scheme, Sentence, tag_set
from exonym.errors import DataError, MissingExtra
from exonym.files import whole_folder, whole_path
from exonym.formats.files import Faults, OnError, check_file
from exonym.formats.huggingface import row_of_tags, scheme_of_rows, sentences_of_rows
from exonym.formats.marks import NOTE, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exonym.data import Ledger
    from exonym.formats.conll import Repair

ENDING = ".parquet"
_PART = regex.compile(r"(.+?)-\d+-of-\d+")  # the name of a part of a split
_BATCH = 1000  # rows that are read at once


def is_dataset(folder: Path) -> bool:
    """Say whether a folder is one of `datasets`."""
    known = any((folder / name).is_file() for name in ("state.json", "dataset_dict.json"))
    return known or any(folder.rglob(f"*{ENDING}"))


def read_dataset(
    path: str | Path,
    *,
    scheme: Scheme | None = None,
    repair: Repair = "error",
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
    gaps: bool = False,
) -> Iterator[Sentence]:
    """Stream the sentences of a Parquet file or of a folder of `datasets`; arguments as for `read_conll`.

    Faults are named by the number of their row.

    Raises:
        MissingExtra: pyarrow is not installed.
        DataError: the file is no Parquet, the folder is no dataset or one of several splits; or as `read_conll`.
    """
    faults = Faults(path, on_error, ledger)
    scheme = scheme or scheme_of_dataset(path)
    yield from sentences_of_rows(faults, enumerate(_rows(path), start=1), scheme, repair, gaps=gaps)


def scheme_of_dataset(path: str | Path) -> Scheme:
    """Find out the tag scheme of a file or folder by a pass over it; see `exonym.data.detect_scheme`."""
    return scheme_of_rows(_rows(path, ["ner_tags"]))


def _rows(path: str | Path, columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
    """Stream the rows of a file or folder, with the names of tags that are numbers."""
    arrow = _arrow()
    for file in _files(Path(path)):
        try:
            schema, batches = _opened(arrow, file, columns)
            names = _names(schema.metadata or {})
            for batch in batches:
                for row in batch.to_pylist():
                    tags = row.get("ner_tags")
                    if names and isinstance(tags, list):
                        row["ner_tags"] = [_named(tag, names) for tag in tags]
                    yield row
        except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError) as error:
            raise DataError(f"{file}: found a damaged file or another kind ({error}); expected Parquet.") from error


def _opened(arrow: Any, file: Path, columns: list[str] | None) -> tuple[Any, Iterable[Any]]:  # noqa: ANN401 - untyped
    """Open a file of Parquet, or of Arrow as `save_to_disk` writes: its schema and its batches."""
    if file.suffix == ".arrow":
        stream = arrow.ipc.open_stream(file.read_bytes())
        return stream.schema, stream
    opened = arrow.parquet.ParquetFile(file)
    schema = opened.schema_arrow
    known = [name for name in columns or schema.names if name in schema.names]
    return schema, opened.iter_batches(_BATCH, columns=known)


def _files(path: Path) -> list[Path]:
    """Find the files of the one split of a folder; a file is itself."""
    if not path.is_dir():
        return [check_file(path)]
    if (path / "state.json").is_file():
        return sorted(path.glob("*.arrow"))
    splits: dict[str, list[Path]] = {}
    for file in sorted(path.rglob(f"*{ENDING}")):
        match = _PART.fullmatch(file.stem)
        splits.setdefault(str(file.parent / (match[1] if match else file.stem)), []).append(file)
    folders = [each.parent for each in sorted(path.glob("*/state.json"))]
    if len(splits) + len(folders) != 1:
        found = "none" if not splits and not folders else ", ".join([*splits, *map(str, folders)])
        raise DataError(f"{path}: found the splits {found}; expected one. Name its file, or its folder.")
    return next(iter(splits.values())) if splits else _files(folders[0])


def _names(metadata: dict[bytes, bytes]) -> list[str]:
    """Return the names of the tags from the features of a file, none if it has none."""
    try:
        feature = orjson.loads(metadata[b"huggingface"])["info"]["features"]["ner_tags"]
        names = feature.get("feature", feature)["names"]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return []
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else []


def _named(tag: object, names: list[str]) -> object:
    return names[tag] if isinstance(tag, int) and 0 <= tag < len(names) else tag


def write_parquet(path: str | Path, sentences: Iterable[Sentence]) -> None:
    """Write sentences to a Parquet file, which appears only when it is whole.

    Raises:
        MissingExtra: pyarrow is not installed.
        DataError: a sentence has no words, or an empty one.
    """
    arrow = _arrow()
    pairs = [row_of_tags(sentence) for sentence in sentences]
    names = tag_set(tag[2:] for row, _ in pairs for tag in row["ner_tags"] if len(tag) > 1)
    numbers = {name: number for number, name in enumerate(names)}
    kinds = {"id": arrow.string(), "tokens": arrow.list_(arrow.string()), "ner_tags": arrow.list_(arrow.int64())}
    string = {"dtype": "string", "_type": "Value"}
    features: dict[str, Any] = {
        "id": string,
        "tokens": {"feature": string, "_type": "Sequence"},  # the name that old and new versions of datasets know
        "ner_tags": {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "Sequence"},
    }
    if any(note for _, note in pairs):
        kinds[NOTE], features[NOTE] = arrow.string(), string
    rows = []
    for row, note in pairs:
        row["ner_tags"] = [numbers[tag] for tag in row["ner_tags"]]
        rows.append(row | {NOTE: written(note)} if note else row)
    metadata = {"huggingface": written({"info": {"features": features}})}
    table = arrow.Table.from_pylist(rows, schema=arrow.schema(list(kinds.items()), metadata=metadata))
    with whole_path(path) as aside:
        arrow.parquet.write_table(table, aside)


def write_dataset(path: str | Path, sentences: Iterable[Sentence]) -> None:
    """Write sentences as a folder that `load_dataset` opens, with the one split `train`; see `write_parquet`."""
    with whole_folder(path) as folder:
        (folder / "data").mkdir()
        write_parquet(folder / "data" / f"train-00000-of-00001{ENDING}", sentences)


def _arrow() -> Any:  # noqa: ANN401 - of a package without types
    try:
        import pyarrow
        import pyarrow.ipc
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtra("pyarrow", "parquet") from error
    return pyarrow
