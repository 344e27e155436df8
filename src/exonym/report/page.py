"""The report as one self-contained HTML page: no script, no network, plain tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exonym.files import whole_file
from exonym.report.tables import difference_text, interval_text, loss_text, notes, p_text, percent

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
        notes=notes(results),
        answers=[answer(results, language) for language in dict.fromkeys(row.language for row in results.rows)],
    )
    with whole_file(path) as file:
        file.write(page)


def answer(results: Results, language: str) -> str:
    """Say in a sentence which method won on a language, and whether that means anything.

    Methods trained on labelled target text (`supervised`) are the ceiling, not contestants.
    """
    kinds = {method["name"]: method["options"]["kind"] for method in results.recipe["methods"]}
    rows = [row for row in results.rows if row.language == language and kinds[row.method] != "supervised"]
    if not rows:
        return f"{language}: only the ceiling was run."
    best = max(rows, key=lambda row: row.evaluation.scores.micro.f1)
    text = f"{language}: {best.method} reaches F1 {percent(best.evaluation.scores.micro.f1)}"
    if best.comparison is None or best.p is None:
        return f"{text}; no other method is better than {best.method}."
    said = "" if best.p < 0.05 else ", which may be chance"
    return f"{text}, {difference_text(best.comparison)} over {results.baseline} (p {p_text(best.p)}){said}."
