"""What a transfer method is given and what it returns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from exonym.align import segmented_like
from exonym.data import Alignment, Bitext, Corpus, Ledger, nfc
from exonym.errors import RecipeError

if TYPE_CHECKING:
    from exonym.tag import Tagger


@dataclass(frozen=True, kw_only=True)
class Task:
    """One target language and all that there is for it.

    Attributes:
        source: labelled sentences of the source language; none if only saved teachers are asked.
        test: target sentences to tag, without labels.
        train: labelled target sentences, for the ceiling; None if there are none.
        translation: pairs whose source sides are sentences of `source`, in its order; None if there are none.
        extra: more source-target text, without labels.
        test_translation: pairs whose target sides are sentences of `test`, in its order; None if there are none.
        text: unlabelled target sentences to learn from; labels in it are not looked at; None if there are none.
        sources: labelled sentences of further source languages.
        types: of the entities to find, where there is no source; else they are those of `source`.
        source_language: code of the source language, which translators need.
        target_language: code of the target language.
        whole: the parallel text of the task that this one is a part of (see `sampled`); None if it is no part.
    """

    source: Corpus = field(default_factory=lambda: Corpus(()))
    test: Corpus
    train: Corpus | None = None
    translation: Bitext | None = None
    extra: tuple[Bitext, ...] = field(default=())
    test_translation: Bitext | None = None
    text: Corpus | None = None
    sources: tuple[Corpus, ...] = ()
    types: tuple[str, ...] = ()
    source_language: str = ""
    target_language: str = ""
    whole: Bitext | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The types of the entities to find.

        Raises:
            RecipeError: there is neither a source nor `types`.
        """
        found = tuple(self.source.labels) or self.types
        if not found:
            raise RecipeError("task: found no labelled source text and no types; expected one of the two.")
        return found

    def all_sources(self, method: str) -> tuple[Corpus, ...]:
        """Return the labelled text of all source languages.

        Raises:
            RecipeError: there is one, or one has no label of the first; `method` is named as what needs them.
        """
        if not self.sources:
            raise RecipeError(f"{method}: found one source; expected more, labelled text of further languages.")
        for source in self.sources:
            if not set(source.labels) & set(self.source.labels):
                found = f"{source.name}: found the labels {', '.join(source.labels) or 'none'}"
                raise RecipeError(
                    f"{found}; expected some of {', '.join(self.source.labels)}. Rename them, or leave it out."
                )
        return (self.source, *self.sources)

    @cached_property
    def _extra(self) -> tuple[tuple[Bitext, ...], Ledger]:
        """The extra texts, cut into words like the translation, or else the test translation, and what was cut."""
        like = self.translation or self.test_translation
        return segmented_like(like, self.extra) if like else (self.extra, Ledger())

    @cached_property
    def unseen(self) -> Corpus:
        """The unlabelled text without the sentences that `test` has too."""
        test = {_form(sentence.words) for sentence in self.test}
        text = self.text.unlabelled() if self.text is not None else Corpus(())
        return replace(text, sentences=tuple(s for s in text if len(s) and _form(s.words) not in test))

    def unseen_text(self, method: str) -> tuple[Corpus, int]:
        """Return the unlabelled text without the sentences that `test` has too, and how many sentences those are.

        Raises:
            RecipeError: there is no unlabelled text, or `test` has all of it; `method` is named as what needs it.
        """
        if self.text is None:
            raise RecipeError(f"{method}: found no unlabelled text; expected `text` for the target language.")
        if not len(self.unseen):
            raise RecipeError(f"{method}: found only sentences of the test text in `text`; expected others.")
        return self.unseen, len(self.text) - len(self.unseen)

    @property
    def changes(self) -> Ledger:
        """What was changed in the extra texts for `parallel`."""
        return self._extra[1]

    @property
    def parallel(self) -> Bitext:
        """The source-target text that aligners learn on: that of the whole task, if this one is a part of it."""
        return self.own_parallel if self.whole is None else self.whole

    def links_for(self, bitext: Bitext, links: Alignment) -> Alignment:
        """Find the links of pairs, of the translation or of `own_parallel`, among those of `parallel`."""
        if self.whole is None:
            return links
        known = dict(zip(self.whole, links, strict=True))
        return Alignment(tuple(known[pair] for pair in bitext), links.name, links.ledger)

    @cached_property
    def own_parallel(self) -> Bitext:
        """All source-target text as one bitext, the translation first.

        The test translation is not in it, so that no method but translate-test learns from it. Extra text without
        spaces between words is cut like the translation (see `segmented_like`), or if there is none like the test
        translation.
        Pairs of the extra texts are named `EXTRA:PAIR`, EXTRA counted from 1, so that no two names are equal; those of
        a part are named so already.
        """
        pairs = list(self.translation or ())
        for number, extra in enumerate(self._extra[0], start=1):
            pairs += extra if self.whole is not None else [pair._replace(id=f"{number}:{pair.id}") for pair in extra]
        parts = (*([self.translation] if self.translation is not None else []), *self.extra)
        return Bitext(tuple(pairs), "+".join(part.name for part in parts))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a method made.

    Attributes:
        predictions: `Task.test` with the spans that the method found.
        tagger: tags more text of the target language; None if the method cannot (translate-test would need a
            translation of that text).
        corpus: the labelled target corpus that it made on the way, if it made one.
        ledger: what was lost on the way.
        notes: what else must be known of how it was made, a line each.
    """

    predictions: Corpus
    tagger: Tagger | None = None
    corpus: Corpus | None = None
    ledger: Ledger = field(default_factory=Ledger)
    notes: tuple[str, ...] = ()


def _form(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(nfc, words))
