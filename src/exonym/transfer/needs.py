"""What each method needs beside the text to tag, declared once. Start at `needs_of`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from exonym.transfer.saved import SavedTagger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Need(NamedTuple):
    """Data that a method cannot do without.

    Attributes:
        what: the data in words.
        key: what gives them in a recipe.
        of: whose they are: of the `source`, or of each `target` language.
    """

    what: str
    key: str
    of: Literal["source", "target"]


LANGUAGE = Need("the source language, for a translator", "`language` in [source]", "source")
LABELS = Need("labelled source text", "`train` in [source]", "source")
SOURCES = Need("labels in further languages", "[[sources]]", "source")
TEXT = Need("unlabelled text", "`text`", "target")
TRANSLATION = Need("a translation of the labelled source text", "`translation`", "target")
PARALLEL = Need("parallel text", "`translation` or `extra`", "target")
TEST = Need("a text to tag", "`test`", "target")
TEST_TRANSLATION = Need("a translation of the text to tag", "`test_translation`", "target")
TRAIN = Need("labelled target text", "`train`", "target")


def needs_of(options: Any) -> tuple[Need, ...]:  # noqa: ANN401 - of a method, or of what is in it
    """Return what a method needs with these options; likewise a teacher, or what translates a corpus."""
    return tuple(dict.fromkeys(NEEDS[options.kind](options)))


def inner_of(options: Any) -> tuple[Any, ...]:  # noqa: ANN401 - as above
    """Return what a method carries out first: its teachers or routes, or the translation of the source."""
    own = [getattr(options, key, None) for key in ("translation", "projection", "first")]
    return (*filter(None, own), *getattr(options, "teachers", ()), *getattr(options, "routes", ()))


def _inner(options: Any) -> list[Need]:  # noqa: ANN401 - as above
    return [need for part in inner_of(options) for need in needs_of(part)]


def _when(*wanted: tuple[Need, bool]) -> list[Need]:
    return [need for need, is_needed in wanted if is_needed]


def _trains(options: Any) -> bool:  # noqa: ANN401 - as above
    return not isinstance(options.tagger, SavedTagger)


def _asks(options: Any) -> bool:  # noqa: ANN401 - as above
    return options.translator is not None or options.scorer is not None


def _translate_train(options: Any) -> list[Need]:  # noqa: ANN401 - as above
    gold, alone = options.labels == "gold", options.translator is None
    return _when(
        (LANGUAGE, _asks(options)),
        (LABELS, gold or options.source_tagger is None or not alone),
        (TRANSLATION, gold and alone),
        (PARALLEL, not gold and alone),
    )


# Every method, and what may stand in one, by kind: what its options make it need.
NEEDS: dict[str, Callable[[Any], Iterable[Need]]] = {
    "saved": lambda options: (),
    "words": lambda options: (PARALLEL,),
    "direct": lambda options: _when((LABELS, _trains(options)), (TEXT, options.adapt is not None)),
    "gloss": lambda options: _when((LABELS, _trains(options)), (PARALLEL, True)),
    "translate_train": _translate_train,
    "translate_test": lambda options: _when(
        (LANGUAGE, _asks(options)),
        (LABELS, _trains(options)),
        (TEST, True),
        (TEST_TRANSLATION, options.translator is None),
    ),
    "average": _inner,
    "teacher_student": lambda options: (*_inner(options), TEXT),
    "mixture": lambda options: (*_inner(options), TEXT),
    "synthetic": _inner,
    "multi_source": lambda options: (
        LABELS,
        SOURCES,
        *_inner(options),
        *_when((TEXT, options.student is not None)),
    ),
    "man_moe": lambda options: (LABELS, SOURCES, *_when((TEXT, options.adversary > 0))),
    "mtmt": lambda options: (LABELS, *_inner(options), TEXT),
    "lexical_injection": lambda options: (
        LABELS,
        *_when((PARALLEL, options.word_pairs is None and options.injected != "nothing")),
    ),
    "unitrans": lambda options: (LABELS, *_inner(options), TEXT),
    "colada": lambda options: (LABELS, *_inner(options), TEXT),
    "supervised": lambda options: (TRAIN,),
    "chance": lambda options: (LABELS,),
}
