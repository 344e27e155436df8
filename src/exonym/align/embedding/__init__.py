"""Word links from the vectors of a pretrained encoder: SimAlign and AWESoME.

Importing this loads no PyTorch; aligning does. Start at `EmbeddingAligner`; `encoder` makes vectors of sentences,
`extraction` links of vectors, `pairs` does both for a bitext, and `tuning` trains an encoder to align.
"""

from exonym.align.embedding.aligner import EmbeddingAligner, Level, Method
from exonym.align.embedding.tuning import FineTuning, Objective, fine_tune

__all__ = ["EmbeddingAligner", "FineTuning", "Level", "Method", "Objective", "fine_tune"]
