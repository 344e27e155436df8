"""Long texts in pieces that a model can read, cut where a reader would pause. Start at `pieces_of`."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SENTENCE = frozenset(".!?…;:。！？；：؟۔।॥።")  # better places to cut, from the first to the last
_CLAUSE = frozenset(",、，،፣)]}»”’")
_MIDDLE = 4  # a cut is looked for in the middle half first: a quarter from either end


def pieces_of(text: str, size: Callable[[str], int], most: int) -> list[str]:
    """Cut a text that is too long into pieces; one that is not is one piece.

    It is halved, as often as it must be, near the middle: after the end of a sentence, else after a comma or the like,
    else at a space, else between two characters. No character is lost but the spaces at a cut.

    Args:
        text: running text.
        size: tokens of a text.
        most: most tokens in a piece.
    """
    if size(text) <= most:
        return [text]
    place = _cut(text)
    if place is None:  # a single character
        return [text]
    first, second = text[:place].rstrip(), text[place:].lstrip()
    if not first or not second:
        return pieces_of(first or second, size, most) if len(first or second) < len(text) else [text]
    return pieces_of(first, size, most) + pieces_of(second, size, most)


def _cut(text: str) -> int | None:
    """Find where to cut: the place before which the first part ends; None if there is none."""
    places = [place for place in range(1, len(text)) if not unicodedata.combining(text[place])]
    if not places:
        return None
    middle, margin = len(text) / 2, len(text) // _MIDDLE
    inner = [place for place in places if margin <= place <= len(text) - margin]
    for choice in (inner, places):
        for fits in (_ends_sentence, _ends_clause, _is_space):
            found = [place for place in choice if fits(text, place)]
            if found:
                return min(found, key=lambda place: abs(place - middle))
    return min(places, key=lambda place: abs(place - middle))


def _ends_sentence(text: str, place: int) -> bool:
    return text[place - 1] in _SENTENCE and _is_free(text, place)


def _ends_clause(text: str, place: int) -> bool:
    return text[place - 1] in _CLAUSE and _is_free(text, place)


def _is_space(text: str, place: int) -> bool:
    return text[place].isspace()


def _is_free(text: str, place: int) -> bool:
    """Say whether a mark ends something here: a space follows, or it is of a script that has none."""
    return text[place].isspace() or ord(text[place - 1]) > 0x2FFF
