"""Options and output that several commands share."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TextIO

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rich.console import Console

    from exonym.data import Corpus, Ledger, Sentence
    from exonym.tag import LightOptions, NeuralOptions


OnError = Annotated[
    Literal["raise", "skip"],
    typer.Option("--on-error", help="raise: report all faults and stop; skip: leave them out, counted."),
]
Repair = Annotated[
    Literal["error", "conlleval"],
    typer.Option("--repair", help="conlleval: a tag that continues nothing opens an entity, counted."),
]
_Labelled = Literal[
    "argilla",
    "brat",
    "conll",
    "datasets",
    "docbin",
    "doccano",
    "hf-jsonl",
    "jsonl",
    "labelstudio",
    "parquet",
    "prodigy",
]
LabelledFormat = Annotated[
    _Labelled | None,
    typer.Option("--format", help="Format of the labelled files; by their endings if not given."),
]
CorpusFormat = Annotated[
    Literal[_Labelled, "text"] | None,
    typer.Option("--format", help="Format of what is read; by the ending if not given."),
]
WrittenFormat = Annotated[
    _Labelled | None, typer.Option("--to", help="Format of what is written; by the ending of --output if not given.")
]
Units = Annotated[
    Literal["characters", "utf-16", "graphemes"] | None,
    typer.Option("--units", help="What the offsets of an annotation tool count; what it is known to, if not given."),
]
Scheme = Annotated[
    Literal["iob1", "iob2", "bioes", "bilou"] | None,
    typer.Option("--scheme", help="CoNLL: the tag scheme of the files; found out if not given."),
]
Swap = Annotated[bool, typer.Option("--swap", help="The columns of the bitext are target, tab, source.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write; standard output if not given.")]


def say(message: str) -> None:
    """Write a line to standard error."""
    typer.echo(message, err=True)


def show_ledger(ledger: Ledger) -> None:
    """Write what was read, skipped, repaired and lost to standard error."""
    for line in ledger.lines():
        say(line)


def read_labelled(path: Path, format: str | None = None, **options: Any) -> Corpus:  # noqa: ANN401 - of read_corpus
    """Read a corpus for its labels; a file that only its ending takes for plain text is refused.

    Raises:
        DataError: as `read_corpus`, or the file would be read as text and lose its labels.
    """
    from exonym.formats import read_corpus

    check_labelled(path, format)
    return read_corpus(path, format, **options)


def check_labelled(path: Path, format: str | None = None) -> None:
    """Refuse a file that only its ending takes for plain text where labels are wanted.

    Raises:
        DataError: it is one, or its ending is unknown.
    """
    from exonym.errors import DataError
    from exonym.formats import CORPUS_FORMATS, format_of

    if format is None and format_of(path) is CORPUS_FORMATS["text"]:
        expected = "labels (CoNLL or JSONL). If it is CoNLL, add --format conll."
        raise DataError(f"{path}: found the ending of plain text; expected {expected}")


def check_raw(raw: bool, text: Path, format: str | None) -> None:
    """Refuse --raw for a file that has words already."""
    from exonym.formats import format_of

    if raw and "raw" not in format_of(text, format).options:
        raise typer.BadParameter(f"found a corpus with words, {text}; expected running text", param_hint="--raw")


def label_changes(items: list[str]) -> dict[str, str]:
    """Read a label map from the command line: `OLD=NEW` or `OLD=drop`."""
    pairs = [item.partition("=") for item in items]
    for item, (old, _, new) in zip(items, pairs, strict=True):
        if not old or not new:
            raise typer.BadParameter(f"found {item!r}; expected OLD=NEW or OLD=drop", param_hint="--map")
    return {old: new for old, _, new in pairs}


def tagger_options(
    name: str,
    epochs: int | None,
    *,
    crf: bool = False,
    case: bool = False,
    hub: bool = False,
    option: str = "--encoder",
) -> LightOptions | NeuralOptions:
    """Make the options of a tagger from what it is called on the command line.

    Args:
        name: `light`, `hashed`, or the folder of a pretrained encoder; with `hub` its name on the Hugging Face hub.
        epochs: passes over the text, of the light tagger most iterations; the default if None.
        crf: put a CRF on a network.
        case: tell a pretrained encoder the letter case of words.
        hub: names that are no folders are of the hub.
        option: what names the tagger, for messages.
    """
    from exonym.tag import LightOptions, NeuralOptions
    from exonym.tag.neural.options import HashedEncoder, TransformerEncoder

    if name == "light":
        return LightOptions() if epochs is None else LightOptions(iterations=epochs)
    if name == "hashed":
        return NeuralOptions(encoder=HashedEncoder(), epochs=epochs, crf=crf)
    if not Path(name).is_dir() and not hub:
        found = f"found {name}; expected light, hashed, or a folder"
        raise typer.BadParameter(f"{found} (or, with --hub, a name on the Hugging Face hub)", param_hint=option)
    return NeuralOptions(encoder=TransformerEncoder(model=name, hub=hub, case=case), epochs=epochs, crf=crf)


def check_output(output: Path | None) -> None:
    """Refuse an output file that could not be written, before any work is done for it.

    Args:
        output: the file; None is standard output.

    Raises:
        RecipeError: it is a folder, its own folder is missing, or it may not be written.
    """
    if output is None:
        return
    if output.is_dir():
        _refuse(output, "a folder", "a file. Add a file name.")
    _check_place(output)


def check_corpus(output: Path | None, format: str | None = None, *, labelled: bool = True, parts: bool = False) -> None:
    """Refuse an output for sentences that could not be written, before any work is done for it.

    Args:
        output: the file or folder; None is standard output.
        format: its format; None goes by the ending.
        labelled: True for sentences with labels.
        parts: True if it is written part by part.

    Raises:
        RecipeError: its folder is missing, it may not be written, or standard output cannot hold the format.
        DataError: the ending is unknown, or stands for a format that keeps no labels, or for one that is written as a
            whole; or there is a folder with files.
    """
    from exonym.errors import DataError, RecipeError
    from exonym.formats import CORPUS_FORMATS, check_target, format_of

    if output is None:
        if format is not None and not CORPUS_FORMATS[format].in_parts:
            raise RecipeError(f"--to: found {format} for standard output; expected a text format. Add --output.")
        return
    known = format_of(output, format)
    check_target(output, known)
    _check_place(output)
    if labelled and known is CORPUS_FORMATS["text"]:
        expected = "a format that keeps labels. Write .conll or .jsonl."
        raise DataError(f"{output}: found the ending of plain text; expected {expected}")
    if parts and not known.in_parts:
        expected = "one that is written part by part, such as .conll or .jsonl. Convert that with exonym data convert."
        raise DataError(f"{output}: found a format that is written as a whole; expected {expected}")


def check_distinct(outputs: Mapping[str, Path | None]) -> None:
    """Refuse to write two things to one file.

    Args:
        outputs: the files by the option that names them; None is no file.

    Raises:
        RecipeError: two of them are the same.
    """
    known: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is not None and (path.is_file() or not path.exists()):  # such as /dev/null may be named twice
            other = known.setdefault(path.resolve(), option)
            if other != option:
                _refuse(path, f"it as {other} and as {option}", "two files. Change one of the names.")


def check_output_folder(output: Path) -> None:
    """Refuse a folder for a tagger that could not be written, or that holds something else.

    Raises:
        RecipeError: it is a file, holds something that is no tagger, its parent is missing, or it may not be written.
    """
    from exonym.tag.folder import ABOUT

    if output.exists() and not output.is_dir():
        _refuse(output, "a file", "a new folder, or that of a tagger. Choose another name.")
    if output.is_dir() and not (output / ABOUT).is_file() and any(output.iterdir()):
        _refuse(output, "a folder that holds no tagger", "a new one, or that of a tagger. Choose another name.")
    _check_place(output)


def _check_place(output: Path) -> None:
    import os

    place = output if output.exists() and not output.is_file() and not output.is_dir() else output.resolve().parent
    if not place.exists():
        _refuse(output, f"no folder {place}", "one that exists. Make it, or correct the name.")
    if not os.access(place, os.W_OK):
        _refuse(output, f"that {place} may not be written", "one that may. Choose another place.")


def _refuse(output: Path, found: str, expected: str) -> NoReturn:
    from exonym.errors import RecipeError

    raise RecipeError(f"{output}: found {found}; expected {expected}")


def write_sentences(output: Path | None, sentences: Iterable[Sentence], format: str | None = None) -> None:
    """Write sentences to a file in a format, that of its ending or, to standard output, CoNLL if none is named."""
    from exonym.formats import CORPUS_FORMATS, write_corpus

    if output is None:
        CORPUS_FORMATS[format or "conll"].write(sentences, sys.stdout)
    else:
        write_corpus(output, sentences, format)


@contextmanager
def opened(output: Path | None) -> Iterator[TextIO]:
    """Open a file that appears only when it is whole, or standard output, which gets it only when it is whole."""
    from exonym.files import whole_file, whole_stream

    with whole_stream(sys.stdout) if output is None else whole_file(output) as file:
        yield file


@contextmanager
def progress_bar(description: str) -> Iterator[Callable[[float, float, str], None]]:
    """Show a bar with the time left on standard error, if that is a terminal.

    Yields:
        A function of (done, total, what is done now).
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(description, total=None)
        yield lambda done, total, what: progress.update(bar, completed=done, total=total, description=what)


def console() -> Console:
    """Return a console on standard output, wide enough for a table where it is not a terminal."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 160)
