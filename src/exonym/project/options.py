"""The options of matching: what is matched with what, by which evidence, and how. Start at `Matching`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import inf
from typing import TYPE_CHECKING, Literal, get_args

from exonym.errors import RecipeError, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

Matcher = Literal["exact", "greedy", "bipartite", "heuristic"]
Score = Literal["expected", "soft", "pairs", "words"]
Convention = Literal["conll"]
Candidates = Literal["linked", "ngrams", "tagger", "union"]
Compat = Literal["easy-label-projection", "politov"]

_OVER_CANDIDATES = ("exact", "greedy", "bipartite")
_KNOWN_BY: dict[str, tuple[tuple[str, tuple[str | None, ...]], ...]] = {  # option -> choices under which it counts
    "score": (("matcher", _OVER_CANDIDATES),),
    "power": (("matcher", _OVER_CANDIDATES), ("score", ("soft",))),
    "min_weight": (("score", (None, "pairs", "words")),),
    "candidates": (("matcher", _OVER_CANDIDATES),),
    "max_words": (("matcher", _OVER_CANDIDATES), ("candidates", ("ngrams",))),
    "stop": (("matcher", _OVER_CANDIDATES), ("candidates", ("ngrams",))),
    "threshold": (("matcher", _OVER_CANDIDATES),),
    "fusion": (("matcher", _OVER_CANDIDATES),),
    "limit": (("matcher", ("exact", "greedy")),),
    "compat": (("matcher", ("heuristic",)),),
    "max_gap": (("matcher", ("heuristic",)),),
    "length_ratio": (("matcher", ("heuristic",)), ("compat", (None, "politov"))),
    "remove_punctuation": (("matcher", ("heuristic",)), ("compat", (None, "easy-label-projection"))),
}

_USUAL: dict[Compat | None, tuple[int, float, bool]] = {  # of a heuristic: max_gap, length_ratio, remove_punctuation
    None: (0, 0.0, False),
    "easy-label-projection": (1, 0.0, True),
    "politov": (1, 0.8, False),
}


@dataclass(frozen=True, kw_only=True)
class Fusion:
    """How much each kind of evidence counts in the score of a candidate.

    The score is the mean of the three, weighted by these weights: an evidence of weight 0 is not looked at.

    Attributes:
        alignment: weight of the word links, >= 0.
        tagger: weight of what a tagger of the target language says of the candidate, >= 0.
        translation: weight of how well source span and candidate translate each other, >= 0; or, if the scorer that is
            given is a `MarkerScorer`, of how probable marks around the candidate are.
        tagger_threshold: tagger scores under this count as 0.
        translation_threshold: translation scores under this count as 0.
        tagger_by_class: True asks the tagger for the label of the source span, False for its likeliest label.
        alpha: for each word after the first, the tagger score of what the tagger itself takes for one entity is
            multiplied by this, >= 1.

    Source:
        The thesis behind Politov et al. 2025, score fusion; there a sum, here a mean, so that thresholds and the scores
        of spans keep their range. Best there: 0.5, 0.5 and 1, not by class.
    """

    alignment: float = 1.0
    tagger: float = 0.0
    translation: float = 0.0
    tagger_threshold: float = 0.05
    translation_threshold: float = 0.1
    tagger_by_class: bool = False
    alpha: float = 1.15

    def __post_init__(self) -> None:
        for name in ("alignment", "tagger", "translation"):
            _check(name, getattr(self, name), 0, inf)
        for name in ("tagger_threshold", "translation_threshold"):
            _check(name, getattr(self, name), 0, 1)
        _check("alpha", self.alpha, 1, inf)
        if not self.alignment + self.tagger + self.translation:
            raise RecipeError(
                "fusion: found the weight 0 for all evidence; expected a weight above 0. Set one of them."
            )

    @property
    def links_only(self) -> bool:
        """Whether nothing but word links counts."""
        return not self.tagger and not self.translation


@dataclass(frozen=True, kw_only=True)
class Matching:
    """How source spans are matched with target ranges.

    An option that the chosen matcher does not know must be left out.

    Attributes:
        matcher: `exact` and `greedy` match candidates by score; `bipartite` does so as the released code of Politov et
            al.; `heuristic` takes the longest linked run.
        score: how links score a candidate: `expected` goes by how likely each word belongs to it (see `belief`), `soft`
            sums the weights of links, `pairs` counts them, `words` counts linked words.
        power: `soft`: exponent of the weights, > 0; 2 squares them.
        min_weight: where links count as one each (`pairs`, `words`, `heuristic`), those that weigh less than this, in
            [0, 1], do not count.
        candidates: the target ranges: `linked` those whose first and last word are linked to the source span, `ngrams`
            all, `tagger` the spans that a tagger found, `union` the first and the last of these.
        max_words: `ngrams`: most words of a range; 0 is no limit.
        stop: `ngrams`: ranges with one of these words are not used.
        threshold: candidates that score less than this, in [0, 1], are not used.
        fusion: `exact`, `greedy`, `bipartite`: how much each kind of evidence counts.
        limit: `exact`, `greedy`: most target ranges for one source span. Leave it at 1 with `exact`: two fragments
            often score more than the one right range. In the thesis behind Politov et al. 2025, 2 takes Europarl German
            from 92.1 to 65.0 F1.
        compat: `heuristic`: None is ours; `easy-label-projection` and `politov` do what the released code of García-
            Ferrero et al. 2022 and of Politov et al. 2025 does, faults included.
        max_gap: `heuristic`: linked runs at most so many words apart are joined; 0 is off. None is 0, with `compat` 1.
        length_ratio: `heuristic`: runs shorter than this share of the source span are dropped; 0 is off. None is 0,
            with `politov` 0.8.
        remove_punctuation: `heuristic`: take punctuation off the ends of runs. None is False, with
            `easy-label-projection` True.
        convention: labels that change with the language. None changes none. `conll`: a LOC or ORG whose translation is
            one word without a capital becomes MISC, as the CoNLL guidelines label adjectives (Europe, europäisch); of
            use only where the target language writes names with capitals. Changed spans say so in their origin.
    """

    matcher: Matcher = "exact"
    score: Score = "expected"
    power: float = 1.0
    min_weight: float = 0.4
    candidates: Candidates = "linked"
    max_words: int = 0
    stop: tuple[str, ...] = ("!", "?")
    threshold: float = 0.2
    fusion: Fusion = field(default_factory=Fusion)
    limit: int = 1
    compat: Compat | None = None
    max_gap: int | None = None
    length_ratio: float | None = None
    remove_punctuation: bool | None = None
    convention: Convention | None = None

    def __post_init__(self) -> None:
        kinds = {
            "matcher": Matcher,
            "score": Score,
            "candidates": Candidates,
            "compat": Compat,
            "convention": Convention,
        }
        for name, kind in kinds.items():
            value = getattr(self, name)
            if value not in get_args(kind) and not (name in ("compat", "convention") and value is None):
                raise RecipeError(f"{name}: found {value!r}. {suggest(str(value), get_args(kind))}")
        for name, least, most in (("threshold", 0, 1), ("min_weight", 0, 1), ("max_words", 0, inf), ("limit", 1, inf)):
            _check(name, getattr(self, name), least, most)
        for name in ("max_gap", "length_ratio"):
            if getattr(self, name) is not None:
                _check(name, getattr(self, name), 0, inf)
        if not 0 < self.power < inf:
            raise RecipeError(f"power: found {self.power}; expected a number above 0. Change it, or leave it out.")
        choices = {name: getattr(self, name) for name in ("matcher", "score", "candidates", "compat")}
        for option in fields(self):
            default = Fusion() if option.name == "fusion" else option.default
            blocked = None if getattr(self, option.name) == default else blocker(option.name, choices)
            if blocked:
                name, found = blocked
                raise RecipeError(
                    f"{option.name}: found it with {name} {found!r}, which does not know it. Leave it out."
                )

    @property
    def counts_links(self) -> bool:
        """Whether links count as one each, so that weak ones are left out."""
        return self.matcher == "heuristic" or self.score in ("pairs", "words")

    @property
    def makes_few(self) -> bool:
        """Whether candidates that cannot be in the only optimum are left out while they are made."""
        return self.candidates == "linked" and self.fusion.links_only

    @property
    def run_options(self) -> tuple[int, float, bool]:
        """`max_gap`, `length_ratio` and `remove_punctuation`, or in place of None what is usual."""
        gap, ratio, remove = _USUAL[self.compat]
        return (
            gap if self.max_gap is None else self.max_gap,
            ratio if self.length_ratio is None else self.length_ratio,
            remove if self.remove_punctuation is None else self.remove_punctuation,
        )

    @property
    def needs_tagger(self) -> bool:
        """Whether target text must come tagged."""
        return self.candidates in ("tagger", "union") or self.fusion.tagger > 0

    @property
    def needs_background(self) -> bool:
        """Whether the words and links of the whole text count."""
        return self.matcher != "heuristic" and self.score == "expected"

    @property
    def needs_translation(self) -> bool:
        """Whether a translation scorer must be given."""
        return self.fusion.translation > 0


def blocker(option: str, choices: Mapping[str, str | None]) -> tuple[str, str | None] | None:
    """Say which choice, of matcher, score, candidates or compat, makes an option useless: name and value, or None."""
    known = dict(choices, score=None) if choices["matcher"] == "heuristic" and option == "min_weight" else choices
    for name, values in _KNOWN_BY.get(option, ()):
        if known[name] not in values:
            return name, known[name]
    return None


def _check(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most or value == inf:  # no comparison holds for nan
        off = " (off)" if least == 0 else ""
        expected = f"a number in [{least}, {most}]" if most < inf else f"{least}{off} or a number above it"
        raise RecipeError(f"{name}: found {value}; expected {expected}. Change it, or leave it out.")
