"""Projection of gold English labels, idea by idea: Europarl-NER and UNER-PUD, with NTREX as extra text.

Prints for each language the strict entity F1, with its interval, of the built-in aligner and matching as the ideas add
up, of the published matchers on the same links, and of the oracle, which gives each source entity a target entity
of its label. Run with `EXONYM_DATA=<data pack> python benchmarks/projection.py [LANGUAGE ...]`, such as `europarl-de`.
"""

import json
import sys
import time

from _machine import machine
from _projected import DATA, SETS, projected

from exonym.align import StatisticalAligner
from exonym.data import Corpus, Sentence, Span
from exonym.evaluate import evaluate
from exonym.project import Matching, project

SOFT = {"score": "soft", "threshold": 0.1}
STEPS = (  # what is added, the aligner, the matching
    ("one model, soft votes", {"models": ((2, 3, 5),), "surface": 0.0}, SOFT),
    ("+ likeness of letters", {"models": ((2, 3, 5),)}, SOFT),
    ("+ three models vote", {}, SOFT),
    ("+ expected Dice (default)", {}, {}),
    ("+ convention for adjectives", {}, {"convention": "conll"}),
    ("default, greedy", {}, {"matcher": "greedy"}),
    ("published candidates, greedy", {}, {"matcher": "greedy", "score": "pairs", "candidates": "ngrams"}),
    ("heuristic, ours", {}, {"matcher": "heuristic"}),
    ("heuristic, politov", {}, {"matcher": "heuristic", "compat": "politov"}),
    ("heuristic, easy-label-projection", {}, {"matcher": "heuristic", "compat": "easy-label-projection"}),
)


def oracle(source, target):
    """Give every source entity, in order, a target entity of its label that is still free."""
    sentences = []
    for one, other in zip(source, target, strict=True):
        free = list(other.spans)
        spans = []
        for span in one.spans:
            same = next((each for each in free if each.label == span.label), None)
            if same is not None:
                free.remove(same)
                spans.append(Span(same.start, same.stop, same.label))
        sentences.append(Sentence(other.words, (), other.id).with_spans(spans))
    return Corpus(tuple(sentences))


def main():
    if not DATA.is_dir():
        print(f"skipped: no real data at {DATA}; set EXONYM_DATA")
        return
    rows = []
    for name in sys.argv[1:] or SETS:
        source, target, text, extra = projected(name)
        known = {}
        for what, aligner, matching in STEPS:
            key = tuple(sorted(aligner.items()))
            if key not in known:
                started = time.perf_counter()
                known[key] = StatisticalAligner(**aligner).align(text, [extra]), time.perf_counter() - started
            alignment, seconds = known[key]
            rows.append(row(name, what, target, project(source, text, alignment, Matching(**matching)), seconds))
        rows.append(row(name, "oracle", target, oracle(source, target), 0.0))
    print(json.dumps({"rows": rows, "machine": machine("numpy")}))


def row(name, what, target, found, seconds):
    """Score, and print a line."""
    scored = evaluate(target, found)
    micro, interval = scored.scores.micro, scored.intervals.micro
    figures = {"f1": micro.f1, "low": interval.low, "high": interval.high, "p": micro.precision, "r": micro.recall}
    figures = {key: round(100 * value, 1) for key, value in figures.items()}
    print(f"{name:12} {what:34}", *(f"{key} {value}" for key, value in figures.items()), f"{seconds:.1f} s", flush=True)
    return {"set": name, "what": what, **figures, "align_seconds": round(seconds, 1)}


if __name__ == "__main__":
    main()
