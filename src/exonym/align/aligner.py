"""What an aligner is, and what every aligner does first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from exonym.align.segment import segmented_like
from exonym.errors import Problems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exonym.data import Alignment, Bitext, Ledger


class Aligner(Protocol):
    """Finds the word links of sentence pairs.

    Attributes:
        deterministic: the same text gives the same links, so that a result can be kept and looked up again.
        requires: optional packages that must be installed, and the extra of each.
    """

    deterministic: ClassVar[bool]

    @property
    def requires(self) -> Mapping[str, str]: ...  # noqa: D102

    def align(self, bitext: Bitext, extra: Sequence[Bitext] = ()) -> Alignment:
        """Link the words of each pair.

        Args:
            bitext: the pairs to align.
            extra: more text of the two languages, in the same direction, to learn from; cut into words like `bitext`
                where it is not (see `segmented_like`), which the ledger of the result counts.

        Returns:
            The links of `bitext` only, in its order.

        Raises:
            DataError: a pair has an empty side.
        """
        ...


def prepared(
    bitext: Bitext, extra: Sequence[Bitext] = (), longest: int | None = None
) -> tuple[tuple[Bitext, ...], Ledger]:
    """Make extra text ready to be learnt from, and check all text.

    Returns:
        The extra texts, cut into words like the bitext, and what was cut.

    Raises:
        DataError: pairs with an empty side, or with a side of more than `longest` words; all of them are named.
    """
    more, ledger = segmented_like(bitext, extra)
    for text in (bitext, *more):
        with Problems(text.name) as problems:
            for number, pair in enumerate(text, start=1):
                name = f"pair {number}" + (f" ({pair.id})" if pair.id else "")
                for side, words in (("source", pair.source), ("target", pair.target)):
                    if not words:
                        problems.add(None, f"no {side} words in {name}", "words on both sides", "Leave the pair out.")
                    elif longest is not None and len(words) > longest:
                        found = f"{len(words)} {side} words in {name}"
                        problems.add(None, found, f"at most {longest}", "Split the pair, or use another aligner.")
    return more, ledger
