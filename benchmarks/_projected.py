"""Sets on which gold English labels are projected and scored: gold labels of both sides, and NTREX as extra text."""

import os
from pathlib import Path

DATA = Path(os.environ.get("EXONYM_DATA", Path(__file__).parents[2] / "shared" / "data"))
SETS = {"europarl-de": "deu", "europarl-es": "spa", "uner-pud-de": "deu", "uner-pud-ru": "rus", "uner-pud-sv": "swe"}


def projected(name):
    """The labelled sentences of both sides, their bitext, and the extra text."""
    from exonym.data import Bitext, Corpus, Pair
    from exonym.formats import read_bitext, read_conll

    folder, language = name.rsplit("-", 1)
    source, gold = (Corpus(tuple(read_conll(DATA / "ner" / folder / code / "test.conll"))) for code in ("en", language))
    text = Bitext(tuple(Pair(one.words, two.words, one.id) for one, two in zip(source, gold, strict=True)), name)
    return source, gold, text, read_bitext(DATA / "parallel" / "ntrex" / f"eng-{SETS[name]}.test.tsv", raw=True)
