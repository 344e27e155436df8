"""Projected labels as training data, beside published silver labels: the same light tagger, the same test.

Projects CoNLL-03 English train over its published translations and trains on the result, then on the labels that were
published for the same sentences: T-Projection (mT5 candidates, NLLB scores) for five African languages, Easy-Label-
Projection (a fine-tuned neural aligner) for German. For German also our matching on that aligner's own links. Tested
on MasakhaNER 2 (PER, LOC, ORG) and CoNLL-03 German. A tagger's score hangs on a handful of training sentences, so each
is trained several times, on nine tenths of the sentences, the same ones for all labels. Prints F1 with intervals and
paired differences over all runs, and JSON.
Run with `EXONYM_DATA=<data pack> python benchmarks/silver.py [LANGUAGE ...]`.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from _machine import machine

from exonym.align import StatisticalAligner
from exonym.data import DROP, Corpus, LabelMap
from exonym.evaluate import compare, evaluate
from exonym.formats import read_alignment, read_bitext, read_conll
from exonym.project import Filtering, filtered, project
from exonym.tag import LightOptions, label, train_light

DATA = Path(os.environ.get("EXONYM_DATA", Path(__file__).parents[2] / "shared" / "data"))
AFRICAN = ("hau", "nya", "sna", "swa", "xho")
RESAMPLES = 1000
SEEDS = (1, 2, 3)  # of runs
SHARE = 0.9  # of the sentences, in each run
COMPLETE = Filtering(sentences="complete")  # what translate_train trains on by default


def conll(path, labels=LabelMap()):  # noqa: B008 - immutable
    return labels.apply(Corpus(tuple(read_conll(DATA / "ner" / path)), path))[0]


def african(language):
    """Our projection, the published one, and the test."""
    english = conll("conll/en/train.conll", LabelMap({"MISC": DROP}))
    pairs = read_bitext(DATA / "parallel" / "conll03-mt" / f"en-{language}.train.tsv")
    ours = project(english, pairs, StatisticalAligner().align(pairs))
    test = conll(f"masakhaner2/{language}/test.conll", LabelMap({"DATE": DROP}))
    return {"ours": ours, "T-Projection": conll(f"conll03-tproj/{language}/train.conll")}, test


def german():
    """Our projection, our matching on the neural links, the published labels from those links, and the test."""
    english = conll("conll/en/train.conll")
    pairs = read_bitext(DATA / "parallel" / "conll03-mt-deepl" / "en-de.train.tsv")
    neural = read_alignment(DATA / "alignment" / "conll03-mt-deepl" / "en-de.train.awesome.txt", pairs)
    extra = read_bitext(DATA / "parallel" / "ntrex" / "eng-deu.test.tsv", raw=True)
    return {
        "ours": project(english, pairs, StatisticalAligner().align(pairs, [extra])),
        "ours, neural links": project(english, pairs, neural),
        "Easy-Label-Projection": conll("conll03-elp-awesome/de/train.conll"),
    }, conll("conll/de/test.conll")


def runs(silver, test):
    """The test as it is tagged by taggers that were trained on parts of a corpus."""
    for seed in SEEDS:
        kept = np.random.default_rng(seed).random(len(silver)) < SHARE
        part = Corpus(tuple(sentence for sentence, keep in zip(silver, kept, strict=True) if keep), silver.name)
        yield label(train_light(filtered(part, COMPLETE)[0], LightOptions()), test)


def main():
    if not DATA.is_dir():
        print(f"skipped: no real data at {DATA}; set EXONYM_DATA")
        return
    rows = []
    for language in sys.argv[1:] or (*AFRICAN, "de"):
        started = time.perf_counter()
        corpora, test = german() if language == "de" else african(language)
        found = {name: list(runs(silver, test)) for name, silver in corpora.items()}
        published = list(found)[-1]
        for name, predicted in found.items():
            scores = evaluate(test, predicted, resamples=RESAMPLES)
            interval = scores.intervals.micro
            row = {"language": language, "labels": name, "f1": round(100 * scores.scores.micro.f1, 1)}
            row["interval"] = [round(100 * interval.low, 1), round(100 * interval.high, 1)]
            row["runs"] = [round(100 * run.f1, 1) for run in scores.runs]
            if name != published:
                paired = compare(test, predicted, found[published], resamples=10 * RESAMPLES)
                row |= {
                    "against": published,
                    "difference": round(100 * paired.difference, 1),
                    "p": paired.p_randomisation,
                }
            rows.append(row)
            print(row, f"{time.perf_counter() - started:.0f} s", flush=True)
    print(json.dumps({"rows": rows, "machine": machine("numpy", "python-crfsuite")}))


if __name__ == "__main__":
    main()
