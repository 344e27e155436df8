"""The built-in word aligner: IBM model 1, then two hidden Markov models that are trained to agree.

Numpy alone, no randomness: the same text gives the same links. `cells` and `experts` hold the text, `tables` the
translation probabilities, `ibm1` and `hmm` are the two models, and `training` learns them. What was learnt is an
`AlignmentModel` (see `model`), which can be the prior of other text; `chunks` aligns large text with it. Here are the
options and the order of these steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np

from exonym.align.aligner import prepared
from exonym.align.chunks import CHUNK, CHUNK_ROUNDS, align_chunks, quiet, sample
from exonym.align.experts import Text
from exonym.align.model import AlignmentModel
from exonym.align.readoff import joined, likeliest, links_at
from exonym.align.symmetrise import Symmetrisation, symmetrise
from exonym.align.training import Trainer
from exonym.data import Alignment
from exonym.errors import DataError, RecipeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from exonym.align.cells import Piece
    from exonym.align.chunks import Progress
    from exonym.align.model import ModelCounts
    from exonym.align.training import Counted, Trained
    from exonym.data import Bitext, Ledger, Links, Pair


@dataclass(frozen=True, kw_only=True)
class StatisticalAligner:
    """Learns word links from the text that it aligns, and from more text of the two languages if there is some.

    The defaults of the first model were chosen on UNER-PUD (gold entities in English and in German, Russian or Swedish)
    and on CoNLL-2003 with its DeepL translations into German and Spanish, each with NTREX as extra text. `surface` and
    the three models were chosen on UNER-PUD, on the English-Xhosa and English-Swahili silver corpora of T-Projection
    (2,000 sentences each), on the AER sets of English-French and Romanian-English, and, the number of models, with the
    even sentences of Europarl-NER in view. Without `surface` projected Xhosa falls from 86.3 to 78.6 F1.

    Memory grows with the pairs of words that stand in one sentence pair, times views: 0.7 GB at most were seen with
    the defaults on 26,000 pairs of 18 words a side, and 0.7 GB in each process on 37,000 such pairs with `max_pairs` of
    10,000.

    On English-German CoNLL-2003 with the links of AWESoME as silver (intersection), 200 pairs had an AER of 17.3 alone,
    13.4 with the other 13,841 as extra text, and 13.4 with their model as prior. All 14,041 had 12.0 learnt from at
    once, and 12.5 from a sample of 5,000.

    Attributes:
        kind: names the aligner in a recipe.
        symmetrisation: `soft` gives each link the mean of both directions' posteriors; the others combine the likeliest
            link of each word.
        models: models whose posteriors are averaged; each is given by its views of a word, by so many first characters,
            case-folded; 0 is whole words.
        shape: weight, in each model, of the view of a word by its capitals, digits and length; 0 is off.
        surface: weight, in each model, of how like the letters of both words are (see `surface`); 0 is off.
        model1_iterations: rounds of IBM model 1.
        hmm_iterations: rounds of the hidden Markov model.
        tension: how strongly model 1 prefers links near the diagonal; 0 is not at all.
        prior: Dirichlet parameter of the translation tables of the hidden Markov model; 0 is plain maximum likelihood.
        null_prior: probability that a word has no counterpart, in (0, 1).
        threshold: `soft`: links that weigh less are left out.
        prior_weight: by how much the counts of an `AlignmentModel` are multiplied where one is given as prior, > 0.
        max_pairs: more pairs than these are not all learnt from: see `align`.
    """

    deterministic: ClassVar[bool] = True

    kind: Literal["statistical"] = "statistical"
    symmetrisation: Symmetrisation = "soft"
    models: tuple[tuple[int, ...], ...] = ((2, 3, 5), (0, 4), (3,))
    shape: float = 0.6
    surface: float = 0.85
    model1_iterations: int = 5
    hmm_iterations: int = 5
    tension: float = 1.0
    prior: float = 0.1
    null_prior: float = 0.2
    threshold: float = 0.02
    prior_weight: float = 1.0
    max_pairs: int = 50_000

    def __post_init__(self) -> None:
        if self.symmetrisation not in get_args(Symmetrisation):
            raise RecipeError(
                f"symmetrisation is {self.symmetrisation!r}; known: {', '.join(get_args(Symmetrisation))}"
            )
        if not self.models or not all(prefixes and min(prefixes) >= 0 for prefixes in self.models):
            raise RecipeError(f"models is {self.models}; expected one or more lengths for each, 0 for whole words")
        if not 0.0 < self.null_prior < 1.0:
            raise RecipeError(f"null_prior is {self.null_prior}; expected a number between 0 and 1")
        for name in ("shape", "surface", "model1_iterations", "hmm_iterations", "tension", "prior", "threshold"):
            if getattr(self, name) < 0:
                raise RecipeError(f"{name} is {getattr(self, name)}; expected 0 or more")
        for name in ("prior_weight", "max_pairs"):
            if getattr(self, name) <= 0:
                raise RecipeError(f"{name} is {getattr(self, name)}; expected more than 0")

    @property
    def counted(self) -> dict[str, object]:
        """The options that say what is counted: a model serves as prior where these are the same."""
        return {"models": [list(prefixes) for prefixes in self.models], "shape": self.shape, "surface": self.surface}

    def align(
        self,
        bitext: Bitext,
        extra: Sequence[Bitext] = (),
        prior: AlignmentModel | None = None,
        *,
        workers: int = 1,
        progress: Progress = quiet,
    ) -> Alignment:
        """Link the words of each pair of `bitext`, having learnt on it and on `extra`.

        Where both have more than `max_pairs` pairs, a sample of that size is learnt from, and `bitext` is aligned chunk
        by chunk with the sample as prior (see `chunks`), in memory that does not grow with the text.

        Args:
            bitext: the pairs to align.
            extra: more text of the two languages, in the same direction.
            prior: what was learnt from other text; its counts are added to those of this text in every round. Training
                starts from it, so that model 1 is not needed.
            workers: processes that align chunks; the links are the same for any number.
            progress: called with (done, total, what is done now).

        Returns:
            The links of `bitext` only, in its order.

        Raises:
            DataError: pairs with an empty side; all of them are named.
            RecipeError: the prior was learnt with other options.

        Source:
            Brown et al. 1993 and Dyer et al. 2013 (model 1, see `ibm1`), Vogel et al. 1996 (see `hmm`), Liang, Taskar
            and Klein 2006, section 3 (agreement: both directions count a link by the product of their posteriors).
            Unlike Liang et al. model 1 is trained without agreement, which from a uniform start leaves nothing, and
            words without a counterpart and jumps are counted by each direction alone. The last pass takes plain
            posteriors. Several views of the words in one model (see `tables`) are ours.
        """
        pairs, ledger = self._prepared(bitext, extra, prior)
        if not len(bitext):
            return Alignment((), "statistical", ledger)
        if len(pairs) > self.max_pairs:
            found = self._in_chunks(bitext, self._learnt(pairs, prior, progress), workers, progress)
        else:
            text = self._text(pairs)
            models = [self._train(text, n, prior, progress)[0] for n in range(len(self.models))]
            found = self._links(text, models, len(bitext))
        return replace(found, ledger=ledger)

    def learn(
        self,
        bitext: Bitext,
        extra: Sequence[Bitext] = (),
        prior: AlignmentModel | None = None,
        *,
        progress: Progress = quiet,
    ) -> AlignmentModel:
        """Learn a model from text, or from a sample of `max_pairs` pairs of it; see `align` for the arguments.

        Returns:
            The model, with the counts of its prior.

        Raises:
            DataError: no pairs, or pairs with an empty side.
            RecipeError: the prior was learnt with other options.
        """
        pairs, _ = self._prepared(bitext, extra, prior)
        if not pairs:
            raise DataError(f"{bitext.name}: found no pairs; expected some to learn from. Give a text.")
        return self._learnt(pairs, prior, progress)

    def learn_and_align(
        self,
        bitext: Bitext,
        extra: Sequence[Bitext] = (),
        prior: AlignmentModel | None = None,
        *,
        workers: int = 1,
        progress: Progress = quiet,
    ) -> tuple[AlignmentModel, Alignment]:
        """Return what `learn` and `align` return, in hardly more time than one of them."""
        pairs, ledger = self._prepared(bitext, extra, prior)
        if not len(bitext) or len(pairs) > self.max_pairs:
            model = self.learn(bitext, extra, prior, progress=progress)
            return model, replace(self._in_chunks(bitext, model, workers, progress), ledger=ledger)
        text = self._text(pairs)
        models, counts = [], []
        for number in range(len(self.models)):
            trained, counted = self._train(text, number, prior, progress)
            models.append(trained)
            counts.append(text.named(number, counted))
            del counted  # it is large
        found = replace(self._links(text, models, len(bitext)), ledger=ledger)
        return self._model(counts, prior, len(pairs)), found

    def _prepared(
        self, bitext: Bitext, extra: Sequence[Bitext], prior: AlignmentModel | None
    ) -> tuple[list[Pair], Ledger]:
        """Return all pairs, the bitext first, and what was done to extra text; refuse another kind of prior."""
        more, ledger = prepared(bitext, extra)
        if prior is not None and prior.options != self.counted:
            raise RecipeError(
                f"the prior was learnt with {prior.options}; expected {self.counted}, as this aligner has. Give the "
                "aligner these options, or learn the prior again."
            )
        return [pair for text in (bitext, *more) for pair in text], ledger

    def _learnt(self, pairs: Sequence[Pair], prior: AlignmentModel | None, progress: Progress) -> AlignmentModel:
        """Learn from pairs, or from a sample of them."""
        pairs = sample(pairs, self.max_pairs)
        text = self._text(pairs)
        counts = [text.named(n, self._train(text, n, prior, progress)[1]) for n in range(len(self.models))]
        return self._model(counts, prior, len(pairs))

    def _model(self, counts: Sequence[ModelCounts], prior: AlignmentModel | None, pairs: int) -> AlignmentModel:
        """Make a model of the counts of a text and those of its prior."""
        if prior is None:
            return AlignmentModel(self.counted, tuple(counts), pairs)
        both = (own.plus(more.times(self.prior_weight)) for own, more in zip(counts, prior.models, strict=True))
        return AlignmentModel(self.counted, tuple(both), pairs + prior.pairs)

    def _in_chunks(self, bitext: Bitext, model: AlignmentModel, workers: int, progress: Progress) -> Alignment:
        """Align with a model that knows the text."""
        rounds = min(CHUNK_ROUNDS, self.hmm_iterations)
        aligner = replace(self, hmm_iterations=rounds, prior_weight=1.0, max_pairs=CHUNK)
        return align_chunks(aligner, bitext, model, workers, progress)

    def _text(self, pairs: Sequence[Pair]) -> Text:
        """Look at pairs as the experts do."""
        return Text(pairs, self.models, self.shape, self.surface)

    def _trainer(self) -> Trainer:
        return Trainer(self.model1_iterations, self.hmm_iterations, self.tension, self.prior, self.null_prior)

    def _train(
        self, text: Text, number: int, prior: AlignmentModel | None, progress: Progress
    ) -> tuple[Trained, Counted]:
        """Learn one model; return what it was made of, too."""
        known = None if prior is None else prior.models[number].times(self.prior_weight)

        def done(round_number: int, rounds: int) -> None:
            progress(number * rounds + round_number, len(self.models) * rounds, "learning")

        jumps = None if known is None else known.jumps
        return self._trainer().train(text.experts(number, known), jumps, done)

    def _links(self, text: Text, models: Sequence[Trained], aligned: int) -> Alignment:
        """Read off the links of the first `aligned` pairs."""
        trainer = self._trainer()
        views = [text.views(number) for number in range(len(models))]
        found: list[list[tuple[Links, ...]]] = [[] for _ in range(aligned)]
        for number, batch in enumerate(views[0][0].batches):
            rows = [row for row, index in enumerate(batch.pieces) if text.pieces[index].pair < aligned]
            if rows:
                votes = [
                    trainer.posteriors(model, [view.batches[number] for view in own])[0]
                    for model, own in zip(models, views, strict=True)
                ]
                forward, backward = (_mean([vote[side].linked for vote in votes]) for side in (0, 1))
                for row in rows:
                    piece = text.pieces[batch.pieces[row]]
                    found[piece.pair].append(self._read(piece, forward[row], backward[row]))
        return Alignment(tuple(self._join(parts) for parts in found), "statistical")

    def _read(self, piece: Piece, forward: NDArray[np.float32], backward: NDArray[np.float32]) -> tuple[Links, ...]:
        """Read the links of a piece off its posteriors (m, n): one set for `soft`, else one for each direction."""
        size = piece.source_stop - piece.source_start, piece.target_stop - piece.target_start
        forward, backward = forward[: size[0], : size[1]], backward[: size[0], : size[1]]
        if self.symmetrisation == "soft":
            mean = (forward + backward) * np.float32(0.5)
            return (links_at(piece, mean, *np.nonzero((mean >= self.threshold) & (mean > 0.0))),)
        return tuple(links_at(piece, found, *place) for found, place in likeliest(forward, backward))

    def _join(self, parts: Sequence[tuple[Links, ...]]) -> Links:
        """Put the pieces of a pair together."""
        sides = [joined(links) for links in zip(*parts, strict=True)]
        return sides[0] if len(sides) == 1 else symmetrise(sides[0], sides[1], self.symmetrisation)


def _mean(votes: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the mean of arrays."""
    share = np.float32(1 / len(votes))
    return sum((vote * share for vote in votes[1:]), votes[0] * share)
