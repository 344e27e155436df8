"""Projection of any number of sentence pairs in bounded memory, in several processes if asked.

Pairs meet their sentences in this process and are projected in chunks; what is made of a chunk, such as text that is
ready to be written, is made where it was projected, so that little goes from process to process. Nothing depends on the
number of processes. Start at `project_stream`.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from exonym.data import Links, Pair, Sentence
from exonym.errors import DataError
from exonym.processes import ordered_map
from exonym.project.evidence import Evidence, require
from exonym.project.options import Matching
from exonym.project.pairing import pair_up
from exonym.project.sentence import project_sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

Result = TypeVar("Result")

CHUNK = 1000  # pairs that are projected at once


class Chunk(NamedTuple):
    """Pairs with their labelled sentences and their links, in columns, which go faster to another process than rows."""

    sources: list[Sentence]
    pairs: list[Pair]
    links: list[Links]


class Projected(NamedTuple):
    """A target sentence with projected spans, and what they came from."""

    source: Sentence
    target: Sentence
    links: Links
    evidence: Evidence


@dataclass(frozen=True)
class Targets:
    """The target sentences of a chunk.

    Attributes:
        then: what becomes of each; None leaves it out.
    """

    then: Callable[[Projected], Sentence | None] | None = None

    def __call__(self, chunk: Sequence[Projected]) -> list[Sentence]:
        """Return them."""
        if self.then is None:
            return [each.target for each in chunk]
        return [sentence for sentence in map(self.then, chunk) if sentence is not None]


@dataclass(frozen=True)
class Work(Generic[Result]):
    """What is done with each chunk. For several processes its parts must be picklable.

    Attributes:
        finish: makes the result from the projected pairs of a chunk: filters them, writes them, counts them.
        matching: how spans are matched.
        evidence: tells what is known of each of some pairs beside links; None where `matching` needs nothing.
    """

    finish: Callable[[list[Projected]], Result]
    matching: Matching
    evidence: Callable[[Sequence[Pair]], Iterable[Evidence]] | None = None

    def __call__(self, chunk: Chunk) -> Result:
        """Project a chunk and return what `finish` makes of it.

        Raises:
            DataError: a link points outside its pair.
        """
        known = [Evidence()] * len(chunk.pairs) if self.evidence is None else self.evidence(chunk.pairs)
        projected = []
        for labelled, pair, links, evidence in zip(*chunk, known, strict=True):
            links.check(pair)
            target = Sentence(pair.target, (), pair.id)
            if labelled.spans or labelled.lost:
                target = project_sentence(labelled, target, links, self.matching, evidence)
            projected.append(Projected(labelled, target, links, evidence))
        return self.finish(projected)


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
    work = Work(Targets(then), matching, evidence)
    with closing(project_chunks(source, pairs, links, work, workers=workers)) as chunks:
        for chunk in chunks:
            yield from chunk


def project_chunks(
    source: Iterable[Sentence],
    pairs: Iterable[Pair],
    links: Iterable[Links],
    work: Work[Result],
    *,
    workers: int = 1,
) -> Generator[Result, None, None]:
    """Project as `project_stream`, and yield what `work` makes of each chunk, in order."""
    return ordered_map(work, _chunks(source, pairs, links), workers)


def _chunks(source: Iterable[Sentence], pairs: Iterable[Pair], links: Iterable[Links]) -> Iterator[Chunk]:
    joined = _joined(source, pairs, links)
    while rows := list(islice(joined, CHUNK)):
        yield Chunk([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])


def _joined(
    source: Iterable[Sentence], pairs: Iterable[Pair], links: Iterable[Links]
) -> Iterator[tuple[Sentence, Pair, Links]]:
    """Join the three; all are read to their ends, so that their readers can tell of faults."""
    rest = iter(links)
    number = 0
    for number, (sentence, pair) in enumerate(pair_up(source, pairs), start=1):
        own = next(rest, None)
        if own is None:
            raise DataError(f"found links for {number - 1} pairs; expected more. Align this bitext again.")
        yield sentence, pair, own
    if next(rest, None) is not None:
        raise DataError(f"found links after those of {number} pairs; expected none. Align this bitext again.")
