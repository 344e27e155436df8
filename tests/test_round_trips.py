import json
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import round_trips
from exonym.data import Ledger, Link, Lost, Origin, Sentence, Span
from exonym.errors import DataError, ExonymError, MissingExtra
from exonym.formats import CORPUS_FORMATS, FormatName, format_of, read_corpus, write_corpus
from exonym.formats.marks import edges, offsets_in

TOOLS = ("labelstudio", "doccano", "argilla", "prodigy", "brat", "hf-jsonl", "jsonl", "docbin", "parquet", "datasets")
TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs", "Cc"]),
        st.sampled_from(" \u00a0\u200d\u0301\u05d0\u0627\U0001f389\U0001d49c'.-"),
    ),
    min_size=1,
    max_size=6,
)
WORDS = TEXTS.filter(lambda word: not word.isspace())
GAPS = st.sampled_from(["", " ", "  ", "\t", "\r\n", "\n", "\u3000", "🎉 "])
SCORES = st.sampled_from([1.0, 0.5, 1 / 3])


@st.composite
def sentences(draw):
    """Sentences with words of all sorts, half of them in a text, with spans, scores, origins and losses."""
    result = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        words = draw(st.lists(WORDS, min_size=1, max_size=5))
        text, offsets = None, ()
        if draw(st.booleans()):
            text, places = draw(GAPS), []
            for word in words:
                places.append((len(text), len(text) + len(word)))
                text += word + draw(GAPS)
            offsets = tuple(places)
        spans, at = [], 0
        while at < len(words):
            stop = draw(st.integers(at + 1, len(words)))
            if draw(st.booleans()):
                origin = Origin("s", at, stop, "exact", (Link(0, at, 0.5),)) if draw(st.booleans()) else None
                spans.append(Span(at, stop, draw(st.sampled_from(["PER", "B-LOC", "Ort"])), draw(SCORES), origin))
            at = stop
        lost = (Lost(0, 2, "ORG", "no link"),) if draw(st.booleans()) else ()
        name = draw(st.sampled_from(["", "s ", "doc/🎉:"])) + str(number)
        result.append(Sentence(tuple(words), tuple(spans), name, text, offsets, lost=lost))
    return tuple(result)


@pytest.mark.parametrize("format", TOOLS)
def test_what_is_written_is_read(format, tmp_path_factory):
    needed = round_trips.NEEDS.get(format)
    if needed is not None:
        pytest.importorskip(needed, reason=f"{needed} is not installed")

    @settings(max_examples=15 if needed else 60)
    @given(sentences())
    def holds(corpus):
        path = tmp_path_factory.mktemp("round") / round_trips.NAMES[format]
        write_corpus(path, corpus, format)
        options = {"scheme": "iob2"} if "scheme" in CORPUS_FORMATS[format].options else {}
        assert read_corpus(path, **options).sentences == corpus

    holds()


def test_the_tables_of_the_documentation_are_what_happens():
    lines = (Path(__file__).parents[1] / "docs" / "formats.md").read_text("utf-8").splitlines()
    for row in [*round_trips.table().values(), *round_trips.table(round_trips.STRIP, strip=True).values()]:
        assert row in lines


def test_every_format_has_a_name_for_recipes_and_the_command_line():
    from typing import get_args

    from exonym.cli.shared import CorpusFormat

    offered = get_args(get_args(get_args(CorpusFormat)[0])[0])
    assert {*get_args(FormatName)} == {*offered} == {*CORPUS_FORMATS} == {*round_trips.NAMES}


def test_endings_and_folders_tell_the_format(tmp_path):
    for format, name in round_trips.NAMES.items():
        if format != "datasets":
            assert format_of(name) is CORPUS_FORMATS[format]
    assert format_of("X.DOCCANO.JSONL") is CORPUS_FORMATS["doccano"]
    with pytest.raises(DataError, match=r"found a folder; expected a file, or a folder of brat or of datasets"):
        format_of(tmp_path)
    with pytest.raises(DataError, match="Did you mean 'doccano'"):
        format_of("x", "docano")


def test_folders_of_brat_hold_a_hundred_sentences_a_file_and_are_never_overwritten(tmp_path):
    corpus = [Sentence(("Anna", "🎉"), (Span(0, 1, "PER"),), str(number)) for number in range(1, 251)]
    write_corpus(tmp_path / "out", corpus, "brat")
    assert len([*(tmp_path / "out").glob("*.ann")]) == 3
    assert (tmp_path / "out" / "annotation.conf").read_text().startswith("[entities]\nPER\n\n[relations]")
    assert read_corpus(tmp_path / "out").sentences == tuple(corpus)
    with pytest.raises(DataError, match="found a folder with files; expected a new folder"):
        write_corpus(tmp_path / "out", corpus, "brat")
    with pytest.raises(DataError, match="found a folder; expected the name of a file"):
        write_corpus(tmp_path / "out", corpus, "jsonl")


@given(st.text(max_size=8))
def test_units_count_as_their_tools_do(text):
    utf16 = text.encode("utf-16-le", "surrogatepass")
    for character, unit in enumerate(offsets_in(text, "utf-16")):
        assert utf16[: 2 * unit].decode("utf-16-le", "surrogatepass") == text[:character]
        assert edges(text, "utf-16")[unit] == character
    assert len(edges(text, "utf-16")) == len(utf16) // 2 + 1
    assert [*edges(text, "characters")] == [*range(len(text) + 1)]


def test_a_grapheme_is_one_unit():
    assert edges("👩\u200d🚀e\u0301x", "graphemes") == [0, 3, 5, 6]


# Label Studio


def region(start, stop, label, text=None, **more):
    value = {"start": start, "end": stop, "labels": [label]} | ({} if text is None else {"text": text})
    return {"id": "a", "from_name": "label", "to_name": "text", "type": "labels", "value": value} | more


def tasks(*rows):
    return json.dumps([{"id": number, **row} for number, row in enumerate(rows, start=1)], indent=2)


def read(path, content, **options):
    path.write_text(content, "utf-8")
    ledger = Ledger()
    return read_corpus(path, ledger=ledger, **options), ledger


def faults(path, content, **options):
    path.write_text(content, "utf-8")
    with pytest.raises(DataError) as error:
        read_corpus(path, **options)
    return str(error.value).splitlines()


def test_label_studio_annotations_count_before_predictions(tmp_path):
    text = "🎉 Anna sah Bonn"
    prediction = {"result": [region(2, 6, "LOC", "Anna", score=0.5)]}
    annotation = {"result": [region(2, 6, "PER", "Anna"), {"type": "choices", "value": {"choices": ["good"]}}]}
    other = {"result": [region(11, 15, "LOC", "Bonn")]}
    rows = [
        {"data": {"text": text}, "annotations": [annotation], "predictions": [prediction]},
        {"data": {"text": text}, "annotations": [], "predictions": [prediction]},
        {"data": {"text": text}, "annotations": [annotation, other | {"was_cancelled": True}]},
        {"data": {"text": text}, "annotations": [annotation, other | {"ground_truth": True}]},
        {"data": {"text": text}, "annotations": [{"result": []}], "predictions": [prediction]},
        {"data": {"text": ""}},
    ]
    corpus, ledger = read(tmp_path / "x.json", tasks(*rows))
    assert [[(span.label, span.score) for span in sentence.spans] for sentence in corpus] == [
        [("PER", 1)],
        [("LOC", 0.5)],
        [("PER", 1)],
        [("LOC", 1)],
        [],
    ]
    assert [sentence.id for sentence in corpus] == ["1", "2", "3", "4", "5"]
    assert ledger["tasks without an annotation, read from their predictions"] == 1
    assert ledger["empty texts skipped"] == 1


def test_label_studio_accepted_labels_keep_their_origin_and_get_the_score_of_a_person(tmp_path):
    origin = Origin("s1", 0, 1, "exact")
    sentence = Sentence(("Anna", "sah", "Bonn"), (Span(0, 1, "PER", 0.5, origin), Span(2, 3, "PER", 0.4, origin)), "a")
    write_corpus(tmp_path / "x.json", [sentence])
    task = json.loads((tmp_path / "x.json").read_text())[0]
    assert task["predictions"][0]["score"] == 0.4
    result = task["predictions"][0]["result"]
    result[1]["value"]["labels"] = ["LOC"]
    corpus, _ = read(tmp_path / "x.json", tasks(task | {"annotations": [{"result": result}]}))
    assert corpus[0] == Sentence(sentence.words, (Span(0, 1, "PER", 1.0, origin), Span(2, 3, "LOC")), "a")


def test_label_studio_of_old_counted_utf16_and_is_found_out(tmp_path):
    content = tasks({"data": {"text": "🎉 Anna sah"}, "annotations": [{"result": [region(3, 7, "PER", "Anna")]}]})
    (line,) = faults(tmp_path / "x.json", content)
    assert f"{tmp_path / 'x.json'}:2: found span 3:7 PER, which says 'Anna' in '1'; expected what stands there" in line
    assert "--units" in line
    corpus, _ = read(tmp_path / "x.json", content, units="utf-16")
    assert corpus[0].surface(corpus[0].spans[0]) == "Anna"


def test_every_label_that_does_not_fit_is_named_at_once(tmp_path):
    text = "Anna Keller sah Bonn."
    cases = [
        ([region(0, 3, "PER")], "span 0:3 PER, 'Ann', which cuts the word 'Anna'"),
        ([region(2, 7, "PER")], "which cuts the word 'Anna' and the word 'Keller'"),
        ([region(4, 5, "PER")], "span 4:5 PER, ' ' in '3'; expected one that covers a word"),
        ([region(16, 99, "LOC")], "span 16:99 LOC in '4'; expected"),
        ([region(5, 5, "LOC")], "span 5:5 LOC"),
        ([region(0, 11, "PER"), region(5, 11, "ORG")], "span 5:11 ORG, which overlaps span 0:11 PER"),
        ([region(0, 4, "")], "span 0:4 without a label"),
        ([region(0, 4, "PER") | {"type": "hypertextlabels"}], "a region of type 'hypertextlabels'"),
        ([region(0, 4, "PER", score=7)], "score 7; expected a number in [0, 1]"),
    ]
    rows = [{"data": {"text": text}, "annotations": [{"result": result}]} for result, _ in cases]
    two = [{"result": [region(0, 4, label)]} for label in ("PER", "ORG")]
    rows.append({"data": {"text": text}, "annotations": two})
    rows.append({"data": {"text": text}, "annotations": [{"result": [region(0, 5, "PER"), region(0, 4, "PER")]}]})
    content = tasks(*rows)
    lines = faults(tmp_path / "x.json", content)
    assert len(lines) == len(cases) + 1
    for line, (_, message) in zip(lines, cases, strict=False):
        assert message in line
    assert "found 2 annotations that differ" in lines[-1]
    starts = [number for number, row in enumerate(content.splitlines(), start=1) if row == "  {"]
    assert [int(line.split(":")[1]) for line in lines] == starts[: len(lines)]
    corpus, ledger = read(tmp_path / "x.json", content, on_error="skip")
    assert [sentence.spans for sentence in corpus] == [(Span(0, 1, "PER"),)]
    assert ledger["sentences skipped"] == ledger["faults skipped in x.json"] == len(lines)
    assert ledger["doubled spans merged"] == 1
    assert ledger["spans with white space at their ends trimmed"] == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"data": {"text": "a"}}', "a cut file"),
        ('[{"data": {"text": "a"}}] x', "text after the list"),
        ('[{"data": {"text": "\\ud83c"}}]', "half of a surrogate pair"),
        ('[{"data": {"txt": "a"}}]', "no 'text'; expected 'text', a string"),
        ('[{"data": {"text": "a", "exonym": {"words": [[0, 9]]}}}]', "[0, 9] in words; expected [start, stop] of each"),
        ('[{"data": {"text": "a", "exonym": {"words": 7}}}]', "7 for words"),
        ('[{"data": {"text": "a", "exonym": {"words": [[0, 1]], "spans": [3]}}}]', "the spans of 'exonym'"),
        ('[{"data": {"text": "a", "exonym": [1]}}]', "for 'exonym'; expected the note of exonym"),
        ("[7]", "7; expected an object"),
        ("[" * 100_000, "broken JSON"),
    ],
)
def test_broken_lists_get_their_message(tmp_path, content, message):
    assert message in faults(tmp_path / "x.json", content)[0]


# doccano


def test_doccano_of_every_version(tmp_path):
    text = "👨🏻\u200d🚒 Anna sah Bonn"
    rows = [
        {"id": 1, "text": text, "label": [[8, 12, "PER"]]},
        {"id": 2, "text": text, "labels": [[8, 12, "PER"]], "Comments": []},
        {"id": 3, "text": text, "entities": [{"id": 9, "label": "PER", "start_offset": 8, "end_offset": 12}]},
        {"id": 4, "text": text},
    ]
    content = "".join(json.dumps(row) + "\r\n" for row in rows)
    corpus, _ = read(tmp_path / "x.doccano.jsonl", content)
    assert [[s.surface(span) for span in s.spans] for s in corpus] == [["Anna"], ["Anna"], ["Anna"], []]
    assert [sentence.id for sentence in corpus] == ["1", "2", "3", "4"]
    content = json.dumps({"text": text, "label": [[2, 6, "PER"]]})
    corpus, _ = read(tmp_path / "x.doccano.jsonl", content, units="graphemes")
    assert corpus[0].surface(corpus[0].spans[0]) == "Anna"
    (line,) = faults(tmp_path / "x.doccano.jsonl", json.dumps({"text": text, "label": [[1, 12, "PER"]]}))
    assert "expected start < stop inside the 21 utf-16 of the text" in line
    (line,) = faults(tmp_path / "x.doccano.jsonl", json.dumps({"text": text, "label": [[8, 12, 5]]}))
    assert "found label [8, 12, 5]; expected [start, stop, label]" in line


def test_doccano_is_written_in_the_units_of_its_browser(tmp_path):
    write_corpus(tmp_path / "x.doccano.jsonl", [Sentence(("🎉", "Anna"), (Span(1, 2, "PER"),), "a")])
    assert json.loads((tmp_path / "x.doccano.jsonl").read_text())["label"] == [[3, 7, "PER"]]


# Argilla


def record(responses=(), suggestion=None, **more):
    suggestions = {} if suggestion is None else {"ner": suggestion}
    answers = {"ner": [{"value": value, "user_id": "u"} for value in responses]} if responses else {}
    fields = {"text": "Anna sah Bonn"}
    return {"id": "r", "fields": fields, "metadata": {}, "suggestions": suggestions, "responses": answers} | more


def test_argilla_responses_count_before_suggestions(tmp_path):
    anna, bonn = ({"start": 0, "end": 4, "label": "PER"}, {"start": 9, "end": 13, "label": "LOC"})
    suggestion = {"value": [anna, bonn], "score": [0.5, 0.25], "agent": "m"}
    rows = [
        record([[anna]], suggestion, id="1"),
        record([[anna], [anna]], id="2"),
        record((), suggestion, id="3"),
        record((), suggestion | {"score": None}, id="4"),
        record(id="5"),
    ]
    corpus, ledger = read(tmp_path / "x.argilla.json", json.dumps(rows))
    assert [[span.score for span in sentence.spans] for sentence in corpus] == [[1], [1], [0.5, 0.25], [1, 1], []]
    assert ledger["records without a response, read from their suggestion"] == 3
    lines = faults(
        tmp_path / "x.argilla.jsonl",
        json.dumps(record([[anna], [bonn]]))
        + "\n"
        + json.dumps(record((), suggestion | {"score": [1]}))
        + "\n"
        + json.dumps(record() | {"responses": {"a": [{"value": [anna]}], "b": [{"value": [anna]}]}}),
    )
    assert "2 responses that differ" in lines[0]
    assert "1 scores for 2 spans" in lines[1]
    assert "the questions a, b; expected one question" in lines[2]


# Prodigy


def test_prodigy_tokens_are_words_and_answers_count(tmp_path):
    text = "ng'ombe  New York"
    tokens = [("ng'ombe", 0, 7), (" ", 8, 9), ("New York", 9, 17)]
    given = [{"text": word, "start": i, "end": j, "id": n, "ws": True} for n, (word, i, j) in enumerate(tokens)]
    spans = [{"start": 9, "end": 17, "token_start": 2, "token_end": 2, "label": "LOC"}]
    rows = [
        {"text": text, "tokens": given, "spans": spans, "answer": "accept", "meta": {"id": 7}},
        {"text": text, "answer": "reject"},
        {"text": text, "answer": "ignore"},
        {"text": "Anna", "spans": []},
    ]
    corpus, ledger = read(tmp_path / "x.prodigy.jsonl", "\n".join(map(json.dumps, rows)))
    assert corpus[0] == Sentence(("ng'ombe", "New York"), (Span(1, 2, "LOC"),), "7", text, ((0, 7), (9, 17)))
    assert corpus[1].words == ("Anna",)
    assert ledger["tasks left out, answered 'reject'"] == ledger["tasks left out, answered 'ignore'"] == 1
    write_corpus(tmp_path / "y.prodigy.jsonl", [Sentence(("a", "b", "c"), (Span(0, 2, "X", 0.5),), "1")])
    row = json.loads((tmp_path / "y.prodigy.jsonl").read_text())
    assert row["spans"] == [{"start": 0, "end": 3, "label": "X", "token_start": 0, "token_end": 1, "score": 0.5}]
    assert [token["ws"] for token in row["tokens"]] == [True, True, False]


# brat


def test_brat_lines_are_sentences_and_every_fault_is_named(tmp_path):
    (tmp_path / "d.txt").write_bytes("Anna sah\r\n\r\n🎉 Bonn am Rhein\r\nTom".encode())
    labels = "T1\tPER 0 4\tAnna\nT2\tLOC 14 18;19 27\tBonn am Rhein\nR1\tin Arg1:T1 Arg2:T2\n#1\tAnnotatorNotes T1\tx\n"
    (tmp_path / "d.ann").write_text(labels, newline="\r\n")
    ledger = Ledger()
    corpus = read_corpus(tmp_path / "d.ann", ledger=ledger)
    assert [s.words for s in corpus] == [("Anna", "sah"), ("🎉", "Bonn", "am", "Rhein"), ("Tom",)]
    assert [[(s.surface(span), span.label) for span in s.spans] for s in corpus] == [
        [("Anna", "PER")],
        [("Bonn am Rhein", "LOC")],
        [],
    ]
    assert [sentence.id for sentence in corpus] == ["1", "3", "4"]
    assert ledger["brat annotations that label no text passed over"] == 2
    assert [sentence.id for sentence in read_corpus(tmp_path)] == ["d:1", "d:3", "d:4"]
    wrong = "T1\tPER 0 4\tTom\nT2\tLOC 14 18;22 27\tBonn Rhein\nT3\tPER 28 99\tTom\nT4 PER 0 4\nT5\tX 5 16\tsah\r\n"
    (tmp_path / "d.ann").write_text(wrong)
    with pytest.raises(DataError) as error:
        read_corpus(tmp_path / "d.ann")
    lines = str(error.value).splitlines()
    assert [int(line.split(":")[1]) for line in lines] == [1, 2, 3, 4, 5]
    for line, message in zip(
        lines, ("over 'Tom'", "which has gaps", "inside the 32", "'T4 PER 0 4'", "X 5 16"), strict=True
    ):
        assert message in line
    kept = read_corpus(tmp_path / "d.txt", "brat", on_error="skip", ledger=(ledger := Ledger()))
    assert [sentence.words for sentence in kept] == [("Tom",)]
    assert ledger["sentences skipped"] == 2
    (tmp_path / "d.txt").unlink()
    with pytest.raises(DataError, match=r"found no such file; expected the text of its \.ann file"):
        read_corpus(tmp_path / "d.ann")


def test_brat_refuses_what_would_not_come_back(tmp_path):
    for label, text in (("A B", "a"), ("X", "a\n"), ("X", "\0")):
        sentence = Sentence((text,), (Span(0, 1, label),), "s")
        with pytest.raises(DataError, match="sentence 's': found the label"):
            write_corpus(tmp_path / "x.ann", [sentence])
        assert [*tmp_path.iterdir()] == []


def test_brat_notes_that_do_not_fit_the_text_are_refused(tmp_path):
    write_corpus(tmp_path / "x.ann", [Sentence(("Anna", "sah"), (Span(0, 1, "PER"),), "a")])
    (tmp_path / "x.txt").write_text("Ann\n")
    with pytest.raises(DataError, match=r"x.exonym.jsonl:1: found a note that does not fit the text"):
        read_corpus(tmp_path / "x.ann")


# Hugging Face


def test_hf_jsonl_tags_may_have_any_scheme(tmp_path):
    rows = [{"tokens": ["a", "b"], "ner_tags": ["I-X", "I-X"]}, {"tokens": [], "ner_tags": []}]
    content = "\n".join(map(json.dumps, rows))
    corpus, ledger = read(tmp_path / "x.hf.jsonl", content)
    assert corpus[0].spans == (Span(0, 2, "X"),)
    assert ledger["empty sentences skipped"] == 1
    bad = [
        {"tokens": ["a"], "ner_tags": [3]},
        {"tokens": ["a"], "ner_tags": ["O", "O"]},
        {"tokens": ["a", "b"], "ner_tags": ["O", "I-X"]},
        {"tokens": ["a"]},
    ]
    lines = faults(tmp_path / "x.hf.jsonl", "\n".join(map(json.dumps, bad)), scheme="iob2")
    assert "tags that are numbers without names" in lines[0]
    assert "2 tags for 1 tokens" in lines[1]
    assert "tag 'I-X' of token 2" in lines[2]
    assert "no 'ner_tags'" in lines[3]


def test_datasets_opens_parquet_and_folders_with_the_names_of_the_labels(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'exonym[parquet]'")
    datasets = pytest.importorskip("datasets", reason="datasets is not installed: pip install 'exonym[oracles]'")
    corpus = (Sentence(("Anna", "sah"), (Span(0, 1, "PER", 0.5),), "1"), Sentence(("Bonn",), (Span(0, 1, "LOC"),), "2"))
    write_corpus(tmp_path / "x.parquet", corpus)
    write_corpus(tmp_path / "folder", corpus, "datasets")
    cache = {"cache_dir": str(tmp_path / "cache")}
    for loaded in (
        datasets.load_dataset("parquet", data_files=str(tmp_path / "x.parquet"), split="train", **cache),
        datasets.load_dataset(str(tmp_path / "folder"), split="train", **cache),
    ):
        assert loaded.features["ner_tags"].feature.names == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
        assert loaded["tokens"][0] == ["Anna", "sah"]
        assert loaded["ner_tags"][:] == [[3, 0], [1]]
    loaded.save_to_disk(tmp_path / "saved")
    assert read_corpus(tmp_path / "saved").sentences == corpus
    datasets.DatasetDict(train=loaded).save_to_disk(tmp_path / "one")
    assert read_corpus(tmp_path / "one").sentences == corpus
    datasets.DatasetDict(train=loaded, test=loaded).save_to_disk(tmp_path / "two")
    with pytest.raises(DataError, match=r"found the splits .*test, .*train; expected one"):
        read_corpus(tmp_path / "two")
    assert read_corpus(tmp_path / "two" / "test").sentences == corpus
    plain = loaded.remove_columns(["exonym", "id"])
    plain.to_json(tmp_path / "plain.hf.jsonl")
    with pytest.raises(DataError, match="tags that are numbers"):
        read_corpus(tmp_path / "plain.hf.jsonl")


def test_broken_parquet_is_named(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'exonym[parquet]'")
    (tmp_path / "x.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match="found a damaged file or another kind"):
        read_corpus(tmp_path / "x.parquet")


@pytest.mark.parametrize(("name", "package"), [("x.parquet", "pyarrow"), ("x.spacy", "spacy")])
def test_missing_packages_name_their_extra(tmp_path, monkeypatch, name, package):
    import sys

    (tmp_path / name).write_bytes(b"x")
    monkeypatch.setitem(sys.modules, package, None)
    extra = {"pyarrow": "parquet", "spacy": "spacy"}[package]
    with pytest.raises(MissingExtra, match=rf"exonym\[{extra}\]"):
        read_corpus(tmp_path / name)
    with pytest.raises(MissingExtra, match=rf"exonym\[{extra}\]"):
        write_corpus(tmp_path / f"new-{name}", [])


def test_docbin_of_others_loses_tokens_of_white_space(tmp_path):
    spacy = pytest.importorskip("spacy", reason="spaCy is not installed: pip install 'exonym[spacy]'")
    pipeline = spacy.blank("en")
    doc = pipeline("Anna  Keller sah\n\nBonn 🎉")
    doc.set_ents([doc.char_span(0, 12, label="PER")])
    spacy.tokens.DocBin(docs=[doc]).to_disk(tmp_path / "x.spacy")
    ledger = Ledger()
    sentence = read_corpus(tmp_path / "x.spacy", ledger=ledger)[0]
    assert sentence.text == doc.text
    assert sentence.words == ("Anna", "Keller", "sah", "Bonn", "🎉")
    assert sentence.spans == (Span(0, 2, "PER"),)
    assert ledger["tokens of white space left out"] == 2
    (tmp_path / "y.spacy").write_bytes(b"nothing")
    with pytest.raises(DataError, match="found no DocBin"):
        read_corpus(tmp_path / "y.spacy")


# whatever the file holds

KEYS = ["text", "data", "fields", "annotations", "predictions", "suggestions", "responses", "result", "value", "spans"]
KEYS += ["label", "labels", "start", "end", "start_offset", "end_offset", "tokens", "ner_tags", "words", "lost", "meta"]
KEYS += ["id", "exonym", "metadata", "answer", "type", "score"]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 9)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "a", "Anna b", "PER"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=60)
@given(st.lists(JSON, max_size=3), st.sampled_from(["labelstudio", "doccano", "argilla", "prodigy", "hf-jsonl"]))
def test_nothing_in_a_file_makes_a_reader_fall(tmp_path_factory, rows, format):
    path = tmp_path_factory.mktemp("fuzz") / "x.json"
    for content in (json.dumps(rows), "\n".join(map(json.dumps, rows))):
        path.write_text(content)
        for on_error in ("raise", "skip"):
            try:
                corpus = read_corpus(path, format, on_error=on_error)
            except ExonymError:
                continue
            assert all(sentence.words for sentence in corpus)


@settings(max_examples=60)
@given(st.text(string.printable + "é🎉", max_size=40), st.text("T1R \tPER0123;#ab\n", max_size=60))
def test_nothing_in_a_brat_file_makes_a_reader_fall(tmp_path_factory, text, labels):
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "x.txt").write_text(text, "utf-8")
    (folder / "x.ann").write_text(labels, "utf-8")
    for on_error in ("raise", "skip"):
        try:
            read_corpus(folder / "x.ann", on_error=on_error)
        except ExonymError:
            continue


def test_label_studio_results_about_other_things_are_counted(tmp_path):
    label = {"type": "labels", "value": {"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}}
    result = [
        label,
        {"type": "choices", "value": {"choices": ["news"]}},
        {"type": "relation", "from_id": "a", "to_id": "b"},
    ]
    task = {"data": {"text": "Anna sees Rome ."}, "annotations": [{"result": result}]}
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([task]), encoding="utf-8")
    ledger = Ledger()
    (found,) = read_corpus(path, format="labelstudio", ledger=ledger)
    assert [span.key for span in found.spans] == [(0, 1, "PER")]
    assert ledger["results about other things than spans, passed over"] == 2
