"""Sentence vectors of an encoder, here a tiny BERT that is made up on the spot."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch (extra `neural`)")
transformers = pytest.importorskip("transformers", reason="needs transformers (extra `neural`)")

from exonym.data import Corpus, Sentence  # noqa: E402
from exonym.errors import DataError  # noqa: E402
from exonym.transfer.encoder_features import EncoderFeatures  # noqa: E402
from exonym.transfer.similarity import SimilarityOptions, learn_similarity  # noqa: E402

WORDS = ["anna", "keller", "sah", "bonn", "li", "##sa"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]))
    transformers.BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=11,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=12,
    )
    transformers.BertModel(config).save_pretrained(folder)
    return folder


def corpus(*lines):
    return Corpus(tuple(Sentence(tuple(line.split())) for line in lines))


def test_a_vector_is_the_pooler_output(folder):
    features = EncoderFeatures.load(folder)
    found = features(corpus("anna sah bonn", "lisa", "anna keller sah lisa"))
    assert found.shape == (3, 16)
    model = transformers.BertModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        expected = model(torch.tensor([[2, 5, 7, 8, 3]])).pooler_output[0].numpy()
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


def test_a_vector_does_not_depend_on_its_neighbours(folder):
    features = EncoderFeatures.load(folder)
    together = features(corpus("anna sah bonn", "lisa lisa lisa lisa"))
    np.testing.assert_allclose(together[0], features(corpus("anna sah bonn"))[0], atol=1e-6)


def test_long_sentences_are_read_to_the_end(folder):
    features = EncoderFeatures.load(folder)
    start = "anna sah bonn " * 10
    found = features(corpus(start + "anna", start + "keller", start))
    assert not np.allclose(found[0], found[1])


def test_without_a_pooler_it_is_the_mean(folder, tmp_path):
    features = EncoderFeatures.load(folder)
    features.model.pooler = None
    found = features(corpus("anna sah", "anna sah bonn keller"))
    with torch.inference_mode():
        expected = features.model(torch.tensor([[2, 5, 7, 3]])).last_hidden_state[0].mean(dim=0).numpy()
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


def test_a_pooler_without_weights_is_not_used(folder, tmp_path):
    model = transformers.BertModel.from_pretrained(folder, add_pooling_layer=False)
    model.save_pretrained(tmp_path)
    transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path)
    text = corpus("anna sah", "anna sah bonn keller")
    found = EncoderFeatures.load(tmp_path)(text)
    np.testing.assert_array_equal(found, EncoderFeatures.load(tmp_path)(text))
    with torch.inference_mode():
        expected = model.eval()(torch.tensor([[2, 5, 7, 3]])).last_hidden_state[0].mean(dim=0).numpy()
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


def test_an_encoder_without_some_weights_is_an_error(folder, tmp_path):
    model = transformers.BertModel.from_pretrained(folder)
    weights = {name: value for name, value in model.state_dict().items() if "layer.1" not in name}
    model.save_pretrained(tmp_path, state_dict=weights)
    transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path)
    with pytest.raises(DataError, match=r"found no weights for encoder\.layer\.1"):
        EncoderFeatures.load(tmp_path)


def test_it_stands_in_for_the_hashed_features(folder):
    sources = [corpus("anna sah bonn", "anna sah"), corpus("lisa lisa", "lisa keller")]
    found = learn_similarity(sources, SimilarityOptions(encoder=str(folder), rank=4))
    assert found.means.shape == (2, 16)
    assert found.weights(sources[0]).sum() == pytest.approx(1)


def test_a_folder_without_an_encoder_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"none: found no such folder.* allow a download"):
        EncoderFeatures.load(tmp_path / "none")
    with pytest.raises(DataError, match="found a folder that cannot be opened as a model"):
        EncoderFeatures.load(tmp_path)
