"""How well phrases translate each other, by the probabilities of a translation model: NMTScore.

Start at `DirectTranslationScore`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from exonym.translate.translator import ScoringTranslator

_CACHE = 1 << 20  # probabilities that are kept


@dataclass(frozen=True)
class DirectTranslationScore:
    """Scores phrases by the probability with which a model translates one into the other, both ways.

    With P(A|B) the geometric mean of the probabilities of the tokens of A and of its end, given B,
    `sim(A, B) = P(A|B) / P(A|A)`, and the score is `(sim(A, B) + sim(B, A)) / 2`, clipped to [0, 1]. The model must
    know both languages and translate each into itself, as NLLB and M2M100 do.

    Attributes:
        translator: gives the probabilities.
        source: the language of the source phrases.
        target: the language of the target phrases.

    Source:
        Vamvas and Sennrich 2022, "NMTScore: A Multilingual Analysis of Translation-based Text Similarity Measures",
        section 3, direct translation probability, normalised. They do not clip; a few phrases are a likelier
        translation of another phrase than of themselves.
    """

    translator: ScoringTranslator
    source: str
    target: str
    _known: dict[tuple[str, str, str, str], float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def fingerprint(self) -> str:
        """Hash of the translator and the languages."""
        translator = getattr(self.translator, "fingerprint", None) or repr(self.translator)
        return blake2b(f"{translator}\x1e{self.source}\x1e{self.target}".encode(), digest_size=16).hexdigest()

    def similarity(self, phrases: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """Return for each (source phrase, target phrase) a similarity in [0, 1], shape (len(phrases),).

        What was asked before is remembered.

        Raises:
            RecipeError: the model does not know one of the languages.
            DataError: a phrase is longer than the model reads.
        """
        own, other = self.source, self.target
        if len(self._known) > _CACHE:
            self._known.clear()
        there = self._log([(one, two) for one, two in phrases], own, other)
        back = self._log([(two, one) for one, two in phrases], other, own)
        same = self._log([(one, one) for one, _ in phrases], own, own)
        same_other = self._log([(two, two) for _, two in phrases], other, other)
        mean: NDArray[np.float64] = (np.exp(there - same_other) + np.exp(back - same)) / 2
        return np.clip(mean, 0, 1)

    def _log(self, pairs: Sequence[tuple[str, str]], source: str, target: str) -> NDArray[np.float64]:
        """Return log P of the second phrases given the first ones, length-normalised."""
        known = self._known
        new = [pair for pair in dict.fromkeys(pairs) if (source, target, *pair) not in known]
        if new:
            rows = self.translator.score(new, source, target)
            known.update(
                ((source, target, *pair), float(row.mean(dtype=np.float64)))
                for pair, row in zip(new, rows, strict=True)
            )
        return np.array([known[source, target, *pair] for pair in pairs], dtype=np.float64)
