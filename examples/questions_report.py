"""Tables and plots of the questions, from what examples/questions.py wrote.

    EXONYM_DATA=<data pack> python examples/questions_report.py out/questions -o out/questions/report

Writes tables.md, results.json and the plots f1.svg and resources.svg (extra `report`). The contrasts below were written
down before the first figure was seen; p-values are corrected over all of them (Holm).
"""

import argparse
import json
import sys
from itertools import pairwise
from pathlib import Path

from questions import PIECES, recipe_of
from scipy.stats import wilcoxon

from exonym.data import Corpus
from exonym.errors import ExonymError
from exonym.evaluate import calibration, count, holm, resample_runs
from exonym.files import whole_file
from exonym.formats import read_jsonl
from exonym.run.data import read_data
from exonym.tag import label
from exonym.transfer import load_any_tagger

CONTRASTS = (  # piece, name, weights of arms
    ("translated", "Q1: distillation less direct transfer", {"A2h-student-hard": 1, "A0-direct": -1}),
    ("translated", "Q1: projection less direct transfer", {"B2-matching": 1, "A0-direct": -1}),
    ("translated", "Q1: projection less distillation", {"B2-matching": 1, "A2h-student-hard": -1}),
    ("translated", "Q1: matching less heuristic", {"B2-matching": 1, "B1-heuristic": -1}),
    ("bitext", "Q1: projection over bitext less direct transfer", {"B4-bitext": 1, "A0-direct": -1}),
    ("bitext", "Q1: projection over bitext less distillation", {"B4-bitext": 1, "A2h-student-hard": -1}),
    ("test-time", "Q1: translation of the test text less direct transfer", {"C1-translate-test": 1, "A0-direct": -1}),
    ("translated", "Q2: distillation on synthetic text less direct", {"D1h-synthetic-hard": 1, "A0-direct": -1}),
    ("translated", "Q2: synthetic less real text, same signal", {"D1h-synthetic-hard": 1, "A2h-student-hard": -1}),
    ("translated", "Q2: projected labels less teacher, same text", {"D2-all": 1, "D1h-synthetic-hard": -1}),
    ("translated", "Q2: mean of both less projected, same text", {"D3-mean": 1, "D2-all": -1}),
    ("translated", "Q2: where both agree less projected, same text", {"D3-agreed": 1, "D2-all": -1}),
    ("translated", "soft less hard labels of the teacher", {"A2-student": 1, "A2h-student-hard": -1}),
    ("translated", "complete sentences less all", {"B2-matching": 1, "D2-all": -1}),
)
BY_SIZE = (
    ("projection less distillation", {"B2-of-tagger": 1, "A2h-student-hard": -1}),
    ("distillation less direct", {"A2h-student-hard": 1, "A0-direct": -1}),
    ("synthetic less real text", {"D1h-synthetic-hard": 1, "A2h-student-hard": -1}),
)
SOURCE = ("source-100", "source-1000", "translated")
TARGET = ("translated", "target-100000", "target-all")


class Piece:
    """The runs of a piece, counted."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.recipe = recipe_of(PIECES[name], None)
        self.data = read_data(self.recipe)
        self.gold = {target.language: target.gold for target in self.data.targets}
        self.methods = [method.name for method in self.recipe.methods]
        self.results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        runs = {}
        for method in self.methods:
            found = {}
            for language, gold in self.gold.items():
                found[language] = [count(gold, self.predicted(language, method, seed)) for seed in self.recipe.seeds]
            runs[method] = found
        self.contrast = resample_runs(runs).contrast

    def predicted(self, language, method, seed):
        """Read what a run said of the test text."""
        return Corpus(tuple(read_jsonl(self.folder / language / method / f"seed-{seed}" / "predictions.jsonl")))


def told(found):
    """Write a value with its interval, in points of F1."""
    return f"{100 * found.value:+.1f} [{100 * found.interval.low:+.1f}, {100 * found.interval.high:+.1f}]"


def shown(found):
    """Write an F1 with its interval."""
    return f"{100 * found.value:.1f} [{100 * found.interval.low:.1f}-{100 * found.interval.high:.1f}]"


def small(p):
    """Write a p-value."""
    return "< .001" if p < 0.001 else f"{p:.3f}".lstrip("0")


def table(head, rows):
    """Write a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def f1_table(piece):
    """F1 of each arm: each language, and the mean over them."""
    rows, data = [], []
    for method in piece.methods:
        cells = []
        for language in piece.gold:
            found = piece.contrast({method: 1}, languages=[language])
            cells.append(f"{100 * found.value:.1f}")
            data.append(_point(piece, method, language, found))
        mean = piece.contrast({method: 1})
        data.append(_point(piece, method, "mean", mean))
        rows.append([f"`{method}`", *cells, shown(mean)])
    return table(["arm", *piece.gold, "mean"], rows), data


def _point(piece, method, language, found):
    interval = {"low": 100 * found.interval.low, "high": 100 * found.interval.high}
    return {"piece": piece.name, "arm": method, "language": language, "F1": 100 * found.value, **interval}


def contrasts(pieces):
    """All contrasts that were written down, corrected together."""
    asked = [each for each in CONTRASTS if each[0] in pieces]
    found = [pieces[piece].contrast(weights) for piece, _, weights in asked]
    wide = [pieces[piece].contrast(weights, other_languages=True) for piece, _, weights in asked]
    p_values = holm([each.p for each in found])
    rows = []
    for (piece, name, _), own, other, p in zip(asked, found, wide, p_values, strict=True):
        values = list(own.languages.values())
        signed = wilcoxon(values).pvalue if any(values) else 1.0
        better = f"{sum(value > 0 for value in values)} of {len(values)}"
        range_ = f"{100 * other.interval.low:+.1f}, {100 * other.interval.high:+.1f}"
        rows.append([name, piece, told(own), range_, small(p), better, small(signed)])
    head = ["contrast", "piece", "F1", "other languages", "p (Holm)", "languages above 0", "Wilcoxon p"]
    return table(head, rows), {
        f"{piece}: {name}": {**own.to_dict(), "p_holm": p}
        for (piece, name, _), own, p in zip(asked, found, p_values, strict=True)
    }


def same_in(piece):
    """Give the contrasts of the main piece in another one; not corrected, as they were asked already."""
    rows = []
    for _, name, weights in CONTRASTS:
        if set(weights) <= set(piece.methods):
            found = piece.contrast(weights)
            each = ", ".join(f"{language} {100 * value:+.1f}" for language, value in found.languages.items())
            rows.append([name, told(found), small(found.p), each])
    return table(["contrast", "F1", "p", "languages"], rows)


def by_size(pieces, names, head):
    """How contrasts move with the size of a resource."""
    there = [name for name in names if name in pieces]
    rows = []
    for name, weights in BY_SIZE:
        rows.append([name, *(told(pieces[piece].contrast(weights)) for piece in there)])
    return table([head, *(f"`{piece}`" for piece in there)], rows)


def worth(pieces):
    """How many words of labelled target text a tagger needs to reach the projected one, between the sizes that ran."""
    sizes = sorted((int(name.partition("-")[2]), name) for name in pieces if name.startswith("labels-"))
    whole = pieces["translated"]
    sizes.append((20000, "translated"))
    rows = []
    for language in whole.gold:
        curve = [
            (words, pieces[name].contrast({"E-supervised": 1}, languages=[language]).value) for words, name in sizes
        ]
        reached = whole.contrast({"B2-matching": 1}, languages=[language]).value
        rows.append(
            [language, *(f"{100 * f1:.1f}" for _, f1 in curve), f"{100 * reached:.1f}", _crossing(curve, reached)]
        )
    return table(["language", *(f"{words:,} words" for words, _ in sizes), "`B2-matching`", "worth"], rows)


def _crossing(curve, reached):
    """Interpolate, over the logarithm of words, where a curve reaches a value."""
    if reached <= curve[0][1]:
        return f"under {curve[0][0]:,}"
    for (few, low), (many, high) in pairwise(curve):
        if low < reached <= high:
            share = (reached - low) / (high - low)
            return f"{few * (many / few) ** share:,.0f}"
    return f"over {curve[-1][0]:,}"


def mediators(piece):
    """What lies behind the figures, language by language; seed 1 where one run is looked at."""
    rows = []
    recalls = {(row["language"], row["method"]): row for row in piece.results["rows"]}
    for target in piece.data.targets:
        language, seed = target.language, piece.recipe.seeds[0]
        folder = piece.folder / language
        teacher = load_any_tagger(folder / "A0-direct" / f"seed-{seed}" / "tagger")
        sure = calibration(target.gold, label(teacher, target.gold.unlabelled()))
        cells = [language, f"{100 * sure.accuracy:.1f}", f"{100 * sure.error:.1f}", f"{100 * sure.names:.1f}"]
        for method in ("A0-direct", "A2h-student-hard", "B2-matching", "B4-bitext"):
            if (language, method) in recalls:
                micro = recalls[language, method]["evaluation"]["micro"]
                cells.append(f"{100 * micro['precision']:.0f} / {100 * micro['recall']:.0f}")
        cells.append(_kept(recalls, language))
        rows.append(cells)
    projection = "B2-matching" if "B2-matching" in piece.methods else "B4-bitext"
    head = ["language", "teacher: word accuracy", "ECE", "ECE of names", "A0 P / R", "A2h P / R", f"{projection} P / R"]
    return table([*head, "labels projected"], rows)


def _kept(rows, language):
    """Share of the source labels that were projected."""
    row = rows.get((language, "D2-all")) or rows[language, "B4-bitext"]
    ledger = row["lost"]
    done = ledger.get("spans projected", 0)
    lost = sum(number for name, number in ledger.items() if name.startswith("spans lost"))
    return f"{100 * done / max(done + lost, 1):.1f} %"


def plots(data, folder):
    """Draw F1 by arm and language, and F1 against resources."""
    import altair

    frame = altair.Data(values=[row for row in data if row["piece"] == "translated"])
    base = altair.Chart(frame).encode(y=altair.Y("arm:N", title=None, sort=None))
    span = base.mark_rule().encode(x=altair.X("low:Q", title="F1"), x2="high:Q")
    dots = base.mark_point(filled=True, size=40).encode(x="F1:Q")
    chart = (span + dots).properties(width=150, height=220).facet("language:N", columns=4)
    chart.save(folder / "f1.svg")
    sizes = {"source-100": 100, "source-1000": 1000, "translated": 12637}
    rows = [
        {**row, "size": sizes[row["piece"]]}
        for row in data
        if row["piece"] in sizes and row["language"] == "mean" and row["arm"] in PIECES["source-100"].methods
    ]
    shape = altair.Shape("arm:N", legend=None)
    lines = altair.Chart(altair.Data(values=rows)).encode(
        x=altair.X("size:Q", title="labelled source sentences", scale=altair.Scale(type="log", nice=False)),
        color=altair.Color("arm:N", title=None),
    )
    whiskers = lines.mark_rule().encode(y=altair.Y("low:Q", title="mean F1"), y2="high:Q")
    points = lines.mark_line(point=True).encode(y="F1:Q", strokeDash=altair.StrokeDash("arm:N", legend=None))
    marks = lines.mark_point(filled=True, size=60).encode(y="F1:Q", shape=shape)
    (whiskers + points + marks).properties(width=420, height=320).save(folder / "resources.svg")


def main():
    """Read pieces, write tables and plots."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    done = [name for name in PIECES if (arguments.folder / name / "results.json").is_file()]
    pieces = {name: Piece(name, arguments.folder / name) for name in done}
    parts, data = [], []
    for name, piece in pieces.items():
        text, points = f1_table(piece)
        parts.append(f"## {name}\n\n{text}")
        data += points
    text, values = contrasts(pieces)
    parts.append(f"## contrasts\n\n{text}")
    if "neural" in pieces:
        parts.append(f"## the same with the neural tagger\n\n{same_in(pieces['neural'])}")
    if "translated" in pieces:
        parts.append("## by size\n\n" + by_size(pieces, SOURCE, "source") + "\n" + by_size(pieces, TARGET, "target"))
    if "translated" in pieces and any(name.startswith("labels-") for name in pieces):
        parts.append(f"## worth of projection in labelled words\n\n{worth(pieces)}")
    for name in ("translated", "bitext"):
        if name in pieces:
            parts.append(f"## mediators: {name}\n\n{mediators(pieces[name])}")
    with whole_file(arguments.output / "tables.md") as file:
        file.write("\n".join(parts))
    with whole_file(arguments.output / "results.json") as file:
        json.dump({"f1": data, "contrasts": values}, file, indent=1)
    plots(data, arguments.output)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ExonymError as error:
        sys.exit(f"error: {error}")
