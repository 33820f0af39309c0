# Each target builds its own environment (.venv) if it is missing; `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo dev web test test-fast faults lint format features bench bench-profiles bench-repeated bench-rules bench-why lock docs clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "%-16s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(RUN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(RUN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## generate the demo, refresh everything, print a summary and the addresses to open
	$(RUN)/cdp demo

dev: $(READY) ## Dagster's UI on http://127.0.0.1:3000
	$(RUN)/cdp dev

web: $(READY) ## the customers' pages on http://127.0.0.1:8080
	$(RUN)/cdp web

test: $(READY) ## all tests
	$(RUN)/pytest --numprocesses 2 --dist loadfile

test-fast: $(READY) ## the tests without files, pipeline and servers: under a minute
	$(RUN)/pytest --numprocesses 2 --dist loadfile -m "not pipeline and not browser and not io"

lint: $(READY) ## ruff, and mypy in strict mode on the package
	$(RUN)/ruff check .
	$(RUN)/ruff format --check --quiet .
	$(RUN)/mypy
	$(RUN)/python -m cdp_assets_tests.features --list > /dev/null

format: $(READY) ## let ruff mend what it can
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

features: $(READY) ## which of the capabilities work, shown by their tests
	$(RUN)/python -m cdp_assets_tests.features

faults: $(READY) ## kill refreshes at every step boundary and by chance, and compare what the next run makes
	$(RUN)/python -m cdp_assets_tests.faults

bench: $(READY) ## the demo at factor 1, 10 and 100: processor time and peak memory of each station, and how they grow
	$(RUN)/python -m cdp_assets_tests.bench.growth

bench-repeated: $(READY) ## 200 refreshes in a row: do the last ones take longer than the first?
	$(RUN)/python -m cdp_assets_tests.bench.repeated

bench-profiles: $(READY) ## 1 million records from sources to profiles: processor time and peak memory
	$(RUN)/python -m cdp_assets_tests.bench.profiles

bench-rules: $(READY) ## unification by rules: how good on Contoso, how fast at 1 million people, do ids jump
	$(RUN)/python -m cdp_assets_tests.bench.rules

bench-why: $(READY) ## how long `cdp why` and `cdp why-not` take to answer at 1 million records
	$(RUN)/python -m cdp_assets_tests.bench.why

docs: $(READY) ## write docs/tables.md, docs/configuration.md and docs/cdp.schema.json from the declarations
	$(RUN)/python -m cdp_assets.orchestration.documentation
	$(RUN)/python -m cdp_assets.config.reference

lock: $(READY) ## resolve pyproject.toml again into requirements.lock (needs uv)
	uv pip compile pyproject.toml --group dev --extra postgres --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-strip-extras -o requirements.lock
	uv pip compile pyproject.toml --extra postgres -c requirements.lock --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-strip-extras -o deploy/requirements.lock

clean: ## remove the environment and what the demo generated
	rm -rf $(VENV) data/demo/.cdp data/demo/sources data/demo/truth data/demo/stand_in data/demo/exports
