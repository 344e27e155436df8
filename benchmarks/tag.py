"""Train the light tagger on CoNLL-2003 English and score it there and on English that it was not made for.

Run: python benchmarks/tag.py [--data ../shared/data] [--split test] [--iterations 60] [-o result.json]

Needs the folder of data sets (see its README; the texts may not be passed on). `--split dev` is for choosing features;
look at `test` once. Seconds and tokens a second are of this process's CPU, so that a busy machine counts less; wall
time stands beside them. Prediction is timed from sentences to spans with scores.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from time import perf_counter, process_time

from _machine import machine

from exonym.data import DROP, Corpus, LabelMap
from exonym.evaluate import count, score
from exonym.formats import read_corpus
from exonym.tag import LightOptions, LightTagger, label, train_light

SETS = {
    "test": {"CoNLL-2003": "conll/en/test", "WikiGold": "wikigold/en/test", "UNER": "uner/en/test"},
    "dev": {"CoNLL-2003": "conll/en/dev", "WikiGold": "wikigold/en/test", "UNER": "uner/en/dev"},
}


def read(folder: Path, name: str) -> Corpus:
    return read_corpus(folder / "ner" / f"{name}.conll", repair="conlleval")


def measure_test(tagger: LightTagger, gold: Corpus) -> dict[str, object]:
    """Score a tagger on a set, on those of its types that the set knows."""
    drop = LabelMap({name: DROP for name in tagger.training["entities"] if name not in gold.labels})
    began, wall = process_time(), perf_counter()
    found = label(tagger, gold)
    seconds, wall = process_time() - began, perf_counter() - wall
    result = score(count(gold, drop.apply(found)[0]))
    words = sum(len(sentence) for sentence in gold)
    return {
        "micro": result.micro.to_dict(),
        "per_label": {name: value.f1 for name, value in result.per_label.items()},
        "tokens_per_second": words / seconds,
        "tokens_per_second_wall": words / wall,
    }


def measure(folder: Path, split: str, options: LightOptions) -> dict[str, object]:
    """Train once and score on every set."""
    train = read(folder, "conll/en/train")
    began, wall = process_time(), perf_counter()
    tagger = train_light(
        train, options, lambda step, total: print(f"\r{step}/{total}", end="", file=sys.stderr, flush=True)
    )
    print(file=sys.stderr)
    return {
        "train_seconds": process_time() - began,
        "train_seconds_wall": perf_counter() - wall,
        "model_bytes": len(tagger.model),
        "fingerprint": tagger.fingerprint,
        "options": asdict(options),
        "split": split,
        "sets": {name: measure_test(tagger, read(folder, path)) for name, path in SETS[split].items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EXONYM_DATA", "../shared/data")))
    parser.add_argument("--split", choices=SETS, default="test")
    parser.add_argument("--iterations", type=int, default=LightOptions().iterations)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        print(f"skipped: no real data at {arguments.data}; set EXONYM_DATA or give --data")
        return
    result = {
        "machine": machine("python-crfsuite"),
        **measure(arguments.data, arguments.split, LightOptions(iterations=arguments.iterations)),
    }
    print(f"trained in {result['train_seconds']:.1f} s CPU, {result['train_seconds_wall']:.1f} s wall", file=sys.stderr)
    for name, found in result["sets"].items():
        micro = found["micro"]
        print(
            f"{name:12s} F1 {100 * micro['f1']:5.2f}  P {100 * micro['precision']:5.2f}  R {100 * micro['recall']:5.2f}"
            f"  {found['tokens_per_second']:8,.0f} tokens/s",
            file=sys.stderr,
        )
    text = json.dumps(result, indent=2)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
