"""exonym carries named-entity labels across languages.

The public names are loaded when they are first used, so that `import exonym` costs next to nothing. Start at
`read_recipe` and `compare` for a whole comparison; for single steps at `read_corpus`, `StatisticalAligner`,
`exonym.project.project`, `train_light` and `exonym.evaluate.evaluate` (functions that share the name of their package
are not repeated here).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exonym.align import Lexicon, StatisticalAligner
    from exonym.data import Alignment, Bitext, Corpus, LabelMap, Links, Pair, Sentence, Span
    from exonym.errors import DataError, ExonymError, RecipeError
    from exonym.formats import read_alignment, read_bitext, read_corpus, write_alignment, write_bitext, write_corpus
    from exonym.project import Matching
    from exonym.run import compare, read_recipe, recommend
    from exonym.tag import label, train_light
    from exonym.transfer import Task, load_any_tagger

__version__ = "0.1.0"

_HOMES = {
    "align": ("Lexicon", "StatisticalAligner"),
    "data": ("Alignment", "Bitext", "Corpus", "LabelMap", "Links", "Pair", "Sentence", "Span"),
    "errors": ("DataError", "ExonymError", "RecipeError"),
    "formats": ("read_alignment", "read_bitext", "read_corpus", "write_alignment", "write_bitext", "write_corpus"),
    "project": ("Matching",),
    "run": ("compare", "read_recipe", "recommend"),
    "tag": ("label", "train_light"),
    "transfer": ("Task", "load_any_tagger"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Alignment",
    "Bitext",
    "Corpus",
    "DataError",
    "ExonymError",
    "LabelMap",
    "Lexicon",
    "Links",
    "Matching",
    "Pair",
    "RecipeError",
    "Sentence",
    "Span",
    "StatisticalAligner",
    "Task",
    "compare",
    "label",
    "load_any_tagger",
    "read_alignment",
    "read_bitext",
    "read_corpus",
    "read_recipe",
    "recommend",
    "train_light",
    "write_alignment",
    "write_bitext",
    "write_corpus",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name in _HOME:
        return getattr(import_module(f"exonym.{_HOME[name]}"), name)
    raise AttributeError(f"module 'exonym' has no attribute {name!r}")
