"""Which sentence of a corpus each pair of a bitext belongs to: `pair_up` in a stream, `places` and `join` in memory."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Literal

from exonym.data import Corpus, nfc
from exonym.errors import DataError, Problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from exonym.data import Bitext, Pair, Sentence

_MEND = "must be the corpus, word for word and in its order; pairs may be missing."


class Unpaired(DataError):
    """A pair has no sentence among those that are left; where all can be read again, `join` names all such pairs."""


def pair_up(source: Iterable[Sentence], pairs: Iterable[Pair]) -> Iterator[tuple[Sentence, Pair]]:
    """Find the labelled sentence of every pair, holding one of each at a time.

    The source sides of the pairs must be sentences of the corpus in the corpus' order; sentences may be left out. Both
    are read to their ends.

    Yields:
        Each pair with its sentence.

    Raises:
        Unpaired: the source side of a pair is not the words of any later sentence.
    """
    sentences = iter(source)
    for pair in pairs:
        own = next((sentence for sentence in sentences if _same(sentence.words, pair.source)), None)
        if own is None:
            raise Unpaired(
                f"pair {pair.id}: found a source side that is no sentence, or an earlier one; expected the words of "
                f"the next sentence, or of a later one. The source side {_MEND}"
            )
        yield own, pair
    for _ in sentences:  # its reader tells of faults at its end
        pass


def join(source: Corpus, bitext: Bitext) -> list[Sentence]:
    """Find the labelled sentence of every pair.

    The source sides of the bitext must be sentences of the corpus in the corpus' order; sentences may be left out.

    Returns:
        One sentence of `source` for each pair, in bitext order.

    Raises:
        DataError: some source sides are not the words of any (later) sentence; all of them are named.
    """
    return [source[place] for place in places(source, bitext)]


def places(corpus: Corpus, bitext: Bitext, side: Literal["source", "target"] = "source") -> list[int]:
    """Find where in a corpus the sentence of every pair stands.

    Args:
        corpus: the sentences.
        bitext: pairs of which one side are sentences of `corpus`, in its order; sentences may be left out.
        side: which side.

    Returns:
        For each pair the index of its sentence, rising.

    Raises:
        DataError: some of these sides are not the words of any (later) sentence; all of them are named.
    """
    known: dict[tuple[str, ...], list[int]] = {}
    for place, sentence in enumerate(corpus):
        known.setdefault(tuple(map(nfc, sentence.words)), []).append(place)
    found_places = []
    next_place = 0
    with Problems(bitext.name) as problems:
        for number, pair in enumerate(bitext, start=1):
            words = pair.source if side == "source" else pair.target
            own = known.get(tuple(map(nfc, words)), [])
            index = bisect_left(own, next_place)
            if index == len(own):
                line = int(pair.id) if pair.id.isdecimal() else number
                found = "an earlier sentence" if own else "other words"
                problems.add(line, found, f"the words of a sentence of {corpus.name}", f"The {side} side {_MEND}")
                next_place = own[0] + 1 if own else next_place  # so that one moved line is one fault, not hundreds
                continue
            found_places.append(own[index])
            next_place = own[index] + 1
    return found_places


def _same(words: Sequence[str], others: Sequence[str]) -> bool:
    """Say whether the words are the same in NFC."""
    return words == others or (len(words) == len(others) and all(map(_alike, words, others)))


def _alike(word: str, other: str) -> bool:
    return word == other or nfc(word) == nfc(other)
