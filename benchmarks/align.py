"""The built-in aligner beside eflomal, in one run: projected labels, error rates, pairs per second, memory.

Aligns Europarl-NER (799 pairs) with NTREX as extra text, projects the gold English labels and scores them against the
gold labels of the other side; and aligns the three sets with hand-made links on their own text alone. Prints a table,
and JSON with the machine; run it with `EXONYM_DATA=<data pack> python benchmarks/align.py`.
"""

import json
import os
import resource
import time
from pathlib import Path

from _machine import machine

from exonym.align import EflomalAligner, StatisticalAligner, aer
from exonym.data import Bitext, Corpus, Pair
from exonym.evaluate import evaluate
from exonym.formats import read_bitext, read_conll
from exonym.project import Matching, project

DATA = Path(os.environ.get("EXONYM_DATA", Path(__file__).parents[2] / "shared" / "data"))
PROJECTED = {"de": "deu", "es": "spa"}
LINKED = {"hansards-enfr": "en-fr", "kftt-jaen": "ja-en", "wpt-roen": "ro-en"}
ALIGNERS = {
    "statistical": StatisticalAligner(),
    "eflomal, 4 characters": EflomalAligner(),
    "eflomal, 3 views voted": EflomalAligner(prefixes=(0, 4, 5)),
}


def timed(aligner, text, extra=()):
    """The alignment and the seconds that it took."""
    started = time.perf_counter()
    alignment = aligner.align(text, extra)
    return alignment, time.perf_counter() - started


def projected_f1(aligner, language):
    """Strict entity F1 of projected gold labels, and seconds."""
    source, gold = (Corpus(tuple(read_conll(DATA / "ner/europarl" / name / "test.conll"))) for name in ("en", language))
    pairs = (Pair(one.words, other.words, one.id) for one, other in zip(source, gold, strict=True))
    text = Bitext(tuple(pairs), f"europarl en-{language}")
    extra = read_bitext(DATA / "parallel" / "ntrex" / f"eng-{PROJECTED[language]}.test.tsv", raw=True)
    alignment, seconds = timed(aligner, text, [extra])
    found = project(source, text, alignment, Matching())
    return 100 * evaluate(gold, found).scores.micro.f1, seconds, (len(text) + len(extra)) / seconds


def error_rate(aligner, name):
    """Error rate of links of at least half weight, and seconds."""
    folder = DATA / "alignment" / name
    text = read_bitext(folder / f"test.{LINKED[name]}.tsv")
    sure, possible = [], []
    for line in (folder / "test.gold.txt").read_text(encoding="utf-8").split("\n")[: len(text)]:
        sure.append({tuple(map(int, field.split("-"))) for field in line.split() if "-" in field})
        possible.append({tuple(map(int, field.split("p"))) for field in line.split() if "p" in field})
    alignment, seconds = timed(aligner, text)
    strong = ([link for link in links if link.weight >= 0.5] for links in alignment)
    return aer(strong, sure, possible), seconds


def main():
    if not DATA.is_dir():
        print(f"skipped: no real data at {DATA}; set EXONYM_DATA")
        return
    rows = []
    for name, aligner in ALIGNERS.items():
        for language in PROJECTED:
            f1, seconds, rate = projected_f1(aligner, language)
            rows.append({"aligner": name, "text": f"europarl en-{language}", "measure": "F1", "value": round(f1, 2)})
            rows[-1] |= {"seconds": round(seconds, 1), "pairs_per_second": round(rate)}
        for folder in LINKED:
            value, seconds = error_rate(aligner, folder)
            rows.append({"aligner": name, "text": folder, "measure": "AER", "value": round(value, 4)})
            rows[-1] |= {"seconds": round(seconds, 1)}
        # Of this process, so of the built-in aligner, which runs first; eflomal works in a process of its own.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows[-1]["peak_mib"] = round(peak)
    for row in rows:
        print(f"{row['aligner']:24}{row['text']:18}{row['measure']:>5}{row['value']:>9}{row['seconds']:>8} s")
    print(json.dumps({"rows": rows, "machine": machine("numpy", "eflomal")}))


if __name__ == "__main__":
    main()
