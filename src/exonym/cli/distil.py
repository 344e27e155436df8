"""`exonym distil`."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from exonym.cli.shared import (
    CorpusFormat,
    OnError,
    Repair,
    Scheme,
    check_output_folder,
    check_raw,
    label_changes,
    progress_bar,
    say,
    show_ledger,
    tagger_options,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exonym.tag import Tagger


def distil(
    teacher: Annotated[
        list[str],
        typer.Option(
            help="Folder of a tagger of any kind, of soft labels, or of a token classification checkpoint of "
            "Transformers; or spacy:NAME. May be repeated: what several say is averaged."
        ),
    ],
    text: Annotated[
        Path, typer.Option(help="Unlabelled text of the target language, one sentence a line (.txt), or a corpus.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write the student to.")],
    student: Annotated[
        str, typer.Option(help="light, hashed (from scratch), or the folder of a pretrained encoder.")
    ] = "light",
    learning: Annotated[
        Literal["mse", "kl", "hard", "sampled"] | None,
        typer.Option(
            help="mse or kl: the teacher's distributions (not light); hard: its labels; sampled: labels drawn from its "
            "distributions (light). mse, or hard for light, if not given."
        ),
    ] = None,
    temperature: Annotated[float, typer.Option(help="kl: makes both distributions flatter.")] = 1.0,
    draws: Annotated[int, typer.Option(help="sampled: label sequences of each sentence.", min=1)] = 3,
    share: Annotated[float, typer.Option(help="Learn from this share of the sentences, the surest.")] = 1.0,
    balanced: Annotated[bool, typer.Option("--balanced", help="Take the share for each entity type apart.")] = False,
    initial: Annotated[
        Literal["fresh", "teacher"], typer.Option(help="Start the student anew, or as its (neural) teacher.")
    ] = "fresh",
    epochs: Annotated[int | None, typer.Option(help="Passes over the text; of light: most iterations.", min=1)] = None,
    label_map: Annotated[
        list[str] | None,
        typer.Option("--map", help="OLD=NEW or OLD=drop: types of the teachers that have them; may be repeated."),
    ] = None,
    soft_labels: Annotated[
        Path | None, typer.Option(help="Folder to keep the teachers' soft labels in; it can be a --teacher later.")
    ] = None,
    hub: Annotated[bool, typer.Option("--hub", help="Names that are no folders are of the Hugging Face hub.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the student.", min=0)] = 1,
    raw: Annotated[bool, typer.Option("--raw", help="The text is running text: split it into words.")] = False,
    format: CorpusFormat = None,
    scheme: Scheme = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Train a student tagger on what teachers say of unlabelled text; no labelled text is needed.

    Example: exonym distil --teacher en-tagger --text sw.txt --raw -o sw-tagger
    """
    from exonym.data import Ledger
    from exonym.formats import read_corpus
    from exonym.tag import events
    from exonym.transfer.distil import distil as learn
    from exonym.transfer.students import Distillation
    from exonym.transfer.teachers import names_of

    check_raw(raw, text, format)
    for folder in (output, *([soft_labels] if soft_labels else [])):
        check_output_folder(folder)
    _check_folders(teacher, output, soft_labels)
    options = Distillation(
        student=tagger_options(student, epochs, hub=hub, option="--student"),
        learning=learning,
        temperature=temperature,
        draws=draws,
        share=share,
        balanced=balanced,
        initial=initial,
    )
    ledger = Ledger()
    teachers = _loaded(teacher, label_changes(label_map or []), hub)
    read = read_corpus(text, format, scheme=scheme, on_error=on_error, ledger=ledger, repair=repair, raw=raw)
    with _kept(soft_labels) as folder, progress_bar("teacher") as told:
        done = learn(dict(zip(names_of(teacher), teachers, strict=True)), read, options, folder, seed=seed, told=told)
    done.tagger.save(output)
    for changes in (done.ledger, *map(events, teachers), getattr(done.tagger, "training", {}).get("ledger", {})):
        ledger.update(changes)
    show_ledger(ledger)
    for note in done.notes:
        say(note)
    if soft_labels:
        say(f"soft labels: {soft_labels}")
    say(f"tagger for {', '.join(sorted({tag[2:] for tag in done.tagger.tags[1:]}))}: {output}")


def _check_folders(teachers: list[str], output: Path, soft_labels: Path | None) -> None:
    """Refuse to write over a teacher, or two things to one folder."""
    known = {Path(path).resolve(): "a teacher" for path in teachers}
    for option, folder in (("--output", output), ("--soft-labels", soft_labels)):
        if folder is not None:
            other = known.setdefault(folder.resolve(), option)
            if other != option:
                raise typer.BadParameter(f"found {folder}, which is {other}; expected another", param_hint=option)


def _loaded(paths: list[str], changes: dict[str, str], hub: bool) -> list[Tagger]:
    """Load the teachers; each type of the map must be known to one of them."""
    from exonym.errors import RecipeError, suggest
    from exonym.tag import relabelled
    from exonym.tag.relabel import types_of
    from exonym.transfer.saved import load_saved

    loaded = [load_saved(path, hub=hub and not Path(path).exists()) for path in paths]
    known = {label for tagger in loaded for label in types_of(tagger.tags)}
    for label in changes:
        if label not in known:
            raise RecipeError(f"--map: found {label!r}; expected a type of a teacher. {suggest(label, known)}")
    own = [{old: new for old, new in changes.items() if old in types_of(tagger.tags)} for tagger in loaded]
    return [relabelled(tagger, changed) for tagger, changed in zip(loaded, own, strict=True)]


@contextmanager
def _kept(folder: Path | None) -> Iterator[Path]:
    """Give the folder for soft labels, or one that is taken away when it is no longer needed."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="exonym-") as lent:
        yield Path(lent) / "soft-labels"
