"""Translations in a folder: a line of JSON for each, with all that is known of it. Start at `save_translations`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from exonym.data import Links, Sentence
from exonym.translate import Translation, Translations

if TYPE_CHECKING:
    from pathlib import Path

_ROWS = "translations.jsonl"
_ABOUT = "about.json"


def save_translations(translations: Translations, folder: Path) -> None:
    """Write translations to a folder; the sentences have no labels."""
    with (folder / _ROWS).open("wb") as file:
        for sentence, made in translations:
            own = {"id": sentence.id, "words": sentence.words, "text": sentence.text, "offsets": sentence.offsets}
            row: dict[str, Any] = {"source": own, "text": made.text, "words": made.words, "offsets": made.offsets}
            row |= {"score": made.score, "cut": made.cut, "pieces": made.pieces}
            row["links"] = None if made.links is None else [*made.links]
            file.write(orjson.dumps(row, default=list) + b"\n")
    about = {"language": translations.language, "name": translations.name}
    (folder / _ABOUT).write_bytes(orjson.dumps(about))


def load_translations(folder: Path) -> Translations:
    """Read what `save_translations` wrote."""
    about = orjson.loads((folder / _ABOUT).read_bytes())
    with (folder / _ROWS).open("rb") as file:
        rows = [orjson.loads(line) for line in file]
    sentences = tuple(_sentence(row["source"]) for row in rows)
    return Translations(sentences, tuple(map(_translation, rows)), about["language"], about["name"])


def _sentence(row: dict[str, Any]) -> Sentence:
    return Sentence(tuple(row["words"]), (), row["id"], row["text"], _ranges(row["offsets"]))


def _translation(row: dict[str, Any]) -> Translation:
    links = None if row["links"] is None else Links.of((i, j, weight) for i, j, weight in row["links"])
    words, offsets = tuple(row["words"]), _ranges(row["offsets"])
    return Translation(row["text"], words, offsets, row["score"], links, row["cut"], row["pieces"])


def _ranges(rows: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((start, stop) for start, stop in rows)
