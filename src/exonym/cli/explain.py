"""`exonym explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exonym.project import Explanation


def explain(
    output: Annotated[Path, typer.Argument(help="A file that exonym project -o wrote, its manifest beside it.")],
    sentence: Annotated[
        list[str], typer.Option(help="Id of a sentence in it (in CoNLL its number, from 1), or a range 3-7; repeat it.")
    ],
    word: Annotated[
        str | None, typer.Option(help="Show only entities that this word, source or target, has to do with.")
    ] = None,
) -> None:
    """Show why the entities of projected sentences went where they did: links, candidates, scores, what beat what.

    Example: exonym explain sw.conll --sentence 3
    """
    from rich.console import Console

    from exonym.cli.picture import about, picture
    from exonym.run.explain import explain_file

    found = explain_file(output, list(ids_of(sentence)))
    if word is not None:
        _check_word(word, found, output)
    console = Console()
    for place, explanation in enumerate(found):
        if place:
            console.print()
        console.print(picture(explanation, about(explanation, word)), highlight=False)


def ids_of(given: Iterable[str]) -> Iterable[str]:
    """Write out ranges of whole numbers such as `3-7`; all else names a sentence as it is."""
    for each in given:
        first, dash, last = each.partition("-")
        if dash and first.isdecimal() and last.isdecimal() and int(first) <= int(last):
            yield from map(str, range(int(first), int(last) + 1))
        else:
            yield each


def _check_word(word: str, explanations: Iterable[Explanation], output: Path) -> None:
    from exonym.data import fold
    from exonym.errors import DataError, suggest

    words = {each for told in explanations for side in (told.source, told.target) for each in side.words}
    if fold(word) not in map(fold, words):
        expected = "a word of these sentences or of their sources"
        raise DataError(f"{output}: found no word {word!r}; expected {expected}. {suggest(word, words)}")
