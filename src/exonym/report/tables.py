"""Tables in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

_ALPHA = 0.05  # differences with a greater p-value are not called differences

if TYPE_CHECKING:
    from rich.table import Table

    from exonym.data import Ledger
    from exonym.evaluate import Comparison, Evaluation, Interval
    from exonym.report.results import Results, Verdict


def percent(value: float) -> str:
    """Write a score of [0, 1] as percent with one decimal."""
    return f"{100 * value:.1f}"


def interval_text(interval: Interval) -> str:
    """Write an interval of scores in percent: `58.1-63.0`."""
    return f"{percent(interval.low)}-{percent(interval.high)}"


def f1_text(evaluation: Evaluation) -> str:
    """Write a micro F1 with its interval: `60.6 [58.1-63.0]`."""
    text = percent(evaluation.scores.micro.f1)
    return f"{text} [{interval_text(evaluation.intervals.micro)}]" if evaluation.intervals else text


def difference_text(comparison: Comparison | None) -> str:
    """Write a difference of F1 in points with its sign: `+4.1`."""
    return "" if comparison is None else f"{100 * comparison.difference:+.1f}"


def p_text(p: float | None) -> str:
    """Write a p-value with three decimals, small ones as `<0.001`."""
    if p is None:
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def loss_text(ledger: Ledger) -> str:
    """Write what a method lost in one line: the sentences left out, and the spans lost by reason."""
    left_out = ledger.get("sentences left out of training", 0)
    reasons = ", ".join(
        f"{count} {event.removeprefix('spans lost: ')}"
        for event, count in ledger.items()
        if event.startswith("spans lost")
    )
    return f"{left_out}" + (f" ({reasons})" if reasons else "") if ledger else ""


def answer(verdict: Verdict, baseline: str) -> str:
    """Say in a sentence which method won on a language, by how much, and whether that means anything."""
    best, second, margin = verdict.best, verdict.second, verdict.margin
    text = f"{best.language}: {best.method} reaches F1 {percent(best.evaluation.scores.micro.f1)}"
    if best.comparison is not None:
        text += f", {difference_text(best.comparison)} over {baseline} (p {p_text(best.p)})"
    if second is None or margin is None:
        return f"{text}."
    if second.method == baseline:
        return f"{text}; {baseline} is the next best."
    known = f"{difference_text(margin)}, p {p_text(margin.p_randomisation)}"
    if margin.p_randomisation < _ALPHA:
        return f"{text}; the next best is {second.method} ({known})."
    return f"{text}; not shown to be better than {second.method} ({known})."


def comparison_table(results: Results) -> Table:
    """Make the one table of a comparison, a row per language and method."""
    from rich.table import Table

    level = round(100 * float(results.recipe["confidence"]))
    table = Table(title=results.title, title_justify="left", header_style="bold")
    for heading, right in (
        ("language", False),
        ("method", False),
        ("F1", True),
        (f"{level}% interval", True),
        (f"vs {results.baseline}", True),
        ("p (Holm)", True),
        ("unseen F1", True),
        ("seconds", True),
        ("sentences lost (spans, why)", False),
    ):
        table.add_column(
            heading, justify="right" if right else "left", no_wrap=heading != "sentences lost (spans, why)"
        )
    language = None
    for row in results.rows:
        if language is not None and row.language != language:
            table.add_section()
        micro, unseen = row.evaluation.intervals, row.evaluation.unseen
        table.add_row(
            row.language if row.language != language else "",
            row.method,
            percent(row.evaluation.scores.micro.f1),
            interval_text(micro.micro) if micro else "",
            difference_text(row.comparison),
            p_text(row.p),
            percent(unseen.scores.micro.f1) if unseen else "",
            f"{row.seconds:.1f}",
            loss_text(row.ledger),
        )
        language = row.language
    for number, mean in enumerate(results.means):
        if not number:
            table.add_section()
        bounds = interval_text(mean.f1.interval) if mean.f1.interval else ""
        table.add_row("" if number else "mean", mean.method, percent(mean.f1.f1), bounds)
    return table


def notes(results: Results) -> list[str]:
    """Return what must be read beside the table: the source tagger's own score, warnings, and the signature."""
    lines = []
    if results.source is not None:
        lines.append(f"source tagger on {results.source_language} test: F1 {f1_text(results.source)}")
    lines += [f"warning: {warning}" for warning in results.warnings]
    lines.append(
        f"F1: strict, micro. p: approximate randomisation against {results.baseline}, Holm-corrected over languages. "
        "unseen: entities that the source training text does not name. seconds: shared stages count for every method."
    )
    lines.append(f"signature: {results.rows[0].evaluation.signature}")
    return lines
