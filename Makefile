# One command surface: `make help` lists it.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
SCALE := .venv/scale
WORKERS ?= 2
export PATH := $(CURDIR)/$(BIN):$(PATH)

# Suites that were written for libraries in folders, and must hold over PostgreSQL unchanged.
OVER_POSTGRES := tests/store/catalog tests/search/test_engine.py tests/search/test_filtered.py \
	tests/search/test_copies.py tests/search/test_exact_copies.py tests/search/test_exclusion.py \
	tests/search/versions tests/search/api/test_library.py tests/search/api/test_filter.py \
	tests/indexer/pipeline/test_writer.py

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-scale test test-web test-robustness test-postgres test-milvus test-ray \
	lint format types layers check bench campaign docs \
	tour screenshots constraints lock audit clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) \
		| awk -F ':.*## ' '{ printf "  make %-16s %s\n", $$1, $$2 }'

setup: $(READY) ## Make .venv with everything in it, and see to ffmpeg; costs nothing twice

$(READY): pyproject.toml constraints.txt .ci/setup.sh
	@PYTHON='$(PYTHON)' bash .ci/setup.sh
	@touch $@

# The clients and servers of a library beyond one machine.
$(SCALE): $(READY) scale.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r scale.txt
	@touch $@

demo: $(READY) ## Make a small library of music videos, index it and search it
	@$(BIN)/python -m docs.demo.tour

demo-scale: $(SCALE) ## Index the demo's videos on two Ray nodes into PostgreSQL, and compare its answers with the demo's
	@$(BIN)/python -m docs.demo.scale

test: $(READY) ## Run the tests (T=tests/store for a part, WORKERS=4 for more at once)
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal $(T)

test-web: $(READY) ## Run the tests of the pages in Chromium, where it is, and fuzz the HTTP API
	@$(BIN)/pytest -m 'browser or slow' tests/web_browser tests/search/web

test-robustness: $(READY) ## Run the tests of kills, damage, hostile files and readers beside a writer
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal -m robustness $(T)

test-postgres: $(SCALE) ## Run the tests over PostgreSQL with pgvector, and the catalogue's and engine's over it
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal -m postgres $(T)
	@$(if $(T),,MVSEARCH_TEST_LIBRARY=postgres $(BIN)/pytest -n $(WORKERS) --dist worksteal $(OVER_POSTGRES))

test-milvus: $(SCALE) ## Run the tests over Milvus, with the catalogue in PostgreSQL
	@$(BIN)/pytest -m milvus $(T)
	@MVSEARCH_TEST_LIBRARY=milvus $(BIN)/pytest tests/store/test_indexed.py tests/search/test_engine.py \
		-k 'indexed or lyric_line_finds or sound_of_another or scores_are_the_same'

test-ray: $(SCALE) ## Run the tests of indexing on Ray, with killed workers and a cut link
	@$(BIN)/pytest -m ray $(T)

lint: $(READY) ## Check style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(READY) ## Put style and format right where a tool can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(READY) ## Check types
	@$(BIN)/mypy

layers: $(READY) ## Check who imports whom
	@$(BIN)/lint-imports

check: lint types layers ## Check style, types, layers, and that the documents are up to date
	@$(BIN)/python docs/generate_commands.py --check
	@$(BIN)/python docs/generate_modules.py --check
	@$(BIN)/python docs/generate_models.py --check
	@$(BIN)/python docs/generate_tour.py --check

bench: $(READY) ## Measure every claim of speed and write benchmarks/RESULTS.md
	@$(BIN)/python -m benchmarks.speed

campaign: $(READY) ## Try to break it for half an hour: hostile files, kills, damage (A='--minutes 5')
	@$(BIN)/python -m tests.campaign $(A)

docs: $(READY) ## Generate the lists of commands, modules, models and decisions, and the README's tour
	@$(BIN)/python docs/generate_commands.py
	@$(BIN)/python docs/generate_modules.py
	@$(BIN)/python docs/generate_models.py
	@$(BIN)/python docs/generate_tour.py

tour: $(READY) ## Run the demo, and write the README's tour from what it prints
	@$(BIN)/python docs/generate_tour.py --run

screenshots: $(READY) ## Run the demo, and take pictures of the pages in Chromium for docs/screenshots
	@$(BIN)/python docs/generate_screenshots.py

constraints: $(READY) ## Take the newest versions into constraints.txt, scale.txt, light.txt and container.txt
	@bash .ci/compile_constraints.sh

lock: $(READY) ## Write the same for what pyproject.toml asks for, keeping versions
	@bash .ci/compile_constraints.sh keep

audit: $(READY) ## Look for known vulnerabilities in what constraints.txt lists; needs a network
	@$(BIN)/python .ci/audit.py

clean: ## Remove what was made: environment, demo, caches
	@rm -rf .venv .package .demo .demo-scale .bench build *.egg-info .pytest_cache .mypy_cache .ruff_cache \
		.import_linter_cache .hypothesis
