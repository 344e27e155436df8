"""What the hashed encoder sees of a word: the table rows of its features. Knows no tensor. Start at `word_rows`.

The features are those of the light tagger as far as they are of one word, and character trigrams. Each is hashed to
two rows, so that two features that share one row still differ (Bloom embeddings).
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from exonym.data import fold, nfc
from exonym.tag.features import shape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_AFFIX = 4  # longest prefix and suffix
_GRAM = 3


class Rows(NamedTuple):
    """The table rows of a word: of how it is written, and of which word it is."""

    form: NDArray[np.int32]
    identity: NDArray[np.int32]


@lru_cache(maxsize=1 << 16)
def word_rows(word: str, rows: int) -> Rows:
    """Find the rows of a word in a table of `rows` rows.

    Source:
        Weinberger et al. 2009 (hashing); Serrà and Karatzoglou 2017, section 3 (several rows for each feature).
    """
    form, folded = nfc(word), fold(word)
    long = shape(form)
    features = [f"s={long}", f"ss={shape(form, 1)}", f"sp={shape(form[:_AFFIX])}", f"l={min(len(form), 12)}"]
    features += [f"p{size}={form[:size]}" for size in range(1, _AFFIX + 1) if len(form) > size]
    features += [f"e{size}={folded[-size:]}" for size in range(1, _AFFIX + 1) if len(folded) > size]
    padded = f"<{folded}>"
    features += sorted({f"g={padded[at : at + _GRAM]}" for at in range(max(1, len(padded) - _GRAM + 1))})
    return Rows(_hashed(features, rows), _hashed((f"w={folded}", f"W={form}"), rows))


def word_key(word: str) -> int:
    """Hash a word to 63 bits: the key of a word vector."""
    return int.from_bytes(blake2b(_bytes(word), digest_size=8).digest(), "little") >> 1


def _hashed(features: Iterable[str], rows: int) -> NDArray[np.int32]:
    digests = b"".join(blake2b(_bytes(feature), digest_size=8).digest() for feature in features)
    return (np.frombuffer(digests, dtype="<u4") % rows).astype(np.int32)


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
