"""Fit the weights of `exonym.project.belief`: which target words belong to the translation of a name.

Learns from gold and silver projections, none of them Europarl: UNER-PUD (German, Russian, Swedish), the T-Projection
silver corpora of isiXhosa and Swahili, and Spanish DeepL translations with the links of a fine-tuned neural aligner
(entities that these links carry over without a doubt). Prints the weights, and for each set the F1 of projection with
weights fitted on the others. Run with `EXONYM_DATA=<data pack> python benchmarks/fit_belief.py`.
"""

import os
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from exonym.align import StatisticalAligner
from exonym.data import DROP, Bitext, Corpus, LabelMap, Pair, Sentence, Span
from exonym.evaluate import evaluate
from exonym.formats import read_bitext, read_conll
from exonym.project import Matching, belief, links_of, project

DATA = Path(os.environ.get("EXONYM_DATA", Path(__file__).parents[2] / "shared" / "data"))
PUD = {"de": "deu", "ru": "rus", "sv": "swe"}
SIZE = 2000  # sentences with neural links
PENALTY = 1.0  # on squared weights, per standard deviation of the feature


def conll(path):
    return Corpus(tuple(read_conll(DATA / "ner" / path)))


def ntrex(language):
    return read_bitext(DATA / "parallel" / "ntrex" / f"eng-{language}.test.tsv", raw=True)


def pair_up(source, target, name):
    pairs = (Pair(one.words, other.words, one.id) for one, other in zip(source, target, strict=True))
    return source, target, Bitext(tuple(pairs), name)


def uner(language):
    source, target = conll("uner-pud/en/test.conll"), conll(f"uner-pud/{language}/test.conll")
    return *pair_up(source, target, f"PUD {language}"), [ntrex(PUD[language])]


def silver(language):
    target = Corpus(conll(f"conll03-tproj/{language}/train.conll").sentences)
    index = (DATA / "parallel" / "conll03-mt" / f"en-{language}.train.idx").read_text(encoding="utf-8").split()
    english = LabelMap({"MISC": DROP}).apply(conll("conll/en/train.conll"))[0]
    source = Corpus(tuple(english[int(number)] for number in index))
    return *pair_up(source, target, f"T-Projection {language}"), []


def neural(language, extra):
    """Entities whose neural links go to a range of words that is linked to nothing else."""
    english = conll("conll/en/train.conll")
    pairs = read_bitext(DATA / "parallel" / "conll03-mt-deepl" / f"en-{language}.train.tsv").pairs[:SIZE]
    lines = (DATA / "alignment" / "conll03-mt-deepl" / f"en-{language}.train.awesome.txt").read_text().split("\n")
    source, target = [], []
    for sentence, pair, line in zip(english, pairs, lines, strict=False):
        links = [tuple(map(int, link.split("-"))) for link in line.split()]
        found = [(span, clear_range(span, links)) for span in sentence.spans]
        found = [(span, place) for span, place in found if place]
        places = sorted(place for _, place in found)
        if any(one[1] > other[0] for one, other in pairwise(places)):
            found = []
        source.append(sentence.with_spans(span for span, _ in found))
        spans = [Span(*place, span.label) for span, place in found]
        target.append(Sentence(pair.target, (), sentence.id).with_spans(spans))
    return *pair_up(Corpus(tuple(source)), Corpus(tuple(target)), f"DeepL {language}"), [ntrex(extra)]


def clear_range(span, links):
    targets = [j for i, j in links if span.start <= i < span.stop]
    if not targets:
        return None
    start, stop = min(targets), max(targets) + 1
    alone = all(span.start <= i < span.stop for i, j in links if start <= j < stop)
    return (start, stop) if alone else None


def examples(source, target, text, alignment):
    """Features (words, len(FEATURES)) and whether the word belongs, where both sides have the same labels."""
    background = belief.Background.learn(text, alignment)
    rows, truth = [], []
    for one, other, links in zip(source, target, alignment, strict=True):
        if Counter(span.label for span in one.spans) != Counter(span.label for span in other.spans):
            continue
        total = np.bincount(links.target, links.weight, len(other.words))
        total = dict(enumerate(total.tolist()))
        found = belief.beliefs_of(one.spans, one.words, other.words, links_of(one.spans, links), total, background)
        for span, own in zip(one.spans, found, strict=True):
            weight = dict(zip(own.words, (row[1] for row in own.features), strict=True))
            mass = {
                gold: sum(weight.get(word, 0.0) for word in range(gold.start, gold.stop))
                for gold in other.spans
                if gold.label == span.label
            }
            gold = max(mass, key=mass.get, default=None)
            if gold is not None and mass[gold] >= 0.5:
                rows += own.features
                truth += [gold.start <= word < gold.stop for word in own.words]
    return np.array(rows), np.array(truth, dtype=float)


def fit(sets):
    """Logistic regression in which every set counts alike."""
    rows = np.concatenate([rows for rows, _ in sets])
    truth = np.concatenate([truth for _, truth in sets])
    share = np.concatenate([np.full(len(truth), 1000.0 / len(truth)) for _, truth in sets])
    scale = rows.std(axis=0) + 1e-9
    scale[0] = 1.0

    def loss(weights):
        z = rows / scale @ weights
        slope = (rows / scale).T @ (share * (1 / (1 + np.exp(-z)) - truth)) + 2 * PENALTY * np.append(0, weights[1:])
        return (share * (np.logaddexp(0, z) - truth * z)).sum() + PENALTY * (weights[1:] ** 2).sum(), slope

    return minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x / scale


def main():
    if not DATA.is_dir():
        print(f"skipped: no real data at {DATA}; set EXONYM_DATA")
        return
    texts = [*map(uner, PUD), *map(silver, ("xho", "swa")), neural("es", "spa")]
    aligned = [StatisticalAligner().align(text, extra) for _, _, text, extra in texts]
    sets = [examples(*text[:3], alignment) for text, alignment in zip(texts, aligned, strict=True)]
    for number, ((source, target, text, _), alignment) in enumerate(zip(texts, aligned, strict=True)):
        belief.WEIGHTS = tuple(fit(sets[:number] + sets[number + 1 :]).tolist())
        scores = [
            100 * evaluate(target, project(source, text, alignment, matching)).scores.micro.f1
            for matching in (Matching(), Matching(score="soft", threshold=0.1))
        ]
        print(f"{text.name:20} F1 {scores[0]:.1f}, soft {scores[1]:.1f}", flush=True)
    for name, weight in zip(belief.FEATURES, fit(sets), strict=True):
        print(f"{name:12} {weight:6.2f}")


if __name__ == "__main__":
    main()
