"""Translation by Hugging Face Transformers, the reference for the faster engine. Start at `TransformersTranslator`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np

from exonym.errors import DataError, MissingExtra, RecipeError
from exonym.hub import content_of, place_of, quiet, told
from exonym.translate.codec import open_codec
from exonym.translate.seq2seq import Limits, Made, ModelTranslator, limits_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from exonym.translate.codec import Codec

Precision = Literal["auto", "float32", "bfloat16", "float16"]

_ROWS = 256  # tokens whose log-probabilities are computed at once: vocabularies have 256,000 tokens


@dataclass(frozen=True, kw_only=True)
class TransformersTranslator(ModelTranslator):
    """Translates with NLLB, M2M100 or Marian through Hugging Face Transformers.

    Only safetensors are read, and no code that comes with a model is run. It runs on the GPU if PyTorch sees one.
    Tokens that are no text (languages, padding, unknown words) are never written.

    Attributes, besides those of `ModelTranslator`:
        kind: names the translator in a recipe.
        model: a folder, or a name on the Hugging Face hub.
        hub: allow a download from the hub; without it a name is only looked for in the local cache of the hub.
        precision: of weights and numbers; `auto` is bfloat16 on a GPU that has it, else float32.
    """

    requires: ClassVar[dict[str, str]] = {"torch": "neural", "transformers": "neural", "sentencepiece": "neural"}

    kind: Literal["transformers"] = "transformers"
    hub: bool = False
    precision: Precision = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.precision not in get_args(Precision):
            raise RecipeError(
                f"transformers translator: found precision = {self.precision!r}; expected one of "
                f"{', '.join(get_args(Precision))}"
            )

    @property
    def fingerprint(self) -> str:
        """Hash of the model's content and of the options that change what it writes."""
        options = (self.beams, self.max_source, self.max_target, self.precision, self.scores)
        content = f"{self.kind}\x1e{content_of(self.model, self.hub)}\x1e{options}"
        return blake2b(content.encode(), digest_size=16).hexdigest()

    def engine(self) -> _Model:
        """Open the model; see `ModelTranslator.engine`."""
        return _opened(self, content_of(self.model, self.hub))


@lru_cache(maxsize=2)  # there and back
def _opened(options: TransformersTranslator, content: str) -> _Model:
    """Open a model; it is kept until two others are opened, or its files change."""
    try:
        import torch
        from transformers import AutoModelForSeq2SeqLM
    except ImportError as error:
        raise MissingExtra(error.name or "transformers", "neural") from error
    codec = open_codec(options.model, hub=options.hub)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    precision = options.precision
    if precision == "auto":
        half = device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        precision = "bfloat16" if half else "float32"
    with quiet(), told(options.model, options.hub):
        model, report = AutoModelForSeq2SeqLM.from_pretrained(
            options.model,
            use_safetensors=True,
            output_loading_info=True,
            dtype=getattr(torch, precision),
            **place_of(options.model, options.hub),
        )
    if report["missing_keys"]:
        raise DataError(
            f"{options.model}: found no weights for {', '.join(sorted(report['missing_keys'])[:3])}; expected those of "
            f"a whole {type(model).__name__}. Copy the whole folder, or take another model."
        )
    return _Model(model.eval().to(device), codec, options)


class _Model:
    """A model of Transformers as an `Engine`."""

    def __init__(self, model: Any, codec: Codec, options: TransformersTranslator) -> None:  # noqa: ANN401
        from transformers import GenerationConfig

        self._model = model
        self.codec = codec
        config = model.config
        positions = min(config.max_position_embeddings, codec.limit)
        self.limits: Limits = limits_of(Path(options.model).name, positions, options.max_source, options.max_target)
        self._start: int = config.decoder_start_token_id
        self._padding: int = config.pad_token_id
        # All of it is said here: what a model brings along may force an end or forbid tokens.
        model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
            num_beams=options.beams,
            do_sample=False,
            early_stopping=options.beams > 1,
            max_new_tokens=self.limits.target,
            suppress_tokens=[*codec.unwanted, *range(codec.size, config.vocab_size)],
            decoder_start_token_id=self._start,
            eos_token_id=codec.end,
            pad_token_id=self._padding,
        )

    def generate(self, sources: list[list[int]], prefix: list[int]) -> list[Made]:
        import torch

        with torch.inference_mode(), quiet():
            begun = [[self._start, *prefix]] * len(sources)
            rows = self._model.generate(**self._read(sources), decoder_input_ids=self._tensor(begun)).tolist()
        found = []
        for row in rows:
            own = row[1 + len(prefix) :]
            stop = own.index(self.codec.end) if self.codec.end in own else None
            found.append(Made(own[:stop], stop is None))
        return found

    def log_probabilities(
        self, sources: list[list[int]], targets: list[list[int]], prefix: list[int]
    ) -> list[NDArray[np.float32]]:
        import torch

        model, skipped = self._model, len(prefix)
        written = [[*prefix, *ids, self.codec.end] for ids in targets]
        with torch.inference_mode():
            begun = self._tensor([[self._start, *ids[:-1]] for ids in written])
            hidden = model.model(**self._read(sources), decoder_input_ids=begun, use_cache=False).last_hidden_state
            states = torch.cat([hidden[row, skipped : len(ids)] for row, ids in enumerate(written)])
            wanted = torch.tensor([token for ids in written for token in ids[skipped:]], device=model.device)
            found = []
            for at in range(0, len(wanted), _ROWS):
                logits = model.lm_head(states[at : at + _ROWS]) + getattr(model, "final_logits_bias", 0)
                if self._start == self._padding:  # Marian: Transformers added this token, to begin with
                    logits[:, self._padding] = -torch.inf
                found.append(logits.float().log_softmax(1).gather(1, wanted[at : at + _ROWS, None])[:, 0])
            row = torch.cat(found).cpu().numpy()
        return np.split(row, np.cumsum([len(ids) + 1 for ids in targets])[:-1])

    def _read(self, sources: list[list[int]]) -> dict[str, Any]:
        """Return padded source texts, and which of their tokens count."""
        longest = max(map(len, sources))
        mask = [[1] * len(ids) + [0] * (longest - len(ids)) for ids in sources]
        return {"input_ids": self._tensor(sources), "attention_mask": self._tensor(mask)}

    def _tensor(self, rows: list[list[int]]) -> Any:  # noqa: ANN401
        import torch

        longest = max(map(len, rows))
        padded = [[*row, *[self._padding] * (longest - len(row))] for row in rows]
        return torch.tensor(padded, device=self._model.device)
