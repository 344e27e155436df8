"""Projection of any number of sentence pairs in bounded memory, in several processes if asked.

Pairs meet their sentences in this process and are projected in chunks. What can wait is done where a chunk is
projected: links may come as unread lines, and text that is ready to be written may go back, so that little is done in
this process and little goes from one to another. Nothing depends on the number of processes. Start at `project_stream`.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from exonym.data import Pair, Sentence
from exonym.errors import DataError
from exonym.processes import ordered_map
from exonym.project.evidence import Evidence, require
from exonym.project.options import Matching
from exonym.project.pairing import pair_up
from exonym.project.sentence import project_sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from exonym.data import Links

Linked = TypeVar("Linked")
Result = TypeVar("Result")

CHUNK = 1000  # pairs that are projected at once


class Chunk(NamedTuple, Generic[Linked]):
    """Pairs with their labelled sentences and their links, in columns, which go faster to another process than rows.

    Attributes:
        sources: the sentence of each pair.
        targets: the words of its target side.
        ids: its name.
        links: its links, or the line where they stand.
    """

    sources: list[Sentence]
    targets: list[tuple[str, ...]]
    ids: list[str]
    links: list[Linked]

    def pairs(self) -> list[Pair]:
        """Return the pairs; their source sides are the words of the sentences."""
        rows = zip(self.sources, self.targets, self.ids, strict=True)
        return [Pair(source.words, target, id) for source, target, id in rows]


class Projected(NamedTuple):
    """A target sentence with projected spans, and what they came from."""

    source: Sentence
    target: Sentence
    links: Links
    evidence: Evidence


@dataclass(frozen=True)
class Projecting:
    """How pairs are projected; for several processes `evidence` must be picklable.

    Attributes:
        matching: how spans are matched.
        evidence: tells what is known of each of some pairs beside links; None where `matching` needs nothing.
    """

    matching: Matching
    evidence: Callable[[Sequence[Pair]], Iterable[Evidence]] | None = None

    def __call__(self, sources: Iterable[Sentence], pairs: Sequence[Pair], links: Iterable[Links]) -> list[Projected]:
        """Project the spans of sentences onto the target sides of their pairs; no link may be outside its pair."""
        known = [Evidence()] * len(pairs) if self.evidence is None else self.evidence(pairs)
        projected = []
        for source, pair, own, evidence in zip(sources, pairs, links, known, strict=True):
            target = Sentence(pair.target, (), pair.id)
            if source.spans or source.lost:
                target = project_sentence(source, target, own, self.matching, evidence)
            projected.append(Projected(source, target, own, evidence))
        return projected


@dataclass(frozen=True)
class Targets:
    """The target sentences of a chunk.

    Attributes:
        projecting: how they are made.
        then: what becomes of each; None leaves it out.
    """

    projecting: Projecting
    then: Callable[[Projected], Sentence | None] | None = None

    def __call__(self, chunk: Chunk[Links]) -> list[Sentence]:
        """Project a chunk.

        Raises:
            DataError: a link points outside its pair.
        """
        pairs = chunk.pairs()
        for pair, links in zip(pairs, chunk.links, strict=True):
            links.check(pair)
        projected = self.projecting(chunk.sources, pairs, chunk.links)
        if self.then is None:
            return [each.target for each in projected]
        return [sentence for sentence in map(self.then, projected) if sentence is not None]


def project_stream(
    source: Iterable[Sentence],
    pairs: Iterable[Pair],
    links: Iterable[Links],
    matching: Matching | None = None,
    *,
    evidence: Callable[[Sequence[Pair]], Iterable[Evidence]] | None = None,
    then: Callable[[Projected], Sentence | None] | None = None,
    workers: int = 1,
) -> Iterator[Sentence]:
    """Project the spans of labelled sentences onto the target sides of pairs, as `project` does, in a stream.

    At most `workers + 1` chunks of 1,000 pairs are in memory. To get something else than sentences back, such as text,
    see `project_chunks`.

    Args:
        source: labelled sentences.
        pairs: pairs whose source sides are sentences of `source`, in its order; sentences may be left out.
        links: the links of each pair.
        matching: how spans are matched; None for the defaults.
        evidence: tells what is known of each of some pairs beside links; needed where `matching` asks for it.
        then: what becomes of each projected sentence, where it is projected; None leaves it out.
        workers: number of processes that project; 1 does all in this one. A script that asks for more must guard its
            main part with `if __name__ == "__main__"`.

    Yields:
        The target sentences in the order of the pairs.

    Raises:
        Unpaired: the source side of a pair is not the words of any later sentence.
        DataError: there are more or fewer links than pairs, or one points outside its pair.
        RecipeError: `matching` needs evidence that is not given, or there are fewer than one worker.
    """
    matching = matching or Matching()
    require(matching, evidence, evidence)
    work = Targets(Projecting(matching, evidence), then)
    with closing(project_chunks(source, pairs, links, work, workers=workers)) as chunks:
        for chunk in chunks:
            yield from chunk


def project_chunks(
    source: Iterable[Sentence],
    pairs: Iterable[Pair],
    links: Iterable[Linked],
    work: Callable[[Chunk[Linked]], Result],
    *,
    workers: int = 1,
) -> Generator[Result, None, None]:
    """Yield what `work`, which may be done in other processes, makes of each chunk, in order; see `project_stream`."""
    return ordered_map(work, _chunks(source, pairs, links), workers)


def _chunks(source: Iterable[Sentence], pairs: Iterable[Pair], links: Iterable[Linked]) -> Iterator[Chunk[Linked]]:
    joined = _joined(source, pairs, links)
    while rows := list(islice(joined, CHUNK)):
        sentences, targets, ids, own = map(list, zip(*rows, strict=True))
        yield Chunk(sentences, targets, ids, own)


def _joined(
    source: Iterable[Sentence], pairs: Iterable[Pair], links: Iterable[Linked]
) -> Iterator[tuple[Sentence, tuple[str, ...], str, Linked]]:
    """Join the three; all are read to their ends, so that their readers can tell of faults."""
    rest = iter(links)
    number = 0
    for number, (sentence, pair) in enumerate(pair_up(source, pairs), start=1):
        own = next(rest, None)
        if own is None:
            raise DataError(f"found links for {number - 1} pairs; expected more. Align this bitext again.")
        yield sentence, pair.target, pair.id, own
    if next(rest, None) is not None:
        raise DataError(f"found links after those of {number} pairs; expected none. Align this bitext again.")
