"""Carry the labels of source sentences over to their translations. Start at `project`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from exonym.data import Corpus, Ledger, nfc
from exonym.errors import DataError
from exonym.project.belief import Background
from exonym.project.codec import MarkerScorer
from exonym.project.evidence import Evidence, TranslationScorer, require
from exonym.project.options import Matching
from exonym.project.pairing import Unpaired, join
from exonym.project.stream import project_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from exonym.data import Alignment, Bitext, Pair, Sentence


def project(
    source: Corpus,
    bitext: Bitext,
    alignment: Alignment,
    matching: Matching | None = None,
    tagged: Corpus | None = None,
    translation: TranslationScorer | MarkerScorer | None = None,
) -> Corpus:
    """Project the spans of a labelled corpus onto the target side of a bitext.

    Args:
        source: labelled sentences; `join` says how they meet the pairs.
        bitext: pairs whose source sides are sentences of `source`.
        alignment: the links of each pair of `bitext`.
        matching: how spans are matched; None for the defaults.
        tagged: the target sides with the spans and probabilities of a tagger; needed where `matching` asks for them.
        translation: scores phrases or the places of marks, a sentence at a time; needed where `matching` asks for it.

    Returns:
        The target sentences in bitext order, named after their pairs. Each projected span carries its source sentence,
        source span, links and score; each source span that was not projected stands in `Sentence.lost` with its reason,
        after those that `source` had lost itself:

        - `no link`: none of its words is linked;
        - `below threshold`: it has candidates, all under the threshold;
        - `no candidate`: candidates of the tagger only: it found no span in the sentence;
        - `overlap`: its candidates lost to those of other spans;
        - `only weak links`: where links count as one each: it has links, all under `min_weight`;
        - `below length ratio`, `joined with an overlapping span`, `only punctuation`: heuristic only.

    Raises:
        DataError: bitext, alignment, corpus and tagged text do not belong together.
        RecipeError: the matching needs a tagger or a translation scorer that is not given.
    """
    matching = matching or Matching()
    require(matching, tagged, translation)
    if len(alignment) != len(bitext):
        raise DataError(
            f"{alignment.name}: found links for {len(alignment)} pairs; expected {len(bitext)}, "
            f"the pairs of {bitext.name}. Align this bitext again."
        )
    background = Background.learn(bitext, alignment) if matching.needs_background else Background()
    evidence = evidence_of(bitext, matching, tagged, translation, background)

    def known(pairs: Sequence[Pair]) -> Iterator[Evidence]:
        return islice(evidence, len(pairs))

    try:
        sentences = tuple(project_stream(source, bitext, alignment, matching, evidence=known))
    except Unpaired:
        join(source, bitext)  # names every such pair
        raise
    return Corpus(sentences, f"{source.name} projected over {bitext.name}")


def losses(corpus: Iterable[Sentence]) -> Ledger:
    """Count the source spans that were and were not projected, the latter by reason."""
    ledger = Ledger()
    for sentence in corpus:
        ledger.note("spans projected", sum(span.origin is not None for span in sentence.spans))
        for span in sentence.spans:
            if span.origin is not None and span.origin.label:
                ledger.note(f"labels changed by convention: {span.origin.label} -> {span.label}")
        for lost in sentence.lost:
            ledger.note(f"spans lost: {lost.reason}")
    return ledger


def evidence_of(
    bitext: Bitext,
    matching: Matching,
    tagged: Corpus | None = None,
    translation: TranslationScorer | MarkerScorer | None = None,
    background: Background = Background(),  # noqa: B008 - not changed
) -> Iterator[Evidence]:
    """Give each pair what is known of it beside its links; what `matching` does not need is not looked at.

    Raises:
        DataError: the tagged text is not the target side, or lacks probabilities that are needed.
    """
    if not matching.needs_tagger or tagged is None:
        return iter([Evidence(translation=translation, background=background)] * len(bitext))
    if len(tagged) != len(bitext):
        expected = f"{len(bitext)}, the target sides of {bitext.name}"
        raise DataError(f"{tagged.name}: found {len(tagged)} tagged sentences; expected {expected}. Tag these.")
    for number, (sentence, pair) in enumerate(zip(tagged, bitext, strict=True), start=1):
        if tuple(map(nfc, sentence.words)) != tuple(map(nfc, pair.target)):
            raise DataError(f"{tagged.name}:{number}: found other words; expected the target side of pair {pair.id}.")
        shape = None if sentence.probabilities is None else sentence.probabilities.shape
        if matching.fusion.tagger and shape != (len(sentence), len(tagged.tags)):
            expected = f"{(len(sentence), len(tagged.tags))}, for {len(sentence)} words and {len(tagged.tags)} tags"
            raise DataError(f"{tagged.name}:{number}: found probabilities of shape {shape}; expected {expected}.")
    return (Evidence(sentence, tagged.tags, translation, background) for sentence in tagged)
