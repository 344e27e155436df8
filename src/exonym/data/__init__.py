"""Sentences, spans, corpora, bitexts, links; tag schemes; label maps. Knows no file and no model."""

from exonym.data.labels import DROP, LabelMap
from exonym.data.ledger import Ledger
from exonym.data.tags import (
    OUTSIDE,
    SCHEMES,
    Fault,
    Scheme,
    detect_scheme,
    spans_of,
    split_tag,
    tag_set,
    tags_of,
)
from exonym.data.text import Normalised, fold, nfc, normalised, resemblance, split_words
from exonym.data.types import Alignment, Bitext, Corpus, Link, Links, Lost, Origin, Pair, Sentence, Span

__all__ = [
    "DROP",
    "OUTSIDE",
    "SCHEMES",
    "Alignment",
    "Bitext",
    "Corpus",
    "Fault",
    "LabelMap",
    "Ledger",
    "Link",
    "Links",
    "Lost",
    "Normalised",
    "Origin",
    "Pair",
    "Scheme",
    "Sentence",
    "Span",
    "detect_scheme",
    "fold",
    "nfc",
    "normalised",
    "resemblance",
    "spans_of",
    "split_tag",
    "split_words",
    "tag_set",
    "tags_of",
]
