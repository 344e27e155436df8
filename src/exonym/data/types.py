"""The data that flows through every route: spans on sentences, sentence pairs, word links.

Plain frozen objects that know no file and no model. A span is a half-open range of *words*; words are what the
corpus says they are and are kept as they were read. Start at `Sentence`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from exonym.data.ledger import Ledger
from exonym.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray


class Link(NamedTuple):
    """One word link of a sentence pair, 0-based on both sides; `weight` is in (0, 1]."""

    source: int
    target: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a projected span comes from.

    Attributes:
        sentence: id of the source sentence.
        start: first word of the source span.
        stop: one past the last word of the source span.
        method: the matcher that carried it, such as `exact`.
        links: the word links between the two spans that spoke for it.
        label: the label of the source span, if a convention of the target language changed it; else empty.
    """

    sentence: str
    start: int
    stop: int
    method: str
    links: tuple[Link, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled half-open range of words `[start, stop)`.

    Attributes:
        start: index of the first word, >= 0.
        stop: one past the last word, > start.
        label: entity type without tag prefix, such as `PER`.
        score: confidence in [0, 1]; 1 for a human label.
        origin: where a projected span comes from; None otherwise.
    """

    start: int
    stop: int
    label: str
    score: float = 1.0
    origin: Origin | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.stop:
            raise DataError(f"span [{self.start}, {self.stop}) is empty or negative; expected 0 <= start < stop")
        if not self.label:
            raise DataError(f"span [{self.start}, {self.stop}) has no label; expected a type such as PER")

    @property
    def key(self) -> tuple[int, int, str]:
        """What strict scoring compares: start, stop, label."""
        return self.start, self.stop, self.label

    def __len__(self) -> int:
        return self.stop - self.start

    def __reduce__(self) -> tuple[object, ...]:  # half the time and size of what slotted dataclasses do
        return Span, (self.start, self.stop, self.label, self.score, self.origin)

    def overlaps(self, other: Span) -> bool:
        """Say whether the two spans share a word."""
        return self.start < other.stop and other.start < self.stop


@dataclass(frozen=True, slots=True)
class Lost:
    """A source span that was not projected, and why.

    Attributes:
        start: first word of the source span.
        stop: one past its last word.
        label: its type.
        reason: one of the reasons that `exonym.project` documents, such as `no link`.
    """

    start: int
    stop: int
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words with the labelled spans on them.

    Attributes:
        words: the words as they were read (T of them).
        spans: labelled spans, in order of start, disjoint.
        id: name of the sentence in its corpus; unique there.
        text: the running text, if it is known.
        offsets: `[char_start, char_stop)` of each word in `text`; empty if `text` is None.
        probabilities: float32 array (T, K) of label probabilities over the tags of the corpus, if a tagger gave them.
        lost: source spans that a projection onto this sentence could not place.
    """

    words: tuple[str, ...]
    spans: tuple[Span, ...] = ()
    id: str = ""
    text: str | None = None
    offsets: tuple[tuple[int, int], ...] = ()
    probabilities: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    lost: tuple[Lost, ...] = ()

    def __post_init__(self) -> None:
        end = 0
        for span in self.spans:
            if span.stop > len(self.words):
                raise DataError(
                    f"sentence {self.id!r}: span [{span.start}, {span.stop}) ends after its {len(self.words)} words"
                )
            if span.start < end:
                raise DataError(f"sentence {self.id!r}: span [{span.start}, {span.stop}) overlaps the span before it")
            end = span.stop
        if self.text is not None:
            self._check_offsets(self.text)

    def _check_offsets(self, text: str) -> None:
        if len(self.offsets) != len(self.words):
            raise DataError(f"sentence {self.id!r}: {len(self.offsets)} offsets for {len(self.words)} words")
        for word, (start, stop) in zip(self.words, self.offsets, strict=True):
            if text[start:stop] != word:
                raise DataError(
                    f"sentence {self.id!r}: characters {start}:{stop} are {text[start:stop]!r}, not {word!r}"
                )

    def __len__(self) -> int:
        return len(self.words)

    def __reduce__(self) -> tuple[object, ...]:
        return Sentence, (self.words, self.spans, self.id, self.text, self.offsets, self.probabilities, self.lost)

    def surface(self, span: Span) -> str:
        """Return the words of a span, as in the text where it is known, else joined by spaces."""
        if self.text is not None:
            return self.text[self.offsets[span.start][0] : self.offsets[span.stop - 1][1]]
        return " ".join(self.words[span.start : span.stop])

    def with_spans(self, spans: Iterable[Span]) -> Sentence:
        """Return the sentence with these spans, sorted by start, in place of its own."""
        return replace(self, spans=tuple(sorted(spans, key=lambda span: span.start)))


@dataclass(frozen=True)
class Corpus:
    """Sentences of one language.

    Attributes:
        sentences: the sentences in order.
        name: what to call it in messages, usually its file.
        tags: the K tags that the columns of `Sentence.probabilities` stand for; empty if there are none.
    """

    sentences: tuple[Sentence, ...]
    name: str = "corpus"
    tags: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Sentence]:
        return iter(self.sentences)

    def __len__(self) -> int:
        return len(self.sentences)

    def __getitem__(self, index: int) -> Sentence:
        return self.sentences[index]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The entity types that occur, sorted."""
        return tuple(sorted({span.label for sentence in self for span in sentence.spans}))

    @cached_property
    def fingerprint(self) -> str:
        """Hash of ids, words, text, spans, losses and probabilities: corpora of one hash train and score alike."""
        hasher = _hasher()
        hasher.update("\x1d".join(self.tags).encode())
        for sentence in self:
            words = "\x1f".join(sentence.words)
            spans = "\x1f".join(f"{s.start} {s.stop} {s.label} {s.score!r}" for s in sentence.spans)
            lost = "\x1f".join(f"{s.start} {s.stop} {s.label} {s.reason}" for s in sentence.lost)
            hasher.update(f"{sentence.id}\x1e{words}\x1e{spans}\x1e{lost}\x1d".encode(errors="surrogatepass"))
            if sentence.text is not None:
                hasher.update(f"{sentence.text}\x1e{sentence.offsets}\x1d".encode(errors="surrogatepass"))
            if sentence.probabilities is not None:
                hasher.update(np.ascontiguousarray(sentence.probabilities).tobytes())
        return hasher.hexdigest()

    def unlabelled(self) -> Corpus:
        """Return the same sentences without spans, so that no method can look at the answers."""
        return Corpus(tuple(Sentence(s.words, (), s.id, s.text, s.offsets) for s in self), self.name)


class Pair(NamedTuple):
    """Two sentences that translate each other, as words."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    id: str = ""


@dataclass(frozen=True)
class Bitext:
    """Sentence pairs of two languages, in order."""

    pairs: tuple[Pair, ...]
    name: str = "bitext"

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Pair:
        return self.pairs[index]

    def __add__(self, other: Bitext) -> Bitext:
        return Bitext(self.pairs + other.pairs, f"{self.name}+{other.name}")

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the ids and the words of both sides."""
        hasher = _hasher()
        for pair in self:
            line = f"{pair.id}\x1e" + "\x1f".join(pair.source) + "\x1e" + "\x1f".join(pair.target) + "\x1d"
            hasher.update(line.encode(errors="surrogatepass"))
        return hasher.hexdigest()

    def swapped(self) -> Bitext:
        """Return the bitext with the sides exchanged."""
        return Bitext(tuple(Pair(pair.target, pair.source, pair.id) for pair in self), self.name)


@dataclass(frozen=True, eq=False)
class Links:
    """The word links of one sentence pair, sparse and weighted, sorted by source word, then target word.

    Attributes:
        source: source word of each link, int32 (L,).
        target: target word of each link, int32 (L,).
        weight: belief in each link, float32 (L,), in (0, 1].
    """

    source: NDArray[np.int32]
    target: NDArray[np.int32]
    weight: NDArray[np.float32]

    @classmethod
    def of(cls, links: Iterable[tuple[int, int] | tuple[int, int, float]]) -> Self:
        """Build from `(source, target)` or `(source, target, weight)` tuples; doubles keep the larger weight."""
        best: dict[tuple[int, int], float] = {}
        for i, j, *weight in links:
            best[i, j] = max(best.get((i, j), 0.0), weight[0] if weight else 1.0)
        rows = sorted(best)
        return cls(
            np.array([i for i, _ in rows], dtype=np.int32),
            np.array([j for _, j in rows], dtype=np.int32),
            np.array([best[row] for row in rows], dtype=np.float32),
        )

    @classmethod
    def of_bytes(cls, source: bytes, target: bytes, weight: bytes) -> Self:
        """Build from the bytes of the three arrays, which then may not be written to."""
        return cls(np.frombuffer(source, np.int32), np.frombuffer(target, np.int32), np.frombuffer(weight, np.float32))

    def __reduce__(self) -> tuple[object, ...]:  # a third of the time of three arrays
        return Links.of_bytes, (self.source.tobytes(), self.target.tobytes(), self.weight.tobytes())

    def __len__(self) -> int:
        return len(self.source)

    def __iter__(self) -> Iterator[Link]:
        for i, j, weight in zip(self.source.tolist(), self.target.tolist(), self.weight.tolist(), strict=True):
            yield Link(i, j, weight)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Links):
            return NotImplemented
        return (
            np.array_equal(self.source, other.source)
            and np.array_equal(self.target, other.target)
            and np.array_equal(self.weight, other.weight)
        )

    __hash__ = None  # type: ignore[assignment]

    def swapped(self) -> Links:
        """Return the links with source and target exchanged."""
        order = np.lexsort((self.source, self.target))
        return Links(self.target[order], self.source[order], self.weight[order])

    def check(self, pair: Pair) -> None:
        """Raise `DataError` if a link points outside either sentence of the pair."""
        source, target = self.source.tolist(), self.target.tolist()
        if source and not (
            min(source) >= 0 <= min(target) and max(source) < len(pair.source) and max(target) < len(pair.target)
        ):
            outside = (self.source >= len(pair.source)) | (self.target >= len(pair.target))
            outside |= (self.source < 0) | (self.target < 0)
            first = int(outside.argmax())
            raise DataError(
                f"pair {pair.id}: found the link {self.source[first]}-{self.target[first]}; expected links inside its "
                f"{len(pair.source)} source and {len(pair.target)} target words. Align this bitext again."
            )


@dataclass(frozen=True)
class Alignment:
    """The links of every pair of a bitext, in its order.

    Attributes:
        links: of each pair.
        name: who made them.
        ledger: what the aligner had to change in the text that it learnt on; no part of the alignment itself.
    """

    links: tuple[Links, ...]
    name: str = "alignment"
    ledger: Ledger = field(default_factory=Ledger, compare=False, repr=False)

    def __iter__(self) -> Iterator[Links]:
        return iter(self.links)

    def __len__(self) -> int:
        return len(self.links)

    def __getitem__(self, index: int) -> Links:
        return self.links[index]

    def swapped(self) -> Alignment:
        """Return the alignment of the swapped bitext."""
        return Alignment(tuple(links.swapped() for links in self), self.name, self.ledger)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all links and weights."""
        hasher = _hasher()
        for links in self:
            hasher.update(np.int64(len(links)).tobytes())
            for array in (links.source, links.target, links.weight):
                hasher.update(np.ascontiguousarray(array).tobytes())
        return hasher.hexdigest()


def _hasher() -> blake2b:
    return blake2b(digest_size=16)
