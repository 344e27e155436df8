"""Aligners and markers against the word links of the translator: CoNLL-03 English into Spanish by Apertium.

Apertium says which word comes from which (word-bound blanks), so its links are an exact reference, of an easy kind:
literal text, made by rules. Aligners: error rate against these links, share of entities projected, and agreement of the
projected names with those projected over these links. Markers: the same on the translation of the marked sentences,
with and without the fall-back to alignment; agreement compares names by sentence, label and letters, since marks may
change a translation. The aligner's chance: eflomal runs three times.

Prints Markdown, and JSON with the machine; run it with `EXONYM_DATA=<data pack> python benchmarks/provenance.py`.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

from _machine import machine

from exonym.align import EflomalAligner, StatisticalAligner
from exonym.align.aer import aer
from exonym.data import fold
from exonym.formats import read_corpus
from exonym.project import Markers, Matching, project
from exonym.transfer import just_do
from exonym.transfer.mark_then_translate import mark_then_translate
from exonym.transfer.stages import translate
from exonym.translate import Apertium

DATA = Path(os.environ.get("EXONYM_DATA", Path(__file__).parents[2] / "shared" / "data"))
LEAST = 0.5  # lighter links do not count for the error rate


def names(corpus):
    """Count the names of a corpus by sentence, label and letters."""
    return Counter(
        (sentence.id, span.label, fold("".join(sentence.words[span.start : span.stop])))
        for sentence in corpus
        for span in sentence.spans
    )


def agreement(found, wanted):
    """F1 of names against the reference."""
    both = sum((found & wanted).values())
    return 2 * both / (sum(found.values()) + sum(wanted.values()))


def main():
    source = read_corpus(DATA / "ner/conll/en/train.conll")
    entities = sum(len(sentence.spans) for sentence in source)
    made = translate(source, Apertium(), "en", "es", just_do)
    bitext, own = made.bitext, made.alignment
    sure = [{(link.source, link.target) for link in links} for links in own]
    reference = names(project(source, bitext, own, Matching()))
    rows = {"own links": {"kept": sum(reference.values()) / entities, "agreement": 1.0, "aer": 0.0}}

    def note(name, corpus, **more):
        found = names(corpus)
        rows[name] = {"kept": sum(found.values()) / entities, "agreement": agreement(found, reference), **more}
        print(name, rows[name], file=sys.stderr, flush=True)

    aligners = {"statistical": StatisticalAligner(), **{f"eflomal, run {n}": EflomalAligner() for n in (1, 2, 3)}}
    for name, aligner in aligners.items():
        began = perf_counter()
        links = aligner.align(bitext)
        seconds = perf_counter() - began
        strong = [[link for link in of_pair if link.weight >= LEAST] for of_pair in links]
        error = aer(strong, sure, [set()] * len(sure))
        note(name, project(source, bitext, links, Matching()), aer=error, seconds=seconds)
    for style in ("brackets", "xml", "numbered", "quotes"):
        for fallback in ("drop", "alignment"):
            found = mark_then_translate(source, Apertium(), ("en", "es"), Markers(style=style, fallback=fallback))
            note(f"{style}, {fallback}", found.corpus, ledger=dict(found.ledger))
    found = mark_then_translate(
        source, Apertium(), ("en", "es"), Markers(style="brackets", assign="reference", fallback="drop")
    )
    note("brackets, as EasyProject", found.corpus, ledger=dict(found.ledger))
    print(f"{len(source)} sentences, {len(bitext)} translated, {entities} entities; {made.ledger.lines()}")
    print("| | entities kept | agreement | AER | seconds |\n|---|---|---|---|---|")
    for name, row in rows.items():
        rate, seconds = (f"{row[key]:.{digits}f}" if key in row else "" for key, digits in (("aer", 3), ("seconds", 1)))
        print(f"| {name} | {100 * row['kept']:.1f} % | {100 * row['agreement']:.1f} | {rate} | {seconds} |")
    print(json.dumps({"rows": rows, **machine()}))


if __name__ == "__main__":
    main()
