"""Why the sentences of a projected file came out as they did: its inputs are read again, as far as they are needed.

Start at `explain_file`; what it returns is made by `exonym.project.explain`.
"""

from __future__ import annotations

from itertools import islice, tee
from typing import TYPE_CHECKING

from exonym.data import Bitext, Links, Sentence, nfc
from exonym.errors import DataError
from exonym.formats import format_of, read_pharaoh, stream_bitext
from exonym.project import Background, Evidence, Explanation, explain
from exonym.run.manifest import read_manifest
from exonym.transfer import load_any_tagger
from exonym.transfer.stages import tag_target_side

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from exonym.data import Pair
    from exonym.run.manifest import Manifest

_SHOWN = 10  # missing ids in a message


def explain_file(output: Path, ids: Sequence[str]) -> list[Explanation]:
    """Explain sentences of a file that `exonym project -o` wrote.

    Args:
        output: the file; its manifest must lie beside it.
        ids: names of sentences, as they are when the file is read: in CoNLL numbers from 1, if it names none.

    Returns:
        One explanation each, in the order of the file. The ids of the target sentences are those of the file.

    Raises:
        DataError: there is no manifest, an input was moved or changed (all of them are named), there are no such
            sentences, or they are not what the inputs give now.
    """
    manifest = read_manifest(output)
    paths = _inputs(manifest, output.parent)
    wanted = _wanted(output, ids)
    places = _pair_places(wanted, manifest.left_out)
    rows = {place: (labelled, pair, links) for place, labelled, pair, links in _read(paths, manifest, set(places))}
    if set(rows) != set(places):
        raise _changed(output, "sentences past the end of the bitext")
    evidence = _evidence(paths, manifest, [rows[place][1] for place in places])
    found = []
    for place, written, known in zip(places, wanted.values(), evidence, strict=True):
        labelled, pair, links = rows[place]
        target = Sentence(pair.target, (), written.id)
        told = explain(labelled, target, links, manifest.matching, manifest.filtering, known)
        if written.words != pair.target:
            raise _changed(output, f"other words in sentence {written.id}")
        if told.left_out or [span.key for span in told.target.spans] != [span.key for span in written.spans]:
            raise _changed(output, f"other entities in sentence {written.id}")
        found.append(told)
    return found


def _changed(output: Path, found: str) -> DataError:
    expected = "what its inputs give: it was changed since, or made by another version of exonym"
    return DataError(f"{output}: found {found}; expected {expected}. Project again.")


def _inputs(manifest: Manifest, folder: Path) -> dict[str, Path]:
    """Find all inputs; those that are missing or changed are named together."""
    paths: dict[str, Path] = {}
    faults = []
    for name in ("source", "bitext", "links", "tagger"):
        given = getattr(manifest, name)
        try:
            paths |= {name: given.find(folder)} if given else {}
        except DataError as error:
            faults.append(str(error))
    if faults:
        raise DataError("\n".join(faults))
    return paths


def _wanted(output: Path, ids: Sequence[str]) -> dict[int, Sentence]:
    """Read the sentences with these ids, by their place in the file, from 0."""
    known = format_of(output)
    options = {"scheme": "iob2"} if "scheme" in known.options else {}
    found, number, names = {}, 0, set(ids)
    for number, sentence in enumerate(known.read(output, **options), start=1):
        if sentence.id in names:
            found[number - 1] = sentence
    missing = [name for name in dict.fromkeys(ids) if name not in {sentence.id for sentence in found.values()}]
    if missing:
        named = ", ".join(missing[:_SHOWN]) + (f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else "")
        expected = f"ids of its {number} sentences (numbers from 1, where the file names none)"
        raise DataError(f"{output}: found no sentence {named}; expected {expected}. Correct --sentence.")
    return found


def _pair_places(wanted: Collection[int], left_out: Sequence[int]) -> list[int]:
    """Turn places in the file, rising, from 0, into places of pairs, from 1."""
    gaps = sorted(left_out)
    places, skipped = [], 0
    for place in wanted:
        while skipped < len(gaps) and gaps[skipped] <= place + 1 + skipped:
            skipped += 1
        places.append(place + 1 + skipped)
    return places


def _read(paths: dict[str, Path], manifest: Manifest, places: set[int]) -> Iterator[tuple[int, Sentence, Pair, Links]]:
    """Stream the inputs up to the last wanted pair: its place, the source sentence, the pair and its links."""
    reading = manifest.reading
    known = format_of(paths["source"], reading.format)
    options = {"scheme": reading.scheme, "repair": reading.repair}
    own = {name: value for name, value in options.items() if name in known.options}
    corpus = known.read(paths["source"], on_error=reading.on_error, **own)
    linked = islice(_linked(paths, manifest), max(places, default=0))
    for place, (pair, links) in enumerate(linked, start=1):
        words = tuple(map(nfc, pair.source))
        labelled = next((each for each in corpus if tuple(map(nfc, each.words)) == words), None)  # as `join` does
        if labelled is None:
            return
        if place in places:
            inside = (each for each in links if each.source < len(pair.source) and each.target < len(pair.target))
            yield place, labelled, pair, Links.of(inside)


def _linked(paths: dict[str, Path], manifest: Manifest) -> Iterator[tuple[Pair, Links]]:
    """Stream the pairs with their links."""
    reading = manifest.reading
    lines = enumerate(read_pharaoh(paths["links"], on_error=reading.on_error), start=1)
    for pair in stream_bitext(paths["bitext"], swap=reading.swap, on_error=reading.on_error):
        links = next((each for line, each in lines if line == int(pair.id)), None)
        if links is None:
            return
        yield pair, links


def _evidence(paths: dict[str, Path], manifest: Manifest, pairs: Sequence[Pair]) -> list[Evidence]:
    """Tag the target sides of these pairs alone, and learn the background of the text, as the matching needs it."""
    background = Background()
    if manifest.matching.needs_background:
        pairs_again, links = tee(_linked(paths, manifest))
        background = Background.learn((pair for pair, _ in pairs_again), (own for _, own in links))
    if "tagger" not in paths or not manifest.matching.needs_tagger:
        return [Evidence(background=background)] * len(pairs)
    tagged = tag_target_side(load_any_tagger(paths["tagger"]), Bitext(tuple(pairs)))
    return [Evidence(sentence, tagged.tags, background=background) for sentence in tagged]
