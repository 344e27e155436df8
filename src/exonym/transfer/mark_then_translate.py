"""Mark, then translate: a labelled target corpus from a labelled source corpus and a translator.

Sentences whose markers broke are translated without, and projected over word links. Start at `mark_then_translate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exonym.align import StatisticalAligner
from exonym.data import Bitext, Corpus, Ledger, Pair
from exonym.project import Markers, Matching, alone_of, broken, entities_to_translate, marked_corpus, project_marked
from exonym.transfer.parallel import AlignerOptions, links_of
from exonym.transfer.stages import Do, just_do, project, stage, tag_target_side, translate

if TYPE_CHECKING:
    from exonym.project import MarkerScorer, TranslationScorer
    from exonym.tag import Tagger
    from exonym.translate import Translations, Translator


class MarkedCorpus(NamedTuple):
    """A target corpus that was made with markers, and the count of what became of them."""

    corpus: Corpus
    ledger: Ledger


def mark_then_translate(
    source: Corpus,
    translator: Translator,
    languages: tuple[str, str],
    markers: Markers = Markers(),  # noqa: B008 - immutable
    *,
    aligner: AlignerOptions = StatisticalAligner(),  # noqa: B008 - immutable
    matching: Matching = Matching(),  # noqa: B008 - immutable
    extra: Bitext | None = None,
    tagger: Tagger | None = None,
    translation: TranslationScorer | MarkerScorer | None = None,
    do: Do = just_do,
    seed: int = 1,
) -> MarkedCorpus:
    """Translate a corpus with its entities marked, and read them off.

    Args:
        source: labelled sentences, with ids of their own.
        translator: who translates.
        languages: the codes of their language and of the one to translate into.
        markers: how entities are marked, read off, and what becomes of sentences whose markers broke.
        aligner: links the words of such sentences and their translations without markers; it learns on all translations
            and on `extra`.
        matching: how spans are then matched.
        extra: more parallel text of the two languages.
        tagger: of the target language; needed where `matching` asks for one.
        translation: scores phrases or the places of marks; needed where `matching` asks for it.
        do: carries out the stages.
        seed: tells apart the runs of an aligner that is not deterministic.

    Returns:
        The target corpus and the count of what became of the markers. Translations with a flaw are left out; so are
        those of sentences that were translated twice, if both are.

    Source:
        Chen et al. 2023, EasyProject; the fall-back is ours.
    """
    marked = translate(marked_corpus(source, markers.style), translator, *languages, do)
    alone = translate(entities_to_translate(source, marked, markers), translator, *languages, do)
    fallback = None
    if markers.fallback == "alignment":
        read = do(read_markers, source, marked, alone, markers)
        rest = broken(source, read)
        plain = translate(rest, translator, *languages, do)
        if len(plain.bitext):
            text = _to_learn(plain.bitext, source, read, extra)
            links = links_of(text, aligner, plain.alignment, do, seed)
            known = do(tag_target_side, tagger, plain.bitext) if matching.needs_tagger and tagger is not None else None
            more = () if translation is None else (translation,)
            fallback = do(project, rest, plain.bitext, links, matching, known, *more)
    corpus = do(read_markers, source, marked, alone, markers, fallback)
    return MarkedCorpus(corpus, do(count_markers, source, marked, alone, markers, fallback))


@stage(1)
def read_markers(
    source: Corpus, marked: Translations, alone: Translations, markers: Markers, fallback: Corpus | None = None
) -> Corpus:
    """Read entities off the translation of marked sentences."""
    return project_marked(source, marked, alone_of(alone), markers, fallback=fallback)


@stage(2)
def count_markers(
    source: Corpus, marked: Translations, alone: Translations, markers: Markers, fallback: Corpus | None = None
) -> Ledger:
    """Count what became of the markers."""
    ledger = Ledger()
    project_marked(source, marked, alone_of(alone), markers, fallback=fallback, ledger=ledger)
    return ledger


def _to_learn(plain: Bitext, source: Corpus, read: Corpus, extra: Bitext | None) -> Bitext:
    """Put text to learn links from after the pairs whose links are needed."""
    needed, found = {pair.id for pair in plain}, {each.id: each.words for each in read}
    pairs = tuple(
        Pair(each.words, found[each.id], each.id) for each in source if each.id in found and each.id not in needed
    )
    text = plain + Bitext(tuple(pair for pair in pairs if pair.source and pair.target), f"{source.name} unmarked")
    return text if extra is None else text + extra
