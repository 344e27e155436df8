"""A text as the models look at it: each has several experts, each expert a view, and models share views."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from exonym.align.cells import batches_of, cut, prefix_of, shape_of, view_of
from exonym.align.counts import WordCounts
from exonym.align.model import ModelCounts
from exonym.align.romanise import ROMANISERS
from exonym.align.surface import Surface, SurfaceCounts
from exonym.align.tables import Counts, Known, Table, uniform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.align.cells import View
    from exonym.align.romanise import Romaniser
    from exonym.align.surface import ClassCounts
    from exonym.align.training import Counted
    from exonym.data import Pair

_START = 0.1  # concentration of the table to start from where that of training is 0: new words must be possible


@dataclass(frozen=True)
class Expert:
    """A view of the text and how much it counts in a model.

    Attributes:
        view: the text.
        power: of what it says, > 0.
        surface: set if it compares the letters of both words, and knows nothing else of them.
        known: what other text has counted, forward and backward; not with `surface`.
        classes: the same with `surface`.
    """

    view: View
    power: float
    surface: Surface | None = None
    known: tuple[Known, Known] | None = None
    classes: tuple[ClassCounts, ClassCounts] | None = None

    def first(self, concentration: float, *, backward: bool) -> Table:
        """Return the table to start from; `concentration` is that of training."""
        if self.known is not None or self.classes is not None:
            return self.counts(backward=backward).table(concentration or _START, self.power)
        if self.surface is not None:
            return self.surface.first(self.power, backward=backward)
        return uniform(self.view, backward=backward)

    def counts(self, *, backward: bool) -> Counts | SurfaceCounts:
        """Return empty counts, to which those of other text are added in the end."""
        if self.surface is not None:
            classes = None if self.classes is None else self.classes[backward]
            return SurfaceCounts(self.surface, backward=backward, known=classes)
        known = None if self.known is None else self.known[backward]
        return Counts(self.view, backward=backward, known=known)


class Text:
    """Sentence pairs as the experts of all models look at them.

    Args:
        pairs: the sentence pairs.
        models: the views of each model, by so many first characters; 0 is whole words.
        shape: weight of the view of a word by its shape; 0 is off.
        surface: weight of the likeness of letters; 0 is off.
        romaniser: of the words whose letters are compared, by its name.

    Attributes:
        pieces: the pairs, very long ones cut.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        models: Sequence[Sequence[int]],
        shape: float,
        surface: float,
        romaniser: Romaniser,
    ) -> None:
        self.pieces = list(cut((len(pair.source), len(pair.target)) for pair in pairs))
        groups = batches_of(self.pieces)
        lengths = sorted({length for prefixes in models for length in prefixes} | ({0} if surface else set()))
        views = {n: view_of(pairs, self.pieces, groups, partial(prefix_of, length=n)) for n in lengths}
        common = [Expert(view_of(pairs, self.pieces, groups, shape_of), shape)] if shape else []
        if surface:
            common.append(Expert(views[0], surface, Surface(views[0], ROMANISERS[romaniser])))
        self._crews = [[*(Expert(views[n], 1 / len(prefixes)) for n in prefixes), *common] for prefixes in models]

    def views(self, number: int) -> list[View]:
        """Return the view of each expert of a model."""
        return [expert.view for expert in self._crews[number]]

    def experts(self, number: int, known: ModelCounts | None) -> list[Expert]:
        """Return the experts of a model, who know what was counted in other text."""
        crew = self._crews[number]
        if known is None:
            return crew
        words = iter(known.words)
        informed = []
        for expert in crew:
            if expert.surface is not None:
                informed.append(Expert(expert.view, expert.power, expert.surface, classes=known.classes))
            else:
                forward, backward = next(words)
                both = forward.known(expert.view, backward=False), backward.known(expert.view, backward=True)
                informed.append(Expert(expert.view, expert.power, known=both))
        return informed

    def named(self, number: int, counted: Counted) -> ModelCounts:
        """Return what was counted for a model by the forms of words."""
        words, classes = [], None
        for view, forward, backward in zip(self.views(number), *counted.experts, strict=True):
            if isinstance(forward, SurfaceCounts) and isinstance(backward, SurfaceCounts):
                classes = forward.classes(), backward.classes()
            elif isinstance(forward, Counts) and isinstance(backward, Counts):
                words.append(
                    (
                        WordCounts.of(view, forward.cells, forward.null, backward=False),
                        WordCounts.of(view, backward.cells, backward.null, backward=True),
                    )
                )
        return ModelCounts(tuple(words), classes, counted.jumps)
