# The index of what can be done here. `make demo` and `make test` need nothing but Python 3.11.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
DONE := $(VENV)/.installed
# Nothing of these is in the fast suite.
OTHERS := bench browser crash sandbox

# Compiled once, not again in every process that starts.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test test-thorough test-slow check soak bench lock clean

help:  ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(DONE)  ## .venv in the checkout, everything installed

$(DONE): requirements.txt requirements-dev.txt
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (a minute, once)"
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

demo: setup  ## the main job against the built-in sandbox; ARGS=--once ends by itself
	@$(RUN) -m service demo $(ARGS)

test: setup  ## the fast suite, under a minute, on SQLite and PostgreSQL
	@$(RUN) -m pytest -n 2 -m "not slow and not thorough" $(OTHERS:%=--ignore=tests/%) $(ARGS)

test-thorough: setup  ## the sandbox itself, most stories, and stories and pages on PostgreSQL
	@$(RUN) -m pytest -n 2 -m thorough -o cache_dir=.pytest_cache/thorough $(ARGS)

test-slow: setup  ## real processes, killed at every step, on both databases
	@$(RUN) -m pytest -n 2 --dist loadgroup -m slow -o cache_dir=.pytest_cache/slow $(ARGS)

check: setup  ## format, lint, types
	@$(RUN) -m ruff format --check .
	@$(RUN) -m ruff check .
	@$(RUN) -m mypy

soak: setup  ## 10 callbacks a second for 2 minutes, web and worker killed at random
	@$(RUN) -m tests.crash.soak $(ARGS)

bench: setup  ## accept, invoices, CPU and calls, way back, sync, as ratios; ARGS='--part accept --quick'
	@$(RUN) -m tests.bench $(ARGS)

lock: setup  ## write requirements*.txt from requirements*.in
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check uv
	@$(VENV)/bin/uv pip compile -q --generate-hashes --python-version 3.11 --universal --no-header requirements.in -o requirements.txt
	@$(VENV)/bin/uv pip compile -q --generate-hashes --python-version 3.11 --universal --no-header requirements-dev.in -o requirements-dev.txt

clean:  ## forget what was made here
	rm -rf $(VENV) instance .pytest_cache .hypothesis .mypy_cache .ruff_cache
