# `make` alone lists the targets. Options pass through ARGS: make up ARGS="--port 8100", make test ARGS="-k dedupe -x".
SHELL := /bin/sh
.DEFAULT_GOAL := help
ARGS ?=
BIN := .venv/bin
# What the fast tests leave out: real servers, a real browser, and whatever takes long.
FAST := not kafka and not postgres and not chromium and not slow and not stack

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
	    /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	    /^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

##@ Run
.PHONY: up setup
up: setup ## Start Firstword here, with its data in var/ (sets up .venv first)
	@exec $(BIN)/firstword up --data "$${FIRSTWORD_DATA:-var}" $(ARGS)

setup: ## Set up .venv to run Firstword
	@scripts/setup

##@ The stack: Kafka, PostgreSQL, workers, in containers
.PHONY: stack stack-down stack-test
stack: ## Build and start the whole stack (make stack ARGS="--scale matcher=3")
	@scripts/compose up --build --detach $(ARGS)
	@echo "→ Sign in, once, within the hour:" && scripts/compose exec -T desk firstword signin
	@echo "  The sample is filled in within about a minute: scripts/compose logs --follow sample"

stack-down: ## Stop the stack; its data stays (make stack-down ARGS=--volumes drops it)
	@scripts/compose down $(ARGS)

stack-test: setup-dev ## Test the stack: up from built images, kills, down with nothing left
	$(BIN)/pytest -m stack $(ARGS)

##@ Develop
.PHONY: setup-dev test lint types contracts dead-code docs check format
setup-dev: ## Set up .venv to test, check and build as well
	@scripts/setup --dev

test: setup-dev ## Run the tests that need no server and no browser, on all cores (ARGS=-n0: on one)
	$(BIN)/pytest -n auto -m "$(FAST)" $(ARGS)

lint: setup-dev ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev ## Check the types
	$(BIN)/mypy

contracts: setup-dev ## Check who may import whom
	$(BIN)/lint-imports

dead-code: setup-dev ## Find code that nothing uses
	$(BIN)/vulture

docs: setup-dev ## Build the documentation site into build/site (make docs ARGS=serve: show it while you write)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs $(if $(ARGS),$(ARGS),build --strict --quiet)

check: lint types contracts dead-code test ## All of lint, types, contracts, dead-code and test

format: setup-dev ## Put the code in form, and mend what can be mended by itself
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

##@ Measure
.PHONY: eval bench
eval: setup-dev ## Measure the judgment against labelled data, in one table
	@$(BIN)/python bench/evaluate.py $(ARGS)

bench: setup-dev ## Measure the speed
	@load=$$(mktemp -d) && $(BIN)/python bench/replay_load.py "$$load" $(ARGS) && for emit in alerts alerts,drafts; do \
	    echo "== replay of 10,000 items, emitting $$emit" && \
	    time -p $(BIN)/firstword replay --book "$$load/book.yaml" --items "$$load/items.jsonl" --emit $$emit >/dev/null; \
	done; rm -rf "$$load"

##@ Maintain
.PHONY: lock schemas wheel clean
lock: setup-dev ## Pin the dependencies anew (ARGS=--upgrade for newer versions)
	@scripts/lock $(ARGS)
	@scripts/setup --dev

schemas: setup-dev ## Write the published schemas anew
	$(BIN)/python -m schemas.export $(ARGS)

wheel: setup-dev ## Build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

clean: ## Remove what was built and cached, and .venv
	rm -rf .venv .venv.lock .venv.lock.d build dist .coverage htmlcov .hypothesis .mypy_cache .ruff_cache .pytest_cache \
	    .import_linter_cache
	find firstword services schemas tests -name __pycache__ -type d -prune -exec rm -rf {} +
