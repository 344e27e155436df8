"""Strict entity F1 with intervals, paired tests, error classes and scores on unseen entities.

Start at `evaluate` for one system and `compare` for two. Everything is computed from `count`: entities matched,
predicted and gold, by sentence and label.
"""

from exonym.evaluate.bootstrap import Interval, Intervals, Mean, intervals_of, mean_over
from exonym.evaluate.calibration import Calibration, calibration
from exonym.evaluate.counts import Counts, Predictions, check_same_sentences, count
from exonym.evaluate.errors import ERROR_CLASSES, ErrorClass, ErrorTable, Finding, error_table, findings
from exonym.evaluate.evaluation import Evaluation, compare, evaluate
from exonym.evaluate.f1 import Score, Scores, score
from exonym.evaluate.nested import Contrast, ResampledRuns, resample_runs
from exonym.evaluate.paired import Comparison, PairedBootstrap, holm, paired_bootstrap, randomisation
from exonym.evaluate.signature import parse_signature, signature
from exonym.evaluate.unseen import Unseen, score_unseen, surfaces

__all__ = [
    "ERROR_CLASSES",
    "Calibration",
    "Comparison",
    "Contrast",
    "Counts",
    "ErrorClass",
    "ErrorTable",
    "Evaluation",
    "Finding",
    "Interval",
    "Intervals",
    "Mean",
    "PairedBootstrap",
    "Predictions",
    "ResampledRuns",
    "Score",
    "Scores",
    "Unseen",
    "calibration",
    "check_same_sentences",
    "compare",
    "count",
    "error_table",
    "evaluate",
    "findings",
    "holm",
    "intervals_of",
    "mean_over",
    "paired_bootstrap",
    "parse_signature",
    "randomisation",
    "resample_runs",
    "score",
    "score_unseen",
    "signature",
    "surfaces",
]
