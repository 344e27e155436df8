"""Translate CoNLL-2003 English by Apertium, and see how many words and entities keep their links.

Run: python benchmarks/translate.py [--data ../shared/data] [--to es ca gl] [--sentences N] [-o result.json]

Needs the folder of data sets (see its README; the texts may not be passed on) and Apertium with the pairs (make
apertium). Seconds are wall time, the start of the programs included; Apertium's programs run side by side on all
processors.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

from _machine import machine

from exonym.data import Corpus
from exonym.formats import read_corpus
from exonym.translate import Apertium, Translations, running, translated


def told(done: int, total: int) -> None:
    print(f"\r{done:,}/{total:,}", end="", file=sys.stderr, flush=True)


def measure(corpus: Corpus, language: str) -> dict[str, object]:
    """Translate into one language."""
    began = perf_counter()
    made = translated(Apertium(), corpus, "en", language, told)
    seconds = perf_counter() - began
    words = sum(map(len, corpus))
    return {
        "seconds": seconds,
        "sentences_per_second": len(corpus) / seconds,
        "tokens_per_second": words / seconds,
        "flaws": Counter(filter(None, made.flaws)),
        "same_as_plain": plain(made, language),
        **kept(corpus, made),
    }


def plain(made: Translations, language: str) -> str:
    """Of the first hundred sentences, how many `apertium` translates alike: one process each, no links."""
    (mode,) = Apertium().settled("en", language).modes
    rows = [(running(sentence).text, translation.text) for sentence, translation in made][:100]
    same = 0
    for text, ours in rows:
        said = subprocess.run(["apertium", "-u", mode], input=text, capture_output=True, text=True, check=True)
        same += said.stdout.split() == ours.split()
    return f"{same}/{len(rows)}"


def kept(corpus: Corpus, made: Translations) -> dict[str, float]:
    """Shares of words with a link, and of entities with some, or with all, of their words linked."""
    words = linked = targets = linked_targets = entities = some = whole = unbroken = 0
    for sentence, (_, translation) in zip(corpus, made, strict=True):
        into: dict[int, set[int]] = {}
        for source, target, _ in translation.links or ():
            into.setdefault(source, set()).add(target)
        words, linked = words + len(sentence), linked + len(into)
        targets += len(translation.words)
        linked_targets += len(set().union(*into.values()))
        for span in sentence.spans:
            rows = [into.get(word, set()) for word in range(span.start, span.stop)]
            found = set().union(*rows)
            entities, some, whole = entities + 1, some + bool(found), whole + all(rows)
            unbroken += bool(found) and len(found) == max(found) - min(found) + 1
    return {
        "source_words_linked": linked / words,
        "target_words_linked": linked_targets / targets,
        "entities": entities,
        "entities_with_a_link": some / entities,
        "entities_with_all_words_linked": whole / entities,
        "entities_in_one_piece": unbroken / entities,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EXONYM_DATA", "../shared/data")))
    parser.add_argument("--to", nargs="+", default=["es", "ca", "gl"])
    parser.add_argument("--sentences", type=int, help="only so many")
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args()
    corpus = read_corpus(asked.data / "ner" / "conll/en/train.conll")
    corpus = Corpus(corpus.sentences[: asked.sentences], corpus.name)
    result = {"sentences": len(corpus), "tokens": sum(map(len, corpus)), **machine()}
    result |= {language: measure(corpus, language) for language in asked.to}
    print(file=sys.stderr)
    text = json.dumps(result, indent=2)
    print(text)
    if asked.output is not None:
        asked.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
