"""Projection in a stream: the same as in memory, whatever the number of processes, in bounded memory."""

import functools
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exonym.cli import app
from exonym.data import Alignment, Bitext, Corpus, Links, Pair, Sentence, Span
from exonym.errors import DataError, ExonymError, RecipeError
from exonym.formats import read_alignment, read_bitext, read_corpus, write_alignment, write_bitext, write_corpus
from exonym.processes import ordered_map
from exonym.project import Matching, Unpaired, pair_up, project, project_stream
from exonym.project import stream as stream_module

COMMAND = [sys.executable, "-c", "from exonym.cli import main; main()", "project"]


def exonym(*arguments, cwd, code=0):
    done = subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=120)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def made_up(pairs, seed=1):
    """A corpus, pairs for most of its sentences, and links."""
    rng = random.Random(seed)
    sentences, found, links = [], [], []
    for number in range(1, pairs + 1):
        length = rng.randint(1, 9)
        words = tuple(rng.choice("abcdefgh") for _ in range(length))
        at = [place for place in range(length) if rng.random() < 0.3]
        spans = tuple(Span(place, place + 1, rng.choice(("PER", "LOC"))) for place in at)
        sentences.append(Sentence(words, spans, rng.choice((str(number), f"s{number}"))))
        if rng.random() < 0.8:
            found.append(Pair(words, tuple(word.upper() for word in words), str(len(found) + 1)))
            rows = [(i, rng.randrange(length), round(rng.uniform(0.1, 1), 4)) for i in range(length)]
            links.append(Links.of(rows if rng.random() < 0.9 else []))
    return Corpus(tuple(sentences)), Bitext(tuple(found)), Alignment(tuple(links))


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(stream_module, "CHUNK", 7)


@pytest.fixture
def folder(tmp_path):
    corpus, bitext, alignment = made_up(2500)
    write_corpus(tmp_path / "en.conll", corpus)
    write_bitext(tmp_path / "b.tsv", bitext)
    write_alignment(tmp_path / "b.links", alignment)
    return tmp_path


FILES = ("--source", "en.conll", "--bitext", "b.tsv", "--links", "b.links")


def only_persons(projected):
    """A filter that can go to another process."""
    persons = [span for span in projected.target.spans if span.label == "PER"]
    return projected.target.with_spans(persons) if persons else None


@pytest.mark.parametrize("matching", [Matching(score="soft", threshold=0.1), Matching(matcher="heuristic")])
def test_a_stream_gives_what_memory_gives(small_chunks, matching):
    data = made_up(60)
    expected = project(*data, matching).sentences
    assert any(sentence.lost for sentence in expected)
    assert tuple(project_stream(*map(iter, data), matching)) == expected
    assert tuple(project_stream(*map(iter, data), matching, workers=2)) == expected


def test_what_is_done_with_each_sentence_is_done_where_it_is_projected(small_chunks):
    data = made_up(40)
    here = list(project_stream(*data, then=only_persons))
    assert here == list(project_stream(*data, then=only_persons, workers=2))
    assert 0 < len(here) < len(data[1])
    assert {span.label for sentence in here for span in sentence.spans} == {"PER"}


def test_files_do_not_depend_on_the_number_of_processes(folder):
    for workers in (1, 2):
        outputs = ("-o", f"{workers}.conll", "--provenance", f"{workers}.jsonl", "--workers", workers)
        done = exonym(*FILES, *outputs, cwd=folder)
    corpus = read_corpus(folder / "en.conll")
    bitext = read_bitext(folder / "b.tsv")
    projected = project(corpus, bitext, read_alignment(folder / "b.links", bitext))
    for ending in ("conll", "jsonl"):
        write_corpus(folder / f"memory.{ending}", projected)
        whole = (folder / f"memory.{ending}").read_bytes()
        assert (folder / f"1.{ending}").read_bytes() == whole
        assert (folder / f"2.{ending}").read_bytes() == whole
    assert f"sentences read: {len(corpus)}" in done.stderr
    assert f"spans projected: {sum(len(sentence.spans) for sentence in projected)}" in done.stderr
    assert exonym(*FILES, cwd=folder).stdout == (folder / "1.conll").read_text()


def test_a_tagger_speaks_in_every_process(folder):
    tagger = ("from exonym import read_corpus, train_light; from exonym.tag import LightOptions; "
              "train_light(read_corpus('en.conll'), LightOptions(iterations=5)).save('tagger')")  # fmt: skip
    subprocess.run([sys.executable, "-c", tagger], cwd=folder, check=True, capture_output=True)
    for workers in (1, 2):
        options = ("--tagger", "tagger", "--tagger-weight", "1", "--workers", workers, "-o", f"{workers}.jsonl")
        exonym(*FILES, *options, cwd=folder)
    assert (folder / "1.jsonl").read_bytes() == (folder / "2.jsonl").read_bytes()
    exonym(*FILES, "-o", "without.jsonl", cwd=folder)
    assert (folder / "1.jsonl").read_bytes() != (folder / "without.jsonl").read_bytes()


@pytest.mark.parametrize("workers", [1, 2])
def test_no_more_is_read_than_is_needed(small_chunks, workers):
    corpus, bitext, alignment = made_up(400)
    taken = 0

    def counted():
        nonlocal taken
        for pair in bitext:
            taken += 1
            yield pair

    projected = project_stream(corpus, counted(), alignment, workers=workers)
    for number, _ in enumerate(projected, start=1):
        assert taken <= number + 7 * (workers + 1)
        if number == 50:
            break
    projected.close()
    assert taken < 100


def test_pairs_meet_their_sentences_in_nfc_and_may_leave_some_out():
    sentences = [Sentence((word,), (), str(number)) for number, word in enumerate(("a", "e\u0301", "a"), start=1)]
    pairs = [Pair(("\u00e9",), ("x",)), Pair(("a",), ("y",))]
    assert [sentence.id for sentence, _ in pair_up(sentences, pairs)] == ["2", "3"]
    with pytest.raises(Unpaired):
        list(pair_up(sentences, [*pairs, pairs[1]]))


@pytest.mark.parametrize(("change", "message"), [(-1, "found links for 1 pairs"), (1, "found links after those of 2")])
def test_links_that_are_too_few_or_too_many_are_refused(change, message):
    pairs = [Pair(("a",), ("b",), "1"), Pair(("c",), ("d",), "2")]
    sentences = [Sentence(pair.source) for pair in pairs]
    with pytest.raises(DataError, match=message):
        list(project_stream(sentences, pairs, [Links.of([])] * (2 + change)))


def changed(path, edit):
    lines = path.read_text().splitlines()
    edit(lines)
    path.write_text("".join(f"{line}\n" for line in lines))


def spoil(*places, to):
    def edit(lines):
        for place in places:
            lines[place - 1] = to

    return edit


FAULTS = [
    ("b.tsv", spoil(5, 1900, to="other\twords"), ["b.tsv:5: found other words", "b.tsv:1900: found other words"]),
    ("b.tsv", spoil(7, 1800, to="no tab"), ["b.tsv:7: found 1 column", "b.tsv:1800: found 1 column"]),
    ("b.links", spoil(3, 1700, to="0-0:2"), ["b.links:3: found link '0-0:2'", "b.links:1700: found link"]),
    ("b.links", lambda lines: lines.__delitem__(slice(1500, None)), ["b.links: found 1500 lines; expected "]),
    ("b.links", lambda lines: lines.append("0-0"), ["lines; expected ", "as b.tsv has"]),
    ("en.conll", lambda lines: lines.extend(["", "x\tI-PER", "", "y"]), ["found tag 'I-PER'", "found 1 column"]),
    ("en.conll", lambda lines: lines.extend(["", "# id = s", "x\tO", "", "# id = s", "y\tO"]), ["found id 's'"]),
]


@pytest.mark.parametrize(("name", "edit", "messages"), FAULTS)
def test_all_faults_are_told_and_nothing_is_written(folder, monkeypatch, name, edit, messages):
    monkeypatch.chdir(folder)
    changed(folder / name, edit)
    before = sorted(path.name for path in folder.iterdir())
    done = CliRunner().invoke(app, ["project", *FILES, "-o", "out.conll", "--provenance", "out.jsonl"])
    assert isinstance(done.exception, DataError)
    for message in messages:
        assert message in str(done.exception)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_the_first_faults_of_links_are_told_whatever_the_number_of_processes(folder):
    """Bytes that are no text are found ahead of faults that the processes find; the message is by line all the same."""
    lines = (folder / "b.links").read_bytes().splitlines()
    for place in range(2, len(lines), 50):
        lines[place - 1] = b"0-0:2"
    lines[1100] = b"\xff"
    (folder / "b.links").write_bytes(b"".join(line + b"\n" for line in lines[:-1]))
    first, second = (exonym(*FILES, "--workers", workers, cwd=folder, code=1).stderr for workers in (1, 2))
    assert first == second
    told = [line for line in first.splitlines() if "b.links:" in line]
    assert [int(line.split("b.links:")[1].split(":")[0]) for line in told] == list(range(2, 2 + 50 * 20, 50))
    number = len(range(2, len(lines), 50)) + 2 - 20  # those of links, one of bytes, one of a line that is missing
    assert f"... and {number} more in b.links" in first


def test_a_fault_at_the_end_keeps_standard_output_empty(folder):
    changed(folder / "b.links", lambda lines: lines.append("0-0"))
    done = exonym(*FILES, "--workers", 2, cwd=folder, code=1)
    assert done.stdout == ""
    assert done.stderr.startswith("error: b.links: found ")


def test_skipped_lines_keep_their_links(folder):
    changed(folder / "b.tsv", spoil(2, 1200, to="no tab"))
    done = exonym(*FILES, "--on-error", "skip", "-o", "out.conll", cwd=folder)
    assert "faults skipped in b.tsv: 2" in done.stderr
    corpus = read_corpus(folder / "en.conll")
    bitext = read_bitext(folder / "b.tsv", on_error="skip")
    assert len(bitext) == len((folder / "b.links").read_text().splitlines()) - 2
    projected = project(corpus, bitext, read_alignment(folder / "b.links", bitext))
    assert [s.words for s in read_corpus(folder / "out.conll")] == [s.words for s in projected]


def children(process):
    """The processes that a process has started."""
    try:
        return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:
        return []


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at /proc")
def test_an_interrupt_ends_all_processes_and_leaves_nothing(tmp_path):
    repeats = 40_000
    (tmp_path / "en.conll").write_text("Anna\tB-PER\nsees\tO\nBonn\tB-LOC\n\n" * repeats)
    (tmp_path / "b.tsv").write_text("Anna sees Bonn\tBonn sieht Anna\n" * repeats)
    (tmp_path / "b.links").write_text("0-2:0.9 1-1 2-0:0.9\n" * repeats)
    command = [*COMMAND, *FILES, "-o", "out.conll", "--workers", "2"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while len(children(process.pid)) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    started = children(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.startswith("stopped; nothing half-written was left")
    assert len(errors.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.links", "b.tsv", "en.conll"]
    assert not [each for each in started if "multiprocessing.spawn" in command_of(each)]


def command_of(process):
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def exit_at(number, item):
    if item == number:
        os._exit(1)
    return item


def divide(item):
    return 1 / item


def test_errors_of_other_processes_are_errors_here():
    with pytest.raises(ZeroDivisionError):
        list(ordered_map(divide, [1, 2, 0, 3], workers=2))
    with pytest.raises(ExonymError, match="a worker process ended"):
        list(ordered_map(functools.partial(exit_at, 2), range(5), workers=2))
    with pytest.raises(RecipeError, match="workers: found 0"):
        list(ordered_map(divide, [1], workers=0))
