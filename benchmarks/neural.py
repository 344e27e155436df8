"""Throughput of a neural tagger with a transformer encoder, beside Transformers' own `pipeline` and `Trainer`.

Run: python benchmarks/neural.py [--shape 384x12] [--train] [--rounds 3] [--threads 1] [-o result.json]

Makes a random XLM-R with a tokeniser learnt on made-up text (nothing is downloaded), and text of mixed lengths, with
many short sentences and a few long ones. Tags it with `NeuralTagger.predict` and with
`pipeline("token-classification")` at the best of several batch sizes, both in float32 and in bfloat16, in turn; no run
knows words of the one before. The labels are compared word by word. `--train` also trains one epoch with `train_neural`
and with `Trainer` at batch size 32. The shapes are numbers of a word times layers; `768x12` is XLM-R base with its
vocabulary, for a GPU. Words a second; of several rounds the median. CPU time of this process, in which a busy machine
counts less, and wall time stand side by side.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
import transformers
from _machine import machine
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

from exonym.data import Corpus, Sentence, Span
from exonym.tag import NeuralOptions, TransformerEncoder, load_checkpoint, train_neural

LABELS = ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER")
BATCH_SIZES = (1, 8, 32, 128)
PRECISIONS = ("float32", "bfloat16")
SHAPES = {  # heads, words in the vocabulary, sentences
    "128x4": (4, 8000, 600),
    "384x12": (12, 8000, 300),
    "768x12": (12, 250_002, 8000),
}


@dataclass
class Clock:
    """Seconds of CPU and of wall time."""

    cpu: float = 0.0
    wall: float = 0.0

    def __enter__(self):
        self.began = process_time(), perf_counter()
        return self

    def __exit__(self, *_):
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.cpu, self.wall = process_time() - self.began[0], perf_counter() - self.began[1]


def make_text(sentences, seed=1):
    """Made-up sentences of 2 to 150 words, half of them below 15, over words with Zipf's frequencies."""
    rng = np.random.default_rng(seed)
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    words = ["".join(rng.choice(syllables, rng.integers(1, 5))) for _ in range(5000)]
    lengths = np.clip(rng.lognormal(2.7, 0.8, sentences), 2, 150).astype(int)
    ranks = np.minimum(rng.zipf(1.3, lengths.sum()) - 1, 4999)
    stops = np.cumsum(lengths)
    return [[words[rank] for rank in ranks[stop - length : stop]] for length, stop in zip(lengths, stops, strict=True)]


def make_model(folder, text, shape, vocabulary):
    """A random XLM-R for token classification."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=3000, special_tokens=special, unk_token="<unk>", show_progress=False, max_piece_length=6
    )
    tokenizer.train_from_iterator((" ".join(words) for words in text), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = {"bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>"}
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=512, **{f"{name}_token": token for name, token in names.items()}
    )
    config = transformers.XLMRobertaConfig(
        **shape,
        vocab_size=max(vocabulary, len(wrapped)),
        max_position_embeddings=514,
        type_vocab_size=1,
        pad_token_id=1,
        initializer_range=0.1,
        id2label=dict(enumerate(LABELS)),
        label2id={label: place for place, label in enumerate(LABELS)},
    )
    torch.manual_seed(1)
    model = transformers.XLMRobertaForTokenClassification(config).eval()
    with torch.no_grad():  # so that random weights do not give every word the same label
        rows = [model(**wrapped(" ".join(words), return_tensors="pt")).logits[0] for words in text[:50]]
        model.classifier.bias -= torch.cat(rows).mean(0)
    model.save_pretrained(folder)
    wrapped.save_pretrained(folder)


def fresh(tagger):
    """A copy that knows no word yet, ready to run."""
    tagger = copy.deepcopy(tagger)
    tag_ours(tagger, [Sentence(("a",))])
    return tagger


def tag_ours(tagger, sentences):
    return [rows.argmax(1).tolist() for rows in tagger.predict(sentences)]


def tag_pipeline(pipeline, texts, batch_size):
    """The label of the first subword of each word."""
    found = []
    for text, entities in zip(texts, pipeline(texts, batch_size=batch_size), strict=True):
        by_start = {entity["start"] + (text[entity["start"]] == " "): entity["entity"] for entity in reversed(entities)}
        starts = np.cumsum([0, *(len(word) + 1 for word in text.split(" ")[:-1])])
        found.append([LABELS.index(by_start[int(start)]) for start in starts])
    return found


def best_batch_size(pipeline, texts):
    """The batch size with which the pipeline is fastest on a part of the text."""
    seconds = {}
    for size in BATCH_SIZES:
        with Clock() as clock:
            tag_pipeline(pipeline, texts[: max(64, len(texts) // 4)], size)
        seconds[size] = clock.wall if torch.cuda.is_available() else clock.cpu
        print(f"pipeline, batch size {size}: {seconds[size]:.1f} s", file=sys.stderr)
    return min(seconds, key=seconds.get)


def measure_tagging(folder, text, rounds):
    """Tag the same text with everything in turn, several times."""
    sentences = [Sentence(tuple(words)) for words in text]
    texts = [" ".join(words) for words in text]
    ours = load_checkpoint(folder)
    ways = (*PRECISIONS, "int8") if not torch.cuda.is_available() else PRECISIONS
    taggers = {name: replace(ours, options=replace(ours.options, precision=name)) for name in ways}
    pipelines = {name: open_pipeline(folder, name) for name in PRECISIONS}
    sizes = {name: best_batch_size(pipeline, texts) for name, pipeline in pipelines.items()}
    labels, clocks = {}, {}

    def measure(name, run, *arguments):
        with Clock() as clock:
            labels[name] = run(*arguments)
        clocks.setdefault(name, []).append(clock)
        print(f"{name}: {clock.cpu:.1f} s CPU, {clock.wall:.1f} s wall", file=sys.stderr)

    for _ in range(rounds):
        for name in ways:
            measure(f"exonym {name}", tag_ours, fresh(taggers[name]), sentences)
        for name in PRECISIONS:
            measure(f"pipeline {name}", tag_pipeline, pipelines[name], texts, sizes[name])
    return {
        "pipeline_batch_size": sizes,
        "words_per_second": {name: rates(own, sum(map(len, text))) for name, own in clocks.items()},
        "ratios": {
            f"{ours}, {theirs}": ratio(clocks[ours], clocks[theirs])
            for ours in clocks
            for theirs in clocks
            if ours.startswith("exonym") and theirs.startswith("pipeline")
        },
        "words_with_the_label_of_pipeline_float32": {
            name: agreement(own, labels["pipeline float32"]) for name, own in labels.items()
        },
        "words_of_each_label": np.bincount(np.concatenate(labels["pipeline float32"]), minlength=len(LABELS)).tolist(),
    }


def open_pipeline(folder, precision):
    return transformers.pipeline(
        "token-classification",
        model=str(folder),
        device=0 if torch.cuda.is_available() else -1,
        dtype=getattr(torch, precision),
        ignore_labels=[],
    )


def ratio(ours, theirs):
    """How often the one goes into the other, round by round."""
    pairs = list(zip(ours, theirs, strict=True))
    return {kind: median(getattr(b, kind) / getattr(a, kind) for a, b in pairs) for kind in ("cpu", "wall")}


def rates(clocks, words):
    return {kind: words / median(getattr(clock, kind) for clock in clocks) for kind in ("cpu", "wall")}


def agreement(ours, theirs):
    pairs = [pair for a, b in zip(ours, theirs, strict=True) for pair in zip(a, b, strict=True)]
    return sum(a == b for a, b in pairs) / len(pairs)


def measure_training(folder, text):
    """Train one epoch with each."""
    precision = "bfloat16" if torch.cuda.is_available() else "float32"
    corpus = Corpus(tuple(Sentence(tuple(words), (Span(0, 1, "PER"), Span(1, 2, "LOC"))) for words in text))
    options = NeuralOptions(
        encoder=TransformerEncoder(model=str(folder)), epochs=1, batch_tokens=32 * 40, precision=precision
    )
    words = sum(map(len, text))
    with Clock() as ours:
        train_neural(corpus, options)
    print(f"train_neural: {ours.cpu:.1f} s CPU, {ours.wall:.1f} s wall", file=sys.stderr)
    with Clock() as theirs:
        train_with_trainer(folder, corpus, precision)
    print(f"Trainer: {theirs.cpu:.1f} s CPU, {theirs.wall:.1f} s wall", file=sys.stderr)
    return {
        "precision": precision,
        "words_per_second": {"train_neural": rates([ours], words), "Trainer": rates([theirs], words)},
        "ratio_to_trainer": {"cpu": theirs.cpu / ours.cpu, "wall": theirs.wall / ours.wall},
    }


def train_with_trainer(folder, corpus, precision):
    """Fine-tune as Transformers' example for token classification does, at batch size 32."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    rows = []
    for sentence in corpus:
        encoded = tokenizer(list(sentence.words), is_split_into_words=True, truncation=True)
        owners, labels = encoded.word_ids(), [-100] * len(encoded.input_ids)
        for at, owner in enumerate(owners):
            if owner is not None and (at == 0 or owners[at - 1] != owner):
                labels[at] = {0: 5, 1: 1}.get(owner, 0)
        rows.append({"input_ids": encoded.input_ids, "attention_mask": encoded.attention_mask, "labels": labels})
    with tempfile.TemporaryDirectory() as output:
        arguments = transformers.TrainingArguments(
            output_dir=output,
            per_device_train_batch_size=32,
            num_train_epochs=1,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
            bf16=precision == "bfloat16",
            use_cpu=not torch.cuda.is_available(),
            logging_strategy="no",
        )
        transformers.Trainer(
            model=transformers.AutoModelForTokenClassification.from_pretrained(folder),
            args=arguments,
            train_dataset=rows,
            data_collator=transformers.DataCollatorForTokenClassification(tokenizer),
        ).train()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="384x12")
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--sentences", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    width, layers = map(int, arguments.shape.split("x"))
    heads, vocabulary, sentences = SHAPES[arguments.shape]
    shape = {"hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads}
    shape["intermediate_size"] = 4 * width
    text = make_text(arguments.sentences or sentences)
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "xlm-r"
        make_model(folder, text, shape, vocabulary)
        result = {
            "machine": machine("torch", "transformers"),
            "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU",
            "threads": arguments.threads,
            "shape": shape,
            "sentences": len(text),
            "words": sum(map(len, text)),
            "tagging": measure_tagging(folder, text, arguments.rounds),
        }
        if arguments.train:
            result["training"] = measure_training(folder, text)
    output = json.dumps(result, indent=2)
    if arguments.output:
        arguments.output.write_text(output + "\n", encoding="utf-8")
    else:
        print(output)


if __name__ == "__main__":
    main()
