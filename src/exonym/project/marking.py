"""Marks around entities that a translator carries over: putting them into a text, and reading them off its translation.

Nothing is translated or matched here. Start at `marked`; `unmarked` undoes it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import regex

from exonym.data import Sentence, fold, resemblance, split_words
from exonym.translate import is_unspaced, running

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from exonym.data import Span

Style = Literal["brackets", "numbered", "xml", "quotes"]

_LIKE = 0.5  # a name that is changed is at least so like the given one
_TAG = r"(?:[<＜]|&lt;)\s*(?P<slash>[/／\\]?)\s*(?P<name>{name})\s*(?P<end>[/／]?)\s*(?:[>＞]|&gt;)"


class _Form(NamedTuple):
    """How a style is written and read.

    Attributes:
        opens: what stands before an entity, `{name}` its name.
        closes: what stands behind it.
        mark: what is taken for a mark in a translation.
        doubled: the same, where marks in a row count as one.
        reserved: what a text must not hold for its marks to be told from it, and what is dirt in a translation.
    """

    opens: str
    closes: str
    mark: regex.Pattern[str]
    doubled: regex.Pattern[str]
    reserved: regex.Pattern[str]


def _tags(name: str) -> _Form:
    mark = regex.compile(_TAG.format(name=name))
    return _Form("<{name}> ", " </{name}>", mark, mark, regex.compile(r"[<>＜＞]|&[lg]t;"))


_OPEN, _CLOSE = r"[\[［【《〔]", r"[\]］】》〕]"
_QUOTE = r"(?:[\"“”„‟«»「」『』＂]|''|``|,,)"
_FORMS: dict[Style, _Form] = {
    "brackets": _Form(
        "[ ",
        " ]",
        regex.compile(rf"(?P<open>{_OPEN})|{_CLOSE}"),
        regex.compile(rf"(?P<open>{_OPEN}(?:\s*{_OPEN})*)|{_CLOSE}(?:\s*{_CLOSE})*"),
        regex.compile(rf"{_OPEN}|{_CLOSE}"),
    ),
    "numbered": _tags(r"\d{1,4}"),
    "xml": _tags(r"[^\s<>＜＞/／\\&]+"),
    "quotes": _Form('"', '"', regex.compile(_QUOTE), regex.compile(rf"{_QUOTE}+"), regex.compile(_QUOTE)),
}


class Marker(NamedTuple):
    """A range of words `[start, stop)` that stood between two marks.

    Attributes:
        start: its first word.
        stop: one past its last word.
        name: of the marks, as from `names_of`.
    """

    start: int
    stop: int
    name: str = ""


class Half(NamedTuple):
    """A mark whose other half was lost.

    Attributes:
        place: the first word after an opening mark, or one past the last word before a closing one.
        opens: whether it opens.
        name: of the mark, as from `names_of`.
    """

    place: int
    opens: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Unmarked:
    """A text without its marks.

    Attributes:
        text: the running text.
        words: its words.
        offsets: `[start, stop)` of each word in `text`.
        markers: what stood between marks and has a word, by start.
        halves: marks without their other half.
        is_dirty: what may have been a mark is left in the text.
    """

    text: str
    words: tuple[str, ...]
    offsets: tuple[tuple[int, int], ...]
    markers: tuple[Marker, ...] = ()
    halves: tuple[Half, ...] = ()
    is_dirty: bool = False

    def surface(self, start: int, stop: int) -> str:
        """Return the words `[start, stop)` as they stand in the text."""
        return self.text[self.offsets[start][0] : self.offsets[stop - 1][1]]


def names_of(spans: Sequence[Span], style: Style) -> list[str]:
    """Return what tells the marks of spans apart: numbers from 1 (`numbered`), folded labels (`xml`), or nothing."""
    if style == "numbered":
        return [str(number) for number in range(1, len(spans) + 1)]
    return [fold(span.label) if style == "xml" else "" for span in spans]


def holds_marks(sentence: Sentence, style: Style) -> bool:
    """Say whether the text of a sentence holds what would be taken for marks of this style."""
    text = running(sentence).text or ""
    return _FORMS[style].reserved.search(text) is not None


def marked(sentence: Sentence, style: Style, spans: Sequence[Span] | None = None) -> Sentence:
    """Put marks around spans.

    Args:
        sentence: a sentence; as `running` writes it, if its text is not known.
        style: `brackets`: [ Ana ]; `numbered`: <1> Ana </1>, by the place of the span among `spans`; `xml`:
            <PER> Ana </PER>; `quotes`: "Ana".
        spans: the spans, which may lie in each other (but not in part) or side by side; None for those of the sentence.

    Returns:
        The sentence with the marks in its text. Its words, spans and all else stay, its offsets lead to the words.

    Source:
        Chen et al. 2023, EasyProject, where brackets do better than tags and need a translator tuned to keep them.
    """
    plain = running(sentence)
    own = sentence.spans if spans is None else spans
    form = _FORMS[style]
    shown = [span.label for span in own] if style == "xml" else names_of(own, style)
    before = [""] * len(plain)
    behind = [""] * len(plain)
    for place in sorted(range(len(own)), key=lambda place: (len(own[place]), -place)):  # the inner ones first
        span, name = own[place], shown[place]
        before[span.start] = form.opens.format(name=name) + before[span.start]
        behind[span.stop - 1] += form.closes.format(name=name)
    text, offsets, at = "", [], 0
    for (start, stop), opens, closes in zip(plain.offsets, before, behind, strict=True):
        text += (plain.text or "")[at:start] + opens
        offsets.append((len(text), len(text) + stop - start))
        text += (plain.text or "")[start:stop] + closes
        at = stop
    return replace(plain, text=text + (plain.text or "")[at:], offsets=tuple(offsets))


def unmarked(text: str, style: Style, *, nested: bool = False, names: Collection[str] = ()) -> Unmarked:
    """Take the marks out of a translation and read off it what stood between them.

    Spaces inside tags, other case, wide and other brackets and quotation marks, and tags written as entities of HTML
    are understood. An opening mark is paired with the next closing one of its name that is free; a mark without its
    other half is taken out too. A word that is written together with a mark is wholly in it (Turkish [Ana]'nın), but
    for scripts without spaces, whose text is cut into words there.

    Args:
        text: the translation.
        style: how it was marked.
        nested: markers may lie in each other; else brackets and quotation marks in a row count as one.
        names: `xml`: those that were given, as from `names_of`: a tag with another name, which a translator takes for
            a word (<PER> becomes <POR>), gets one that is in no tag, the most like it, if that is like it by half.

    Returns:
        The text without marks, with its words as from `split_words`, and the markers.

    Source:
        Chen et al. 2023, EasyProject, released code, which also makes one of doubled brackets,
        and brackets of 《》 and 【】.
    """
    form = _FORMS[style]
    found = list((form.mark if nested else form.doubled).finditer(text.strip()))
    marks = _quotes(found) if style == "quotes" else [_read(match, style) for match in found]
    if style == "xml":
        changed = _changed({name for _, name in marks}, names)
        marks = [(opens, changed.get(name, name)) for opens, name in marks]
    cuts = [0, *(place for match in found for place in match.span()), len(text.strip())]
    pieces = [text.strip()[start:stop] for start, stop in zip(cuts[::2], cuts[1::2], strict=True)]
    clean, places = _joined(pieces, [opens for opens, _ in marks], [is_unspaced(match.group()[-1]) for match in found])
    words, offsets = _cut(clean, places)
    markers, halves = _paired(marks, places, offsets)
    dirty = style in ("numbered", "xml") and form.reserved.search(clean) is not None
    return Unmarked(clean, words, offsets, markers, halves, dirty)


def _read(match: regex.Match[str], style: Style) -> tuple[bool, str]:
    """Say whether a bracket or a tag opens, and its name."""
    if style == "brackets":
        return match["open"] is not None, ""
    name = str(int(match["name"])) if style == "numbered" else fold(match["name"])
    return not (match["slash"] or match["end"]), name


def _changed(found: set[str], given: Collection[str]) -> dict[str, str]:
    """Tell which given name each name stands for that was not given: the most alike first, each but once."""
    unknown, free = sorted(found - set(given)), sorted(set(given) - found)
    pairs = sorted((-resemblance(one, other), one, other) for one in unknown for other in free)
    changed: dict[str, str] = {}
    for likeness, one, other in pairs:
        if -likeness >= _LIKE and one not in changed and other not in changed.values():
            changed[one] = other
    return changed


def _quotes(found: Sequence[regex.Match[str]]) -> list[tuple[bool, str]]:
    """Say whether quotation marks open: by the spaces around them, or by turns where these don't tell."""
    marks: list[tuple[bool, str]] = []
    is_open = False
    for match in found:
        text = match.string
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        starts, ends = (not before or before.isspace()), (not after or after.isspace())
        is_open = starts if starts != ends else not is_open
        marks.append((is_open, ""))
    return marks


def _joined(pieces: Sequence[str], opens: Sequence[bool], wide: Sequence[bool]) -> tuple[str, list[int]]:
    """Join the text between marks, without the space inside of them; return it, and the place of each mark in it.

    Where several marks meet, a space outside of any of them is a space; wide marks hold one.
    """
    text, places = pieces[0].strip(), [0] * len(opens)
    spaced, waiting = False, 0  # the marks from here on have no text after them yet
    for number, piece in enumerate(pieces[1:], start=1):
        outside = pieces[number - 1][-1:].isspace() if opens[number - 1] else piece[:1].isspace()
        meets = number > 1 and number - 1 > waiting and opens[number - 1] and not opens[number - 2]  # two markers
        spaced = spaced or outside or meets or wide[number - 1]
        core = piece.strip()
        if core or number == len(opens):
            gap = " " if spaced and text and core and not (is_unspaced(text[-1]) and is_unspaced(core[0])) else ""
            for place in range(waiting, number):
                places[place] = len(text) + (len(gap) if opens[place] else 0)
            text, spaced, waiting = text + gap + core, False, number
    return text, places


def _cut(text: str, places: Sequence[int]) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Split text into words; those of scripts without spaces also at marks."""
    cuts = sorted({place for place in places if 0 < place < len(text) and all(map(is_unspaced, text[place - 1 :][:2]))})
    _, spans = split_words(text)
    offsets = []
    for start, stop in spans:
        inside = cuts[bisect_right(cuts, start) : bisect_left(cuts, stop)]
        offsets += list(zip([start, *inside], [*inside, stop], strict=True))
    return tuple(text[start:stop] for start, stop in offsets), tuple(offsets)


def _paired(
    marks: Sequence[tuple[bool, str]], places: Sequence[int], offsets: Sequence[tuple[int, int]]
) -> tuple[tuple[Marker, ...], tuple[Half, ...]]:
    """Pair opening with closing marks; markers without a word are left out."""
    starts, stops = [start for start, _ in offsets], [stop for _, stop in offsets]
    markers: list[Marker] = []
    halves: list[Half] = []
    waiting: dict[str, list[int]] = {}
    for (opens, name), place in zip(marks, places, strict=True):
        if opens:
            waiting.setdefault(name, []).append(bisect_right(stops, place))
        elif waiting.get(name):
            start, stop = waiting[name].pop(), bisect_left(starts, place)
            if start < stop:
                markers.append(Marker(start, stop, name))
        else:
            halves.append(Half(bisect_left(starts, place), False, name))
    halves += [Half(start, True, name) for name, left in waiting.items() for start in left]
    return tuple(sorted(markers)), tuple(sorted(halves))
