"""Marks on the characters of a text, as annotation tools hold labels, and the words and spans that they stand for.

Tools count offsets in characters (code points), in UTF-16 units, as JavaScript does, or in graphemes; and they know no
words. So a *note* travels with each text: what exonym knows of it and the tool has no field for. When a text comes
back, the note gives its words, and scores and origins to those spans that are still the same. Start at `sentence_of`
(from a tool), `layout` and `note_of` (to a tool).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import orjson
import regex

from exonym.data import Ledger, Sentence, Span, split_words
from exonym.formats.files import WrongError, check_words, shown
from exonym.formats.jsonl import row_of_sentence, sentence_of_row

if TYPE_CHECKING:
    from collections.abc import Sequence

Units = Literal["characters", "utf-16", "graphemes"]
NOTE = "exonym"  # the key under which notes stand


class Mark(NamedTuple):
    """A label on a part of a text.

    Attributes:
        start: offset of its first character, in the units of the tool.
        stop: offset after its last.
        label: its type.
        score: the confidence that the tool gives; None if it gives none.
        surface: the text that it should cover; None if the tool does not say.
        line: where it stands in its file, if not where its text does.
    """

    start: int
    stop: int
    label: str
    score: float | None = None
    surface: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A text as a tool holds it.

    Attributes:
        text: the text.
        marks: what is labelled in it.
        id: its name there; empty for none.
        note: what exonym knew of it, if it was written by exonym.
        words: offsets of its words, in characters, if the tool knows them.
        checked: True if a person gave these labels, so that their score is 1.
        events: what the ledger should count for it.
    """

    text: str
    marks: Sequence[Mark] = ()
    id: str = ""
    note: Any = None
    words: Any = None
    checked: bool = False
    events: tuple[str, ...] = ()


class Layout(NamedTuple):
    """The text of a sentence, its words joined by spaces if it has none, and the offsets of its words there."""

    text: str
    offsets: tuple[tuple[int, int], ...]

    def surface(self, span: Span) -> str:
        """Return the text of a span."""
        start, stop = self.range(span)
        return self.text[start:stop]

    def range(self, span: Span) -> tuple[int, int]:
        """Return the characters of a span."""
        return self.offsets[span.start][0], self.offsets[span.stop - 1][1]


@dataclass(slots=True)
class Misfits(Exception):
    """All that is wrong with the labels of one text."""

    found: list[WrongError] = field(default_factory=list)


def layout(sentence: Sentence) -> Layout:
    """Lay out a sentence as text.

    Raises:
        DataError: it has no words, or an empty one.
    """
    if not sentence.words or "" in sentence.words:
        check_words(f"sentence {sentence.id!r}", sentence.words, "")
    if sentence.text is not None:
        return Layout(sentence.text, sentence.offsets)
    ends = list(accumulate((len(word) + 1 for word in sentence.words), initial=0))
    return Layout(" ".join(sentence.words), tuple((start, stop - 1) for start, stop in pairwise(ends)))


def note_of(sentence: Sentence, shape: Layout, *, name: bool = False) -> dict[str, Any]:
    """Return the note of a sentence: its words, and what spans have beyond a place and a label.

    Args:
        sentence: the sentence.
        shape: its layout.
        name: True puts its id in, for tools that give texts ids of their own.
    """
    note: dict[str, Any] = {"id": sentence.id} if name else {}
    note["words"] = shape.offsets
    if sentence.text is None:
        note["joined"] = True
    return note | provenance(sentence)


def provenance(sentence: Sentence) -> dict[str, Any]:
    """Return what a sentence has beyond its text, words and labels: scores, origins, losses; empty for nothing."""
    rows = row_of_sentence(sentence)["spans"]
    spans = [{key: row[key] for key in row if not key.startswith("char_")} for row in rows]
    told = [span for span in spans if len(span) > 3]  # more than start, stop and label
    found: dict[str, Any] = {"spans": told} if told else {}
    return found | {"lost": sentence.lost} if sentence.lost else found


def written(row: object) -> str:
    """Write an object as one line of JSON."""
    return orjson.dumps(row, default=list).decode("utf-8")


def edges(text: str, units: Units) -> Sequence[int | None]:
    """Return the character at which each unit of a text starts, and the end; None inside a character.

    With `edges(text, "utf-16")[n]` an offset of JavaScript becomes one of Python.
    """
    if units == "graphemes":
        return [*(match.start() for match in regex.finditer(r"\X", text)), len(text)]
    if units == "characters" or not text or max(text) < "\U00010000":
        return range(len(text) + 1)
    found: list[int | None] = []
    for place, character in enumerate(text):
        found += (place, None) if character >= "\U00010000" else (place,)
    return [*found, len(text)]


def offsets_in(text: str, units: Literal["characters", "utf-16"]) -> Sequence[int]:
    """Return the offset in units of each character of a text, and of its end: the other way round of `edges`."""
    if units == "characters" or not text or max(text) < "\U00010000":
        return range(len(text) + 1)
    return [*accumulate((1 + (character >= "\U00010000") for character in text), initial=0)]


def sentence_of(item: Item, number: int, units: Units, ledger: Ledger) -> Sentence | None:
    """Make a sentence of a text with marks.

    Its words are those of its note, of the tool, or of `split_words`, in this order. A mark stands for the words that
    it covers; white space at its ends is trimmed and counted, doubled marks are merged and counted.

    Args:
        item: the text.
        number: its place in the file, its name if it has none.
        units: how the tool counts offsets.
        ledger: where events are counted.

    Returns:
        The sentence; None for a text without a word and a mark, which is counted.

    Raises:
        Misfits: marks outside the text, of another text than they say, that cut a word, cover none, or overlap.
        WrongError: the note or the words do not fit the text.
        DataError: as `exonym.formats.jsonl.sentence_of_row`.
    """
    note = parsed_note(item.note)
    known = note.get("words", item.words)
    own = [[*place] for place in split_words(item.text)[1]] if known is None else known
    offsets = word_offsets(own, item.text)
    if not offsets and not item.marks:
        ledger.note("empty texts skipped")
        return None
    told = {(row["start"], row["stop"], row["label"]): row for row in told_spans(note)}
    rows = []
    for span in _spans(item, offsets, units, ledger):
        row = {"start": span.start, "stop": span.stop, "label": span.label}
        row |= told.get(span.key, {})
        if item.checked:
            row.pop("score", None)
        elif span.score is not None:
            row["score"] = span.score
        rows.append(row)
    whole: dict[str, Any] = {"words": [item.text[start:stop] for start, stop in offsets], "spans": rows}
    if not note.get("joined"):
        whole |= {"text": item.text, "offsets": offsets}
    if "lost" in note:
        whole["lost"] = note["lost"]
    name = note.get("id", item.id)
    if name != "":
        whole["id"] = name
    for event in item.events:
        ledger.note(event)
    return sentence_of_row(whole, number)


class _Words(NamedTuple):
    """A mark as a range of words; see `Span`."""

    start: int
    stop: int
    label: str
    score: float | None
    mark: Mark

    @property
    def key(self) -> tuple[int, int, str]:
        return self[:3]


def _spans(item: Item, offsets: list[list[int]], units: Units, ledger: Ledger) -> list[_Words]:
    """Turn marks into ranges of words, in order."""
    misfits = Misfits()
    found: dict[tuple[int, int, str], _Words] = {}
    starts = edges(item.text, units)
    for mark in item.marks:
        try:
            words = _covered(item.text, mark, starts, units, offsets, ledger)
        except WrongError as error:
            error.line = mark.line
            misfits.found.append(error)
            continue
        if words.key in found:
            ledger.note("doubled spans merged")
        found.setdefault(words.key, words)
    ordered = sorted(found.values(), key=lambda words: words[:2])
    for before, after in pairwise(ordered):
        if after.start < before.stop:
            clash = f"{_name(after.mark)}, which overlaps {_name(before.mark)}"
            overlap = WrongError(clash, "disjoint spans", "Remove or shorten one of them in the tool.")
            overlap.line = after.mark.line
            misfits.found.append(overlap)
    if misfits.found:
        raise misfits
    return ordered


def _covered(
    text: str, mark: Mark, starts: Sequence[int | None], units: Units, offsets: list[list[int]], ledger: Ledger
) -> _Words:
    """Find the words that a mark covers."""
    if not mark.label:
        raise WrongError(f"{_name(mark)} without a label", "a type such as PER", "Label it in the tool.")
    start, stop = (starts[end] if 0 <= end < len(starts) else None for end in mark[:2])
    if start is None or stop is None or start >= stop:
        expected = f"start < stop inside the {len(starts) - 1} {units} of the text"
        raise WrongError(_name(mark), expected, "Does the tool count other units? See --units, or label it again.")
    if mark.surface is not None and text[start:stop] != mark.surface:
        found = f"{_name(mark)}, which says {shown(mark.surface)}"
        expected = f"what stands there, {shown(text[start:stop])}"
        raise WrongError(found, expected, "Does the tool count other units? See --units, or label it again.")
    inside = [word for word, (first, last) in enumerate(offsets) if first < stop and start < last]
    if not inside:
        raise WrongError(f"{_name(mark)}, {shown(text[start:stop])}", "one that covers a word", "Remove it.")
    first, last = offsets[inside[0]][0], offsets[inside[-1]][1]
    if first < start or stop < last:
        cut = [shown(text[i:j]) for i, j in (offsets[word] for word in inside) if not start <= i < j <= stop]
        found = f"{_name(mark)}, {shown(text[start:stop])}, which cuts the word {' and the word '.join(cut)}"
        raise WrongError(found, "ends at those of words", "Move its ends in the tool.")
    if not (text[start:first] + text[last:stop]).isspace() and (start, stop) != (first, last):
        found = f"{_name(mark)}, {shown(text[start:stop])}, whose ends are in no word"
        raise WrongError(found, "ends at those of words", "Move its ends in the tool.")
    if (start, stop) != (first, last):
        ledger.note("spans with white space at their ends trimmed")
    return _Words(inside[0], inside[-1] + 1, mark.label, mark.score, mark)


def _name(mark: Mark) -> str:
    return f"span {mark.start}:{mark.stop} {mark.label}".rstrip()


def parsed_note(note: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the file holds
    """Return a note as an object, empty for none; tools that keep no objects have it as JSON.

    Raises:
        WrongError: it is something else.
    """
    if note is None:
        return {}
    if isinstance(note, str):
        try:
            note = orjson.loads(note)
        except orjson.JSONDecodeError:
            raise WrongError(f"{shown(note)} for {NOTE!r}", "the note of exonym as it was written") from None
    if not isinstance(note, dict):
        raise WrongError(f"{shown(note)} for {NOTE!r}", "the note of exonym as it was written")
    return note


def told_spans(note: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the spans of a note, those that are spans at all.

    Raises:
        WrongError: they are no list of objects with start, stop and label.
    """
    rows = note.get("spans", [])
    wanted = {"start", "stop", "label"}
    if not isinstance(rows, list) or not all(isinstance(row, dict) and wanted <= row.keys() for row in rows):
        raise WrongError(f"{shown(rows)} for the spans of {NOTE!r}", "the note of exonym as it was written")
    return [row for row in rows if all(isinstance(row[key], (int, str)) for key in wanted)]


def word_offsets(rows: Any, text: str) -> list[list[int]]:  # noqa: ANN401 - whatever the file holds
    """Check the offsets of words.

    Raises:
        WrongError: they are no list of `[start, stop]`, in order and inside the text.
    """
    end = 0
    if not isinstance(rows, list):
        raise WrongError(f"{shown(rows)} for words", "a list of [start, stop]")
    for row in rows:
        if type(row) is not list or [*map(type, row)] != [int, int] or not end <= row[0] < row[1] <= len(text):
            expected = f"[start, stop] of each word, in order, inside the {len(text)} characters of the text"
            raise WrongError(f"{shown(row)} in words", expected, "Export the text again: was it changed?")
        end = row[1]
    return rows
