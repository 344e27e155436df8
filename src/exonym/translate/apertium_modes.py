"""What of Apertium is installed: its modes, the programs of each, and a hash of their data. Start at `find`."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from exonym.errors import RecipeError, suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOOL = "apertium-wblank-mode"  # says how the programs of a mode are called so that they keep marks on words
_ATTACH = "apertium-wblank-attach"
_OPTIONS = {"$1": ["-n"], "$2": []}  # of a mode: -n leaves out the marks on unknown words
_FOLDERS = ("/usr/local/share/apertium/modes", "/usr/share/apertium/modes", "/opt/local/share/apertium/modes")
_MISSING = "expected Apertium. Run: make apertium, or: apt install apertium apertium-eng-spa"


class Programs(NamedTuple):
    """The programs of a mode: those that analyse, and those after them, which keep marks on words."""

    before: tuple[tuple[str, ...], ...]
    after: tuple[tuple[str, ...], ...]


def environment() -> dict[str, str]:
    """Return environment variables under which the programs read and write UTF-8."""
    return {**os.environ, "LC_ALL": "C.UTF-8"}


def installed() -> dict[str, Path]:
    """Return the files of all modes that translate from one language into another, by name."""
    folders = [Path(folder) for folder in _FOLDERS]
    tool = shutil.which(_TOOL)
    if tool is not None:
        folders.insert(0, Path(tool).parent.parent / "share/apertium/modes")
    found: dict[str, Path] = {}
    for path in (path for folder in folders for path in sorted(folder.glob("*-*.mode"))):
        if path.stem.count("-") == 1:
            found.setdefault(path.stem, path)
    return found


def find(source: str, target: str) -> str:
    """Return the name of the mode for two languages: the plain one, if there are variants.

    Raises:
        RecipeError: Apertium is not installed, or not this pair.
    """
    modes = installed()
    if not modes:
        raise RecipeError(f"found no mode of Apertium; {_MISSING}")
    wanted = code_of(source), code_of(target)
    pairs: dict[tuple[str, str], list[str]] = {}
    for name in modes:
        left, right = name.split("-")
        pairs.setdefault((code_of(left), code_of(right)), []).append(name)
    if wanted in pairs:
        return min(pairs[wanted], key=lambda name: (len(name), name))
    near = sorted(pairs, key=lambda pair: (pair[0] != wanted[0], pair[1] != wanted[1], pair))[:8]
    known = ", ".join(f"{left} to {right}" for left, right in near)
    raise RecipeError(
        f"apertium: found no installed pair for {source} to {target}; expected one of: {known}. Install another with "
        "apt (apt-cache search ^apertium-), or go through a third language with `pivot`."
    )


def path_of(mode: str) -> Path:
    """Return the file of a mode.

    Args:
        mode: the name of an installed mode, or a path that ends in `.mode`.

    Raises:
        RecipeError: there is none.
    """
    if mode.endswith(".mode"):
        if not Path(mode).is_file():
            raise RecipeError(f"apertium: found no file {mode}; expected a mode. Correct the path.")
        return Path(mode)
    modes = installed()
    if not modes:
        raise RecipeError(f"found no mode of Apertium; {_MISSING}")
    if mode not in modes:
        raise RecipeError(f"apertium: found no mode {mode!r}; expected an installed one. {suggest(mode, modes)}")
    return modes[mode]


def code_of(language: str) -> str:
    """Return the shortest code of a language: `es` for `es`, `spa`, `spa_Latn` or `es_ES`."""
    import langcodes

    for code in (language, language.split("_")[0]):  # the second for variants of modes: cat_valencia
        try:
            return langcodes.Language.get(code).language or language
        except ValueError:
            pass
    return language


def programs_of(path: Path) -> Programs:
    """Return how the programs of a mode are called.

    Raises:
        RecipeError: Apertium is not installed, or too old, or the file is no mode.
    """
    if shutil.which(_TOOL) is None:
        raise RecipeError(f"found no program {_TOOL}; {_MISSING}")
    asked = subprocess.run([_TOOL, "-z", str(path)], capture_output=True, text=True, env=environment(), check=False)
    parts = [shlex.split(part) for part in asked.stdout.replace("\n", " ").split("|")]
    commands = [tuple(word for each in part for word in _OPTIONS.get(each, [each])) for part in parts if part]
    if (_ATTACH,) not in commands[1:-1]:
        found = asked.stderr.strip() or f"no {_ATTACH} among its programs"
        raise RecipeError(f"{path}: found {found}; expected a mode of Apertium 3.8 or later that translates.")
    at = commands.index((_ATTACH,))
    return Programs(tuple(commands[:at]), tuple(commands[at + 1 :]))


def fingerprint(paths: Sequence[Path]) -> str:
    """Hash what the translations of some modes depend on: options, the content of data files, versions; no paths."""
    hasher = blake2b(_version().encode(), digest_size=12)
    for path in paths:
        programs = programs_of(path)
        for command in (*programs.before, *programs.after):
            words = [_content(word) if Path(word).is_file() else word for word in command[1:]]
            hasher.update("\x1f".join([Path(command[0]).name, *words, "\x1e"]).encode())
    return hasher.hexdigest()


def _content(path: str) -> str:
    about = Path(path).stat()
    return _hash_of(path, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=1024)
def _hash_of(path: str, size: int, changed: int) -> str:  # size and time tell apart what was at the path
    return blake2b(Path(path).read_bytes(), digest_size=12).hexdigest()


@lru_cache(maxsize=1)
def _version() -> str:
    """Versions of Apertium and of its dictionaries' programs, where they say them."""
    said = []
    for command in (["apertium", "-V"], ["lt-proc", "--version"]):
        if shutil.which(command[0]) is not None:
            asked = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
            said += re.findall(r"\d+(?:\.\d+)+", asked.stdout + asked.stderr)
    return " ".join(said)
