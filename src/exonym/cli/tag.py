"""`exonym train` and `exonym tag`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exonym.cli.shared import (
    OnError,
    Output,
    Repair,
    progress_bar,
    say,
    show_ledger,
    write_sentences,
)


def train(
    corpus: Annotated[Path, typer.Argument(help="Labelled corpus (CoNLL or JSONL).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write the tagger to.")],
    iterations: Annotated[int | None, typer.Option(help="Most training iterations.")] = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Train the light tagger on a labelled corpus.

    Example: exonym train en.conll -o en-tagger
    """
    from exonym.data import Ledger
    from exonym.formats import read_corpus
    from exonym.tag import LightOptions, train_light

    ledger = Ledger()
    labelled = read_corpus(corpus, on_error=on_error, ledger=ledger, repair=repair)
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
    on_error: OnError = "raise",
) -> None:
    """Tag text with a trained tagger.

    Example: exonym tag en-tagger news.txt --raw -o news.jsonl
    """
    from exonym.data import Ledger
    from exonym.formats import read_corpus
    from exonym.tag import label
    from exonym.transfer import load_any_tagger

    ledger = Ledger()
    loaded = load_any_tagger(tagger)
    tagged = label(loaded, read_corpus(text, on_error=on_error, ledger=ledger, raw=raw))
    write_sentences(output, tagged)
    show_ledger(ledger)
    say(f"entities found: {sum(len(sentence.spans) for sentence in tagged)}")
