"""The steps that methods are made of, each a function of data and options alone.

A method names its steps through `do`, so that a run can keep their results and share them between methods: a result is
addressed by the name and version of its step and the content of its arguments. Called without a run, `do` is `just_do`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, ParamSpec, Protocol, TypeVar

from exonym.align import Aligner, Lexicon
from exonym.data import Alignment, Bitext, Corpus, Sentence
from exonym.errors import RecipeError
from exonym.project import Filtering, Matching, filtered
from exonym.project import project as project_corpus
from exonym.tag import LightOptions, NeuralOptions, Tagger, label
from exonym.tag import train as train_any
from exonym.translate import SettlingTranslator, Translations, Translator, name_of_translation, translated

if TYPE_CHECKING:
    from collections.abc import Callable

    from exonym.project import MarkerScorer, TranslationScorer

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Stage(Generic[P, T]):
    """A named step. Raise `version` when the same arguments would give another result than before."""

    name: str
    version: int
    run: Callable[P, T]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the step."""
        return self.run(*args, **kwargs)


class Do(Protocol):
    """Carries out a stage, or finds its result."""

    def __call__(self, stage: Stage[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of the stage for these arguments."""
        ...


def just_do(stage: Stage[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run the stage, and keep nothing."""
    return stage(*args, **kwargs)


def stage(version: int) -> Callable[[Callable[P, T]], Stage[P, T]]:
    """Make a stage of a function, named after it."""
    return lambda function: Stage(function.__name__, version, function)


def check_evidence(matching: Matching, scorer: object | None = None) -> None:
    """Refuse a matching that needs evidence which no stage makes, and evidence that it does not look at.

    Raises:
        RecipeError: translation counts in its scores, and there is nothing that scores it; or the other way round.
    """
    if scorer is not None and not matching.needs_translation:
        raise RecipeError(
            "scorer: found one, and no weight for what it says; expected matching.fusion.translation above 0. Give it, "
            "or leave the scorer out."
        )
    if matching.needs_translation and scorer is None:
        raise RecipeError(
            "fusion.translation: found a weight and no scorer; expected a translator that scores. Give one, or leave "
            "it out."
        )


SHARD = 500  # sentences that are translated in one stage: at most so many are lost if a run is stopped


def translate(corpus: Corpus, translator: Translator, source: str, target: str, do: Do) -> Translations:
    """Translate a corpus, a shard at a time; shards that were translated before are found again.

    Args:
        corpus: the sentences; their labels are not looked at.
        translator: who translates.
        source: the code of their language.
        target: the code of the language to translate into.
        do: carries out the stages.
    """
    if isinstance(translator, SettlingTranslator):
        translator = translator.settled(source, target)
    bare = corpus.unlabelled()
    shards = [Corpus(bare.sentences[at : at + SHARD], bare.name) for at in range(0, len(bare), SHARD)]
    parts = [do(translate_shard, shard, translator, source, target) for shard in shards]
    made = tuple(each for part in parts for each in part.translations)
    return Translations(bare.sentences, made, target, name_of_translation(corpus, translator, target))


@stage(1)
def translate_shard(shard: Corpus, translator: Translator, source: str, target: str) -> Translations:
    """Translate some sentences."""
    return translated(translator, shard, source, target)


@stage(2)
def align(bitext: Bitext, aligner: Aligner, run: int) -> Alignment:
    """Align a bitext; `run` tells apart the runs of an aligner that is not deterministic."""
    return aligner.align(bitext)


@stage(1)
def learn_lexicon(bitext: Bitext, alignment: Alignment) -> Lexicon:
    """Learn which source words the target words stand for."""
    return Lexicon.learn(bitext, alignment)


@stage(3)
def project(
    source: Corpus,
    bitext: Bitext,
    alignment: Alignment,
    matching: Matching,
    tagged: Corpus | None = None,
    translation: TranslationScorer | MarkerScorer | None = None,
) -> Corpus:
    """Project labels over a bitext; the alignment may go on past it."""
    own = Alignment(alignment.links[: len(bitext)], alignment.name)
    return project_corpus(source, bitext, own, matching, tagged, translation)


@stage(1)
def keep(projected: Corpus, filtering: Filtering) -> Corpus:
    """Keep the spans and sentences that are good enough."""
    return filtered(projected, filtering)[0]


def seed_for(options: LightOptions | NeuralOptions, seed: int) -> int:
    """Return the seed of a training, or 0 where it has no chance in it, so that its result is shared between seeds."""
    return 0 if isinstance(options, LightOptions) else seed


@stage(2)
def train(corpus: Corpus, options: LightOptions | NeuralOptions, seed: int) -> Tagger:
    """Train a tagger; for `seed` see `seed_for`."""
    return train_any(corpus, options, seed=seed)


@stage(1)
def tag(tagger: Tagger, corpus: Corpus) -> Corpus:
    """Put a tagger's spans on a corpus."""
    return label(tagger, corpus)


@stage(1)
def tag_source_side(tagger: Tagger, bitext: Bitext) -> Corpus:
    """Put a source tagger's spans on the source side of a bitext."""
    sentences = tuple(Sentence(pair.source, (), pair.id) for pair in bitext)
    return label(tagger, Corpus(sentences, f"source side of {bitext.name}"))


@stage(1)
def tag_target_side(tagger: Tagger, bitext: Bitext) -> Corpus:
    """Put a tagger's spans on the target side of a bitext."""
    sentences = tuple(Sentence(pair.target, (), pair.id) for pair in bitext)
    return label(tagger, Corpus(sentences, f"target side of {bitext.name}"))
