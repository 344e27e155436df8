"""Gloss: word-by-word translation of target text into the source language, tagged by the source tagger.

Word order and number of words stay, so the labels come back by position and nothing needs to be projected.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from exonym.align import AnyAligner, Lexicon, StatisticalAligner
from exonym.data import Alignment, Bitext, Sentence, nfc
from exonym.errors import DataError, RecipeError
from exonym.tag import LightOptions, Tagger, load_tagger
from exonym.tag.folder import whole_tagger
from exonym.transfer.casing import Casing, capital_at
from exonym.transfer.saved import TaggerOptions, source_tagger
from exonym.transfer.stages import Do, align, just_do, learn_lexicon, stage, tag
from exonym.transfer.task import Outcome, Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Gloss:
    """Options of gloss.

    Attributes:
        kind: names the method in a recipe.
        aligner: how the words of the parallel text are linked, from which the lexicon is counted.
        tagger: how the source tagger is trained; or one that is there already.
    """

    kind: Literal["gloss"] = "gloss"
    aligner: AnyAligner = field(default_factory=StatisticalAligner)
    tagger: TaggerOptions = field(default_factory=LightOptions)


def gloss(task: Task, options: Gloss, do: Do = just_do, seed: int = 1) -> Outcome:
    """Learn a lexicon from parallel text, put it in front of a source tagger, and tag target text through it.

    Args:
        task: needs `source`, unless the tagger is there already, `test` and some parallel text: `translation` or
            `extra`.
        options: the options of the method.
        do: carries out the stages.
        seed: of trainings with chance in them; tells apart the runs of an aligner that is not deterministic.

    Raises:
        RecipeError: the task has no parallel text.

    Source:
        Mayhew, Tsai and Roth 2017, "Cheap Translation for Cross-Lingual Named Entity Recognition". Differences: their
        lexicon is a dictionary, ours is counted from word links; they translate the training text, we the text to be
        tagged; the most frequent partner is taken without a language model.
    """
    if not len(task.parallel):
        raise RecipeError("gloss: found no parallel text; expected `translation` or `extra`.")
    reader = source_tagger(task, options.tagger, do, seed)
    links = do(align, task.parallel, options.aligner, 0 if options.aligner.deterministic else seed)
    lexicon = do(learn_lexicon, task.parallel, links)
    tagger = do(gloss_tagger, reader, lexicon, task.parallel, links)
    return Outcome(tagger=tagger, predictions=do(tag, tagger, task.test))


@stage(1)
def gloss_tagger(tagger: Tagger, lexicon: Lexicon, bitext: Bitext, alignment: Alignment) -> Tagger:
    """Put a lexicon in front of a source tagger."""
    return GlossTagger(tagger, lexicon, Casing.learn(bitext, alignment))


@dataclass(frozen=True)
class GlossTagger:
    """A source tagger that reads target text through a lexicon; a `Tagger` of the target language.

    Attributes:
        inner: the source tagger.
        lexicon: target words -> source words.
        casing: which glosses begin with a capital.
    """

    inner: Tagger
    lexicon: Lexicon
    casing: Casing

    @property
    def tags(self) -> tuple[str, ...]:
        """The K tags of the source tagger."""
        return self.inner.tags

    @cached_property
    def fingerprint(self) -> str:
        """Hash of source tagger, lexicon and casing."""
        parts = (self.inner.fingerprint, self.lexicon.fingerprint, self.casing.to_json())
        return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()

    def gloss(self, words: Iterable[str]) -> tuple[str, ...]:
        """Translate words one by one; those that the lexicon lacks stay, without a prefix before their capital."""
        words = tuple(words)
        return tuple(self._gloss(word, upper) for word, upper in zip(words, self.casing.capitals(words), strict=True))

    def _gloss(self, word: str, upper: bool) -> str:
        capital = max(capital_at(word), 0)
        found = self.lexicon.best(word)
        if found is None and capital:
            found = self.lexicon.best(nfc(word)[capital:])
        shown = nfc(word)[capital:] if found is None else found
        if len(shown) > 1 and word.isupper():
            return shown.upper()
        first = shown[0].upper() if upper else shown[0].lower()
        return first + shown[1:]

    def predict(self, corpus: Iterable[Sentence]) -> Iterator[NDArray[np.float32]]:
        """Yield for each sentence the label probabilities of its gloss, shape (T, K)."""
        return self.inner.predict(Sentence(self.gloss(sentence.words)) for sentence in corpus)

    def save(self, folder: str | Path) -> None:
        """Write the tagger as a folder: the source tagger in a folder of its own, lexicon and casing beside it."""
        with whole_tagger(Path(folder), {"kind": "gloss", "tags": list(self.tags)}) as fresh:
            self.inner.save(fresh / "source")
            self.lexicon.save(fresh / "lexicon.tsv")
            (fresh / "casing.json").write_text(self.casing.to_json(), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, load: Callable[[Path], Tagger]) -> Self:
        """Read what `save` wrote; `load` reads the source tagger.

        Raises:
            DataError: a part is missing or damaged.
        """
        try:
            casing = Casing.from_json((folder / "casing.json").read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            found = f"{folder / 'casing.json'}: found no casing model ({error})"
            raise DataError(f"{found}; expected one. Copy the whole folder again.") from error
        return cls(load(folder / "source"), Lexicon.load(folder / "lexicon.tsv"), casing)


def load_any_tagger(folder: str | Path) -> Tagger:
    """Read a saved tagger of any kind, gloss taggers included.

    Raises:
        DataError: there is none, it is damaged, or its kind is unknown.
    """
    return load_tagger(folder, {"gloss": GlossTagger.load})
