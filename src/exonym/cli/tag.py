"""`exonym train` and `exonym tag`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exonym.cli.shared import (
    CorpusFormat,
    LabelledFormat,
    OnError,
    Output,
    Repair,
    Scheme,
    WrittenFormat,
    check_corpus,
    check_output_folder,
    check_raw,
    progress_bar,
    read_labelled,
    say,
    show_ledger,
    tagger_options,
    write_sentences,
)


def train(
    corpus: Annotated[Path, typer.Argument(help="Labelled corpus (CoNLL or JSONL).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write the tagger to.")],
    encoder: Annotated[
        str, typer.Option(help="light (a CRF), hashed (a network from scratch), or the folder of a pretrained encoder.")
    ] = "light",
    iterations: Annotated[int | None, typer.Option(help="light: most training iterations.", min=1)] = None,
    epochs: Annotated[int | None, typer.Option(help="hashed and pretrained: passes over the corpus.", min=1)] = None,
    crf: Annotated[bool, typer.Option("--crf", help="hashed and pretrained: put a CRF on top.")] = False,
    case: Annotated[
        bool, typer.Option("--case", help="pretrained: add an embedding of letter case, for one that lower-cases.")
    ] = False,
    seed: Annotated[int, typer.Option(help="hashed and pretrained: seed.", min=0)] = 1,
    hub: Annotated[bool, typer.Option("--hub", help="The encoder's name is of the Hugging Face hub.")] = False,
    format: LabelledFormat = None,
    scheme: Scheme = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Train a tagger on a labelled corpus.

    Example: exonym train en.conll -o en-tagger
    """
    from exonym.data import Ledger
    from exonym.tag import train as train_any

    check_output_folder(output)
    chosen = tagger_options(encoder, iterations if encoder == "light" else epochs, crf=crf, case=case, hub=hub)
    for option, given, fits in (
        ("--iterations", iterations is not None, encoder == "light"),
        ("--epochs", epochs is not None, encoder != "light"),
        ("--crf", crf, encoder != "light"),
        ("--case", case, encoder not in {"light", "hashed"}),
    ):
        if given and not fits:
            raise typer.BadParameter(f"found it with --encoder {encoder}, which does not know it", param_hint=option)
    ledger = Ledger()
    labelled = read_labelled(corpus, format, scheme=scheme, on_error=on_error, ledger=ledger, repair=repair)
    with progress_bar("train") as told:
        tagger = train_any(labelled, chosen, seed=seed, progress=lambda done, total: told(done, total, "train"))
    tagger.save(output)
    ledger.update(getattr(tagger, "training", {}).get("ledger", {}))
    show_ledger(ledger)
    say(f"tagger for {', '.join(labelled.labels)}: {output}")


def tag(
    tagger: Annotated[
        Path, typer.Argument(help="Folder of a tagger: from exonym train, or OUT/LANGUAGE/METHOD/seed-1/tagger.")
    ],
    text: Annotated[Path, typer.Argument(help="Text, one sentence a line (.txt), or a corpus in any format.")],
    output: Output = None,
    raw: Annotated[
        bool, typer.Option(help="The text is running text: split it into words, keep character offsets.")
    ] = False,
    format: CorpusFormat = None,
    to: WrittenFormat = None,
    scheme: Scheme = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Tag text with a trained tagger.

    Example: exonym tag en-tagger news.txt --raw -o news.jsonl
    """
    from exonym.data import Ledger
    from exonym.formats import read_corpus
    from exonym.tag import events, label
    from exonym.transfer import load_any_tagger

    check_raw(raw, text, format)
    check_corpus(output, to)
    ledger = Ledger()
    loaded = load_any_tagger(tagger)
    read = read_corpus(text, format, scheme=scheme, on_error=on_error, ledger=ledger, repair=repair, raw=raw)
    tagged = label(loaded, read)
    write_sentences(output, tagged, to)
    ledger.update(events(loaded))
    show_ledger(ledger)
    say(f"entities found: {sum(len(sentence.spans) for sentence in tagged)}")
