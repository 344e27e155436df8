"""`exonym align`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from exonym.cli.shared import (
    OnError,
    Output,
    Swap,
    check_distinct,
    check_output,
    opened,
    progress_bar,
    say,
    show_ledger,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exonym.align import StatisticalAligner
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
    prior: Annotated[
        Path | None, typer.Option(help="What was learnt from other text of the same languages, by --save-model.")
    ] = None,
    save_model: Annotated[Path | None, typer.Option(help="File for what is learnt here.")] = None,
    max_pairs: Annotated[
        int, typer.Option(min=1, help="Learn from a sample of so many pairs if there are more, and align in chunks.")
    ] = 50_000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that align chunks of a large text.")] = 1,
    on_error: OnError = "raise",
) -> None:
    """Align the words of a bitext and write Pharaoh links.

    Example: exonym align en-sw.tsv -o en-sw.links --extra news.tsv

    A small text is aligned better with what a large one taught:
    exonym align large.tsv -o large.links --save-model en-sw.model;
    exonym align small.tsv -o small.links --prior en-sw.model
    """
    import time

    from exonym.align import EflomalAligner, StatisticalAligner
    from exonym.data import Ledger
    from exonym.formats import read_bitext, write_pharaoh

    check_output(output)
    check_output(save_model)
    check_distinct({"--output": output, "--save-model": save_model})
    _check_options(aligner, prior, save_model)
    ledger = Ledger()
    text = read_bitext(bitext, swap=swap, on_error=on_error, ledger=ledger)
    more = [read_bitext(path, raw=raw, on_error=on_error, ledger=ledger) for path in extra or []]
    started = time.perf_counter()
    if aligner == "eflomal":
        alignment = EflomalAligner(symmetrisation=symmetrisation).align(text, more)
    else:
        one = StatisticalAligner(symmetrisation=symmetrisation, max_pairs=max_pairs)
        alignment = _align(one, text, more, prior, save_model, workers)
    with opened(output) as file:
        write_pharaoh(_by_line(bitext, text, alignment), file)
    ledger.update(alignment.ledger)
    show_ledger(ledger)
    say(f"links: {sum(map(len, alignment))} in {len(alignment)} pairs, {time.perf_counter() - started:.1f} s")


def _check_options(aligner: str, prior: Path | None, save_model: Path | None) -> None:
    """Refuse options that only the statistical aligner has."""
    from exonym.errors import RecipeError

    for name, value in (("--prior", prior), ("--save-model", save_model)):
        if value is not None and aligner != "statistical":
            raise RecipeError(f"found {name} with --aligner {aligner}; expected --aligner statistical. Leave one out.")


def _align(
    aligner: StatisticalAligner,
    text: Bitext,
    more: Sequence[Bitext],
    prior: Path | None,
    save_model: Path | None,
    workers: int,
) -> Alignment:
    """Align, with a bar and the time left; the model is saved as soon as there is one."""
    from exonym.align import AlignmentModel

    known = None if prior is None else AlignmentModel.load(prior)
    if known is not None:
        say(f"prior: learnt from {known.pairs:,} pairs")
    with progress_bar("learning") as progress:
        told = _announced(progress)
        if save_model is None:
            return aligner.align(text, more, known, workers=workers, progress=told)
        model, alignment = aligner.learn_and_align(text, more, known, workers=workers, progress=told)
    model.save(save_model)
    say(f"model: learnt from {model.pairs:,} pairs, in {save_model}")
    return alignment


def _announced(progress: Callable[[float, float, str], None]) -> Callable[[float, float, str], None]:
    """Say once how long a large text will take, when its first chunk is done, for those who see no bar."""
    import time

    begun = time.perf_counter()
    said = False

    def tell(done: float, total: float, what: str) -> None:
        nonlocal begun, said
        progress(done, total, what)
        if what == "aligning" and not done:
            begun = time.perf_counter()
        elif what == "aligning" and not said:
            said = True
            left = (time.perf_counter() - begun) * (total - done) / done
            say(f"aligned {done:,} of {total:,} pairs; about {left / 60:.0f} min left")

    return tell


def _by_line(path: Path, bitext: Bitext, alignment: Alignment) -> Iterator[Links]:
    """Yield links for every line of the bitext's file, none for lines that were skipped, so that both correspond."""
    from exonym.data import Links

    found = {pair.id: links for pair, links in zip(bitext, alignment, strict=True)}
    with path.open("rb") as file:
        for number, _ in enumerate(file, start=1):
            yield found.get(str(number), Links.of([]))
