"""What a neural tagger is made of, how it is trained and what it is trained to do: options and nothing else.

PyTorch is not imported here, so that recipes can be read and checked without it. Start at `NeuralOptions`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, Self, get_args

from exonym.device import Precision
from exonym.errors import RecipeError
from exonym.hub import content_of, content_of_file

Context = Literal["convolution", "lstm"]
Subwords = Literal["first", "all"]
Loss = Literal["hard", "mse", "kl"]
Mixing = Literal["arithmetic", "geometric"]

_USUAL: dict[str, dict[str, float]] = {
    "hashed": {"epochs": 8, "learning_rate": 2e-3, "batch_tokens": 1024},
    "transformer": {"epochs": 3, "learning_rate": 5e-5, "batch_tokens": 2048},
}


def _check_among(owner: str, key: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise RecipeError(f"{owner}: found {key} = {value!r}; expected {' or '.join(map(repr, known))}")


def _check_number(owner: str, key: str, value: float, least: float) -> None:
    if not least <= value < float("inf"):
        raise RecipeError(f"{owner}: found {key} = {value}; expected a number >= {least}")


def _check_share(owner: str, key: str, value: float, *, below_one: bool = False) -> None:
    if not 0 <= value <= 1 or (below_one and value == 1):
        raise RecipeError(f"{owner}: found {key} = {value}; expected a number in [0, 1{')' if below_one else ']'}")


@dataclass(frozen=True, kw_only=True)
class HashedEncoder:
    """An encoder from scratch, with no download: hashed features of words, and layers that see their neighbours.

    Words, affixes, shapes and character n-grams are hashed into one table and summed. What a word is, as opposed to how
    it is written, is left out of a share of the training words, so that unseen names are no surprise.

    The defaults were chosen on the dev sets of CoNLL-2003 English (PER, LOC, ORG) and MasakhaNER 2 Swahili and Hausa
    (no DATE), one seed. There is a plateau: twice the learning rate, a `word_dropout` of 0.3, on English a `dropout` of
    0.15 and on Swahili twice the rows change F1 by 0.6 at most. F1 there of the light tagger and of this one with
    `crf`: 90.5 and 89.4, 88.4 and 89.6, 81.6 and 83.0; without `crf` 0.6 to 1.7 less. Training takes about a minute of
    one core.

    Attributes:
        kind: names this encoder in a recipe.
        width: numbers per word, >= 1.
        layers: layers over words, >= 0; a layer of convolution sees one more word on either side.
        context: the kind of those layers.
        rows: rows of the table, >= 2; each feature is the sum of two.
        dropout: share of the numbers left out in training, in [0, 1).
        word_dropout: share of the training words whose identity is left out, in [0, 1].
        vectors: file of static word vectors in the text format of word2vec or GloVe; none if None. They are kept as
            they are, and stored with the tagger.
    """

    kind: Literal["hashed"] = "hashed"
    width: int = 128
    layers: int = 3
    context: Context = "convolution"
    rows: int = 1 << 14
    dropout: float = 0.2
    word_dropout: float = 0.5
    vectors: str | None = None

    def __post_init__(self) -> None:
        name = "hashed encoder"
        _check_among(name, "context", self.context, get_args(Context))
        for key, least in (("width", 1), ("layers", 0), ("rows", 2)):
            _check_number(name, key, getattr(self, key), least)
        _check_share(name, "dropout", self.dropout, below_one=True)
        _check_share(name, "word_dropout", self.word_dropout)

    @property
    def contents(self) -> dict[str, str]:
        """Hash of the file of vectors, by the name of its field: results that depend on it are kept under it."""
        return {} if self.vectors is None else {"vectors": content_of_file(self.vectors)}


@dataclass(frozen=True, kw_only=True)
class TransformerEncoder:
    """A pretrained encoder, or a token-classification checkpoint, in the form of Hugging Face Transformers.

    Only safetensors are read, and no code that comes with a model is run.

    Attributes:
        kind: names this encoder in a recipe.
        model: a folder, or a name on the Hugging Face hub.
        hub: allow a download from the hub; without it a name is only looked for in the local cache of the hub.
        subwords: `first`: a word is its first subword (BERT and all that follows it); `all`: the mean over its
            subwords (CoLaDa).
        frozen_layers: how many layers, from the first, are not trained, >= 0. With 1 or more the embeddings are not
            trained either: 3 is the `freeze-3` of Wu et al. 2020.
        dropout: share of the hidden numbers left out in training, in [0, 1); that of the model if None. The dropout of
            attention stays that of the model.
        max_length: most subwords in a window, special ones included, >= 8; that of the model, and at most 512, if None.
        case: add to the embedding of each subword a learnt one of the letter case of its word (lower, Capital,
            CAPITALS, mIxed, with a digit, without case), for encoders that lower-case their text. It begins at zero, so
            that the pretrained function is kept, and learns at the rate of the head, whatever is frozen.
    """

    kind: Literal["transformer"] = "transformer"
    model: str
    hub: bool = False
    subwords: Subwords = "first"
    frozen_layers: int = 0
    dropout: float | None = None
    max_length: int | None = None
    case: bool = False

    def __post_init__(self) -> None:
        name = "transformer encoder"
        if not self.model:
            raise RecipeError(f"{name}: found no model; expected a folder or a name on the Hugging Face hub")
        _check_among(name, "subwords", self.subwords, get_args(Subwords))
        _check_number(name, "frozen_layers", self.frozen_layers, 0)
        if self.dropout is not None:
            _check_share(name, "dropout", self.dropout, below_one=True)
        if self.max_length is not None:
            _check_number(name, "max_length", self.max_length, 8)

    @property
    def contents(self) -> dict[str, str]:
        """Hash of what the model holds, by the name of its field: results that depend on it are kept under it."""
        return {"model": content_of(self.model, self.hub)}


@dataclass(frozen=True, kw_only=True)
class NeuralOptions:
    """How a neural tagger is built and trained.

    What is None is what suits the encoder, see `resolved`.

    Attributes:
        kind: names this tagger in a recipe.
        encoder: what turns words into numbers.
        crf: put a linear-chain CRF on top, which knows which tag may follow which.
        epochs: how often each sentence is seen, >= 1.
        learning_rate: the highest learning rate, > 0.
        head_learning_rate: that of the layers that are new, the classifier, the CRF and the embedding of letter case;
            the same if None.
        weight_decay: pull of the weights towards 0, >= 0; biases and norms are left alone.
        warmup: share of the steps in which the learning rate rises, in [0, 1); then it falls linearly.
        batch_tokens: most tokens in a batch, padding included, >= 1: words for `hashed`, subwords for `transformer`. A
            longer window is a batch of its own.
        accumulate: batches in a step of the optimiser, >= 1. Each further device adds as many.
        clip: longest gradient, > 0.
        precision: of training and tagging; `auto` is bfloat16 on a GPU that has it, else float32; `int8` is `auto`, but
            on a CPU tagging computes the linear maps in 8 bits, which changes few labels.
    """

    kind: Literal["neural"] = "neural"
    encoder: HashedEncoder | TransformerEncoder = HashedEncoder()
    crf: bool = False
    epochs: int | None = None
    learning_rate: float | None = None
    head_learning_rate: float | None = None
    weight_decay: float = 0.01
    warmup: float = 0.1
    batch_tokens: int | None = None
    accumulate: int = 1
    clip: float = 1.0
    precision: Precision = "auto"

    def __post_init__(self) -> None:
        name = "neural tagger"
        _check_among(name, "precision", self.precision, get_args(Precision))
        for key in ("epochs", "batch_tokens", "accumulate"):
            if getattr(self, key) is not None:
                _check_number(name, key, getattr(self, key), 1)
        for key in ("learning_rate", "head_learning_rate", "clip"):
            value = getattr(self, key)
            if value is not None and not 0 < value < float("inf"):
                raise RecipeError(f"{name}: found {key} = {value}; expected a number > 0")
        _check_number(name, "weight_decay", self.weight_decay, 0)
        _check_share(name, "warmup", self.warmup, below_one=True)

    def resolved(self) -> Self:
        """Fill in what is None with what suits the encoder."""
        usual = _USUAL[self.encoder.kind]
        missing: dict[str, Any] = {key: value for key, value in usual.items() if getattr(self, key) is None}
        return replace(self, **missing)


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What the tagger is trained to give.

    Attributes:
        kind: `hard`: the spans of the corpus, by cross-entropy; with a CRF by the likelihood of the whole sequence.
            `mse`: the probabilities of the corpus, by the mean over words and tags of the squared difference. `kl`: the
            same probabilities q, by KL(q || p), mean over words, times the square of the temperature.
        temperature: both distributions of `kl` are raised to the power 1/temperature and made to sum to one again, > 0.

    Source:
        `mse`: Wu et al. 2020 (ACL), section 3.1; the gradient flows through the softmax. `kl`: Hinton et al. 2015,
        section 2. With a CRF, p are its marginals, which neither paper has.
    """

    kind: Loss = "hard"
    temperature: float = 1.0

    def __post_init__(self) -> None:
        _check_among("objective", "kind", self.kind, get_args(Loss))
        if not 0 < self.temperature < float("inf"):
            raise RecipeError(f"objective: found temperature = {self.temperature}; expected a number > 0")
        if self.kind != "kl" and self.temperature != 1:
            raise RecipeError(
                f"objective: found temperature = {self.temperature} with {self.kind!r}; expected 1: only 'kl' has one"
            )


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """How a tagger of several languages learns what to share between them; see `exonym.tag.neural.train_shared`.

    Attributes:
        width: numbers per word that languages share, and as many that they do not, >= 1.
        mixing: how what the experts say of a word is mixed by their gates g: `arithmetic`: log sum_k g_k p_k;
            `geometric`: sum_k g_k log p_k, as in the released code, whose probabilities sum to less than one in
            training. They are made to sum to one when a text is tagged.
        gate: weight in the loss of telling the gates which language a word is of, >= 0.
        adversary: weight with which the shared numbers learn to hide the language from the adversary, >= 0; with 0
            there is no adversary, and no unlabelled text is needed.
        dropout: share of what the experts are given that is left out in training, in [0, 1).

    Source:
        Chen et al. 2019 (ACL). The weights and the dropout are those of its script for named entities; the width was
        200, in networks of its own.
    """

    width: int = 128
    mixing: Mixing = "arithmetic"
    gate: float = 0.01
    adversary: float = 0.002
    dropout: float = 0.5

    def __post_init__(self) -> None:
        name = "sharing"
        _check_among(name, "mixing", self.mixing, get_args(Mixing))
        for key, least in (("width", 1), ("gate", 0), ("adversary", 0)):
            _check_number(name, key, getattr(self, key), least)
        _check_share(name, "dropout", self.dropout, below_one=True)

    def check(self, options: NeuralOptions) -> None:
        """Refuse a tagger that cannot have experts.

        Raises:
            RecipeError: it has a CRF.
        """
        if options.crf:
            raise RecipeError("neural tagger: found crf = true; expected false: experts give distributions of words")
