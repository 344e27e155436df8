"""A part of a task, drawn at random: how methods do when there is less to learn from. Start at `sampled`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from exonym.data import Bitext
from exonym.errors import RecipeError
from exonym.project import places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.data import Corpus, Pair
    from exonym.transfer.task import Task


@dataclass(frozen=True, kw_only=True)
class Sample:
    """How much is learnt from, drawn anew for each seed: a number, or below 1 a share of what there is.

    Attributes:
        source: sentences of each labelled source corpus; None takes all.
        target: words of target text, counted apart for each kind of it: unlabelled, labelled, and translated; None
            takes all.
    """

    source: float | None = None
    target: float | None = None

    def __post_init__(self) -> None:
        for name in ("source", "target"):
            found = getattr(self, name)
            if found is not None and not (0 < found < 1 or (found >= 1 and float(found).is_integer())):
                raise RecipeError(f"{name}: found {found}; expected a share below 1, or a whole number.")


def sampled(task: Task, sample: Sample, seed: int) -> Task:
    """Draw a part of a task. A smaller sample is part of a larger one of the same seed.

    What taggers learn from is drawn. What words are aligned on stays whole, so that samples differ in nothing else, and
    one alignment serves all of them.

    - `source` and each of `sources`: so many sentences.
    - `text`, without the sentences that `test` has, and `train`: sentences until they have so many words.
    - parallel text without what `test` has: pairs until their target sides have so many words; first those of
      `translation` whose source sentence was drawn, which are the `translation` of the part, then others of it, then
      those of the extra texts, which are the `extra` of the part.

    Within each of these the order is random.

    Args:
        task: the whole task.
        sample: how much of it.
        seed: the same seed gives the same part.
    """
    drawn = _drawn(len(task.source), sample.source, seed)
    translation, extra = _pairs(task, set(drawn), sample.target, seed)
    return replace(
        task,
        source=_part(task.source, drawn),
        sources=tuple(_part(each, _drawn(len(each), sample.source, seed)) for each in task.sources),
        translation=translation,
        extra=extra,
        text=None if task.text is None else _words(task.unseen, sample.target, seed),
        train=None if task.train is None else _words(task.train, sample.target, seed),
        whole=task.parallel,
    )


def _number(asked: float | None, total: int) -> int:
    if asked is None:
        return total
    return round(asked * total) if asked < 1 else int(asked)


def _order(number: int, seed: int) -> list[int]:
    order: list[int] = np.random.default_rng(seed).permutation(number).tolist()
    return order


def _drawn(total: int, asked: float | None, seed: int) -> list[int]:
    return sorted(_order(total, seed)[: _number(asked, total)])


def _filled(lengths: Sequence[int], words: int, seed: int) -> list[int]:
    """Take places in random order until so many words are reached."""
    taken = []
    for place in _order(len(lengths), seed):
        if words <= 0:
            break
        taken.append(place)
        words -= lengths[place]
    return sorted(taken)


def _part(corpus: Corpus, places: Sequence[int]) -> Corpus:
    return replace(corpus, sentences=tuple(corpus[place] for place in places))


def _words(corpus: Corpus, asked: float | None, seed: int) -> Corpus:
    lengths = [len(sentence) for sentence in corpus]
    return _part(corpus, _filled(lengths, _number(asked, sum(lengths)), seed))


def _pairs(task: Task, drawn: set[int], asked: float | None, seed: int) -> tuple[Bitext | None, tuple[Bitext, ...]]:
    """Draw pairs: those with a source sentence that was drawn, others of the translation, those of the extra texts."""
    own = [] if task.translation is None else places(task.source, task.translation)
    test = {"".join(sentence.words) for sentence in task.test}  # the words may be cut in another way
    groups: tuple[list[Pair], list[Pair], list[Pair]] = [], [], []
    for number, pair in enumerate(task.parallel):
        if "".join(pair.target) not in test:
            groups[2 if number >= len(own) else 0 if own[number] in drawn else 1].append(pair)
    left = _number(asked, sum(len(pair.target) for group in groups for pair in group))
    parts = []
    for group in groups:
        lengths = [len(pair.target) for pair in group]
        kept = _filled(lengths, left, seed)
        left -= sum(lengths[place] for place in kept)
        parts.append(tuple(group[place] for place in kept))
    name = task.parallel.name
    rest = parts[1] + parts[2]
    return Bitext(parts[0], name) if own else None, (Bitext(rest, name),) if rest else ()
