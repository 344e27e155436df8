"""Translation by CTranslate2, several times as fast as Transformers, on CPU and GPU. Start at `Ctranslate2`.

Models are converted by `exonym.translate.conversion`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np

from exonym.errors import DataError, MissingExtra, RecipeError
from exonym.hub import content_of
from exonym.translate.codec import open_codec
from exonym.translate.seq2seq import Limits, Made, ModelTranslator, limits_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from exonym.translate.codec import Codec

Compute = Literal["auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16", "float16", "bfloat16", "float32"]
Device = Literal["auto", "cpu", "cuda"]

TOKENIZER = "tokenizer"  # the folder in that of a model where `convert` puts its tokeniser
_UNKNOWN_LENGTH = 512  # tokens that a model is trusted with whose files don't say how far it reaches


@dataclass(frozen=True, kw_only=True)
class Ctranslate2(ModelTranslator):
    """Translates with NLLB, M2M100 or Marian through CTranslate2.

    Tokens that are no text (languages, padding, unknown words) are never written.

    Attributes, besides those of `ModelTranslator`:
        kind: names the translator in a recipe.
        model: the folder of a converted model.
        tokenizer: the folder of its Hugging Face tokeniser; that in the folder of the model if None.
        compute: type of numbers; `auto` is the fastest that the device has, with weights of 8 bits on most.
        device: `auto` is a GPU if there is one.
        threads: of the CPU, >= 0; as many as CTranslate2 likes if 0.
    """

    requires: ClassVar[dict[str, str]] = {"ctranslate2": "mt", "sentencepiece": "mt", "transformers": "mt"}

    kind: Literal["ctranslate2"] = "ctranslate2"
    tokenizer: str | None = None
    compute: Compute = "auto"
    device: Device = "auto"
    threads: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, known in (("compute", get_args(Compute)), ("device", get_args(Device))):
            if getattr(self, key) not in known:
                raise RecipeError(
                    f"ctranslate2 translator: found {key} = {getattr(self, key)!r}; expected one of {', '.join(known)}"
                )
        if self.threads < 0:
            raise RecipeError(f"ctranslate2 translator: found threads = {self.threads}; expected 0 or more")

    @property
    def fingerprint(self) -> str:
        """Hash of the content of model and tokeniser and of the options that change what is written."""
        options = (self.beams, self.max_source, self.max_target, self.compute, self.device, self.scores)
        content = f"{self.kind}\x1e{self._content()}\x1e{options}"
        return blake2b(content.encode(), digest_size=16).hexdigest()

    def engine(self) -> _Model:
        """Open the model; see `ModelTranslator.engine`."""
        return _opened(self, self._content())

    def _content(self) -> str:
        if not (Path(self.model) / "model.bin").is_file():
            raise DataError(
                f"{self.model}: found no model.bin; expected the folder of a model that was converted for CTranslate2. "
                "Correct the path, or convert one with `exonym convert-translator`."
            )
        return f"{content_of(self.model)}\x1e{content_of(self.tokenizer) if self.tokenizer else ''}"

    def _tokenizer(self) -> Path:
        if self.tokenizer:
            return Path(self.tokenizer)
        inner = Path(self.model) / TOKENIZER
        return inner if inner.is_dir() else Path(self.model)


@lru_cache(maxsize=2)  # there and back
def _opened(options: Ctranslate2, content: str) -> _Model:
    """Open a model; it is kept until two others are opened, or its files change."""
    try:
        import ctranslate2
    except ImportError as error:
        raise MissingExtra("ctranslate2", "mt") from error
    codec = open_codec(options._tokenizer())
    device = options.device
    if device == "auto":
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    known = ctranslate2.get_supported_compute_types(device)
    if options.compute not in {"auto", *known}:
        raise RecipeError(
            f"ctranslate2 translator: found compute = {options.compute!r}, which this {device} lacks; expected auto or "
            f"one of {', '.join(sorted(known))}"
        )
    try:
        model = ctranslate2.Translator(
            options.model, device, compute_type=options.compute, intra_threads=options.threads
        )
    except (RuntimeError, ValueError) as error:
        raise DataError(
            f"{options.model}: found a folder that CTranslate2 cannot open ({error}); expected a converted model. "
            "Convert it again."
        ) from error
    return _Model(model, codec, options)


class _Model:
    """A model of CTranslate2 as an `Engine`."""

    def __init__(self, model: Any, codec: Codec, options: Ctranslate2) -> None:  # noqa: ANN401
        self._model = model
        self._beams = options.beams
        self.codec = codec
        positions = min(_positions(options._tokenizer()), codec.limit)
        self.limits: Limits = limits_of(Path(options.model).name, positions, options.max_source, options.max_target)
        tokens = _tokens(Path(options.model))
        unwanted = set(codec.unwanted)  # unknown words among them, as which the tokens count that fill a vocabulary up
        self._unwanted = [
            [token] for token, number in zip(tokens, codec.numbers(tokens), strict=True) if number in unwanted
        ]

    def generate(self, sources: list[list[int]], prefix: list[int]) -> list[Made]:
        begin = self.codec.strings(prefix)
        results = self._model.translate_batch(
            [self.codec.strings(ids) for ids in sources],
            [begin] * len(sources) if begin else None,
            beam_size=self._beams,
            max_input_length=0,  # or it would cut without a word
            max_decoding_length=self.limits.target + len(prefix),
            min_decoding_length=0,
            disable_unk=True,
            suppress_sequences=self._unwanted,
            return_end_token=True,
        )
        found = []
        for result in results:
            own = self.codec.numbers(result.hypotheses[0][len(begin) :])
            ended = own[-1:] == [self.codec.end]
            found.append(Made(own[:-1] if ended else own, not ended))
        return found

    def log_probabilities(
        self, sources: list[list[int]], targets: list[list[int]], prefix: list[int]
    ) -> list[NDArray[np.float32]]:
        results = self._model.score_batch(
            [self.codec.strings(ids) for ids in sources],
            [self.codec.strings([*prefix, *ids]) for ids in targets],
            max_input_length=0,
            offset=len(prefix),
        )
        return [np.array(result.log_probs, dtype=np.float32) for result in results]


def _tokens(folder: Path) -> list[str]:
    """Read the tokens that a model writes."""
    for name in ("shared_vocabulary", "target_vocabulary"):
        if (path := folder / f"{name}.json").is_file():
            found: list[str] = json.loads(path.read_text(encoding="utf-8"))
            return found
        if (path := folder / f"{name}.txt").is_file():  # of older versions
            return path.read_text(encoding="utf-8").split("\n")[:-1]
    raise DataError(
        f"{folder}: found no shared_vocabulary.json; expected the folder of a converted model. Copy the whole folder."
    )


def _positions(folder: Path) -> int:
    """Find how many tokens a model reads, from the configuration that lies with its tokeniser."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return int(config["max_position_embeddings"])
    except (OSError, ValueError, KeyError, TypeError):
        return _UNKNOWN_LENGTH
