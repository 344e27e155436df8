"""Pairs of a target word and its translation: read from a file, learnt from links, split and shuffled.

Start at `learnt_pairs`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from exonym.align import Lexicon
from exonym.data import fold
from exonym.errors import DataError, Problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exonym.data import Alignment, Bitext


class WordPair(NamedTuple):
    """A target word, or several with spaces between, and what it is in the source language."""

    target: str
    source: str

    @property
    def folded(self) -> tuple[str, str]:
        """Both sides without regard to case."""
        return fold(self.target), fold(self.source)


def read_pairs(path: str | Path) -> tuple[WordPair, ...]:
    """Read lines of a target word, a tab and a source word, as `Lexicon.save` writes them, but keep the letter case.

    A third column, a weight, is not looked at. Each pair is kept once.

    Raises:
        DataError: there is no such file, or a line is no pair; all such lines are named at once.
    """
    found: dict[WordPair, None] = {}
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: found no readable file of word pairs ({error}); expected one in UTF-8.") from error
    with Problems(str(path)) as problems:
        for number, line in enumerate(text.split("\n"), start=1):
            columns = [column.strip() for column in line.split("\t")]
            if len(columns) in (2, 3) and columns[0] and columns[1]:
                found[WordPair(columns[0], columns[1])] = None
            elif line.strip():
                problems.add(
                    number, repr(line), "a target word and a source word, with a tab between", "Mend the line."
                )
    return tuple(found)


def learnt_pairs(bitext: Bitext, alignment: Alignment, count: int, min_weight: float) -> tuple[WordPair, ...]:
    """Read pairs off word links: words that are each other's most frequent partner.

    A word stands once in the pairs, in the letter case that it has most often; what has no letter is left out.

    Args:
        bitext: sentence pairs.
        alignment: their links.
        count: at most so many pairs, the heaviest.
        min_weight: least summed weight of the links of a pair.
    """
    lexicon = Lexicon.learn(bitext, alignment, min_weight=min_weight)
    back = lexicon.swapped()
    targets = _shown(word for pair in bitext for word in pair.target)
    sources = _shown(word for pair in bitext for word in pair.source)
    found = []
    for target, entries in lexicon.entries.items():
        source, weight = entries[0]
        both = any(map(str.isalpha, target)) and any(map(str.isalpha, source))
        if both and back.best(source) == target:
            found.append((-weight, targets[target], sources[source]))
    return tuple(WordPair(target, source) for _, target, source in sorted(found)[:count])


def _shown(words: Iterable[str]) -> dict[str, str]:
    """Find the most frequent form of each folded word; of equally frequent ones the first by alphabet."""
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word, count in Counter(words).items():
        forms[fold(word)][word] += count
    return {word: min(seen, key=lambda form: (-seen[form], form)) for word, seen in forms.items()}


def split_pairs(
    pairs: Sequence[WordPair], share: float, seed: int
) -> tuple[tuple[WordPair, ...], tuple[WordPair, ...]]:
    """Set pairs aside that share no word with the others.

    Args:
        pairs: all pairs.
        share: at most this share of them is set aside, in [0, 1).
        seed: which, >= 0.

    Returns:
        The pairs to learn from, and those set aside, both in their order.
    """
    group = _groups(pairs)
    sizes = Counter(group)
    wanted = int(share * len(pairs))
    aside: set[int] = set()
    for name in np.random.default_rng((seed, 3)).permutation(sorted(sizes)).tolist():
        if sizes[name] <= wanted:
            aside.add(name)
            wanted -= sizes[name]
    learnt = tuple(pair for pair, name in zip(pairs, group, strict=True) if name not in aside)
    return learnt, tuple(pair for pair, name in zip(pairs, group, strict=True) if name in aside)


def _groups(pairs: Sequence[WordPair]) -> list[int]:
    """Number pairs so that those which share a word, also by way of others, have the same number."""
    parents = list(range(len(pairs)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    first: dict[tuple[int, str], int] = {}
    for place, pair in enumerate(pairs):
        for key in enumerate(pair.folded):
            parents[root(place)] = root(first.setdefault(key, place))
    return [root(place) for place in range(len(pairs))]


def shuffled_pairs(pairs: Sequence[WordPair], seed: int) -> tuple[WordPair, ...]:
    """Give each target word the source word of another pair, by chance; what is a true pair even so is left out."""
    known = {pair.folded for pair in pairs}
    order = np.random.default_rng((seed, 4)).permutation(len(pairs)).tolist()
    turned = zip(order, order[1:] + order[:1], strict=True)
    wrong = (WordPair(pairs[place].target, pairs[other].source) for place, other in turned)
    return tuple(pair for pair in wrong if pair.folded not in known)
