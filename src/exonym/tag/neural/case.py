"""The letter case of a word, which a tokeniser that lower-cases its text hides from its encoder. Start at `case_of`."""

from __future__ import annotations

from functools import lru_cache

from exonym.data import nfc

CASES = ("special", "lower", "capital", "capitals", "mixed", "digit", "other")


@lru_cache(maxsize=1 << 17)
def case_of(word: str) -> int:
    """Find the place in `CASES` of the first of these that a word fits.

    `digit`: it has a digit; `other`: it has no letter with case; `lower`: no capital; `capitals`: two or more and no
    small letter; `capital`: its first letter is one (Kano, McCoy); `mixed`: a later one is (eThekwini). `special` is
    no word: it stands for the subwords that are put around a sentence. Words are read in NFC.
    """
    word = nfc(word)
    if any(letter.isdigit() for letter in word):
        return CASES.index("digit")
    capitals = [letter != letter.lower() for letter in word if letter.lower() != letter.upper()]
    if not capitals:
        return CASES.index("other")
    if not any(capitals):
        return CASES.index("lower")
    if all(capitals) and len(capitals) > 1:
        return CASES.index("capitals")
    return CASES.index("capital" if capitals[0] else "mixed")
