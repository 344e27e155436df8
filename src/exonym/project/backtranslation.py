"""Alignments refined by translating back (experimental): entities marked with brackets survive machine translation.

A source sentence is translated into the target language with a bracket around each entity. The translation is in the
language of the text that is to be labelled, so the two are easier to align than two languages are; its labels are those
of the brackets. `marked` writes what to translate, `refine` reads the translations, and what it returns goes to an
aligner and to `exonym.project.project`. Nothing here translates.

It stands and falls with the brackets that the translator keeps: measure before you use it. Its authors' own results
lose by it, on both of their data sets; docs/results has ours, which gain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exonym.data import Bitext, Corpus, Lost, Origin, Pair, Sentence, Span, resemblance
from exonym.errors import DataError
from exonym.project.naming import assigned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exonym.data import Ledger

OPEN, CLOSE = "[", "]"
_INSTEAD = {OPEN: "(", CLOSE: ")"}  # for brackets of the source text


class Refined(NamedTuple):
    """Back-translations with labels, and their pairs with the text that is to be labelled."""

    source: Corpus
    bitext: Bitext


def marked(sentence: Sentence) -> str:
    """Write a sentence with a bracket around each entity, its words between spaces, for translation.

    Brackets of the sentence itself become parentheses.
    """
    words = [_plain(word) for word in sentence.words]
    for span in sentence.spans:
        words[span.start] = f"{OPEN} {words[span.start]}"
        words[span.stop - 1] = f"{words[span.stop - 1]} {CLOSE}"
    return " ".join(words)


def entities(sentence: Sentence) -> list[str]:
    """Write the entities of a sentence, in order, for translation by themselves."""
    return [" ".join(map(_plain, sentence.words[span.start : span.stop])) for span in sentence.spans]


def refine(
    source: Corpus,
    targets: Sequence[Sequence[str]],
    back: Sequence[str],
    alone: Sequence[Sequence[str]],
    *,
    threshold: float = 0.5,
    split: Callable[[str], Sequence[str]] = str.split,
    ledger: Ledger | None = None,
) -> Refined:
    """Make labelled sentences of back-translations and pair them with the text that is to be labelled.

    Every entity is found in the back-translation by the string similarity of its own translation with what stands in
    brackets: the assignment of entities to brackets with the greatest total similarity. All brackets are then taken
    out, those that are unmatched and those that no entity was assigned to as well.

    Args:
        source: labelled sentences of the source language.
        targets: for each, the words of the sentence of the target language that it translates.
        back: for each, the translation of `marked` into the target language.
        alone: for each, the translations of `entities`, in order.
        threshold: least similarity of an entity and a bracketed span, in [0, 1].
        split: splits the text around brackets into words, as the words of `targets` are.
        ledger: counts what was found and lost, if given.

    Returns:
        The back-translations, each with the spans that were found, their scores those of the source spans times the
        similarity; a source span that was not found stands in `Sentence.lost`. And the pairs (back-translation, target
        sentence), to be aligned.

    Raises:
        DataError: the translations are not those of the source sentences.

    Source:
        Politov et al. 2025, back-translation of marked entities, with the heuristic ("align_tgt") or candidates
        ("backtrans_candidates") to follow. Their released code compares an entity with the bracketed text, brackets
        included; takes the last span that is similar enough and not the best; does so entity by entity, so that an
        earlier one takes what a later one needs; and leaves unmatched brackets in as words. We don't.
    """
    for name, found in (("targets", targets), ("back-translations", back), ("translated entities", alone)):
        if len(found) != len(source):
            raise DataError(f"{source.name}: found {len(found)} {name}; expected {len(source)}, one for each sentence.")
    sentences, pairs = [], []
    for number, (sentence, target, text, translated) in enumerate(zip(source, targets, back, alone, strict=True), 1):
        if len(translated) != len(sentence.spans):
            raise DataError(
                f"{source.name}: sentence {number}: found {len(translated)} translated entities; expected "
                f"{len(sentence.spans)}, one for each. Translate what `entities` gives, one a line."
            )
        words, brackets, unmatched = read_brackets(text, split)
        read = _labelled(sentence, words, brackets, translated, threshold)
        if ledger is not None:
            ledger.note("entities found in back-translations", len(read.spans))
            ledger.note("entities not found in back-translations", len(read.lost))
            ledger.note("brackets without an entity", len(brackets) - len(read.spans))
            ledger.note("unmatched brackets", unmatched)
            ledger.note("brackets of the source text", sum(_plain(word) != word for word in sentence.words))
        sentences.append(read)
        pairs.append(Pair(words, tuple(target), sentence.id))
    name = f"{source.name}, translated back"
    return Refined(Corpus(tuple(sentences), name), Bitext(tuple(pairs), name))


def read_brackets(
    text: str, split: Callable[[str], Sequence[str]] = str.split
) -> tuple[tuple[str, ...], list[tuple[int, int]], int]:
    """Take the brackets out of a text.

    A closing bracket belongs to the last open one; one that opens before that has closed, and one that closes nothing,
    is unmatched.

    Args:
        text: the text; a bracket also ends a word.
        split: splits text without brackets into words.

    Returns:
        The words, the word ranges `[start, stop)` that stood in brackets and are not empty, and the number of unmatched
        brackets.
    """
    words: list[str] = []
    ranges: list[tuple[int, int]] = []
    opened: int | None = None
    unmatched = 0
    rest = text
    while rest:
        at = next((place for place, character in enumerate(rest) if character in _INSTEAD), len(rest))
        words.extend(split(rest[:at]))
        mark, rest = rest[at : at + 1], rest[at + 1 :]
        if mark == OPEN:
            unmatched += opened is not None
            opened = len(words)
        elif mark == CLOSE:
            unmatched += opened is None
            if opened is not None and opened < len(words):
                ranges.append((opened, len(words)))
            opened = None
    return tuple(words), ranges, unmatched + (opened is not None)


def assign(translated: Sequence[str], found: Sequence[str], threshold: float) -> list[tuple[int, float] | None]:
    """Assign strings to strings one to one with the greatest total similarity; of equal ones, in their order.

    Args:
        translated: M strings.
        found: N strings.
        threshold: least similarity, in [0, 1], as `resemblance` gives it.

    Returns:
        For each of the M its place among the N and the similarity, or None.
    """
    import numpy as np

    similarity = np.array([[resemblance(one, other, threshold) for other in found] for one in translated])
    columns = assigned(similarity)
    return [None if column is None else (column, float(similarity[row, column])) for row, column in enumerate(columns)]


def _labelled(
    sentence: Sentence,
    words: tuple[str, ...],
    brackets: Sequence[tuple[int, int]],
    translated: Sequence[str],
    threshold: float,
) -> Sentence:
    """Put the labels of a sentence on the brackets of its back-translation."""
    places = assign(translated, [" ".join(words[start:stop]) for start, stop in brackets], threshold)
    spans, lost = [], []
    for span, place in zip(sentence.spans, places, strict=True):
        if place is None:
            lost.append(Lost(span.start, span.stop, span.label, "not found in the back-translation"))
            continue
        (start, stop), similarity = brackets[place[0]], place[1]
        origin = Origin(sentence.id, span.start, span.stop, "back-translation")
        spans.append(Span(start, stop, span.label, span.score * similarity, origin))
    return Sentence(words, (), sentence.id, lost=tuple(lost)).with_spans(spans)


def _plain(word: str) -> str:
    return "".join(_INSTEAD.get(character, character) for character in word)
