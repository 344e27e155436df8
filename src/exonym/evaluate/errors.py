"""What kind of errors a system makes: every gold and every predicted entity in exactly one class.

The rule, sentence by sentence; each step takes only what the steps before it left:

1. *matched*: same words, same label.
2. *type*: same words, another label.
3. *boundary*: same label, other words, at least one word shared.
4. *both*: another label, other words, at least one word shared.
5. What is left is *missed* (gold) or *spurious* (predicted).

Steps 3 and 4 pair one to one: the pair that shares most words first; on equal terms the gold entity that comes first,
then the prediction that comes first. A prediction that covers two gold entities is thus one boundary error and one
missed entity, and one that is cut in two is one boundary error and one spurious entity.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from exonym.data import OUTSIDE, Corpus, Sentence, Span
from exonym.evaluate.counts import as_runs, check_same_sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from exonym.evaluate.counts import Predictions

ErrorClass = Literal["matched", "boundary", "type", "both", "missed", "spurious"]
ERROR_CLASSES: tuple[ErrorClass, ...] = get_args(ErrorClass)


@dataclass(frozen=True, slots=True)
class Finding:
    """One gold entity, one prediction, or a pair of them, with its class.

    Attributes:
        sentence: index of the sentence in the corpus, 0-based.
        kind: its class.
        gold: the gold entity; None if it is spurious.
        predicted: the prediction; None if the entity was missed.
    """

    sentence: int
    kind: ErrorClass
    gold: Span | None
    predicted: Span | None


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """How often each class occurs, summed over runs.

    Attributes:
        counts: class -> how often. Without `spurious` they add up to the gold entities, without `missed` to the
            predictions.
        per_label: label -> class -> how often, by the *gold* label; spurious ones by their predicted label. Without
            `spurious` the row of a label adds up to its gold entities.
        confusion: gold label -> predicted label -> how often, over all pairs; `O` stands for nothing on that side.
    """

    counts: dict[ErrorClass, int]
    per_label: dict[str, dict[ErrorClass, int]]
    confusion: dict[str, dict[str, int]]

    def to_dict(self) -> dict[str, Any]:
        """Return the tables, ready for JSON."""
        return {"counts": self.counts, "per_label": self.per_label, "confusion": self.confusion}


def error_table(gold: Corpus, predicted: Predictions) -> ErrorTable:
    """Count the error classes of a system, over all of its runs.

    Args:
        gold: the sentences with the right spans.
        predicted: the same sentences with the predicted spans, or one such corpus for each run.

    Raises:
        DataError: the words of the corpora differ.
    """
    kinds: Counter[tuple[str, ErrorClass]] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for run in as_runs(predicted):
        for found in findings(gold, run):
            row = found.gold.label if found.gold else OUTSIDE
            column = found.predicted.label if found.predicted else OUTSIDE
            kinds[column if found.gold is None else row, found.kind] += 1
            pairs[row, column] += 1
    labels = sorted({label for label, _ in kinds})
    rows, columns = sorted({row for row, _ in pairs}), sorted({column for _, column in pairs})
    return ErrorTable(
        counts={kind: sum(kinds[label, kind] for label in labels) for kind in ERROR_CLASSES},
        per_label={label: {kind: kinds[label, kind] for kind in ERROR_CLASSES} for label in labels},
        confusion={row: {column: pairs[row, column] for column in columns if pairs[row, column]} for row in rows},
    )


def findings(gold: Corpus, predicted: Corpus) -> Iterator[Finding]:
    """Yield every gold and predicted entity with its class, by sentence; a pair comes once.

    Raises:
        DataError: the words of the corpora differ.
    """
    check_same_sentences(gold, predicted)
    for at, (right, said) in enumerate(zip(gold, predicted, strict=True)):
        if right.spans or said.spans:
            yield from _classify(at, right, said)


def _classify(at: int, right: Sentence, said: Sentence) -> Iterator[Finding]:
    gold, predicted = list(right.spans), list(said.spans)
    steps: tuple[tuple[ErrorClass, Callable[[Span, Span], bool]], ...] = (
        ("matched", lambda a, b: a.key == b.key),
        ("type", lambda a, b: (a.start, a.stop) == (b.start, b.stop)),
        ("boundary", lambda a, b: a.label == b.label and a.overlaps(b)),
        ("both", lambda a, b: a.overlaps(b)),
    )
    for kind, fits in steps:
        candidates = [(a, b) for a in gold for b in predicted if fits(a, b)]
        # A stable sort keeps gold order, then predicted order, among pairs that share equally many words.
        for a, b in sorted(candidates, key=_shared, reverse=True):
            if a in gold and b in predicted:
                gold.remove(a)
                predicted.remove(b)
                yield Finding(at, kind, a, b)
        if not gold or not predicted:
            break
    yield from (Finding(at, "missed", left, None) for left in gold)
    yield from (Finding(at, "spurious", None, left) for left in predicted)


def _shared(pair: tuple[Span, Span]) -> int:
    """How many words two spans share."""
    return min(pair[0].stop, pair[1].stop) - max(pair[0].start, pair[1].start)
