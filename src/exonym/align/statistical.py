"""The built-in word aligner: IBM model 1, then two hidden Markov models that are trained to agree.

Numpy alone, no randomness: the same text gives the same links. `cells` and `experts` hold the text, `tables` the
translation probabilities, `ibm1` and `hmm` are the two models, and `training` learns them. What was learnt is an
`AlignmentModel` (see `model`), which can be the prior of other text; `chunks` aligns large text with it, and `readoff`
reads the links off. Here are the options and the order of these steps; start at `StatisticalAligner.fit`.
"""

from __future__ import annotations

from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from threading import Event
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, get_args

import numpy as np

from exonym.align.aligner import prepared
from exonym.align.chunks import CHUNK_ROUNDS, align_chunks, quiet, sample
from exonym.align.experts import Text
from exonym.align.model import AlignmentModel
from exonym.align.readoff import links_of, whole
from exonym.align.romanise import ROMANISERS, Romaniser
from exonym.align.symmetrise import Symmetrisation
from exonym.align.training import Trainer
from exonym.data import Alignment
from exonym.errors import DataError, RecipeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from exonym.align.chunks import Progress
    from exonym.align.model import ModelCounts
    from exonym.align.training import Counted, Trained
    from exonym.data import Bitext, Ledger, Links, Pair


class Fit(NamedTuple):
    """What was learnt from a text.

    Attributes:
        model: the counts of the text, or of a sample of it, and of its prior.
        links: of each pair of the bitext, in order; they can be read once, and are found while they are.
        ledger: what was done to extra text, and how much of the bitext the prior knows.
    """

    model: AlignmentModel
    links: Iterator[Links]
    ledger: Ledger


@dataclass(frozen=True, kw_only=True)
class StatisticalAligner:
    """Learns word links from the text that it aligns, and from more text of the two languages if there is some.

    The defaults of the first model were chosen on UNER-PUD (gold entities in English and in German, Russian or Swedish)
    and on CoNLL-2003 with its DeepL translations into German and Spanish, each with NTREX as extra text. `surface` and
    the three models were chosen on UNER-PUD, on the English-Xhosa and English-Swahili silver corpora of T-Projection
    (2,000 sentences each), on the AER sets of English-French and Romanian-English, and, the number of models, with the
    even sentences of Europarl-NER in view. Without `surface` projected Xhosa falls from 86.3 to 78.6 F1.

    Memory grows with the distinct pairs of words that stand in one sentence pair, times views, up to `max_pairs`
    sentence pairs; beyond these only with the words of the text itself. 100,000 made-up pairs of 20 words a side, with
    `max_pairs` of 20,000, took 1.4 GB at most and 270 s of one processor in `exonym align`.

    `romaniser="uroman"` has given no gain: UNER-PUD English-Russian 70.9 F1 beside 71.0 by names, and on the Japanese
    KFTT set, whose characters it reads as Chinese, an AER of .602 beside .581.

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
        romaniser: writes words in Latin letters for `surface`: `names` by the Unicode names of their letters, built in,
            or `uroman` by the package of that name (extra `romanise`).
        model1_iterations: rounds of IBM model 1.
        hmm_iterations: rounds of the hidden Markov model.
        tension: how strongly model 1 prefers links near the diagonal; 0 is not at all.
        concentration: of the Dirichlet prior of the translation tables of the hidden Markov model; 0 is plain maximum
            likelihood.
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
    romaniser: Romaniser = "names"
    model1_iterations: int = 5
    hmm_iterations: int = 5
    tension: float = 1.0
    concentration: float = 0.1
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
        if self.romaniser not in ROMANISERS:
            raise RecipeError(f"romaniser is {self.romaniser!r}; known: {', '.join(ROMANISERS)}")
        for name in (
            "shape",
            "surface",
            "model1_iterations",
            "hmm_iterations",
            "tension",
            "concentration",
            "threshold",
        ):
            if getattr(self, name) < 0:
                raise RecipeError(f"{name} is {getattr(self, name)}; expected 0 or more")
        for name in ("prior_weight", "max_pairs"):
            if getattr(self, name) <= 0:
                raise RecipeError(f"{name} is {getattr(self, name)}; expected more than 0")

    @property
    def counted(self) -> dict[str, object]:
        """The options that say what is counted: a model serves as prior where these are the same."""
        models = [list(prefixes) for prefixes in self.models]
        return {"models": models, "shape": self.shape, "surface": self.surface, "romaniser": self.romaniser}

    @property
    def requires(self) -> Mapping[str, str]:
        """Optional packages that must be installed, and the extra of each."""
        return {"uroman": "romanise"} if self.romaniser == "uroman" else {}

    def align(
        self,
        bitext: Bitext,
        extra: Sequence[Bitext] = (),
        prior: AlignmentModel | None = None,
        *,
        workers: int = 1,
        progress: Progress = quiet,
    ) -> Alignment:
        """Link the words of each pair of `bitext`, having learnt on it and on `extra`; see `fit` for the arguments.

        Returns:
            The links of `bitext` only, in its order.

        Raises:
            As `fit`, but no pairs have no links.
        """
        if not len(bitext):
            return Alignment((), "statistical", self._prepared(bitext, extra, prior)[1])
        fit = self.fit(bitext, extra, prior, workers=workers, progress=progress)
        return Alignment(tuple(fit.links), "statistical", fit.ledger)

    def learn(
        self,
        bitext: Bitext,
        extra: Sequence[Bitext] = (),
        prior: AlignmentModel | None = None,
        *,
        progress: Progress = quiet,
    ) -> AlignmentModel:
        """Return the model of `fit`, and link nothing."""
        return self.fit(bitext, extra, prior, progress=progress).model

    def fit(
        self,
        bitext: Bitext,
        extra: Sequence[Bitext] = (),
        prior: AlignmentModel | None = None,
        *,
        workers: int = 1,
        progress: Progress = quiet,
    ) -> Fit:
        """Learn from text; its links are found when they are asked for.

        Where `bitext` and `extra` have more than `max_pairs` pairs, a sample of that size is learnt from, and `bitext`
        is aligned chunk by chunk with the sample as prior (see `chunks`), in memory that does not grow with the text.

        Args:
            bitext: the pairs to align.
            extra: more text of the two languages, in the same direction.
            prior: what was learnt from other text; its counts are added to those of this text in every round. Training
                starts from it, so that model 1 is not needed.
            workers: models that are learnt at the same time, which takes the memory of so many; and processes that
                align chunks. The links are the same for any number.
            progress: called with (done, total, what is done now).

        Returns:
            What was learnt, the links of `bitext` only, in its order, and a ledger of extra text that was cut and of
            words that the prior knows.

        Raises:
            DataError: no pairs, or pairs with an empty side, all of them named; or the prior knows no word of a side.
            MissingExtra: the romaniser is not installed.
            RecipeError: the prior was learnt with other options.

        Source:
            Brown et al. 1993 and Dyer et al. 2013 (model 1, see `ibm1`), Vogel et al. 1996 (see `hmm`), Liang, Taskar
            and Klein 2006, section 3 (agreement: both directions count a link by the product of their posteriors).
            Unlike Liang et al. model 1 is trained without agreement, which from a uniform start leaves nothing, and
            words without a counterpart and jumps are counted by each direction alone. The last pass takes plain
            posteriors. Several views of the words in one model (see `tables`) are ours.
        """
        pairs, ledger = self._prepared(bitext, extra, prior)
        if not pairs:
            raise DataError(f"{bitext.name}: found no pairs; expected some to learn from. Give a text.")
        weighted = None if prior is None else prior.times(self.prior_weight)
        taught = sample(pairs, self.max_pairs)
        text = self._text(taught)
        counts: dict[int, ModelCounts] = {}

        def keep(number: int, counted: Counted) -> None:
            counts[number] = text.named(number, counted)

        trained = self._train(text, weighted, workers, progress, keep)
        learnt = AlignmentModel(self.counted, tuple(counts[number] for number in sorted(counts)), len(taught))
        if weighted is not None:
            learnt = learnt.plus(weighted)
        if len(pairs) <= self.max_pairs:
            return Fit(learnt, self._links(text, trained, len(bitext)), ledger)
        rounds = min(CHUNK_ROUNDS, self.hmm_iterations)
        align = partial(replace(self, hmm_iterations=rounds)._links_given, learnt)
        return Fit(learnt, align_chunks(align, bitext.pairs, workers, progress), ledger)

    def _prepared(
        self, bitext: Bitext, extra: Sequence[Bitext], prior: AlignmentModel | None
    ) -> tuple[list[Pair], Ledger]:
        """Return all pairs, the bitext first, and what there is to say of extra text and prior; refuse other priors."""
        more, ledger = prepared(bitext, extra)
        if prior is not None:
            if prior.options != self.counted:
                raise RecipeError(
                    f"the prior was learnt with {prior.options}; expected {self.counted}, as this aligner has. Give "
                    "the aligner these options, or learn the prior again."
                )
            ledger.update(prior.coverage(bitext))
        return [pair for text in (bitext, *more) for pair in text], ledger

    def _text(self, pairs: Sequence[Pair]) -> Text:
        """Look at pairs as the experts do."""
        return Text(pairs, self.models, self.shape, self.surface, self.romaniser)

    def _train(
        self,
        text: Text,
        prior: AlignmentModel | None,
        workers: int = 1,
        progress: Progress = quiet,
        keep: Callable[[int, Counted], object] = lambda number, counted: None,
    ) -> list[Trained]:
        """Learn all models, `workers` of them at the same time; `keep` is handed what each was made of."""
        finished, stopped = count(), Event()

        def told(_: int, rounds: int) -> None:
            if stopped.is_set():
                raise CancelledError
            progress(next(finished), len(self.models) * rounds, "learning")

        def learn(number: int) -> Trained:
            known = None if prior is None else prior.models[number]
            jumps = None if known is None else known.jumps
            model, counted = self._trainer().train(text.experts(number, known), jumps, told)
            keep(number, counted)
            return model

        if workers == 1:
            return list(map(learn, range(len(self.models))))
        with ThreadPoolExecutor(workers) as pool:  # numpy leaves the interpreter to others for most of its time
            try:
                return list(pool.map(learn, range(len(self.models))))
            except BaseException:
                stopped.set()  # the threads end with their round
                raise

    def _links_given(self, prior: AlignmentModel, pairs: Sequence[Pair]) -> list[Links]:
        """Link pairs by a model that knows their text."""
        text = self._text(pairs)
        return list(self._links(text, self._train(text, prior), len(pairs)))

    def _links(self, text: Text, models: Sequence[Trained], aligned: int) -> Iterator[Links]:
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
                    read = links_of(piece, forward[row], backward[row], self.symmetrisation, self.threshold)
                    found[piece.pair].append(read)
        for parts in found:
            yield whole(parts, self.symmetrisation)

    def _trainer(self) -> Trainer:
        return Trainer(self.model1_iterations, self.hmm_iterations, self.tension, self.concentration, self.null_prior)


def _mean(votes: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the mean of arrays."""
    share = np.float32(1 / len(votes))
    return sum((vote * share for vote in votes[1:]), votes[0] * share)
