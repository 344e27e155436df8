"""What the light tagger sees of a sentence: one list of feature names per word.

Words are compared in NFC and without case; how a word is written (its shape) is seen apart from what it is, with
combining marks left out, so that scripts with and without case, and texts with and without composed letters, are
treated alike. No model is here. Start at `sentence_features`.

Tried on CoNLL-2003 English dev, WikiGold and UNER English dev, and left out because none gained more than 0.4 F1 on one
set or anything on all three: pairs of words, pairs of word and shape, shapes and suffixes two words away, longer
suffixes, prefixes without case, prefixes of neighbours, a mark for headlines in capitals. The word in its own case
stays: without it the three lose 0.3 to 0.8.
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
    """The features of a word type: of itself, and as the words around it see it (keyed by its place from theirs)."""

    own: tuple[str, ...]
    around: dict[int, tuple[str, ...]]
    shape: str


def sentence_features(words: Sequence[str]) -> list[list[str]]:
    """List the features of every word of a sentence.

    Args:
        words: the T words as they were read.

    Returns:
        T lists of feature names. A name is any string: a kind, `=` and a value, or a flag.
    """
    known = [_word(word) for word in words]
    features = []
    for index, word in enumerate(known):
        found = list(word.own)
        for offset in (-2, -1, 1, 2):
            place = index + offset
            if 0 <= place < len(known):
                found += known[place].around[offset]
        before = known[index - 1].shape if index else ""
        after = known[index + 1].shape if index + 1 < len(known) else ""
        found.append(f"sss={before}|{word.shape}|{after}")
        if index == 0:
            found.append("first")
        if index == len(known) - 1:
            found.append("last")
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
    around: dict[int, tuple[str, ...]] = {}
    for offset in (-2, -1, 1, 2):
        near = (f"{offset}s={short}", f"{offset}e={folded[-3:]}") if abs(offset) == 1 else ()
        around[offset] = (f"{offset}w={folded}", *near)
    return _Word(tuple(own), around, short)


def _flags(form: str, long: str) -> list[str]:
    kinds = set(long)
    flags = {
        "initial capital": long[:1] == "X",
        "inner capital": "X" in shape(form[:_INNER])[1:] and "x" in kinds,
        "capitals": "X" in kinds and not kinds & {"x", "c"},
        "digits": kinds == {"d"},
        "some digits": "d" in kinds,
        "hyphen": "-" in kinds,
        "mark": not kinds & {"X", "x", "c", "d"},
    }
    return [name for name, holds in flags.items() if holds]
