"""Projection over back-translations beside direct projection, and matching as published beside ours, in one run.

Projects the gold English labels of Europarl-NER (799 sentences) onto the Spanish side. `direct` goes over the human
translation. `translated back` goes over a translation by Apertium (Debian packages apertium and apertium-eng-spa) of
the English sentences with their entities in brackets, which is then aligned with the human one. Since this brings the
dictionary of Apertium in, `direct, more text` lets the aligner of the direct way learn on the same translation, without
brackets, as well. Nothing is tuned on this text.

Prints strict F1, and JSON with the machine; run it with `EXONYM_DATA=<data pack> python benchmarks/backtranslation.py`.
"""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

from _machine import machine

from exonym.align import StatisticalAligner
from exonym.data import Bitext, Corpus, Ledger, Pair
from exonym.evaluate import count, evaluate, paired_bootstrap
from exonym.formats import read_conll
from exonym.project import Markers, Matching, alone_of, entities_to_translate, marked_corpus, project
from exonym.project.backtranslation import refine
from exonym.transfer import just_do
from exonym.transfer.stages import translate
from exonym.translate import Apertium

DATA = Path(os.environ.get("EXONYM_DATA", Path(__file__).parents[2] / "shared" / "data"))
OURS = "exact (default)"
MATCHINGS = {
    OURS: Matching(),
    "exact, words": Matching(score="words"),
    "exact, soft votes": Matching(score="soft", threshold=0.1),
    "exact, squared votes": Matching(score="soft", threshold=0.1, power=2.0),
    "exact, limit 2": Matching(limit=2),
    "greedy, pairs, n-grams (published)": Matching(matcher="greedy", score="pairs", candidates="ngrams"),
    "bipartite, pairs, n-grams (released)": Matching(matcher="bipartite", score="pairs", candidates="ngrams"),
    "heuristic": Matching(matcher="heuristic"),
    "heuristic, easy-label-projection": Matching(matcher="heuristic", compat="easy-label-projection"),
    "heuristic, politov": Matching(matcher="heuristic", compat="politov"),
}


def filled(gold, projected):
    """Put projected spans on all sentences; those without a sound translation have none."""
    spans = {sentence.id: sentence.spans for sentence in projected}
    bare = gold.unlabelled()
    return Corpus(tuple(each.with_spans(spans.get(str(n), ())) for n, each in enumerate(bare, start=1)))


def scores(gold, source, bitext, extra=()):
    """Align, project by every matching, and score: precision, recall and F1, and the projections."""
    alignment = StatisticalAligner().align(bitext, extra)
    found = {label: project(source, bitext, alignment, matching) for label, matching in MATCHINGS.items()}
    found = {label: filled(gold, projected) for label, projected in found.items()}
    micros = {label: evaluate(gold, projected).scores.micro for label, projected in found.items()}
    return {label: [round(100 * x, 2) for x in (m.precision, m.recall, m.f1)] for label, m in micros.items()}, found


def main():
    if not DATA.is_dir():
        print(f"skipped: no real data at {DATA}; set EXONYM_DATA")
        return
    if not shutil.which("apertium-wblank-mode"):
        print("skipped: no Apertium; run make apertium")
        return
    source, gold = (Corpus(tuple(read_conll(DATA / "ner/europarl" / name / "test.conll"))) for name in ("en", "es"))
    source = Corpus(tuple(replace(each, id=str(number)) for number, each in enumerate(source, start=1)), "Europarl")
    pairs = zip(source, gold, strict=True)
    direct = Bitext(tuple(Pair(one.words, other.words, one.id) for one, other in pairs), "direct")
    markers, translator = Markers(), Apertium()
    back = translate(marked_corpus(source, markers.style), translator, "en", "es", just_do)
    alone = translate(entities_to_translate(source, back, markers), translator, "en", "es", just_do)
    more = translate(source, translator, "en", "es", just_do).bitext
    ledger = Ledger()
    targets = [sentence.words for sentence in gold]
    refined = refine(source, targets, back, alone_of(alone), markers, ledger=ledger)
    columns = {
        "direct": scores(gold, source, direct),
        "direct, more text": scores(gold, source, direct, [more]),
        "translated back": scores(gold, *refined),
    }
    print(f"{'':38}" + "".join(f"{f'{name}: P, R, F1':>30}" for name in columns))
    for label in MATCHINGS:
        cells = ("".join(f"{value:8}" for value in found[label]) for found, _ in columns.values())
        print(f"{label:38}" + "".join(f"{cell:>30}" for cell in cells))
    a, b = (count(gold, columns[name][1][OURS]) for name in ("translated back", "direct, more text"))
    test = paired_bootstrap(a, b)
    gain, low, high = (100 * value for value in (test.difference, test.interval.low, test.interval.high))
    print(f"{OURS}, translated back - direct, more text: {gain:+.1f} [{low:+.1f}, {high:+.1f}], p {test.p:.4f}")
    print("\n".join(ledger.lines()))
    rows = {name: found for name, (found, _) in columns.items()}
    print(json.dumps({"precision, recall, F1": rows, "ledger": ledger, "machine": machine("numpy")}))


if __name__ == "__main__":
    main()
