"""Tag schemes: IOB1, IOB2, BIOES and BILOU in, IOB2 out.

Inside exonym labels are spans; tags exist only in files and taggers. Start at `spans_of` and `tags_of`.
"""

from __future__ import annotations

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
    parts, faults = _split_all(tags, scheme)
    explicit_end = scheme in ("bioes", "bilou")
    spans: list[Span] = []
    start: int | None = None  # first word of the entity that is open
    for word, (prefix, label) in enumerate([*parts, (OUTSIDE, "")]):
        inside = start is not None and prefix in _CONTINUES and label == parts[word - 1][1]
        if start is not None and not inside:
            spans.append(Span(start, word, parts[start][1]))
            if explicit_end:
                faults.append(
                    Fault(word - 1, tags[word - 1], f"an end tag at the last word of an entity ({scheme.upper()})")
                )
            start = None
        if prefix == OUTSIDE:
            continue
        if not inside:
            if _breaks_at_start(prefix, label, scheme, spans, word):
                faults.append(Fault(word, tags[word], f"B-{label} or O at the start of an entity ({scheme.upper()})"))
            start = word
        if prefix in _CLOSES and start is not None:
            spans.append(Span(start, word + 1, label))
            start = None
    return spans, sorted(faults)


def _split_all(tags: Sequence[str], scheme: Scheme) -> tuple[list[tuple[str, str]], list[Fault]]:
    """Split every tag; one that the scheme does not know is a fault, and counts as `O` if no scheme knows it."""
    parts = [split_tag(tag) for tag in tags]
    allowed = f"O or {'/'.join(sorted(_PREFIXES[scheme]))}-TYPE ({scheme.upper()})"
    faults = [
        Fault(word, tags[word], allowed)
        for word, (prefix, _) in enumerate(parts)
        if prefix != OUTSIDE and prefix not in _PREFIXES[scheme]
    ]
    return [(prefix, label) if prefix else (OUTSIDE, "") for prefix, label in parts], faults


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
