"""Several African sources into one African target: single sources, averages of all, weighted averages, the ceiling.

Trains a light teacher on each of MasakhaNER 2 Swahili, Luganda, Chichewa, chiShona, Setswana and isiXhosa (PER, LOC,
ORG) without the target, and tags each target's test text: by each teacher alone, by the one that `rank_sources` puts
first, by all with even weights and with weights of learnt similarity, and by students that learn from the weighted
teachers on the target's training text without its labels. The ceiling is a tagger that is trained on those labels.
Prints F1 with intervals, and paired differences from the even weights and from the choice of `rank_sources`.
Run with `EXONYM_DATA=<data pack> python benchmarks/multi_source.py [TARGET ...]`.
"""

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from _machine import machine

from exonym.data import DROP, Corpus, LabelMap
from exonym.evaluate import compare, evaluate
from exonym.formats import read_conll
from exonym.run.store import Store
from exonym.tag import LightOptions, label, train_light
from exonym.transfer import MultiSource, Task, multi_source
from exonym.transfer.ranking import rank_sources
from exonym.transfer.stages import train as train_stage

DATA = Path(os.environ.get("EXONYM_DATA", Path(__file__).parents[2] / "shared" / "data"))
SOURCES = ("swa", "lug", "nya", "sna", "tsn", "xho")
TARGETS = ("hau", "xho", "sna", "nya", "pcm")
SPLIT = "test"
METHODS = {
    "all, even weights": MultiSource(),
    "all, similarity": MultiSource(weights="similarity"),
    "student of even weights": MultiSource(student=LightOptions()),
    "student of similarity": MultiSource(weights="similarity", student=LightOptions()),
    "student of similarity by sentence": MultiSource(weights="sentence", student=LightOptions()),
}
EVEN, CHOSEN = "all, even weights", "chosen by rank_sources"


def corpus(language, split):
    """One split of MasakhaNER 2 without dates."""
    path = DATA / "ner" / "masakhaner2" / language / f"{split}.conll"
    return LabelMap({"DATE": DROP}).apply(Corpus(tuple(read_conll(path)), language))[0]


def found_by(target, do):
    """Every way's predictions of the test text, the notes, and the order of `rank_sources`; `do` keeps the stages."""
    test, train = corpus(target, SPLIT), corpus(target, "train")
    sources = [corpus(language, "train") for language in SOURCES if language != target]
    task = Task(source=sources[0], sources=tuple(sources[1:]), test=test.unlabelled(), text=train.unlabelled())
    found, notes = {}, {}
    for name, options in METHODS.items():
        outcome = multi_source(task, options, do)
        found[name], notes[name] = outcome.predictions, outcome.notes
    for source in sources:
        found[f"only {source.name}"] = label(do(train_stage, source, LightOptions(), 0), task.test)
    order = [ranked.name for ranked in rank_sources(train.unlabelled(), sources).sources]
    found[CHOSEN] = found[f"only {order[0]}"]
    found["supervised"] = label(train_light(train), task.test)
    return test, found, notes, order


def main():
    if not DATA.is_dir():
        print(f"skipped: no real data at {DATA}; set EXONYM_DATA")
        return
    rows = []
    with TemporaryDirectory() as folder:
        do = Store(Path(folder))
        for target in sys.argv[1:] or TARGETS:
            test, found, notes, order = found_by(target, do)
            for name, predicted in found.items():
                scores = evaluate(test, predicted)
                micro, interval = scores.scores.micro, scores.intervals.micro
                row = {"target": target, "way": name, "f1": round(100 * micro.f1, 1)}
                row["interval"] = [round(100 * interval.low, 1), round(100 * interval.high, 1)]
                for other in (EVEN, CHOSEN):
                    if name != other:
                        paired = compare(test, [predicted], [found[other]])
                        row[f"less {other}"] = [round(100 * paired.difference, 1), round(paired.p_randomisation, 4)]
                rows.append(row)
                print(row, flush=True)
            print(target, "order of rank_sources:", " ".join(order))
            for name in (EVEN, "all, similarity"):
                print(target, name, *notes[name], sep="\n  ", flush=True)
    print(json.dumps({"rows": rows, "machine": machine("numpy", "python-crfsuite")}))


if __name__ == "__main__":
    main()
