"""Sentences, spans, corpora, bitexts, links; tag schemes; label maps. Knows no file and no model."""

from exonym.data.labels import DROP, LabelMap
from exonym.data.ledger import Ledger
from exonym.data.splitting import split, together
from exonym.data.summary import Lengths, Statistics, statistics, words_key
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
    "Lengths",
    "Link",
    "Links",
    "Lost",
    "Normalised",
    "Origin",
    "Pair",
    "Scheme",
    "Sentence",
    "Span",
    "Statistics",
    "detect_scheme",
    "fold",
    "nfc",
    "normalised",
    "resemblance",
    "spans_of",
    "split",
    "split_tag",
    "split_words",
    "statistics",
    "tag_set",
    "tags_of",
    "together",
    "words_key",
]
