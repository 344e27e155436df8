"""Mark, then translate: entities are marked in the source text, and read off its translation.

Which entity a marker stands for is told by its name or, where marks have none, by what stands in it. An entity whose
marker was lost is looked for by its own translation. Nothing here translates: `exonym.transfer` does, and takes
sentences whose markers broke to word alignment. Start at `project_marked`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from exonym.data import Corpus, Lost, Origin, Sentence, Span, nfc
from exonym.errors import DataError, RecipeError, suggest
from exonym.project.marking import Style, Unmarked, holds_marks, marked, names_of, unmarked
from exonym.project.naming import Assign, Entity, Named, groups_of, is_sure, name_best, name_by_rules
from exonym.translate import flaw_of, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exonym.data import Ledger
    from exonym.translate import Translation, Translations

_STOPS = ".。．।"
METHOD = "markers"  # of the origin of a span that was read off
FOUND_METHOD = "entity translation"  # of one whose marker was lost


@dataclass(frozen=True, kw_only=True)
class Markers:
    """How entities are marked, and read off the translation.

    Attributes:
        style: how they are marked; see `exonym.project.marking.marked`.
        assign: `brackets`, `quotes`: which entity a marker stands for: `best` is the assignment with the greatest total
            resemblance; `reference` follows the rules of the released code of EasyProject.
        threshold: `best`: least resemblance of what is marked and an entity or its translation, in [0, 1], where
            entities of several types or lost ones leave a choice.
        recover: least resemblance, in [0, 1], of words without a marker and the translation of an entity whose marker
            was lost, for these words to take its place; 0 is off. Next to half a marker it is the mean of it and
            `threshold`.
        fallback: what becomes of sentences whose markers broke: `alignment` translates them without markers and
            projects over word links; `drop` leaves the labels in `Sentence.lost`, so that a filter drops them.
    """

    style: Style = "brackets"
    assign: Assign = "best"
    threshold: float = 0.5
    recover: float = 0.8
    fallback: Literal["alignment", "drop"] = "alignment"

    def __post_init__(self) -> None:
        for name, known in (("style", Style), ("assign", Assign), ("fallback", Literal["alignment", "drop"])):
            value = getattr(self, name)
            if value not in get_args(known):
                raise RecipeError(f"{name}: found {value!r}. {suggest(str(value), get_args(known))}")
        for name in ("threshold", "recover"):
            if not 0 <= getattr(self, name) <= 1:  # no comparison holds for nan
                expected = "a number in [0, 1]. Change it, or leave it out."
                raise RecipeError(f"{name}: found {getattr(self, name)}; expected {expected}")
        if self.assign == "reference" and self.style in ("numbered", "xml"):
            raise RecipeError(
                f"assign: found 'reference' with style {self.style!r}, whose marks have names. Leave it out."
            )


def marked_corpus(source: Corpus, style: Style) -> Corpus:
    """Put marks around the spans of a corpus; a sentence whose text holds such marks itself stays without them."""
    sentences = tuple(running(each) if holds_marks(each, style) else marked(each, style) for each in source)
    return replace(source, sentences=sentences)


def entities_to_translate(source: Corpus, translations: Translations, markers: Markers) -> Corpus:
    """Return the entities whose own translations are needed to read off these translations, each once.

    Args:
        source: labelled sentences.
        translations: those of `marked_corpus(source, markers.style)`.
        markers: how entities are marked and read off.

    Returns:
        A sentence for each. An entity that is told by the name of its marker, or that leaves no choice, is not needed.
    """
    found: dict[str, Sentence] = {}
    for sentence, made in _joined(source, translations):
        plain = running(sentence)
        if not sentence.spans or holds_marks(sentence, markers.style):
            continue
        read = _unmarked(sentence, made, markers.style)
        if _fault_of(sentence, read, markers.style):
            continue
        entities = _entities(sentence, {}, markers.style)
        for own, marks in groups_of(entities, read):
            if not is_sure(entities, own, marks):
                found |= {entities[place].surface: _alone(plain, sentence.spans[place]) for place in own}
    numbered = (replace(each, id=str(number)) for number, each in enumerate(found.values(), start=1))
    return Corpus(tuple(numbered), f"entities of {source.name}")


def alone_of(translations: Translations) -> dict[str, str]:
    """Return the translation of each entity by its text, without a full stop that a translator puts to the end."""
    found = {}
    for entity, made in translations:
        surface = running(entity).text or ""
        text = made.text.strip()
        found[surface] = text if surface[-1:] in _STOPS else text.rstrip(_STOPS + " ")
    return found


def project_marked(
    source: Corpus,
    translations: Translations,
    alone: Mapping[str, str],
    markers: Markers = Markers(),
    *,
    fallback: Corpus | None = None,
    ledger: Ledger | None = None,
) -> Corpus:
    """Read the entities of a corpus off the translation of its marked sentences.

    Args:
        source: labelled sentences.
        translations: those of `marked_corpus(source, markers.style)`.
        alone: entities as they stand in the running text -> their translations; see `entities_to_translate`.
        markers: how entities are marked and read off.
        fallback: what takes the place of sentences whose markers broke, by the ids of their source sentences.
        ledger: counts what was read off and what broke, if given.

    Returns:
        The target sentences in order, named after their sources. Each span that was read off says so in its origin
        (`markers`, or `entity translation` if its marker was lost) and has the score of its source span, times how like
        its entity it is where that decided. Translations with a flaw are left out. In a sentence whose markers broke
        the spans that are nowhere stand in `Sentence.lost`, after those that the source had lost, with the reason:

        - `lost marker`; `ambiguous markers`: what is marked resembles no entity, or several of different types;
        - `marker in text`: the source text holds what would be taken for a marker;
        - `too many markers`; `unknown marker`: one whose name was not given; `overlapping markers`: in one word;
        - `stray mark`: a part of a mark is left in the text.

    Raises:
        DataError: the translations are not those of the source, or a fallback is given and ids are not unique.

    Source:
        Chen et al. 2023, EasyProject: translate with marks, give up sentences whose marks broke. Differences: what is
        in `Markers` and `exonym.project.naming`; broken sentences may be projected by word alignment.
    """
    instead = _by_id(source, fallback) if fallback is not None else {}
    kept = []
    for sentence, made in _joined(source, translations):
        off = read_off(sentence, made, alone, markers)
        other = instead.get(sentence.id) if off.reason else None
        if ledger is not None:
            _count(ledger, sentence, off, other)
        if other is not None or off.target is not None:
            kept.append(other or off.target)
    return Corpus(tuple(each for each in kept if each is not None), f"{source.name} read off {translations.name}")


class ReadOff(NamedTuple):
    """What was read off the translation of a marked sentence.

    Attributes:
        target: the translation with spans; None if it has a flaw.
        reason: why not all spans are there; empty if they are.
    """

    target: Sentence | None
    reason: str


def read_off(sentence: Sentence, made: Translation, alone: Mapping[str, str], markers: Markers) -> ReadOff:
    """Read the entities of one sentence off the translation of its marked form; see `project_marked`."""
    spans, style = sentence.spans, markers.style
    has_marks = bool(spans) and not holds_marks(sentence, style)
    read = _unmarked(sentence, made, style) if has_marks else Unmarked(made.text, made.words, made.offsets)
    flaw = flaw_of(sentence.words, read.words, cut=made.cut)
    if flaw:
        return ReadOff(None, f"flawed translation: {flaw}" if spans else "")
    named: list[Named | None] = [None] * len(spans)
    reason = "" if has_marks or not spans else "marker in text"
    if has_marks:
        reason = _fault_of(sentence, read, style)
        if not reason:
            named, reason = _name(_entities(sentence, alone, style), read, markers)
    found, lost = [], list(sentence.lost)
    for span, place in zip(spans, named, strict=True):
        if place is None:
            lost.append(Lost(span.start, span.stop, span.label, reason))
            continue
        start, stop = _trimmed(place, read.words, sentence.words[span.start : span.stop])
        origin = Origin(sentence.id, span.start, span.stop, METHOD if place.is_read else FOUND_METHOD)
        found.append(Span(start, stop, span.label, span.score * place.score, origin))
    target = Sentence(read.words, (), sentence.id, read.text, read.offsets, lost=tuple(lost))
    return ReadOff(target.with_spans(found), reason)


def broken(source: Corpus, projected: Corpus) -> Corpus:
    """Return the sentences of which not all spans were read off, those whose translation has a flaw included."""
    found = {each.id: each for each in projected}
    return replace(
        source,
        sentences=tuple(
            each
            for each in source
            if each.spans and (each.id not in found or len(found[each.id].lost) > len(each.lost))
        ),
    )


def _unmarked(sentence: Sentence, made: Translation, style: Style) -> Unmarked:
    return unmarked(made.text, style, names=set(names_of(sentence.spans, style)))


def _name(entities: Sequence[Entity], read: Unmarked, markers: Markers) -> tuple[list[Named | None], str]:
    if markers.assign == "reference":
        return name_by_rules(entities, read)
    return name_best(entities, read, threshold=markers.threshold, recover=markers.recover)


def _entities(sentence: Sentence, alone: Mapping[str, str], style: Style) -> list[Entity]:
    plain = running(sentence)
    surfaces = [plain.surface(span) for span in sentence.spans]
    names = names_of(sentence.spans, style)
    rows = zip(sentence.spans, names, surfaces, strict=True)
    return [Entity(span.label, name, surface, alone.get(surface, "")) for span, name, surface in rows]


def _alone(sentence: Sentence, span: Span) -> Sentence:
    """Return the words of a span, whose text is known, as a sentence."""
    at = sentence.offsets[span.start][0]
    offsets = tuple((start - at, stop - at) for start, stop in sentence.offsets[span.start : span.stop])
    return Sentence(sentence.words[span.start : span.stop], (), "", sentence.surface(span), offsets)


def _fault_of(sentence: Sentence, read: Unmarked, style: Style) -> str:
    """Say what is wrong with the markers of a sentence, but for lost ones; empty if nothing is."""
    names = Counter(names_of(sentence.spans, style))
    found = Counter(marker.name for marker in read.markers)
    if read.is_dirty:
        return "stray mark"
    if any(name not in names for name in [*found, *(half.name for half in read.halves)]):
        return "unknown marker"
    if found - names:
        return "too many markers"
    return "overlapping markers" if any(one.stop > other.start for one, other in pairwise(read.markers)) else ""


def _trimmed(place: Named, words: Sequence[str], source: Sequence[str]) -> tuple[int, int]:
    """Take punctuation off the ends of what was marked, where the source span has none."""
    start, stop = place.start, place.stop
    while start < stop - 1 and _is_mark(words[start]) and not _is_mark(source[0]):
        start += 1
    while start < stop - 1 and _is_mark(words[stop - 1]) and not _is_mark(source[-1]):
        stop -= 1
    return start, stop


def _is_mark(word: str) -> bool:
    return not any(map(str.isalnum, word))


def _joined(source: Corpus, translations: Translations) -> Iterator[tuple[Sentence, Translation]]:
    """Pair sentences with the translations of their marked forms."""
    if len(source) != len(translations):
        expected = f"{len(source)}, one for each sentence of {source.name}"
        raise DataError(f"{translations.name}: found {len(translations)} translations; expected {expected}.")
    for number, (sentence, (own, made)) in enumerate(zip(source, translations, strict=True), start=1):
        if tuple(map(nfc, own.words)) != tuple(map(nfc, sentence.words)):
            raise DataError(
                f"{translations.name}:{number}: found the translation of other words; expected that of sentence "
                f"{sentence.id} of {source.name}. Translate `marked_corpus` of this corpus."
            )
        yield sentence, made


def _by_id(source: Corpus, fallback: Corpus) -> dict[str, Sentence]:
    if len({sentence.id for sentence in source}) != len(source):
        raise DataError(f"{source.name}: found sentences with the same id; expected different ones. Number them.")
    return {sentence.id: sentence for sentence in fallback}


def _count(ledger: Ledger, sentence: Sentence, off: ReadOff, other: Sentence | None) -> None:
    """Count what became of a sentence."""
    if off.target is None and other is None:
        ledger.note("translations left out: flawed")
    if not sentence.spans:
        return
    ledger.note("sentences with markers read off", not off.reason)
    if off.reason:
        ledger.note(f"sentences with broken markers: {off.reason}")
        ledger.note("sentences with broken markers projected over word links", other is not None)
    if off.target is not None and other is None:
        methods = Counter(span.origin.method for span in off.target.spans if span.origin is not None)
        ledger.note("lost markers found by the translation of the entity", methods[FOUND_METHOD])
