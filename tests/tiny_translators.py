"""Small translation models for tests, made on the spot: nothing is downloaded."""

import io
import json
import warnings

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    M2M100Tokenizer,
    MarianConfig,
    MarianMTModel,
    MarianTokenizer,
    NllbTokenizer,
)

from exonym.translate.codec import Codec

ROUTES = {  # family -> for each lesson the source and the target language, as the model calls them
    "nllb": [("eng_Latn", "spa_Latn"), ("eng_Latn", "swh_Latn")],
    "m2m100": [("en", "es"), ("en", "sw")],
    "marian": [("en", "es")],
    "marian-many": [("en", "spa"), ("en", "swa")],
}
FAMILIES = tuple(ROUTES)
_LANGUAGES = ["eng_Latn", "spa_Latn", "swh_Latn", "zho_Hans", "arb_Arab"]  # of the tiny NLLB
_SIZE = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "init_std": 0.1,
}
POSITIONS = 96


def make_translator(folder, family, lessons, steps=80, routes=None):
    """Write a tiny translation model and its tokeniser into a folder.

    It learns a lesson, pairs of sentences, for each of its routes, which are those of `ROUTES` unless given (NLLB).
    """
    languages = _LANGUAGES if routes is None else sorted({code for route in routes for code in route})
    routes = ROUTES[family] if routes is None else routes
    folder.mkdir(parents=True)
    text = [side for pairs in lessons for pair in pairs for side in pair] * 10
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sentencepiece, and that sacremoses is recommended
        tokenizer = _nllb(text, languages) if family == "nllb" else _sentencepiece(folder, family, text)
    with torch.random.fork_rng():
        torch.manual_seed(11)
        model = _marian(tokenizer) if family.startswith("marian") else _m2m100(tokenizer, family)
        codec = Codec(tokenizer, family)
        _learn(model, codec, list(zip(routes, lessons, strict=False)), steps)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _learn(model, codec, lessons, steps):
    """Learn some translations nearly by heart: they end, and what is likeliest is so by far."""
    start, padding = model.config.decoder_start_token_id, model.config.pad_token_id
    sources, targets = [], []
    for languages, pairs in lessons:
        route = codec.route(*languages)
        sources += [[*route.before, *ids, *route.after] for ids in codec.encode([pair[0] for pair in pairs])]
        read = codec.encode([pair[1] for pair in pairs], target=True)
        targets += [[*route.prefix, *ids, codec.end] for ids in read]
    read, written = _padded(sources, padding), _padded(targets, -100)
    begun = _padded([[start, *ids[:-1]] for ids in targets], padding)
    optimiser = torch.optim.Adam(model.parameters(), lr=4e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        made = model(input_ids=read, attention_mask=(read != padding).long(), decoder_input_ids=begun)
        torch.nn.functional.cross_entropy(made.logits.flatten(0, 1), written.flatten()).backward()
        optimiser.step()
        if start == padding:  # Marian begins with it, as a row of zeros
            with torch.no_grad():
                model.get_input_embeddings().weight[padding] = 0


def _padded(rows, value):
    return torch.nn.utils.rnn.pad_sequence(list(map(torch.tensor, rows)), batch_first=True, padding_value=value)


def _m2m100(tokenizer, family):
    size = len(tokenizer) if family == "nllb" else max(tokenizer.lang_token_to_id.values()) + 1 + 8
    config = M2M100Config(
        **_SIZE,
        vocab_size=size + (2 if family == "nllb" else 0),
        max_position_embeddings=POSITIONS,
        scale_embedding=True,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        decoder_start_token_id=2,
    )
    return M2M100ForConditionalGeneration(config)


def _marian(tokenizer):
    config = MarianConfig(
        **_SIZE,
        vocab_size=len(tokenizer),
        max_position_embeddings=POSITIONS,
        scale_embedding=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=0,
        bos_token_id=0,
        forced_eos_token_id=0,
        decoder_start_token_id=tokenizer.pad_token_id,
        activation_function="swish",
    )
    return MarianMTModel(config)


def _nllb(text, languages):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(vocab_size=150, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(text, trainer)
    kept = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(pair) for pair in kept["merges"]]
    return NllbTokenizer(vocab=kept["vocab"], merges=merges, extra_special_tokens=languages)


def _sentencepiece(folder, family, text):
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text),
        model_writer=written,
        vocab_size=90,
        hard_vocab_limit=False,
        character_coverage=1.0,
        model_type="unigram",
        max_sentencepiece_length=4,
        minloglevel=5,
    )
    (folder / "made.spm").write_bytes(written.getvalue())
    read = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
    pieces = [read.id_to_piece(place) for place in range(3, read.get_piece_size())]
    if family == "m2m100":
        vocabulary = ["<s>", "<pad>", "</s>", "<unk>", *pieces]
    else:
        languages = [">>spa<<", ">>swa<<", ">>pt_br<<"] if family == "marian-many" else []
        vocabulary = ["</s>", "<unk>", *languages, *pieces, "<pad>"]
    path = folder / "made.json"
    path.write_text(json.dumps({piece: place for place, piece in enumerate(vocabulary)}), encoding="utf-8")
    if family == "m2m100":
        return M2M100Tokenizer(vocab_file=str(path), spm_file=str(folder / "made.spm"))
    names = {"source_lang": "en", "target_lang": "es"} if family == "marian" else {}
    spm = str(folder / "made.spm")
    return MarianTokenizer(source_spm=spm, target_spm=spm, vocab=str(path), **names)
