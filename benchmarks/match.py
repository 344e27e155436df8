"""Matching spans with candidates: the exact matcher beside integer programming over all n-grams, in one run.

Sentence pairs are made with a seed: 1 to 5 entities of 1 to 4 words each, target words shuffled in blocks, links with
noise. Prints a table, and JSON with the machine; run it with `python benchmarks/match.py`.
"""

import json
import os
import platform
import time
from pathlib import Path

import numpy as np

from exonym.data import Links, Sentence, Span
from exonym.project import (
    Candidate,
    Matching,
    candidates_of,
    link_mass,
    match_exact,
    match_greedy,
    match_milp,
    project_sentence,
    total,
)

SEED, SENTENCES, SENTENCES_MILP = 1, 1000, 100


def make(random):
    """One sentence pair: source sentence with spans, target sentence, links with posterior-like weights."""
    length = int(random.integers(12, 40))
    spans, at = [], 0
    for _ in range(int(random.integers(1, 6))):
        at += int(random.integers(1, 5))
        stop = at + int(random.integers(1, 5))
        if stop > length:
            break
        spans.append(Span(at, stop, "PER"))
        at = stop
    order = np.argsort(np.arange(length) + random.normal(0, 3, length))
    links = [(int(source), target, float(random.uniform(0.3, 1))) for target, source in enumerate(order)]
    noise = random.integers(0, length, (length, 2))
    links += [(int(i), int(j), float(random.uniform(0.02, 0.5))) for i, j in noise]
    words = tuple(f"w{index}" for index in range(length))
    return Sentence(words, tuple(spans), "1"), Sentence(words, (), "1"), Links.of(links)


def every_ngram(mass, source_length, length):
    """All n-grams of the target sentence with their scores, zeros included, as the problem is stated."""
    sums = np.concatenate([[0.0], np.cumsum([mass.get(word, 0.0) for word in range(length)])])
    return [
        Candidate(start, stop, float(2 * (sums[stop] - sums[start]) / (source_length + stop - start)))
        for start in range(length)
        for stop in range(start + 1, length + 1)
    ]


def timed(run):
    started = time.perf_counter()
    result = run()
    return time.perf_counter() - started, result


def main():
    random = np.random.default_rng(SEED)
    pairs = [make(random) for _ in range(SENTENCES)]
    seconds = {}
    for matcher in ("greedy", "exact", "heuristic"):
        matching = Matching(matcher=matcher, threshold=0.0)
        seconds[f"{matcher}: whole projection, from links to spans with their origin"] = min(
            timed(lambda m=matching: [project_sentence(*pair, m) for pair in pairs])[0] for _ in range(5)
        )
    lengths = [[len(span) for span in source.spans] for source, _, _ in pairs]
    every = [link_mass(source.spans, links) for source, _, links in pairs]
    scored = [list(map(candidates_of, mass, sizes)) for mass, sizes in zip(every, lengths, strict=True)]
    seconds["candidates with scores"] = min(
        timed(lambda: [list(map(candidates_of, mass, sizes)) for mass, sizes in zip(every, lengths, strict=True)])[0]
        for _ in range(5)
    )
    for name, match in (("greedy", match_greedy), ("exact", match_exact)):
        seconds[f"{name}: matching"] = min(timed(lambda m=match: list(map(m, scored)))[0] for _ in range(5))
    masses = [(source, link_mass(source.spans, links), len(target)) for source, target, links in pairs[:SENTENCES_MILP]]
    reduced = [
        [candidates_of(m, len(s)) for s, m in zip(source.spans, mass, strict=True)] for source, mass, _ in masses
    ]
    full = [
        [every_ngram(m, len(s), length) for s, m in zip(source.spans, mass, strict=True)]
        for source, mass, length in masses
    ]
    scale = SENTENCES / SENTENCES_MILP
    spent, best_full = timed(lambda: [total(match_milp(candidates)) for candidates in full])
    seconds[f"milp, all n-grams (measured on {SENTENCES_MILP})"] = spent * scale
    spent, best_reduced = timed(lambda: [total(match_milp(candidates)) for candidates in reduced])
    seconds[f"milp, edge-linked candidates (measured on {SENTENCES_MILP})"] = spent * scale
    exact = Matching(threshold=0.0)
    ours = [sum(s.score for s in project_sentence(*pair, exact).spans) for pair in pairs[:SENTENCES_MILP]]
    # Scores of spans stop at 1, so compare the totals of the two programmes, and ours where no score passes 1.
    assert np.allclose(best_full, best_reduced)
    assert all(a <= b + 1e-9 for a, b in zip(ours, best_full, strict=True))
    machine = {"cores": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version()}
    for name, value in seconds.items():
        print(f"{value:10.3f} s per {SENTENCES} sentences  {name}")
    print(json.dumps({"seed": SEED, "seconds": seconds, "machine": machine, "script": Path(__file__).name}, indent=1))


if __name__ == "__main__":
    main()
