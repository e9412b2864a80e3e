# Two commands do all: `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
SEED ?= 7
TESTS ?=
export PREFECT_SERVER_ANALYTICS_ENABLED := false

.PHONY: help setup demo demo-networks up test test-networks test-containers test-outages test-crash drill control simulate bare check bench lock clean

help: ## List what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: .venv/ready ## Fetch what is needed, and prove it: Python packages and a browser that starts

.venv/ready: requirements.lock pyproject.toml tools/setup.sh
	@tools/setup.sh

demo: setup ## Watch real posts travel to every network's sandbox, in under three minutes
	@$(PY) -m rehearsal.demo

up: setup ## Leave everything running to look at, every network's sandbox included; Ctrl-C ends it
	@$(PY) -m rehearsal.up

demo-networks: setup ## The same with a real Bluesky server and an independent Mastodon API (needs Node 20)
	@tools/networks.sh
	@$(PY) -m rehearsal.demo --real

test: ## Run every test, or those named: TESTS=tests/store
	@tools/setup.sh tests
	@$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(TESTS)

test-networks: setup ## Publish to real servers of each network, on this machine, through lines that are cut
	@tools/networks.sh
	@$(PY) -m pytest tests/networks_real

test-containers: setup ## Build the image and run everything in containers, on an engine of the tests' own (half an hour, as root)
	@tools/engine.sh
	@CONTAINERS=$${CONTAINERS:-yes} $(PY) -m pytest tests/containers

test-stand-ins: setup ## Kill those on watch while Prefect's server is away, stopped or slow (a quiet machine, ten minutes)
	@tools/setup.sh tests
	@STEADYPOST_STAND_INS=1 $(PY) -m pytest tests/flows/test_stand_in.py tests/flows/test_stand_in_process.py tests/cli/test_up.py

test-outages: setup ## Kill and stop each process of a running `steadypost up` in turn while posts fall due (three quarters of an hour)
	@tools/setup.sh tests
	@$(PY) -m rehearsal.outages

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

bare: ## Run the two commands in a minimal Debian that has nothing else, as root and as an ordinary user (half an hour, as root)
	@tools/bare.sh commands

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
