# `make` lists the targets. Pass options in ARGS: make up ARGS="--port 8100", make test ARGS="-k dedupe -x".
SHELL := /bin/sh
.DEFAULT_GOAL := help
ARGS ?=
BIN := .venv/bin
# The fast tests need no real servers and no real browser, and take a few seconds each at most.
FAST := not kafka and not postgres and not chromium and not slow and not stack
# Each process gets tests that lie together, so that it loads what they share once.
SPREAD := -n auto --dist worksteal
# Each process that a test starts would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
	    /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	    /^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

##@ Run
.PHONY: up setup
up: setup ## Run Firstword from this checkout, with its data in var/
	@exec $(BIN)/firstword up --data "$${FIRSTWORD_DATA:-var}" $(ARGS)

setup: ## Create .venv to run Firstword
	@scripts/setup

##@ The stack: Kafka, PostgreSQL and workers in containers
.PHONY: stack stack-down stack-test
stack: ## Build and start the whole stack (make stack ARGS="--scale matcher=3")
	@scripts/compose up --build --detach $(ARGS)
	@echo "→ Sign-in link (works once, for one hour):" && scripts/compose exec -T desk firstword signin
	@echo "  The sample appears within about a minute: scripts/compose logs --follow sample"

stack-down: ## Stop the stack and keep its data (ARGS=--volumes deletes the data)
	@scripts/compose down $(ARGS)

stack-test: setup-dev ## Test the stack in containers: start, kill services, stop, check that nothing is left
	$(BIN)/pytest -m stack $(ARGS)

##@ Develop
.PHONY: setup-dev test coverage lint types contracts dead-code docs check format screenshots
setup-dev: ## Create .venv to develop: test, check, build
	@scripts/setup --dev

test: setup-dev ## Run the fast tests on all cores (ARGS=-n0: on one; COVERAGE=1: for `make coverage`)
ifdef COVERAGE
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(SPREAD) -m "$(FAST)" $(ARGS)
else
	$(BIN)/pytest $(SPREAD) -m "$(FAST)" $(ARGS)
endif

coverage: setup-dev ## Show which lines and branches `make test COVERAGE=1` reached; fails below pyproject.toml's gate
	$(BIN)/coverage combine --quiet --keep
	$(BIN)/coverage report --skip-covered --sort=cover

lint: setup-dev ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev ## Check types
	$(BIN)/mypy

contracts: setup-dev ## Check the import rules
	$(BIN)/lint-imports

dead-code: setup-dev ## Find code that nothing uses
	$(BIN)/vulture

docs: setup-dev ## Build the documentation into build/site (ARGS=serve: preview it)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs $(if $(ARGS),$(ARGS),build --strict --quiet)

check: lint types contracts dead-code test ## Run lint, types, contracts, dead-code and test

format: setup-dev ## Format the code, and fix what can be fixed automatically
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

screenshots: setup-dev ## Write a picture of every page with the sample into build/screenshots (ARGS="inbox draft": only these)
	@$(BIN)/python scripts/screenshots.py $(ARGS)

##@ Measure
.PHONY: eval bench
eval: setup-dev ## Measure the quality of judgment against labeled data
	@$(BIN)/python bench/evaluate.py $(ARGS)

bench: setup-dev ## Measure the speed of replay
	@load=$$(mktemp -d) && $(BIN)/python bench/replay_load.py "$$load" $(ARGS) && for emit in alerts alerts,drafts; do \
	    echo "== replay of 10,000 items, emitting $$emit" && \
	    time -p $(BIN)/firstword replay --book "$$load/book.yaml" --items "$$load/items.jsonl" --emit $$emit >/dev/null; \
	done; rm -rf "$$load"

##@ Maintain
.PHONY: lock schemas wheel sbom supply release release-sign release-verify clean
lock: setup-dev ## Pin the dependencies again (ARGS=--upgrade: newer versions)
	@scripts/lock $(ARGS)
	@scripts/setup --dev

schemas: setup-dev ## Write the published schemas, the API's document and its Python client again
	$(BIN)/python -m schemas.export $(ARGS)
	$(BIN)/python scripts/api_client.py

wheel: setup-dev ## Build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

sbom: setup-dev ## Write the bill of materials (CycloneDX) to dist/firstword.cdx.json
	@$(BIN)/python -m scripts.sbom dist/firstword.cdx.json

supply: setup-dev ## Check licenses, and ask about vulnerabilities of what Firstword depends on (ARGS="--database FILE")
	@$(BIN)/python -m scripts.licenses
	@$(BIN)/python -m scripts.audit_dependencies $(ARGS)

release: setup-dev ## Make a release (ARGS=0.2.0; RELEASE_KEY names the key that signs it)
	@scripts/release $(ARGS)

release-sign: ## Sign the release in dist/ (KEY=FILE: an SSH key; DIST=FOLDER: another folder)
	@scripts/sign_release "$(or $(DIST),dist)" "$(KEY)"

release-verify: ## Verify the release in dist/ (SIGNERS=FILE: who may sign; DIST=FOLDER: another folder)
	@scripts/verify_release "$(or $(DIST),dist)" "$(or $(SIGNERS),deploy/release_signers)"

clean: ## Remove .venv, and everything built or cached
	rm -rf .venv .venv.lock .venv.lock.d build dist .coverage htmlcov .hypothesis .mypy_cache .ruff_cache .pytest_cache \
	    .import_linter_cache
	find firstword services schemas tests -name __pycache__ -type d -prune -exec rm -rf {} +
