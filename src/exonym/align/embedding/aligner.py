"""The aligner that compares the vectors of an encoder: its options. Start at `EmbeddingAligner.align`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from exonym.align.aligner import prepared
from exonym.align.chunks import quiet
from exonym.data import Alignment
from exonym.device import Precision
from exonym.errors import MissingExtra, RecipeError
from exonym.hub import content_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.align.chunks import Progress
    from exonym.data import Bitext

Method = Literal["argmax", "itermax", "match", "softmax", "entmax"]
Level = Literal["word", "subword"]

THRESHOLD = 1e-3
_SIMALIGN = ("argmax", "itermax", "match")


@dataclass(frozen=True, kw_only=True)
class EmbeddingAligner:
    """Links the words whose vectors in a layer of a pretrained encoder are alike. It learns nothing from the text.

    Three methods compare by s = (cosine + 1) / 2: `argmax` links two units that are each other's likest, `itermax` does
    so again with what is left, `match` is the assignment of the largest sum. Two compare by the dot product: `softmax`
    and `entmax` (1.5) turn it into a distribution over the units of the other side, and link where both directions give
    more than a threshold. A unit is a subword or a word, the mean of its subwords.

    The weight of a link is s, after distortion, or for `softmax` and `entmax` the mean of the probabilities of both
    directions; of several links between the subwords of two words the largest. The latter may be small: matchers that
    count links (`pairs`, `words`, `heuristic`) count them as published with `min_weight = 0`.

    Attributes:
        kind: names the aligner in a recipe.
        model: a folder with an encoder, or with a model that translates, whose encoder is used; or a name on the
            Hugging Face hub. Only safetensors are read, and no code that comes with a model is run.
        hub: allow a download from the hub; without it a name is only looked for in the local cache of the hub.
        method: how links are read off.
        layer: whose vectors are used, >= 0: 0 is the embeddings. Later layers are not computed.
        level: whether subwords are compared, and two words linked if any of theirs are, or words.
        distortion: SimAlign methods: s is multiplied by 1 - distortion * (difference of relative positions) ** 2; 0 is
            off, in [0, 1].
        null_threshold: SimAlign methods: a link is left out if s is spread over the other side so evenly that its
            entropy, divided by that of the uniform distribution, is above this in both directions; 1 is off, in (0, 1].
            Since s of most pairs of words is alike, useful values are just below 1. Sides of two units or less are not
            looked at.
        iterations: `itermax`: rounds, >= 1, where 1 is `argmax`.
        threshold: `softmax`: least probability in both directions, in [0, 1).
        source_language: code of the source language, for models that translate and put one before a sentence
            (`eng_Latn` of NLLB, `en` of M2M100); only for these.
        target_language: code of the target language.
        precision: of the products in the encoder; `auto` is bfloat16 on a GPU that has it, else float32. On a CPU that
            multiplies bfloat16, which not all do, `bfloat16` is about twice as fast; so is `int8` on any CPU (on a GPU
            it is `auto`). Both change few links.
        max_length: most subwords in a window, special ones included, >= 8; that of the model, and at most 512, if None.
            A longer sentence is read in windows that overlap.
    """

    deterministic: ClassVar[bool] = True
    requires: ClassVar[dict[str, str]] = {"torch": "neural", "transformers": "neural", "safetensors": "neural"}

    kind: Literal["embedding"] = "embedding"
    model: str
    hub: bool = False
    method: Method = "itermax"
    layer: int = 8
    level: Level = "subword"
    distortion: float = 0.0
    null_threshold: float = 1.0
    iterations: int = 2
    threshold: float = THRESHOLD
    source_language: str = ""
    target_language: str = ""
    precision: Precision = "auto"
    max_length: int | None = None

    def __post_init__(self) -> None:
        for key, known in (
            ("method", get_args(Method)),
            ("level", get_args(Level)),
            ("precision", get_args(Precision)),
        ):
            if getattr(self, key) not in known:
                raise RecipeError(
                    f"embedding aligner: found {key} = {getattr(self, key)!r}; expected {' or '.join(map(repr, known))}"
                )
        faults = {
            "model": not self.model and "a folder or a name on the Hugging Face hub",
            "layer": self.layer < 0 and "a number >= 0",
            "distortion": not 0 <= self.distortion <= 1 and "a number in [0, 1]",
            "null_threshold": not 0 < self.null_threshold <= 1 and "a number in (0, 1]",
            "iterations": self.iterations < 1 and "a number >= 1",
            "threshold": not 0 <= self.threshold < 1 and "a number in [0, 1)",
            "max_length": self.max_length is not None and self.max_length < 8 and "a number >= 8",
            "target_language": bool(self.source_language) != bool(self.target_language) and "both languages, or none",
        }
        for key, expected in faults.items():
            if expected:
                raise RecipeError(f"embedding aligner: found {key} = {getattr(self, key)!r}; expected {expected}")
        self._check_method()

    def _check_method(self) -> None:
        """Refuse options that the method does not look at."""
        usual = {"distortion": 0.0, "null_threshold": 1.0, "iterations": 2, "threshold": THRESHOLD}
        uses: set[str] = {"distortion", "null_threshold"} if self.method in _SIMALIGN else set()
        uses |= {"itermax": {"iterations"}, "softmax": {"threshold"}}.get(self.method, set())
        for key, value in usual.items():
            if key not in uses and getattr(self, key) != value:
                raise RecipeError(
                    f"embedding aligner: found {key} = {getattr(self, key)} with method = {self.method!r}, which does "
                    f"not look at it; expected {value}. Leave it out."
                )

    @property
    def contents(self) -> dict[str, str]:
        """Hash of what the model holds, by the name of its field: results that depend on it are kept under it."""
        return {"model": content_of(self.model, self.hub)}

    @property
    def compares_cosines(self) -> bool:
        """Whether vectors are compared by cosine, and not by dot product."""
        return self.method in _SIMALIGN

    def align(self, bitext: Bitext, extra: Sequence[Bitext] = (), *, progress: Progress = quiet) -> Alignment:
        """Link the words of each pair of `bitext`; see `Aligner.align`.

        Each distinct pair is aligned once, and each distinct sentence is encoded once.

        Args:
            bitext: the pairs to align.
            extra: is not looked at: the encoder has learnt what it knows (see `fine_tune`).
            progress: called with (pairs done, all pairs, what is done).

        Returns:
            The links. The ledger counts words that the tokeniser makes nothing of, which have no link, and words longer
            than a window, which lose their end.

        Raises:
            DataError: a pair has an empty side; the model cannot be read.
            RecipeError: an option does not fit the model.
            MissingExtra: PyTorch or Transformers is not installed.

        Source:
            Jalili Sabet et al. 2020, "SimAlign", sections 2.2 and 2.3; where their code differs from the paper we do as
            the code (similarities are (cosine + 1) / 2; `itermax` stops when a side is all linked or has two units or
            less). Their null threshold is a percentile of the entropies of all links of a text; ours is the entropy
            itself, so that the links of a pair do not depend on others. Dou and Neubig 2021, "Word Alignment by
            Fine-tuning Embeddings on Parallel Corpora", section 2.1; the weights are ours (their code gives the
            harmonic mean of softmaxes at another temperature). The encoder of a translation model: Ebing et al. 2025,
            "TransAlign".
        """
        _, ledger = prepared(bitext)
        if not len(bitext):
            return Alignment((), "embedding", ledger)
        check_installed()
        from exonym.align.embedding.encoder import LayerEncoder
        from exonym.align.embedding.pairs import align_pairs

        encoder = LayerEncoder.open(
            self.model,
            hub=self.hub,
            layer=self.layer,
            languages=self.languages,
            max_length=self.max_length,
            int8=self.precision == "int8",
        )
        return Alignment(align_pairs(bitext, self, encoder, ledger, progress), "embedding", ledger)

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes of both languages, or nothing."""
        return (self.source_language, self.target_language) if self.source_language else ()


def check_installed() -> None:
    """Raise `MissingExtra` if a package that networks need is not there."""
    try:
        import safetensors  # noqa: F401
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise MissingExtra(error.name or "torch", "neural") from error
