"""Small models for tests, made on the spot: nothing is downloaded."""

import json

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertModel,
    DebertaV2Config,
    DebertaV2Model,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    RobertaTokenizer,
    XLMRobertaConfig,
    XLMRobertaModel,
)

KINDS = ("xlmr", "bert", "deberta", "roberta")
_SIZE = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 64}


def make_model(folder, kind, text, positions=64, lowercase=False, layers=3):
    """Write a tiny encoder with its tokeniser, learnt from text, into a folder; `lowercase` is for BERT only."""
    makers = {"bert": lambda text: _bert_tokenizer(text, lowercase), "roberta": roberta_tokenizer}
    tokenizer = makers.get(kind, _unigram_tokenizer)(text)
    size = {**_SIZE, "num_hidden_layers": layers, "vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}
    with torch.random.fork_rng():
        torch.manual_seed(5)
        if kind == "bert":
            model = BertModel(BertConfig(**size, max_position_embeddings=positions), add_pooling_layer=False)
        elif kind == "xlmr":
            config = XLMRobertaConfig(**size, max_position_embeddings=positions + 2, type_vocab_size=1)
            model = XLMRobertaModel(config, add_pooling_layer=False)
        elif kind == "roberta":
            config = RobertaConfig(**size, max_position_embeddings=positions + 2, type_vocab_size=1)
            model = RobertaModel(config, add_pooling_layer=False)
        else:
            model = DebertaV2Model(
                DebertaV2Config(
                    **size,
                    max_position_embeddings=positions,
                    relative_attention=True,
                    position_biased_input=False,
                    pos_att_type=["p2c", "c2p"],
                    type_vocab_size=0,
                )
            )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _unigram_tokenizer(text):
    """XLM-R's and DeBERTa's kind: Unigram over words that begin with a mark for the space."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=200, special_tokens=special, unk_token="<unk>", show_progress=False, max_piece_length=4
    )
    tokenizer.train_from_iterator(text, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = {"bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>", "mask": "<mask>"}
    return _wrapped(tokenizer, names)


def _bert_tokenizer(text, lowercase):
    """WordPiece as BERT has it: control characters vanish, so that a word may have no subword."""
    from tokenizers import normalizers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(
        text, trainers.WordPieceTrainer(vocab_size=200, special_tokens=special, show_progress=False)
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return _wrapped(tokenizer, {"cls": "[CLS]", "sep": "[SEP]", "pad": "[PAD]", "unk": "[UNK]", "mask": "[MASK]"})


def roberta_tokenizer(text, kind=RobertaTokenizer):
    """RoBERTa's kind: byte-level BPE, which as it is made does not take a given word for one after a space."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=350, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(text, trainer)
    if kind is RobertaTokenizer:
        model = json.loads(tokenizer.to_str())["model"]
        return RobertaTokenizer(vocab=model["vocab"], merges=[tuple(merge) for merge in model["merges"]])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return _wrapped(tokenizer, {"cls": "<s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>", "mask": "<mask>"})


def _wrapped(tokenizer, names):
    special = {f"{name}_token": token for name, token in names.items()}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)
