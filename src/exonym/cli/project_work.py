"""What `exonym project` does with a chunk of pairs, in another process if asked. Start at `Work`.

This is apart from `project_files` so that the processes need not load what only the first one needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from exonym.data import Bitext, Ledger
from exonym.formats import Faults, Format, LinkLine, links_of_lines, text_of
from exonym.project import Projecting, dropped_of, evidence_of, filter_sentence, losses
from exonym.project.drops import write_dropped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from exonym.data import Pair
    from exonym.formats import OnError
    from exonym.project import Background, Evidence, Filtering, Matching, Projected
    from exonym.project.stream import Chunk
    from exonym.tag import Tagger


class Written(NamedTuple):
    """What was made of a chunk.

    Attributes:
        pairs: how many pairs it had.
        texts: its text for each format.
        dropped: text of what was lost or left out.
        left_out: places, from 0 in the chunk, of the pairs that have no sentence in the texts.
        labels: the labels that its sources have.
        ledger: what was projected, lost and left out.
        faults: those of the links.
    """

    pairs: int
    texts: list[str]
    dropped: str
    left_out: list[int]
    labels: set[str]
    ledger: Ledger
    faults: Faults


@dataclass(frozen=True)
class Work:
    """Read links, project, filter, and make text: all that is done with a chunk, in another process if asked.

    Attributes:
        links: the file that the lines of links are from.
        on_error: what is done about its faults.
        projecting: how pairs are projected.
        filtering: what is kept.
        formats: those that text is made for.
        dropped: True to tell of all that was lost or left out.
    """

    links: Path
    on_error: OnError
    projecting: Projecting
    filtering: Filtering
    formats: tuple[Format, ...]
    dropped: bool

    def __call__(self, chunk: Chunk[str]) -> Written:
        """Return the texts, what was lost, and what is wrong with the links."""
        faults, pairs = Faults(self.links, self.on_error), chunk.pairs()
        rows = [LinkLine(int(pair.id), line, pair) for pair, line in zip(pairs, chunk.links, strict=True)]
        return self._written(self.projecting(chunk.sources, pairs, links_of_lines(rows, faults)), faults)

    def _written(self, chunk: Sequence[Projected], faults: Faults) -> Written:
        ledger = losses(each.target for each in chunk)
        found = [filter_sentence(each.target, self.filtering, ledger) for each in chunk]
        kept = [sentence for sentence, fault in found if not fault]
        out = [place for place, (_, fault) in enumerate(found) if fault]
        texts = [text_of(kept, format) for format in self.formats]
        labels = {span.label for each in chunk for span in each.source.spans}
        return Written(len(chunk), texts, self._dropped(chunk) if self.dropped else "", out, labels, ledger, faults)

    def _dropped(self, chunk: Sequence[Projected]) -> str:
        text = StringIO()
        for each in chunk:
            write_dropped(dropped_of(each, self.projecting.matching, self.filtering), text)
        return text.getvalue()


@dataclass(frozen=True)
class Known:
    """What is known of pairs beside their links; a tagger is loaded in the process where it is used.

    Attributes:
        matching: what needs it.
        background: what the whole text tells.
        tagger: folder of a tagger for the target side, if the matching needs one.
    """

    matching: Matching
    background: Background
    tagger: Path | None

    def __call__(self, pairs: Sequence[Pair]) -> Iterator[Evidence]:
        """Return what is known of each pair."""
        from exonym.transfer.stages import tag_target_side

        bitext = Bitext(tuple(pairs))
        tagged = None if self.tagger is None else tag_target_side(cached_tagger(self.tagger), bitext)
        return evidence_of(bitext, self.matching, tagged, background=self.background)


@lru_cache(maxsize=1)
def cached_tagger(folder: Path) -> Tagger:
    """Load a tagger, once in each process."""
    from exonym.transfer import load_any_tagger

    return load_any_tagger(folder)
