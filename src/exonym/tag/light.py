"""The light tagger: a linear-chain CRF with hand-made features, trained in a minute on one core without a download.

It is python-crfsuite behind the `Tagger` protocol. The features are in `features`, the decoder in `decode`. Start at
`train_light`.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from exonym.data import tag_set, tags_of
from exonym.errors import DataError, RecipeError
from exonym.tag.features import features_fingerprint, sentence_features
from exonym.tag.folder import described, fingerprint_of, read_folder, write_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from exonym.data import Corpus, Sentence

    Progress = Callable[[int, int], None]

_ITERATION = re.compile(r"\*+ Iteration #(\d+) \*+")


@dataclass(frozen=True)
class LightOptions:
    """How a light tagger is trained.

    The defaults were chosen on the dev set of CoNLL-2003 English with an eye on WikiGold and UNER English dev. There is
    a plateau: 60 and 100 iterations, and `l2` from 0.02 to 0.5, stay within 0.5 F1; `l1` 0.2 loses up to 1.0, and
    `min_count` 2 loses 1.6 on WikiGold.

    Attributes:
        kind: names this tagger in a recipe.
        iterations: most steps of L-BFGS, >= 1.
        l1: weight of the L1 penalty, >= 0; above 0 it makes small models.
        l2: weight of the L2 penalty, >= 0.
        min_count: features seen fewer times than this in training are ignored, >= 1.
    """

    kind: Literal["light"] = "light"
    iterations: int = 60
    l1: float = 0.05
    l2: float = 0.05
    min_count: int = 1

    def __post_init__(self) -> None:
        for name, least in (("iterations", 1), ("l1", 0), ("l2", 0), ("min_count", 1)):
            value = getattr(self, name)
            if not (least <= value < float("inf")):
                raise RecipeError(f"light tagger: found {name} = {value}; expected a number >= {least}")


@dataclass(frozen=True, eq=False)
class LightTagger:
    """A trained CRF.

    Made by `train_light` or `LightTagger.load`. It holds the model as bytes and nothing open, so it can be used by
    several threads and handed to other processes.

    Attributes:
        tags: the K tags, IOB2, `O` first.
        model: the model file of CRFsuite; its labels are the column numbers of `tags`, so that a type may be any text.
        options: how it was trained.
        training: what it was trained on: name, fingerprint, sentences, words, entities by type.
    """

    tags: tuple[str, ...]
    model: bytes = field(repr=False)
    options: LightOptions = LightOptions()
    training: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the model and its tags: two taggers with the same one give the same probabilities."""
        return fingerprint_of(self.tags, self.model)

    def predict(self, corpus: Iterable[Sentence]) -> Iterator[NDArray[np.float32]]:
        """Give the label probabilities of each word of each sentence: the marginals of the CRF.

        Args:
            corpus: the sentences; their spans are not looked at.

        Yields:
            For each sentence an array (T, K), rows sum to one. A tag that never occurred in training has
            probability 0.
        """
        import pycrfsuite

        crf = pycrfsuite.Tagger()
        with crf.open_inmemory(self.model):
            seen = sorted(crf.labels(), key=int)
            columns = [int(label) for label in seen]
            for sentence in corpus:
                length = len(sentence)
                probabilities = np.zeros((length, len(self.tags)), dtype=np.float32)
                if length:
                    crf.set(sentence_features(sentence.words))
                    marginals = np.array([crf.marginal(label, word) for word in range(length) for label in seen])
                    rows = marginals.reshape(length, len(seen))
                    probabilities[:, columns] = rows / rows.sum(axis=1, keepdims=True)
                yield probabilities

    def save(self, folder: str | Path) -> None:
        """Write the tagger as a folder of two files, which appears only when it is whole; no pickle.

        Args:
            folder: where; a tagger that is there is replaced, anything else is not.

        Raises:
            DataError: there is something else at that place.
        """
        write_folder(
            Path(folder),
            self.model,
            {
                "kind": self.options.kind,
                "tags": list(self.tags),
                "options": asdict(self.options),
                "training": self.training,
                "features": features_fingerprint(),
            },
        )

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a tagger that `save` wrote.

        Raises:
            DataError: the folder is missing, incomplete, damaged, of another kind or trained on other features.
        """
        model, about = read_folder(Path(folder), kind="light")
        if about["features"] != features_fingerprint():
            raise DataError(
                f"{folder}: found a light tagger trained on other features ({about['features']}); expected those of "
                f"this version of exonym ({features_fingerprint()}). Train it again."
            )
        try:
            options = LightOptions(**about["options"])
        except (TypeError, RecipeError) as error:
            raise DataError(
                f"{folder}: found options that do not fit ({error}); expected those of LightOptions. Train it again."
            ) from error
        return cls(tuple(about["tags"]), model, options, about["training"])


def train_light(corpus: Corpus, options: LightOptions | None = None, progress: Progress | None = None) -> LightTagger:
    """Train a light tagger on the spans of a corpus; the same corpus and options give the same bytes.

    Sentences without spans count as sentences in which nothing is named. To give a sentence more weight, repeat it.

    Args:
        corpus: labelled sentences; those without words are passed over.
        options: how to train; the defaults if None.
        progress: called with (iteration, most iterations) after each iteration; what it raises stops the training.

    Returns:
        The tagger; its tags are those of the types of the corpus.

    Raises:
        DataError: the corpus has no sentences or no spans.

    Source:
        Lafferty, McCallum and Pereira 2001; features after Ratinov and Roth 2009 without gazetteers, clusters and
        non-local features, which need more than the corpus.
    """
    options = options or LightOptions()
    if not corpus.labels:
        found = "no labelled span" if len(corpus) else "no sentence"
        raise DataError(f"{corpus.name}: found {found}; expected labelled sentences. Train on a labelled corpus.")
    tags = tag_set(corpus.labels)
    return LightTagger(tags, _fit(corpus, tags, options, progress), options, described(corpus))


def _fit(corpus: Corpus, tags: tuple[str, ...], options: LightOptions, progress: Progress | None) -> bytes:
    """Train with CRFsuite and return its model file."""
    import pycrfsuite

    class Trainer(pycrfsuite.Trainer):  # type: ignore[misc]
        def message(self, text: str) -> None:
            step = _ITERATION.match(text)
            if step and progress:
                progress(int(step.group(1)), options.iterations)

    trainer = Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params(
        {
            "c1": options.l1,
            "c2": options.l2,
            "max_iterations": options.iterations,
            "feature.minfreq": options.min_count,
            "feature.possible_transitions": True,
        }
    )
    columns = {tag: str(column) for column, tag in enumerate(tags)}
    for sentence in corpus:
        if len(sentence):
            gold = [columns[tag] for tag in tags_of(len(sentence), sentence.spans)]
            trainer.append(sentence_features(sentence.words), gold)
    with tempfile.TemporaryDirectory(prefix="exonym-") as folder:
        path = Path(folder) / "model.crfsuite"
        trainer.train(str(path))
        return path.read_bytes()
