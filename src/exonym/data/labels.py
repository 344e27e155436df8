"""Label maps: rename, merge and drop entity types, and say what that did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from exonym.data.types import Corpus, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

DROP = "drop"


@dataclass(frozen=True)
class LabelMap:
    """A map from entity types to entity types, applied to spans.

    Types that it does not name stay as they are.

    Args:
        changes: type -> new type, or `"drop"` to remove its spans. Two types with the same new type are merged.
    """

    changes: Mapping[str, str] = field(default_factory=dict)

    def apply(self, corpus: Corpus) -> tuple[Corpus, Counter[str]]:
        """Return the mapped corpus and how many spans each change touched, keyed `DATE -> drop`."""
        counts: Counter[str] = Counter()
        if not self.changes:
            return corpus, counts
        sentences = []
        for sentence in corpus:
            kept: list[Span] = []
            for span in sentence.spans:
                label = self.changes.get(span.label, span.label)
                if label != span.label:
                    counts[f"{span.label} -> {label}"] += 1
                if label != DROP:
                    kept.append(span if label == span.label else replace(span, label=label))
            sentences.append(replace(sentence, spans=tuple(kept)))
        return replace(corpus, sentences=tuple(sentences)), counts

    def __str__(self) -> str:
        """Write the map as it stands in a score signature: `DATE>drop,GPE>LOC`, or `none`."""
        return ",".join(f"{old}>{new}" for old, new in sorted(self.changes.items())) or "none"
