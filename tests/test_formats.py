import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import Bitext, Ledger, Link, Links, Lost, Origin, Pair, Sentence, Span
from exonym.errors import DataError
from exonym.files import whole_folder
from exonym.formats import (
    format_of,
    read_alignment,
    read_bitext,
    read_corpus,
    read_parallel,
    read_pharaoh,
    write_alignment,
    write_bitext,
    write_corpus,
)

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=" \ufeff"), min_size=1, max_size=6)


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
        ("twice.conll", "# id = a\na\tO\n\n# id = a\nb\tO\n", "found id 'a' for sentence 2, which sentence 1 has"),
        ("mac.conll", "Anna\tB-PER\rsieht\tO\r\rBonn\tB-LOC\r", ":1: found a carriage return inside the line"),
        ("mac.txt", "Anna\rBonn\n", ":1: found a carriage return inside the line"),
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


BROKEN_JSONL = [
    ('{"words": ["a"], "spans": {"start": 0}}', "{'start': 0} for 'spans' in the sentence; expected a list"),
    ('{"words": ["a"], "spans": [7]}', "7 for a span; expected an object"),
    (
        '{"words": ["a"], "spans": [{"start": 0.9, "stop": 1, "label": "X"}]}',
        "0.9 for 'start' in a span; expected an in",
    ),
    ('{"words": ["a"], "spans": [{"start": true, "stop": 1, "label": "X"}]}', "True for 'start' in a span"),
    ('{"words": ["a"], "spans": [{"start": 0, "stop": "1", "label": "X"}]}', "'1' for 'stop' in a span"),
    ('{"words": ["a"], "spans": [{"start": 0, "stop": 1, "label": 5}]}', "5 for 'label' in a span; expected a string"),
    ('{"words": ["a"], "spans": [{"start": 0, "stop": 1, "label": "X", "score": 7}]}', "score 7; expected a number in"),
    ('{"words": ["a"], "spans": [{"start": 0, "stop": 1, "label": "X", "note": 1}]}', "unknown key 'note' in a span"),
    ('{"words": ["a"], "id": null}', "None for 'id' in the sentence; expected a string"),
    ('{"words": ["a", 1]}', '"words" that are not a list of non-empty strings'),
    ('{"words": ["a"], "offsets": [[0, 1]]}', '"offsets" without "text"; expected both'),
    ('{"words": ["a"], "text": "a", "offsets": [[-1, 1]]}', "[-1, 1] in offsets"),
    ('{"words": ["a"], "spans": [{"start": 0, "stop": 1, "label": "X", "char_start": 0}]}', 'without "text"'),
    ('{"words": ["a"], "lost": [{"start": 2, "stop": 1, "label": "X", "reason": "y"}]}', "[2, 1) in a lost span"),
    ('["a"]', "['a'] for the sentence; expected an object"),
]


@pytest.mark.parametrize(("line", "message"), BROKEN_JSONL)
def test_jsonl_is_read_strictly_with_one_fault_a_line(tmp_path, line, message):
    file = tmp_path / "x.jsonl"
    file.write_text('{"words": ["fine"]}\n' + line + "\n")
    with pytest.raises(DataError) as error:
        read_corpus(file)
    assert str(error.value).startswith(f"{file}:2: found ")
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_jsonl_characters_must_be_those_of_the_words(tmp_path):
    file = tmp_path / "x.jsonl"
    row = '{"words": ["ab", "c"], "text": "ab c", "offsets": [[0, 2], [3, 4]], "spans": [%s]}\n'
    file.write_text(row % '{"start": 1, "stop": 2, "label": "X", "char_start": 3, "char_stop": 4}')
    assert read_corpus(file)[0].surface(read_corpus(file)[0].spans[0]) == "c"
    file.write_text(row % '{"start": 1, "stop": 2, "label": "X", "char_start": 0, "char_stop": 4}')
    with pytest.raises(DataError, match="char_start 0 and char_stop 4 for words 1:2; expected 3 and 4"):
        read_corpus(file)


@pytest.mark.parametrize("word", ["a\tb", "a\nb", "a\rb", "a\0b", " ", "", "-DOCSTART-"])
def test_conll_refuses_words_that_would_not_come_back(tmp_path, word):
    with pytest.raises(DataError, match=r"sentence 'seven': found the word .*JSONL"):
        write_corpus(tmp_path / "out.conll", [Sentence(("b",), (), "1"), Sentence(("b", word), (), "seven")])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("word", ["a b", "a\tb", "a\nb", ""])
def test_bitext_and_text_refuse_words_that_would_not_come_back(tmp_path, word):
    with pytest.raises(DataError, match="pair 3: found the word"):
        write_bitext(tmp_path / "out.tsv", [Pair(("x",), ("y", word), "3")])
    with pytest.raises(DataError, match="sentence '3': found the word"):
        write_corpus(tmp_path / "out.txt", [Sentence(("x", word), (), "3")])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "sentence",
    [
        Sentence((), (), "1"),
        Sentence(("a",), (), "x\ny"),
        Sentence(("a",), (), "x\ty"),
        Sentence(("a",), (Span(0, 1, "A\tB"),), "1"),
        Sentence(("\ufeffa",), (), "1"),
    ],
)
def test_conll_refuses_names_labels_and_marks_that_would_not_come_back(tmp_path, sentence):
    with pytest.raises(DataError, match="found"):
        write_corpus(tmp_path / "out.conll", [sentence])


def test_plain_text_does_not_lose_labels(tmp_path):
    with pytest.raises(DataError, match=r"found labels; expected none in plain text.*\.jsonl"):
        write_corpus(tmp_path / "out.txt", [Sentence(("Anna",), (Span(0, 1, "PER"),), "1")])
    assert list(tmp_path.iterdir()) == []


def test_only_spaces_and_tabs_split_words(tmp_path):
    (tmp_path / "x.conll").write_text("25\u00a0000\tO\n25 000\tO\n\u3000\tO\n\u00a0Bonn\tB-LOC\n")
    assert read_corpus(tmp_path / "x.conll")[0].words == ("25\u00a0000", "25 000", "\u3000", "\u00a0Bonn")
    (tmp_path / "y.conll").write_text("25\u00a0000  O\nBonn  B-LOC \n")
    assert read_corpus(tmp_path / "y.conll")[0] == Sentence(("25\u00a0000", "Bonn"), (Span(1, 2, "LOC"),), "1")
    (tmp_path / "x.tsv").write_text("25\u00a0000  km\ta\u2009b\n")
    assert read_bitext(tmp_path / "x.tsv")[0] == Pair(("25\u00a0000", "km"), ("a\u2009b",), "1")
    (tmp_path / "x.txt").write_text("25\u00a0000 km\n")
    assert read_corpus(tmp_path / "x.txt")[0].words == ("25\u00a0000", "km")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("# text = Blood group O\nGroup O\nO B-X\n", ("Group", "O")),
        ("# text = Blood group O\nGroup\tO\nO\tB-X\n", ("Group", "O")),
        ("#1\tO\nhit\tO\n", ("#1", "hit")),
        ("# O\nhit O\n", ("#", "hit")),
        ("# NN O\nhit NN O\n", ("#", "hit")),
        ("# = a\tO\nhit\tO\n", ("# = a", "hit")),
        ("# id x\tdomain=en\nhit\tO\n", ("hit",)),
        ("# free comment\nhit\tO\n", ("hit",)),
    ],
)
def test_comments_and_words_that_start_with_a_hash(tmp_path, content, words):
    (tmp_path / "x.conll").write_text(content)
    assert read_corpus(tmp_path / "x.conll")[0].words == words


def test_one_stray_tab_does_not_change_the_separator_of_a_file(tmp_path):
    file = tmp_path / "x.conll"
    file.write_text("Anna NNP B-PER\nsah VB\tO\nBonn NNP B-LOC\n")
    with pytest.raises(DataError) as error:
        read_corpus(file)
    assert [line.split(": ")[0] for line in str(error.value).splitlines()] == [f"{file}:2"]


def test_one_wrong_tag_does_not_change_the_scheme_of_a_file(tmp_path):
    file = tmp_path / "x.conll"
    file.write_text("Anna\tB-PER\nKeller\tI-PER\n\nTom\tS-PER\n\nBonn\tB-LOC\n")
    with pytest.raises(DataError) as error:
        read_corpus(file)
    assert {line.split(": ")[0] for line in str(error.value).splitlines()} == {f"{file}:4"}
    assert "(IOB2)" in str(error.value)


def test_unnamed_sentences_get_their_number_unless_it_is_a_name(tmp_path):
    file = tmp_path / "x.conll"
    file.write_text("# id = 2\na\tO\n\nb\tO\n\nc\tO\n")
    assert [sentence.id for sentence in read_corpus(file)] == ["2", "sentence 2", "3"]


def test_all_doubled_ids_are_reported_at_once(tmp_path):
    file = tmp_path / "x.conll"
    file.write_text("\n".join("# id = a\nw\tO\n" for _ in range(30)))
    with pytest.raises(DataError) as error:
        read_corpus(file)
    lines = str(error.value).splitlines()
    assert len(lines) == 21
    assert "sentence 21, which sentence 1 has" in lines[19]
    assert "9 more" in lines[20]


def test_parallel_files_are_paired_by_line(tmp_path):
    left, right = tmp_path / "a.txt", tmp_path / "b.txt"
    left.write_text("one\n\nthree\n\n")
    right.write_text("eins\nzwei\ndrei\n")
    with pytest.raises(DataError, match=r":2: found an empty line in .*a\.txt; expected a sentence and its transl"):
        read_parallel(left, right)
    ledger = Ledger()
    pairs = read_parallel(left, right, on_error="skip", ledger=ledger).pairs
    assert pairs == (Pair(("one",), ("eins",), "1"), Pair(("three",), ("drei",), "3"))
    assert ledger["pairs skipped"] == 1
    right.write_text("eins\n")
    with pytest.raises(DataError, match="found 1 sentences; expected 3"):
        read_parallel(left, right)


def test_a_skipped_sentence_takes_its_translation_with_it(tmp_path):
    (tmp_path / "a.conll").write_text("one\tO\n\ntwo\tQ\n\nthree\tO\n")
    (tmp_path / "b.jsonl").write_text('{"words": []}\n{"words": ["zwei"]}\n{"words": ["drei"]}\n')
    pairs = read_parallel(tmp_path / "a.conll", tmp_path / "b.jsonl", on_error="skip").pairs
    assert pairs == (Pair(("three",), ("drei",), "3"),)


def test_text_keeps_offsets(tmp_path):
    file = tmp_path / "x.txt"
    file.write_text("Anna's dog, e\u0301te\u0301.\n\nBonn\n")
    raw = read_corpus(file, raw=True)
    assert raw[0].words == ("Anna", "'s", "dog", ",", "e\u0301te\u0301", ".")
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


@pytest.mark.parametrize(
    ("raw", "source", "target"),
    [
        (False, ("Anna's", "dog."), ("Annas", "Hund.")),
        (True, ("Anna", "'s", "dog", "."), ("Annas", "Hund", ".")),
        ("source", ("Anna", "'s", "dog", "."), ("Annas", "Hund.")),
        ("target", ("Anna's", "dog."), ("Annas", "Hund", ".")),
    ],
)
def test_sides_are_split_and_columns_swapped_by_name(tmp_path, raw, source, target):
    (tmp_path / "en-de.tsv").write_text("Anna's dog.\tAnnas Hund.\n")
    (tmp_path / "de-en.tsv").write_text("Annas Hund.\tAnna's dog.\n")
    for name, swap in (("en-de.tsv", False), ("de-en.tsv", True)):
        assert read_bitext(tmp_path / name, raw=raw, swap=swap).pairs == (Pair(source, target, "1"),)


def test_faults_of_swapped_columns_name_the_sides(tmp_path):
    (tmp_path / "de-en.tsv").write_text("Hund\n\tdog\nHund\tdog\n")
    with pytest.raises(DataError) as error:
        read_bitext(tmp_path / "de-en.tsv", swap=True)
    first, second = str(error.value).splitlines()
    assert "expected two: target, tab, source" in first
    assert "found an empty target side" in second


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


def test_empty_lines_at_the_end_of_a_bitext_are_no_fault(tmp_path):
    file = tmp_path / "x.tsv"
    file.write_text("a\tx\n\nb\ty\n\n \n")
    with pytest.raises(DataError) as error:
        read_bitext(file)
    assert [line.split(": ")[0] for line in str(error.value).splitlines()] == [f"{file}:2"]


def test_links_of_skipped_pairs_are_passed_over(tmp_path):
    bitext = Bitext((Pair(("a",), ("x", "y"), "2"), Pair(("b",), ("z",), "4")))
    file = tmp_path / "x.links"
    file.write_text("5-5\n0-1\n\n0-0\n\n")
    assert list(read_alignment(file, bitext)) == [Links.of([(0, 1)]), Links.of([(0, 0)])]
    file.write_text("5-5\n0-1\n\n")
    with pytest.raises(DataError, match="3 lines; expected 4"):
        read_alignment(file, bitext)


def test_a_link_to_a_file_stays_a_link_and_pipes_are_written_to(tmp_path):
    (tmp_path / "real.conll").write_text("old")
    (tmp_path / "link.conll").symlink_to(tmp_path / "real.conll")
    write_corpus(tmp_path / "link.conll", [Sentence(("a",), (), "1")])
    assert (tmp_path / "link.conll").is_symlink()
    assert (tmp_path / "real.conll").read_text() == "a\tO\n"
    write_corpus("/dev/null", [Sentence(("a",), (), "1")], "conll")
    assert not Path("/dev/null").is_file()


def test_a_folder_comes_back_if_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    home = tmp_path / "tagger"
    home.mkdir()
    (home / "old").write_text("old")
    rename = Path.rename

    def failing(self, target):
        if self.name == "new":
            raise OSError("disk")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="disk"), whole_folder(home) as fresh:
        (fresh / "new").write_text("new")
    assert [entry.name for entry in home.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [home]


def test_real_corpora_come_back_as_they_were(data, tmp_path):
    for path in sorted(data.glob("ner/masakhaner2/*/dev.conll")):
        corpus = read_corpus(path)
        write_corpus(tmp_path / "copy.conll", corpus)
        assert (tmp_path / "copy.conll").read_text() == path.read_text(), path


ITEMS = [
    "0-0",
    "1-1:0.1",
    "2-2:.25",
    "1-0:0.7312",
    "0-1:1",
    "2-0:0.30000000000001",
    "0-2:1e-3",
    "3p1",
    "1-1:0.12345678",
]


@given(st.lists(st.lists(st.sampled_from(ITEMS), max_size=6), min_size=1, max_size=5))
def test_links_that_are_read_many_at_once_are_those_of_each_item(lines):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.links"
        path.write_text("".join(f"{' '.join(line)}\n" for line in lines))
        for found, line in zip(read_pharaoh(path), lines, strict=True):
            parts = [re.split("[-p]", item, maxsplit=1) for item in line]
            rows = [(int(i), *map(float, rest.split(":"))) for i, rest in parts]
            assert found == Links.of([(i, int(j), *weight) for i, j, *weight in rows])


def test_one_fault_among_usual_links_is_told_and_the_others_stay(tmp_path):
    path = tmp_path / "x.links"
    path.write_text("0-0 1-1:0.5\n0-0:0 1-1\n1-1 0-0\n0-0:0.2 0-0:0.4\n0-9\n")
    pairs = [Pair(("a", "b"), ("c", "d"), str(number)) for number in range(1, 6)]
    ledger = Ledger()
    found = list(read_pharaoh(path, pairs, on_error="skip", ledger=ledger))
    expected = [[(0, 0), (1, 1, 0.5)], [(1, 1)], [(0, 0), (1, 1)], [(0, 0, 0.4)], []]
    assert found == [Links.of(rows) for rows in expected]
    assert ledger == {"faults skipped in x.links": 2}
    with pytest.raises(DataError, match=r"0-0:0'(.|\n)*:5: found link '0-9'"):
        list(read_pharaoh(path, pairs))
