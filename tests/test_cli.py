import contextlib
import importlib.util
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import pytest

from exonym.cli.project import project
from exonym.project import Fusion, Matching

GOLD = "Anna\tB-PER\nKeller\tI-PER\nsah\tO\nBonn\tB-LOC\n\nEr\tO\nschlief\tO\n"


def exonym(*arguments, code=0, cwd=None):
    command = [sys.executable, "-c", "from exonym.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "gold.conll").write_text(GOLD)
    (tmp_path / "pred.conll").write_text(GOLD.replace("I-PER", "O"))
    return tmp_path


def test_evaluate_prints_scores_intervals_and_the_signature(folder):
    done = exonym("evaluate", folder / "gold.conll", folder / "pred.conll", folder / "gold.conll")
    assert "50.0" in done.stdout
    assert "against" in done.stdout
    assert "signature: exonym:" in done.stdout
    rows = json.loads(
        exonym("evaluate", folder / "gold.conll", folder / "pred.conll", folder / "gold.conll", "--json").stdout
    )
    assert rows[0]["micro"]["f1"] == 0.5
    assert rows[1]["comparison"]["difference"] == 0.5
    assert rows[0]["errors"]["counts"]["boundary"] == 1


def test_evaluate_reads_iob1_and_maps_labels(folder):
    (folder / "iob1.conll").write_text(GOLD.replace("B-", "I-"))
    done = exonym("evaluate", folder / "gold.conll", folder / "iob1.conll", "--map", "LOC=drop", "--json")
    row = json.loads(done.stdout)[0]
    assert row["micro"]["f1"] == 1
    assert "scheme:iob1,iob2" in row["signature"]
    assert "labels:LOC>drop" in row["signature"]


def test_errors_are_one_message_without_a_trace(folder):
    (folder / "bad.conll").write_text("Anna\tB-PER\nKellerI-PER\n\nin\tO\nBonn\tLOC\n\nUN\tI-ORG\nmet\tO\nIBM\tB-ORG\n")
    done = exonym("evaluate", folder / "gold.conll", folder / "bad.conll", code=1)
    assert len(done.stderr.splitlines()) == 3
    assert "Traceback" not in done.stderr
    assert "Did you mean 'gold.conll'" in exonym("train", folder / "glod.conll", "-o", folder / "t", code=1).stderr
    assert (
        "sentences" in exonym("evaluate", folder / "gold.conll", write(folder, "short.conll", "a\tO\n"), code=1).stderr
    )
    exonym("evaluate", code=2)
    exonym("project", "--matcher", "best", code=2)


def write(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


def test_align_project_train_and_tag_work_together(folder):
    names, cities = ("Anna", "Tom", "Eva", "Omar", "Lin"), ("Bonn", "Rom", "Oslo")
    pairs = [(name, city) for name in names for city in cities]
    english = "".join(f"{name}\tB-PER\nsees\tO\n{city}\tB-LOC\n\n" for name, city in pairs)
    english += "".join(f"{name}\tB-PER\nsings\tO\n\n" for name in names)
    german = "".join(f"{city}\tO\nsieht\tO\n{name}\tO\n\n" for name, city in pairs)
    german += "".join(f"{name}\tO\nsingt\tO\n\n" for name in names)
    write(folder, "en.conll", english)
    write(folder, "de.conll", german)
    exonym("data", "bitext", "en.conll", "de.conll", "-o", "b.tsv", cwd=folder)
    assert (folder / "b.tsv").read_text().startswith("Anna sees Bonn\tBonn sieht Anna\n")
    done = exonym("align", "b.tsv", "-o", "b.links", cwd=folder)
    assert "pairs read: 20" in done.stderr
    arguments = ("--source", "en.conll", "--bitext", "b.tsv", "--links", "b.links")
    for matcher in ("exact", "greedy", "heuristic"):
        done = exonym("project", *arguments, "--matcher", matcher, "-o", f"{matcher}.conll", cwd=folder)
        assert "spans projected: 35" in done.stderr
        assert (folder / f"{matcher}.conll").read_text().startswith("Bonn\tB-LOC\nsieht\tO\nAnna\tB-PER\n")
    exonym("project", *arguments, "--provenance", "p.jsonl", cwd=folder)
    row = json.loads((folder / "p.jsonl").read_text().splitlines()[0])
    assert row["spans"][0]["origin"]["sentence"] == "1"
    assert row["spans"][0]["origin"]["links"][0][:2] == [2, 0]
    exonym("train", "exact.conll", "-o", "tagger", "--iterations", 20, cwd=folder)
    write(folder, "new.txt", "Rom sieht Eva.\n")
    exonym("tag", "tagger", "new.txt", "--raw", "-o", "new.jsonl", cwd=folder)
    tagged = json.loads((folder / "new.jsonl").read_text())
    assert [(span["label"], span["char_start"], span["char_stop"]) for span in tagged["spans"]] == [
        ("LOC", 0, 3),
        ("PER", 10, 13),
    ]


def test_what_align_learnt_is_a_prior_for_less_text(folder):
    words = [("red", "ta"), ("old", "mu"), ("sun", "ki"), ("hat", "wo"), ("fog", "zy"), ("jar", "pe")]
    large = [(a, b) for a in words for b in words if a != b]
    write(folder, "large.tsv", "".join(f"{a} {b}\t{y} {x}\n" for (a, x), (b, y) in large))
    write(folder, "small.tsv", "red sun\tki ta\n")
    done = exonym("align", "large.tsv", "-o", "large.links", "--save-model", "model", cwd=folder)
    assert "model: learnt from 30 pairs" in done.stderr
    exonym("align", "large.tsv", "-o", "again.links", cwd=folder)
    assert (folder / "again.links").read_bytes() == (folder / "large.links").read_bytes()
    done = exonym("align", "small.tsv", "--prior", "model", "--symmetrisation", "intersection", cwd=folder)
    assert {link.split(":")[0] for link in done.stdout.split()} == {"0-1", "1-0"}
    assert "prior: learnt from 30 pairs" in done.stderr
    assert "distinct target words that the prior knows: 2" in done.stderr
    chunked = ("--max-pairs", "20", "--symmetrisation", "intersection")
    done = exonym("align", "large.tsv", *chunked, cwd=folder)
    assert done.stdout == exonym("align", "large.tsv", *chunked, "--workers", "2", cwd=folder).stdout
    done = exonym("align", "small.tsv", "--prior", "small.tsv", code=1, cwd=folder)
    assert "small.tsv: found a damaged file, or one of another kind" in done.stderr
    assert "found no file" in exonym("align", "small.tsv", "--prior", "none", code=1, cwd=folder).stderr
    done = exonym("align", "small.tsv", "--aligner", "eflomal", "--prior", "model", code=1, cwd=folder)
    assert "found --prior with --aligner eflomal" in done.stderr
    done = exonym("align", "small.tsv", "--aligner", "eflomal", "--max-pairs", "9", code=1, cwd=folder)
    assert "found --max-pairs with --aligner eflomal" in done.stderr
    done = exonym("align", "small.tsv", "--aligner", "eflomal", "--romaniser", "uroman", code=1, cwd=folder)
    assert "found --romaniser with --aligner eflomal" in done.stderr
    assert "found no folder" in exonym("align", "small.tsv", "--save-model", "no/model", code=1, cwd=folder).stderr


def test_long_work_says_once_how_much_is_left(monkeypatch, capsys):
    import time

    from exonym.cli.align import _announced

    now = iter([0.0, 1.0, 60.0, 120.0, 180.0, 500.0, 620.0, 740.0, 860.0, 999.0, 1000.0, 1001.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(now))
    shown = []
    tell = _announced(lambda *row: shown.append(row), workers=2)
    for done in (0, 1, 9, 10, 20):
        tell(done, 30, "learning")
    for done in (0, 10_000, 20_000, 30_000):
        tell(done, 100_000, "aligning")
    for done in (0, 1, 2):
        tell(done, 3, "nothing much")
    assert len(shown) == 12
    assert capsys.readouterr().err.splitlines() == [
        "learning: 33% done in 2.0 min; about 4.0 min left",
        "aligning: 20% done in 4.0 min; about 16.0 min left",
    ]


def test_an_empty_bitext_side_is_reported_and_not_aligned(folder):
    write(folder, "b.tsv", "a b\tx\n\ty\nc\tz\n")
    done = exonym("align", folder / "b.tsv", "-o", folder / "links", code=1)
    assert f"{folder / 'b.tsv'}:2: found an empty source side" in done.stderr
    assert not (folder / "links").exists()
    done = exonym("align", folder / "b.tsv", "-o", folder / "links", "--on-error", "skip")
    assert "faults skipped in b.tsv: 1" in done.stderr
    lines = (folder / "links").read_text().splitlines()
    assert [bool(line) for line in lines] == [True, False, True]


def test_links_of_a_bitext_with_skipped_pairs_are_projected_onto_their_pairs(folder):
    write(folder, "en.conll", "Anna\tB-PER\n\nBonn\tB-LOC\n\nTom\tB-PER\n")
    write(folder, "b.tsv", "\tx\nAnna\tAna\nBonn\t\nTom\tTomi\nno tab\n")
    exonym("align", "b.tsv", "-o", "b.links", "--on-error", "skip", cwd=folder)
    assert len((folder / "b.links").read_text().splitlines()) == 5
    arguments = ("--source", "en.conll", "--bitext", "b.tsv", "--links", "b.links", "--on-error", "skip")
    done = exonym("project", *arguments, cwd=folder)
    assert done.stdout == "Ana\tB-PER\n\nTomi\tB-PER\n"
    assert "faults skipped in b.tsv: 3" in done.stderr


def test_extra_text_without_spaces_is_cut_and_counted(folder):
    write(folder, "b.tsv", "a b\t甲乙 丙\nb a\t丙 甲乙\nc a\t丁戊 甲乙\n" * 20)
    write(folder, "extra.tsv", "b a c\t丙甲乙丁戊。\n" * 5)
    done = exonym("align", "b.tsv", "-o", "b.links", "--extra", "extra.tsv", "--raw-extra", cwd=folder)
    assert "extra.tsv: unsegmented stretches on the target side cut: 5\n" in done.stderr
    assert "extra.tsv: unsegmented stretches on the target side, words made of them: 15\n" in done.stderr


def test_columns_can_be_swapped(folder):
    write(folder, "en.conll", "Anna\tB-PER\nsees\tO\nBonn\tB-LOC\n\nTom\tB-PER\nsings\tO\n")
    write(folder, "en-de.tsv", "Anna sees Bonn\tBonn sieht Anna\nTom sings\tTom singt\n")
    write(folder, "de-en.tsv", "Bonn sieht Anna\tAnna sees Bonn\nTom singt\tTom sings\n")
    found = []
    for name, swap in (("en-de", ()), ("de-en", ("--swap",))):
        exonym("align", f"{name}.tsv", "-o", f"{name}.links", *swap, cwd=folder)
        files = ("--source", "en.conll", "--bitext", f"{name}.tsv", "--links", f"{name}.links")
        found.append(((folder / f"{name}.links").read_text(), exonym("project", *files, *swap, cwd=folder).stdout))
    assert found[0] == found[1]
    assert [line.split("\t")[0] for line in found[0][1].splitlines()] == ["Bonn", "sieht", "Anna", "", "Tom", "singt"]


def test_options_of_another_matcher_are_wrong_usage(folder):
    files = ("--source", folder / "gold.conll", "--bitext", folder / "b.tsv", "--links", folder / "l")
    for options in (
        ("--matcher", "heuristic", "--threshold", "0.2"),
        ("--max-gap", "1"),
        ("--matcher", "greedy", "--length-ratio", "0.5"),
        ("--min-weight", "0.5"),
        ("--max-words", "3"),
        ("--score", "words", "--power", "2"),
        ("--matcher", "bipartite", "--limit", "2"),
        ("--matcher", "heuristic", "--tagger-weight", "1"),
        ("--compat", "politov"),
        ("--matcher", "heuristic", "--compat", "politov", "--remove-punctuation"),
    ):
        message = exonym("project", *files, *options, code=2).stderr.replace("│", "")
        assert "which does not know it" in " ".join(message.split())
    done = exonym("project", *files, "--matcher", "heuristic", "--min-weight", "nan", code=1)
    assert "min_weight: found nan" in done.stderr


def test_a_tagger_and_what_it_is_for_go_together(folder):
    files = ("--source", folder / "gold.conll", "--bitext", folder / "b.tsv", "--links", folder / "l")
    for options in (("--tagger", folder), ("--candidates", "union"), ("--tagger-weight", "1"), ("--tagger-by-class",)):
        message = exonym("project", *files, *options, code=2).stderr.replace("│", "")
        assert "expected" in " ".join(message.split())


def test_projection_with_every_kind_of_option(folder):
    pairs = [(name, city) for name in ("Anna", "Tom", "Eva", "Omar") for city in ("Bonn", "Rom", "Oslo")]
    write(folder, "en.conll", "".join(f"{name}\tB-PER\nsees\tO\n{city}\tB-LOC\n\n" for name, city in pairs))
    write(folder, "b.tsv", "".join(f"{name} sees {city}\t{city} sieht {name}\n" for name, city in pairs))
    write(folder, "b.links", "0-2:0.9 1-1 2-0:0.9\n" * len(pairs))
    exonym("train", "en.conll", "-o", "tagger", "--iterations", 20, cwd=folder)
    arguments = ("--source", "en.conll", "--bitext", "b.tsv", "--links", "b.links")
    evidence = ("--tagger", "tagger", "--tagger-weight", "0.5", "--tagger-by-class", "--alignment-weight", "2")
    for options in (
        ("--score", "words", "--min-weight", "0.5"),
        ("--score", "soft", "--power", "2", "--candidates", "ngrams", "--max-words", "2", "--stop", "sieht"),
        ("--candidates", "union", "--limit", "1", *evidence),
        ("--matcher", "bipartite", "--score", "pairs"),
        ("--matcher", "heuristic", "--remove-punctuation"),
        ("--matcher", "heuristic", "--compat", "politov", "--length-ratio", "0.5"),
    ):
        done = exonym("project", *arguments, *options, cwd=folder)
        assert "spans projected: 24" in done.stderr
        assert done.stdout.startswith("Bonn\tB-LOC\nsieht\tO\nAnna\tB-PER\n")
    exonym("project", *arguments, "--candidates", "tagger", "--tagger", "tagger", "-o", "t.conll", cwd=folder)


def test_corpus_and_bitext_are_joined_before_links_are_read(folder):
    write(folder, "b.tsv", "other words\tx\n")
    write(folder, "b.links", "broken\n")
    done = exonym("project", "--source", "gold.conll", "--bitext", "b.tsv", "--links", "b.links", code=1, cwd=folder)
    assert "b.tsv:1: found other words" in done.stderr
    assert "b.links" not in done.stderr


def test_conll_named_txt_is_not_read_as_plain_text_where_labels_are_needed(folder):
    write(folder, "gold.txt", GOLD)
    for arguments in (
        ("evaluate", "gold.txt", "gold.txt"),
        ("train", "gold.txt", "-o", "t"),
        ("project", "--source", "gold.txt", "--bitext", "b", "--links", "l"),
        ("data", "convert", "gold.txt", "-o", "x.jsonl"),
    ):
        assert "add --format conll" in exonym(*arguments, code=1, cwd=folder).stderr
    done = exonym("evaluate", "gold.txt", "pred.conll", "--format", "conll", "--scheme", "iob2", "--json", cwd=folder)
    assert json.loads(done.stdout)[0]["micro"]["f1"] == 0.5
    exonym("data", "convert", "gold.txt", "--format", "text", "-o", "x.conll", cwd=folder)
    assert (folder / "x.conll").read_text().startswith("Anna\tO\nB-PER\tO\n")


def test_evaluate_needs_entities_in_gold_and_labels_that_occur(folder):
    write(folder, "plain.conll", GOLD.replace("B-PER", "O").replace("I-PER", "O").replace("B-LOC", "O"))
    assert "found no entity in gold" in exonym("evaluate", "plain.conll", "gold.conll", code=1, cwd=folder).stderr
    done = exonym("evaluate", "gold.conll", "pred.conll", "--map", "PRE=drop", code=1, cwd=folder)
    assert "--map: found 'PRE'; expected a label of these files. Did you mean 'PER'?" in done.stderr


def test_evaluate_says_what_it_repaired_and_mapped(folder):
    write(folder, "orphan.conll", GOLD.replace("B-PER", "O"))
    done = exonym("evaluate", "gold.conll", "orphan.conll", "--repair", "conlleval", "--map", "LOC=GPE", cwd=folder)
    assert "tags repaired as conlleval reads them: 1" in done.stderr
    assert "sentences read: 4" in done.stderr
    assert "orphan.conll: gold LOC -> GPE: 1" in done.stderr
    assert "orphan.conll: predicted LOC -> GPE: 1" in done.stderr


def test_the_signature_does_not_depend_on_the_case_of_an_ending(folder):
    exonym("data", "convert", "gold.conll", "-o", "gold.jsonl", cwd=folder)
    (folder / "gold.jsonl").rename(folder / "UP.JSONL")
    row = json.loads(exonym("evaluate", "UP.JSONL", "UP.JSONL", "--json", cwd=folder).stdout)[0]
    assert "scheme:spans|" in row["signature"]


def test_names_and_labels_are_shown_literally_and_numbers_whole_at_80_columns(folder):
    gold = GOLD.replace("LOC", "[red]A_VERY_LONG_LABEL[/red]")
    write(folder, "[bold]gold.conll", gold)
    leader, follower = pty.openpty()
    code = "from exonym.cli import main; main()"
    command = [sys.executable, "-c", code, "evaluate", "[bold]gold.conll", "[bold]gold.conll"]
    settings = {**os.environ, "COLUMNS": "80", "TERM": "dumb"}
    with subprocess.Popen(command, stdout=follower, stderr=subprocess.DEVNULL, cwd=folder, env=settings) as process:
        os.close(follower)
        shown = b""
        with contextlib.suppress(OSError):
            while chunk := os.read(leader, 1 << 16):
                shown += chunk
    os.close(leader)
    assert process.returncode == 0
    lines = shown.decode().replace("\r", "").splitlines()
    table = [line for line in lines if line and line[0] in "┏┃┡│└"]
    assert "[bold]gold.conll" in lines
    assert max(map(len, table)) <= 80
    assert "…" not in shown.decode()
    first = [line.split("│")[1].strip() for line in table if line.startswith("│")]
    assert "[red]A_VERY_LONG_LABEL[/red]" in "".join(first)
    assert any("100.0 │  100.0 │ 100.0 │" in line and line.endswith("1 │") for line in table)


def test_outputs_are_checked_before_the_work(folder):
    (folder / "sub").mkdir()
    write(folder / "sub", "file", "")
    write(folder, "bad.conll", "Anna\n")  # would be reported if the input were read first
    for output, found in (("sub", "found a folder"), ("no/x.conll", "found no folder"), ("x.docx", "found the ending")):
        done = exonym("data", "convert", "bad.conll", "-o", output, code=1, cwd=folder)
        assert found in done.stderr
        assert "bad.conll:1" not in done.stderr
    files = ("--source", "bad.conll", "--bitext", "b", "--links", "l")
    assert "ending of plain text" in exonym("project", *files, "-o", "x.txt", code=1, cwd=folder).stderr
    assert "holds no tagger" in exonym("train", "bad.conll", "-o", "sub", code=1, cwd=folder).stderr
    assert "found a file" in exonym("train", "bad.conll", "-o", "sub/file", code=1, cwd=folder).stderr
    assert "found no folder" in exonym("align", "bad.conll", "-o", "no/x", code=1, cwd=folder).stderr
    assert "found a folder" in exonym("data", "bitext", "bad.conll", "b", "-o", "sub", code=1, cwd=folder).stderr


def test_data_bitext_skips_pairs_and_counts_them(folder):
    write(folder, "a.txt", "one\n\nthree\n")
    write(folder, "b.txt", "eins\nzwei\ndrei\n")
    assert ":2: found an empty line" in exonym("data", "bitext", "a.txt", "b.txt", code=1, cwd=folder).stderr
    done = exonym("data", "bitext", "a.txt", "b.txt", "--on-error", "skip", cwd=folder)
    assert done.stdout == "one\teins\nthree\tdrei\n"
    assert "pairs skipped: 1" in done.stderr
    write(folder, "a.txt", "one\tO\n")
    write(folder, "b.txt", "eins\tO\n")
    assert exonym("data", "bitext", "a.txt", "b.txt", "--format", "conll", cwd=folder).stdout == "one\teins\n"


def test_raw_is_for_running_text_only(folder):
    assert "running text" in exonym("tag", "tagger", folder / "gold.conll", "--raw", code=2).stderr


@pytest.mark.parametrize("line", ["Anna ] sings", "[PER Anna [LOC Bonn ]]", "[PER Anna"])
def test_broken_brackets_of_the_example_corpus_are_named(line):
    path = Path(__file__).parents[1] / "examples" / "news" / "make_files.py"
    spec = importlib.util.spec_from_file_location("make_files", path)
    make_files = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_files)
    assert [fault[:25] for fault in make_files.check_line(line)] == ["broken brackets (a bracket"[:25]]


def test_one_file_is_not_written_twice(folder):
    for name, text in (("s.conll", "Ana\tB-PER\n"), ("b.tsv", "Ana\tAna\n"), ("b.links", "0-0\n")):
        write(folder, name, text)
    inputs = ("project", "--source", "s.conll", "--bitext", "b.tsv", "--links", "b.links")
    error = exonym(*inputs, "-o", "o.jsonl", "--dropped", "./o.jsonl", cwd=folder, code=1).stderr
    assert "o.jsonl: found it as --output and as --dropped; expected two files" in error
    assert not (folder / "o.jsonl").exists()


def test_the_options_that_help_names_have_their_whole_names_and_true_defaults(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for command in ("compare", "align", "project", "explain", "train", "tag", "evaluate", "rank-sources"):
        assert "…" not in exonym(command, "--help").stdout
    hints = get_type_hints(project, include_extras=True)
    shown = {name: hint.__metadata__[0].show_default for name, hint in hints.items() if name != "return"}
    fusion = {"alignment_weight": Fusion().alignment, "tagger_weight": Fusion().tagger}
    fusion |= {"tagger_threshold": Fusion().tagger_threshold}
    for name in ("threshold", "score", "power", "min_weight", "candidates", "limit", *fusion):
        default = fusion[name] if name in fusion else getattr(Matching(), name)
        assert shown[name] == (default if isinstance(default, str) else f"{default:g}")


def test_version_and_help():
    assert exonym("--version").stdout.strip()
    for command in ("compare", "align", "project", "explain", "train", "tag", "evaluate", "rank-sources"):
        assert "Example: exonym" in exonym(command, "--help").stdout


def test_a_pair_whose_sentence_was_skipped_is_told_of(folder):
    write(folder, "s.conll", "Ana\tB-PER\nruns\tO\n\nBad\tI-LOC\nx\tO\n")
    write(folder, "s.tsv", "Ana runs\tAna corre\nBad x\tMalo x\n")
    write(folder, "s.links", "0-0 1-1\n0-0\n")
    arguments = ("--source", "s.conll", "--bitext", "s.tsv", "--links", "s.links", "--on-error", "skip")
    done = exonym("project", *arguments, "-o", "s.out.conll", code=1, cwd=folder)
    assert "s.tsv:2: found other words" in done.stderr
    assert "s.conll: faults skipped in s.conll: 1, sentences skipped: 1; expected that their pairs" in done.stderr
    assert not (folder / "s.out.conll").exists()
