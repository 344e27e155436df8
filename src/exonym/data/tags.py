"""Tag schemes: IOB1, IOB2, BIOES and BILOU in, IOB2 out.

Inside exonym labels are spans; tags exist only in files and taggers. Start at `spans_of` and `tags_of`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from exonym.data.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Scheme = Literal["iob1", "iob2", "bioes", "bilou"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)

OUTSIDE = "O"
_OPENS = frozenset("BSU")  # these prefixes always begin an entity
_CONTINUES = frozenset("IEL")  # these continue one of the same type
_CLOSES = frozenset("ESLU")  # these always end one
_PREFIXES: dict[Scheme, frozenset[str]] = {
    "iob1": frozenset("IB"),
    "iob2": frozenset("IB"),
    "bioes": frozenset("BIES"),
    "bilou": frozenset("BILU"),
}


class Fault(NamedTuple):
    """A tag that breaks its scheme: index of the word, the tag, and what the scheme allows there."""

    word: int
    tag: str
    expected: str


@lru_cache(maxsize=4096)
def split_tag(tag: str) -> tuple[str, str]:
    """Split `B-PER` into `("B", "PER")` and `O` into `("O", "")`; a tag without a known prefix gives `("", tag)`."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    prefix, dash, label = tag.partition("-")
    return (prefix, label) if dash and label and prefix in {"B", "I", "E", "S", "L", "U"} else ("", tag)


def spans_of(tags: Sequence[str], scheme: Scheme = "iob2") -> tuple[list[Span], list[Fault]]:
    """Read the spans of a tagged sentence, and every place where the tags break the scheme.

    A broken sequence is read as conlleval reads it: a tag that continues nothing opens an entity, a change of type
    opens one, and `O` or the end of the sentence closes one. An unknown tag counts as `O`.

    Args:
        tags: T tags.
        scheme: the scheme that the tags should follow.

    Returns:
        The spans in order, and the faults in order; the spans are a faithful reading iff there are no faults.
    """
    explicit_end = scheme in ("bioes", "bilou")
    spans: list[Span] = []
    faults = _unknown_tags(tags, scheme)
    start, stop, label = 0, 0, ""  # the entity that is open: [start, stop) so far; none if they are equal

    def close() -> None:
        nonlocal start
        if start < stop:
            spans.append(Span(start, stop, label))
            if explicit_end:
                end = f"an end tag at the last word of an entity ({scheme.upper()})"
                faults.append(Fault(stop - 1, tags[stop - 1], end))
        start = stop

    for word, tag in enumerate(tags):
        if tag == OUTSIDE:
            continue
        prefix, kind = split_tag(tag)
        if not prefix:
            continue
        if start == stop or word != stop or prefix not in _CONTINUES or kind != label:
            close()
            if _breaks_at_start(prefix, kind, scheme, spans, word):
                faults.append(Fault(word, tag, f"B-{kind} or O at the start of an entity ({scheme.upper()})"))
            start, label = word, kind
        stop = word + 1
        if prefix in _CLOSES:
            spans.append(Span(start, stop, label))
            start = stop
    close()
    return spans, sorted(faults)


def _unknown_tags(tags: Sequence[str], scheme: Scheme) -> list[Fault]:
    """Find the tags that the scheme does not have."""
    unknown = {tag for tag in set(tags) if split_tag(tag)[0] not in {OUTSIDE, *_PREFIXES[scheme]}}
    expected = f"O or {'/'.join(sorted(_PREFIXES[scheme]))}-TYPE ({scheme.upper()})"
    return [Fault(word, tag, expected) for word, tag in enumerate(tags) if tag in unknown] if unknown else []


def _breaks_at_start(prefix: str, label: str, scheme: Scheme, before: list[Span], word: int) -> bool:
    if scheme == "iob1":  # B- only between two adjacent entities of one type
        adjacent = bool(before) and before[-1].stop == word and before[-1].label == label
        return (prefix == "B") != adjacent
    return prefix not in _OPENS


def tags_of(length: int, spans: Iterable[Span]) -> list[str]:
    """Write disjoint spans as `length` IOB2 tags."""
    tags = [OUTSIDE] * length
    for span in spans:
        tags[span.start] = f"B-{span.label}"
        tags[span.start + 1 : span.stop] = [f"I-{span.label}"] * (len(span) - 1)
    return tags


def tag_set(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the K IOB2 tags of these labels: `O` first, then `B-` and `I-` of each label in sorted order."""
    return (OUTSIDE, *(f"{prefix}-{label}" for label in sorted(set(labels)) for prefix in "BI"))


def detect_scheme(sentences: Iterable[Sequence[str]]) -> Scheme:
    """Guess the scheme of tagged sentences from the prefixes in use and from where `B-` occurs.

    `E-`/`S-` mean BIOES, `L-`/`U-` mean BILOU. Otherwise the tags are IOB1 if at least one entity opens with `I-` and
    `B-` is only ever used where IOB1 demands it (between two adjacent entities of one type), else IOB2.
    """
    opens_with_i, free_b = False, False
    for tags in sentences:
        prefixes = {split_tag(tag)[0] for tag in tags}
        if prefixes & {"E", "S"}:
            return "bioes"
        if prefixes & {"L", "U"}:
            return "bilou"
        before = ("", "")
        for tag in tags:
            prefix, label = split_tag(tag)
            inside = before[0] in ("B", "I") and before[1] == label
            opens_with_i |= prefix == "I" and not inside
            free_b |= prefix == "B" and not inside
            before = prefix, label
    return "iob1" if opens_with_i and not free_b else "iob2"
