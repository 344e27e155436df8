"""What a comparison found, shown: tables in the terminal and one self-contained HTML page."""

from exonym.report.page import write_page
from exonym.report.results import Failure, MeanRow, Results, Row, Verdict
from exonym.report.tables import answer, comparison_table, details, f1_text, interval_text, notes, p_text, percent

__all__ = [
    "Failure",
    "MeanRow",
    "Results",
    "Row",
    "Verdict",
    "answer",
    "comparison_table",
    "details",
    "f1_text",
    "interval_text",
    "notes",
    "p_text",
    "percent",
    "write_page",
]
