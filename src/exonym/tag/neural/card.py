"""The model card of a saved neural tagger. Start at `card`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from exonym.data import split_tag

if TYPE_CHECKING:
    from exonym.tag.neural.tagger import NeuralTagger

_TRANSFORMERS = """
or, as the head is plain, with Transformers alone:

```python
from transformers import AutoModelForTokenClassification, AutoTokenizer

model = AutoModelForTokenClassification.from_pretrained("THIS FOLDER")
tokenizer = AutoTokenizer.from_pretrained("THIS FOLDER")
```

Transformers then cuts long sentences, which exonym reads in windows.
"""
_ONLY_HERE = """
Only exonym reads it whole: Transformers opens this folder too, but without {parts}, and then it tags otherwise.
"""


def card(tagger: NeuralTagger) -> str:
    """Write what a tagger is, what it was trained on and how to load it, in Markdown; no path is in it."""
    encoder, training = tagger.options.encoder, tagger.training
    types = sorted({label for _, label in map(split_tag, tagger.tags) if label})
    rows: dict[str, object] = {"encoder": encoder.kind}
    if encoder.kind == "transformer":
        rows["base model"] = Path(encoder.model).name if Path(encoder.model).is_absolute() else encoder.model
        rows["a word is"] = "its first subword" if encoder.subwords == "first" else "the mean of its subwords"
        rows["letter case"] = "given to the encoder" if encoder.case else "as its tokeniser keeps it"
    experts = getattr(tagger.network.encoder, "languages", ())
    if experts:
        rows["experts"] = f"one for each of {', '.join(experts)}"
    rows["CRF layer"] = "yes" if tagger.options.crf else "no"
    if training:
        rows["trained on"] = f"{training['name']} ({training['sentences']} sentences, {training['words']} words)"
        if training.get("text"):
            rows["text of the adversary"] = f"{training['text']['name']} ({training['text']['sentences']} sentences)"
        rows["fingerprint of the text"] = training["fingerprint"]
        entities = ", ".join(f"{label} {count}" for label, count in training["entities"].items())
        rows["labelled entities in it"] = entities or "none"
        rows["objective"] = training["objective"]["kind"]
        rows["seed"] = training["seed"]
        for name in ("epochs", "learning_rate", "batch_tokens", "accumulate", "weight_decay", "warmup", "precision"):
            rows[name.replace("_", " ")] = getattr(tagger.options, name)
        rows |= training["ledger"]
    lines = [f"- {name}: {value}" for name, value in rows.items()]
    load = '```python\nfrom exonym.tag import load_tagger\n\ntagger = load_tagger("THIS FOLDER")\n```\n'
    if encoder.kind == "transformer":
        parts = ["the CRF layer"] * tagger.options.crf + ["the embedding of letter case"] * encoder.case
        parts += ["experts and gates"] * bool(experts)
        load += _ONLY_HERE.format(parts=" and ".join(parts)) if parts else _TRANSFORMERS
    return "\n".join(
        [
            *("---", "library_name: exonym", "pipeline_tag: token-classification", "---", ""),
            *(f"# A tagger of {', '.join(types)}", "", *lines, ""),
            *("## Load it", "", load),
        ]
    )
