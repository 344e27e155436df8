"""The report as one self-contained HTML page: no script, no network, plain tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exonym.files import whole_file
from exonym.report.tables import (
    answer,
    difference_text,
    interval_text,
    level_text,
    loss_text,
    method_notes,
    notes,
    p_text,
    percent,
)

if TYPE_CHECKING:
    from pathlib import Path

    from exonym.report.results import Results


def write_page(results: Results, path: Path) -> None:
    """Write the page; everything that comes from data or recipes is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("exonym.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {
        "percent": percent,
        "interval": interval_text,
        "difference": difference_text,
        "p": p_text,
        "losses": loss_text,
    }
    page = environment.get_template("report.html.jinja").render(
        results=results,
        level=level_text(results),
        labels=list(dict.fromkeys(label for row in results.rows for label in row.evaluation.scores.per_label)),
        notes=method_notes(results) + notes(results),
        answers=[answer(verdict, results.baseline) for verdict in results.verdicts],
    )
    with whole_file(path) as file:
        file.write(page)
