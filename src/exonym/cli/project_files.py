"""The files of `exonym project`, read, projected and written in a stream.

Start at `project_files`.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import tee
from typing import TYPE_CHECKING, Any, NamedTuple

from exonym.cli.project_work import Known, Work, cached_tagger
from exonym.cli.shared import check_labelled, opened, progress_bar
from exonym.data import Ledger
from exonym.errors import DataError, RecipeError, suggest
from exonym.formats import (
    CORPUS_FORMATS,
    Format,
    Parts,
    Source,
    format_of,
    link_lines,
    read_bitext,
    read_corpus,
    read_pharaoh,
    stream_bitext,
    stream_corpus,
)
from exonym.project import Background, Projecting, Unpaired, join, project_chunks
from exonym.run.manifest import Input, Manifest, Reading, write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exonym.cli.project_work import Written
    from exonym.data import Pair, Sentence
    from exonym.formats import FormatName, OnError
    from exonym.project import Filtering, Matching


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
    format: FormatName | None
    options: dict[str, Any]
    swap: bool
    on_error: OnError


class Outputs(NamedTuple):
    """What is written.

    Attributes:
        labels: the labelled sentences; None is standard output. A manifest is written beside a file.
        provenance: the same as JSONL; None for none.
        dropped: what was lost or left out; None for none.
    """

    labels: Path | None
    provenance: Path | None
    dropped: Path | None


def project_files(
    inputs: Inputs, outputs: Outputs, matching: Matching, filtering: Filtering, tagger: Path | None, workers: int
) -> tuple[Ledger, Ledger]:
    """Project labels from files to files, which appear only when all is done and no input has a fault.

    Args:
        inputs: what is read.
        outputs: what is written.
        matching: how spans are matched.
        filtering: what is kept.
        tagger: folder of a tagger for the target side, if the matching needs one.
        workers: number of processes that project.

    Returns:
        What was read and skipped; what was projected, lost and left out.

    Raises:
        DataError: a file has faults, or the three do not belong together.
        RecipeError: the filter wants a label that no source sentence has.
    """
    check_labelled(inputs.source, inputs.format)
    if tagger is not None:
        cached_tagger(tagger)  # a folder that holds none is told of before anything is read
    read, told, labels, left_out, done = (Ledger(), Ledger()), Ledger(), set[str](), list[int](), 0
    paths = _paths(outputs)
    formats = tuple(format for _, format in paths)
    try:
        with ExitStack() as stack:
            projecting = Projecting(matching, Known(matching, _background(inputs, matching), tagger))
            work = Work(inputs.links, inputs.on_error, projecting, filtering, formats, outputs.dropped is not None)
            manifest = _manifest(inputs, outputs, matching, filtering, tagger)
            links = Source(inputs.links, inputs.on_error)
            streams = _streams(inputs, links, *read)
            chunks = stack.enter_context(closing(project_chunks(*streams, work, workers=workers)))
            files = [Parts(stack.enter_context(opened(path)), format) for path, format in paths]
            drops = stack.enter_context(opened(outputs.dropped)) if outputs.dropped is not None else None
            for chunk in _watched(chunks, inputs.bitext):
                links.update(chunk.faults)
                told.update(chunk.ledger)
                labels |= chunk.labels
                left_out += [done + place + 1 for place in chunk.left_out]
                done += chunk.pairs
                for file, text in zip(files, chunk.texts, strict=True):
                    file.write(text)
                if drops is not None:
                    drops.write(chunk.dropped)
            links.close()
            _check_labels(filtering, labels, inputs.source)
    except Unpaired:
        _name_unpaired(inputs)
        raise
    total = Ledger()
    for each in (*read, links.ledger):
        total.update(each)
    if manifest is not None and outputs.labels is not None:
        counts = Ledger(total)
        counts.update(told)
        write_manifest(outputs.labels, replace(manifest, ledger=dict(counts), left_out=tuple(left_out)))
    return total, told


def _name_unpaired(inputs: Inputs) -> None:
    """Raise `DataError` that names every pair without a sentence, for which both files are read whole."""
    skipped = Ledger()
    corpus = read_corpus(inputs.source, inputs.format, on_error=inputs.on_error, ledger=skipped, **inputs.options)
    try:
        join(corpus, read_bitext(inputs.bitext, swap=inputs.swap, on_error=inputs.on_error))
    except DataError as error:
        faults = [f"{event}: {count}" for event, count in skipped.items() if "skipped" in event]
        if not faults:
            raise
        told = f"{inputs.source}: {', '.join(faults)}; expected that their pairs were left out of the bitext, too."
        raise DataError(f"{error}\n{told} Remove these, or mend the sentences.") from error


def _background(inputs: Inputs, matching: Matching) -> Background:
    """Learn from the beginning of the text what the whole of it tells; faults are told of when it is projected."""
    if not matching.needs_background:
        return Background()
    pairs, same = tee(stream_bitext(inputs.bitext, swap=inputs.swap, on_error="skip"))
    return Background.learn(pairs, read_pharaoh(inputs.links, same, on_error="skip"))


def _check_labels(filtering: Filtering, known: set[str], source: Path) -> None:
    """Refuse labels that the corpus does not have: all its spans would be left out."""
    for label in filtering.labels:
        if label not in known:
            raise RecipeError(
                f"--labels: found {label!r}; expected a label of {source}. {suggest(label, sorted(known))}"
            )


def _manifest(
    inputs: Inputs, outputs: Outputs, matching: Matching, filtering: Filtering, tagger: Path | None
) -> Manifest | None:
    """Take the inputs down before the output is written, which may replace one.

    There is no manifest for standard output and for what is no regular file.
    """
    output = outputs.labels
    if output is None or (output.exists() and not output.is_file()):
        return None
    made_from = {"source": inputs.source, "bitext": inputs.bitext, "links": inputs.links, "tagger": tagger}
    if not all(path is None or path.exists() for path in made_from.values()):  # their readers will say so
        return None
    found: dict[str, Any] = {
        name: Input.of(path, output.parent) for name, path in made_from.items() if path is not None
    }
    reading = Reading(format=inputs.format, on_error=inputs.on_error, swap=inputs.swap, **inputs.options)
    return Manifest(**found, reading=reading, matching=matching, filtering=filtering, ledger={}, left_out=())


def _streams(
    inputs: Inputs, links: Source, of_corpus: Ledger, of_bitext: Ledger
) -> tuple[Iterator[Sentence], Iterator[Pair], Iterator[str]]:
    """Return the sentences, the pairs, and the lines of their links, which are read where they are projected."""
    corpus = stream_corpus(inputs.source, inputs.format, on_error=inputs.on_error, ledger=of_corpus, **inputs.options)
    pairs, same = tee(stream_bitext(inputs.bitext, swap=inputs.swap, on_error=inputs.on_error, ledger=of_bitext))
    return corpus, pairs, (row.text for row in link_lines(links, same, str(inputs.bitext)))


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


def _paths(outputs: Outputs) -> list[tuple[Path | None, Format]]:
    """Return the files of sentences: the labels by the file's ending, CoNLL to standard output; and the provenance."""
    labels = CORPUS_FORMATS["conll"] if outputs.labels is None else format_of(outputs.labels)
    more = [(outputs.provenance, CORPUS_FORMATS["jsonl"])] if outputs.provenance is not None else []
    return [(outputs.labels, labels), *more]
