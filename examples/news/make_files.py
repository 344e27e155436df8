"""Check `sentences.txt` and write from it the CoNLL files and bitexts that the recipes read.

Run it after every change of `sentences.txt`: `python examples/news/make_files.py`. It writes nothing if it finds a
fault; a test of the repository runs it with `--check` and fails if the files and `sentences.txt` differ.
"""

import argparse
import sys
import unicodedata
from collections import Counter
from pathlib import Path

from exonym.data import Pair, Sentence, Span
from exonym.errors import Problems
from exonym.files import whole_file
from exonym.formats.bitext import write_bitext
from exonym.formats.conll import write_conll

HERE = Path(__file__).parent
LANGUAGES = ("en", "de", "es", "sw", "hi")
SPLITS = ("train", "test")
LABELS = {"PER", "LOC", "ORG"}
APART = set('.,?!:;"()%¿¡।')  # marks that stand as words of their own


def parse(line):
    """Read `[PER Anna Keller] sings .` into words and spans."""
    words, spans, start, label = [], [], None, None
    for item in line.split(" "):
        if item.startswith("["):
            if start is not None:
                raise ValueError("a bracket inside another")
            start, label = len(words), item[1:]
            continue
        closing = item.endswith("]")
        words.append(item.removesuffix("]"))
        if closing:
            if start is None:
                raise ValueError("a bracket is closed that is not open")
            spans.append(Span(start, len(words), label))
            start = None
    if start is not None:
        raise ValueError("a bracket is not closed")
    return words, spans


def check_line(text):
    """Yield what is wrong with a line."""
    if text != unicodedata.normalize("NFC", text):
        yield "text that is not NFC"
    try:
        words, spans = parse(text)
    except ValueError as error:
        yield f"broken brackets ({error})"
        return
    for span in spans:
        if span.label not in LABELS:
            yield f"the label {span.label}"
    for word in words:
        if not word or any(mark in word for mark in "[]\t_"):
            yield f"the word {word!r}"
        elif len(word) > 1 and (word[0] in APART or word[-1] in APART):
            yield f"the word {word!r} with punctuation that should stand apart"


def read(path):
    """Read and check all blocks; returns {split: [{language: Sentence}]}."""
    corpus = {split: [] for split in SPLITS}
    seen = Counter()
    with Problems(str(path)) as problems:
        line_number = 1
        for number, block in enumerate(path.read_text(encoding="utf-8").rstrip("\n").split("\n\n"), start=1):
            head, *lines = block.split("\n")
            split = head.split(" ")[-1]
            if head != f"# {number} {split}" or split not in SPLITS:
                problems.add(line_number, head, f"# {number} train, or # {number} test", "Number the blocks in order.")
            if [line[:4] for line in lines] != [f"{language}: " for language in LANGUAGES]:
                problems.add(line_number, "other lines", f"one line each for {', '.join(LANGUAGES)}", "Mend the block.")
                continue
            sentences = {}
            for offset, (language, line) in enumerate(zip(LANGUAGES, lines, strict=True), start=1):
                faults = list(check_line(line[4:]))
                for fault in faults:
                    problems.add(line_number + offset, fault, "the form that README.md describes", "Mend the line.")
                if not faults:
                    words, spans = parse(line[4:])
                    sentences[language] = Sentence(tuple(words), tuple(spans), str(number))
            labels = {language: Counter(span.label for span in s.spans) for language, s in sentences.items()}
            if any(count != labels["en"] for count in labels.values()):
                problems.add(line_number, f"labels {labels}", "the same in all languages", "Mend the labels.")
            seen[lines[0]] += 1
            if seen[lines[0]] > 1:
                problems.add(line_number, "an English sentence that stands elsewhere too", "a new one", "Change it.")
            corpus[split].append(sentences)
            line_number += len(lines) + 2
    return corpus


def files(corpus):
    """Yield every file's name with a function that writes it."""
    for split, blocks in corpus.items():
        for language in LANGUAGES:
            sentences = [block[language] for block in blocks]
            yield f"{language}.{split}.conll", lambda file, rows=sentences: write_conll(rows, file)
    for language in LANGUAGES[1:]:
        pairs = [Pair(block["en"].words, block[language].words) for block in corpus["train"]]
        yield f"en-{language}.train.tsv", lambda file, rows=pairs: write_bitext(rows, file)


def main():
    """Write the files, or with --check only say whether they are up to date."""
    import io

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file differs")
    check = parser.parse_args().check
    stale = []
    for name, write in files(read(HERE / "sentences.txt")):
        fresh = io.StringIO()
        write(fresh)
        path = HERE / name
        if path.exists() and path.read_text(encoding="utf-8") == fresh.getvalue():
            continue
        stale.append(name)
        if not check:
            with whole_file(path) as file:
                file.write(fresh.getvalue())
    print(("stale: " if check else "written: ") + (", ".join(stale) or "nothing"))
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
