"""What an aligner is, and what every aligner checks first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from exonym.errors import Problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.data import Alignment, Bitext


class Aligner(Protocol):
    """Finds the word links of sentence pairs.

    Attributes:
        deterministic: the same text gives the same links, so that a result can be kept and looked up again.
    """

    deterministic: ClassVar[bool]

    def align(self, bitext: Bitext, extra: Sequence[Bitext] = ()) -> Alignment:
        """Link the words of each pair.

        Args:
            bitext: the pairs to align.
            extra: more text of the two languages, in the same direction, to learn from.

        Returns:
            The links of `bitext` only, in its order.

        Raises:
            DataError: a pair has an empty side.
        """
        ...


def check_bitexts(bitext: Bitext, extra: Sequence[Bitext] = (), longest: int | None = None) -> None:
    """Raise `DataError` that names every pair with an empty side, or with a side of more than `longest` words."""
    for text in (bitext, *extra):
        with Problems(text.name) as problems:
            for number, pair in enumerate(text, start=1):
                name = f"pair {number}" + (f" ({pair.id})" if pair.id else "")
                for side, words in (("source", pair.source), ("target", pair.target)):
                    if not words:
                        problems.add(None, f"no {side} words in {name}", "words on both sides", "Leave the pair out.")
                    elif longest is not None and len(words) > longest:
                        found = f"{len(words)} {side} words in {name}"
                        problems.add(None, found, f"at most {longest}", "Split the pair, or use another aligner.")
