"""The order of sources that `exonym rank-sources` gives, against the transfer that was measured.

Trains a light tagger on each of 13 sources (2,000 sentences at most, drawn by a seed, of the training splits of ten
languages of MasakhaNER 2 and of CoNLL English, German and Spanish; PER, LOC and ORG only) and scores it on every other
language. The measures see 2,000 sentences of the target's training split, without labels. For each measure and for the
score this prints, as means over the targets with 12 sources each, the rank correlation (Spearman) with the measured
order, the regret, which is the best F1 less the F1 of the source that comes first, and the regret if the best of the
first three were known; then JSON. Beside them stand: the expected regret of a source drawn at random; the source that
is best on the mean of the other targets; and the mean of those measures that order best on the other targets, which
says what the choice of measures in `exonym.transfer.ranking` gains by having seen all of them.

All this twice, on the dev and on the test splits: that choice, and the deviations there (printed here), were made
on dev, and test is for the report. The deviations do not depend on F1.
Run with `EXONYM_DATA=<data pack> python benchmarks/rank_sources.py [--keep FILE]`.
"""

import argparse
import json
import math
import os
import sys
import time
from itertools import chain, combinations
from pathlib import Path

import numpy as np
from _machine import machine
from scipy.stats import spearmanr

from exonym.data import DROP, Corpus, LabelMap
from exonym.evaluate import evaluate
from exonym.formats import read_conll
from exonym.tag import label, train_light
from exonym.transfer.likeness import MEASURES
from exonym.transfer.ranking import rank_sources

DATA = Path(os.environ.get("EXONYM_DATA", Path(__file__).parents[2] / "shared" / "data"))
AFRICAN = ("hau", "lug", "luo", "nya", "pcm", "sna", "swa", "tsn", "twi", "xho")
LANGUAGES = (*AFRICAN, "de", "en", "es")
SENTENCES = 2000
SEED = 1
SPLITS = ("dev", "test")
POOL = tuple(name for name in MEASURES if name != "script")  # all 13 languages are written in Latin letters


def split_of(language, split):
    """A split of a language, with PER, LOC and ORG."""
    path = DATA / "ner" / ("masakhaner2" if language in AFRICAN else "conll") / language / f"{split}.conll"
    return LabelMap({"DATE": DROP, "MISC": DROP}).apply(Corpus(tuple(read_conll(path)), language))[0]


def drawn(corpus):
    """At most so many sentences of a corpus, in its order."""
    if len(corpus) <= SENTENCES:
        return corpus
    chosen = np.random.default_rng(SEED).choice(len(corpus), SENTENCES, replace=False)
    return Corpus(tuple(corpus[index] for index in sorted(chosen.tolist())), corpus.name)


def measure_transfer(sources):
    """F1 in percent, of each split, source's tagger and language."""
    tests = {split: {language: split_of(language, split) for language in LANGUAGES} for split in SPLITS}
    found = {split: {} for split in SPLITS}
    for source, corpus in sources.items():
        started = time.perf_counter()
        tagger = train_light(corpus)
        for split in SPLITS:
            found[split][source] = {
                target: 100 * evaluate(test, label(tagger, test), resamples=0).scores.micro.f1
                for target, test in tests[split].items()
            }
        print(f"{source} {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    return found


def measure_likeness(sources):
    """What the measures say of each source and target."""
    found = {source: {} for source in LANGUAGES}
    for target in LANGUAGES:
        ranking = rank_sources(sources[target].unlabelled(), [sources[source] for source in others(target)])
        for row in ranking.sources:
            more = {"similarity": row.similarity, "log entities": math.log(row.entities), "score": row.score}
            found[row.name][target] = {**row.measures, **more}
        print(ranking.reason, file=sys.stderr, flush=True)
    return found


def others(target):
    """The sources of a target."""
    return [source for source in LANGUAGES if source != target]


def judge(f1, target, value):
    """Rank correlation, regret, and regret of the best of the first three, of an order of a target's sources."""
    right, given = (np.array([of(source) for source in others(target)]) for of in (lambda s: f1[s][target], value))
    first = np.argsort(-given, kind="stable")[:3]
    correlation = spearmanr(right, given).statistic if np.ptp(given) else 0.0
    return np.array([correlation, right.max() - right[first[0]], right.max() - right[first].max()])


def standardised(likeness, typical):
    """Measures in deviations from their means."""
    return {
        source: {
            target: {name: (row[name] - mean) / spread for name, (mean, spread) in typical.items()}
            for target, row in rows.items()
        }
        for source, rows in likeness.items()
    }


def typical_of(likeness):
    """Mean of each measure over all pairs, and its deviation over the sources of one target."""
    found = {}
    for name in POOL:
        rows = np.array([[likeness[source][target][name] for source in others(target)] for target in LANGUAGES])
        found[name] = (float(rows.mean()), float((rows - rows.mean(axis=1, keepdims=True)).std()))
    return found


def judge_choice(f1, standard):
    """Judge on each target the mean of the measures that order best on all other targets; also say which these are."""
    subsets = list(chain.from_iterable(combinations(POOL, size) for size in range(1, len(POOL) + 1)))
    judged = np.array(
        [
            [judge(f1, target, lambda s: sum(standard[s][target][name] for name in names)) for target in LANGUAGES]  # noqa: B023
            for names in subsets
        ]
    )
    rows, chosen = [], {}
    for at, target in enumerate(LANGUAGES):
        best = np.delete(judged[:, :, 0], at, axis=1).mean(axis=1).argmax()
        rows.append(judged[best, at])
        chosen[target] = subsets[best]
    return np.array(rows), chosen


def judge_best_elsewhere(f1):
    """Judge the order of the sources by their mean on the other targets, as distance from each target's mean."""

    def away(source, target):
        return f1[source][target] - np.mean([f1[other][target] for other in others(target)])

    def elsewhere(source, target):
        return np.mean([away(source, other) for other in LANGUAGES if other not in (source, target)])

    return np.array([judge(f1, target, lambda s: elsewhere(s, target)) for target in LANGUAGES])  # noqa: B023


def judge_chance(f1):
    """Expected regrets of sources that are drawn at random."""
    rows = []
    for target in LANGUAGES:
        scores = [f1[source][target] for source in others(target)]
        three = np.mean([max(some) for some in combinations(scores, 3)])
        rows.append([0.0, max(scores) - np.mean(scores), max(scores) - three])
    return np.array(rows)


def kept(path, make):
    """What a file holds, or what is made and written there."""
    if path and path.is_file():
        return json.loads(path.read_text())
    made = make()
    if path:
        path.write_text(json.dumps(made))
    return made


def judge_all(f1, likeness, typical):
    """Judge every order on every target, and say which measures were chosen without it."""
    judged = {
        name: np.array([judge(f1, target, lambda s: likeness[s][target][name]) for target in LANGUAGES])  # noqa: B023
        for name in (*POOL, "similarity", "log entities", "score")
    }
    judged["measures chosen elsewhere"], chosen = judge_choice(f1, standardised(likeness, typical))
    judged["best source elsewhere"] = judge_best_elsewhere(f1)
    judged["chance"] = judge_chance(f1)
    return judged, chosen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=Path, help="file with the F1 of all pairs; made if it is not there")
    arguments = parser.parse_args()
    if not DATA.is_dir():
        print(f"skipped: no real data at {DATA}; set EXONYM_DATA")
        return
    sources = {language: drawn(split_of(language, "train")) for language in LANGUAGES}
    f1 = kept(arguments.keep, lambda: measure_transfer(sources))
    likeness = measure_likeness(sources)
    typical = typical_of(likeness)
    for name, (mean, spread) in typical.items():
        print(f"typical {name}: {mean:.3f}, {spread:.3f}")
    result = {"f1": f1, "likeness": likeness, "typical": typical}
    for split in SPLITS:
        judged, chosen = judge_all(f1[split], likeness, typical)
        for name, rows in judged.items():
            correlation, regret, three = rows.mean(axis=0)
            print(
                f"{split} {name:26s} rank correlation {correlation:5.2f}  regret {regret:4.1f}  of three {three:4.1f} ",
                end="",
            )
            print("".join(f" {target} {row[0]:.2f} {row[1]:.1f}" for target, row in zip(LANGUAGES, rows, strict=True)))
        result[split] = {"judged": {name: rows.tolist() for name, rows in judged.items()}, "chosen": chosen}
    print(json.dumps(result | {"machine": machine("numpy", "scipy", "python-crfsuite")}))


if __name__ == "__main__":
    main()
