import json
import subprocess
import sys

import pytest

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


def test_an_empty_bitext_side_is_reported_and_not_aligned(folder):
    write(folder, "b.tsv", "a b\tx\n\ty\nc\tz\n")
    done = exonym("align", folder / "b.tsv", "-o", folder / "links", code=1)
    assert f"{folder / 'b.tsv'}:2: found an empty source side" in done.stderr
    assert not (folder / "links").exists()
    done = exonym("align", folder / "b.tsv", "-o", folder / "links", "--on-error", "skip")
    assert "faults skipped in b.tsv: 1" in done.stderr
    assert len((folder / "links").read_text().splitlines()) == 2


def test_version_and_help():
    assert exonym("--version").stdout.strip()
    for command in ("compare", "align", "project", "train", "tag", "evaluate"):
        assert "Example: exonym" in exonym(command, "--help").stdout
