"""A neural tagger as a folder: what is in it, and the proof that it is whole. Start at `save` and `load`."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from exonym.errors import DataError, RecipeError
from exonym.files import whole_folder
from exonym.tag.folder import ABOUT, MODEL_KEYS, check_free, read_about, stamped
from exonym.tag.neural.card import card
from exonym.tag.neural.crf import Crf
from exonym.tag.neural.encoder import Encoder, Network
from exonym.tag.neural.experts import Experts, outputs_of
from exonym.tag.neural.hashed import WEIGHTS, Hashed
from exonym.tag.neural.options import HashedEncoder, NeuralOptions, Sharing, TransformerEncoder
from exonym.tag.neural.vectors import Vectors

if TYPE_CHECKING:
    from torch import Tensor

    from exonym.tag.neural.tagger import NeuralTagger

_CRF = "crf.safetensors"
_CARD = "README.md"


def save(tagger: NeuralTagger, folder: str | Path) -> None:
    """Write a tagger aside and rename it when it is whole; see `NeuralTagger.save`."""
    folder = Path(folder)
    check_free(folder)
    about = {
        "kind": tagger.options.kind,
        "tags": list(tagger.tags),
        "options": _portable(asdict(tagger.options)),
        "training": tagger.training,
        "features": "",
        "columns": _columns(tagger.network),
        "experts": tagger.network.encoder.about if isinstance(tagger.network.encoder, Experts) else None,
        "iob2": tagger.iob2,
        "fingerprint": tagger.fingerprint,
    }
    with whole_folder(folder) as fresh:
        tagger.network.encoder.write(fresh)
        if tagger.network.crf is not None:
            save_file(tagger.network.crf.state_dict(), fresh / _CRF)
        files = {path.name: _stamp(path) for path in sorted(fresh.iterdir())}
        (fresh / ABOUT).write_text(json.dumps(stamped(about, files), indent=1) + "\n", encoding="ascii")
        (fresh / _CARD).write_text(card(tagger), encoding="utf-8")


def load(folder: str | Path) -> tuple[tuple[str, ...], Network, NeuralOptions, dict[str, Any], bool]:
    """Read what makes a tagger; see `NeuralTagger.load`."""
    folder = Path(folder)
    about = read_about(folder, "neural", MODEL_KEYS)
    _check_files(folder, about["model"])
    try:
        options = _options(about["options"])
        tags = tuple(about["tags"])
        network = _network(folder, options, tags, about.get("columns"), about.get("experts"))
    except (TypeError, KeyError, ValueError, RuntimeError, OSError, SafetensorError, RecipeError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{folder}: found a neural tagger that does not fit ({error}); expected one of this version of exonym. "
            "Copy the whole folder again, or train it again."
        ) from error
    network.eval()
    return tags, network, options, about["training"], about.get("iob2", True)


def _network(
    folder: Path,
    options: NeuralOptions,
    tags: tuple[str, ...],
    columns: list[int] | None,
    experts: dict[str, Any] | None,
) -> Network:
    crf = Crf(tags) if options.crf else None
    if crf is not None:
        crf.load_state_dict(load_file(folder / _CRF))
    if experts is None:
        return Network(_encoder(folder, options, tags, columns), crf)
    sharing, languages = Sharing(**experts["sharing"]), experts["languages"]
    words = _encoder(folder, options, outputs_of(sharing), None)
    return Network(Experts.of_folder(folder, words, sharing, languages, len(tags)))


def _encoder(folder: Path, options: NeuralOptions, outputs: tuple[str, ...], columns: list[int] | None) -> Encoder:
    """Read the encoder that gives these outputs, tags or others."""
    if options.encoder.kind == "hashed":
        state = load_file(folder / WEIGHTS)
        encoder = Hashed(options.encoder, len(outputs), _vectors(state))
        encoder.load_state_dict(state)
        return encoder
    from exonym.tag.neural.transformer import Transformer

    return Transformer.of_folder(folder, options.encoder, outputs, columns)


def _columns(network: Network) -> list[int] | None:
    """Return what the labels of a checkpoint mean, if they are not the tags."""
    columns = getattr(network.encoder, "columns", None)
    return None if columns is None else columns.tolist()


def _vectors(state: dict[str, Tensor]) -> Vectors | None:
    if "vector_keys" not in state:
        return None
    return Vectors(state["vector_keys"].numpy(), state["vector_rows"].numpy())


def _options(row: dict[str, Any]) -> NeuralOptions:
    kinds: dict[str, type[HashedEncoder | TransformerEncoder]] = {
        "hashed": HashedEncoder,
        "transformer": TransformerEncoder,
    }
    encoder = row["encoder"]
    try:
        return NeuralOptions(**{**row, "encoder": kinds[encoder["kind"]](**encoder)})
    except RecipeError as error:
        raise ValueError(str(error)) from error


def _portable(options: dict[str, Any]) -> dict[str, Any]:
    """Leave out where a model or vectors lay when the tagger was trained: only their names are kept."""
    encoder = dict(options["encoder"])
    for key in ("model", "vectors"):
        value = encoder.get(key)
        if value is not None and Path(value).exists():
            encoder[key] = Path(value).resolve().name
    return {**options, "encoder": encoder}


def _stamp(path: Path) -> dict[str, Any]:
    hasher = blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            hasher.update(chunk)
    return {"size": path.stat().st_size, "fingerprint": hasher.hexdigest()}


def _check_files(folder: Path, files: Any) -> None:  # noqa: ANN401 - JSON
    """Refuse a folder whose files are not those that were written."""
    if not isinstance(files, dict) or not files:
        raise DataError(f"{folder / ABOUT}: found no list of files; expected one. Copy the whole folder again.")
    for name, stamp in files.items():
        path = folder / name
        try:
            found = _stamp(path)
        except OSError as error:
            raise DataError(
                f"{path}: found no such file ({error.strerror}); expected it. Copy the whole folder."
            ) from error
        if found != stamp:
            raise DataError(
                f"{path}: found {found['size']} bytes with fingerprint {found['fingerprint']}; expected {stamp}. The "
                "folder is damaged or mixed from two: copy it again, or train again."
            )
