"""Real corpora written in every format and read again: is each identical, and if not, what is lost?

The first 1,000 sentences of test sets of `$EXONYM_DATA`, with their labels; and of the right sides of NTREX as running
text, of which made-up spans (seed 1) label about a third of the words, with scores. Prints a table of Markdown. Run it
with `EXONYM_DATA=FOLDER python benchmarks/round_trips.py`.
"""

import os
import random
import sys
from itertools import islice
from pathlib import Path

from exonym.data import Sentence, Span, split_words
from exonym.formats import stream_corpus

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import round_trips

SENTENCES = 1000
LABELLED = ("conll/de", "conll/es", "masakhaner2/twi", "masakhaner2/xho", "uner/hr", "uner-pud/ru", "wikiann/pl")
RUNNING = ("amh", "arb", "hin", "jpn", "tha", "zho")


def labelled(folder, name):
    return list(islice(stream_corpus(folder / "ner" / name / "test.conll", on_error="skip"), SENTENCES))


def running(folder, language):
    """Running text with offsets, and spans that are made up."""
    chance = random.Random(1)
    (path,) = (folder / "parallel" / "ntrex").glob(f"eng-{language}*.tsv")
    rows = []
    for number, line in enumerate(path.read_text("utf-8").splitlines()[:SENTENCES], start=1):
        text = line.split("\t")[1]
        words, offsets = split_words(text)
        spans, at = [], 0
        while at < len(words):
            stop = min(len(words), at + chance.randint(1, 3))
            if chance.random() < 0.3:
                spans.append(Span(at, stop, chance.choice("AB"), chance.random()))
            at = stop
        rows.append(Sentence(words, tuple(spans), str(number), text, offsets))
    return rows


def main():
    folder = Path(os.environ["EXONYM_DATA"])
    formats = [name for name in round_trips.NAMES if name != "text" and round_trips.is_there(name)]
    print(f"| corpus | sentences | entities | {' | '.join(formats)} |\n|{' --- |' * (len(formats) + 3)}")
    corpora = [*((name, labelled, name) for name in LABELLED), *((f"ntrex/{name}", running, name) for name in RUNNING)]
    for title, read, name in corpora:
        rows = read(folder, name)
        cells = " | ".join(round_trips.outcome(format, rows) for format in formats)
        print(f"| {title} | {len(rows):,} | {sum(len(row.spans) for row in rows):,} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
