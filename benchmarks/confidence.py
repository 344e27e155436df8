"""Fit the confidence of projected spans, and say how far to trust it: leave one language out.

Projects the gold English labels of UNER-PUD (1,000 sentences) onto German, Russian and Swedish with the default
matching; the aligner also learns on NTREX. A projected span is right if gold has it with the same words and label. For
each language the calibration is fitted on the other two, and the expected calibration error of its confidence is shown
beside that of the bare scores. The table that is fitted on all three is for `exonym.project.confidence.FITTED`.

Prints JSON with the machine last; run it with `EXONYM_DATA=<data pack> python benchmarks/confidence.py`.
"""

import json
import os
from pathlib import Path

from _machine import machine

from exonym.align import StatisticalAligner
from exonym.data import Bitext, Corpus, Pair
from exonym.formats import read_bitext, read_conll
from exonym.project import Calibration, calibration_error, fit, project, reliability
from exonym.project import confidence as confidence_module

DATA = Path(os.environ.get("EXONYM_DATA", Path(__file__).parents[2] / "shared" / "data"))
LANGUAGES = {"de": "deu", "ru": "rus", "sv": "swe"}
BINS = 20  # groups of scores in a fit
DECIMALS = 4  # of scores, since link files keep four of a weight: most scores lie within 0.001 of 1


def corpus(language):
    return Corpus(tuple(read_conll(DATA / "ner/uner-pud" / language / "test.conll", repair="conlleval")), language)


def judged(language, code):
    """Project onto a language: the score of every span, and whether gold has it."""
    source, gold = corpus("en"), corpus(language)
    pairs = zip(source, gold, strict=True)
    bitext = Bitext(tuple(Pair(one.words, other.words, one.id) for one, other in pairs), f"en-{language}")
    extra = read_bitext(DATA / f"parallel/ntrex/eng-{code}.test.tsv", raw=True, on_error="skip")
    projected = project(source, bitext, StatisticalAligner().align(bitext, [extra]))
    keys = [{span.key for span in sentence.spans} for sentence in gold]
    return [
        (round(span.score, DECIMALS), span.key in own)
        for sentence, own in zip(projected, keys, strict=True)
        for span in sentence.spans
    ]


def rounded(calibration):
    """Round the points; one digit more for scores, so that points stay apart."""
    points = {round(score, DECIMALS + 1): round(probability, 3) for score, probability in calibration.points}
    return Calibration(tuple(sorted(points.items())))


def main():
    if not (DATA / "ner/uner-pud").is_dir() or not (DATA / "parallel/ntrex").is_dir():
        print(f"skipped: no UNER-PUD and NTREX at {DATA}; set EXONYM_DATA")
        return
    confidence_module.FITTED = confidence_module.IDENTITY  # bare scores, whatever is fitted already
    found = {language: judged(language, code) for language, code in LANGUAGES.items()}
    rows = {}
    print(f"{'':4}{'spans':>7}{'right':>8}{'ECE, score':>12}{'ECE, fitted on the others':>27}")
    for language, own in found.items():
        others = [row for name, more in found.items() if name != language for row in more]
        calibration = rounded(fit(*zip(*others, strict=True), bins=BINS))
        scores, right = zip(*own, strict=True)
        told = [calibration(score) for score in scores]
        errors = calibration_error(scores, right), calibration_error(told, right)
        rows[language] = {"spans": len(own), "right": sum(right) / len(own), "ECE": errors}
        print(f"{language:4}{len(own):7}{sum(right) / len(own):8.3f}{errors[0]:12.3f}{errors[1]:27.3f}")
        for each in reliability(told, right):
            if each.matches:
                print(
                    f"      {each.low:.1f}-{each.high:.1f} {each.matches:6}{each.confidence:8.3f}{each.accuracy:8.3f}"
                )
    everything = [row for more in found.values() for row in more]
    points = rounded(fit(*zip(*everything, strict=True), bins=BINS)).points
    print(f"FITTED = Calibration({points})")
    print(json.dumps({"leave one out": rows, "points": points, "bins": BINS, "machine": machine("numpy")}))


if __name__ == "__main__":
    main()
