"""Alignments refined by translating back (experimental).

A translation of the labelled source text, which is in the language of the text that is to be labelled, goes between the
two. It is easier to align with that text than the source text is; its labels are those that survived the translation
as marks. What `refine` returns goes to an aligner and to `exonym.project.project`. Nothing here translates.

It stands and falls with the marks that the translator keeps: measure before you use it. Its authors' own results lose
by it, on both of their data sets; so do ours (docs/results). Start at `refine`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exonym.data import Bitext, Corpus, Pair
from exonym.errors import DataError
from exonym.project.markers import Markers, project_marked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exonym.data import Ledger
    from exonym.translate import Translations


class Refined(NamedTuple):
    """Back-translations with labels, and their pairs with the text that is to be labelled."""

    source: Corpus
    bitext: Bitext


def refine(
    source: Corpus,
    targets: Sequence[Sequence[str]],
    translations: Translations,
    alone: Mapping[str, str],
    markers: Markers = Markers(),  # noqa: B008 - immutable
    *,
    ledger: Ledger | None = None,
) -> Refined:
    """Make labelled sentences of back-translations and pair them with the text that is to be labelled.

    Args:
        source: labelled sentences of the source language, with ids of their own.
        targets: for each, the words of the sentence of the target language that it translates.
        translations: those of `marked_corpus(source, markers.style)` into the target language.
        alone: entities -> their translations; see `entities_to_translate` and `alone_of`.
        markers: how entities are marked and read off; there is nothing to fall back on.
        ledger: counts what was read off and what broke, if given.

    Returns:
        The back-translations with the spans that were read off, as from `project_marked`; and the pairs
        (back-translation, target sentence), to be aligned. A back-translation with a flaw is left out of both.

    Raises:
        DataError: there are not as many targets as source sentences, two source sentences have one id, or the
            translations are those of another corpus.

    Source:
        Politov et al. 2025, back-translation of marked entities, with the heuristic ("align_tgt") or candidates
        ("backtrans_candidates") to follow. Their released code compares an entity with the bracketed text, brackets
        included; takes the last span that is similar enough and not the best; does so entity by entity, so that an
        earlier one takes what a later one needs; and leaves unmatched brackets in as words. We don't.
    """
    if len(targets) != len(source):
        raise DataError(f"{source.name}: found {len(targets)} targets; expected {len(source)}, one for each sentence.")
    known = {sentence.id: tuple(words) for sentence, words in zip(source, targets, strict=True)}
    if len(known) != len(source):
        raise DataError(f"{source.name}: found sentences with the same id; expected different ones. Number them.")
    read = project_marked(source, translations, alone, markers, ledger=ledger)
    name = f"{source.name}, translated back"
    pairs = tuple(Pair(sentence.words, known[sentence.id], sentence.id) for sentence in read)
    return Refined(Corpus(read.sentences, name), Bitext(pairs, name))
