"""The rules of the house that a reader cannot see in one file."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import exonym

ROOT = Path(exonym.__file__).parent
# Each room may import itself, the root modules, and these.
ALLOWED = {
    "data": set(),
    "formats": {"data"},
    "corpora": {"data", "formats"},
    "translate": {"data", "formats"},
    "align": {"data"},
    "project": {"data", "translate", "align"},
    "tag": {"data"},
    "transfer": {"data", "formats", "corpora", "translate", "align", "project", "tag"},
    "evaluate": {"data"},
    "report": {"data", "evaluate"},
    "run": {"data", "formats", "corpora", "translate", "align", "project", "tag", "transfer", "evaluate", "report"},
    "cli": {"*"},
}
MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))


def imported_rooms(path):
    """The rooms of exonym that a module imports anywhere, type checking included."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "exonym" else [node.module]
            )
        for name in names:
            parts = name.split(".")
            if parts[0] == "exonym" and len(parts) > 1 and (ROOT / parts[1]).is_dir():
                yield parts[1]


@pytest.mark.parametrize("path", [path for path in MODULES if len(path.parts) > 1], ids=str)
def test_imports_run_one_way(path):
    room = path.parts[0]
    assert room in ALLOWED, f"{room} is no room of the design"
    allowed = ALLOWED[room] | {room}
    assert "*" in allowed or set(imported_rooms(path)) <= allowed


def test_root_modules_import_no_room():
    for path in MODULES:
        if len(path.parts) == 1 and path.name != "__init__.py":
            assert not set(imported_rooms(path)), path


def run_python(code):
    done = subprocess.run([sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True)
    return {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("module", ["exonym", "exonym.evaluate", "exonym.cli", "exonym.run"])
def test_no_neural_library_is_loaded(module):
    assert not run_python(f"import {module}") & {"torch", "transformers", "datasets", "ray"}


def test_help_loads_no_numeric_library():
    loaded = run_python("import exonym.cli")
    assert not loaded & {"numpy", "scipy", "pycrfsuite", "pydantic", "jinja2"}


def test_every_module_says_what_it_is():
    for path in MODULES:
        assert ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8"))), path


def test_every_public_name_is_there_and_hides_no_package():
    assert sorted(exonym._HOME) == sorted(exonym.__all__)
    for name in exonym.__all__:
        assert not (ROOT / name).is_dir()
        assert getattr(exonym, name).__module__.startswith("exonym.")


def test_import_is_light():
    loaded = run_python("import exonym")
    assert not loaded & {"numpy", "scipy", "typer", "rich", "exonym.data"}
