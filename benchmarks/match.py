"""Matching spans with candidates: the exact matcher beside integer programming over all n-grams, in one run.

Sentence pairs are made with a seed: 1 to 5 entities of 1 to 4 words each, target words shuffled in blocks, links with
noise. Where the data pack is found (`EXONYM_DATA`), matching is timed on real text too: CoNLL-03 English over its
Spanish translation with the links of a neural aligner. Prints a table, and JSON with the machine; run it with
`python benchmarks/match.py`.
"""

import json
import time

import numpy as np
from _machine import machine
from _projected import DATA

from exonym.data import Links, Sentence, Span
from exonym.formats import read_alignment, read_bitext, read_corpus
from exonym.project import (
    Background,
    Candidate,
    Evidence,
    Matching,
    candidates_of,
    decide,
    join,
    links_of,
    match_exact,
    match_greedy,
    match_milp,
    project_sentence,
    total,
    votes_of,
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


def every_ngram(votes, length, threshold):
    """All n-grams of the target sentence that reach the threshold, with their scores, as the problem is stated."""
    ranges = ((start, stop) for start in range(length) for stop in range(start + 1, length + 1))
    scored = (Candidate(start, stop, votes.score(start, stop)) for start, stop in ranges)
    return [candidate for candidate in scored if candidate.score >= threshold]


def best_of(run, times=5):
    """Seconds of the fastest of several runs."""
    spent = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        spent.append(time.perf_counter() - started)
    return min(spent)


def real():
    """CoNLL-03 English over its Spanish translation: pairs as from `make`, and what is known of the text."""
    text = read_bitext(DATA / "parallel" / "conll03-mt-deepl" / "en-es.train.tsv")
    links = read_alignment(DATA / "alignment" / "conll03-mt-deepl" / "en-es.train.awesome.txt", text)
    sources = join(read_corpus(DATA / "ner" / "conll" / "en" / "train.conll"), text)
    known = Evidence(background=Background.learn(text, links))
    pairs = zip(sources, text, links, strict=True)
    return [(source, Sentence(pair.target, (), pair.id), own) for source, pair, own in pairs], known


def matched(pairs, known=Evidence()):  # noqa: B008 - immutable
    """Score the candidates of every pair and match them, by default."""
    matching = Matching()
    return [decide(*pair, matching, known) for pair in pairs if pair[0].spans]


def main():
    random = np.random.default_rng(SEED)
    pairs = [make(random) for _ in range(SENTENCES)]
    threshold = Matching().threshold

    def score(candidates, number):
        source, target, links = pairs[number]
        rows = links_of(source.spans, links)
        votes = [votes_of(len(span), own) for span, own in zip(source.spans, rows, strict=True)]
        return [candidates(own, len(target)) for own in votes]

    def ours(votes, _):
        return candidates_of(votes, threshold)

    def all_ngrams(votes, length):
        return every_ngram(votes, length, threshold)

    seconds, scored = {}, [score(ours, number) for number in range(SENTENCES)]
    seconds["soft score: candidates with scores, from links"] = best_of(
        lambda: [score(ours, number) for number in range(SENTENCES)]
    )
    seconds["default score: candidates with scores, and exact matching, from links"] = best_of(lambda: matched(pairs))
    if DATA.is_dir():
        text, known = real()
        seconds["the same on real text"] = best_of(lambda: matched(text, known), 2) * SENTENCES / len(text)
    for name, match in (("greedy", match_greedy), ("exact", match_exact)):
        seconds[f"{name}: matching"] = best_of(lambda m=match: list(map(m, scored)))
    for matcher in ("greedy", "exact", "heuristic"):
        matching = Matching(matcher=matcher)
        run = best_of(lambda m=matching: [project_sentence(*pair, m) for pair in pairs])
        seconds[f"{matcher}: whole projection, from links to spans with their origin"] = run
    full = [score(all_ngrams, number) for number in range(SENTENCES_MILP)]
    best = [total(match_exact(candidates)) for candidates in scored[:SENTENCES_MILP]]
    for name, candidates in (("all n-grams", full), ("edge-linked candidates", scored[:SENTENCES_MILP])):
        started = time.perf_counter()
        optima = [total(match_milp(own)) for own in candidates]
        spent = time.perf_counter() - started
        seconds[f"milp, {name} (measured on {SENTENCES_MILP})"] = spent * SENTENCES / SENTENCES_MILP
        assert np.allclose(best, optima), "the exact matcher and the integer programme disagree"
    for name, value in seconds.items():
        print(f"{value:10.3f} s per {SENTENCES} sentences  {name}")
    print(json.dumps({"seed": SEED, "seconds": seconds, "machine": machine("numpy", "scipy")}, indent=1))


if __name__ == "__main__":
    main()
