# make demo   install, take in the sample author, answer three questions, open the page
# make test   install what the tests need, lint, and run all of them
# make lint   ruff, mypy, the import contract, module sizes, the compose profiles, the Dockerfile
# make up     start servers of docker-compose.yml: make up PROFILES="data tgi langfuse app"
# make down   stop them; their volumes stay
# make bench  every measurement of benchmarks/, as a table and JSON
# make sample-datasets  the sets of examples/datasets, from the sample author

SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
# How many processes run the tests.
PROCESSES ?= 2
# The newest Python that has wheels of everything; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3.11 python3.12 python3; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null \
  && echo $$p && break; done)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
PLUGINS := $(wildcard plugins/*/pyproject.toml)
EDITABLE := $(foreach p,$(PLUGINS),--editable $(dir $(p)))
# Presidio drags spaCy in: whoever wants it installs it, and the tests do.
LIGHT := $(foreach p,$(filter-out plugins/twin-presidio/%,$(PLUGINS)),--editable $(dir $(p)))

# Which servers make up starts (docs/servers.md).
PROFILES ?= data
COMPOSE ?= $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)
ALL_PROFILES := data tgi tgi-cpu langfuse app

.PHONY: help demo test lint lint-types lint-style bench sample-datasets format clean up down

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 or 3.12 is needed" >&2; \
	  echo "hint: install one, or name it: make PYTHON=/path/to/python" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.product: $(BIN)/python pyproject.toml constraints.txt $(PLUGINS)
	@echo "installing twin and its plugins into $(VENV) (some minutes, in which pip says nothing)"
	$(PIP) --editable '.[local,chat,code,datasets,train,trace]' $(LIGHT)
	@touch $@

$(VENV)/.development: $(BIN)/python pyproject.toml constraints.txt $(PLUGINS)
	@echo "installing twin, its plugins and what the tests need into $(VENV) (a few minutes)"
	$(PIP) --editable '.[local,chat,code,datasets,train,trace,evaluation,dev]' $(EDITABLE)
	@touch $(VENV)/.product $@

demo: $(VENV)/.product
	@PATH="$(abspath $(BIN)):$$PATH" examples/demo

# The type checker takes as long as all the rest together, so they run side by side.
lint: $(VENV)/.development
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint-types lint-style
	@if [ -f .coverage ]; then $(BIN)/coverage report --skip-covered --sort=cover; \
	  else echo "coverage: not measured here yet; make test measures it"; fi

lint-types:
	$(BIN)/mypy

lint-style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python tests/sizes.py
	tests/setup compose
	tests/lint-servers

# A file is run by one process from its beginning to its end; those that take long come first.
test: lint
	tests/setup
	$(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder \
	  --cov --cov-report=term:skip-covered $(ARGS)

up:
	@python3 servers/environment.py $(PROFILES)
	$(COMPOSE) $(addprefix --profile ,$(PROFILES)) up --detach --build

down:
	$(COMPOSE) $(addprefix --profile ,$(ALL_PROFILES)) down

bench: $(VENV)/.development
	$(BIN)/python -m benchmarks $(ARGS)

sample-datasets: $(VENV)/.product
	@PATH="$(abspath $(BIN)):$$PATH" examples/make-datasets

format: $(VENV)/.development
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage*
