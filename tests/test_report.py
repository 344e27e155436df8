import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from exonym.data import Corpus, Ledger, Sentence, Span
from exonym.evaluate import compare, evaluate
from exonym.report import Failure, Results, Row, Verdict, answer, comparison_table, details, notes, write_page
from exonym.report.tables import loss_text

HOSTILE = "[/b] <script>alert(1)</script> [red]"


def corpus(*labels):
    return Corpus(tuple(Sentence(("a", "b"), (Span(0, 1, label),), str(n)) for n, label in enumerate(labels)), "c")


def row(language="de", method="translate_train", gold=("PER",) * 30, found=("PER",) * 20 + ("LOC",) * 10, base=None):
    gold, found = corpus(*gold), corpus(*found)
    return Row(
        language=language,
        method=method,
        evaluation=evaluate(gold, found, train=gold, resamples=100),
        comparison=compare(gold, found, corpus(*base), resamples=100) if base else None,
        p=0.0004 if base else None,
        seconds=12.34,
        ledger=Ledger({"sentences left out: incomplete": 12, "spans lost: no link": 345, "spans left out: taken": 6}),
    )


def results(*rows, title="t", failures=(), baseline="direct"):
    return Results(
        title=title,
        baseline=baseline,
        source_language="en",
        source=None,
        rows=rows,
        failures=failures,
        verdicts=(),
        means=(),
        ledger=Ledger(),
        warnings=(),
        recipe={"confidence": 0.995},
        machine={"packages": {"exonym": "0"}, "python": "3", "system": "s", "processors": 1, "date": "d"},
    )


def shown(found, width):
    text = io.StringIO()
    Console(file=text, width=width).print(comparison_table(found, width))
    return text.getvalue()


@pytest.mark.parametrize("width", [80, 99, 100, 130, 160])
@pytest.mark.parametrize("method", ["gloss", "translate_train", "translate_train_with_eflomal_and_heuristic"])
def test_no_number_is_cut_at_any_width(width, method):
    found = results(row(method="direct"), row(method=method, base=("LOC",) * 30))
    text = shown(found, width)
    interval = found.rows[1].evaluation.intervals.micro
    for number in ("66.7", f"{100 * interval.low:.1f}-{100 * interval.high:.1f}", "+66.7", "<0.001"):
        assert number in text
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    assert method in text or (len(method) > 15 and width < 130)
    rest = "\n".join([text, *details(found, width)])
    assert "12.3" in rest
    assert "0.0" in rest, "unseen F1"


def test_a_long_baseline_folds_the_heading_and_no_number():
    text = shown(results(row(base=("LOC",) * 30), baseline="translate_train_with_eflomal"), 80)
    assert "+66.7" in text
    assert "<0.001" in text


@pytest.mark.parametrize(
    ("events", "lost"),
    [
        ({"sentences translated": 90, "sentences translated in pieces": 4, "spans projected": 70}, "0"),
        ({"sentences translated": 90, "translations left out: empty": 2, "sentences left out: incomplete": 5}, "7"),
        ({"translations left out: empty": 2, "sentences not translated": 3}, "3"),
        ({"translations left out: empty": 2, "untranslated sentences tagged directly": 2}, "0"),
        ({"sentences with markers read off": 80, "sentences with broken markers: lost marker": 9}, "0"),
    ],
)
def test_only_what_is_left_out_counts_as_lost(events, lost):
    assert loss_text(Ledger(events)) == lost


def test_a_narrow_table_has_the_rest_below():
    found = results(row())
    assert details(found, 100) == ["de translate_train: sentences lost 12 (345 no link, 6 taken)"]
    assert details(found, 80) == [
        "de translate_train: unseen F1 0.0, 12.3 seconds, sentences lost 12 (345 no link, 6 taken)"
    ]
    assert "seconds" not in shown(found, 80)
    assert "seconds" in shown(found, 100)


def test_what_users_write_is_shown_literally():
    found = results(row(method=HOSTILE, language=HOSTILE), title=HOSTILE, baseline=HOSTILE)
    lines = [line for line in shown(found, 300).splitlines() if HOSTILE in line]
    assert len(lines) == 3
    assert shown(results(row(), title="[/b] odd"), 80).startswith("[/b] odd")


def test_the_page_escapes_languages_labels_reasons_and_titles(tmp_path):
    hostile = row(language=HOSTILE, method=HOSTILE, gold=(HOSTILE,) * 3, found=(HOSTILE,) * 3)
    failure = Failure(language=HOSTILE, method=HOSTILE, seed=1, reason=HOSTILE)
    found = results(hostile, title=HOSTILE, failures=(failure,), baseline=HOSTILE)
    found = replace(found, ledger=Ledger({HOSTILE: 1}), warnings=(HOSTILE,))
    write_page(found, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 10
    json.dumps(found.to_dict())


def test_the_page_has_the_labels_of_all_rows_and_the_level(tmp_path):
    first = row(gold=("PER",), found=("PER",))
    second = row(language="es", gold=("ORG", "PER"), found=("ORG", "MISC"))
    write_page(results(first, second), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    for label in ("PER", "ORG", "MISC"):
        assert page.count(f"<th>{label}</th>") == 1
    assert "<th>99.5% interval</th>" in page
    assert "99.5%" in shown(results(first), 160)


def test_a_page_without_rows_says_what_failed(tmp_path):
    failure = Failure(language="de", method="gloss", seed=1, reason="found nothing")
    found = results(failures=(failure,))
    write_page(found, tmp_path / "report.html")
    assert "failed: de gloss seed 1: found nothing" in (tmp_path / "report.html").read_text()
    assert notes(found)[0] == "failed: de gloss seed 1: found nothing"
    assert shown(found, 80)


def test_equal_scores_are_a_tie():
    same = corpus(*["PER"] * 30)
    best, second = row(method="gloss", base=("PER",) * 20 + ("LOC",) * 10), row(method="direct")
    tie = Verdict(best=best, second=second, margin=compare(same, same, same, resamples=100))
    assert answer(tie, "direct").endswith("; ties with direct.")
    assert answer(tie, "other").endswith("; ties with direct.")
    worse = compare(same, same, corpus(*["PER"] * 29, "LOC"), resamples=100)
    assert "not shown to be better than direct (+" in answer(replace(tie, margin=worse), "other")
