import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from exonym.cli import app
from exonym.data import Corpus, Sentence, Span, split, statistics, together, words_key
from exonym.errors import DataError, ExonymError
from exonym.formats import read_corpus, write_corpus


def corpus(*rows):
    return Corpus(tuple(Sentence(tuple(words.split()), (), id) for id, words in rows))


def exonym(*arguments, code=0):
    done = CliRunner().invoke(app, [*map(str, arguments)])
    if isinstance(done.exception, ExonymError):  # as `exonym.cli.main` ends them
        assert code == 1
        return str(done.exception)
    assert done.exit_code == code, done.output
    return done.output


def conll(path, *sentences):
    path.write_text("\n\n".join("\n".join(row.replace("/", "\t") for row in each.split()) for each in sentences) + "\n")
    return path


# splitting


@given(
    st.lists(
        st.tuples(st.sampled_from(["a:", "b:", "c:x:", ""]), st.sampled_from("uvwxyzUV")), min_size=1, max_size=40
    ),
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    st.integers(0, 5),
)
def test_parts_hold_every_sentence_once_and_share_nothing(rows, shares, seed):
    whole = corpus(*((f"{document}{number}", word) for number, (document, word) in enumerate(rows)))
    try:
        parts = split(whole, shares, seed=seed)
    except DataError:
        assert len(together(whole)) < max(2, len(shares)) or max(map(len, together(whole))) > 1 or len(whole) < 9 * 3
        return
    assert parts == split(whole, shares, seed=seed)
    ids = [sentence.id for part in parts for sentence in part]
    assert sorted(ids) == sorted(sentence.id for sentence in whole)
    for part in parts:
        places = [whole.sentences.index(sentence) for sentence in part]
        assert places == sorted(places)
    for key in (words_key, lambda sentence: sentence.id.rpartition(":")[0] or sentence.id):
        homes = [{key(sentence) for sentence in part} for part in parts]
        assert sum(map(len, homes)) == len(set().union(*homes))


def test_shares_are_met_where_nothing_belongs_together():
    whole = corpus(*((str(number), f"w{number}") for number in range(1000)))
    parts = split(whole, [80, 10, 10], seed=1)
    assert [len(part) for part in parts] == [800, 100, 100]
    assert split(whole, [80, 10, 10], seed=2) != parts
    with pytest.raises(DataError, match="expected numbers above 0"):
        split(whole, [1, 0])
    with pytest.raises(DataError, match="found 3 sentences in 1 groups that belong together"):
        split(corpus(("a:1", "x"), ("a:2", "y"), ("3", "Y")), [1, 1])


def test_documents_and_doubles_are_tied_together():
    whole = corpus(("a:1", "x y"), ("b:1", "p"), ("b:2", "X Y"), ("3", "q"))
    assert sorted(map(sorted, together(whole))) == [[0, 1, 2], [3]]
    assert sorted(map(sorted, together(whole, separator=""))) == [[0, 2], [1], [3]]


# counting


def test_statistics():
    rows = (
        Sentence(("Anna", "e\u0301", "sah"), (Span(0, 1, "PER"),), "1"),
        Sentence(("anna", "é", "sah"), (), "2"),
        Sentence(("a\u200bb", "\ufffd"), (Span(0, 2, "LOC"),), "3"),
    )
    found = statistics(Corpus(rows))
    assert (found.sentences, found.words, found.distinct, found.unlabelled) == (3, 8, 5, 1)
    assert found.entities == {"LOC": 1, "PER": 1}
    assert (found.entity_lengths["LOC"].longest, found.sentence_lengths.median) == (2, 3)
    assert (found.not_nfc, found.invisible, found.replaced) == (1, 1, 1)
    assert (found.doubled, found.contradictory) == (1, 1)
    assert statistics(Corpus(())).sentence_lengths.mean == 0


# the commands


def test_stats_and_map(tmp_path):
    file = conll(tmp_path / "x.conll", "Anna/B-PER sah/O Bonn/B-GPE", "am/O Montag/B-DATE")
    assert "GPE: entities; words: mean, most" in exonym("data", "stats", file)
    rows = json.loads(exonym("data", "stats", file, "--json").rpartition("]")[0] + "]")
    assert rows[0]["entities"] == {"DATE": 1, "GPE": 1, "PER": 1}
    out = tmp_path / "y.doccano.jsonl"
    told = exonym("data", "map", file, "--map", "GPE=LOC", "--map", "DATE=drop", "-o", out)
    assert "DATE -> drop: 1\nGPE -> LOC: 1\nlabels now: LOC, PER\n" in told
    assert read_corpus(out).labels == ("LOC", "PER")
    assert "found 'GEP'; expected a label of" in exonym("data", "map", file, "--map", "GEP=LOC", code=1)


def test_split_writes_parts_and_says_what_they_hold(tmp_path):
    file = conll(tmp_path / "x.conll", *(f"w{number}/B-PER sah/O" for number in range(20)))
    told = exonym("data", "split", file, "-o", tmp_path / "parts", "--shares", "train=8,test=2", "--to", "jsonl")
    assert "80.0%" in told
    counts = {path.name: len(read_corpus(path)) for path in (tmp_path / "parts").iterdir()}
    assert counts == {"train.jsonl": 16, "test.jsonl": 4}
    exonym("data", "split", file, "-o", tmp_path / "parts", code=2)
    for shares in ("train=8,train=2", "train", "a/b=1", "a=0", "a=x"):
        exonym("data", "split", file, "-o", tmp_path / "new", "--shares", shares, code=2)
    assert not (tmp_path / "new").exists()


def test_convert_writes_what_is_asked_for(tmp_path):
    file = conll(tmp_path / "x.conll", "Anna/B-PER sah/O")
    exonym("data", "convert", file, "-o", tmp_path / "x.json")
    exonym("data", "convert", tmp_path / "x.json", "-o", tmp_path / "brat", "--to", "brat")
    assert "Anna\tB-PER\nsah\tO\n" in exonym("data", "convert", tmp_path / "brat")
    assert '"label":[[0,4,"PER"]]' in exonym("data", "convert", file, "--to", "doccano")
    assert "found brat for standard output" in exonym("data", "convert", file, "--to", "brat", code=1)
    assert "found a folder with files" in exonym(
        "data", "convert", file, "-o", tmp_path / "brat", "--to", "brat", code=1
    )


def test_check_tells_everything_at_once(tmp_path):
    good = conll(tmp_path / "good.conll", "Anna/B-PER sah/O", "Bonn/B-LOC")
    same = conll(tmp_path / "same.conll", "anna/B-PER sah/O", "Tom/B-per Bo/B-PER")
    bad = conll(tmp_path / "bad.conll", *(f"w{number}/X" for number in range(30)), "Anna/B-PER sah/O")
    (tmp_path / "bad.json").write_text('[{"data": {"text": "Anna"}, "annotations": [{"result": 7}]}]')
    told = exonym("data", "check", good, same)
    assert "no fault; sentences that can be read: 2" in told
    assert f"note: {good} and {same} share sentences: 1" in told
    assert f"note: only one of {good} and {same} has the labels LOC, per" in told
    assert "the labels PER and per differ in letter case only" in told
    told = exonym("data", "check", good, bad, tmp_path / "bad.json", tmp_path / "none.conll", code=1)
    assert f"{bad}: faults: 30; sentences that can be read: 1" in told
    assert "... and 10 more" in told
    assert "found 7 for 'result'" in told
    assert "found no such file" in told
    assert "found 32 faults in 3 of 4 files" in told
    row = json.loads(exonym("data", "check", bad, "--json", code=1).partition("found 30")[0])["files"][0]
    assert (row["faults"], row["sentences"]) == (30, 1)


@pytest.mark.parametrize(
    "ending", ["jsonl", "json", "doccano.jsonl", "argilla.json", "prodigy.jsonl", "ann", "hf.jsonl"]
)
def test_check_reads_every_format(tmp_path, ending):
    write_corpus(tmp_path / f"x.{ending}", [Sentence(("Anna", "sah"), (Span(0, 1, "PER"),), "1")])
    assert "no fault; sentences that can be read: 1" in exonym("data", "check", tmp_path / f"x.{ending}")


def test_chance_of_a_split_is_even():
    whole = corpus(*((str(number), f"w{number}") for number in range(20)))
    counts = Counter(s.id for seed in range(200) for s in split(whole, [1, 1], seed=seed)[0])
    assert all(60 < counts[str(number)] < 140 for number in range(20))


def test_taggers_learn_from_and_write_the_formats_of_tools(tmp_path):
    file = conll(tmp_path / "x.conll", *["Anna/B-PER sah/O", "Tom/B-PER kam/O", "er/O kam/O"] * 5)
    exonym("data", "convert", file, "-o", tmp_path / "x.prodigy.jsonl")
    exonym("train", tmp_path / "x.prodigy.jsonl", "-o", tmp_path / "tagger")
    (tmp_path / "new.txt").write_text("Anna kam.\n")
    told = exonym("tag", tmp_path / "tagger", tmp_path / "new.txt", "--raw", "-o", tmp_path / "tasks.json")
    assert "entities found: 1" in told
    (task,) = json.loads((tmp_path / "tasks.json").read_text())
    (region,) = task["predictions"][0]["result"]
    assert region["value"] == {"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}
    told = exonym("evaluate", file, tmp_path / "x.prodigy.jsonl", "--json", "--resamples", "100")
    assert "scheme:iob2,spans" in told


def test_what_is_written_part_by_part_must_be_lines(tmp_path):
    file = conll(tmp_path / "x.conll", "Anna/B-PER")
    (tmp_path / "b.tsv").write_text("Anna\tAna\n")
    (tmp_path / "l").write_text("0-0\n")
    inputs = ("--source", file, "--bitext", tmp_path / "b.tsv", "--links", tmp_path / "l")
    told = exonym("project", *inputs, "-o", tmp_path / "x.json", code=1)
    assert "found a format that is written as a whole; expected one that is written part by part" in told
    exonym("project", *inputs, "-o", tmp_path / "x.doccano.jsonl")
    assert read_corpus(tmp_path / "x.doccano.jsonl")[0].spans[0].origin is not None


def test_recipes_know_folders_of_brat(tmp_path):
    from exonym.run.paths import fault_of_path

    write_corpus(tmp_path / "out", [Sentence(("Anna",), (), "1")], "brat")
    (tmp_path / "empty").mkdir()
    assert fault_of_path(tmp_path, "out") == ""
    assert "found no file" in fault_of_path(tmp_path, "empty")
