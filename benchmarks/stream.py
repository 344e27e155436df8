"""`exonym project` over a long bitext: speed and memory, with one worker process and with two.

Sentence pairs of made-up words are made with a seed, much like news: 5 to 40 words, most with none to two entities,
word order changed a little, links with noise. The command runs as a user runs it, once for each number of workers, and
must write the same bytes each time. Prints JSON with the machine; run it with `python benchmarks/stream.py`, or with
`--pairs 50000` for a smaller text.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from _machine import machine

SEED, BLOCK, VOCABULARY = 1, 10_000, 50_000
LABELS = ("PER", "LOC", "ORG")
COMMAND = [sys.executable, "-c", "from exonym.cli import main; main()", "project"]


def make(folder, pairs):
    """Write `source.conll`, `pairs.tsv` and `pairs.links`."""
    random = np.random.default_rng(SEED)
    syllables = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
    words = ["".join(random.choice(syllables, size)) for size in random.integers(1, 5, VOCABULARY)]
    files = [(folder / name).open("w", encoding="utf-8") for name in ("source.conll", "pairs.tsv", "pairs.links")]
    for done in range(0, pairs, BLOCK):
        for row in range(min(BLOCK, pairs - done)):
            for file, text in zip(files, sentence(random, words, first=not done and not row), strict=True):
                file.write(text)
    for file in files:
        file.close()


def sentence(random, words, *, first):
    """One sentence pair, as the text of the three files."""
    length = int(random.integers(5, 41))
    source, target = ([words[n] for n in (random.random(length) ** 3 * VOCABULARY).astype(int)] for _ in range(2))
    tags = ["O"] * length
    at = 0
    for size in random.integers(1, 4, random.choice(4, p=[0.35, 0.35, 0.2, 0.1])).tolist():
        at += int(random.integers(0, 6))
        if at + size > length:
            break
        label = LABELS[size % 3]
        tags[at : at + size] = [f"B-{label}"] + [f"I-{label}"] * (size - 1)
        at += size + 1
    order = np.argsort(np.arange(length) + random.normal(0, 1.5, length)).tolist()
    weights = np.round(random.uniform(0.3, 1, length), 4).tolist()
    links = {(i, j): weight for j, (i, weight) in enumerate(zip(order, weights, strict=True))}
    for i, j in random.integers(0, length, (length // 3, 2)).tolist():
        links.setdefault((i, j), 0.05)
    rows = "".join(f"{word}\t{tag}\n" for word, tag in zip(source, tags, strict=True))
    text = " ".join(f"{i}-{j}:{weight:.4f}" for (i, j), weight in sorted(links.items()))
    return ("" if first else "\n") + rows, f"{' '.join(source)}\t{' '.join(target)}\n", text + "\n"


def family(process):
    """Resident megabytes of a process and of all that it started, summed; shared pages count once for each."""
    total, waiting = 0, [process]
    while waiting:
        own = waiting.pop()
        try:
            status = Path(f"/proc/{own}/status").read_text()
            total += next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0)
            for task in Path(f"/proc/{own}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
    return total / 1024


def spent():
    """Processor seconds of all processes that were started here and have ended, with those that they started."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(folder, workers):
    """Run the command; seconds, processor seconds, peak memory and a digest of what it wrote."""
    outputs = [folder / "out.conll", folder / "out.jsonl"]
    files = {"source": "source.conll", "bitext": "pairs.tsv", "links": "pairs.links"}
    arguments = [part for name, file in files.items() for part in (f"--{name}", str(folder / file))]
    arguments += ["-o", str(outputs[0]), "--provenance", str(outputs[1])]
    arguments += ["--workers", str(workers)] if workers else []
    started, used, peak = time.perf_counter(), spent(), 0.0
    with (folder / "messages.txt").open("w+") as messages:
        process = subprocess.Popen([*COMMAND, *arguments], stderr=messages)
        while process.poll() is None:
            peak = max(peak, family(process.pid))
            time.sleep(0.1)
        seconds = time.perf_counter() - started
        messages.seek(0)
        if process.returncode:
            sys.exit(messages.read())
    digests = []
    for path in outputs:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return seconds, spent() - used, peak, digests


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    rows, written = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, options.pairs)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        for workers in options.workers:
            seconds, processor, peak, digests = run(folder, workers)
            written.append(digests)
            row = {"workers": workers, "seconds": round(seconds, 2), "pairs a second": round(options.pairs / seconds)}
            row |= {"processor seconds of all processes": round(processor, 2)}
            rows.append(row | {"peak resident megabytes, all processes summed": round(peak)})
    assert all(digests == written[0] for digests in written), "the outputs differ between numbers of workers"
    about = {"seed": SEED, "pairs": options.pairs, "megabytes read": round(size), "outputs alike": True}
    print(json.dumps(about | {"runs": rows, "machine": machine("numpy")}, indent=1))


if __name__ == "__main__":
    main()
