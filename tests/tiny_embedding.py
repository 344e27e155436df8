"""Tiny encoders, a made-up bitext and the published aligners, for the tests of the embedding aligner."""

import json
import logging
import random
import sys
import types
import warnings
from functools import cache

import pytest
import torch
from tokenizers import Tokenizer, models, trainers
from tokenizers.pre_tokenizers import Metaspace
from transformers import AutoModel, AutoTokenizer, M2M100Config, M2M100Model, NllbTokenizer

from exonym.data import Bitext, Pair
from tiny_models import make_model

_RANDOM = random.Random(3)
_WORDS = ["".join(_RANDOM.choice("abcdefgh") for _ in range(_RANDOM.randint(1, 7))) for _ in range(60)]


def _sentence():
    return tuple(_RANDOM.choice(_WORDS) for _ in range(_RANDOM.randint(1, 14)))


BITEXT = Bitext(tuple(Pair(_sentence(), _sentence(), str(number)) for number in range(40)))
TEXT = [" ".join(side) for pair in BITEXT for side in pair[:2]]


def make_encoder(folder, kind):
    """Write a tiny encoder of three layers."""
    return make_model(folder / "model", kind, TEXT)


def make_translator(folder):
    """Write a tiny model of NLLB's kind with two languages."""
    codes = ["eng_Latn", "deu_Latn"]
    learner = Tokenizer(models.BPE(unk_token="<unk>"))
    learner.pre_tokenizer = Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    learner.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=90, special_tokens=special, show_progress=False))
    learnt = json.loads(learner.to_str())["model"]
    merges = [tuple(merge) for merge in learnt["merges"]]
    tokenizer = NllbTokenizer(vocab=learnt["vocab"], merges=merges, extra_special_tokens=codes, src_lang=codes[0])
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = M2M100Model(
            M2M100Config(
                vocab_size=len(tokenizer),
                d_model=32,
                encoder_layers=3,
                decoder_layers=1,
                encoder_attention_heads=2,
                decoder_attention_heads=2,
                encoder_ffn_dim=64,
                decoder_ffn_dim=64,
                max_position_embeddings=64,
                pad_token_id=tokenizer.pad_token_id,
                init_std=0.2,
            )
        )
    model.save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    return folder / "model"


@cache
def tokenizer_of(folder):
    """The tokeniser of a model in a folder."""
    return AutoTokenizer.from_pretrained(folder)


def quiet_simalign(folder, **options):
    """The aligner of simalign over a model in a folder; skips without the package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        simalign = pytest.importorskip("simalign", reason="simalign is not installed")
    logging.getLogger("simalign.simalign").setLevel(logging.ERROR)
    return simalign.SentenceAligner(model=str(folder), matching_methods="mai", **options)


def awesome():
    """The `modeling` module of awesome-align; skips without the package. What it downloads with may be missing."""
    for name, parts in {
        "boto3": (),
        "requests": (),
        "botocore": (),
        "botocore.config": ("Config",),
        "botocore.exceptions": ("ClientError",),
    }.items():
        try:
            __import__(name)
        except ImportError:
            module = types.ModuleType(name)
            module.__dict__.update({part: type(part, (Exception,), {}) for part in parts})
            sys.modules[name] = module
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("awesome_align.modeling", reason="awesome-align is not installed")


def awesome_model(folder):
    """The model of awesome-align with the weights of a BERT in a folder."""
    modeling = awesome()
    own, tokenizer = AutoModel.from_pretrained(folder), tokenizer_of(folder)
    config = sys.modules["awesome_align.configuration_bert"].BertConfig(
        **{
            key: getattr(own.config, key)
            for key in (
                "vocab_size",
                "hidden_size",
                "num_hidden_layers",
                "num_attention_heads",
                "intermediate_size",
                "max_position_embeddings",
            )
        }
    )
    model = modeling.BertForMaskedLM(config).eval()
    weights = {name: value for name, value in own.state_dict().items() if not name.startswith("pooler")}
    missing = model.bert.load_state_dict(weights, strict=False)
    assert not missing.missing_keys
    modeling.PAD_ID, modeling.CLS_ID, modeling.SEP_ID = (
        tokenizer.pad_token_id,
        tokenizer.cls_token_id,
        tokenizer.sep_token_id,
    )
    return model


def awesome_inputs(tokenizer, words):
    """Subwords of a sentence (1, S), and of which word each is."""
    parts = [tokenizer.convert_tokens_to_ids(tokenizer.tokenize(word)) for word in words]
    ids = [tokenizer.cls_token_id, *(one for part in parts for one in part), tokenizer.sep_token_id]
    return torch.tensor([ids]), [[number for number, part in enumerate(parts) for _ in part]]


def awesome_links(model, folder, pair, method, layer, threshold):
    """The links that awesome-align finds."""
    tokenizer = tokenizer_of(folder)
    (source, source_words), (target, target_words) = (awesome_inputs(tokenizer, words) for words in pair[:2])
    return model.get_aligned_word(
        source,
        target,
        source_words,
        target_words,
        "cpu",
        0,
        0,
        align_layer=layer,
        extraction={"softmax": "softmax", "entmax": "entmax15"}[method],
        softmax_threshold=threshold,
        test=True,
    )[0]
