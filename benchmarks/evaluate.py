"""Time strict entity F1 beside seqeval on a million tokens, and 1,000 bootstrap resamples of 3,500 sentences.

Run: python benchmarks/evaluate.py [--tokens 1000000] [--repeats 3] [-o result.json]

Tags are made from a seed. Every scorer starts from the same lists of tags and is timed as often; the best time counts,
and the runs take turns so that a busy machine slows all of them. `exonym from tags` includes reading spans from tags
and building the corpora; `exonym from corpora` is what a program does that has them in memory. Both also check that
the words of the two sides are the same, which seqeval never sees.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from _machine import machine
from seqeval.metrics import sequence_labeling as lenient
from seqeval.metrics import v1 as strict
from seqeval.scheme import IOB2

from exonym.data import Corpus, Sentence, Span, spans_of, tags_of
from exonym.evaluate import compare, count, evaluate, intervals_of, score

if TYPE_CHECKING:
    from collections.abc import Callable

Tags = list[list[str]]
LABELS = ["LOC", "MISC", "ORG", "PER"]
WORDS = 20


def make_tags(sentences: int, seed: int) -> tuple[Tags, Tags]:
    """Make valid IOB2 gold tags, and predictions that miss, cut, retype and invent entities."""
    dice = random.Random(seed)
    gold, predicted = [], []
    for _ in range(sentences):
        right, said, at = [], [], 0
        while at < WORDS:
            size = min(dice.choice([1, 1, 2, 3]), WORDS - at)
            if dice.random() < 0.12:
                right.append(Span(at, at + size, dice.choice(LABELS)))
                said.extend(spoil(right[-1], dice))
            elif dice.random() < 0.01:
                said.append(Span(at, at + size, dice.choice(LABELS)))
            at += size
        gold.append(tags_of(WORDS, right))
        predicted.append(tags_of(WORDS, said))
    return gold, predicted


def spoil(span: Span, dice: random.Random) -> list[Span]:
    """Return a prediction for a gold entity: mostly itself."""
    chance = dice.random()
    if chance < 0.80:
        return [span]
    if chance < 0.88:
        return [Span(span.start, span.stop, dice.choice(LABELS))]
    return [Span(span.start, span.start + 1, span.label)] if chance < 0.94 else []


def make_words(sentences: int) -> list[tuple[str, ...]]:
    """Make words that are equal, but not the same objects, from call to call: as if read from two files."""
    return [tuple(f"word{row * at}" for at in range(1, WORDS + 1)) for row in range(sentences)]


def corpus_of(sentences: Tags, words: list[tuple[str, ...]]) -> Corpus:
    """Read the spans of tagged sentences."""
    return Corpus(tuple(Sentence(text, tuple(spans_of(tags)[0])) for text, tags in zip(words, sentences, strict=True)))


def best_of(repeats: int, calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Time each call `repeats` times, taking turns, and return the best seconds of each."""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(repeats):
        for name, call in calls.items():
            start = perf_counter()
            call()
            best[name] = min(best[name], perf_counter() - start)
    return best


def measure(tokens: int, repeats: int, seed: int) -> dict[str, object]:
    """Check that all scorers agree, then time them."""
    gold, predicted = make_tags(tokens // WORDS, seed)
    words, words_again = make_words(len(gold)), make_words(len(gold))
    right, said = corpus_of(gold, words), corpus_of(predicted, words_again)
    few, few_said = (Corpus(corpus.sentences[:3500]) for corpus in (right, said))
    few_counts = count(few, few_said)

    def seqeval_default() -> float:
        return float(lenient.precision_recall_fscore_support(gold, predicted, average="micro")[2])

    def seqeval_strict() -> float:
        return float(strict.precision_recall_fscore_support(gold, predicted, average="micro", scheme=IOB2)[2])

    def from_tags() -> float:
        return score(count(corpus_of(gold, words), corpus_of(predicted, words_again))).micro.f1

    def from_corpora() -> float:
        return score(count(right, said)).micro.f1

    found = [seqeval_default(), seqeval_strict(), from_tags(), from_corpora()]
    if max(found) - min(found) > 1e-12:
        sys.exit(f"the scorers disagree: {found}")
    seconds = best_of(
        repeats,
        {
            "seqeval default": seqeval_default,
            "seqeval strict": seqeval_strict,
            "exonym from tags": from_tags,
            "exonym from corpora": from_corpora,
            "exonym evaluate, all of it": lambda: evaluate(right, said, train=right),
            "bootstrap, 1,000 of 3,500 sentences": lambda: intervals_of(few_counts, resamples=1000),
            "the same, with counting": lambda: intervals_of(count(few, few_said), resamples=1000),
            "compare, 10,000 of 3,500 sentences": lambda: compare(few, few_said, few),
        },
    )
    return {"tokens": tokens, "seed": seed, "repeats": repeats, "micro_f1": found[0], "seconds": seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    result = {"machine": machine("numpy", "seqeval"), **measure(options.tokens, options.repeats, options.seed)}
    seconds = result["seconds"]
    result["times_faster"] = {
        f"{ours} than {theirs}": seconds[theirs] / seconds[ours]
        for ours in ("exonym from tags", "exonym from corpora")
        for theirs in ("seqeval default", "seqeval strict")
    }
    for name, value in seconds.items():
        print(f"{name:40s} {value:8.3f} s", file=sys.stderr)
    for name, value in result["times_faster"].items():
        print(f"{name:56s} {value:6.1f} times faster", file=sys.stderr)
    text = json.dumps(result, indent=2)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
