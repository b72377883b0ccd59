# Every target sets up what it needs first. Start here: `make city`, `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CITY ?=
BENCHMARKS := fleet gate exporter portal radius_auth radius_acct radius_eap radius_storm

.DEFAULT_GOAL := help
.PHONY: help setup compile packages-run packages-test city test lint check format bench docs lock clean

help: ## Show this.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Python 3.11 or later is needed: make PYTHON=python3.11 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || [ "$$(id -u)" -ne 0 ] \
	    || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends python3-venv; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	    || { echo "the Debian package python3-venv is missing: sudo apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(VENV)/.installed packages-run compile ## Install what is needed: .venv from the hashed lock, Debian packages when root.

compile: $(VENV)/.installed ## Compile the hot path of RADIUS, where there is a C compiler; setup does it too.
	@$(BIN)/python -m radius.native.build

packages-run:
	@ansible/bootstrap/debian-packages.sh run

packages-test:
	@ansible/bootstrap/debian-packages.sh run test

city: setup ## Start a whole city on this machine; options: make city CITY="--aps 300 --phones 3".
	@$(BIN)/kolco city $(CITY)

test: setup packages-test ## Run all tests on two cores: whole cities on one, while the other takes the rest.
	$(BIN)/pytest -n 2 --dist worksteal

lint: $(VENV)/.installed ## Format, lint, types, import contracts.
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports
	$(BIN)/mypy

check: lint ## All of lint and the unit tests; under two minutes.
	$(BIN)/pytest -q tests/architecture tests/unit

format: $(VENV)/.installed ## Format the code.
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: setup packages-test ## Run the benchmarks; each prints one JSON object on its last line.
	@for module in $(BENCHMARKS); do \
	    echo "== $$module"; $(BIN)/python -m tests.benchmarks.$$module || exit 1; done

docs: $(VENV)/.installed ## Write the CLI and settings references and the dashboards from the code.
	$(BIN)/kolco docs --out docs

lock: ## Write requirements.lock anew (needs uv).
	uv pip compile pyproject.toml --group dev --generate-hashes --universal --python-version 3.11 \
	    --custom-compile-command "make lock" --quiet --output-file requirements.lock

clean: ## Remove what setup installed here.
	rm -rf $(VENV) radius/native/compiled* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
