"""What becomes of corpora that are written in a format and read again: cases, and the tables of docs/formats.md.

`python tests/round_trips.py` prints the tables.
"""

import importlib.util
import json
import tempfile
from pathlib import Path

from exonym.data import Link, Lost, Origin, Sentence, Span
from exonym.errors import DataError
from exonym.formats import CORPUS_FORMATS, read_corpus, write_corpus

NEEDS = {"docbin": "spacy", "parquet": "pyarrow", "datasets": "pyarrow"}  # format -> the package it needs
NAMES = {  # as written, so that reading finds the format by itself
    "conll": "x.conll",
    "jsonl": "x.jsonl",
    "text": "x.txt",
    "labelstudio": "x.json",
    "doccano": "x.doccano.jsonl",
    "argilla": "x.argilla.json",
    "prodigy": "x.prodigy.jsonl",
    "brat": "x.ann",
    "docbin": "x.spacy",
    "hf-jsonl": "x.hf.jsonl",
    "parquet": "x.parquet",
    "datasets": "x",
}


def spaced(*words, spans=(), id="1", text=None):
    """A sentence; its text, if given, holds the words in order."""
    if text is None:
        return Sentence(words, spans, id)
    offsets, at = [], 0
    for word in words:
        start = text.index(word, at)
        at = start + len(word)
        offsets.append((start, at))
    return Sentence(words, spans, id, text, tuple(offsets))


PER = Span(0, 1, "PER")
ORIGIN = Origin("s7", 2, 3, "exact", (Link(2, 0, 0.5),))
CASES = {
    "words and labels": [spaced("Anna", "saw", "Bonn", spans=(PER, Span(2, 3, "LOC"))), spaced("Nobody", id="2")],
    "names for ids": [spaced("Anna", spans=(PER,), id="doc-7/s 2")],
    "running text": [spaced("Anna", "'s", "dog", ".", spans=(PER,), text="  Anna's\u00a0dog . ")],
    "line breaks (CRLF) in a text": [
        spaced("Anna", "Keller", "sang", spans=(Span(0, 2, "PER"),), text="Anna\r\nKeller\nsang")
    ],
    "scores and origins": [Sentence(("Anna", "Bonn"), (Span(0, 1, "PER", 0.25, ORIGIN), Span(1, 2, "LOC")), "1")],
    "losses": [Sentence(("Anna",), (PER,), "1", lost=(Lost(0, 2, "ORG", "no link"),))],
    "words with spaces": [spaced("Anna Keller", "saw", "25 000", spans=(PER, Span(2, 3, "NUM")))],
    "repeated words": [spaced("Bonn", "Bonn", "Bonn", spans=(Span(1, 2, "LOC"),))],
    "marks, right to left, emoji": [
        spaced(
            "e\u0301te\u0301", "🎉", "👩\u200d🚀", "بون", "שלום", "Ọ̀yọ́", spans=(Span(2, 4, "LOC"), Span(5, 6, "LOC"))
        )
    ],
}
FIELDS = {
    "ids": lambda s: s.id,
    "words": lambda s: s.words,
    "labels": lambda s: [span.key for span in s.spans],
    "text": lambda s: (s.text, s.offsets),
    "scores": lambda s: [span.score for span in s.spans],
    "origins": lambda s: [span.origin for span in s.spans],
    "losses": lambda s: s.lost,
}


def is_there(format):
    return format not in NEEDS or importlib.util.find_spec(NEEDS[format]) is not None


def outcome(format, sentences, *, strip=False):
    """What becomes of sentences: identical, what is lost, or refused and why.

    With `strip` the notes of exonym are taken out before the file is read, as a tool may do.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAMES[format]
        try:
            write_corpus(path, sentences, format)
        except DataError as error:
            assert not path.exists()
            return f"refused: {found(error)}"
        if strip:
            STRIP[format](path)
        options = {"scheme": "iob2"} if "scheme" in CORPUS_FORMATS[format].options else {}
        try:
            back = read_corpus(path, **options)
        except DataError as error:
            return f"finding: {found(error)}"
    if back.sentences == tuple(sentences):
        return "identical"
    changed = [name for name, of in FIELDS.items() if [*map(of, sentences)] != [*map(of, back)]]
    if "text" in changed and all(sentence.text is None for sentence in sentences):
        changed.remove("text")
        return f"loses {', '.join(changed)}; gains a text" if changed else "gains a text"
    return f"loses {', '.join(changed)}"


def found(error):
    return str(error).partition("found ")[2].partition(";")[0]


def without_note(value):
    if isinstance(value, list):
        return [without_note(each) for each in value]
    if isinstance(value, dict):
        return {key: without_note(each) for key, each in value.items() if key != "exonym"}
    return value


def strip_lines(path):
    rows = [without_note(json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def strip_list(path):
    path.write_text(json.dumps(without_note(json.loads(path.read_text("utf-8"))), indent=1), "utf-8")


STRIP = {
    "labelstudio": strip_list,
    "doccano": strip_lines,
    "argilla": strip_list,
    "prodigy": strip_lines,
    "brat": lambda path: path.with_suffix(".exonym.jsonl").unlink(),
    "hf-jsonl": strip_lines,
}


def table(formats=tuple(NAMES), *, strip=False):
    """The rows of the table, by format; those of formats whose package is missing are left out."""
    rows = {}
    for format in formats:
        if is_there(format):
            cells = " | ".join(outcome(format, sentences, strip=strip) for sentences in CASES.values())
            rows[format] = f"| `{format}` | {cells} |"
    return rows


if __name__ == "__main__":
    head = f"| format | {' | '.join(CASES)} |\n|{' --- |' * (len(CASES) + 1)}"
    print(head, *table().values(), "", head, *table(STRIP, strip=True).values(), sep="\n")  # noqa: T201
