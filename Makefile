# Everything a person types here sets up what it needs in .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test quick lint types unit docs dist man faults neo4j arcadedb bench bench-short clean

help: ## Tell what can be made.
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

demo: .venv/runtime ## Ingest, load and report on 43 real model families.
	@$(BIN)/hubtrace demo

test: .venv/dev ## Lint, check types and run the tests, at the same time.
	@$(MAKE) --no-print-directory -j3 lint types unit

lint: .venv/dev ## Check style, the arrows between the packages, workflows and the citation.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/zizmor --offline --pedantic --quiet .
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

types: .venv/dev ## Check types.
	$(BIN)/mypy

unit: .venv/dev ## Run the tests.
	$(BIN)/pytest -n auto --dist loadgroup -m "not faults"

docs: .venv/docs ## Build the documentation's site into site/; a broken link is an error.
	$(BIN)/python -m mkdocs build

dist: ## Build the distributions into dist/, and a bill of materials of them into sbom/.
	@PYTHON=$(PYTHON) sh tools/dist.sh

man: .venv/dev ## Make the manual page anew; a test compares it.
	$(BIN)/python -m tools.reference > docs/hubtrace.1.new
	mv docs/hubtrace.1.new docs/hubtrace.1

faults: .venv/dev ## Run the long campaigns: kills, full disks, imports, all examples of property tests.
	HUBTRACE_THOROUGH=1 $(BIN)/pytest -n auto --dist loadgroup -m "faults or hypothesis"

quick: lint ## Lint and the quick tests of the three rooms below the front door, while editing.
	$(BIN)/pytest -n auto -q -m "not faults and not hypothesis and not slow" \
	    tests/graph tests/ingest tests/queries tests/test_house.py

neo4j: .venv/dev ## Start a throw-away Neo4j on free ports, until Ctrl-C.
	@$(BIN)/python -m tests.neo4j.server

arcadedb: .venv/arcadedb ## Run the tests of the Bolt store on ArcadeDB instead of Neo4j.
	HUBTRACE_BOLT_SERVER=arcadedb HUBTRACE_REQUIRE_NEO4J=1 $(BIN)/pytest -p tests.neo4j.arcadedb \
	    -k bolt tests/graph tests/ingest/load tests/queries

bench: .venv/bench ## Measure us and our peers in the same run.
	$(BIN)/python -m benchmarks

bench-short: .venv/dev ## Measure what has a goal, small, in five minutes; HUBTRACE_BENCH_PATHS adds real clones.
	$(BIN)/python -m benchmarks short

clean: ## Remove what was set up and made.
	rm -rf .venv build dist sbom site hubtrace-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/runtime: pyproject.toml constraints.txt
	@PYTHON=$(PYTHON) sh tools/install.sh $@

.venv/dev: pyproject.toml constraints.txt
	@PYTHON=$(PYTHON) sh tools/install.sh $@ dev

.venv/docs: pyproject.toml constraints.txt
	@PYTHON=$(PYTHON) sh tools/install.sh $@ docs

.venv/arcadedb: pyproject.toml constraints.txt
	@PYTHON=$(PYTHON) sh tools/install.sh $@ dev arcadedb

.venv/bench: pyproject.toml constraints.txt
	@PYTHON=$(PYTHON) sh tools/install.sh $@ dev bench
