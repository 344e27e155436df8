"""The labelled source corpus in the target language: projected over a translation, or translated word by word.

What UniTrans and CoLaDa call D_trans. Start at `translated_source`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from exonym.align import AnyAligner, Lexicon, StatisticalAligner
from exonym.data import Corpus, Ledger, nfc
from exonym.errors import RecipeError
from exonym.tag import LightOptions, NeuralOptions
from exonym.transfer.parallel import counted
from exonym.transfer.stages import Do, align, keep, learn_lexicon, stage
from exonym.transfer.translate_train import TranslateTrain, count_losses, projected_source

if TYPE_CHECKING:
    from exonym.transfer.task import Task


@dataclass(frozen=True, kw_only=True)
class WordByWord:
    """Options of translating the source corpus word by word: order and number of words stay, and so do the labels.

    Attributes:
        kind: names it in a recipe.
        aligner: how the words of the parallel text are linked, from which the lexicon is counted.
    """

    kind: Literal["words"] = "words"
    aligner: AnyAligner = field(default_factory=StatisticalAligner)


TranslationOptions = TranslateTrain | WordByWord


def check_tagger(translation: TranslationOptions, tagger: LightOptions | NeuralOptions) -> None:
    """Refuse a translation with a tagger of its own.

    Raises:
        RecipeError: it is neither the default nor that of the method.
    """
    if isinstance(translation, TranslateTrain) and translation.tagger not in (LightOptions(), tagger):
        raise RecipeError(
            "translation.tagger: found one; expected none: all taggers are trained as `tagger` of the method says."
        )


def with_tagger(translation: TranslateTrain, tagger: LightOptions | NeuralOptions) -> TranslateTrain:
    """Return the options of translate-train with the tagger of another method, with which it shares its results."""
    return replace(translation, tagger=tagger)


def translated_source(
    task: Task, options: TranslationOptions, tagger: LightOptions | NeuralOptions, do: Do, seed: int
) -> tuple[Corpus, Ledger]:
    """Carry the labelled source corpus into the target language.

    Args:
        task: needs `source`, and a translation of it or, word by word, any parallel text.
        options: how it is translated.
        tagger: how taggers are trained, where the projection asks one.
        do: carries out the stages; those of translate-train and gloss are shared with them.
        seed: tells apart the runs of an aligner that is not deterministic.

    Returns:
        The labelled target corpus, and the count of what was lost on the way.

    Raises:
        RecipeError: the task has no such text.

    Source:
        Word by word: Wu et al. 2020 (IJCAI), "UniTrans". Differences: their lexicon is the nearest neighbour in
        bilingual word vectors (MUSE) and is disambiguated by the context, ours the most frequent partner among word
        links.
    """
    if isinstance(options, TranslateTrain):
        own = with_tagger(options, tagger)
        projected, made = projected_source(task, own, do, seed)
        return do(keep, projected, own.filtering), counted(made, do(count_losses, projected, own.filtering))
    if not len(task.parallel):
        raise RecipeError("word-by-word translation: found no parallel text; expected `translation` or `extra`.")
    links = do(align, task.parallel, options.aligner, 0 if options.aligner.deterministic else seed)
    lexicon = do(learn_lexicon, task.parallel, links)
    return do(translate_words, task.source, lexicon), do(count_translated, task.source, lexicon)


@stage(1)
def translate_words(source: Corpus, lexicon: Lexicon) -> Corpus:
    """Put for each word its likeliest target word, with its capitals; a word that the lexicon lacks stays."""
    theirs = lexicon.swapped()
    return Corpus(
        tuple(
            replace(each, words=tuple(_said(word, theirs) for word in each.words), text=None, offsets=())
            for each in source
        ),
        f"{source.name}, word by word",
    )


@stage(1)
def count_translated(source: Corpus, lexicon: Lexicon) -> Ledger:
    """Count the words of the source corpus, and those that the lexicon lacks."""
    theirs = lexicon.swapped()
    ledger = Ledger({"words of the source": sum(map(len, source))})
    ledger.note("words left as they are: not in the lexicon", sum(w not in theirs for s in source for w in s.words))
    return ledger


def _said(word: str, lexicon: Lexicon) -> str:
    found = lexicon.best(word)
    if found is None:
        return word
    shown = nfc(word)
    if len(shown) > 1 and shown.isupper():
        return found.upper()
    return found[:1].upper() + found[1:] if shown[:1].isupper() else found
