"""How sentences go through a translation model, whatever runs it: distinct texts, in pieces, in batches, and back.

Start at `translate_with` and `score_with`; what runs a model is an `Engine`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

import numpy as np

from exonym.errors import DataError, RecipeError
from exonym.translate.pieces import pieces_of
from exonym.translate.running import joined, running
from exonym.translate.translator import Translation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from exonym.data import Sentence
    from exonym.translate.codec import Codec
    from exonym.translate.translator import Progress

USUAL_SOURCE = 256  # tokens of a source text that are translated together: longer than nearly all sentences
USUAL_TARGET = 512  # tokens of a translation
_LEAST = 16  # tokens that a piece must be allowed: those that say the language, and the longest character


class Made(NamedTuple):
    """The tokens of a translation, without those that it was made to begin with and without the end.

    Attributes:
        ids: the tokens.
        cut: the limit of length was reached before the end.
    """

    ids: list[int]
    cut: bool


class Engine(Protocol):
    """Runs a translation model."""

    @property
    def codec(self) -> Codec:
        """Its tokeniser."""
        ...

    @property
    def limits(self) -> Limits:
        """How long texts may be."""
        ...

    def generate(self, sources: list[list[int]], prefix: list[int]) -> list[Made]:
        """Translate a batch, each translation beginning with the tokens of `prefix`."""
        ...

    def log_probabilities(
        self, sources: list[list[int]], targets: list[list[int]], prefix: list[int]
    ) -> list[NDArray[np.float32]]:
        """Return, of a batch, log P of each token of the targets and of the end, all after `prefix`."""
        ...


class Limits(NamedTuple):
    """How many tokens a text may have, special ones included.

    Attributes:
        source: of a source text that is translated at once.
        target: of a translation, the end included.
        scored: of either text that is scored.
    """

    source: int
    target: int
    scored: int


def limits_of(name: str, positions: int, source: int | None, target: int | None) -> Limits:
    """Return the limits for a model.

    Args:
        name: of the model, for messages.
        positions: most tokens that the model reads or writes.
        source: what was asked for; the usual one, as far as the model reaches, if None.
        target: the same.

    Raises:
        RecipeError: the model reaches less far than was asked for.
    """
    written = positions - 2  # it begins with a token that stands for nothing, and the language
    for key, asked, most in (("max_source", source, positions), ("max_target", target, written)):
        if asked is not None and asked > most:
            raise RecipeError(f"{name}: found {key} = {asked}; expected {most} or less")
    return Limits(source or min(USUAL_SOURCE, positions), target or min(USUAL_TARGET, written), written)


@dataclass(frozen=True, kw_only=True)
class ModelTranslator(ABC):
    """What translators by a model have in common, whatever runs it.

    Attributes:
        kind: names the translator in a recipe.
        model: the model.
        beams: of the beam search, >= 1; 1 is greedy.
        max_source: most tokens of a text that is translated at once, special ones included, >= 16; a longer one is
            translated in pieces. 256, or what the model reads, if None.
        max_target: most tokens of a translation, >= 1; a longer one is cut, and marked so. 512, or what the model
            writes, if None.
        batch_tokens: most source tokens in a batch, padding included, >= 1.
        scores: say how likely each translation is, at the price of reading it once more.
    """

    deterministic: ClassVar[bool] = True

    kind: str
    model: str
    beams: int = 4
    max_source: int | None = None
    max_target: int | None = None
    batch_tokens: int = 2048
    scores: bool = True

    def __post_init__(self) -> None:
        if not self.model:
            raise RecipeError(f"{self.kind} translator: found no model; expected one")
        for key, least in (("beams", 1), ("batch_tokens", 1), ("max_source", _LEAST), ("max_target", 1)):
            found = getattr(self, key)
            if found is not None and found < least:
                raise RecipeError(f"{self.kind} translator: found {key} = {found}; expected {least} or more")

    @abstractmethod
    def engine(self) -> Engine:
        """Open the model, or return it as it was opened before.

        Raises:
            DataError: it cannot be opened.
        """

    def translate(
        self, sentences: Sequence[Sentence], source: str, target: str, progress: Progress | None = None
    ) -> list[Translation]:
        """Translate sentences; see `Translator.translate`.

        Raises:
            DataError: the model cannot be opened.
        """
        return translate_with(
            self.engine(),
            sentences,
            source,
            target,
            batch_tokens=self.batch_tokens,
            scores=self.scores,
            progress=progress,
        )

    def score(
        self, pairs: Sequence[tuple[str, str]], source: str, target: str, progress: Progress | None = None
    ) -> list[NDArray[np.float32]]:
        """Score given translations; see `ScoringTranslator.score`.

        Raises:
            DataError: the model cannot be opened, or a text is longer than it can read.
        """
        return score_with(self.engine(), pairs, source, target, batch_tokens=self.batch_tokens, progress=progress)


def translate_with(
    engine: Engine,
    sentences: Sequence[Sentence],
    source: str,
    target: str,
    *,
    batch_tokens: int,
    scores: bool,
    progress: Progress | None,
) -> list[Translation]:
    """Translate sentences; see `Translator.translate`.

    The same text is translated once. A text that is too long is translated in pieces, see `pieces_of`.

    Args:
        engine: runs the model.
        sentences: what to translate.
        source: their language.
        target: the language to translate into.
        batch_tokens: most source tokens in a batch, padding included.
        scores: say how likely each translation is.
        progress: called with (sentences done, all sentences).
    """
    codec, route = engine.codec, engine.codec.route(source, target)
    room = engine.limits.source - len(route.before) - len(route.after)
    texts = [(running(sentence).text or "").strip() for sentence in sentences]
    pieces = _pieces(codec, dict.fromkeys(filter(None, texts)), room)
    distinct = list(dict.fromkeys(piece for parts in pieces.values() for piece in parts))
    framed = [[*route.before, *ids, *route.after] for ids in codec.encode(distinct)]
    told = _Told(texts, pieces, progress)
    made: dict[str, tuple[Made, NDArray[np.float32] | None]] = {}
    for batch in batches(list(map(len, framed)), batch_tokens):
        given = [framed[place] for place in batch]
        found = engine.generate(given, list(route.prefix))
        each: Sequence[NDArray[np.float32] | None] = [None] * len(batch)
        if scores:
            each = engine.log_probabilities(given, [one.ids for one in found], list(route.prefix))
        own = [distinct[place] for place in batch]
        made.update(zip(own, zip(found, each, strict=True), strict=True))
        told.note(own)
    return [_together(codec, [made[piece] for piece in pieces.get(text, ())]) for text in texts]


def score_with(
    engine: Engine,
    pairs: Sequence[tuple[str, str]],
    source: str,
    target: str,
    *,
    batch_tokens: int,
    progress: Progress | None,
) -> list[NDArray[np.float32]]:
    """Score translations; see `ScoringTranslator.score`.

    Raises:
        DataError: a text is longer than the model can read: its parts can't be told apart, and nothing is cut.
    """
    codec, route = engine.codec, engine.codec.route(source, target)
    sources = [[*route.before, *ids, *route.after] for ids in codec.encode([pair[0] for pair in pairs])]
    targets = codec.encode([pair[1] for pair in pairs], target=True)
    sizes = [max(len(own), len(other) + 1) for own, other in zip(sources, targets, strict=True)]
    most = engine.limits.scored
    for size, pair in zip(sizes, pairs, strict=True):
        if size > most:
            raise DataError(
                f"translation score: found a text of {size} tokens ({max(pair, key=len)[:40]!r}...); expected {most} "
                "or fewer, as many as the model reads. Split it, or leave it out."
            )
    found: list[NDArray[np.float32]] = [np.zeros(0, np.float32)] * len(pairs)
    done = 0
    for batch in batches(sizes, batch_tokens):
        rows = engine.log_probabilities(
            [sources[place] for place in batch], [targets[place] for place in batch], list(route.prefix)
        )
        for place, row in zip(batch, rows, strict=True):
            found[place] = row
        done += len(batch)
        if progress is not None:
            progress(done, len(pairs))
    return found


def batches(sizes: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Yield numbered things in batches of alike size, the largest things first.

    Args:
        sizes: tokens of each.
        budget: most tokens in a batch, counted as its largest times its number; a larger thing has one of its own.
    """
    batch: list[int] = []
    for place in sorted(range(len(sizes)), key=lambda place: -sizes[place]):
        if batch and sizes[batch[0]] * (len(batch) + 1) > budget:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _pieces(codec: Codec, texts: dict[str, None], room: int) -> dict[str, list[str]]:
    """Return the pieces of each text."""
    sizes = map(len, codec.encode(list(texts)))
    return {
        text: [text] if size <= room else pieces_of(text, lambda part: len(codec.encode([part])[0]), room)
        for text, size in zip(texts, sizes, strict=True)
    }


class _Told:
    """Counts the sentences whose pieces are all translated, and tells of it."""

    def __init__(self, texts: Sequence[str], pieces: dict[str, list[str]], progress: Progress | None) -> None:
        self._times = Counter(texts)
        self._all = len(texts)
        self._done = sum(times for text, times in self._times.items() if text not in pieces)
        self._left = {text: len(set(parts)) for text, parts in pieces.items()}
        self._owners: dict[str, list[str]] = {}
        for text, parts in pieces.items():
            for part in set(parts):
                self._owners.setdefault(part, []).append(text)
        self._progress = progress

    def note(self, parts: Iterable[str]) -> None:
        for text in (text for part in parts for text in self._owners[part]):
            self._left[text] -= 1
            self._done += 0 if self._left[text] else self._times[text]
        if self._progress is not None:
            self._progress(self._done, self._all)


def _together(codec: Codec, parts: Sequence[tuple[Made, NDArray[np.float32] | None]]) -> Translation:
    """Make one translation of those of the pieces of a text."""
    written = [text for made, _ in parts if (text := codec.decode(made.ids))]
    rows = [row[: len(made.ids)] if made.cut else row for made, row in parts if row is not None]
    scores = np.concatenate(rows) if rows else np.zeros(0, np.float32)
    return Translation.of(
        joined(written)[0],
        score=float(scores.mean(dtype=np.float64)) if len(scores) else None,
        cut=any(made.cut for made, _ in parts),
        pieces=max(1, len(parts)),
    )
