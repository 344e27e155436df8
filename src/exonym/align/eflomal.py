"""Alignment by the optional `eflomal` package, which is called and not linked: it is GPL-3, exonym is not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from exonym.align.aligner import prepared
from exonym.align.cells import prefix_of
from exonym.align.symmetrise import Symmetrisation, symmetrise, vote
from exonym.data import Alignment, Links
from exonym.errors import MissingExtra, RecipeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.data import Bitext, Pair

LONGEST = 1023  # words; eflomal refuses longer sentences


@dataclass(frozen=True, kw_only=True)
class EflomalAligner:
    """Aligns with eflomal in both directions. It is a sampler without a seed, so no two runs give the same links.

    Expect single runs to differ by about 1 F1 of projected labels; several `prefixes` are several runs whose votes are
    averaged.

    Attributes:
        kind: names the aligner in a recipe.
        symmetrisation: how the two directions are combined; `soft` gives weight 0.5 to a link of one direction only.
        prefixes: one run for each; words are compared by so many first characters, case-folded; 0 is whole words.
    """

    deterministic: ClassVar[bool] = False
    requires: ClassVar[dict[str, str]] = {"eflomal": "eflomal"}

    kind: Literal["eflomal"] = "eflomal"
    symmetrisation: Symmetrisation = "soft"
    prefixes: tuple[int, ...] = (4,)

    def __post_init__(self) -> None:
        if not self.prefixes or min(self.prefixes) < 0:
            raise RecipeError(f"prefixes is {self.prefixes}; expected one or more lengths, 0 for whole words")

    def align(self, bitext: Bitext, extra: Sequence[Bitext] = ()) -> Alignment:
        """Link the words of each pair of `bitext`; see `Aligner.align`.

        Raises:
            DataError: a pair has an empty side, or is longer than eflomal can read.
            MissingExtra: eflomal is not installed.

        Source:
            Östling and Tiedemann 2016, "Efficient word alignment with Markov chain Monte Carlo".
        """
        extra, ledger = prepared(bitext, extra, longest=LONGEST)
        if not len(bitext):
            return Alignment((), "eflomal", ledger)
        try:
            import eflomal
        except ImportError as error:
            raise MissingExtra("eflomal", "eflomal") from error
        pairs = [pair for text in (bitext, *extra) for pair in text]
        runs = [_run(eflomal.Aligner(), pairs, prefix, len(bitext)) for prefix in self.prefixes]
        votes = [[symmetrise(one, other, self.symmetrisation) for one, other in zip(*run, strict=True)] for run in runs]
        return Alignment(tuple(vote(of_pair) for of_pair in zip(*votes, strict=True)), "eflomal", ledger)


def _run(aligner: Any, pairs: Sequence[Pair], prefix: int, wanted: int) -> tuple[list[Links], list[Links]]:  # noqa: ANN401
    """Return the links of the first `wanted` pairs, of both directions."""

    def lines(sentences: Sequence[Sequence[str]]) -> list[str]:
        # A space inside a word would shift all words after it.
        return [" ".join(prefix_of(word, prefix).replace(" ", "_") for word in words) + "\n" for words in sentences]

    with TemporaryDirectory() as folder:
        paths = Path(folder) / "forward", Path(folder) / "backward"
        aligner.align(
            lines([pair.source for pair in pairs]),
            lines([pair.target for pair in pairs]),
            links_filename_fwd=str(paths[0]),
            links_filename_rev=str(paths[1]),
        )
        forward, backward = ([_links(line) for line in path.read_text().splitlines()[:wanted]] for path in paths)
    return forward, backward


def _links(line: str) -> Links:
    """Read one line of `source-target` links."""
    return Links.of((int(i), int(j)) for i, _, j in (link.partition("-") for link in line.split()))
