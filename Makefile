# The verbs of this project. `make help` lists them.

PYTHON ?= python3
VENV ?= .venv
# Empty: the first free port from 5006 on.
PORT ?=
# Processes that run tests side by side; those in a browser run one after the other.
AT_ONCE ?= 2
# A folder or file of recordings; empty: the examples.
SOURCE ?=
# What of the benchmarks is run, by words in their names; empty: all. DAY=1 adds what takes minutes.
ONLY ?=
DAY ?=

BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help app test check format bench

help:  ## List the verbs
	@grep -E '^[a-z]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 10
	@echo
	@echo "PYTHON=python3.12 chooses the interpreter, PORT=5010 the port, SOURCE=path/to/recordings what app opens,"
	@echo "ONLY=engine what is measured, and DAY=1 a whole day of it."

app: $(VENV)/.installed-app  ## Install what is missing, and serve the Inspect app on this computer
	$(BIN)/workbench serve $(if $(PORT),--port $(PORT)) $(if $(SOURCE),--source "$(SOURCE)")

test: check $(VENV)/.installed-pyrocko  ## Install what is missing, check, and run all tests
	$(BIN)/python -m pytest --numprocesses $(AT_ONCE) --dist loadfile --ignore tests/browser
	$(BIN)/python -m pytest tests/browser

check: $(VENV)/.installed-dev  ## Lint, format, types, layers, safety, and notebooks without output
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive workbench apps
	$(BIN)/python .ci/audit.py
	$(BIN)/nbstripout --verify notebooks/*.ipynb

format: $(VENV)/.installed-dev  ## Put code and notebooks into the house form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/nbstripout notebooks/*.ipynb

bench: $(VENV)/.installed-dev  ## Measure the engine beside SeisBench, explanations beside Captum, click-to-paint beside a HoloViews page
	$(if $(DAY),WORKBENCH_BENCH_DAY=1) $(BIN)/python -m pytest tests/benchmarks --timeout 0 -o faulthandler_timeout=0 -s $(if $(ONLY),-k "$(ONLY)")

# A virtual environment of another or a removed interpreter is made anew.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.installed-app: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the workbench into $(VENV); the first time this takes some minutes ..."
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the workbench and its tools into $(VENV); the first time this takes some minutes ..."
	$(INSTALL) --editable ".[dev]"
	@touch $@ $(VENV)/.installed-app

# A reader of what is exported, for its test.
$(VENV)/.installed-pyrocko: tests/exporters/pyrocko.txt | $(BIN)/python
	@echo "Installing Pyrocko into $(VENV)/pyrocko ..."
	$(BIN)/python -m venv --clear $(VENV)/pyrocko
	$(VENV)/pyrocko/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
