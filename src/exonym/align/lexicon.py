"""A bilingual lexicon read off word links: how target words are said in the source language."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Self

from exonym.data import fold
from exonym.errors import DataError, Problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from exonym.data import Alignment, Bitext


@dataclass(frozen=True)
class Lexicon:
    """Source words for target words, with weights. All words are folded, on the way in and in look-ups.

    Attributes:
        entries: target word -> its source words and their weights > 0, heaviest first, then by alphabet.
    """

    entries: Mapping[str, tuple[tuple[str, float], ...]]

    @classmethod
    def of(cls, weights: Iterable[tuple[str, str, float]]) -> Self:
        """Build from (target word, source word, weight); the weights of equal entries are summed."""
        counts: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        for target, source, weight in weights:
            counts[fold(target)][fold(source)] += weight
        return cls(
            {
                target: tuple(sorted(counts[target].items(), key=lambda entry: (-entry[1], entry[0])))
                for target in sorted(counts)
            }
        )

    @classmethod
    def learn(cls, bitext: Bitext, alignment: Alignment, *, min_link: float = 0.3, min_weight: float = 0.0) -> Self:
        """Sum the weights of the links between the words of a bitext.

        Args:
            bitext: sentence pairs.
            alignment: their links.
            min_link: links that weigh less, in [0, 1], are not counted: many faint links of a frequent word such as
                an article would add up to more than the few good ones of a rare word.
            min_weight: entries whose summed weight is less are left out.

        Returns:
            The lexicon.

        Raises:
            DataError: there are not as many alignments as pairs.
        """
        if len(bitext) != len(alignment):
            raise DataError(
                f"{len(alignment)} alignments for {len(bitext)} pairs of {bitext.name}; expected one for each"
            )
        counts: defaultdict[tuple[str, str], float] = defaultdict(float)
        for pair, links in zip(bitext, alignment, strict=True):
            for i, j, weight in links:
                if weight >= min_link:
                    counts[pair.target[j], pair.source[i]] += weight
        lexicon = cls.of((target, source, weight) for (target, source), weight in counts.items())
        if min_weight <= 0.0:
            return lexicon
        return cls.of(entry for entry in lexicon if entry[2] >= min_weight)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, word: str) -> bool:
        return fold(word) in self.entries

    def __iter__(self) -> Iterator[tuple[str, str, float]]:
        """Yield (target word, source word, weight), in order."""
        for target, sources in self.entries.items():
            for source, weight in sources:
                yield target, source, weight

    def best(self, word: str) -> str | None:
        """Return the heaviest source word for a target word, or None if it is not in the lexicon."""
        sources = self.entries.get(fold(word))
        return sources[0][0] if sources else None

    def top(self, word: str, k: int | None = None) -> tuple[tuple[str, float], ...]:
        """Return the k likeliest source words of a target word and their shares of all its links.

        Args:
            word: a target word.
            k: how many; None for all.

        Returns:
            (source word, probability), likeliest first; empty if the word is not in the lexicon.
        """
        sources = self.entries.get(fold(word), ())
        total = sum(weight for _, weight in sources)
        return tuple((source, weight / total) for source, weight in sources[:k])

    def swapped(self) -> Lexicon:
        """Return the lexicon of the other direction."""
        return Lexicon.of((source, target, weight) for target, source, weight in self)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all entries."""
        hasher = blake2b(digest_size=16)
        for line in self._lines():
            hasher.update(line.encode(errors="surrogatepass"))
        return hasher.hexdigest()

    def save(self, path: str | Path) -> None:
        """Write `target word TAB source word TAB weight` lines in UTF-8."""
        with Path(path).open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(self._lines())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote, or any such table; a missing third column counts 1.

        Raises:
            DataError: lines that are no entry, all at once.
        """
        entries = []
        with Problems(str(path)) as problems, Path(path).open(encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                entry = _entry(line.rstrip("\r\n").split("\t"))
                if entry is None:
                    wanted = "target word, source word and a weight > 0, with tabs between"
                    problems.add(number, repr(line.rstrip("\r\n")), wanted, "Mend the line.")
                else:
                    entries.append(entry)
        return cls.of(entries)

    def _lines(self) -> Iterable[str]:
        return (f"{target}\t{source}\t{weight!r}\n" for target, source, weight in self)


def _entry(columns: list[str]) -> tuple[str, str, float] | None:
    """Read one line of a lexicon file; None if it is malformed."""
    try:
        weight = float(columns[2]) if len(columns) > 2 else 1.0
    except ValueError:
        return None
    if len(columns) not in (2, 3) or not columns[0] or not columns[1] or not 0.0 < weight < float("inf"):
        return None
    return columns[0], columns[1], weight
