"""What the light tagger sees of a sentence: one list of feature names per word.

Words are compared in NFC and without case; how a word is written (its shape) is seen apart from what it is, with
combining marks left out, so that scripts with and without case, and texts with and without composed letters, are
treated alike. No model is here. Start at `sentence_features`.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import category

from exonym.data import fold, nfc

if TYPE_CHECKING:
    from collections.abc import Sequence

_INNER = 4  # a capital among the first so many characters begins a name behind a prefix: eMzantsi, muHarare
_RUN = 4  # longer runs of one kind of character count as this long in a shape


class _Word(NamedTuple):
    """The features of a word type: of itself, and as it is seen by the words around it."""

    own: tuple[str, ...]
    around: dict[int, tuple[str, ...]]
    folded: str
    shape: str


def sentence_features(words: Sequence[str]) -> list[list[str]]:
    """List the features of every word of a sentence.

    Args:
        words: the T words as they were read.

    Returns:
        T lists of feature names. A name is any string, made of a kind, `=`, and a value.
    """
    known = [_word(word) for word in words]
    shouted = _shouted(words)
    features = []
    for index, word in enumerate(known):
        found = list(word.own)
        for offset in (-2, -1, 1, 2):
            place = index + offset
            if 0 <= place < len(known):
                found += known[place].around[offset]
        found += _joint(known, index)
        if index == 0:
            found.append("first")
        if index == len(known) - 1:
            found.append("last")
        if shouted:
            found.append("shouted")
        features.append(found)
    return features


def shape(word: str, run: int = _RUN) -> str:
    """Write a word as kinds of characters: `X` upper or title case, `x` lower case, `c` caseless letter, `d` digit.

    Anything else stands for itself. Combining marks are left out, so that a letter and the same letter with a tone
    mark have one shape.

    Args:
        word: a word.
        run: runs of one kind are cut to this length, >= 1.
    """
    kinds = (_kind(character) for character in nfc(word))
    return "".join(kind * min(run, len(list(same))) for kind, same in groupby(filter(None, kinds)))


def features_fingerprint() -> str:
    """Hash of the features of a fixed sentence; a stored model is only good for the features it was trained on."""
    probe = ["In", "eMzantsi", "Afrika", ",", "U.N.", "1996-08-22", "北京", "Ọ̀ṣun", "state", "NATO", "iPad", "Москва"]
    return blake2b(
        "\x1e".join("\x1f".join(row) for row in sentence_features(probe)).encode(), digest_size=8
    ).hexdigest()


@lru_cache(maxsize=1 << 16)
def _kind(character: str) -> str:
    """Return the kind of a character in a shape; empty for a combining mark."""
    general = category(character)
    if general in {"Lu", "Lt"}:
        return "X"
    if general == "Ll":
        return "x"
    return {"L": "c", "N": "d", "M": ""}.get(general[0], character)


@lru_cache(maxsize=1 << 14)
def _word(word: str) -> _Word:
    # Half a surrogate pair cannot be handed to the C library.
    form = nfc(word).encode(errors="replace").decode()
    folded = fold(form)
    long, short = shape(form), shape(form, 1)
    own = [f"w={folded}", f"W={form}", f"s={long}", f"ss={short}"]
    own += [f"p{size}={form[:size]}" for size in range(1, 5) if len(form) > size]
    own += [f"e{size}={folded[-size:]}" for size in range(1, 5) if len(folded) > size]
    own += _flags(form, long)
    around: dict[int, tuple[str, ...]] = {
        offset: (f"{offset}w={folded}", f"{offset}s={short}", f"{offset}e={folded[-3:]}") for offset in (-2, -1, 1, 2)
    }
    return _Word(tuple(own), around, folded, short)


def _flags(form: str, long: str) -> list[str]:
    flags = {
        "initial capital": long[:1] == "X",
        "inner capital": "X" in shape(form[:_INNER], _INNER)[1:] and "x" in long,
        "capitals": "X" in long and not set(long) & {"x", "c"},
        "digits": set(long) == {"d"},
        "some digits": "d" in long,
        "hyphen": "-" in long,
        "mark": not set(long) & {"X", "x", "c", "d"},
    }
    return [name for name, holds in flags.items() if holds]


def _joint(known: Sequence[_Word], index: int) -> list[str]:
    """Features of a word together with its neighbours."""
    word = known[index]
    before = known[index - 1] if index else None
    after = known[index + 1] if index + 1 < len(known) else None
    left = before.shape if before else ""
    right = after.shape if after else ""
    return [f"ss3={left}|{word.shape}|{right}"]


def _shouted(words: Sequence[str]) -> bool:
    """Say whether a sentence is written in capitals throughout, as a headline is; its case then says nothing."""
    cased = [word for word in words if word.lower() != word.upper()]
    return len(cased) > 1 and all(word == word.upper() for word in cased)
