"""Text as it is compared: NFC, with a map back to the text as it was read; and words for text that has none given.

Text is stored and written as it was read. Features, lexicons and comparisons use `nfc`, because the same letter may be
one code point in one file and two in the next (60 % of the Yoruba words of MasakhaNER 2 are not NFC).
"""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple
from unicodedata import combining, is_normalized, normalize

import regex

_LETTER = r"[\p{L}\p{M}\p{N}]"
# Letters, marks and digits, with the joiners of Indic scripts, soft hyphens and word joiners inside and after them.
_LETTERS = rf"{_LETTER}[\p{{L}}\p{{M}}\p{{N}}\u200c\u200d\u00ad\u2060]*"
_INNER = r"['’ʼ.\-‑]"  # stands between letters of one word
_END = rf"(?!{_INNER}?{_LETTER})"  # the word does not go on
_CLITIC = rf"(?<=[\p{{L}}\p{{M}}\p{{N}}.])['’][sS]{_END}"
_ABBREVIATION = rf"(?:\p{{L}}\p{{M}}*\.){{2,}}(?!{_LETTER})"
_WORD = regex.compile(
    rf"{_CLITIC}"
    rf"|(?:{_ABBREVIATION}|{_LETTERS})(?:(?!{_CLITIC}){_INNER}{_LETTERS})*"
    r"|[^\s\p{L}\p{M}\p{N}\p{Cc}\p{Cf}\p{Cs}]"
)


class Normalised(NamedTuple):
    """Text in NFC and, for each of its characters plus the end, the offset in the text as it was read."""

    text: str
    offsets: tuple[int, ...]


@lru_cache(maxsize=1 << 18)
def nfc(word: str) -> str:
    """Return the NFC form of a word; never NFKC, which would change letters of several scripts."""
    return word if is_normalized("NFC", word) else normalize("NFC", word)


@lru_cache(maxsize=1 << 18)
def fold(word: str) -> str:
    """Return the form in which words are compared without regard to case: NFC, case-folded."""
    return nfc(nfc(word).casefold())


def resemblance(one: str, other: str, least: float = 0.0) -> float:
    """Return how like each other two strings are, in [0, 1], without regard to case; 0 if less than `least`.

    Source:
        Ratcliff and Metzener 1988, as in `difflib`: twice the characters in matching blocks over those of both.
    """
    matcher = SequenceMatcher(None, fold(one), fold(other), autojunk=False)
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= least else 0.0


def normalised(text: str) -> Normalised:
    """Return the NFC form of a text with the map from its characters to the text as it was read.

    Each NFC character maps to the start of the run of original characters that it came from, so a span
    `[a, b)` of the NFC text is `[offsets[a], offsets[b])` of the original.
    """
    if is_normalized("NFC", text):
        return Normalised(text, tuple(range(len(text) + 1)))
    pieces: list[str] = []
    offsets: list[int] = []
    start = 0
    for stop in [*_boundaries(text), len(text)]:
        piece = normalize("NFC", text[start:stop])
        pieces.append(piece)
        offsets.extend([start] * len(piece))
        start = stop
    return Normalised("".join(pieces), (*offsets, len(text)))


def _boundaries(text: str) -> list[int]:
    """Offsets > 0 before which the text can be cut without changing its NFC form."""
    cuts = []
    for index in range(1, len(text)):
        if combining(text[index]) == 0 and not "\u1160" <= text[index] <= "\u11ff":  # vowels and finals of Hangul
            left, right = text[index - 1], text[index]
            # A few vowel signs compose although their combining class is 0.
            if len(normalize("NFC", left + right)) == len(normalize("NFC", left)) + len(normalize("NFC", right)):
                cuts.append(index)
    return cuts


def split_words(text: str) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Split running text into words and punctuation marks, with the offsets of each in the text.

    Letters keep their combining marks; apostrophes, dots and hyphens inside a word stay in it (ng'ombe, l'homme), and
    so do joiners and soft hyphens that follow a letter; other control characters are in no word. Two conventions of
    labelled English, whatever the language, as it is not asked for: a final `'s` is a word (Kenya 's), and the last dot
    of two or more single letters with dots is part of theirs (U.S.). Text of scripts without spaces comes out as long
    words: give such text segmented, except where it is extra text for an aligner, which cuts it like the text to align.
    Meant for text that has no words yet: the words of a labelled corpus are never split again.

    Returns:
        T words, and for each the offsets `[start, stop)` of its characters in the text.

    Source:
        The Penn Treebank's tokenisation, which CoNLL-03 and UD follow, in these two points. Differences: other clitics
        (n't, 'll), which follow no name, and the dot of a single initial (J.), which could end a sentence, are left
        as they were; Dutch plurals (foto's), which Dutch corpora keep whole, are split.
    """
    found = [(match.group(), match.span()) for match in _WORD.finditer(text)]
    return tuple(word for word, _ in found), tuple(span for _, span in found)
