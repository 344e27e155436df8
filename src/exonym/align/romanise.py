"""Words in rough Latin letters, so that words of different scripts can be compared.

Built in is a romanisation that is read off the Unicode names of letters, which needs no table; the optional `uroman`
package has tables for single languages. Start at `ROMANISERS`.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import name, normalize

from exonym.data import fold
from exonym.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Romaniser = Literal["names", "uroman"]

_LATIN = {"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "þ": "th", "ð": "d", "ł": "l", "ı": "i", "đ": "d", "ŋ": "ng"}
_LATIN |= {"ɓ": "b", "ɗ": "d", "ƙ": "k", "ɔ": "o", "ɛ": "e", "ƴ": "y", "ə": "e"}
_CYRILLIC = {"ie": "e", "io": "e", "i": "i", "yi": "i", "yeru": "y", "sign": "", "yu": "yu", "ya": "ya", "ha": "h"}
_CYRILLIC |= {"ghe": "g", "shcha": "shch"}
_SAME_SOUND = (
    ("tsch", "ch"),
    ("sch", "sh"),
    ("dzh", "j"),
    ("ph", "f"),
    ("ck", "k"),
    ("qu", "kv"),
    ("x", "ks"),
    ("c", "k"),
    ("q", "k"),
    ("w", "v"),
    ("z", "s"),
    ("j", "y"),
    ("h", ""),
)


@lru_cache(maxsize=1 << 16)
def _letter(character: str) -> str:
    """Romanise one folded character; empty for what has no sound."""
    base = normalize("NFD", character)[0]
    if base < "\x80":
        return base
    if character in _LATIN:
        return _LATIN[character]
    title = name(character, "").partition(" WITH ")[0]
    sound = title.rpartition(" ")[2].lower()
    script = title.partition(" ")[0]
    if script == "CYRILLIC":
        consonants = "".join(letter for letter in sound if letter not in "aeiou")
        return _CYRILLIC.get(sound, consonants or sound)
    if script in ("GREEK", "HEBREW", "ARABIC", "GEORGIAN", "ARMENIAN"):
        if "LETTER" not in title:
            return ""
        vowel = next((place for place, letter in enumerate(sound) if letter in "aeiou"), len(sound))
        return sound[: max(vowel, 1)]
    if "LETTER" in title or "SYLLABLE" in title or "VOWEL SIGN" in title:
        return sound if sound.isalpha() else ""
    return character if character.isalnum() else ""


@lru_cache(maxsize=1 << 18)
def by_names(word: str) -> str:
    """Return a word in rough Latin letters: equal sounds become like letters, and no more is promised.

    Letters are named after their sounds (CYRILLIC SMALL LETTER BE, ETHIOPIC SYLLABLE HA): alphabets give their first or
    their consonants, syllabaries the syllable. Vowels that a script does not write are not added.
    """
    return "".join(map(_letter, fold(word)))


@lru_cache(maxsize=1 << 18)
def by_uroman(word: str) -> str:
    """Return a word as uroman writes it, without apostrophes and the like; it knows no language here.

    Words of ASCII alone come back folded; uroman would leave them as they are.

    Raises:
        MissingExtra: uroman is not installed.

    Source:
        Hermjakob, May and Knight 2018, "Out-of-the-box universal romanization tool uroman".
    """
    folded = fold(word)
    if folded.isascii():
        return folded
    found = fold(_uroman().romanize_string(folded))
    return "".join(filter(str.isalnum, found)) or found


ROMANISERS: Mapping[Romaniser, Callable[[str], str]] = {"names": by_names, "uroman": by_uroman}


@cache
def _uroman() -> Any:  # noqa: ANN401
    """Load uroman and its tables, which takes two seconds."""
    try:
        from uroman import Uroman
    except ImportError as error:
        raise MissingExtra("uroman", "romanise") from error
    return Uroman()


@lru_cache(maxsize=1 << 18)
def bones(letters: str) -> str:
    """Return the consonants of a romanised word, as they sound, none twice in a row, and `a` for a vowel at the start.

    Empty for a word of anything but letters.
    """
    if not letters.isalpha():
        return ""
    for spelling, sound in _SAME_SOUND:
        letters = letters.replace(spelling, sound)
    kept = "a" if letters[:1] in set("aeiouy") else letters[:1]
    for letter in letters[1:]:
        if letter not in "aeiouy" and not kept.endswith(letter):
            kept += letter
    return kept
