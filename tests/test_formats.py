import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Bitext, Ledger, Link, Links, Lost, Origin, Pair, Sentence, Span
from exonym.errors import DataError
from exonym.formats import (
    format_of,
    read_alignment,
    read_bitext,
    read_corpus,
    write_alignment,
    write_bitext,
    write_corpus,
)

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=6)


@st.composite
def sentences(draw):
    """Sentences with spans, scores, origins and losses, and numbers for ids."""
    result = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        words = tuple(draw(st.lists(WORDS, min_size=1, max_size=6)))
        spans, at = [], 0
        while at < len(words):
            stop = draw(st.integers(at + 1, len(words)))
            if draw(st.booleans()):
                spans.append(Span(at, stop, draw(st.sampled_from(["PER", "LOC"]))))
            at = stop
        result.append(Sentence(words, tuple(spans), str(number)))
    return tuple(result)


@given(sentences())
def test_conll_and_jsonl_round_trip(tmp_path_factory, corpus):
    folder = tmp_path_factory.mktemp("round")
    for name in ("corpus.conll", "corpus.jsonl"):
        write_corpus(folder / name, corpus)
        assert read_corpus(folder / name, **({"scheme": "iob2"} if name.endswith("conll") else {})).sentences == corpus


def test_jsonl_keeps_text_scores_origin_and_losses(tmp_path):
    origin = Origin("s7", 1, 3, "exact", (Link(1, 0, 0.5), Link(2, 0, 0.25)))
    span = Span(0, 1, "PER", 0.75, origin)
    sentence = Sentence(("Anna", "!"), (span,), "a", "Anna!", ((0, 4), (4, 5)), lost=(Lost(5, 6, "LOC", "no link"),))
    write_corpus(tmp_path / "x.jsonl", [sentence])
    assert read_corpus(tmp_path / "x.jsonl")[0] == sentence
    assert '"char_start":0,"char_stop":4' in (tmp_path / "x.jsonl").read_text()


def test_conll_reads_columns_comments_marks_and_line_ends(tmp_path):
    file = tmp_path / "x.conll"
    file.write_bytes(
        "\ufeff-DOCSTART- -X- O O\r\n\r\n# id = first\r\n# text = #1 in Bonn\r\n#1 CD I-NP O\r\nin IN I-PP O\r\n"
        "Bonn NNP I-NP I-LOC\r\n\r\n# O\r\nHaus N x I-ORG\r\nAG N x I-ORG".encode()
    )
    ledger = Ledger()
    corpus = read_corpus(file, ledger=ledger)
    assert corpus[0] == Sentence(("#1", "in", "Bonn"), (Span(2, 3, "LOC"),), "first")
    assert corpus[1] == Sentence(("#", "Haus", "AG"), (Span(1, 3, "ORG"),), "2")
    assert ledger["document marks skipped"] == 1
    assert ledger["byte order marks removed"] == 1
    assert ledger["sentences read"] == 2


def test_three_broken_lines_give_three_messages_at_once(tmp_path):
    file = tmp_path / "bad.conll"
    file.write_text("Anna\tB-PER\nKellerI-PER\n\nin\tO\nBonn\tLOC\n\nUN\tI-ORG\nmet\tO\nIBM\tB-ORG\n")
    with pytest.raises(DataError) as error:
        read_corpus(file)
    lines = str(error.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{file}:{number}" for number in (2, 5, 7)]
    assert all("found" in line and "expected" in line for line in lines)


def test_skip_leaves_whole_sentences_out_and_counts_them(tmp_path):
    file = tmp_path / "bad.conll"
    file.write_bytes(b"Anna\tB-PER\nKellerI-PER\n\nin\tO\n\xff\tO\n\nBonn\tB-LOC\n")
    ledger = Ledger()
    corpus = read_corpus(file, on_error="skip", ledger=ledger)
    assert [sentence.words for sentence in corpus] == [("Bonn",)]
    assert corpus[0].id == "3"
    assert ledger["sentences skipped"] == 2
    assert ledger["faults skipped in bad.conll"] == 2


def test_orphan_tags_are_repaired_only_when_asked(tmp_path):
    file = tmp_path / "orphan.conll"
    file.write_text("UN\tI-ORG\nmet\tO\nIBM\tB-ORG\n")
    with pytest.raises(DataError, match="--repair conlleval"):
        read_corpus(file)
    ledger = Ledger()
    assert len(read_corpus(file, repair="conlleval", ledger=ledger)[0].spans) == 2
    assert ledger["tags repaired as conlleval reads them"] == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.conll", "", "found no sentence"),
        ("twice.conll", "# id = 2\na\tO\n\nb\tO\n", "two sentences with id '2'"),
        ("nul.conll", "a\0\tO\n", "a NUL character"),
        ("x.jsonl", '{"words": ["a"]}\n{"words": []}\n', ':2: found "words" that are not'),
        ("x.jsonl", '{"words": ["a"], "entities": []}\n', "unknown key 'entities'"),
        ("x.jsonl", '{"words": ["a"], "spans": [{"start": 0, "stop": 2, "label": "PER"}]}\n', "ends after its 1 words"),
        ("x.jsonl", '{"words": ["a"], "spans": [{"start": 0, "label": "PER"}]}\n', "no 'stop'"),
        ("x.jsonl", '{"words": ["ab"], "text": "abc", "offsets": [[1, 3]]}\n', "characters 1:3 are 'bc', not 'ab'"),
        ("x.jsonl", "{\n", "broken JSON"),
    ],
)
def test_each_bad_file_gets_its_message(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError) as error:
        read_corpus(tmp_path / name)
    assert message in str(error.value)


def test_a_wrong_file_name_suggests_the_right_one(tmp_path):
    (tmp_path / "train.conll").write_text("a\tO\n")
    with pytest.raises(DataError, match=r"no such file.*Did you mean 'train.conll'"):
        read_corpus(tmp_path / "trian.conll")
    with pytest.raises(DataError, match="expected one of"):
        format_of("corpus.docx")


def test_a_file_appears_only_when_it_is_whole(tmp_path):
    def broken():
        yield Sentence(("a",), (), "1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_corpus(tmp_path / "out.conll", broken())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("word", ["a\tb", "a\nb", " a", ""])
def test_conll_refuses_words_that_would_not_come_back(tmp_path, word):
    with pytest.raises(DataError, match="Write JSONL"):
        write_corpus(tmp_path / "out.conll", [Sentence((word, "b"), (), "1")])


def test_text_keeps_offsets(tmp_path):
    file = tmp_path / "x.txt"
    file.write_text("Anna's dog, e\u0301te\u0301.\n\nBonn\n")
    raw = read_corpus(file, raw=True)
    assert raw[0].words == ("Anna's", "dog", ",", "e\u0301te\u0301", ".")
    assert [sentence.id for sentence in raw] == ["1", "3"]
    write_corpus(tmp_path / "y.txt", raw)
    assert (tmp_path / "y.txt").read_text().splitlines() == [raw[0].text, "Bonn"]


def test_bitext_faults_and_skips(tmp_path):
    file = tmp_path / "x.tsv"
    file.write_text("a b\tx\n\ty\na\t \nno tab\na\tb\tc\nd\tz\n")
    with pytest.raises(DataError) as error:
        read_bitext(file)
    lines = str(error.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{file}:{number}" for number in (2, 3, 4, 5)]
    assert "an empty source side" in lines[0]
    ledger = Ledger()
    bitext = read_bitext(file, on_error="skip", ledger=ledger)
    assert [pair.id for pair in bitext] == ["1", "6"]
    assert ledger["faults skipped in x.tsv"] == 4
    write_bitext(tmp_path / "y.tsv", bitext)
    assert (tmp_path / "y.tsv").read_text() == "a b\tx\nd\tz\n"


def test_links_round_trip_and_are_checked_against_the_bitext(tmp_path):
    bitext = Bitext((Pair(("a", "b"), ("x",)), Pair(("c",), ("y", "z"))))
    alignment = [Links.of([(0, 0), (1, 0, 0.25)]), Links.of([])]
    file = tmp_path / "x.links"
    write_alignment(file, alignment)
    assert file.read_text() == "0-0 1-0:0.2500\n\n"
    assert list(read_alignment(file, bitext)) == alignment
    file.write_text("0-0 2-0\n0-1 0_1 0-0:0\n0-0\n")
    with pytest.raises(DataError) as error:
        read_alignment(file, bitext)
    assert [message in str(error.value) for message in ("'2-0'", "'0_1'", "'0-0:0'", "3 lines")] == [True] * 4
    file.write_text("0-0\n")
    with pytest.raises(DataError, match="1 lines"):
        read_alignment(file, bitext)


def test_real_corpora_come_back_as_they_were(data, tmp_path):
    for path in sorted(data.glob("ner/masakhaner2/*/dev.conll")):
        corpus = read_corpus(path)
        write_corpus(tmp_path / "copy.conll", corpus)
        assert (tmp_path / "copy.conll").read_text() == path.read_text(), path
