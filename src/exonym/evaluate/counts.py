"""What every score is made of: per sentence and label, the entities matched, predicted and gold.

A score of any set of sentences is a function of the sum of their rows, so intervals and tests never look at an entity
again. Start at `count`; scores from counts are in `exonym.evaluate.f1`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from exonym.data import Corpus
from exonym.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from exonym.data import Sentence

MATCHED, PREDICTED, GOLD = range(3)
_SHOWN = 20

Predictions: TypeAlias = Corpus | Sequence[Corpus]
"""What one system says: one corpus, or one for each run (seed) of it."""


@dataclass(frozen=True, eq=False)
class Counts:
    """Entities matched, predicted and gold, by sentence and label (N sentences, L labels).

    Attributes:
        labels: the L entity types, sorted.
        values: int64 array (N, L, 3); the last axis is (matched, predicted, gold), summed over the runs.
        runs: how many runs of the system the values are the sum of, >= 1.
    """

    labels: tuple[str, ...]
    values: NDArray[np.int64]
    runs: int = 1

    def __len__(self) -> int:
        return len(self.values)

    @property
    def total(self) -> NDArray[np.int64]:
        """The counts of all sentences together, (L, 3)."""
        total: NDArray[np.int64] = self.values.sum(axis=0)
        return total

    @property
    def micro(self) -> NDArray[np.int64]:
        """The counts of all labels together, sentence by sentence, (N, 3)."""
        micro: NDArray[np.int64] = self.values.sum(axis=1)
        return micro


def count(gold: Corpus, predicted: Predictions) -> Counts:
    """Count strict matches: a prediction matches a gold entity with the same first word, last word and label.

    Several runs of one system are summed sentence by sentence. F1 of the sums is the F1 of all runs pooled, which is
    near, but not equal to, the mean of their F1; a resampled sentence is resampled in every run at once.

    Args:
        gold: the N sentences with the right spans.
        predicted: the same sentences with the predicted spans, or one such corpus for each run.

    Returns:
        The counts by sentence, over the labels that occur in `gold` or `predicted`.

    Raises:
        DataError: there is no sentence or no run, or the words of the corpora differ (all differing sentences are
            named).

    Source:
        Tjong Kim Sang and De Meulder (2003), section 4, and its scorer `conlleval`.
    """
    runs = as_runs(predicted)
    for run in runs:
        check_same_sentences(gold, run)
    labels = tuple(sorted({label for corpus in (gold, *runs) for label in corpus.labels}))
    index = {label: at for at, label in enumerate(labels)}
    values = np.zeros((len(gold), len(labels), 3), dtype=np.int64)
    for run in runs:
        values += _count_run(gold, run, index)
    return Counts(labels, values, len(runs))


def _count_run(gold: Corpus, predicted: Corpus, index: dict[str, int]) -> NDArray[np.int64]:
    """Count one run, (N, L, 3), over the labels of `index`."""
    width = len(index)
    cells: tuple[list[int], list[int], list[int]] = ([], [], [])  # flat (sentence, label) cells, one entry per entity
    for row, (right, said) in enumerate(zip(gold, predicted, strict=True)):
        if not right.spans and not said.spans:
            continue
        offset = row * width
        right_keys = [(span.start, span.stop, span.label) for span in right.spans]
        said_keys = [(span.start, span.stop, span.label) for span in said.spans]
        cells[GOLD].extend([offset + index[label] for _, _, label in right_keys])
        cells[PREDICTED].extend([offset + index[label] for _, _, label in said_keys])
        # Spans of a sentence are disjoint, so no key occurs twice on one side.
        cells[MATCHED].extend([offset + index[label] for _, _, label in set(right_keys).intersection(said_keys)])
    size = len(gold) * width
    columns = [np.bincount(np.array(column, dtype=np.int64), minlength=size) for column in cells]
    return np.stack(columns, axis=-1).reshape(len(gold), width, 3)


def as_runs(predicted: Predictions) -> tuple[Corpus, ...]:
    """Return the runs of a system as a tuple.

    Raises:
        DataError: there is none.
    """
    runs = (predicted,) if isinstance(predicted, Corpus) else tuple(predicted)
    if not runs:
        raise DataError(
            "found no prediction; expected one corpus, or one for each run of the system. Give at least one."
        )
    return runs


def check_same_sentences(gold: Corpus, predicted: Corpus) -> None:
    """Raise one `DataError` that names every sentence whose words differ, or return if all are the same.

    Words are compared as they were read. Ids are not compared: many formats have none.
    """
    if not len(gold):
        raise DataError(f"{gold.name}: found no sentence; expected at least one. There is nothing to score.")
    different = [
        f"  sentence {at + 1} (id {right.id!r}): {_difference(right, said)}"
        for at, (right, said) in enumerate(zip(gold, predicted, strict=False))
        if right.words != said.words
    ]
    if len(gold) == len(predicted) and not different:
        return
    raise DataError("\n".join(_complaint(gold, predicted, different)))


def _complaint(gold: Corpus, predicted: Corpus, different: list[str]) -> Iterable[str]:
    if len(gold) != len(predicted):
        yield f"{predicted.name}: found {len(predicted)} sentences; expected the {len(gold)} of {gold.name}."
    if different:
        compared = min(len(gold), len(predicted))
        yield f"{predicted.name}: {len(different)} of {compared} sentences do not have the words of {gold.name}:"
    yield from different[:_SHOWN]
    if len(different) > _SHOWN:
        yield f"  ... and {len(different) - _SHOWN} more"
    yield (
        "A score needs the same sentences and words on both sides, in the same order. Predict again on the words of "
        f"{gold.name}, or take out of it the sentences that have no prediction."
    )


def _difference(right: Sentence, said: Sentence) -> str:
    """Say where the words of two sentences part."""
    for at, (wanted, found) in enumerate(zip(right.words, said.words, strict=False), start=1):
        if wanted != found:
            return f"found {found!r} as word {at}; expected {wanted!r}"
    return f"found {len(said)} words; expected {len(right)}"
