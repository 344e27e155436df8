"""Token classification as Hugging Face `datasets` holds it: rows with `tokens` and `ner_tags`, here as JSONL.

Tags are names, in any scheme that CoNLL may have. Texts, scores, origins and losses, which the layout has no column
for, stand in a column `exonym`, written only where there are any. `exonym.formats.parquet` has the same rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exonym.data import Scheme, Sentence, detect_scheme, tags_of
from exonym.errors import DataError
from exonym.formats.conll import Repair, mend_of, repaired_spans
from exonym.formats.files import Faults, OnError, Source, WrongError
from exonym.formats.items import objects, value_of
from exonym.formats.jsonl import sentence_of_row
from exonym.formats.marks import NOTE, layout, parsed_note, provenance, told_spans, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    from exonym.data import Ledger


def read_hf_jsonl(
    path: str | Path,
    *,
    scheme: Scheme | None = None,
    repair: Repair = "error",
    on_error: OnError = "raise",
    ledger: Ledger | None = None,
    gaps: bool = False,
) -> Iterator[Sentence]:
    """Stream the sentences of a JSONL file with `tokens` and `ner_tags`; arguments as for `read_conll`."""
    source = Source(path, on_error, ledger)
    scheme = scheme or scheme_of_hf_jsonl(path)
    yield from sentences_of_rows(source, objects(source), scheme, repair, gaps=gaps)


def scheme_of_hf_jsonl(path: str | Path) -> Scheme:
    """Find out the tag scheme of a file by a pass over it; see `exonym.data.detect_scheme`."""
    return scheme_of_rows(row for _, row in objects(Source(path, "skip")))


def scheme_of_rows(rows: Iterable[Any]) -> Scheme:
    """Find out the tag scheme of rows; those without names of tags do not count."""
    tags = (row.get("ner_tags") for row in rows if isinstance(row, dict))
    return detect_scheme(each for each in tags if isinstance(each, list) and set(map(type, each)) <= {str})


def sentences_of_rows(
    faults: Faults, rows: Iterable[tuple[int, Any]], scheme: Scheme, repair: Repair, *, gaps: bool
) -> Iterator[Sentence]:
    """Make sentences of rows.

    Args:
        faults: where faults are noted; closed at the end.
        rows: the line, or the number, of each row, and the row; None for one that is broken.
        scheme: the scheme of the tags.
        repair: what is done about broken tags.
        gaps: True yields a sentence without words for each that is left out.

    Yields:
        The sentences without a fault, in order.
    """
    for number, (line, row) in enumerate(rows, start=1):
        sentence = None if row is None else _read(faults, row, line, number, scheme, repair)
        if sentence is not None:
            yield sentence
        elif gaps:
            yield Sentence(())
    faults.close()


def _read(
    faults: Faults,
    row: Any,  # noqa: ANN401 - whatever the file holds
    line: int,
    number: int,
    scheme: Scheme,
    repair: Repair,
) -> Sentence | None:
    """Make a sentence of a row, or note what is wrong with it."""
    try:
        words, tags = value_of(row, "tokens", list), _tags(row)
        if len(words) != len(tags):
            raise WrongError(f"{len(tags)} tags for {len(words)} tokens", "one for each")
        if not words:
            faults.ledger.note("empty sentences skipped")
            return None
        spans, broken = repaired_spans(tags, scheme, repair, faults.ledger)
        if not broken:
            found = [{"start": span.start, "stop": span.stop, "label": span.label} for span in spans]
            return sentence_of_row(_whole(row, words, found), number)
        errors = [
            WrongError(f"tag {each.tag!r} of token {each.word + 1}", each.expected, mend_of(each)) for each in broken
        ]
    except WrongError as error:
        errors = [error]
    except DataError as error:
        said, _, expected = str(error).partition("; expected ")
        errors = [WrongError(said, expected)]
    for wrong in errors:
        faults.fault(line, wrong.found, wrong.expected or "tokens and ner_tags (docs/formats.md)", wrong.mend)
    if faults.on_error == "skip":
        faults.ledger.note("sentences skipped")
    return None


def _tags(row: dict[str, Any]) -> list[str]:
    tags: list[Any] = value_of(row, "ner_tags", list)
    if set(map(type, tags)) <= {str}:
        return tags
    expected = "names such as B-PER"
    raise WrongError("tags that are numbers without names", expected, "Export the names, or Parquet, which has them.")


def _whole(row: dict[str, Any], words: list[Any], spans: list[dict[str, Any]]) -> dict[str, Any]:
    """Make an object of exonym's JSONL of words, spans and the note of a row."""
    note = parsed_note(row.get(NOTE))
    told = {(span["start"], span["stop"], span["label"]): span for span in told_spans(note)}
    whole: dict[str, Any] = {key: note[key] for key in ("text", "offsets", "lost") if key in note}
    whole |= {"words": words, "spans": [told.get(tuple(span.values()), span) for span in spans]}
    name = value_of(row, "id", str, int, default="")
    return whole if name == "" else whole | {"id": str(name)}


def row_of_tags(sentence: Sentence) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a sentence as a row, and the note of what the row does not hold, empty for nothing.

    Raises:
        DataError: it has no words, or an empty one.
    """
    layout(sentence)
    tags = tags_of(len(sentence), sentence.spans)
    note = {} if sentence.text is None else {"text": sentence.text, "offsets": sentence.offsets}
    return {"id": sentence.id, "tokens": list(sentence.words), "ner_tags": tags}, note | provenance(sentence)


def write_hf_jsonl(sentences: Iterable[Sentence], file: TextIO, *, first: bool = True) -> None:
    """Write sentences one a line, with the names of the tags; `first` changes nothing here."""
    for sentence in sentences:
        row, note = row_of_tags(sentence)
        file.write(written(row | {NOTE: note} if note else row) + "\n")
