"""The errors that a user can cause, under one root.

Every message says what was found, what was expected, where, and how to mend it. Faults of a file are gathered in
`Problems`, so that one reading names all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType


class ExonymError(Exception):
    """Root of all errors that exonym raises on purpose."""


class DataError(ExonymError, ValueError):
    """A file, or an object made from one, does not hold what it should.

    Attributes:
        count: how many faults the message stands for, those that it only counts included.
    """

    count: int = 1


class RecipeError(ExonymError, ValueError):
    """A recipe, an option or a combination of them cannot be run."""


class MissingExtra(ExonymError, ImportError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f'{package} is not installed. Run: pip install "exonym[{extra}]"')


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of an input: where it is (and its line, for sorting), what was found and expected, how to mend it."""

    where: str
    line: float
    found: str
    expected: str
    mend: str

    def __str__(self) -> str:
        """Write the fault as one line."""
        return f"{self.where}: found {self.found}; expected {self.expected}. {self.mend}"


@dataclass(slots=True)
class Problems:
    """The faults of one input, gathered so that all are reported at once.

    Used as a context manager, it raises one `DataError` at the end if any fault was added.

    Args:
        path: the file (or other input) that is read; used in front of every line number.
        shown: how many faults the message lists, the first by line; the rest are counted.
    """

    path: str
    shown: int = 20
    found: list[Problem] = field(default_factory=list)
    count: int = 0

    def add(self, line: int | None, found: str, expected: str, mend: str) -> None:
        """Note one fault; `line` is 1-based, or None for a fault of the whole input."""
        where = self.path if line is None else f"{self.path}:{line}"
        self._keep([Problem(where, inf if line is None else line, found, expected, mend)], 1)

    def update(self, other: Problems) -> None:
        """Add the faults that were found elsewhere, such as in another process."""
        self._keep(other.found, other.count)

    def _keep(self, found: Sequence[Problem], count: int) -> None:
        """Keep the first faults by line, so that it does not matter in which order they are found."""
        self.count += count
        self.found = sorted([*self.found, *found], key=attrgetter("line"))[: self.shown]

    def raise_any(self) -> None:
        """Raise one `DataError` with every fault, or return if there is none."""
        if not self.count:
            return
        lines = [str(problem) for problem in self.found]
        if self.count > len(self.found):
            lines.append(f"... and {self.count - len(self.found)} more in {self.path}")
        error = DataError("\n".join(lines))
        error.count = self.count
        raise error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.raise_any()


def suggest(name: str, known: Iterable[str], *, shown: int = 8) -> str:
    """Return a hint for a misspelt name: `Did you mean 'exact'?` or, if none is near, the first `shown` known names."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return f"Known: {', '.join(names[:shown])}{more}."
