"""What a corpus holds: how many sentences, words and entities, how long, and what often goes wrong in it.

Start at `statistics`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Any
from unicodedata import is_normalized

from exonym.data.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exonym.data.types import Corpus, Sentence

_INVISIBLE = frozenset("\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")


@dataclass(frozen=True)
class Lengths:
    """Lengths of sentences or of entities, in words."""

    mean: float = 0.0
    median: float = 0.0
    longest: int = 0

    @classmethod
    def of(cls, lengths: Iterable[int]) -> Lengths:
        """Sum up lengths; zeros if there are none."""
        found = list(lengths)
        return cls(fmean(found), median(found), max(found)) if found else cls()


@dataclass(frozen=True)
class Statistics:
    """What a corpus holds.

    Attributes:
        sentences: how many.
        unlabelled: those without an entity.
        words: how many.
        distinct: how many different ones, case folded.
        entities: how many of each type.
        sentence_lengths: in words.
        entity_lengths: in words, of each type.
        not_nfc: words that are not in Unicode NFC.
        invisible: words with invisible characters (zero width, direction marks, soft hyphens).
        replaced: words with U+FFFD, which stands where a letter was lost.
        doubled: sentences whose words an earlier one has, letter case aside.
        contradictory: doubled sentences that the earlier one labels otherwise.
    """

    sentences: int
    unlabelled: int
    words: int
    distinct: int
    entities: dict[str, int]
    sentence_lengths: Lengths
    entity_lengths: dict[str, Lengths]
    not_nfc: int
    invisible: int
    replaced: int
    doubled: int
    contradictory: int

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return asdict(self)


def words_key(sentence: Sentence) -> tuple[str, ...]:
    """Return the words of a sentence as duplicates are found: in NFC, case folded."""
    return tuple(map(fold, sentence.words))


def statistics(corpus: Corpus) -> Statistics:
    """Count what a corpus holds."""
    words = Counter(word for sentence in corpus for word in sentence.words)
    seen: dict[tuple[str, ...], list[tuple[int, int, str]]] = {}
    doubled = contradictory = 0
    for sentence in corpus:
        labels = [span.key for span in sentence.spans]
        known = seen.setdefault(words_key(sentence), labels)
        doubled += known is not labels
        contradictory += known != labels
    spans = [span for sentence in corpus for span in sentence.spans]
    return Statistics(
        sentences=len(corpus),
        unlabelled=sum(not sentence.spans for sentence in corpus),
        words=words.total(),
        distinct=len({fold(word) for word in words}),
        entities=dict(sorted(Counter(span.label for span in spans).items())),
        sentence_lengths=Lengths.of(len(sentence) for sentence in corpus),
        entity_lengths={label: Lengths.of(len(s) for s in spans if s.label == label) for label in corpus.labels},
        not_nfc=sum(count for word, count in words.items() if not is_normalized("NFC", word)),
        invisible=sum(count for word, count in words.items() if not _INVISIBLE.isdisjoint(word)),
        replaced=sum(count for word, count in words.items() if "\ufffd" in word),
        doubled=doubled,
        contradictory=contradictory,
    )
