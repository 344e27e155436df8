"""Measures of how like a labelled source corpus an unlabelled target text is; each is in [0, 1], more is more alike.

All look at samples of the same number of words and compare kinds or shares, not counts, so corpora of different size
can be compared. `ranking` puts them together. Start at `MEASURES` and `profile`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from unicodedata import name as character_name

import numpy as np

from exonym.data import fold, nfc
from exonym.tag.features import shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from exonym.data import Corpus, Sentence

_AFFIX = range(2, 5)  # characters of a prefix or suffix
_PIECE = range(1, 5)  # characters of a piece of a word, the marks of both its ends counted
_INNER = 4  # a capital among the first so many characters begins a name behind a prefix: eMzantsi, muHarare


@dataclass(frozen=True)
class Profile:
    """What the measures look at in a sample of a corpus; words are those with a letter, compared without case.

    Attributes:
        vocabulary: the words.
        prefixes: how many words of the vocabulary begin with each.
        suffixes: how many end with each.
        pieces: how often the vocabulary has each run of 1 to 4 characters.
        capitals: the words that, not first in their sentence, are written with a capital or in a script without case.
        names: the words of the entities.
        shapes: how often each shape occurs (see `exonym.tag.features.shape`).
        scripts: how many letters each script has.
    """

    vocabulary: frozenset[str]
    prefixes: Counter[str]
    suffixes: Counter[str]
    pieces: Counter[str]
    capitals: frozenset[str]
    names: frozenset[str]
    shapes: Counter[str]
    scripts: Counter[str]


def profile(sentences: Iterable[Sentence]) -> Profile:
    """Gather what the measures look at."""
    sentences = list(sentences)
    words = Counter(word for sentence in sentences for word in sentence.words)
    written = Counter({word: count for word, count in words.items() if _has_letter(word)})
    vocabulary = frozenset(map(fold, written))
    inner = {word for sentence in sentences for word in sentence.words[1:] if word in written}
    named = {
        word
        for sentence in sentences
        for span in sentence.spans
        for word in sentence.words[span.start : span.stop]
        if word in written
    }
    scripts: Counter[str] = Counter()
    for word, count in written.items():
        for letter in filter(str.isalpha, nfc(word)):
            scripts[_script(letter)] += count
    shapes: Counter[str] = Counter()
    for word, count in words.items():
        shapes[shape(word, 1)] += count
    return Profile(
        vocabulary,
        Counter(word[:size] for word in vocabulary for size in _AFFIX if len(word) > size),
        Counter(word[-size:] for word in vocabulary for size in _AFFIX if len(word) > size),
        Counter(piece for word in vocabulary for piece in _pieces(word)),
        frozenset(fold(word) for word in inner if _may_be_a_name(word)),
        frozenset(map(fold, named)),
        shapes,
        scripts,
    )


def sample(corpus: Corpus, words: int, seed: int) -> list[Sentence]:
    """Draw sentences until they have at least so many words, or all."""
    drawn: list[Sentence] = []
    found = 0
    for index in np.random.default_rng(seed).permutation(len(corpus)).tolist():
        if found >= words:
            break
        drawn.append(corpus[index])
        found += len(corpus[index])
    return drawn


def _words(source: Profile, target: Profile) -> float:
    return _share(target.vocabulary, source.vocabulary)


def _affixes(source: Profile, target: Profile) -> float:
    return (_likeness(source.prefixes, target.prefixes) + _likeness(source.suffixes, target.suffixes)) / 2


def _characters(source: Profile, target: Profile) -> float:
    return _likeness(source.pieces, target.pieces)


def _names_found(source: Profile, target: Profile) -> float:
    return _share(source.names, target.capitals)


def _names_known(source: Profile, target: Profile) -> float:
    return _share(target.capitals, source.names)


def _shapes(source: Profile, target: Profile) -> float:
    return _likeness(source.shapes, target.shapes)


def _scripts(source: Profile, target: Profile) -> float:
    ours, theirs = source.scripts.total() or 1, target.scripts.total() or 1
    return sum(min(count / ours, target.scripts[script] / theirs) for script, count in source.scripts.items())


MEASURES: Mapping[str, Callable[[Profile, Profile], float]] = {
    "words": _words,
    "affixes": _affixes,
    "characters": _characters,
    "names found": _names_found,
    "names known": _names_known,
    "shapes": _shapes,
    "script": _scripts,
}
"""The measures by name, each a function of the profiles of source and target.

`words`: share of the target's vocabulary that the source has. `affixes`, `characters`, `shapes`: likeness of the
distributions of prefixes and suffixes, of runs of characters, and of shapes, as 1 less the Jensen-Shannon divergence in
bits. `names found`: share of the source's name words that the target writes with a capital inside a sentence. `names
known`: share of those words of the target that are in names of the source. `script`: the mass that the distributions of
letters over scripts share.
"""


def _share(wanted: frozenset[str], known: frozenset[str]) -> float:
    return len(wanted & known) / len(wanted) if wanted else 0.0


def _likeness(ours: Counter[str], theirs: Counter[str]) -> float:
    """Return 1 less the Jensen-Shannon divergence of two distributions in bits; 0 if one of them is of nothing."""
    if not ours or not theirs:
        return 0.0
    keys = sorted(ours.keys() | theirs.keys())
    p, q = (np.array([counts[key] for key in keys]) / counts.total() for counts in (ours, theirs))
    divergence = _entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2
    return float(1 - divergence)


def _entropy(distribution: NDArray[np.float64]) -> float:
    positive = distribution[distribution > 0]
    return float(-(positive * np.log2(positive)).sum())


def _has_letter(word: str) -> bool:
    return any(map(str.isalpha, word))


def _may_be_a_name(word: str) -> bool:
    kinds = set(shape(word))
    return "X" in shape(nfc(word)[:_INNER]) or ("c" in kinds and not kinds & {"X", "x"})


def _pieces(word: str) -> list[str]:
    marked = f"\x02{word}\x03"
    return [marked[at : at + size] for size in _PIECE for at in range(len(marked) - size + 1)]


@lru_cache(maxsize=1 << 16)
def _script(letter: str) -> str:
    """Return the script of a letter, by the first word of its Unicode name: LATIN, CYRILLIC, CJK."""
    return character_name(letter, "UNNAMED").partition(" ")[0]
