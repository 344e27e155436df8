"""`exonym align`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

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
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from exonym.data import Alignment, Bitext, Ledger, Links

EMBEDDING = "Embedding aligner"
PATIENCE = 5.0  # seconds: work that is done sooner is not announced


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
    aligner: Annotated[
        Literal["statistical", "eflomal", "embedding"],
        typer.Option(help="Who aligns; embedding needs --model."),
    ] = "statistical",
    symmetrisation: Annotated[
        Literal["soft", "intersection", "union", "grow-diag-final-and"],
        typer.Option(help="How both directions are combined; soft keeps weights. Not for embedding."),
    ] = "soft",
    romaniser: Annotated[
        Literal["names", "uroman"],
        typer.Option(
            help="How words of other scripts are compared: by the Unicode names of their letters, or by the package "
            "uroman. Statistical aligner only."
        ),
    ] = "names",
    prior: Annotated[
        Path | None, typer.Option(help="What was learnt from other text of the same languages, by --save-model.")
    ] = None,
    save_model: Annotated[Path | None, typer.Option(help="File for what is learnt here.")] = None,
    max_pairs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Learn from a sample of so many pairs if there are more, and align in chunks; 50,000 if not given. "
            "Statistical aligner only.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Processors to use, 1 if not given; the links do not depend on it. Statistical aligner only.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Embedding aligner: folder of an encoder or a translation model of Transformers, or with --hub a name "
            "on the hub.",
            rich_help_panel=EMBEDDING,
        ),
    ] = None,
    hub: Annotated[bool, typer.Option("--hub", help="Allow a download.", rich_help_panel=EMBEDDING)] = False,
    method: Annotated[
        Literal["argmax", "itermax", "match", "softmax", "entmax"] | None,
        typer.Option(help="How links are read off; itermax if not given.", rich_help_panel=EMBEDDING),
    ] = None,
    layer: Annotated[
        int | None, typer.Option(min=0, help="Whose vectors; 8 if not given.", rich_help_panel=EMBEDDING)
    ] = None,
    level: Annotated[
        Literal["word", "subword"] | None,
        typer.Option(help="What is compared; subword if not given.", rich_help_panel=EMBEDDING),
    ] = None,
    languages: Annotated[
        tuple[str, str] | None,
        typer.Option(
            help="Codes of source and target, which a translation model puts before a sentence.",
            rich_help_panel=EMBEDDING,
        ),
    ] = None,
    precision: Annotated[
        Literal["float32", "bfloat16", "int8"] | None,
        typer.Option(help="Of the encoder.", rich_help_panel=EMBEDDING),
    ] = None,
    tune: Annotated[
        Path | None,
        typer.Option(
            "--fine-tune",
            help="First train the model on the bitext and the extra text, and write it to this folder.",
            rich_help_panel=EMBEDDING,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1, help="Of --fine-tune, 8 pairs each; once through the text if not given.", rich_help_panel=EMBEDDING
        ),
    ] = None,
    on_error: OnError = "raise",
) -> None:
    """Align the words of a bitext and write Pharaoh links.

    Example: exonym align en-sw.tsv -o en-sw.links --extra news.tsv

    A small text is aligned better with what a large one taught:
    exonym align large.tsv -o large.links --save-model en-sw.model;
    exonym align small.tsv -o small.links --prior en-sw.model

    A pretrained encoder needs no text to learn from:
    exonym align en-sw.tsv -o en-sw.links --aligner embedding --model FOLDER --layer 8
    """
    import time

    from exonym.align import AlignmentModel, EflomalAligner, StatisticalAligner
    from exonym.data import Ledger
    from exonym.formats import read_bitext, write_pharaoh

    check_output(output)
    check_output(save_model)
    check_distinct({"--output": output, "--save-model": save_model})
    own = {"prior": prior, "save-model": save_model, "max-pairs": max_pairs, "workers": workers}
    _check_options(aligner, own | {"romaniser": None if romaniser == "names" else romaniser})
    vectors: dict[str, object] = {"method": method, "layer": layer, "level": level, "precision": precision}
    _check_embedding(
        aligner,
        symmetrisation,
        {"model": model, "hub": hub or None, "languages": languages, "fine-tune": tune, "steps": steps} | vectors,
    )
    if aligner == "embedding" and tune is None:
        _refuse_training({"extra": extra or None, "steps": steps})
    encoder = _Encoder(model or "", hub, languages, vectors, tune, steps)
    known = None if prior is None else AlignmentModel.load(prior)
    if known is not None:
        say(f"prior: learnt from {known.pairs:,} pairs")
    ledger = Ledger()
    text = read_bitext(bitext, swap=swap, on_error=on_error, ledger=ledger)
    more = [read_bitext(path, raw=raw, on_error=on_error, ledger=ledger) for path in extra or []]
    started = time.perf_counter()
    links: Iterable[Links]
    with progress_bar("learning") as progress, opened(output) as file:
        if aligner == "eflomal":
            alignment = EflomalAligner(symmetrisation=symmetrisation).align(text, more)
            links, changed = alignment, alignment.ledger
        elif aligner == "embedding":
            alignment = encoder.align(text, more, progress)
            links, changed = alignment, alignment.ledger
        else:
            one = StatisticalAligner(symmetrisation=symmetrisation, romaniser=romaniser)
            one = one if max_pairs is None else replace(one, max_pairs=max_pairs)
            fit = one.fit(text, more, known, workers=workers or 1, progress=_announced(progress, workers or 1))
            links, changed = fit.links, fit.ledger
            if save_model is not None:
                fit.model.save(save_model)
                say(f"model: learnt from {fit.model.pairs:,} pairs, in {save_model}")
        ledger.update(changed)
        write_pharaoh(_by_line(bitext, text, links, ledger), file)
    show_ledger(ledger)
    say(f"{len(text):,} pairs aligned in {time.perf_counter() - started:.1f} s")


def _check_options(aligner: str, given: Mapping[str, object]) -> None:
    """Refuse options that only the statistical aligner has."""
    from exonym.errors import RecipeError

    for name, value in given.items():
        if value is not None and aligner != "statistical":
            raise RecipeError(
                f"found --{name} with --aligner {aligner}; expected --aligner statistical. Leave one out."
            )


def _refuse_training(given: Mapping[str, object]) -> None:
    """Refuse options of a training where there is none."""
    from exonym.errors import RecipeError

    for name, value in given.items():
        if value is not None:
            raise RecipeError(
                f"found --{name} with --aligner embedding, which learns nothing; expected --fine-tune, which trains "
                "its model. Give it, or leave the other out."
            )


def _check_embedding(aligner: str, symmetrisation: str, given: Mapping[str, object]) -> None:
    """Refuse options that only the embedding aligner has, or that it lacks."""
    from exonym.errors import RecipeError

    if aligner == "embedding":
        if given["model"] is None:
            raise RecipeError("found --aligner embedding without --model; expected a folder with a model. Add it.")
        if symmetrisation != "soft":
            raise RecipeError(
                f"found --symmetrisation {symmetrisation} with --aligner embedding; expected none. Leave it out."
            )
        return
    for name, value in given.items():
        if value is not None:
            raise RecipeError(f"found --{name} with --aligner {aligner}; expected --aligner embedding. Leave one out.")


@dataclass(frozen=True)
class _Encoder:
    """What the command line says about the embedding aligner."""

    model: str
    hub: bool
    languages: tuple[str, str] | None
    vectors: Mapping[str, Any]
    tune: Path | None
    steps: int | None

    def align(self, text: Bitext, more: Sequence[Bitext], progress: Callable[[float, float, str], None]) -> Alignment:
        """Align, with a model that is trained first if that was asked for."""
        from exonym.align import EmbeddingAligner, FineTuning, fine_tune

        options = {name: value for name, value in self.vectors.items() if value is not None}
        where: dict[str, Any] = {"model": self.model, "hub": self.hub}
        if self.languages:
            where |= {"source_language": self.languages[0], "target_language": self.languages[1]}
        if self.tune is not None:
            shared = {name: value for name, value in options.items() if name in ("layer", "precision")}
            training = FineTuning(**where, **shared, steps=self.steps)
            left_out = fine_tune(sum(more, text), training, self.tune, progress=progress)
            show_ledger(left_out)
            say(f"model: fine-tuned, in {self.tune}")
            where |= {"model": str(self.tune), "hub": False}
        return EmbeddingAligner(**where, **options).align(text, progress=progress)


def _announced(progress: Callable[[float, float, str], None], workers: int) -> Callable[[float, float, str], None]:
    """Say once for each long piece of work how much longer it will take, for those who see no bar.

    That is when a third of it, or a chunk for each worker, is done, and it has taken `PATIENCE` seconds.
    """
    import time

    from exonym.align.chunks import CHUNK

    begun: dict[str, float] = {}
    said = set()

    def tell(done: float, total: float, what: str) -> None:
        progress(done, total, what)
        now = time.perf_counter()
        taken = now - begun.setdefault(what, now)
        if what not in said and taken >= PATIENCE and min(workers * CHUNK, total / 3) <= done < total:
            said.add(what)
            minutes = taken * (total - done) / done / 60
            say(f"{what}: {done / total:.0%} done in {taken / 60:.1f} min; about {minutes:.1f} min left")

    return tell


def _by_line(path: Path, bitext: Bitext, alignment: Iterable[Links], ledger: Ledger) -> Iterator[Links]:
    """Yield links for every line of the bitext's file, none for lines that were skipped, so that both correspond.

    Each is yielded as soon as it is known, and counted in the ledger.
    """
    from exonym.data import Links

    found = zip((int(pair.id) for pair in bitext), alignment, strict=True)
    nothing = Links.of([])
    number, links = next(found, (0, nothing))
    with path.open("rb") as file:
        for line, _ in enumerate(file, start=1):
            if line != number:
                yield nothing
                continue
            ledger.note("links", len(links))
            yield links
            number, links = next(found, (0, nothing))
