"""What a translator is given and what it returns. Start at `Translator`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from exonym.data import Alignment, Bitext, Corpus, Ledger, Links, Pair, Sentence, split_words
from exonym.translate.flaws import flaw_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Progress = Callable[[int, int], None]  # sentences done, of all


@dataclass(frozen=True, slots=True)
class Translation:
    """One translated sentence.

    Attributes:
        text: the running text as the engine wrote it.
        words: its words.
        offsets: `[start, stop)` of each word in `text`.
        score: mean log-probability of the tokens, the end included, <= 0; None if the engine has none.
        links: source word -> target word, where the engine knows which words come from which; else None.
        cut: the engine reached its limit of length before the end.
        pieces: of a sentence too long for the engine, which were translated apart; 1 if it was translated at once.
    """

    text: str
    words: tuple[str, ...]
    offsets: tuple[tuple[int, int], ...]
    score: float | None = None
    links: Links | None = None
    cut: bool = False
    pieces: int = 1

    @classmethod
    def of(
        cls, text: str, *, score: float | None = None, links: Links | None = None, cut: bool = False, pieces: int = 1
    ) -> Translation:
        """Split running text into words, as `exonym.data.split_words` does."""
        words, offsets = split_words(text)
        return cls(text, words, offsets, score, links, cut, pieces)


@runtime_checkable
class Translator(Protocol):
    """Translates sentences.

    A translator is a frozen dataclass of its options, so that a recipe can hold it and its results can be kept under a
    hash of what made them; what it loads, it loads when it is first used.

    Attributes:
        kind: names it in a recipe.
        deterministic: the same text gives the same translation, alone or in any batch, but for rounding.
        requires: optional packages that must be installed, and the extra of each.
    """

    deterministic: ClassVar[bool]

    @property
    def requires(self) -> Mapping[str, str]: ...  # noqa: D102

    def translate(
        self, sentences: Sequence[Sentence], source: str, target: str, progress: Progress | None = None
    ) -> list[Translation]:
        """Translate sentences.

        Args:
            sentences: what to translate: `Sentence.text` where it is known, else the words as `running` joins them. The
                text may hold more than the words, such as markers around them.
            source: code of the language of the sentences (ISO 639-1 or -3, a FLORES-200 code, or the engine's own).
            target: code of the language to translate into.
            progress: called with (sentences done, all sentences).

        Returns:
            One translation for each sentence, in order. One that could not be translated has no words.

        Raises:
            RecipeError: the engine does not know this pair of languages; the nearest that it knows are named.
            MissingExtra: a package is not installed.
        """
        ...


@runtime_checkable
class ScoringTranslator(Protocol):
    """A translator that says how likely a given translation is."""

    def score(
        self, pairs: Sequence[tuple[str, str]], source: str, target: str, progress: Progress | None = None
    ) -> list[NDArray[np.float32]]:
        """Score given translations.

        Args:
            pairs: running text and its translation.
            source: code of the language of the text.
            target: code of the language of the translation.
            progress: called with (pairs done, all pairs).

        Returns:
            For each pair the natural logarithm of the probability of each token of the translation given the text and
            the tokens before it: the tokens of the text and the end of the sentence, without the language's own token.
        """
        ...


@runtime_checkable
class SettlingTranslator(Protocol):
    """A translator that chooses what does the work when it knows the languages."""

    def settled(self, source: str, target: str) -> Translator:
        """Return what translates from one language into another; its fingerprint stands for that alone.

        Raises:
            RecipeError: the engine does not know this pair of languages.
        """
        ...


@dataclass(frozen=True)
class Translations:
    """The translations of the sentences of a corpus, in its order.

    Attributes:
        sentences: what was translated, without labels.
        translations: one for each.
        language: the code of the language that they are in.
        name: what to call them in messages.
    """

    sentences: tuple[Sentence, ...]
    translations: tuple[Translation, ...]
    language: str
    name: str = "translation"
    _flaws: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pairs = zip(self.sentences, self.translations, strict=True)
        flaws = tuple(flaw_of(own.words, made.words, cut=made.cut) for own, made in pairs)
        object.__setattr__(self, "_flaws", flaws)

    def __len__(self) -> int:
        return len(self.sentences)

    def __iter__(self) -> Iterator[tuple[Sentence, Translation]]:
        return zip(self.sentences, self.translations, strict=True)

    @property
    def flaws(self) -> tuple[str, ...]:
        """Of each translation what looks wrong with it (see `flaw_of`), or an empty string."""
        return self._flaws

    @property
    def ledger(self) -> Ledger:
        """How many sentences were translated, and the flaws by kind."""
        ledger = Ledger({"sentences translated": len(self)})
        ledger.note("sentences translated in pieces", sum(made.pieces > 1 for made in self.translations))
        for flaw, count in sorted(Counter(filter(None, self.flaws)).items()):
            ledger.note(f"translations left out: {flaw}", count)
        return ledger

    @cached_property
    def _sound(self) -> list[int]:
        return [place for place, flaw in enumerate(self.flaws) if not flaw]

    @property
    def bitext(self) -> Bitext:
        """The pairs without a flaw, named after their sentences."""
        pairs = (
            Pair(self.sentences[place].words, self.translations[place].words, self.sentences[place].id)
            for place in self._sound
        )
        return Bitext(tuple(pairs), self.name)

    @property
    def alignment(self) -> Alignment | None:
        """The engine's own word links of the pairs of `bitext`; None if it has none."""
        links = [self.translations[place].links for place in self._sound]
        known = [each for each in links if each is not None]
        return Alignment(tuple(known), self.name) if links and len(known) == len(links) else None

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the sentences and of all that is known of their translations."""
        hasher = blake2b(Corpus(self.sentences).fingerprint.encode(), digest_size=16)
        for made in self.translations:
            hasher.update(
                f"{made.text}\x1e{made.words}{made.offsets}{made.score!r}{made.cut}{made.pieces}\x1d".encode()
            )
            if made.links is not None:
                for array in (made.links.source, made.links.target, made.links.weight):
                    hasher.update(array.tobytes() + b"\x1e")
        return hasher.hexdigest()


def translated(
    translator: Translator, corpus: Corpus, source: str, target: str, progress: Progress | None = None
) -> Translations:
    """Translate a corpus; the labels are not looked at."""
    bare = corpus.unlabelled()
    made = translator.translate(bare.sentences, source, target, progress)
    return Translations(bare.sentences, tuple(made), target, name_of_translation(corpus, translator, target))


def name_of_translation(corpus: Corpus, translator: Translator, target: str) -> str:
    """Return what to call the translation of a corpus in messages."""
    kind: Any = getattr(translator, "kind", "translator")
    return f"{corpus.name} into {target} by {kind}"
