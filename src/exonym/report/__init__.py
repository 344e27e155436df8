"""What a comparison found, shown: tables in the terminal and one self-contained HTML page."""

from exonym.report.page import answer, write_page
from exonym.report.results import Results, Row
from exonym.report.tables import comparison_table, f1_text, interval_text, notes, p_text, percent

__all__ = [
    "Results",
    "Row",
    "answer",
    "comparison_table",
    "f1_text",
    "interval_text",
    "notes",
    "p_text",
    "percent",
    "write_page",
]
