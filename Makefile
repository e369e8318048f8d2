# Everything happens in .venv, which these targets make from Python 3.11 or newer (PYTHON=… to choose one).
PYTHON ?= python3
BIN := .venv/bin
DEMO := build/demo

.PHONY: demo test explore lint model clean

demo: .venv/installed  ## clean the sample articles and show what was removed
	rm -rf $(DEMO)
	$(BIN)/zhengwen check samples/articles --format concise || [ $$? -eq 1 ]
	$(BIN)/zhengwen clean samples/articles -o $(DEMO)
	@echo "The cleaned articles are in $(DEMO); compare them with samples/articles."

test: .venv/installed  ## the whole specification
	$(BIN)/python -m pytest -n 2 --dist loadfile

explore: .venv/installed  ## the properties again, on random examples that no run has seen
	$(BIN)/python -m pytest -n 2 --dist loadfile -m hypothesis --hypothesis-profile explore

lint: .venv/installed  ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

model: .venv/installed  ## retrain the shipped model: make model LABELS="train.jsonl windows.jsonl doubtful.jsonl samples/labelled"
	@test -n "$(LABELS)" || { echo 'say what to learn from: make model LABELS="train.jsonl windows.jsonl doubtful.jsonl samples/labelled"'; exit 2; }
	$(BIN)/zhengwen train $(LABELS) -o models/default --overwrite

.venv/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "zhengwen needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

clean:
	rm -rf .venv build dist
