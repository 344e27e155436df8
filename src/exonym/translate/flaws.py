"""What looks wrong with a translation: empty, cut, repeated, copied or short output. Start at `flaw_of`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exonym.data import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

_TIMES = 4  # so often in a row is a phrase repeated
_LONGEST = 8  # words of a phrase that is looked for
_FEW = 5  # shorter sentences may be copied or shortened: names, headlines
_SHARE = 0.25  # of the words of the source; translations with fewer are short


def flaw_of(source: Sequence[str], target: Sequence[str], *, cut: bool = False) -> str:
    """Say what looks wrong with a translation.

    Args:
        source: the words of a sentence.
        target: the words of its translation.
        cut: the engine stopped at its limit of length.

    Returns:
        `empty`: no word; `cut off`; `repeated`: a phrase of up to eight words stands four times in a row or more, and
        more often than in the source; `copied`: five words or more, some of them in lower case or of a script without
        case, that are those of the source; `short`: fewer than a quarter as many words as a source of five or more;
        or an empty string.
    """
    if not target:
        return "empty"
    if cut:
        return "cut off"
    if _most_in_a_row(target) > max(_TIMES - 1, _most_in_a_row(source)):
        return "repeated"
    if len(source) >= _FEW and [*map(fold, source)] == [*map(fold, target)] and not all(map(_may_stay, source)):
        return "copied"
    if len(source) >= _FEW and len(target) < _SHARE * len(source):
        return "short"
    return ""


def _may_stay(word: str) -> bool:
    """Names, numbers and marks are the same in many languages."""
    return word[0].isupper() or not any(map(str.isalpha, word))


def _most_in_a_row(words: Sequence[str]) -> int:
    """Return how often, at most, a phrase with a letter in it is said in a row."""
    folded = [*map(fold, words)]
    most = 1 if words else 0
    for length in range(1, min(_LONGEST, len(folded) // _TIMES) + 1):
        run = 0  # words that equal the one `length` before them
        for place in range(length, len(folded)):
            run = run + 1 if folded[place] == folded[place - length] else 0
            phrase = folded[place - length + 1 : place + 1]
            if run and run % length == 0 and any(any(map(str.isalpha, word)) for word in phrase):
                most = max(most, run // length + 1)
    return most
