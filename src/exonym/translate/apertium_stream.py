r"""Text as Apertium's programs pass it on, and which source words each piece of it comes from.

The analyser turns text into units, `^surface/reading/reading$`, with the characters between them as they are and
special ones behind a backslash. A unit can be marked with a name, `[[t:w:NAME]]^...$`, which stays with it through
transfer and generation, whatever is reordered; the output has `[[t:w:NAME]]words[[/]]`.

The marks are put on after the analysis, not on the words of the text before it: a mark between two words would hide
from the analyser that they are one unit, such as `New York`, `in order to` or `isn't`. Start at `marked`.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import category

import regex

from exonym.data import Links, fold, normalised
from exonym.translate.translator import Translation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.data import Sentence

_END = "[][{}][\n]"  # closes a sentence, so that nothing of it is held back, and says which it is
_NUMBER = regex.compile(rb"\[\]\[(\d+)\]\[\n\]")
_SPECIAL = regex.compile(r"[\[\]{}^$\\/@<>]")
_SPACES = frozenset({"Cc", "Zs", "Zl", "Zp"})
_SOFT_HYPHEN = "\u00ad"
_SWAPPED = "~^"  # sent as private characters: one is swallowed by the last program, some hang on the other at the end
_PRIVATE = range(0xE000, 0xF900)
_POSSESSIVE = frozenset({"'s", "'S", "’s", "’S", "'", "’"})
_ITEM = regex.compile(
    r"\^(?P<surface>(?:\\.|[^\\/$^])*)/(?:\\.|[^\\$])*\$"  # a unit
    r"|\[(?:\\.|[^\\\]])*\]"  # format
    r"|\\?(?P<other>.)",
    regex.DOTALL,
)
_OUTPUT = regex.compile(
    r"\[\[/\]\]|\[\[(?P<names>[^\[\]]*)\]\]|(?P<format>\[(?:\\.|[^\\\[\]])*\])|\\?(?P<letter>.)", regex.DOTALL
)
_NAME = regex.compile(r"t:w:(\d+)")


class Prepared(NamedTuple):
    """Text that can be sent.

    Attributes:
        text: NFC, with spaces for control characters, and without what would be lost.
        origin: for each of its characters the word of the sentence that it is in, or -1.
        swapped: the characters that stand for `~` and `^`.
        number: of the sentence among those that are sent.
    """

    text: str
    origin: tuple[int, ...]
    swapped: str
    number: int

    @property
    def message(self) -> bytes:
        """What the analyser is sent."""
        return (_SPECIAL.sub(r"\\\g<0>", self.text) + _END.format(self.number)).encode()


def prepared(sentence: Sentence, number: int = 0) -> Prepared:
    """Prepare a sentence that has its running text; `number` tells it from those that are sent with it."""
    text = sentence.text or ""
    owner = [-1] * (len(text) + 1)
    for word, (start, stop) in enumerate(sentence.offsets):
        owner[start:stop] = [word] * (stop - start)
    swapped = "".join(islice((chr(code) for code in _PRIVATE if chr(code) not in text), len(_SWAPPED)))
    there = dict(zip(_SWAPPED, swapped, strict=True))
    letters, origin = [], []
    form = normalised(text)
    for letter, offset in zip(form.text, form.offsets, strict=False):
        kind = category(letter)
        if letter == _SOFT_HYPHEN or kind == "Cs" or _is_no_character(ord(letter)):
            continue
        letters.append(" " if kind in _SPACES else there.get(letter, letter))
        origin.append(owner[offset])
    return Prepared("".join(letters), tuple(origin), swapped, number)


def _is_no_character(code: int) -> bool:
    """U+FFFF, for one, is the end of all text for the programs."""
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def belongs(message: bytes, answer: bytes) -> bool:
    """Say whether an answer is that to a message, by the number of the sentence."""
    return _NUMBER.findall(message) == _NUMBER.findall(answer)


class Marked(NamedTuple):
    """An analysis with a mark on every unit.

    Attributes:
        message: what the programs after the analyser are sent.
        units: for each mark the words of the sentence that its unit stands for.
    """

    message: bytes
    units: tuple[tuple[int, ...], ...]


def marked(analysis: str, source: Prepared) -> Marked:
    """Mark the units of an analysis."""
    at = 0
    pieces: list[str] = []
    units: list[tuple[int, ...]] = []
    for item in _ITEM.finditer(analysis):
        surface, other = item["surface"], item["other"]
        if other is not None and source.text[at : at + 1] == other:
            at += 1
        if surface:
            plain = _unescaped(surface)
            found = source.text.find(plain, at)
            if found >= 0:
                at = found + len(plain)
                words = [word for word in dict.fromkeys(source.origin[found:at]) if word >= 0]
                if words:
                    pieces.append(f"[[t:w:{len(units)}]]")
                    units.append(tuple(words))
        pieces.append(item.group())
    return Marked("".join(pieces).encode(), tuple(units))


def _unescaped(text: str) -> str:
    return regex.sub(r"\\(.)", r"\1", text, flags=regex.DOTALL)


def read(output: str, source: Prepared, units: Sequence[Sequence[int]], words: Sequence[str]) -> Translation:
    """Read a translation with the links of its words.

    Every word of a unit is linked to every word that the unit came out as; a possessive `'s` is left to the word that
    it follows, which it is in one unit with. What no dictionary knows as a word, such as most symbols, passes through
    the programs as it is: such words are linked in order, if as many came out as went in.

    Args:
        output: of the last program.
        source: the sentence as it was sent.
        units: for each mark the source words that it stands for.
        words: all source words.
    """
    letters: list[str] = []
    marks: list[tuple[int, ...]] = []
    current: tuple[int, ...] = ()
    back = dict(zip(source.swapped, _SWAPPED, strict=True))
    for item in _OUTPUT.finditer(output):
        names, letter = item["names"], item["letter"]
        if names is not None:
            numbers = map(int, _NAME.findall(names))
            current = tuple(dict.fromkeys(w for n in numbers if n < len(units) for w in _heads(units[n], words)))
        elif letter is None and item["format"] is None:
            current = ()
        elif letter is not None:
            letter = " " if letter.isspace() else back.get(letter, letter)
            if letter != " " or (letters and letters[-1] != " "):
                letters.append(letter)
                marks.append(current)
    plain = Translation.of("".join(letters).rstrip(" "))
    links = {
        (word, target)
        for target, (start, stop) in enumerate(plain.offsets)
        for word in {word for mark in marks[start:stop] for word in mark}
    }
    known = {word for unit in units for word in unit}
    links |= _passed_through(words, known, plain.words, {target for _, target in links})
    return Translation(plain.text, plain.words, plain.offsets, None, Links.of(links))


def _heads(unit: Sequence[int], words: Sequence[str]) -> Sequence[int]:
    return [word for word in unit if words[word] not in _POSSESSIVE] or unit


def _passed_through(
    words: Sequence[str], known: set[int], targets: Sequence[str], linked: set[int]
) -> set[tuple[int, int]]:
    """Link source words of no unit with equal target words of no unit, where there are as many of them."""
    sides: dict[str, tuple[list[int], list[int]]] = {}
    for side, (row, used) in enumerate(((words, known), (targets, linked))):
        for place, word in enumerate(row):
            if place not in used:
                sides.setdefault(fold(word), ([], []))[side].append(place)
    return {link for own, other in sides.values() if len(own) == len(other) for link in zip(own, other, strict=True)}
