# Two commands do all: `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
SEED ?= 7
export PREFECT_SERVER_ANALYTICS_ENABLED := false

.PHONY: help setup demo up test test-crash drill control simulate check bench lock clean

help: ## List what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .venv/ready ## Fetch what is needed: Python packages, a browser, PostgreSQL's programs for the tests

.venv/ready: requirements.lock pyproject.toml tools/setup.sh
	@tools/setup.sh

demo: setup ## Watch real posts travel through every room, in under three minutes
	@$(PY) -m rehearsal.demo

up: setup ## Leave everything running to look at; Ctrl-C ends it
	@$(PY) -m rehearsal.up

test: setup ## Run every test
	@tools/setup.sh tests
	@$(PY) -m pytest -n 2 --dist loadfile

test-crash: setup ## End real workers at every step and lose every answer, then judge by the ledger (half an hour)
	@tools/setup.sh tests
	@$(PY) -m tests.protocol.model
	@$(PY) -m tests.domain.circuit.explorer
	@$(PY) -m rehearsal.crash

drill: setup ## Let everything go wrong for a quarter of an hour, and measure: var/drill/report.json, report.html
	@tools/setup.sh tests
	@$(PY) -m rehearsal.drill --seed $(SEED) --minutes 15 --store postgresql --out var/drill \
		$(if $(wildcard var/control/report.json),--beside var/control)

control: setup ## The same programme with every protection off: what it is measured against
	@tools/setup.sh tests
	@$(PY) -m rehearsal.drill --seed $(SEED) --minutes 15 --store postgresql --out var/control --control || true

simulate: setup ## Four weeks of posts through the real store against a simulated network, and each switch off (a quarter of an hour)
	@$(PY) -m rehearsal.simulation days 28 --seed $(SEED) --out var/simulated
	@$(PY) -m rehearsal.simulation switches --seed $(SEED)

check: setup ## Lint, types, import contracts, and whether every prefect.yaml entrypoint loads
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PY) -m deployments --check

bench: setup ## Measure against a bare script doing the same work; writes var/bench/
	@$(PY) -m bench

lock: setup ## Pin the dependencies anew, with hashes and without index addresses
	@$(PY) -m uv --version >/dev/null 2>&1 || $(PY) -m pip install -q uv
	@$(PY) -m uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --all-extras --python-version 3.11 -o requirements.lock pyproject.toml

clean: ## Remove what was made here: var/ and .venv/
	@rm -rf var .venv
