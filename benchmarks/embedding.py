"""Pairs a second of the embedding aligner beside the packages simalign and awesome-align, over the same encoder.

Run: EXONYM_DATA=<data pack> python benchmarks/embedding.py [--pairs 200] [--shape small base] [--rounds 3]

Makes a random BERT with a WordPiece tokeniser learnt on the text (nothing is downloaded), takes pairs of CoNLL-2003
English-German from all over its file, or made-up ones where the data pack is not there, and aligns them by layer 8 with
every method, each package in turn as its own documentation uses it: simalign a pair at a time, awesome-align in
batches of 32. Tokenising is counted. The links are compared. `rest` is all but the encoder. Pairs a second are of the
CPU time of this process, the median of several rounds; wall time stands beside them. On a GPU both are wall time.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import types
import warnings
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
from _machine import machine
from neural import make_text
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerFast

from exonym.align import EmbeddingAligner
from exonym.align.chunks import quiet
from exonym.align.embedding.encoder import LayerEncoder
from exonym.align.embedding.pairs import align_pairs
from exonym.data import Bitext, Ledger, Pair

SHAPES = {
    "small": {"hidden_size": 384, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 1536},
    "base": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072},
}
LAYER = 8
SIMALIGN = {"argmax": ("a", "inter"), "itermax": ("i", "itermax"), "match": ("m", "mwmf")}
AWESOME = {"softmax": "softmax", "entmax": "entmax15"}
AWESOME_BATCH = 32  # its default


def make_bitext(pairs):
    """Pairs from all over a real text, or made-up ones."""
    path = Path(os.environ.get("EXONYM_DATA", "")) / "parallel/conll03-mt-deepl/en-de.train.tsv"
    if path.is_file():
        from exonym.formats import read_bitext

        text = read_bitext(path, raw="target", on_error="skip")
        step = max(len(text) // pairs, 1)
        return Bitext(text.pairs[::step][:pairs], "CoNLL-2003 en-de")
    sides = make_text(2 * pairs)
    made = (Pair(tuple(a), tuple(b), str(at)) for at, (a, b) in enumerate(zip(sides[::2], sides[1::2], strict=True)))
    return Bitext(tuple(made), "made up")


def make_model(folder, bitext, shape):
    """A random BERT."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    text = (" ".join(side) for pair in bitext for side in pair[:2])
    tokenizer.train_from_iterator(
        text, trainers.WordPieceTrainer(vocab_size=3000, special_tokens=special, show_progress=False)
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {"cls": "[CLS]", "sep": "[SEP]", "pad": "[PAD]", "unk": "[UNK]", "mask": "[MASK]"}
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=512, **{f"{name}_token": token for name, token in names.items()}
    )
    torch.manual_seed(1)
    model = BertModel(BertConfig(**shape, vocab_size=len(wrapped)))
    model.save_pretrained(folder)
    wrapped.save_pretrained(folder)


class Clock:
    """Seconds of a piece of work, and of the encoder in it."""

    def __init__(self):
        self.encoder = self.total = self.wall = 0.0

    @staticmethod
    def now():
        """Seconds: of CPU, or on a GPU of wall time."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
            return perf_counter()
        return process_time()

    @contextmanager
    def running(self):
        """Time what stands inside."""
        began, wall = self.now(), perf_counter()
        yield
        self.total, self.wall = self.now() - began, perf_counter() - wall

    def timing(self, function):
        """Wrap what runs the encoder."""

        def timed(*given, **named):
            began = self.now()
            found = function(*given, **named)
            self.encoder += self.now() - began
            return found

        return timed


def run_ours(folder, bitext, method, precision):
    aligner = EmbeddingAligner(model=str(folder), method=method, layer=LAYER, precision=precision)
    encoder = LayerEncoder.open(str(folder), hub=False, layer=LAYER, int8=precision == "int8")
    clock = Clock()
    encoder.forward = clock.timing(encoder.forward)
    with clock.running():
        found = align_pairs(bitext, aligner, encoder, Ledger(), quiet)
    return clock, [{(i, j) for i, j, _ in links} for links in found]


def run_simalign(folder, bitext, method):
    from simalign import SentenceAligner

    logging.getLogger("simalign.simalign").setLevel(logging.ERROR)
    letter, name = SIMALIGN[method]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    aligner = SentenceAligner(model=str(folder), matching_methods=letter, layer=LAYER, device=device)
    clock = Clock()
    aligner.embed_loader.emb_model.forward = clock.timing(aligner.embed_loader.emb_model.forward)
    with clock.running():
        found = [set(aligner.get_word_aligns(list(pair.source), list(pair.target))[name]) for pair in bitext]
    return clock, found


def awesome_modeling():
    """The package; what it downloads with may be missing."""
    parts = {"boto3": (), "requests": (), "botocore": (), "botocore.config": ("Config",)}
    for name, inner in {**parts, "botocore.exceptions": ("ClientError",)}.items():
        try:
            __import__(name)
        except ImportError:
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].__dict__.update({part: type(part, (Exception,), {}) for part in inner})
    from awesome_align import modeling

    return modeling


def run_awesome(folder, bitext, method):
    modeling = awesome_modeling()
    from awesome_align.configuration_bert import BertConfig as Config
    from torch.nn.utils.rnn import pad_sequence

    own, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    keys = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    model = modeling.BertForMaskedLM(Config(**{key: getattr(own.config, key) for key in keys})).eval()
    model.bert.load_state_dict(own.state_dict(), strict=False)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device)
    modeling.PAD_ID, modeling.CLS_ID, modeling.SEP_ID = (
        tokenizer.pad_token_id,
        tokenizer.cls_token_id,
        tokenizer.sep_token_id,
    )
    clock = Clock()
    model.bert.forward = clock.timing(model.bert.forward)

    def read(words):
        parts = [tokenizer.convert_tokens_to_ids(tokenizer.tokenize(word)) for word in words]
        ids = [tokenizer.cls_token_id, *(one for part in parts for one in part), tokenizer.sep_token_id]
        return torch.tensor(ids), [at for at, part in enumerate(parts) for _ in part]

    found = []
    with clock.running():
        for start in range(0, len(bitext), AWESOME_BATCH):
            batch = bitext.pairs[start : start + AWESOME_BATCH]
            sides = [[read(pair[side]) for pair in batch] for side in (0, 1)]
            source, target = (pad_sequence([ids for ids, _ in side], batch_first=True) for side in sides)
            maps = [[words for _, words in side] for side in sides]
            found += model.get_aligned_word(
                source, target, *maps, device, 0, 0, align_layer=LAYER, extraction=AWESOME[method], test=True
            )
    return clock, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--shape", nargs="+", choices=SHAPES, default=["small"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    warnings.simplefilter("ignore")
    logging.getLogger("transformers").setLevel(logging.CRITICAL)
    bitext = make_bitext(options.pairs)
    rows = []
    for shape in options.shape:
        with tempfile.TemporaryDirectory() as folder:
            make_model(folder, bitext, SHAPES[shape])
            rows += measured(folder, bitext, shape, options.rounds)
    words = [len(side) for pair in bitext for side in pair[:2]]
    about = {"text": bitext.name, "pairs": len(bitext), "words": sum(words), "longest": max(words)}
    print(json.dumps({"rows": rows, **about, "machine": machine("torch", "transformers", "numpy", "scipy")}))


def measured(folder, bitext, shape, rounds):
    """Measure every method in every package, in turn."""
    print(f"{shape}: {len(bitext)} pairs of {bitext.name}\n{'':26}pairs/s   rest      wall  same links")
    rows = []
    for method in (*SIMALIGN, *AWESOME):
        runners = {
            "exonym": lambda method=method: run_ours(folder, bitext, method, "float32"),
            "exonym bfloat16": lambda method=method: run_ours(folder, bitext, method, "bfloat16"),
            "exonym int8": lambda method=method: run_ours(folder, bitext, method, "int8"),
        }
        if method in SIMALIGN:
            runners["simalign"] = lambda method=method: run_simalign(folder, bitext, method)
        else:
            runners["awesome-align"] = lambda method=method: run_awesome(folder, bitext, method)
        clocks, links = {name: [] for name in runners}, {}
        for _ in range(rounds):
            for name, runner in runners.items():
                clock, links[name] = runner()
                clocks[name].append(clock)
        for name, own in clocks.items():
            same = np.mean([a == b for a, b in zip(links[name], links["exonym"], strict=True)])
            row = {
                "shape": shape,
                "method": method,
                "package": name,
                "pairs_per_second": round(len(bitext) / median(clock.total for clock in own), 1),
                "rest_pairs_per_second": round(len(bitext) / median(clock.total - clock.encoder for clock in own), 1),
                "wall_pairs_per_second": round(len(bitext) / median(clock.wall for clock in own), 1),
                "links": sum(map(len, links[name])),
                "pairs_with_the_same_links": round(float(same), 4),
            }
            rows.append(row)
            figures = f"{row['pairs_per_second']:9}{row['rest_pairs_per_second']:9}{row['wall_pairs_per_second']:9}"
            print(f"{method:10}{name:16}{figures}{same:9.1%}", flush=True)
    return rows


if __name__ == "__main__":
    main()
