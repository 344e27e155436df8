"""An explanation as a picture for the terminal. Start at `picture`.

Words are numbered from 0, as in link files. Works at 60 columns, without colours, and with wide scripts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.console import Group
from rich.table import Table
from rich.text import Text

from exonym.data import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from rich.console import RenderableType

    from exonym.data import Link, Sentence, Span
    from exonym.project import Explanation, Fate, Option

_SHOWN = 10  # candidates of one entity; the rest are counted
_KEPT = "chosen"


class About(NamedTuple):
    """What of an explanation is shown.

    Attributes:
        fates: places of the entities.
        links: links of the word that was asked about; None if none was.
    """

    fates: tuple[int, ...]
    links: tuple[Link, ...] | None = None


def about(explanation: Explanation, word: str | None) -> About:
    """Choose everything or, if a word is given, the entities that it is part of, linked to, or a candidate of."""
    every = range(len(explanation.fates))
    if word is None:
        return About(tuple(every))
    source, target = (
        {place for place, own in enumerate(side.words) if fold(own) == fold(word)}
        for side in (explanation.source, explanation.target)
    )

    def concerned(fate: Fate) -> bool:
        own = range(fate.span.start, fate.span.stop)
        inside = (range(each.candidate.start, each.candidate.stop) for each in fate.options)
        linked = {link.target for link in fate.links}
        return bool(source.intersection(own)) or any(map(target.intersection, (linked, *inside)))

    links = tuple(link for link in explanation.links if link.source in source or link.target in target)
    return About(tuple(place for place in every if concerned(explanation.fates[place])), links)


def picture(explanation: Explanation, shown: About) -> Group:
    """Draw both sentences with numbered words and entities in brackets, then each entity with links and candidates."""
    source, target = explanation.source, explanation.target
    sides = Table.grid(padding=(0, 1))
    sides.add_row(Text("source", "dim"), _sentence(source, source.spans))
    sides.add_row(Text("target", "dim"), _sentence(target, target.spans))
    parts: list[RenderableType] = [Text(f"sentence {target.id}", "bold"), sides]
    if shown.links is not None:
        parts += [Text(), Text(f"links of the word: {_links(explanation, shown.links)}")]
    for place in shown.fates:
        parts += [Text(), *_entity(explanation, explanation.fates[place])]
    if not shown.fates:
        parts += [Text(), Text(f"no entity{' of the source has to do with it' * bool(explanation.fates)}")]
    for lost in source.lost:
        words = " ".join(source.words[lost.start : lost.stop])
        parts += [Text(), Text(f"{lost.label} {words}: lost before projection, {lost.reason}")]
    return Group(*parts)


def _sentence(sentence: Sentence, spans: Sequence[Span]) -> Text:
    """Write numbered words, entities as `[PER 0:Ana 1:Ruiz]`."""
    starts, stops = {span.start: span.label for span in spans}, {span.stop for span in spans}
    text = Text(overflow="fold")
    for place, word in enumerate(sentence.words):
        inside = any(span.start <= place < span.stop for span in spans)
        if place:
            text.append(" ")
        if place in starts:
            text.append(f"[{starts[place]} ", "bold")
        text.append(f"{place}:", "dim")
        text.append(word, "bold" if inside else "")
        if place + 1 in stops:
            text.append("]", "bold")
    return text


def _entity(explanation: Explanation, fate: Fate) -> list[RenderableType]:
    """Say what became of a source span, by which links, and against which candidates."""
    heading = Text(f"{fate.span.label} {_words(explanation.source, fate.span)} -> ", "bold", overflow="fold")
    if fate.spans:
        ends = ", ".join(f"{_words(explanation.target, span)} (confidence {span.score:.2f})" for span in fate.spans)
        heading.append(ends, "green")
    else:
        heading.append(f"lost, {fate.reason}", "red")
    parts: list[RenderableType] = [heading]
    parts.append(_indented(Text(f"links: {_links(explanation, fate.links)}")))
    if fate.options:
        parts.append(_indented(_table(explanation, fate)))
    if len(fate.options) > _SHOWN:
        parts.append(_indented(Text(f"and {len(fate.options) - len(_shown(fate))} more candidates")))
    return parts


def _table(explanation: Explanation, fate: Fate) -> Table:
    """Make the table of candidates, the best first, with those kinds of evidence that count."""
    matching, names = explanation.matching, {"alignment": "links", "tagger": "tagger", "translation": "transl."}
    counts = [name for name in names if getattr(matching.fusion, name)]
    heuristic = matching.matcher == "heuristic"
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("run of linked words" if heuristic else "candidate", overflow="fold")
    numbers = ["linked" if heuristic else "score", *(names[name] for name in counts if len(counts) > 1)]
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold")
    for option in _shown(fate):
        each = option.candidate
        scores = [each.score, *(getattr(each, name) for name in counts if len(counts) > 1)]
        words = Text(_numbered(explanation.target, range(each.start, each.stop)))
        table.add_row(words, *(f"{score:.2f}" for score in scores), _verdict(explanation, option))
    return table


def _shown(fate: Fate) -> list[Option]:
    """Return the best options, and what was chosen wherever it stands."""
    return [each for place, each in enumerate(fate.options) if place < _SHOWN or each.verdict == _KEPT]


def _verdict(explanation: Explanation, option: Option) -> Text:
    """Write a verdict, with what took the words: `overlap with PER 0:Ana -> 2:Ana`."""
    if option.verdict == _KEPT:
        return Text(_KEPT, "green")
    if option.confidence is not None:
        return Text(f"{option.verdict} ({option.confidence:.2f})")
    if not option.beaten_by:
        return Text(option.verdict)
    winners = []
    for index in option.beaten_by:
        winner = explanation.fates[index]
        taken = (
            _numbered(explanation.target, range(each.candidate.start, each.candidate.stop))
            for each in winner.options
            if each.confidence is not None
            and each.candidate.start < option.candidate.stop
            and option.candidate.start < each.candidate.stop
        )
        winners.append(f"{winner.span.label} {_words(explanation.source, winner.span)} at {', '.join(taken)}")
    return Text(f"{option.verdict} with {'; '.join(winners)}")


def _links(explanation: Explanation, links: Iterable[Link]) -> str:
    source, target, matching = explanation.source.words, explanation.target.words, explanation.matching

    def weak(link: Link) -> str:
        return " weak" if matching.counts_links and link.weight < matching.min_weight else ""

    told = ", ".join(
        f"{each.source}:{source[each.source]} -> {each.target}:{target[each.target]} ({each.weight:.2f}{weak(each)})"
        for each in links
    )
    return told or "none"


def _words(sentence: Sentence, span: Span) -> str:
    return _numbered(sentence, range(span.start, span.stop))


def _numbered(sentence: Sentence, places: Collection[int]) -> str:
    return " ".join(f"{place}:{sentence.words[place]}" for place in places)


def _indented(part: RenderableType) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_row("", part)
    return grid
