"""A tagger that knows how often names occur and nothing else: what chance alone scores. Start at `train_chance`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from exonym.data import tag_set
from exonym.errors import DataError
from exonym.tag.folder import read_about, whole_tagger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from exonym.data import Corpus, Sentence


@dataclass(frozen=True)
class Frequency:
    """How the names of one type occur in a corpus.

    Attributes:
        label: the type.
        rate: probability that a word outside names begins one, in [0, 1].
        longer: probability that a name goes on after each of its words, in [0, 1).
    """

    label: str
    rate: float
    longer: float


@dataclass(frozen=True)
class ChanceTagger:
    """Draws names as often and as long as they are in a corpus, whatever the words; a `Tagger`.

    The same sentence always gets the same names.

    Attributes:
        frequencies: of each type.
        seed: of the draws.
    """

    frequencies: tuple[Frequency, ...]
    seed: int

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The K tags, IOB2."""
        return tag_set(tuple(each.label for each in self.frequencies))

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the frequencies and the seed."""
        return blake2b(repr((self.frequencies, self.seed)).encode(), digest_size=16).hexdigest()

    def predict(self, corpus: Iterable[Sentence]) -> Iterator[NDArray[np.float32]]:
        """Yield for each sentence the label probabilities, shape (T, K), each 0 or 1."""
        place = {tag: number for number, tag in enumerate(self.tags)}
        begins = [*(each.rate for each in self.frequencies), 0.0]
        begins[-1] = max(1 - sum(begins), 0.0)
        limits = np.cumsum(begins)
        for sentence in corpus:
            key = blake2b("\x1f".join(sentence.words).encode(errors="surrogatepass"), digest_size=8).digest()
            random = np.random.default_rng([self.seed, int.from_bytes(key, "big")])
            found = np.zeros((len(sentence), len(self.tags)), dtype=np.float32)
            inside: Frequency | None = None
            for word, (first, second) in enumerate(random.random((len(sentence), 2))):
                if inside is not None and first < inside.longer:
                    tag = f"I-{inside.label}"
                else:
                    drawn = int(np.searchsorted(limits, second, side="right"))
                    inside = self.frequencies[drawn] if drawn < len(self.frequencies) else None
                    tag = "O" if inside is None else f"B-{inside.label}"
                found[word, place[tag]] = 1
            yield found

    def save(self, folder: str | Path) -> None:
        """Write the tagger as a folder."""
        rows = [asdict(each) for each in self.frequencies]
        about = {"kind": "chance", "tags": list(self.tags), "frequencies": rows, "seed": self.seed}
        with whole_tagger(Path(folder), about):
            pass

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            DataError: it is damaged.
        """
        about: dict[str, Any] = read_about(folder, "chance", {"frequencies", "seed"})
        try:
            return cls(tuple(Frequency(**row) for row in about["frequencies"]), int(about["seed"]))
        except (TypeError, ValueError) as error:
            found = f"{folder}: found no frequencies of types ({error})"
            raise DataError(f"{found}; expected them. Copy the whole folder again.") from error


def train_chance(corpus: Corpus, seed: int) -> ChanceTagger:
    """Count how often the names of each type begin and how long they are.

    Args:
        corpus: labelled sentences.
        seed: of the draws.

    Returns:
        A tagger whose names begin at a word outside names as often as those of the corpus, and whose lengths are
        geometric with the mean of theirs.

    Raises:
        DataError: the corpus has no name.
    """
    spans = [span for sentence in corpus for span in sentence.spans]
    if not spans:
        raise DataError(f"{corpus.name}: found no names; expected labelled sentences to count them in.")
    words = sum(map(len, corpus))
    inside = sum(span.stop - span.start - 1 for span in spans)
    frequencies = []
    for label in corpus.labels:
        own = [span.stop - span.start for span in spans if span.label == label]
        frequencies.append(Frequency(label, len(own) / (words - inside), 1 - len(own) / sum(own)))
    return ChanceTagger(tuple(frequencies), seed)
