"""Neural taggers: one network with several encoders, one training loop, and options to choose among them.

Importing this loads no PyTorch; the functions do. Start at `train_neural`, then read `learning`, `training`, `tagger`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exonym.errors import MissingExtra
from exonym.tag.neural.options import HashedEncoder, NeuralOptions, Objective, Sharing, TransformerEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike

    from exonym.data import Corpus
    from exonym.tag.neural.tagger import NeuralTagger

__all__ = [
    "HashedEncoder",
    "NeuralOptions",
    "Objective",
    "Sharing",
    "TransformerEncoder",
    "load_checkpoint",
    "load_neural",
    "train_neural",
    "train_shared",
]


def train_neural(
    corpus: Corpus,
    options: NeuralOptions | None = None,
    *,
    objective: Objective = Objective(),  # noqa: B008 - immutable
    weights: ArrayLike | None = None,
    word_weights: ArrayLike | None = None,
    tag_weights: ArrayLike | None = None,
    start: NeuralTagger | None = None,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
    checkpoint: str | Path | None = None,
) -> NeuralTagger:
    """Train a neural tagger on the spans of a corpus, or on the probabilities that a teacher gave its words.

    On a CPU the same arguments give the same bytes, with as many threads; a GPU may round otherwise. The global random
    state of PyTorch is left alone.

    Args:
        corpus: the sentences; those without words are passed over and counted.
        options: how to build and train; if None those of `start`, or else the defaults.
        objective: what to learn: `hard` from the spans, `mse` and `kl` from `Sentence.probabilities`, which every
            sentence must then have.
        weights: of each sentence, shape (N,), >= 0: how much each of its words counts; 1 if None.
        word_weights: by which the loss of each word is multiplied, >= 0, shape (words,): of all words of the corpus,
            one sentence after another. The mean is still taken over all words. 1 if None.
        tag_weights: of each word, shape (words,), >= 0: how much the cross-entropy of the tag that the spans of the
            corpus give it is added to its loss, whatever the objective; 0 if None. With either of these two a CRF
            learns by its marginals, word by word, also from `hard`.
        start: the tagger to go on from, in place of a fresh network: its encoder, CRF and tags are kept, whatever the
            options say; of their encoder only `frozen_layers` counts.
        seed: of first weights, dropout and the order of sentences, >= 0.
        progress: called with (steps done, all steps) after each step; what it raises stops the training.
        checkpoint: folder in which unfinished work is kept. A call with the same arguments goes on from there, and ends
            with the same weights as one that was never stopped. Removed at the end.

    Returns:
        The tagger. Its tags are those of the types of the corpus if the objective is `hard`, else `corpus.tags`.

    Raises:
        DataError: there is nothing to learn from; probabilities are missing; the types do not fit `start`; a base model
            or the checkpoint cannot be read.
        RecipeError: an option does not fit the base model.
        MissingExtra: PyTorch, safetensors, accelerate or Transformers is not installed.
    """
    check_installed()
    from exonym.tag.neural.learning import train

    return train(
        corpus,
        options,
        objective=objective,
        weights=weights,
        word_weights=word_weights,
        tag_weights=tag_weights,
        start=start,
        seed=seed,
        progress=progress,
        checkpoint=checkpoint,
    )


def train_shared(
    corpora: Sequence[Corpus],
    text: Corpus | None = None,
    options: NeuralOptions | None = None,
    sharing: Sharing = Sharing(),  # noqa: B008 - immutable
    *,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> NeuralTagger:
    """Train one neural tagger on several languages, with an expert for each, and gates that mix them word by word.

    Half of what the encoder gives of a word is shared: an adversary is trained to tell from it which language the word
    is of, and the encoder is trained to deceive it, on unlabelled text of a further language, too. The other half goes
    through an expert for each language. Experts for tags see both. Which experts count, gates decide for each word;
    they are told the languages of the labelled words in training, and nothing when a text is tagged.

    On a CPU the same arguments give the same bytes, with as many threads.

    Args:
        corpora: labelled sentences, one corpus for each language; every word counts alike.
        text: sentences of the language to be tagged; labels in it are not looked at. Needed unless `sharing.adversary`
            is 0, and then not looked at.
        options: how to build and train; without a CRF. The gradient of the adversary is not clipped.
        sharing: how much is shared and how experts are mixed.
        seed: of first weights, dropout and the order of sentences, >= 0.
        progress: called with (steps done, all steps) after each step; what it raises stops the training.

    Returns:
        The tagger after the last epoch, without the adversary. Its tags are those of the types of all corpora.

    Raises:
        DataError: a corpus has no label, or the adversary no text; a base model cannot be read.
        RecipeError: the options have a CRF, or one of them does not fit the base model.
        MissingExtra: PyTorch, safetensors, accelerate or Transformers is not installed.

    Source:
        Chen, Hassan Awadallah, Hassan, Wang and Cardie 2019 (ACL), "Multi-Source Cross-Lingual Model Transfer: Learning
        What to Share", section 3, and its released code. Differences: one encoder with two linear layers for BiLSTMs of
        shared and of private features; an adversary that sees a word at a time, not a sentence; it learns in the same
        step as what deceives it, by a reversed gradient, not in a step before; on the labelled sentences and the text,
        not on further text of the sources; the arithmetic mixture.
    """
    check_installed()
    from exonym.tag.neural.sharing import train_shared as train

    return train(corpora, text, options, sharing, seed=seed, progress=progress)


def load_neural(folder: str | Path) -> NeuralTagger:
    """Read a neural tagger that `save` wrote.

    Raises:
        DataError: the folder is missing, incomplete, damaged or of another kind.
        MissingExtra: PyTorch or Transformers is not installed.
    """
    check_installed()
    from exonym.tag.neural.tagger import NeuralTagger

    return NeuralTagger.load(folder)


def load_checkpoint(model: str | Path, *, hub: bool = False) -> NeuralTagger:
    """Read a token-classification checkpoint of Hugging Face Transformers as a tagger.

    Its labels may be IOB2, BIOES or BILOU, in any order: probabilities of labels that mean one IOB2 tag are added. If a
    type has an `I-` label and no `B-` label they are read as IOB1 (see `of_iob1`). A checkpoint that has both for every
    type is read as IOB2, as nothing tells the two apart.

    Args:
        model: a folder, or a name on the Hugging Face hub.
        hub: allow a download; without it a name is only looked for in the local cache of the hub.

    Returns:
        The tagger; `train_neural(..., start=tagger)` goes on from it, unless its labels are IOB1.

    Raises:
        DataError: there is no such model, it has no safetensors, or its labels have no types (`LABEL_0`).
        MissingExtra: PyTorch or Transformers is not installed.
    """
    check_installed()
    from exonym.tag.neural.foreign import load_checkpoint as load

    return load(model, hub=hub)


def check_installed() -> None:
    """Raise MissingExtra unless the packages of neural taggers are there."""
    try:
        import accelerate  # noqa: F401
        import safetensors  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtra(error.name or "torch", "neural") from error
