"""Text to the tokens of a translation model and back: NLLB, M2M100 and Marian, by their Hugging Face tokenisers.

No model is opened here, and PyTorch is not needed. Start at `open_codec`.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from exonym.errors import DataError, MissingExtra, RecipeError
from exonym.hub import place_of, quiet, told
from exonym.translate.languages import code_for, excludes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_FLORES = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")
_MARIAN = re.compile(r">>(.+)<<")


class Route(NamedTuple):
    """The tokens that tell a model which languages are meant.

    Attributes:
        before: tokens in front of a source text.
        after: tokens behind it, the end of the sentence included.
        prefix: tokens that a translation is made to begin with; they are none of its own.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]
    prefix: tuple[int, ...]


def open_codec(model: str | Path, *, hub: bool = False) -> Codec:
    """Open the tokeniser of a model.

    Args:
        model: a folder, or a name on the hub.
        hub: allow a download.

    Raises:
        DataError: there is no such tokeniser, or it is of no kind that is known here.
        MissingExtra: Transformers or sentencepiece is not installed.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise MissingExtra(error.name or "transformers", "neural") from error
    try:
        import sentencepiece  # noqa: F401 - the tokenisers of M2M100 and Marian need it
    except ImportError as error:
        raise MissingExtra("sentencepiece", "mt") from error
    name = str(model)
    with warnings.catch_warnings(), quiet(), told(name, hub):
        warnings.simplefilter("ignore")  # that sacremoses is recommended: the models do without
        return Codec(AutoTokenizer.from_pretrained(name, **place_of(model, hub)), name)


class Codec:
    """A tokeniser of a translation model.

    Args:
        tokenizer: of Transformers.
        name: what to call the model in messages.

    Attributes:
        known: the codes of the languages that the model knows; none if it translates one pair only.
        end: the token that ends a sentence.
        unwanted: tokens that are no part of a translation: padding, languages, unknown words and the like.

    Raises:
        DataError: the tokeniser is not one of NLLB, M2M100 or Marian.
    """

    def __init__(self, tokenizer: Any, name: str) -> None:  # noqa: ANN401
        self._tokenizer = tokenizer
        self._name = name
        self._tokens = self._languages()
        self.known = tuple(self._tokens)
        self.end: int = tokenizer.eos_token_id
        special = {*tokenizer.all_special_ids, *self._tokens.values()}
        self.unwanted = tuple(sorted(special - {self.end}))

    @property
    def limit(self) -> int:
        """Most tokens of a text, all told, as the tokeniser has it."""
        return int(self._tokenizer.model_max_length)

    @property
    def size(self) -> int:
        """Number of tokens; a model may have some more that stand for nothing."""
        return 1 + int(max(*self._tokenizer.get_vocab().values(), *self._tokens.values(), self.end))

    @property
    def names(self) -> dict[str, str]:
        """The tokens that begin, end and pad sentences or stand for unknown words, by what they are."""
        known = {key: getattr(self._tokenizer, f"{key}_token", None) for key in ("bos", "eos", "pad", "unk")}
        return {key: str(token) for key, token in known.items() if token is not None}

    def route(self, source: str, target: str) -> Route:
        """Return the tokens that say which languages to translate between.

        Raises:
            RecipeError: the model does not know one of them.
        """
        tokenizer, end = self._tokenizer, self.end
        if self._is_marian:
            self._check_pair(source, target)
            return Route((self._token(target),) if self.known else (), (end,), ())
        own, other = self._token(source), self._token(target)
        if getattr(tokenizer, "legacy_behaviour", False):  # as NLLB was used before it was mended
            return Route((), (end, own), (other,))
        return Route((own,), (end,), (other,))

    def encode(self, texts: Sequence[str], *, target: bool = False) -> list[list[int]]:
        """Return the tokens of texts, without special ones; what looks like one in a text is read as text.

        Args:
            texts: running text.
            target: they are of the language that is translated into.
        """
        if not texts:
            return []
        clean = [text.encode(errors="replace").decode() for text in texts]  # half a surrogate pair is no text
        if self._is_marian:
            clean = [f" {text}" if text.startswith(">>") else text for text in clean]  # would be read as a language
        given = {"text_target": clean} if target and self._is_marian else {"text": clean}
        found = self._tokenizer(**given, add_special_tokens=False, split_special_tokens=True, verbose=False).input_ids
        return [list(ids) for ids in found]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of tokens; unwanted ones and the end are left out."""
        left_out = {*self.unwanted, self.end}
        kept = [each for each in ids if each not in left_out and each < self.size]
        text: str = self._tokenizer.decode(kept, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text.strip()

    def strings(self, ids: Sequence[int]) -> list[str]:
        """Return the names of tokens."""
        found: list[str] = self._tokenizer.convert_ids_to_tokens(list(ids))
        return found

    def numbers(self, tokens: Sequence[str]) -> list[int]:
        """Return the numbers of tokens."""
        found: list[int] = self._tokenizer.convert_tokens_to_ids(list(tokens))
        return found

    def save(self, folder: Path) -> None:
        """Write the tokeniser as Transformers reads it."""
        self._tokenizer.save_pretrained(folder)

    @property
    def _is_marian(self) -> bool:
        return hasattr(self._tokenizer, "supported_language_codes")

    def _languages(self) -> dict[str, int]:
        """Find the languages of a model: code -> token."""
        tokenizer = self._tokenizer
        if getattr(tokenizer, "separate_vocabs", False):
            raise DataError(
                f"{self._name}: found a Marian model with two vocabularies; expected one for both languages. Take "
                "another model."
            )
        if self._is_marian:
            codes = [str(code) for code in tokenizer.supported_language_codes]
            found = [(code, _MARIAN.fullmatch(code)) for code in codes]
            return {match[1]: tokenizer.convert_tokens_to_ids(code) for code, match in found if match}
        if hasattr(tokenizer, "get_lang_id"):
            return {code: tokenizer.get_lang_id(code) for code in tokenizer.lang_code_to_token}
        vocabulary = tokenizer.get_vocab()
        languages = {token: place for token, place in sorted(vocabulary.items()) if _FLORES.fullmatch(token)}
        if not languages:
            raise DataError(
                f"{self._name}: found a tokeniser of type {type(tokenizer).__name__}, without tokens for languages; "
                "expected that of an NLLB, M2M100 or Marian model. Take another model."
            )
        return languages

    def _token(self, code: str) -> int:
        return self._tokens[code_for(code, self.known, self._name)]

    def _check_pair(self, source: str, target: str) -> None:
        """Refuse a pair if the model says that it is for another one."""
        sides = [("source", source, getattr(self._tokenizer, "source_lang", None))]
        sides += [] if self.known else [("target", target, getattr(self._tokenizer, "target_lang", None))]
        for side, asked, own in sides:
            if own and excludes(own, asked):
                raise RecipeError(
                    f"{side} language: found {asked!r}, which {self._name} does not know; expected {own!r}, the only "
                    f"one that it has on this side. Take another model, or another language."
                )
