"""spaCy's `DocBin`: a binary file of documents, each of them a sentence here.

Words are spaCy's tokens. A text that its words and single spaces do not make, scores, origins and losses stand in a
note in `Doc.user_data`, so a file that exonym wrote comes back as it was; of others, tokens of white space are left out
(counted) and the text is kept. Needs the extra `spacy`.

Source: spaCy's API, `DocBin` and `Doc`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exonym.data import Sentence
from exonym.errors import DataError, MissingExtra
from exonym.files import whole_path
from exonym.formats.files import Faults, OnError, WrongError, check_file
from exonym.formats.items import read_item, value_of
from exonym.formats.marks import NOTE, Item, Mark, layout, note_of, parsed_note, word_offsets, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from exonym.data import Ledger

_ATTRIBUTES = ["ORTH", "SPACY", "ENT_IOB", "ENT_TYPE"]


def read_docbin(
    path: str | Path, *, on_error: OnError = "raise", ledger: Ledger | None = None, gaps: bool = False
) -> Iterator[Sentence]:
    """Stream the documents of a DocBin file as sentences; arguments as for `exonym.formats.items.read_items`.

    Raises:
        MissingExtra: spaCy is not installed.
        DataError: the file is missing or no DocBin.
    """
    spacy = _spacy()
    faults = Faults(path, on_error, ledger)
    vocabulary = spacy.blank("xx").vocab
    for number, doc in enumerate(_docs(spacy, check_file(path), vocabulary), start=1):
        sentence = read_item(faults, lambda doc: _item(doc, faults.ledger), doc, number, number, "characters")
        if sentence is not None:
            yield sentence
        elif gaps:
            yield Sentence(())
    faults.close()


def _docs(spacy: Any, path: Path, vocabulary: Any) -> Iterator[Any]:  # noqa: ANN401 - of a package without types
    try:
        packed = spacy.tokens.DocBin().from_disk(path)
        yield from packed.get_docs(vocabulary)
    except OSError:
        raise
    except Exception as error:  # what is wrong inside shows in many ways
        raise DataError(f"{path}: found no DocBin ({error}); expected a file that spaCy wrote.") from error


def _item(doc: Any, ledger: Ledger) -> Item:  # noqa: ANN401 - of a package without types
    note = parsed_note(doc.user_data.get(NOTE))
    text = value_of(note, "text", str, default=doc.text)
    words = [[token.idx, token.idx + len(token)] for token in doc]
    if note:
        words = word_offsets(note.get("words"), text)
        if len(words) != len(doc):
            raise WrongError(f"{len(doc)} tokens for the {len(words)} words of its note", "one for each")
    marks = [Mark(words[entity.start][0], words[entity.end - 1][1], entity.label_) for entity in doc.ents]
    if not note:
        words = [[start, stop] for start, stop in words if not text[start:stop].isspace()]
        ledger.note("tokens of white space left out", len(doc) - len(words))
    return Item(text, marks, "", note, words)


def write_docbin(path: str | Path, sentences: Iterable[Sentence]) -> None:
    """Write sentences as the documents of a DocBin file, which appears only when it is whole.

    Raises:
        MissingExtra: spaCy is not installed.
        DataError: a sentence has no words.
    """
    spacy = _spacy()
    vocabulary = spacy.blank("xx").vocab
    packed = spacy.tokens.DocBin(attrs=_ATTRIBUTES, store_user_data=True)
    for sentence in sentences:
        shape = layout(sentence)
        ends = [*(start for start, _ in shape.offsets[1:]), len(shape.text)]
        spaces = [shape.text[stop:end] == " " for (_, stop), end in zip(shape.offsets, ends, strict=True)]
        doc = spacy.tokens.Doc(vocabulary, words=list(sentence.words), spaces=spaces)
        doc.set_ents([spacy.tokens.Span(doc, span.start, span.stop, label=span.label) for span in sentence.spans])
        note = note_of(sentence, shape, name=True)
        doc.user_data[NOTE] = written(note if doc.text == shape.text else note | {"text": shape.text})
        packed.add(doc)
    with whole_path(path) as aside:
        packed.to_disk(aside)


def _spacy() -> Any:  # noqa: ANN401 - of a package without types
    try:
        import spacy
        import spacy.tokens
    except ImportError as error:
        raise MissingExtra("spacy", "spacy") from error
    return spacy
