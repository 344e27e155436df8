"""Replay Wu et al. 2020 (ACL): English into Spanish, Dutch and German by teacher and student, one source and three.

    python examples/wu2020.py --data FOLDER --hub -o out/wu2020

FOLDER has a folder for each of en, es, nl and de with train.conll and test.conll: CoNLL-2003 and CoNLL-2002 (`testb`)
in UTF-8, word first and tag last, an empty line between sentences. Made for a GPU. Run again after a stop: what is done
is found in `OUT/store`, which all parts share, so that each teacher is trained once.

What is theirs (by their code: `run_single.sh`, `run_multi.sh`, `main_single.py`, `main.py`):
multilingual BERT, embeddings and three layers frozen, dropout 0.1, first subwords, 128 of them in a window, 3 epochs,
linear warm-up over 10 % of the steps and then linear decay, gradients clipped to 1, last epoch; teachers on all
labelled training text of a source at 5e-5 with weight decay 0.01; fresh students of the same encoder on the target's
training text without its labels, by mean squared error at 1e-4, with weight decay 0.01 (one source) or 1e-5 (several);
similarity weights of the whole text from the pooler output of the encoder as it is, rank 64, gamma 0.01, 10 epochs at
1e-4; the seed 22.

What is not:
- Longer sentences are read in windows and every word is scored; they cut them, and leave the rest out of the score.
- A batch holds 832 subwords of windows of like length, about 32 sentences on the mean (26 subwords each: an estimate
  from the words of the corpora and 1.4 subwords a word). Theirs hold 32 sentences of any length.
- Tags are decoded so that none is illegal. They take the best of each word.
- Training sentences that the test text has too are left out for students, and counted.
- `run_multi.sh` leaves the rate of the teachers at 1e-4, though it says that they are those of `run_single.sh`, which
  asks for 5e-5. Here it is 5e-5.
- bfloat16 where the GPU has it.
The teachers stand in the table too, so that it shows what the students themselves add.
"""

import argparse
import os
import sys
from pathlib import Path

from exonym.errors import ExonymError
from exonym.files import whole_file
from exonym.report.tables import difference_text, f1_text, p_text
from exonym.run import Recipe, compare
from exonym.run.meaning import faults_of_meaning
from exonym.run.recipe import File, FurtherSource, NamedMethod, SourceData, TargetData, TextFile
from exonym.tag import NeuralOptions, TransformerEncoder
from exonym.transfer import Direct, MultiSource, TeacherStudent
from exonym.transfer.similarity import SimilarityOptions

MODEL = "bert-base-multilingual-cased"
SOURCE, TARGETS = "en", ("es", "nl", "de")
SPLITS = ("train", "test")
BATCH_TOKENS = 832
PUBLISHED = {  # F1 on es, nl, de as their authors give it
    "Wu et al. 2020, one source": (76.94, 80.89, 73.22),
    "Wu et al. 2020, three sources": (78.00, 81.33, 75.33),
    "multilingual BERT as it is, run by Chen et al. 2021 (AdvPicker)": (75.12, 80.34, 72.59),
    "multilingual BERT as it is, run by Wu et al. 2020 (UniTrans)": (76.34, 80.61, 72.39),
}
ROWS = {  # method of the recipes -> name in the table
    "direct": "the teacher of English as it is",
    "student": "its student",
    "teachers-even": "three teachers, even weights",
    "student-even": "their student",
    "teachers-similar": "three teachers, weights of learnt similarity",
    "student-similar": "their student (weights of learnt similarity)",
}


def tagger(model, hub, rate, decay):
    """How they fine-tune."""
    encoder = TransformerEncoder(model=model, hub=hub, frozen_layers=3, dropout=0.1, max_length=128)
    return NeuralOptions(
        encoder=encoder,
        epochs=3,
        learning_rate=rate,
        weight_decay=decay,
        warmup=0.1,
        clip=1.0,
        batch_tokens=BATCH_TOKENS,
    )


def recipes(data, model=MODEL, hub=False, seeds=(22,)):
    """Return the parts by name: `single`, and `multi-LANGUAGE` for each target, whose sources are the other three."""

    def path(language, split):
        return str(data / language / f"{split}.conll")

    def target(language):
        text = (TextFile(path=path(language, "train")),)
        return TargetData(language=language, test=File(path=path(language, "test")), text=text)

    def recipe(title, targets, methods, sources=()):
        return Recipe(
            title=title,
            source=SourceData(language=SOURCE, train=File(path=path(SOURCE, "train"))),
            sources=tuple(FurtherSource(language=each, train=File(path=path(each, "train"))) for each in sources),
            targets=tuple(map(target, targets)),
            methods=tuple(NamedMethod(name=name, options=options) for name, options in methods.items()),
            seeds=tuple(seeds),
        )

    teacher = tagger(model, hub, 5e-5, 0.01)
    student = tagger(model, hub, 1e-4, 1e-5)
    likeness = SimilarityOptions(
        encoder=model, hub=hub, rank=64, penalty=0.01, epochs=10, batch=32, rate=1e-4, decay=1e-5
    )
    alike = {"weights": "similarity", "similarity": likeness}
    one = {
        "direct": Direct(tagger=teacher),
        "student": TeacherStudent(teachers=(Direct(tagger=teacher),), student=tagger(model, hub, 1e-4, 0.01)),
    }
    several = {
        "teachers-even": MultiSource(tagger=teacher),
        "student-even": MultiSource(tagger=teacher, student=student),
        "teachers-similar": MultiSource(tagger=teacher, **alike),
        "student-similar": MultiSource(tagger=teacher, student=student, **alike),
    }
    found = {"single": recipe("Wu et al. 2020, one source", TARGETS, one)}
    for language in TARGETS:
        others = [other for other in TARGETS if other != language]
        found[f"multi-{language}"] = recipe(f"Wu et al. 2020, three sources, {language}", [language], several, others)
    return found


def check_files(data):
    """Stop before anything runs if a corpus is not there."""
    files = [data / language / f"{split}.conll" for language in (SOURCE, *TARGETS) for split in SPLITS]
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        expected = (
            "train.conll and test.conll of CoNLL-2003 (en, de) and CoNLL-2002 (es, nl), which cannot come with exonym"
        )
        raise ExonymError(
            f"found no {', '.join(missing)}; expected {expected}. Put them there, or name another --data."
        )


def replay(parts, out):
    """Carry out all parts with one store."""

    def told(done, total, what):
        print(f"[{done}/{total}] {what}", file=sys.stderr)

    results = []
    for name, recipe in parts.items():
        print(f"{name}: {recipe.title}", file=sys.stderr)
        results.append(compare(recipe, out / name, store=out / "store", told=told))
    return results


def table(results):
    """Return the figures beside the published ones, as a Markdown table."""
    rows = {(row.language, row.method): row for result in results for row in result.rows}
    lines = ["| | " + " | ".join((*TARGETS, "mean")) + " |", "|" + " --- |" * (len(TARGETS) + 2)]
    for method, name in ROWS.items():
        own = [rows.get((language, method)) for language in TARGETS]
        mean = "" if None in own else f"{100 * sum(row.evaluation.scores.micro.f1 for row in own) / len(own):.1f}"
        lines.append(f"| {name} | " + " | ".join((*map(cell, own), mean)) + " |")
    for name, scores in PUBLISHED.items():
        numbers = [f"{f1:.2f}" for f1 in (*scores, sum(scores) / len(scores))]
        lines.append(f"| published: {name} | " + " | ".join(numbers) + " |")
    return "\n".join(lines)


def cell(row):
    """F1 with its interval and, of all but the first method of a part, the paired difference from that."""
    if row is None:
        return "failed"
    difference = f" ({difference_text(row.comparison)}, p {p_text(row.p)})" if row.comparison else ""
    return f1_text(row.evaluation) + difference


def main(arguments=None):
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    usual = os.environ.get("EXONYM_DATA")
    data = Path(usual, "ner/conll") if usual else None
    where = "the folder of en, es, nl and de; ner/conll in that of the environment variable EXONYM_DATA, if it is set"
    parser.add_argument("--data", type=Path, default=data, required=data is None, help=where)
    parser.add_argument("--model", default=MODEL, help="a folder, or a name on the Hugging Face hub (%(default)s)")
    parser.add_argument("--hub", action="store_true", help="allow its download")
    parser.add_argument("--seeds", type=int, nargs="+", default=[22], help="one run of everything for each (22)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="a folder for all results")
    given = parser.parse_args(arguments)
    try:
        check_files(given.data)
        parts = recipes(given.data, given.model, given.hub, given.seeds)
        faults = [fault for recipe in parts.values() for fault in faults_of_meaning(recipe)]
        if faults:
            raise ExonymError("\n".join(dict.fromkeys(faults)))
        results = replay(parts, given.output)
    except ExonymError as error:
        sys.exit(f"error: {error}")
    text = table(results)
    with whole_file(given.output / "table.md") as file:
        file.write(text + "\n")
    print(text)
    reasons = {failure.reason: None for result in results for failure in result.failures}
    if reasons:
        sys.exit("error: " + "\n".join(reasons))


if __name__ == "__main__":
    main()
