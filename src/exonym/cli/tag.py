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
    check_output,
    check_output_folder,
    progress_bar,
    read_labelled,
    say,
    show_ledger,
    write_sentences,
)


def train(
    corpus: Annotated[Path, typer.Argument(help="Labelled corpus (CoNLL or JSONL).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write the tagger to.")],
    iterations: Annotated[int | None, typer.Option(help="Most training iterations.")] = None,
    format: LabelledFormat = None,
    scheme: Scheme = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Train the light tagger on a labelled corpus.

    Example: exonym train en.conll -o en-tagger
    """
    from exonym.data import Ledger
    from exonym.tag import LightOptions, train_light

    check_output_folder(output)
    ledger = Ledger()
    labelled = read_labelled(corpus, format, scheme=scheme, on_error=on_error, ledger=ledger, repair=repair)
    chosen = LightOptions() if iterations is None else LightOptions(iterations=iterations)
    with progress_bar("train") as told:
        tagger = train_light(labelled, chosen, lambda done, total: told(done, total, "train"))
    tagger.save(output)
    show_ledger(ledger)
    say(f"tagger for {', '.join(labelled.labels)}: {output}")


def tag(
    tagger: Annotated[
        Path, typer.Argument(help="Folder of a tagger: from exonym train, or OUT/LANGUAGE/METHOD/seed-1/tagger.")
    ],
    text: Annotated[Path, typer.Argument(help="Text, one sentence a line (.txt), or a corpus (.conll, .jsonl).")],
    output: Output = None,
    raw: Annotated[
        bool, typer.Option(help="The text is running text: split it into words, keep character offsets.")
    ] = False,
    format: CorpusFormat = None,
    scheme: Scheme = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Tag text with a trained tagger.

    Example: exonym tag en-tagger news.txt --raw -o news.jsonl
    """
    from exonym.data import Ledger
    from exonym.formats import format_of, read_corpus
    from exonym.tag import label
    from exonym.transfer import load_any_tagger

    if raw and "raw" not in format_of(text, format).options:
        raise typer.BadParameter(f"found a corpus with words, {text}; expected running text", param_hint="--raw")
    check_output(output, labelled=True)
    ledger = Ledger()
    loaded = load_any_tagger(tagger)
    read = read_corpus(text, format, scheme=scheme, on_error=on_error, ledger=ledger, repair=repair, raw=raw)
    tagged = label(loaded, read)
    write_sentences(output, tagged)
    show_ledger(ledger)
    say(f"entities found: {sum(len(sentence.spans) for sentence in tagged)}")
