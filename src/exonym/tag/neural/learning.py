"""From a corpus, options and an objective to a trained neural tagger.

It chooses the tags, builds the network, makes targets of spans or of stored probabilities, and leaves the rest to
`training`. Start at `train`.
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from exonym.checkpoint import Checkpoint
from exonym.data import Ledger, split_tag, tag_set, tags_of
from exonym.device import own_randomness, seed_with
from exonym.errors import DataError, RecipeError
from exonym.tag.folder import described
from exonym.tag.neural.batches import Item
from exonym.tag.neural.build import build
from exonym.tag.neural.options import NeuralOptions, Objective
from exonym.tag.neural.tagger import NeuralTagger, network_fingerprint
from exonym.tag.neural.training import Learner, fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from exonym.data import Corpus, Sentence
    from exonym.tag.neural.encoder import Network, Window
    from exonym.tag.neural.training import Progress, SideTask


@dataclass(frozen=True)
class Side:
    """What else a tagger learns while it is trained.

    Attributes:
        task: the task, a dataclass whose fields are all that it depends on.
        given: of each sentence of the corpus what the task knows of its words, float32 (T, D); nothing if None.
    """

    task: SideTask
    given: Sequence[NDArray[np.float32]] | None = None

    def of(self, place: int, window: Window) -> NDArray[np.float32] | None:
        """Return what is known of the words of a window of a sentence."""
        return None if self.given is None else self.given[place][window.start : window.stop]

    @property
    def identity(self) -> dict[str, Any]:
        """What the training depends on, as JSON knows it."""
        hasher = blake2b(digest_size=16)
        for rows in self.given or ():
            hasher.update(np.ascontiguousarray(rows).data)
        return {"task": self.told, "given": None if self.given is None else hasher.hexdigest()}

    @property
    def told(self) -> dict[str, Any]:
        """The task by its name and its fields, as JSON knows them."""
        row = {"name": type(self.task).__name__, **asdict(self.task)}  # type: ignore[call-overload]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}


def train(
    corpus: Corpus,
    options: NeuralOptions | None = None,
    *,
    objective: Objective = Objective(),  # noqa: B008 - immutable
    weights: ArrayLike | None = None,
    word_weights: ArrayLike | None = None,
    tag_weights: ArrayLike | None = None,
    start: NeuralTagger | None = None,
    seed: int = 1,
    progress: Progress | None = None,
    checkpoint: str | Path | None = None,
    side: Side | None = None,
) -> NeuralTagger:
    """Train a neural tagger; see `exonym.tag.train_neural`. With `side` it learns something else in the same steps."""
    if seed < 0:
        raise RecipeError(f"seed: found {seed}; expected a whole number >= 0")
    options = _options(options, start)
    if side is not None and options.crf and objective.kind == "hard":
        raise RecipeError("crf: found a CRF that learns labels, and a side task; expected one of them: crf = false.")
    tags = _tags(corpus, objective, start)
    ledger = Ledger()
    with own_randomness():
        seed_with(seed, 0)
        network = build(options, tags, ledger) if start is None else _continued(start, options)
        of_words = OfWords(
            _weights_of_words(corpus, "word_weights", word_weights),
            _weights_of_words(corpus, "tag_weights", tag_weights),
        )
        items = _items(corpus, tags, objective, _weights(corpus, weights), network, ledger, of_words, side)
        training = _describe(corpus, options, objective, seed, start, ledger)
        training |= {} if side is None else {"side": side.told}
        unfinished = None
        if checkpoint is not None:
            identity = {
                "corpus": corpus.fingerprint,
                "weights": [item.weight for item in items] if weights is not None else None,
                "options": asdict(options),
                "objective": asdict(objective),
                "seed": seed,
                "start": network_fingerprint(network, tags),
            }
            identity |= {} if side is None else {"side": side.identity}
            for name, array in of_words.given():
                identity[name] = array.tolist()
            unfinished = Checkpoint(Path(checkpoint), identity)
        learner = Learner(network, objective, side.task if side else None)
        fit(learner, items, options, seed, progress, unfinished)
    return NeuralTagger(tags, network, options, training)


def _options(options: NeuralOptions | None, start: NeuralTagger | None) -> NeuralOptions:
    """Resolve the options; a tagger to start from brings its own encoder and CRF."""
    if start is None:
        return (options or NeuralOptions()).resolved()
    if not start.iob2:
        raise DataError("start: found a tagger whose network gives IOB1 tags; expected IOB2. Use it as a teacher.")
    options = options or start.options
    encoder = start.options.encoder
    if options.encoder.kind == "transformer" and encoder.kind == "transformer":
        encoder = replace(encoder, frozen_layers=options.encoder.frozen_layers)
    return replace(options, encoder=encoder, crf=start.options.crf).resolved()


def _continued(start: NeuralTagger, options: NeuralOptions) -> Network:
    """Copy the network of a tagger."""
    from exonym.tag.neural.transformer import Transformer

    network = copy.deepcopy(start.network)
    words = getattr(network.encoder, "words", network.encoder)  # of experts, the encoder beneath
    if isinstance(words, Transformer) and options.encoder.kind == "transformer":
        words.freeze(options.encoder.frozen_layers)
    return network


def _tags(corpus: Corpus, objective: Objective, start: NeuralTagger | None) -> tuple[str, ...]:
    """Choose the tags: of the types of the corpus, of its probabilities, or of the tagger to start from."""
    if objective.kind == "hard":
        if not corpus.labels:
            found = "no labelled span" if len(corpus) else "no sentence"
            raise DataError(f"{corpus.name}: found {found}; expected labelled sentences. Train on a labelled corpus.")
        tags = tag_set(corpus.labels)
        if start is None or set(tags) <= set(start.tags):
            return tags if start is None else start.tags
        strange = ", ".join(sorted({split_tag(tag)[1] for tag in set(tags) - set(start.tags)}))
        raise DataError(
            f"{corpus.name}: found the types {strange}, which the tagger to start from does not have; expected "
            f"{', '.join(start.tags)}. Map them, or train from the beginning."
        )
    missing = sum(sentence.probabilities is None for sentence in corpus)
    if missing or not corpus.tags:
        found = f"{missing} of {len(corpus)} sentences without probabilities" if corpus.tags else "no tags"
        raise DataError(
            f"{corpus.name}: found {found}; expected probabilities of tags to learn {objective.kind!r} from. Label the "
            "corpus with a teacher (`exonym.tag.label`)."
        )
    if start is not None and corpus.tags != start.tags:
        raise DataError(
            f"{corpus.name}: found the tags {', '.join(corpus.tags)}; expected those of the tagger to start from, "
            f"{', '.join(start.tags)}, in this order"
        )
    return corpus.tags


def _weights(corpus: Corpus, weights: ArrayLike | None) -> NDArray[np.float64]:
    if weights is None:
        return np.ones(len(corpus))
    array = np.asarray(weights, dtype=np.float64)
    if array.shape != (len(corpus),) or not (np.isfinite(array) & (array >= 0)).all():
        raise DataError(
            f"{corpus.name}: found weights of shape {array.shape}; expected {len(corpus)} numbers >= 0, one for each "
            "sentence"
        )
    return array


class OfWords(NamedTuple):
    """Weights of all words of a corpus, float32 (words,); None where there are none.

    Attributes:
        words: factors of the objective.
        tags: of the cross-entropy of the tags of the spans, which is added to it.
    """

    words: NDArray[np.float32] | None = None
    tags: NDArray[np.float32] | None = None

    def given(self) -> list[tuple[str, NDArray[np.float32]]]:
        """Return those that there are, with the names that they have as arguments."""
        named = (("word_weights", self.words), ("tag_weights", self.tags))
        return [(name, array) for name, array in named if array is not None]


def _weights_of_words(corpus: Corpus, name: str, weights: ArrayLike | None) -> NDArray[np.float32] | None:
    if weights is None:
        return None
    array = np.asarray(weights, dtype=np.float32)
    words = sum(map(len, corpus))
    if array.shape != (words,) or not (np.isfinite(array) & (array >= 0)).all():
        raise DataError(
            f"{corpus.name}: found {name} of shape {array.shape}; expected {words} numbers >= 0, one for each word of "
            "all sentences, one sentence after another"
        )
    return array


def _items(
    corpus: Corpus,
    tags: tuple[str, ...],
    objective: Objective,
    weights: NDArray[np.float64],
    network: Network,
    ledger: Ledger,
    of_words: OfWords = OfWords(),  # noqa: B008 - immutable
    side: Side | None = None,
) -> list[Item]:
    """Make windows with targets of the sentences that have words and weight; the others are counted."""
    used = [place for place, sentence in enumerate(corpus) if len(sentence) and weights[place]]
    ledger.note("sentences without words", sum(not len(sentence) for sentence in corpus))
    ledger.note("sentences of weight 0", int(sum(weights[at] == 0 for at, words in enumerate(corpus) if len(words))))
    if not used:
        raise DataError(f"{corpus.name}: found no word of a weight above 0; expected sentences to learn from")
    columns = {tag: column for column, tag in enumerate(tags)}
    windows = network.encoder.windows([corpus[place].words for place in used], ledger)
    starts = np.cumsum([0, *map(len, corpus)])
    items = []
    for window in windows:
        place = used[window.sentence]
        sentence, at = corpus[place], int(starts[place])
        own = slice(at + window.start, at + window.stop)
        items.append(
            Item(
                window,
                _target(sentence, window, columns, objective),
                weights[place],
                None if side is None else side.of(place, window),
                None if of_words.words is None else of_words.words[own],
                None if of_words.tags is None else _sure(sentence, window, columns, of_words.tags[own]),
            )
        )
    return items


def _sure(
    sentence: Sentence, window: Window, columns: dict[str, int], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Put the weight of each word into the column of its tag."""
    sure = np.zeros((len(window), len(columns)), dtype=np.float32)
    sure[np.arange(len(window)), _tags_of(sentence, window, columns)] = weights
    return sure


def _tags_of(sentence: Sentence, window: Window, columns: dict[str, int]) -> NDArray[np.int64]:
    """Return the columns of the tags that the spans give to the words of a window."""
    tags = tags_of(len(sentence), sentence.spans)[window.start : window.stop]
    strange = sorted(set(tags) - set(columns))
    if strange:
        raise DataError(
            f"sentence {sentence.id!r}: found the tag {strange[0]}; expected one of {', '.join(columns)}, over which "
            "its probabilities are"
        )
    return np.array([columns[tag] for tag in tags], dtype=np.int64)


def _target(
    sentence: Sentence, window: Window, columns: dict[str, int], objective: Objective
) -> NDArray[np.int64] | NDArray[np.float32]:
    if objective.kind == "hard":
        return _tags_of(sentence, window, columns)
    probabilities = sentence.probabilities
    if probabilities is None or probabilities.shape != (len(sentence), len(columns)):
        shape = None if probabilities is None else probabilities.shape
        raise DataError(
            f"sentence {sentence.id!r}: found probabilities of shape {shape}; expected {(len(sentence), len(columns))}"
        )
    return probabilities[window.start : window.stop]


def _describe(
    corpus: Corpus,
    options: NeuralOptions,
    objective: Objective,
    seed: int,
    start: NeuralTagger | None,
    ledger: Ledger,
) -> dict[str, Any]:
    """Say what a tagger was trained on, as in the light tagger, and how."""
    return {
        **described(corpus),
        "objective": asdict(objective),
        "seed": seed,
        "start": None if start is None else start.fingerprint,
        "ledger": dict(ledger),
    }
