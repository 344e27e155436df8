"""The built-in word aligner: IBM model 1, then two hidden Markov models that are trained to agree.

Numpy alone, no randomness: the same text gives the same links. `cells` holds the text, `tables` the translation
probabilities, `ibm1` and `hmm` the two models; here they are trained and their links are read off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, get_args

import numpy as np

from exonym.align.aligner import prepared
from exonym.align.cells import batches_of, cut, prefix_of, shape_of, view_of
from exonym.align.hmm import first_jumps, forward_backward, learnt_jumps
from exonym.align.ibm1 import Expected, diagonal, expected_links
from exonym.align.symmetrise import Symmetrisation, symmetrise
from exonym.align.tables import Counts, Table, emission, uniform
from exonym.data import Alignment, Links
from exonym.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from exonym.align.cells import Batch, Piece, View
    from exonym.data import Bitext

_DIRECTIONS = (False, True)  # backward?


class _Model(NamedTuple):
    """What is learnt, for the forward and the backward direction: a table for each view, and the jumps."""

    tables: tuple[list[Table], list[Table]]
    jumps: tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class StatisticalAligner:
    """Learns word links from the text that it aligns, and from more text of the two languages if there is some.

    The defaults were chosen on UNER-PUD (gold entities in English and in German, Russian or Swedish) and on
    CoNLL-2003 with its DeepL translations into German and Spanish (1,000 sentences each, silver entities), each with
    NTREX as extra text; no choice was made on Europarl. Mean F1 of projected spans over the five: one prefix of 4
    characters 85.0, of 3 85.6, prefixes 3 and 5 in one model 86.3 (averaging separate models of 3, 4 and 5: 85.7), 2,
    3 and 5 86.6, and with the shape 87.7. Also tried: 3 to 8 rounds, tension 2, null_prior 0.1 to 0.35 (within 0.2),
    prior 0.01 (-1.6) and 0.5 (-8), whole words alone (-6), arithmetic in place of geometric means (-1), suffixes,
    word frequency.

    Memory grows with the pairs of words that stand in one sentence pair, times views: 0.7 GB at most were seen with
    the defaults on 26,000 pairs of 18 words a side.

    Attributes:
        kind: names the aligner in a recipe.
        symmetrisation: `soft` gives each link the mean of both directions' posteriors; the others combine the likeliest
            link of each word.
        prefixes: views of a word by so many first characters, case-folded; 0 is whole words.
        shape: weight of the view of a word by its capitals, digits and length; 0 is off.
        model1_iterations: rounds of IBM model 1.
        hmm_iterations: rounds of the hidden Markov model.
        tension: how strongly model 1 prefers links near the diagonal; 0 is not at all.
        prior: Dirichlet parameter of the translation tables of the hidden Markov model; 0 is plain maximum likelihood.
        null_prior: probability that a word has no counterpart, in (0, 1).
        threshold: `soft`: links that weigh less are left out.
    """

    deterministic: ClassVar[bool] = True

    kind: Literal["statistical"] = "statistical"
    symmetrisation: Symmetrisation = "soft"
    prefixes: tuple[int, ...] = (2, 3, 5)
    shape: float = 0.6
    model1_iterations: int = 5
    hmm_iterations: int = 5
    tension: float = 1.0
    prior: float = 0.1
    null_prior: float = 0.2
    threshold: float = 0.02

    def __post_init__(self) -> None:
        if self.symmetrisation not in get_args(Symmetrisation):
            raise RecipeError(
                f"symmetrisation is {self.symmetrisation!r}; known: {', '.join(get_args(Symmetrisation))}"
            )
        if not self.prefixes or min(self.prefixes) < 0:
            raise RecipeError(f"prefixes is {self.prefixes}; expected one or more lengths, 0 for whole words")
        if not 0.0 < self.null_prior < 1.0:
            raise RecipeError(f"null_prior is {self.null_prior}; expected a number between 0 and 1")
        for name in ("shape", "model1_iterations", "hmm_iterations", "tension", "prior", "threshold"):
            if getattr(self, name) < 0:
                raise RecipeError(f"{name} is {getattr(self, name)}; expected 0 or more")

    def align(self, bitext: Bitext, extra: Sequence[Bitext] = ()) -> Alignment:
        """Link the words of each pair of `bitext`, having learnt on it and on `extra`.

        Args:
            bitext: the pairs to align.
            extra: more text of the two languages, in the same direction.

        Returns:
            The links of `bitext` only, in its order.

        Raises:
            DataError: pairs with an empty side; all of them are named.

        Source:
            Brown et al. 1993 and Dyer et al. 2013 (model 1, see `ibm1`), Vogel et al. 1996 (see `hmm`), Liang, Taskar
            and Klein 2006, section 3 (agreement: both directions count a link by the product of their posteriors).
            Unlike Liang et al. model 1 is trained without agreement, which from a uniform start leaves nothing, and
            words without a counterpart and jumps are counted by each direction alone. The last pass takes plain
            posteriors. Several views of the words in one model (see `tables`) are ours.
        """
        extra, ledger = prepared(bitext, extra)
        if not len(bitext):
            return Alignment((), "statistical")
        pairs = [pair for text in (bitext, *extra) for pair in text]
        pieces = list(cut((len(pair.source), len(pair.target)) for pair in pairs))
        groups = batches_of(pieces)
        forms: list[Callable[[str], str]] = [partial(prefix_of, length=length) for length in self.prefixes]
        if self.shape:
            forms.append(shape_of)
        views = [view_of(pairs, pieces, groups, form) for form in forms]
        model = self._train(views)
        found: list[list[tuple[Links, ...]]] = [[] for _ in range(len(bitext))]
        for batches in zip(*(view.batches for view in views), strict=True):
            rows = [row for row, index in enumerate(batches[0].pieces) if pieces[index].pair < len(bitext)]
            if rows:
                both, _ = self._hmm(model, batches)
                for row in rows:
                    piece = pieces[batches[0].pieces[row]]
                    found[piece.pair].append(self._read(piece, both[0].linked[row], both[1].linked[row]))
        return Alignment(tuple(self._join(parts) for parts in found), "statistical", ledger)

    def _train(self, views: Sequence[View]) -> _Model:
        """Learn translation tables and jumps."""
        tables = tuple([uniform(view, backward=backward) for view in views] for backward in _DIRECTIONS)
        model = _Model((tables[0], tables[1]), (first_jumps(), first_jumps()))
        for _ in range(self.model1_iterations):
            model = self._round(model, views, agree=False)
        for _ in range(self.hmm_iterations):
            model = self._round(model, views, agree=True)
        return model

    def _round(self, model: _Model, views: Sequence[View], *, agree: bool) -> _Model:
        """Do one round of expectation maximisation: of model 1, or, with agreement, of the hidden Markov model."""
        counts = [[Counts(view, backward=backward) for view in views] for backward in _DIRECTIONS]
        steps = [np.zeros_like(first_jumps(), dtype=np.float64) for _ in _DIRECTIONS]
        for batches in zip(*(view.batches for view in views), strict=True):
            if agree:
                both, jumps = self._hmm(model, batches)
                agreed = both[0].linked * both[1].linked
                both = [Expected(agreed, one.unlinked) for one in both]
                steps = [total + new for total, new in zip(steps, jumps, strict=True)]
            else:
                both = self._model1(model, batches)
            for expected, of_direction in zip(both, counts, strict=True):
                for count, batch in zip(of_direction, batches, strict=True):
                    count.add(batch, *expected)
        prior = self.prior if agree else 0.0
        powers = [1 / len(self.prefixes)] * len(self.prefixes) + [self.shape] * bool(self.shape)
        forward, backward = (
            [count.table(prior, power) for count, power in zip(side, powers, strict=True)] for side in counts
        )
        return _Model((forward, backward), (learnt_jumps(steps[0]), learnt_jumps(steps[1])) if agree else model.jumps)

    def _model1(self, model: _Model, batches: Sequence[Batch]) -> list[Expected]:
        """Return the posteriors of both directions under model 1."""
        near = diagonal(batches[0], self.tension)
        return [
            expected_links(emission(model.tables[side], batches, backward=side), near, backward=side)
            for side in _DIRECTIONS
        ]

    def _hmm(self, model: _Model, batches: Sequence[Batch]) -> tuple[list[Expected], list[NDArray[np.float64]]]:
        """Return the posteriors of both directions under the hidden Markov model, and the expected jumps."""
        both, jumps = [], []
        for side in _DIRECTIONS:
            seen = emission(model.tables[side], batches, backward=side)
            # Time runs over the generated words, so their axis goes first and that of the generating words last.
            order, back = ((1, 0, 2), (1, 0, 2)) if side else ((2, 0, 1), (1, 2, 0))
            found = forward_backward(
                np.ascontiguousarray(seen.cells.transpose(order)),
                seen.null.T,
                batches[0].target_lengths if side else batches[0].source_lengths,
                model.jumps[side],
                self.null_prior,
            )
            both.append(Expected(found.linked.transpose(back), found.unlinked.T))
            jumps.append(found.jumps)
        return both, jumps

    def _read(self, piece: Piece, forward: NDArray[np.float32], backward: NDArray[np.float32]) -> tuple[Links, ...]:
        """Read the links of a piece off its posteriors (m, n): one set for `soft`, else one for each direction."""
        size = piece.source_stop - piece.source_start, piece.target_stop - piece.target_start
        forward, backward = forward[: size[0], : size[1]], backward[: size[0], : size[1]]
        if self.symmetrisation == "soft":
            mean = (forward + backward) * np.float32(0.5)
            return (_links(piece, mean, *np.nonzero((mean >= self.threshold) & (mean > 0.0))),)
        return tuple(_links(piece, found, *place) for found, place in _likeliest(forward, backward))

    def _join(self, parts: Sequence[tuple[Links, ...]]) -> Links:
        """Put the pieces of a pair together."""
        sides = [_joined(links) for links in zip(*parts, strict=True)]
        return sides[0] if len(sides) == 1 else symmetrise(sides[0], sides[1], self.symmetrisation)


def _likeliest(
    forward: NDArray[np.float32], backward: NDArray[np.float32]
) -> Iterator[tuple[NDArray[np.float32], tuple[NDArray[np.int64], NDArray[np.int64]]]]:
    """Yield for each direction its posteriors (m, n) and the likeliest link of each generated word, if it is likely.

    A word is linked when its best link is likelier than that it has no counterpart.
    """
    for found, axis in ((forward, 0), (backward, 1)):
        best = found.argmax(axis=axis)
        words = np.arange(len(best))
        weight = found.max(axis=axis)
        kept = weight > np.maximum(1.0 - found.sum(axis=axis), 0.0)
        places = (best[kept], words[kept]) if axis == 0 else (words[kept], best[kept])
        yield found, places


def _links(piece: Piece, weights: NDArray[np.float32], source: NDArray[np.int64], target: NDArray[np.int64]) -> Links:
    """Make links of places in a piece, numbered as in its sentences."""
    weight = np.minimum(weights[source, target], np.float32(1.0))  # rounding may pass 1
    source, target = source + piece.source_start, target + piece.target_start
    return _sorted(source.astype(np.int32), target.astype(np.int32), weight)


def _joined(parts: Sequence[Links]) -> Links:
    """Put links of disjoint windows together."""
    if len(parts) == 1:
        return parts[0]
    return _sorted(
        np.concatenate([links.source for links in parts]),
        np.concatenate([links.target for links in parts]),
        np.concatenate([links.weight for links in parts]),
    )


def _sorted(source: NDArray[np.int32], target: NDArray[np.int32], weight: NDArray[np.float32]) -> Links:
    order = np.lexsort((target, source))
    return Links(source[order], target[order], weight[order])
