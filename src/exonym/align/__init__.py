"""Word alignment: aligners that learn from the text they align, symmetrisation, and the lexicon they yield."""

from exonym.align.aer import aer
from exonym.align.aligner import Aligner
from exonym.align.eflomal import EflomalAligner
from exonym.align.embedding import EmbeddingAligner, FineTuning, fine_tune
from exonym.align.lexicon import Lexicon
from exonym.align.model import AlignmentModel
from exonym.align.segment import segmented_like
from exonym.align.shuffled import ShuffledAligner
from exonym.align.statistical import StatisticalAligner
from exonym.align.symmetrise import (
    Symmetrisation,
    grow_diag_final_and,
    intersection,
    symmetrise,
    union,
    vote,
)

AnyAligner = StatisticalAligner | EflomalAligner | EmbeddingAligner | ShuffledAligner

__all__ = [
    "Aligner",
    "AlignmentModel",
    "AnyAligner",
    "EflomalAligner",
    "EmbeddingAligner",
    "FineTuning",
    "Lexicon",
    "ShuffledAligner",
    "StatisticalAligner",
    "Symmetrisation",
    "aer",
    "fine_tune",
    "grow_diag_final_and",
    "intersection",
    "segmented_like",
    "symmetrise",
    "union",
    "vote",
]
