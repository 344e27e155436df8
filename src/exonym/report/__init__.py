"""What a comparison found, shown: tables in the terminal and one self-contained HTML page."""

from exonym.report.page import write_page
from exonym.report.recommendation import (
    Candidate,
    Recommendation,
    Trial,
    candidates_table,
    intention,
    reason,
    trials_table,
)
from exonym.report.results import Failure, MeanRow, Results, Row, Verdict
from exonym.report.tables import answer, comparison_table, details, f1_text, interval_text, notes, p_text, percent

__all__ = [
    "Candidate",
    "Failure",
    "MeanRow",
    "Recommendation",
    "Results",
    "Row",
    "Trial",
    "Verdict",
    "answer",
    "candidates_table",
    "comparison_table",
    "details",
    "f1_text",
    "intention",
    "interval_text",
    "notes",
    "p_text",
    "percent",
    "reason",
    "trials_table",
    "write_page",
]
