"""What `exonym recommend` found, as plain data, and in words. Start at `Recommendation`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from exonym.report.tables import ALPHA, difference_text, f1_text, interval_text, p_text, percent

if TYPE_CHECKING:
    from rich.table import Table

    from exonym.data import Ledger
    from exonym.evaluate import Comparison, Evaluation
    from exonym.report.results import Failure

Basis = Literal["labels", "silver", "prior"]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A method, and whether it applies to what there is.

    Attributes:
        method: its name.
        kind: its kind.
        missing: what it lacks and how to give it, a clause each; empty if it applies.
        compared: it is tried on the split.
        note: why it is not tried although it applies.
    """

    method: str
    kind: str
    missing: tuple[str, ...] = ()
    compared: bool = False
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A method that was tried.

    Attributes:
        method: its name.
        evaluation: its scores on the split.
        comparison: the best method less this one; None for the best.
        p: p-value of that (approximate randomisation), Holm-corrected over the methods; None for the best.
        seconds: time that its stages took when they ran, shared ones included; the mean over seeds.
    """

    method: str
    evaluation: Evaluation
    comparison: Comparison | None
    p: float | None
    seconds: float

    @property
    def f1(self) -> float:
        """Its micro F1, in [0, 1]."""
        return self.evaluation.scores.micro.f1

    def to_dict(self) -> dict[str, Any]:
        """Return the trial ready for JSON."""
        comparison = self.comparison.to_dict() | {"p": self.p} if self.comparison else None
        return {
            "method": self.method,
            "evaluation": self.evaluation.to_dict(),
            "best_less_this": comparison,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """Which method to take for a language, and why.

    Attributes:
        language: the target language.
        basis: what it rests on: `labels` of the target language, `silver` labels that were projected, or the `prior`,
            which is what other languages say.
        split: what was measured on, in words; empty with `prior`.
        candidates: all methods, and whether they apply.
        trials: those that were tried, the best first.
        failures: those that could not be carried out, and why.
        choice: name of the method; None if none applies, or if nothing was run yet.
        reason: the choice in a sentence, with its evidence.
        caveats: what must be known beside it, a sentence each.
        ledger: what reading the data skipped, repaired, renamed and dropped, and what was left out for the comparison.
        warnings: what may surprise.
        recipe: the recipe with all defaults filled in.
        machine: what the run was made with.
    """

    language: str
    basis: Basis
    split: str
    candidates: tuple[Candidate, ...]
    trials: tuple[Trial, ...] = ()
    failures: tuple[Failure, ...] = ()
    choice: str | None = None
    reason: str = ""
    caveats: tuple[str, ...] = ()
    ledger: Ledger
    warnings: tuple[str, ...] = ()
    recipe: dict[str, Any]
    machine: dict[str, Any]

    @property
    def unbeaten(self) -> tuple[str, ...]:
        """The best of the methods that were tried, and those that are not shown to be worse than it."""
        return tuple(trial.method for trial in self.trials if trial.p is None or trial.p >= ALPHA)

    def to_dict(self) -> dict[str, Any]:
        """Return everything ready for JSON."""
        return {
            "language": self.language,
            "basis": self.basis,
            "split": self.split,
            "choice": self.choice,
            "reason": self.reason,
            "caveats": list(self.caveats),
            "candidates": [asdict(candidate) for candidate in self.candidates],
            "trials": [trial.to_dict() for trial in self.trials],
            "failures": [asdict(failure) for failure in self.failures],
            "ledger": dict(self.ledger),
            "warnings": list(self.warnings),
            "recipe": self.recipe,
            "machine": self.machine,
        }


def reason(found: Recommendation, choice: str) -> str:
    """Say in a sentence which method to take, and how it stands beside the others that were tried."""
    text = f"{found.language}: use `{choice}`: "
    if found.basis == "prior":
        return f"{text}of the methods that apply it did best in other languages."
    best, own = found.trials[0], next(trial for trial in found.trials if trial.method == choice)
    text += f"on {found.split} F1 {f1_text(own.evaluation)}"
    if own is not best:
        text += f"; not shown to be worse than `{best.method}` ({percent(best.f1)}, p {p_text(own.p)})"
        return f"{text}, and of the methods of which that is so it did best in other languages."
    for heading, wanted in (("better than", True), ("not shown to be better than", False)):
        others = [trial for trial in found.trials if trial.p is not None and (trial.p < ALPHA) == wanted]
        if others:
            shown = (f"`{each.method}` ({difference_text(each.comparison)}, p {p_text(each.p)})" for each in others)
            text += f"; {heading} {', '.join(shown)}"
    return f"{text}."


def intention(found: Recommendation) -> str:
    """Say what would be compared, and on what."""
    names = [f"`{candidate.method}`" for candidate in found.candidates if candidate.compared]
    if found.basis == "prior" or not names:
        return f"{found.language}: nothing would be run: there is nothing to measure on."
    return f"{found.language}: would be compared on {found.split}: {', '.join(names)}."


def candidates_table(found: Recommendation) -> Table:
    """Make the table of what applies: a row for each method."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"{found.language}: what applies"), title_justify="left", header_style="bold")
    table.add_column("method", overflow="fold")
    table.add_column("applies", overflow="fold")
    for candidate in found.candidates:
        lacks = f"needs {'; '.join(candidate.missing)}" if candidate.missing else ""
        said = lacks or (f"yes; not compared: {candidate.note}" if candidate.note else "yes")
        table.add_row(Text(candidate.method), Text(said))
    return table


def trials_table(found: Recommendation) -> Table:
    """Make the table of the comparison: the best method, and by how much it beats each other one."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"{found.language}: on {found.split}"), title_justify="left", header_style="bold")
    best = found.trials[0].method
    table.add_column("method", overflow="fold")
    for heading in ("F1", f"{100 * found.recipe['confidence']:g}% interval", f"{best} less it", "p (Holm)", "seconds"):
        table.add_column(Text(heading), justify="right")
    for trial in found.trials:
        bounds = trial.evaluation.intervals
        cells = (percent(trial.f1), interval_text(bounds.micro if bounds else None))
        table.add_row(
            Text(trial.method), *cells, difference_text(trial.comparison), p_text(trial.p), f"{trial.seconds:.1f}"
        )
    return table
