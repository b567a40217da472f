# The commands of the roving service van scheduler. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app wsgi
NODE_IS_NEW := node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'

export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help install run passwords test format-check lint types imports migrations pytest zones bench fmt shots words lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: install ## install, migrate, load the demo district if empty, serve web + scheduler + planning runner; Ctrl-C ends all
	@$(FLASK) db upgrade
	@$(FLASK) demo load --if-empty
	@echo "Open http://$${BIND:-127.0.0.1}:$${PORT:-8000}/ (fresh demo passwords: make passwords)"
	@exec $(BIN)/supervisord --nodaemon --user "$$(id -u)" --pidfile "$${INSTANCE_PATH:-instance}/supervisord.pid" --configuration supervisord.conf

passwords: install ## print a fresh one-time password for every demo account
	@$(FLASK) demo passwords

install: $(VENV)/runtime $(VENV)/kernels node_modules/.installed words-compiled ## install everything that running needs

test: format-check lint types imports migrations pytest zones ## install and check everything

format-check: $(VENV)/tests
	$(BIN)/ruff format --check .

lint: $(VENV)/tests
	$(BIN)/ruff check .

types: $(VENV)/tests
	$(BIN)/mypy routes schedules van_service wsgi.py

imports: $(VENV)/tests
	$(BIN)/lint-imports

migrations: install ## the tables the migrations make are the tables of the models
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && export INSTANCE_PATH="$$folder" DATABASE_URL= \
	  && $(FLASK) db upgrade && $(FLASK) db check

pytest: $(VENV)/tests install
	$(BIN)/python -m pytest -n 2 --dist worksteal

TIMELY := calendar call_list changes channel_tests delays delivery digests feed_events forecast holds jobs late_senders \
  leads lifecycle message_log nightly office_news outage outbox planning publishing reminders repairs requests \
  retention rosters rules visits wait_list waiting

zones: $(VENV)/tests install ## what has to do with time once more, where the clocks change twice a year
	$(BIN)/python -m pytest -n 2 --dist worksteal --zone Europe/Berlin -k "not postgresql" \
	  $(wildcard $(TIMELY:%=tests/schedules/test_%.py))

bench: $(VENV)/bench ## the short form of the planner's benchmark, beside its peers
	$(BIN)/python -m tests.benchmarks

fmt: $(VENV)/tests ## format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

shots: $(VENV)/tests install ## photograph every page as each role into shots/, with a contact sheet per role
	$(BIN)/python -m tests.shots

words: $(VENV)/tests ## collect the words people read and update the Chinese catalogue
	$(BIN)/pybabel extract -q -F babel.cfg -k lazy_gettext --no-location --sort-output -o .words.pot .
	$(BIN)/pybabel update -q -i .words.pot -d van_service/translations --no-fuzzy-matching --ignore-obsolete
	rm .words.pot

lock: $(VENV)/runtime ## pin requirements*.in anew
	$(BIN)/pip install --quiet uv
	for name in requirements requirements-optional requirements-dev requirements-bench requirements-node; do \
	  $(BIN)/uv pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 \
	    --no-header --no-emit-index-url --no-emit-find-links $$name.in -o $$name.txt; done

clean: ## remove what was installed and built, never the data in instance/
	rm -rf $(VENV) node_modules shots .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.PHONY: words-compiled
words-compiled: $(VENV)/runtime
	@$(BIN)/pybabel --quiet compile --directory van_service/translations

$(VENV)/runtime: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

# The planner's hot loops, compiled into their cache: once for each version of them, and before anybody waits for a plan.
$(VENV)/kernels: $(VENV)/runtime $(wildcard routes/*.py)
	@echo "Compiling the planner (half a minute)"
	@$(BIN)/python -m routes.warm_up
	@touch $@

$(VENV)/tests: requirements-dev.txt requirements-optional.txt $(VENV)/runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-optional.txt -r requirements-dev.txt
	@touch $@

$(VENV)/bench: requirements-bench.txt $(VENV)/tests
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@

# The front-end files: with the system's Node where it is new enough, else with the one from its wheel.
node_modules/.installed: package.json package-lock.json .npmrc $(VENV)/runtime
	@if $(NODE_IS_NEW) 2>/dev/null && command -v npm >/dev/null; then :; else \
	  echo "No Node.js >= 20.19 here: installing it from its wheel"; \
	  $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.txt; fi
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
