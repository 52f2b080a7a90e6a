# Everything runs in .venv, which `make setup` builds from requirements.lock (names, versions, hashes).
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

help: ## Print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

setup: $(READY) ## Install everything into .venv (implied by every other target)

$(READY): requirements.lock pyproject.toml
	@command -v uv >/dev/null || test -x .cache/uv/bin/uv || { $(PYTHON) -m venv .cache/uv && .cache/uv/bin/pip install -q uv; }
	@PATH="$$PATH:$(CURDIR)/.cache/uv/bin"; export UV_LINK_MODE=copy; \
	  test -x $(BIN)/python || uv venv -q --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv; \
	  uv pip sync -q --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock && \
	  uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

lock: ## Resolve the dependencies anew into requirements.lock
	@PATH="$$PATH:$(CURDIR)/.cache/uv/bin"; uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --extra train --extra teacher --group dev pyproject.toml -o requirements.lock

demo: setup ## See it work: an embedded broker, a worker, and real multilingual posts being decided
	@$(BIN)/weir demo --exit-when-done

check: setup ## Lint, types, import rules
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

test: setup ## Run the tests (those on a real Kafka need Java 17 and Maven)
	@$(BIN)/pytest -q

test-long: setup ## Run the promises at their stated size; results in docs/results
	@$(BIN)/pytest -q -m long -s --results docs/results/long.md

bench: setup ## Measure throughput and latency on a real Kafka
	@$(BIN)/weir bench stream

docs: setup ## Write the pages of docs that are lists of what the code declares
	@$(BIN)/python -m stream_app.docs_pages

schemas: setup ## Write docs/schemas anew from the message types
	@$(BIN)/python -m stream_app.contracts.schemas

.PHONY: help setup lock demo check test test-long bench docs schemas
