"""What a comparison found, as plain data for tables, pages and JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exonym.data import Ledger
    from exonym.evaluate import Comparison, Evaluation, Mean


@dataclass(frozen=True, kw_only=True)
class Row:
    """One method on one language.

    Attributes:
        language: the target language.
        method: the method's name.
        evaluation: its scores.
        comparison: its difference to the baseline; None for the baseline itself, and where the baseline failed.
        p: p-value of the difference (approximate randomisation), Holm-corrected over the languages; None likewise.
        seconds: time that its stages took when they ran, shared ones included; per run, so the mean over seeds.
        ledger: what was lost on the way with the first seed.
        notes: what else the method says of how it was made, with the first seed.
    """

    language: str
    method: str
    evaluation: Evaluation
    comparison: Comparison | None
    p: float | None
    seconds: float
    ledger: Ledger
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the row ready for JSON."""
        comparison = self.comparison.to_dict() | {"p": self.p} if self.comparison else None
        return {
            "language": self.language,
            "method": self.method,
            "evaluation": self.evaluation.to_dict(),
            "comparison": comparison,
            "seconds": round(self.seconds, 3),
            "lost": dict(self.ledger),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A method that could not be carried out on a language with a seed, and why."""

    language: str
    method: str
    seed: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Which method won on a language, among those that need no labelled target text.

    Attributes:
        best: the row with the highest F1.
        second: the next one; None if there was no other.
        margin: the difference between the two, tested as if the two had been named beforehand.
    """

    best: Row
    second: Row | None
    margin: Comparison | None

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict ready for JSON."""
        return {
            "language": self.best.language,
            "best": self.best.method,
            "second": self.second.method if self.second else None,
            "margin": self.margin.to_dict() if self.margin else None,
        }


@dataclass(frozen=True, kw_only=True)
class MeanRow:
    """The mean F1 of a method over all languages."""

    method: str
    f1: Mean

    def to_dict(self) -> dict[str, Any]:
        """Return the mean ready for JSON."""
        return {"method": self.method, **self.f1.to_dict()}


@dataclass(frozen=True, kw_only=True)
class Results:
    """A comparison.

    Attributes:
        title: what was asked.
        baseline: the method that the others are compared with.
        source_language: the language that has labels; empty if there is none.
        source: scores of the source tagger on its own language; None without such a test text.
        rows: method by method, language by language; without those that failed with any seed.
        failures: what failed, and why.
        verdicts: which method won, for each language.
        means: means over languages, if there are several.
        ledger: what reading the data skipped, repaired, renamed and dropped.
        warnings: what may surprise.
        recipe: the recipe with all defaults filled in.
        machine: what the run was made with: versions, processor count, date.
    """

    title: str
    baseline: str
    source_language: str
    source: Evaluation | None
    rows: tuple[Row, ...]
    failures: tuple[Failure, ...]
    verdicts: tuple[Verdict, ...]
    means: tuple[MeanRow, ...]
    ledger: Ledger
    warnings: tuple[str, ...]
    recipe: dict[str, Any]
    machine: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return everything ready for JSON."""
        return {
            "title": self.title,
            "baseline": self.baseline,
            "source": {
                "language": self.source_language,
                "evaluation": self.source.to_dict() if self.source else None,
            },
            "rows": [row.to_dict() for row in self.rows],
            "failures": [asdict(failure) for failure in self.failures],
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
            "means": [mean.to_dict() for mean in self.means],
            "ledger": dict(self.ledger),
            "warnings": list(self.warnings),
            "recipe": self.recipe,
            "machine": self.machine,
        }
