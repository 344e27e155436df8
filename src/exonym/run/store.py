"""The store: results of stages, kept under a hash of what went into them.

A result's address is a hash of the stage's name and version and of the content of its arguments. It is written aside
and renamed when it is whole, so a folder that stands is a result that can be used; its files are hashed, and a result
that was damaged since is made again. Two runs may share a folder. Start at `Store`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

import numpy as np

from exonym.align import Lexicon
from exonym.data import Alignment, Corpus, Ledger, Links
from exonym.errors import ExonymError
from exonym.files import whole_folder
from exonym.formats import read_jsonl, write_corpus
from exonym.run.translations import load_translations, save_translations
from exonym.tag import Tagger
from exonym.transfer import AdaptedEncoder, EntitySimilarity, Stage, load_any_tagger
from exonym.translate import Translations

P = ParamSpec("P")
T = TypeVar("T")

_MANIFEST = "stage.json"
_ROWS = "probabilities.npy"


class Kind(NamedTuple):
    """How results of one type are written to a folder and read from it."""

    type: type
    save: Callable[[Any, Path], object]
    load: Callable[[Path], Any]
    settle: Callable[[Any, Path], Any] = lambda value, folder: value  # what to go on with once it is saved


class NotYet(ExonymError, AttributeError):
    """What comes next depends on a result that is not there yet."""


@dataclass(frozen=True)
class Pending:
    """Stands for a result that is not there yet, when a run is only planned; to look into it raises `NotYet`."""

    fingerprint: str

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the result has
        raise NotYet(f"{name}: found a result that is only planned")

    def __iter__(self) -> Iterator[Any]:
        raise NotYet("found a result that is only planned")


@dataclass
class Store:
    """Carries out stages and keeps their results; it is the `do` of a run.

    Args:
        folder: where results are kept.
        plan: True runs nothing: a missing result becomes `Pending`, and so does all that depends on it.
        told: called with a stage's name and what is done: `run`, `found` in the folder, `shared` with an earlier
            method of the run, or `mended`, which is run because what the folder holds is damaged.
        mended: addresses of the damaged results.
        used: address -> seconds that it took when it ran, of the stages asked for since the caller last cleared it.
    """

    folder: Path
    plan: bool = False
    told: Callable[[str, str], None] = lambda name, state: None
    mended: list[str] = field(default_factory=list)
    used: dict[str, float] = field(default_factory=dict)
    _values: dict[str, tuple[Any, float]] = field(default_factory=dict)

    def __call__(self, stage: Stage[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of a stage: from memory, from the folder, or by running it."""
        address = address_of(stage, (*args, *kwargs.values()))
        state = self._find(address)
        self.told(stage.name, state)
        if state in ("run", "mended"):
            self._values[address] = (Pending(address), 0.0) if self.plan else self._run(address, stage, args, kwargs)
        value, self.used[address] = self._values[address]
        return cast("T", value)

    def _find(self, address: str) -> str:
        """Load a result unless it is in memory, and say what was found, in the words of `told`."""
        if address in self._values:
            return "shared"
        if not self._is_kept(address):
            return "run"
        folder = self.folder / address
        try:
            manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
            if manifest["content"] != _content_of(folder):
                raise ValueError(f"{folder}: found other files than were kept")
            self._values[address] = KINDS[manifest["kind"]].load(folder), float(manifest["seconds"])
        except Exception:  # damage, or the form of another version, can make a reader raise anything
            self.mended.append(address)
            return "mended"
        return "found"

    def forget(self) -> None:
        """Free the memory of all results; they are found again in the folder."""
        self._values.clear()

    def _is_kept(self, address: str) -> bool:
        return (self.folder / address / _MANIFEST).is_file()

    def _run(self, address: str, stage: Stage[..., Any], args: Any, kwargs: Any) -> tuple[Any, float]:  # noqa: ANN401
        started = time.perf_counter()
        value = stage(*args, **kwargs)
        seconds = time.perf_counter() - started
        kind = _kind_of(value)
        manifest = {"stage": stage.name, "version": stage.version, "kind": kind, "seconds": seconds}
        folder = self.folder / address
        try:
            if address in self.mended or not self._is_kept(address):
                with whole_folder(folder) as fresh:
                    KINDS[kind].save(value, fresh)
                    manifest["content"] = _content_of(fresh)
                    (fresh / _MANIFEST).write_text(json.dumps(manifest) + "\n", encoding="utf-8")
        except OSError:
            if not self._is_kept(address):  # if it is, another run put the same result there meanwhile
                raise
            return value, seconds
        return KINDS[kind].settle(value, folder), seconds


def _content_of(folder: Path) -> str:
    """Hash of the names and bytes of all files of a result: half a text file would be read without a complaint."""
    content = blake2b(digest_size=12)
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _MANIFEST):
        data = path.read_bytes()
        content.update(f"{path.relative_to(folder).as_posix()}\x1e{len(data)}\x1e".encode() + data)
    return content.hexdigest()


def address_of(stage: Stage[..., Any], args: tuple[Any, ...]) -> str:
    """Return the address of a stage's result: its name and a hash of its version and arguments."""
    text = "\x1e".join([str(stage.version), *map(describe, args)])
    return f"{stage.name}-{blake2b(text.encode(), digest_size=12).hexdigest()}"


def describe(value: Any) -> str:  # noqa: ANN401 - whatever a stage may be given
    """Describe a stage's argument by its content: the same description means the same result.

    Data and taggers say it by their `fingerprint`, options by their fields (those with `compare=False` do not count).
    Of a field that names a file or a model, options may say the content, in `contents`.
    """
    if value is None or isinstance(value, (str, int, float)):
        return repr(value)
    if hasattr(value, "fingerprint"):
        return f"{type(value).__name__}:{value.fingerprint}"
    if is_dataclass(value):
        known: Mapping[str, str] = getattr(value, "contents", {})
        inner = ",".join(
            f"{f.name}={known.get(f.name) or describe(getattr(value, f.name))}" for f in fields(value) if f.compare
        )
        return f"{type(value).__name__}({inner})"
    if isinstance(value, Ledger):
        return f"Ledger({json.dumps(value)})"
    if isinstance(value, (tuple, list)):
        return f"[{','.join(map(describe, value))}]"
    if isinstance(value, np.ndarray):
        digest = blake2b(np.ascontiguousarray(value).tobytes(), digest_size=12).hexdigest()
        return f"array:{value.dtype}{value.shape}{digest}"
    raise ExonymError(f"a stage was given a {type(value).__name__}, which has no fingerprint")


def _save_corpus(corpus: Corpus, folder: Path) -> None:
    write_corpus(folder / "corpus.jsonl", corpus)
    about = {"name": corpus.name, "tags": corpus.tags}
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    if corpus.tags and len(corpus):
        np.save(folder / _ROWS, np.concatenate([sentence.probabilities for sentence in corpus]))


def _load_corpus(folder: Path) -> Corpus:
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    sentences = tuple(read_jsonl(folder / "corpus.jsonl"))
    return _mapped(Corpus(sentences, about["name"], tuple(about["tags"])), folder)


def _mapped(corpus: Corpus, folder: Path) -> Corpus:
    """Take the probabilities of a corpus from its file, so that only those that are looked at are in memory."""
    if not corpus.tags or not len(corpus):
        return corpus
    rows = np.asarray(np.load(folder / _ROWS, mmap_mode="r", allow_pickle=False))
    stops = np.cumsum([len(sentence) for sentence in corpus])
    parts = zip(corpus, np.split(rows, stops[:-1]), strict=True)
    return replace(corpus, sentences=tuple(replace(sentence, probabilities=part) for sentence, part in parts))


def _save_alignment(alignment: Alignment, folder: Path) -> None:
    sizes = np.array([len(links) for links in alignment], dtype=np.int64)
    parts = {
        name: np.concatenate([getattr(links, name) for links in alignment]) if len(sizes) else np.zeros(0)
        for name in ("source", "target", "weight")
    }
    np.savez(folder / "links.npz", allow_pickle=False, sizes=sizes, **parts)
    (folder / "name.txt").write_text(alignment.name, encoding="utf-8")


def _load_alignment(folder: Path) -> Alignment:
    with np.load(folder / "links.npz", allow_pickle=False) as kept:
        stops = np.cumsum(kept["sizes"])
        parts = [np.split(kept[name], stops)[:-1] for name in ("source", "target", "weight")]
    name = (folder / "name.txt").read_text(encoding="utf-8")
    return Alignment(tuple(Links(*arrays) for arrays in zip(*parts, strict=True)), name)


KINDS: dict[str, Kind] = {
    "corpus": Kind(Corpus, _save_corpus, _load_corpus, _mapped),
    "alignment": Kind(Alignment, _save_alignment, _load_alignment),
    "lexicon": Kind(
        Lexicon,
        lambda lexicon, folder: lexicon.save(folder / "lexicon.tsv"),
        lambda folder: Lexicon.load(folder / "lexicon.tsv"),
    ),
    "ledger": Kind(
        Ledger,
        lambda ledger, folder: (folder / "ledger.json").write_text(json.dumps(ledger), encoding="utf-8"),
        lambda folder: Ledger(json.loads((folder / "ledger.json").read_text(encoding="utf-8"))),
    ),
    "array": Kind(
        np.ndarray,
        lambda array, folder: np.save(folder / "array.npy", array, allow_pickle=False),
        lambda folder: np.load(folder / "array.npy", allow_pickle=False),
    ),
    "lines": Kind(
        tuple,
        lambda lines, folder: (folder / "lines.json").write_text(json.dumps(lines), encoding="utf-8"),
        lambda folder: tuple(json.loads((folder / "lines.json").read_text(encoding="utf-8"))),
    ),
    "adapted encoder": Kind(
        AdaptedEncoder,
        lambda encoder, folder: encoder.save(folder / "encoder"),
        lambda folder: AdaptedEncoder(folder / "encoder"),
        lambda encoder, folder: AdaptedEncoder(folder / "encoder"),
    ),
    "translations": Kind(Translations, save_translations, load_translations),
    "similarity": Kind(
        EntitySimilarity,
        lambda similarity, folder: similarity.save(folder / "network"),
        lambda folder: EntitySimilarity.load(folder / "network"),
    ),
    "tagger": Kind(
        Tagger,
        lambda tagger, folder: tagger.save(folder / "tagger"),
        lambda folder: load_any_tagger(folder / "tagger"),
    ),
}


def _kind_of(value: object) -> str:
    for name, kind in KINDS.items():
        if isinstance(value, kind.type):
            return name
    raise ExonymError(f"a stage returned a {type(value).__name__}, which the store cannot keep")
