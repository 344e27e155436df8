"""Tag schemes: IOB1, IOB2, BIOES and BILOU in, IOB2 out.

Inside exonym labels are spans; tags exist only in files and taggers. Start at `spans_of` and `tags_of`.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from itertools import pairwise
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
            if _breaks_at_start(prefix, scheme, adjacent=_ends_at(spans, word, kind)):
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
    known = _PREFIXES[scheme]
    unknown = {tag for tag in set(tags) if tag != OUTSIDE and split_tag(tag)[0] not in known}
    if not unknown:
        return []
    expected = f"O or {'/'.join(sorted(known))}-TYPE ({scheme.upper()})"
    return [Fault(word, tag, expected) for word, tag in enumerate(tags) if tag in unknown]


def _ends_at(spans: list[Span], word: int, label: str) -> bool:
    return bool(spans) and spans[-1].stop == word and spans[-1].label == label


def _breaks_at_start(prefix: str, scheme: Scheme, *, adjacent: bool) -> bool:
    """Say whether an entity may not open so; `adjacent` means that the word before ends one of the same type."""
    if scheme == "iob1":  # B- only between two adjacent entities of one type
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
    """Find the scheme that tagged sentences break least often, as `spans_of` counts faults.

    Ties go to IOB2, then IOB1, BIOES and BILOU, so that one wrong tag does not turn a whole file into another scheme.
    """
    pairs: Counter[tuple[str, str]] = Counter()  # whether a tag is a fault depends on its two neighbours only
    for tags in sentences:
        pairs.update(pairwise([OUTSIDE, *tags, OUTSIDE]))
    schemes: tuple[Scheme, ...] = ("iob2", "iob1", "bioes", "bilou")
    return min(
        schemes,
        key=lambda scheme: sum(count * _faults_between(*pair, scheme) for pair, count in pairs.items()),
    )


def _faults_between(left: str, right: str, scheme: Scheme) -> int:
    """Count the faults between two neighbouring tags, and whether the scheme lacks the right one."""
    (before, label), (prefix, kind) = split_tag(left), split_tag(right)
    if before in ("B", "I") and prefix in _CONTINUES and kind == label:
        return prefix not in _PREFIXES[scheme]
    unclosed = before in ("B", "I") and scheme in ("bioes", "bilou")
    if prefix == OUTSIDE:
        return unclosed
    if not prefix:
        return unclosed + 1
    adjacent = before not in (OUTSIDE, "") and kind == label
    return unclosed + (prefix not in _PREFIXES[scheme]) + _breaks_at_start(prefix, scheme, adjacent=adjacent)
