"""Models of Hugging Face Transformers converted for CTranslate2. Start at `convert`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from exonym.errors import DataError, MissingExtra, RecipeError
from exonym.files import whole_folder
from exonym.hub import place_of, quiet, told
from exonym.translate.codec import open_codec
from exonym.translate.ctranslate2_engine import TOKENIZER

if TYPE_CHECKING:
    from exonym.translate.codec import Codec

Quantization = Literal["int8", "int8_float32", "int8_float16", "int8_bfloat16", "float16", "bfloat16", "float32"]


def convert(model: str | Path, output: str | Path, *, quantization: Quantization = "int8", hub: bool = False) -> Path:
    """Convert an NLLB, M2M100 or Marian model for CTranslate2, with its tokeniser in the folder `tokenizer`.

    Weights are read at half precision unless 32 bits are asked for: about 7 GB for the 3.3 billion of NLLB-200-3.3B.

    Args:
        model: a folder, or a name on the hub. Only safetensors are read.
        output: the folder to write; what was there is replaced when all went well.
        quantization: how weights are stored.
        hub: allow a download from the hub.

    Returns:
        The folder.

    Raises:
        DataError: there is no such model, or it is of another kind.
        RecipeError: there is no such quantization.
        MissingExtra: CTranslate2, PyTorch or Transformers is not installed.
    """
    if quantization not in get_args(Quantization):
        raise RecipeError(
            f"convert: found quantization = {quantization!r}; expected one of {', '.join(get_args(Quantization))}"
        )
    try:
        import torch  # noqa: F401
        import transformers
        from ctranslate2.converters import TransformersConverter
    except ImportError as error:
        name = error.name or "ctranslate2"
        raise MissingExtra(name, "mt" if name == "ctranslate2" else "neural") from error
    codec = open_codec(model, hub=hub)
    where = place_of(model, hub)

    class Converter(TransformersConverter):  # type: ignore[misc]
        """Reads safetensors only, and gives every token of the model a name."""

        def load_model(self, kind: Any, name: str, **options: Any) -> Any:  # noqa: ANN401
            return kind.from_pretrained(name, use_safetensors=True, **{**options, **where})

        def load_tokenizer(self, kind: Any, name: str, **options: Any) -> Any:  # noqa: ANN401
            return _Vocabulary(codec, config.vocab_size)

    with quiet(), told(str(model), hub):
        config = transformers.AutoConfig.from_pretrained(str(model), **where)
        converter = Converter(str(model), load_as_float16="float32" not in quantization, low_cpu_mem_usage=True)
        with whole_folder(output) as fresh:
            converter.convert(str(fresh), quantization=quantization, force=True)
            codec.save(fresh / TOKENIZER)
            config.save_pretrained(fresh / TOKENIZER)
    return Path(output)


class _Vocabulary:
    """What the converter asks of a tokeniser.

    That of Transformers 5 does not list the languages of M2M100, and none lists the tokens that fill a vocabulary up.
    """

    num_madeup_words = 0
    special_tokens_map: ClassVar[dict[str, Any]] = {}

    def __init__(self, codec: Codec, size: int) -> None:
        self._codec = codec
        self._tokens = codec.strings(range(min(codec.size, size)))
        self._tokens += [f"madeupword{place}" for place in range(size - len(self._tokens))]
        if len(set(self._tokens)) < size:
            raise DataError("convert: found two tokens of one name; expected one vocabulary. Take another model.")
        for key, token in codec.names.items():
            setattr(self, f"{key}_token", token)
            setattr(self, f"{key}_token_id", codec.numbers([token])[0])

    def get_vocab(self) -> dict[str, int]:
        return {token: place for place, token in enumerate(self._tokens)}

    def convert_ids_to_tokens(self, place: int) -> str:
        return self._tokens[place]
