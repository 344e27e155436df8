import os
import signal
import subprocess
import sys
import time

import pytest

from exonym.data import Corpus, Links, Sentence
from exonym.errors import DataError
from exonym.formats import read_alignment, read_bitext
from exonym.run.store import Store, describe
from exonym.transfer import Stage
from exonym.translate import Files, Translation, Translations, Translator
from stand_in import install


def exonym(*arguments, code=0):
    command = [sys.executable, "-c", "from exonym.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr
    return done


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


# Ready translations.


def test_sentences_are_found_by_their_letters_however_they_were_split(tmp_path):
    path = write(tmp_path / "b.tsv", "Anna 's cafe\u0301 .\tEl café de Anna .\nAnna's café.\tother\nb\tc d\n")
    translator = Files(path=path)
    rows = [("Anna's", "café", "."), ("gone",), ("b",)]
    made = translator.translate([Sentence(words) for words in rows], "en", "es")
    assert [each.words for each in made] == [("El", "café", "de", "Anna", "."), (), ("c", "d")]
    assert made[0].text == "El café de Anna."
    assert all(made[0].text[a:b] == word for word, (a, b) in zip(made[0].words, made[0].offsets, strict=True))
    corpus = Corpus(tuple(map(Sentence, rows)))
    assert Translations(corpus.sentences, tuple(made), "es").ledger["translations left out: empty"] == 1
    assert isinstance(translator, Translator)


def test_running_text_and_swapped_columns(tmp_path):
    path = write(tmp_path / "b.tsv", "¿Va Anna?\tIs Anna going?\n")
    (made,) = Files(path=path, raw=True, swap=True).translate([Sentence(("Is", "Anna", "going", "?"))], "en", "es")
    assert made.words == ("¿", "Va", "Anna", "?")
    assert made.text == "¿Va Anna?"


def test_the_fingerprint_is_of_the_content(tmp_path):
    one, same, other = (
        write(tmp_path / name, text) for name, text in (("a", "a\tb\n"), ("b", "a\tb\n"), ("c", "a\tc\n"))
    )
    prints = [describe(Files(path=path)) for path in (one, same, other)]
    assert prints[0] == prints[1] != prints[2]
    assert describe(Files(path=one, raw=True)) != prints[0]


def test_a_faulty_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match="1 column"):
        Files(path=write(tmp_path / "b.tsv", "no tab\n")).translate([Sentence(("a",))], "en", "es")


# In the store.

VALUES = {
    "with all": Translations(
        (Sentence(("a", "b"), (), "x", "a b", ((0, 1), (2, 3))), Sentence((), (), "y")),
        (
            Translation("ä  b", ("ä", "b"), ((0, 1), (3, 4)), -0.1, Links.of([(0, 1, 0.3), (1, 0)]), cut=True),
            Translation("", (), (), links=Links.of([])),
        ),
        "de",
        "named",
    ),
    "without links": Translations((Sentence(("a",), (), "1"),), (Translation.of("b"),), "de"),
    "empty": Translations((), (), "de"),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_translations_come_back_whole(tmp_path, value):
    Store(tmp_path)(Stage("make", 1, lambda: value))
    again = Store(tmp_path)(Stage("make", 1, lambda: pytest.fail("ran again")))
    assert again == value
    assert again.fingerprint == value.fingerprint
    assert again.flaws == value.flaws
    assert again.ledger == value.ledger
    assert again.bitext == value.bitext
    assert again.alignment == value.alignment


# The command.

CORPUS = "Anna\tB-PER\nKeller\tI-PER\nsah\tO\nBonn\tB-LOC\n\nDIE\tO\nnow\tO\n\nEr\tO\nschlief\tO\n"


@pytest.fixture
def mode(tmp_path, monkeypatch):
    return install(tmp_path / "bin", monkeypatch)


def test_a_bitext_and_its_links_are_written_without_what_looks_wrong(tmp_path, mode):
    source = write(tmp_path / "in.conll", CORPUS)
    out, links = tmp_path / "out.tsv", tmp_path / "out.links"
    command = ["translate", source, "--from", "xx", "--to", "yy", "--engine", "apertium", "--model", mode]
    done = exonym(*command, "-o", out, "--links", links)
    assert out.read_text() == "Anna Keller sah Bonn\tbonn sah keller anna\nEr schlief\tschlief er\n"
    assert links.read_text() == "0-3 1-2 2-1 3-0\n0-1 1-0\n"
    assert "sentences read: 3\n" in done.stderr
    assert "translations left out: empty: 1\n" in done.stderr
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    bitext = read_bitext(out)
    assert len(read_alignment(links, bitext)) == len(bitext) == 2
    projected = tmp_path / "yy.conll"
    exonym("project", "--source", source, "--bitext", out, "--links", links, "-o", projected)
    assert "bonn\tB-LOC\nsah\tO\nkeller\tB-PER\nanna\tI-PER\n" in projected.read_text()
    assert exonym(*command).stdout == out.read_text()


def test_ready_translations_from_running_text(tmp_path):
    text = write(tmp_path / "in.txt", "Anna's car.\nGone.\n")
    known = write(tmp_path / "known.tsv", "Anna 's car .\tEl coche de Anna .\n")
    command = ["translate", text, "--raw", "--from", "en", "--to", "es", "--engine", "files"]
    done = exonym(*command, "--model", known)
    assert done.stdout == "Anna 's car .\tEl coche de Anna .\n"
    assert "left out: empty: 1" in done.stderr


def test_a_store_is_kept_and_found_again(tmp_path, mode):
    text, store = write(tmp_path / "in.txt", "a b\n"), tmp_path / "store"
    command = ["translate", text, "--from", "xx", "--to", "yy", "--engine", "apertium", "--model", mode]
    exonym(*command, "-o", tmp_path / "one.tsv", "--store", store)
    (kept,) = store.iterdir()
    before = kept.stat().st_mtime_ns
    exonym(*command, "-o", tmp_path / "two.tsv", "--store", store)
    assert [path.stat().st_mtime_ns for path in store.iterdir()] == [before]
    assert (tmp_path / "one.tsv").read_bytes() == (tmp_path / "two.tsv").read_bytes()


def test_a_stopped_run_keeps_what_was_translated_and_goes_on(tmp_path, mode):
    text = write(tmp_path / "in.txt", "a b\n" * 500 + "HANG b\n" + "c d\n")
    out, kept = tmp_path / "out.tsv", tmp_path / ".out.tsv.translate"
    command = ["translate", text, "--from", "xx", "--to", "yy", "--engine", "apertium", "--model", mode, "-o", out]
    argv = [sys.executable, "-c", "from exonym.cli import main; main()", *map(str, command)]
    running = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while not [*kept.glob("translate_shard-*/stage.json")] and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)
    said = running.communicate(timeout=60)[1]
    assert running.returncode == 130
    assert f"kept in {kept}; the same command goes on from there" in said
    assert not out.exists()
    (shard,) = kept.glob("translate_shard-*/stage.json")
    before = shard.stat().st_mtime_ns
    exonym(*command, "--timeout", "0.3", "--store", kept)
    assert shard.stat().st_mtime_ns == before
    assert len(read_bitext(out)) == 501


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--engine", "files"], 2, "found none with --engine files"),
        (["--engine", "files", "--model", "x", "--pivot", "de"], 2, "does not know it"),
        (["--engine", "files", "--model", "x", "--links", "l"], 2, "has no links"),
        (["--engine", "apertium", "--model", "no-such"], 1, "found no mode"),
        (["--engine", "apertium", "-o", "missing/x"], 1, "expected one that exists"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, monkeypatch, options, code, said):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in.txt", "a\n")
    done = exonym("translate", "in.txt", "--from", "en", "--to", "es", *options, code=code)
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_no_sound_translation_is_an_error_that_says_why(tmp_path):
    text, known = write(tmp_path / "in.txt", "a\n"), write(tmp_path / "known.tsv", "b\tc\n")
    done = exonym("translate", text, "--from", "x", "--to", "y", "--engine", "files", "--model", known, code=1)
    assert "found no sound translation (translations left out: empty: 1)" in done.stderr
