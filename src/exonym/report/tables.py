"""Tables in the terminal, and the sentences beside them. Start at `comparison_table`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

ALPHA = 0.05  # differences with a greater p-value are not called differences
_TIE = 1e-12  # scores closer than this are the same number, computed in another order
_WIDE = 100  # a terminal of so many characters has all columns; a narrower one has the rest in lines below the table

if TYPE_CHECKING:
    from rich.table import Table

    from exonym.data import Ledger
    from exonym.evaluate import Comparison, Evaluation, Interval
    from exonym.report.results import Results, Row, Verdict


def percent(value: float) -> str:
    """Write a score of [0, 1] as percent with one decimal."""
    return f"{100 * value:.1f}"


def interval_text(interval: Interval | None) -> str:
    """Write an interval of scores in percent: `58.1-63.0`."""
    return "" if interval is None else f"{percent(interval.low)}-{percent(interval.high)}"


def f1_text(evaluation: Evaluation) -> str:
    """Write a micro F1 with its interval: `60.6 [58.1-63.0]`."""
    text = percent(evaluation.scores.micro.f1)
    return f"{text} [{interval_text(evaluation.intervals.micro)}]" if evaluation.intervals else text


def level_text(results: Results) -> str:
    """Write the level of the intervals: `95%`."""
    return f"{100 * results.recipe['confidence']:g}%"


def difference_text(comparison: Comparison | None) -> str:
    """Write a difference of F1 in points with its sign: `+4.1`."""
    return "" if comparison is None else f"{100 * comparison.difference:+.1f}"


def p_text(p: float | None) -> str:
    """Write a p-value with three decimals, small ones as `<0.001`."""
    if p is None:
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def loss_text(ledger: Ledger) -> str:
    """Write what a method lost in one line: the sentences left out, and the spans lost or left out by reason.

    Sentences that a method has no translation of are lost, unless it tags them without one.
    """
    lost = ["sentences left out: ", "sentences not translated"]
    if not {"sentences not translated", "untranslated sentences tagged directly"} & ledger.keys():
        lost.append("translations left out: ")
    left_out = sum(count for event, count in ledger.items() if event.startswith(tuple(lost)))
    reasons = ", ".join(
        f"{count} {event.partition(': ')[2]}"
        for event, count in ledger.items()
        if event.startswith(("spans lost: ", "spans left out: "))
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
    if abs(margin.difference) < _TIE:
        return f"{text}; ties with {second.method}."
    if second.method == baseline:
        return f"{text}; {baseline} is the next best."
    known = f"{difference_text(margin)}, p {p_text(margin.p_randomisation)}"
    if margin.p_randomisation < ALPHA:
        return f"{text}; the next best is {second.method} ({known})."
    return f"{text}; not shown to be better than {second.method} ({known})."


class _Column(NamedTuple):
    heading: str
    number: bool
    cells: list[str]


def comparison_table(results: Results, width: int = _WIDE) -> Table:
    """Make the one table of a comparison, a row per language and method; what they are called is shown literally.

    Args:
        results: what was found.
        width: of the terminal, in characters; `details` has what a table of this width leaves out.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(results.title), title_justify="left", header_style="bold")
    columns = _columns(results)[: None if width >= _WIDE else -2]
    for column in columns:
        # Where space is short, headings and names are folded, never numbers.
        widest = max(map(len, column.cells), default=0) if column.number else None
        table.add_column(
            Text(column.heading), justify="right" if column.number else "left", min_width=widest, overflow="fold"
        )
    languages = [row.language for row in results.rows] + ["mean"] * len(results.means)
    for at, cells in enumerate(zip(*(column.cells for column in columns), strict=True)):
        if at and languages[at] != languages[at - 1]:
            table.add_section()
        table.add_row(*map(Text, cells))
    return table


def _columns(results: Results) -> list[_Column]:
    """Return the columns of the table; the last two are left out where space is short."""
    rows, means = results.rows, results.means
    languages = [row.language for row in rows] + ["mean"] * len(means)
    starts = [not at or languages[at] != languages[at - 1] for at in range(len(languages))]
    blank = [""] * len(means)
    scores = [row.evaluation.scores.micro.f1 for row in rows] + [mean.f1.f1 for mean in means]
    bounds = [row.evaluation.intervals.micro if row.evaluation.intervals else None for row in rows]
    bounds += [mean.f1.interval for mean in means]
    return [
        _Column("language", False, [name if start else "" for name, start in zip(languages, starts, strict=True)]),
        _Column("method", False, [row.method for row in rows] + [mean.method for mean in means]),
        _Column("F1", True, [percent(f1) for f1 in scores]),
        _Column(f"{level_text(results)} interval", True, [interval_text(interval) for interval in bounds]),
        _Column(f"vs {results.baseline}", True, [difference_text(row.comparison) for row in rows] + blank),
        _Column("p", True, [p_text(row.p) for row in rows] + blank),
        _Column("unseen F1", True, [_unseen(row) for row in rows] + blank),
        _Column("seconds", True, [f"{row.seconds:.1f}" for row in rows] + blank),
    ]


def _unseen(row: Row) -> str:
    return percent(row.evaluation.unseen.scores.micro.f1) if row.evaluation.unseen else ""


def details(results: Results, width: int = _WIDE) -> list[str]:
    """Return, line by line, what a table of this width leaves out, what was lost and why, and what methods note."""
    lines = []
    for row in results.rows:
        parts = []
        if width < _WIDE:
            parts += [f"unseen F1 {_unseen(row)}"] if row.evaluation.unseen else []
            parts.append(f"{row.seconds:.1f} seconds")
        parts += [f"sentences lost {loss_text(row.ledger)}"] if row.ledger else []
        lines += [f"{row.language} {row.method}: {', '.join(parts)}"] if parts else []
    return lines + method_notes(results)


def method_notes(results: Results) -> list[str]:
    """Return what methods say of how they were carried out, such as the weights of their teachers."""
    return [f"{row.language} {row.method}: {note}" for row in results.rows for note in row.notes]


def notes(results: Results) -> list[str]:
    """Return what must be read beside the table: failures, the source tagger's own score, warnings, the signature."""
    lines = [
        f"failed: {failure.language} {failure.method} seed {failure.seed}: {failure.reason}"
        for failure in results.failures
    ]
    if results.source is not None:
        lines.append(f"source tagger on {results.source_language} test: F1 {f1_text(results.source)}")
    lines += [f"warning: {warning}" for warning in results.warnings]
    lines.append(
        f"F1: strict, micro. p: approximate randomisation against {results.baseline}, Holm-corrected over languages. "
        "unseen: entities that the source training text does not name. seconds: mean over seeds; shared stages count "
        "for every method. lost: with the first seed."
    )
    signed: dict[str, list[str]] = {}
    for row in results.rows:
        languages = signed.setdefault(row.evaluation.signature, [])
        languages += [row.language] * (row.language not in languages)
    for text, languages in signed.items():
        of = f" ({', '.join(languages)})" if len(signed) > 1 else ""
        lines.append(f"signature{of}: {text}")
    return lines
