"""The built-in aligner beside eflomal and fast_align in one run: F1 of projected labels, AER, speed and memory.

Projection: aligns Europarl-NER (799 pairs) and UNER-PUD (1,000) with NTREX as extra text, projects the gold English
labels and scores them against the gold labels of the other side. Error rates: aligns the four sets with hand-made links
on their own text alone. Each aligner has a process of its own, whose memory is measured with that of its children.
Prints a table, and JSON with the machine; run it with `EXONYM_DATA=<data pack> python benchmarks/align.py [TEXT ...]`,
where each TEXT is a part of the name of a text, such as `kftt`. fast_align is measured where its command is found.
"""

import argparse
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from _machine import machine
from _projected import DATA, SETS, projected

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does
LINKED = {"hansards-enfr": "en-fr", "kftt-jaen": "ja-en", "wpt-roen": "ro-en", "silveralign-entr": "en-tr"}
ALIGNERS = (
    "statistical",
    "statistical, two workers",
    "statistical, one model",
    "statistical, uroman",
    "eflomal, 4 characters",
    "eflomal, 3 views voted",
    "fast_align, 4 characters",
)


class TwoWorkers:
    """The built-in aligner with its models learnt side by side."""

    requires = ()

    def align(self, bitext, extra=()):
        """As `exonym.align.Aligner.align`."""
        from exonym.align import StatisticalAligner

        return StatisticalAligner().align(bitext, extra, workers=2)


class FastAlign:
    """The `fast_align` command in both directions, each with half of the vote, on the first characters of words."""

    def __init__(self, prefix):
        self.prefix = prefix

    def align(self, bitext, extra=()):
        """As `exonym.align.Aligner.align`."""
        from exonym.align import symmetrise
        from exonym.align.aligner import prepared
        from exonym.data import Alignment

        more, ledger = prepared(bitext, extra)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "text"
            path.write_text("".join(self._line(pair) for text in (bitext, *more) for pair in text), encoding="utf-8")
            forward, backward = (self._links(path, len(bitext), options) for options in ((), ("-r",)))
        links = (symmetrise(one, other, "soft") for one, other in zip(forward, backward, strict=True))
        return Alignment(tuple(links), "fast_align", ledger)

    def _line(self, pair):
        from exonym.align.cells import prefix_of

        # Neither a space nor its own separator may stand in a word.
        words = ([prefix_of(w, self.prefix).replace(" ", "_").replace("|||", "||") for w in side] for side in pair[:2])
        return " ||| ".join(" ".join(side) for side in words) + "\n"

    def _links(self, path, wanted, options):
        """Links of the first pairs in one direction, in the options that its authors recommend."""
        from exonym.data import Links

        command = ["fast_align", "-i", str(path), "-d", "-o", "-v", *options]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        lines = done.stdout.split("\n")[:wanted]
        return [Links.of(tuple(map(int, link.split("-"))) for link in line.split()) for line in lines]


def aligner_of(name):
    """The aligner of that name, or why it cannot be had."""
    from exonym.align import EflomalAligner, StatisticalAligner

    if name.startswith("fast_align"):
        return FastAlign(4) if shutil.which("fast_align") else "no fast_align command"
    aligner = {
        "statistical": StatisticalAligner(),
        "statistical, two workers": TwoWorkers(),
        "statistical, one model": StatisticalAligner(models=((2, 3, 5),)),
        "statistical, uroman": StatisticalAligner(romaniser="uroman"),
        "eflomal, 4 characters": EflomalAligner(),
        "eflomal, 3 views voted": EflomalAligner(prefixes=(0, 4, 5)),
    }[name]
    missing = [package for package in aligner.requires if importlib.util.find_spec(package) is None]
    return f"{missing[0]} is not installed" if missing else aligner


def timed(aligner, text, extra=()):
    """The alignment, and what it took."""
    started = time.perf_counter()
    alignment = aligner.align(text, extra)
    seconds = time.perf_counter() - started
    pairs = sum(map(len, (text, *extra)))
    return alignment, {"seconds": round(seconds, 1), "pairs_per_second": round(pairs / seconds)}


def projected_f1(aligner, name):
    """Strict entity F1 of projected gold labels."""
    from exonym.evaluate import evaluate
    from exonym.project import Matching, project

    source, gold, text, extra = projected(name)
    alignment, taken = timed(aligner, text, [extra])
    found = project(source, text, alignment, Matching())
    f1 = evaluate(gold, found).scores.micro.f1
    return {"text": name, "measure": "F1", "value": round(100 * f1, 2), **taken}


def error_rate(aligner, name):
    """Error rate of links of at least half weight."""
    from exonym.align import aer
    from exonym.formats import read_bitext

    folder = DATA / "alignment" / name
    text = read_bitext(folder / f"test.{LINKED[name]}.tsv")
    sure, possible = [], []
    for line in (folder / "test.gold.txt").read_text(encoding="utf-8").split("\n")[: len(text)]:
        sure.append({tuple(map(int, field.split("-"))) for field in line.split() if "-" in field})
        possible.append({tuple(map(int, field.split("p"))) for field in line.split() if "p" in field})
    alignment, taken = timed(aligner, text)
    strong = ([link for link in links if link.weight >= 0.5] for links in alignment)
    return {"text": name, "measure": "AER", "value": round(aer(strong, sure, possible), 4), **taken}


def measure(name, texts):
    """All rows of one aligner; the last thing this process does."""
    aligner = aligner_of(name)
    rows = [projected_f1(aligner, text) for text in SETS if text in texts]
    rows += [error_rate(aligner, text) for text in LINKED if text in texts]
    # The larger of this process and its largest child: the system starts a child's count at its parent's size, so that
    # a sum would count this process twice.
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return [{"aligner": name, **row, "peak_mib": round(peak / 1024)} for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="TEXT", help="a part of the names of the texts to measure")
    parser.add_argument("--only", choices=ALIGNERS, help="measure this aligner in this process, and print JSON alone")
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"skipped: no real data at {DATA}; set EXONYM_DATA")
        return
    texts = [text for text in (*SETS, *LINKED) if not options.parts or any(part in text for part in options.parts)]
    if options.only:
        print(json.dumps(measure(options.only, texts)))
        return
    rows = []
    for name in ALIGNERS:
        if isinstance(why := aligner_of(name), str):
            print(f"{name:26}skipped: {why}")
            continue
        command = [sys.executable, __file__, "--only", name, *texts]
        found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        for row in found:
            took = f"{row['seconds']:>8} s{row['pairs_per_second']:>8} pairs/s"
            print(f"{name:26}{row['text']:18}{row['measure']:>5}{row['value']:>9}{took}", flush=True)
        if found:
            print(f"{name:26}peak memory {found[0]['peak_mib']} MiB", flush=True)
        rows += found
    optional = (package for package in ("eflomal", "uroman") if importlib.util.find_spec(package))
    packages = ("numpy", "scipy", *optional)
    print(json.dumps({"rows": rows, "machine": machine(*packages)}))


if __name__ == "__main__":
    main()
