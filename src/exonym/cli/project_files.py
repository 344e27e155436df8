"""The files of `exonym project`, read, projected and written in a stream.

Start at `project_files`.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import lru_cache
from itertools import tee
from typing import TYPE_CHECKING, Any, NamedTuple

from exonym.cli.shared import check_labelled, opened, progress_bar
from exonym.data import Bitext, Ledger
from exonym.formats import (
    CORPUS_FORMATS,
    Format,
    Parts,
    format_of,
    read_bitext,
    read_corpus,
    read_pharaoh,
    stream_bitext,
    stream_corpus,
    text_of,
)
from exonym.project import Targets, Unpaired, Work, evidence_of, join, losses, project_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from exonym.data import Pair, Sentence
    from exonym.formats import OnError
    from exonym.project import Evidence, Matching, Projected
    from exonym.tag import Tagger


class Inputs(NamedTuple):
    """What is read.

    Attributes:
        source: the labelled corpus.
        bitext: the pairs.
        links: their links.
        format: the format of the corpus; None goes by the ending.
        options: how the corpus is read: arguments of `stream_corpus`.
        swap: True for a bitext whose columns are target, source.
        on_error: what is done about faults in any of the three.
    """

    source: Path
    bitext: Path
    links: Path
    format: str | None
    options: dict[str, Any]
    swap: bool
    on_error: OnError


class Written(NamedTuple):
    """What was made of a chunk: how many pairs it had, its text for each output, and what was projected and lost."""

    pairs: int
    texts: list[str]
    losses: Ledger


@dataclass(frozen=True)
class Write:
    """Make the text of projected sentences.

    Attributes:
        formats: those that text is made for.
        targets: which sentences it is made of.
    """

    formats: tuple[Format, ...]
    targets: Targets

    def __call__(self, chunk: Sequence[Projected]) -> Written:
        """Return the texts, and the losses."""
        kept = self.targets(chunk)
        texts = [text_of(kept, format) for format in self.formats]
        return Written(len(chunk), texts, losses(each.target for each in chunk))


@dataclass(frozen=True)
class TaggedTargets:
    """Tag the target sides of pairs, with a tagger that is loaded in the process where it is used."""

    tagger: Path
    matching: Matching

    def __call__(self, pairs: Sequence[Pair]) -> Iterator[Evidence]:
        """Return what the tagger says of each pair."""
        from exonym.transfer.stages import tag_target_side

        bitext = Bitext(tuple(pairs))
        return evidence_of(bitext, self.matching, tag_target_side(_tagger(self.tagger), bitext))


@lru_cache(maxsize=1)
def _tagger(folder: Path) -> Tagger:
    from exonym.transfer import load_any_tagger

    return load_any_tagger(folder)


def project_files(
    inputs: Inputs, outputs: Sequence[tuple[Path | None, Format]], matching: Matching, tagger: Path | None, workers: int
) -> tuple[Ledger, Ledger]:
    """Project labels from files to files, which appear only when all is done and no input has a fault.

    Args:
        inputs: what is read.
        outputs: files to write, None for standard output, and their formats.
        matching: how spans are matched.
        tagger: folder of a tagger for the target side, if the matching needs one.
        workers: number of processes that project.

    Returns:
        What was read and skipped; what was projected and lost.

    Raises:
        DataError: a file has faults, or the three do not belong together.
    """
    if tagger is not None:
        _tagger(tagger)  # a folder that holds none is told of before anything is read
    read = [Ledger(), Ledger(), Ledger()]
    told = Ledger()
    evidence = None if tagger is None else TaggedTargets(tagger, matching)
    work = Work(Write(tuple(format for _, format in outputs), Targets()), matching, evidence)
    try:
        chunks = project_chunks(*_streams(inputs, read), work, workers=workers)
        with closing(chunks), ExitStack() as stack:
            files = [Parts(stack.enter_context(opened(path)), format) for path, format in outputs]
            for chunk in _watched(chunks, inputs.bitext):
                told.update(chunk.losses)
                for file, text in zip(files, chunk.texts, strict=True):
                    file.write(text)
    except Unpaired:  # now all such pairs, which takes the whole of both files
        corpus = read_corpus(inputs.source, inputs.format, on_error=inputs.on_error, **inputs.options)
        join(corpus, read_bitext(inputs.bitext, swap=inputs.swap, on_error=inputs.on_error))
        raise
    total = Ledger()
    for each in read:
        total.update(each)
    return total, told


def _streams(inputs: Inputs, ledgers: Sequence[Ledger]) -> tuple[Iterator[Sentence], Iterator[Pair], Iterator[Any]]:
    check_labelled(inputs.source, inputs.format)
    on_error = inputs.on_error
    source = stream_corpus(inputs.source, inputs.format, on_error=on_error, ledger=ledgers[0], **inputs.options)
    pairs, same = tee(stream_bitext(inputs.bitext, swap=inputs.swap, on_error=on_error, ledger=ledgers[1]))
    links = read_pharaoh(inputs.links, same, of=str(inputs.bitext), on_error=on_error, ledger=ledgers[2])
    return source, pairs, links


def _watched(chunks: Iterator[Written], bitext: Path) -> Iterator[Written]:
    """Show how far the work is, how fast it goes and how long it will take."""
    started, done, total = time.perf_counter(), 0, _count_lines(bitext)
    with progress_bar("project") as tell:
        for chunk in chunks:
            yield chunk
            done += chunk.pairs
            tell(done, total, f"project: {done / (time.perf_counter() - started):,.0f} pairs a second")


def _count_lines(path: Path) -> int:
    if not path.is_file():  # its reader will say so
        return 0
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def output_formats(output: Path | None, provenance: Path | None) -> list[tuple[Path | None, Format]]:
    """Return what is to be written: the labels by the file's ending, CoNLL to standard output; and the provenance."""
    labels = CORPUS_FORMATS["conll"] if output is None else format_of(output)
    return [(output, labels)] + ([(provenance, CORPUS_FORMATS["jsonl"])] if provenance is not None else [])
