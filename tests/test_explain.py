"""`exonym explain`, the manifest that it needs, and the filters of `exonym project`."""

import json
import shutil
from itertools import combinations

import pytest
from rich.cells import cell_len

from exonym.errors import DataError
from exonym.project import Filtering, Matching
from exonym.run.explain import _pair_places, explain_file
from exonym.run.manifest import manifest_path, read_manifest
from test_cli import exonym

SOURCE = """Ana\tB-PER
Ruiz\tI-PER
left\tO
Bonn\tB-LOC
for\tO
Rome\tB-LOC

She\tO
slept\tO

Köln\tB-LOC
calls\tO
東京\tB-LOC
"""
BITEXT = """Ana Ruiz left Bonn for Rome\tBonn hat Ana Ruiz nach Rom verlassen
She slept\tSie schlief
Köln calls 東京\t東京 ケルン は ケルン です
"""
LINKS = "0-2:0.9 1-3:0.8 3-0:0.7 2-6 3-3:0.9 5-5:0.03\n0-0 1-1\n0-1 0-3 2-0:0.6\n"
SOFT = ("--score", "soft", "--threshold", "0.1")
FILES = ("--source", "en.conll", "--bitext", "b.tsv", "--links", "b.links")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    for name, text in (("en.conll", SOURCE), ("b.tsv", BITEXT), ("b.links", LINKS)):
        (folder / name).write_text(text)
    exonym("project", *FILES, *SOFT, "-o", "out.conll", cwd=folder)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    """A copy: the inputs are found beside the manifest, wherever all of them were moved to."""
    return shutil.copytree(made, tmp_path / "moved")


def test_a_manifest_says_what_a_file_was_made_from(made):
    manifest = read_manifest(made / "out.conll")
    assert (manifest.source.path, manifest.source.beside) == ("en.conll", "en.conll")
    assert manifest.source.size == len(SOURCE.encode())
    assert manifest.tagger is None
    assert (manifest.matching, manifest.filtering) == (Matching(score="soft", threshold=0.1), Filtering())
    assert manifest.ledger["spans lost: below threshold"] == 1
    assert manifest.ledger["pairs read"] == 3


def test_there_is_no_manifest_of_standard_output(made, tmp_path):
    for name in ("en.conll", "b.tsv", "b.links"):
        shutil.copy(made / name, tmp_path)
    exonym("project", *FILES, cwd=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.links", "b.tsv", "en.conll"]


def test_the_picture_fits_a_narrow_terminal_and_says_what_beat_what(folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    shown = exonym("explain", folder / "out.conll", "--sentence", "1-2", "--sentence", "3").stdout
    assert "\x1b" not in shown
    assert max(map(cell_len, shown.splitlines())) <= 60
    text = " ".join(shown.split())
    assert "[PER 0:Ana 1:Ruiz] 2:left [LOC 3:Bonn]" in text
    assert "LOC 3:Bonn -> 0:Bonn (confidence 0.70)" in text
    assert "3:Ruiz 0.90 overlap with PER 0:Ana 1:Ruiz at 2:Ana 3:Ruiz" in text
    assert "LOC 5:Rome -> lost, below threshold links: 5:Rome -> 5:Rom (0.03)" in text
    assert "5:Rom 0.03 below threshold" in text
    assert "Sie 1:schlief no entity sentence 3" in text
    assert "3:ケルン" in text
    assert "equal score" in text


def test_one_word_shows_its_entities_and_links(folder):
    shown = exonym("explain", folder / "out.conll", "--sentence", "1", "--word", "rom").stdout
    assert "links of the word: 5:Rome -> 5:Rom (0.03)" in shown
    assert "LOC 5:Rome" in shown
    assert "LOC 3:Bonn ->" not in shown
    assert "has to do with it" in exonym("explain", folder / "out.conll", "--sentence", "1", "--word", "hat").stdout
    done = exonym("explain", folder / "out.conll", "--sentence", "1", "--word", "Rot", code=1)
    assert "found no word 'Rot'; expected a word of these sentences or of their sources. Did you mean" in done.stderr


def test_sentences_are_numbered_as_in_the_file_when_some_were_left_out(folder):
    exonym("project", *FILES, *SOFT, "--sentences", "complete", "-o", "out.conll", "--dropped", "d.jsonl", cwd=folder)
    assert (folder / "out.conll").read_text().startswith("Sie\tO")
    assert read_manifest(folder / "out.conll").left_out == (1,)
    (told,) = explain_file(folder / "out.conll", ["2"])
    assert told.source.words == ("Köln", "calls", "東京")
    with pytest.raises(DataError, match="found no sentence 3; expected ids of its 2 sentences"):
        explain_file(folder / "out.conll", ["3", "1"])
    span, sentence = map(json.loads, (folder / "d.jsonl").read_text().splitlines())
    assert (span["reason"], span["best"]["surface"], span["source"]["surface"]) == ("below threshold", "Rom", "Rome")
    assert sentence == {"what": "sentence", "id": "1", "source_id": "1", "reason": "incomplete"}


def test_places_in_the_file_and_places_of_pairs():
    for size in range(6):
        for left_out in (gone for count in range(size + 1) for gone in combinations(range(1, size + 1), count)):
            kept = [place for place in range(1, size + 1) if place not in left_out]
            assert _pair_places(range(len(kept)), left_out) == kept
            assert _pair_places(range(1, len(kept), 2), left_out) == kept[1::2]


def test_spans_are_filtered_by_confidence_and_label(folder):
    done = exonym(
        "project", *FILES, *SOFT, "--min-confidence", "0.75", "--labels", "LOC", "-o", "few.jsonl", cwd=folder
    )
    assert "spans left out: low confidence: 2" in done.stderr
    assert "spans left out: label not wanted: 1" in done.stderr
    first, _, third = explain_file(folder / "few.jsonl", ["3", "1", "2"])
    assert [fate.reason for fate in first.fates] == ["label not wanted", "low confidence", "below threshold"]
    assert [len(fate.spans) for fate in third.fates] == [1, 0]
    done = exonym("project", *FILES, "--labels", "LUC", code=1, cwd=folder)
    assert "--labels: found 'LUC'; expected a label of en.conll. Did you mean 'LOC'?" in done.stderr
    done = exonym("project", *FILES, "--sentences", "confident", code=1, cwd=folder)
    assert "Give min_confidence too" in done.stderr
    assert "found no folder" in exonym("project", *FILES, "--dropped", "no/d.jsonl", code=1, cwd=folder).stderr


def test_skipped_pairs_and_links_are_skipped_again(folder):
    (folder / "b.tsv").write_text(BITEXT.replace("She slept\t", "\t") + "Köln calls 東京\n")
    (folder / "b.links").write_text(LINKS.replace("0-1 0-3", "0-1 0-3 9-9") + "\n")
    exonym("project", *FILES, *SOFT, "--on-error", "skip", "-o", "out.conll", cwd=folder)
    (told,) = explain_file(folder / "out.conll", ["2"])
    assert told.target.words[0] == "東京"
    assert len(told.links) == 3


def test_the_sentence_is_tagged_again_where_a_tagger_had_a_say(folder):
    exonym("train", "en.conll", "-o", "tagger", "--iterations", "5", cwd=folder)
    options = ("--tagger", "tagger", "--tagger-weight", "1", "--candidates", "union")
    exonym("project", *FILES, *options, "-o", "out.conll", cwd=folder)
    shown = exonym("explain", folder / "out.conll", "--sentence", "1", cwd=folder).stdout
    header = next(line.split() for line in shown.splitlines() if "candidate" in line)
    assert header == ["candidate", "score", "links", "tagger", "verdict"]
    (folder / "tagger" / "more").write_text("x")
    with pytest.raises(DataError, match="tagger: found other contents"):
        explain_file(folder / "out.conll", ["1"])


def test_heuristics_are_explained_by_their_runs(folder):
    exonym("project", *FILES, "--matcher", "heuristic", "-o", "out.conll", cwd=folder)
    shown = " ".join(exonym("explain", folder / "out.conll", "--sentence", "1", cwd=folder).stdout.split())
    assert "run of linked words linked verdict" in shown
    assert "5:Rome -> 5:Rom (0.03 weak)" in shown


def test_inputs_that_were_changed_or_moved_are_named_together(folder):
    (folder / "en.conll").write_text(SOURCE.replace("Ana", "Eva"))
    (folder / "b.links").unlink()
    done = exonym("explain", "out.conll", "--sentence", "1", code=1, cwd=folder)
    changed, moved = done.stderr.splitlines()
    assert "en.conll: found other contents; expected those that were projected" in changed
    assert "b.links: found nothing; expected b.links, which was projected. Put it back." in moved


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("Bonn\tB-LOC", "Bonn\tO", "other entities in sentence 1"),
        ("Ana\t", "Eva\t", "other words in sentence 1"),
        ("Sie\tO\nschlief\tO\n\n", "", "other words in sentence 2"),
        ("東京\tB-LOC", "a\tO\n\nb\tO\n\nc\tO", "past the end"),
    ],
)
def test_a_file_that_is_not_what_its_inputs_give_is_refused(folder, old, new, found):
    path = folder / "out.conll"
    path.write_text(path.read_text().replace(old, new, 1))
    ids = ["5"] if "end" in found else [found[-1]]
    with pytest.raises(DataError, match=f"{found}.*Project again"):
        explain_file(path, ids)


def test_without_its_manifest_a_file_must_be_projected_again(folder):
    path = folder / "out.conll"
    with pytest.raises(DataError, match="found no such file"):
        explain_file(folder / "in.conll", ["1"])
    whole = manifest_path(path).read_text()
    for text, found in (
        (whole[:50], "found broken JSON"),
        ("[]", "found no object"),
        (whole.replace('"exact"', '"best"'), "for matching.matcher"),
        (whole.replace('"limit"', '"most"'), "unknown key matching.most"),
    ):
        manifest_path(path).write_text(text)
        with pytest.raises(DataError, match=f"{found}[^!]*Project again with exonym project -o"):
            explain_file(path, ["1"])
    manifest_path(path).unlink()
    assert (
        "found no manifest; expected out.conll.project.json"
        in exonym("explain", path, "--sentence", "1", code=1).stderr
    )
    exonym("explain", path, code=2)
