"""`exonym align`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from exonym.cli.shared import OnError, Output, Swap, check_output, opened, say, show_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exonym.data import Alignment, Bitext, Links


def align(
    bitext: Annotated[Path, typer.Argument(help="Two-column TSV: source, tab, target; words between spaces.")],
    output: Output = None,
    swap: Swap = False,
    extra: Annotated[
        list[Path] | None,
        typer.Option(
            help="More text to learn from, source first; may be repeated. Chinese, Thai and the like without "
            "spaces between words is cut like the bitext."
        ),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw-extra", help="The extra text is running text: split it into words.")
    ] = False,
    aligner: Annotated[Literal["statistical", "eflomal"], typer.Option(help="Who aligns.")] = "statistical",
    symmetrisation: Annotated[
        Literal["soft", "intersection", "union", "grow-diag-final-and"],
        typer.Option(help="How both directions are combined; soft keeps weights."),
    ] = "soft",
    on_error: OnError = "raise",
) -> None:
    """Align the words of a bitext and write Pharaoh links.

    Example: exonym align en-sw.tsv -o en-sw.links --extra news.tsv
    """
    import time

    from exonym.align import ALIGNERS
    from exonym.data import Ledger
    from exonym.formats import read_bitext, write_pharaoh

    check_output(output)
    ledger = Ledger()
    text = read_bitext(bitext, swap=swap, on_error=on_error, ledger=ledger)
    more = [read_bitext(path, raw=raw, on_error=on_error, ledger=ledger) for path in extra or []]
    started = time.perf_counter()
    alignment = ALIGNERS[aligner](symmetrisation=symmetrisation).align(text, more)
    with opened(output) as file:
        write_pharaoh(_by_line(bitext, text, alignment), file)
    ledger.update(alignment.ledger)
    show_ledger(ledger)
    say(f"links: {sum(map(len, alignment))} in {len(alignment)} pairs, {time.perf_counter() - started:.1f} s")


def _by_line(path: Path, bitext: Bitext, alignment: Alignment) -> Iterator[Links]:
    """Yield links for every line of the bitext's file, none for lines that were skipped, so that both correspond."""
    from exonym.data import Links

    found = {pair.id: links for pair, links in zip(bitext, alignment, strict=True)}
    with path.open("rb") as file:
        for number, _ in enumerate(file, start=1):
            yield found.get(str(number), Links.of([]))
