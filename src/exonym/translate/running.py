"""Running text from words, with the place of every word in it: what translators read. Start at `running`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exonym.data import Sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

_CLOSE = frozenset(",.;:!?)]}%…»›”’،؛؟।、。，！？：；）】》」』")  # stand close to the word before them
_OPEN = frozenset("([{«‹“‘¿¡$£€#（【《「『")  # stand close to the word after them
_CLITICS = frozenset(
    ("'s", "'S", "n't", "N'T", "'ll", "'re", "'ve", "'d", "'m", "’s", "n’t", "’ll", "’re", "’ve", "’d", "’m")
)
_QUOTES = {'"': '"', "'": "'", "``": "''"}  # open with the key, close with the value
_UNSPACED = (
    ("\u0e00", "\u0eff"),  # Thai, Lao
    ("\u1000", "\u109f"),  # Burmese
    ("\u1780", "\u17ff"),  # Khmer
    ("\u3000", "\u30ff"),  # marks of Chinese and Japanese, kana
    ("\u3400", "\u9fff"),  # Han
    ("\uff00", "\uffef"),  # wide forms
)


def running(sentence: Sentence) -> Sentence:
    """Return the sentence with running text and the place of every word in it; as it is, if it has them.

    Marks, closing brackets and English clitics (`'s`, `n't`) are joined to the word before them, opening brackets and
    signs of money to the word after them, quotation marks by turns; words of scripts that are written without spaces
    are joined to each other. No character is changed, so the words can be found again.
    """
    if sentence.text is not None:
        return sentence
    text, offsets = joined(sentence.words)
    return replace(sentence, text=text, offsets=offsets)


def joined(words: Sequence[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Join words as they would be written.

    Returns:
        The text, and the offsets `[start, stop)` of every word in it.
    """
    text, offsets = "", []
    waiting: list[str] = []  # closing marks of the quotations that are open
    glued = True  # no space before the next word
    for word in words:
        closes = bool(waiting) and word == waiting[-1]
        opens = not closes and word in _QUOTES
        if not (
            glued or closes or _goes_to_the_left(word) or (text and is_unspaced(text[-1]) and is_unspaced(word[0]))
        ):
            text += " "
        offsets.append((len(text), len(text) + len(word)))
        text += word
        glued = opens or (len(word) == 1 and word in _OPEN)
        if closes:
            waiting.pop()
        elif opens:
            waiting.append(_QUOTES[word])
    return text, tuple(offsets)


def _goes_to_the_left(word: str) -> bool:
    return word in _CLITICS or word == "..." or (len(word) == 1 and word in _CLOSE)


def is_unspaced(letter: str) -> bool:
    """Say whether a character is of a script that is written without spaces between words."""
    return any(first <= letter <= last for first, last in _UNSPACED)
