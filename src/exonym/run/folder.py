"""The folder that a comparison writes: what lies in it, and whose it is. Start at `claim`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from exonym.errors import DataError
from exonym.files import whole_folder
from exonym.formats import write_corpus
from exonym.tag.folder import NO_TAGGER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exonym.transfer import Outcome

RESULTS, PAGE, STORE = "results.json", "report.html", "store"
_WHY_NONE = "This method makes no tagger: it tags only text whose translation it is given. Take another method's."
MARKER = ".exonym"  # says that the folder is ours, so that nothing of the user's is ever replaced


def claim(out: Path, results: Sequence[str] = (RESULTS, PAGE)) -> None:
    """Make the folder ours, and take away old results, so that a run that is cut short does not look finished.

    Args:
        out: the folder.
        results: the files that say what was found.

    Raises:
        DataError: it holds something and no comparison made it, or it is no folder.
    """
    if out.exists() and not out.is_dir():
        raise DataError(f"{out}: found a file; expected a folder, or nothing. Choose another -o.")
    if out.is_dir() and any(out.iterdir()) and not (out / MARKER).is_file():
        found = f"{out}: found a folder of something else (without {MARKER})"
        raise DataError(f"{found}; expected an empty or new one, or one that exonym made. Choose another -o.")
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).write_text("exonym made this folder and replaces what is in it.\n", encoding="utf-8")
    (out / STORE).mkdir(exist_ok=True)
    for name in results:
        (out / name).unlink(missing_ok=True)


def write_outcome(outcome: Outcome, folder: Path) -> None:
    """Write predictions, projected corpus and tagger of one method with one seed; or a note that it has no tagger.

    Corpora are written as JSONL, and as CoNLL too unless a word of theirs cannot be (one with a space in it).
    """
    with whole_folder(folder) as fresh:
        for name, corpus in (("predictions", outcome.predictions), ("projected", outcome.corpus)):
            if corpus is not None:
                write_corpus(fresh / f"{name}.jsonl", corpus)
                with suppress(DataError):
                    write_corpus(fresh / f"{name}.conll", corpus)
        if outcome.tagger is not None:
            outcome.tagger.save(fresh / "tagger")
        else:
            (fresh / NO_TAGGER).write_text(_WHY_NONE + "\n", encoding="utf-8")
