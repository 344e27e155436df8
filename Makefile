# Every target sets up what it needs: nothing but Python and the package registry is expected.
PYTHON ?= python3
SUDO ?= $(if $(filter 0,$(shell id -u)),,sudo)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints-cpu.txt

.PHONY: setup demo test lint bench apertium clean

setup: .venv/dev

demo: .venv/core
	$(BIN)/exonym compare examples/recipes/news.toml -o out/news
	@echo "open out/news/report.html in a browser"

test: .venv/dev
	$(BIN)/python -m pytest

lint: .venv/dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

bench: .venv/dev
	$(PIP) -e ".[dev,eflomal]"
	for script in benchmarks/[a-z]*.py; do $(BIN)/python $$script || exit 1; done

# A real translator without a download of models: English with Spanish, Catalan and Galician (Debian, Ubuntu).
apertium:
	$(SUDO) apt-get install -y apertium apertium-eng-spa apertium-eng-cat apertium-en-gl

clean:
	rm -rf .venv out

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/core: pyproject.toml constraints-cpu.txt | .venv/bin/python
	$(PIP) -e .
	touch $@

.venv/dev: pyproject.toml constraints-cpu.txt | .venv/bin/python
	$(PIP) -e ".[dev]"
	touch $@ .venv/core
