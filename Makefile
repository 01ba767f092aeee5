# Two commands do everything on a fresh machine: make demo, make test.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Half the work waits for processes and disks, so tests run side by side.
TEST_PROCESSES ?= 3

.PHONY: demo demo-check test lint unit fuzz soak kills bench lock clean

demo: $(VENV)/.run
	@$(BIN)/python -m deploy.demo.show

demo-check: $(VENV)/.run
	$(BIN)/python -m deploy.demo.check

test: lint unit demo-check

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports

unit: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadgroup

# Posts so many generated turns to the callbacks, with new seeds each time; `make test` has a slice of it.
TURNS ?= 1000000

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz --turns $(TURNS) $(if $(SEED),--seed $(SEED))

# New seeds of sync's simulation until Ctrl-C, or SEEDS of them; FIRST is where to begin.
soak: $(VENV)/.dev
	@$(BIN)/python -m tests.simulation $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FIRST),--first $(FIRST))

# kill -9 at random moments of gateway and box; `make test` has a few of them.
KILLS ?= 140

kills: $(VENV)/.dev
	HAVEN_TEST_KILLS=$(KILLS) $(if $(SEED),HAVEN_TEST_SEED=$(SEED)) $(BIN)/python -m pytest tests/faults/test_kills_again_and_again.py

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench

# Writes the locked requirements anew, with hashes and without naming where they come from.
lock:
	for set in "gateway:gateway" "edge:edge" "run:gateway,edge,build" "dev:gateway,edge,build,dev"; do \
	  name=$${set%%:*}; extras=$$(echo $${set#*:} | sed 's/,/ --extra /g'); \
	  uv pip compile pyproject.toml --extra $$extras --python-version 3.11 --universal --upgrade \
	    --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
	    --output-file deploy/requirements/$$name.txt || exit 1; \
	done

$(VENV)/.run: deploy/requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: deploy/requirements/dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements/dev.txt
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Haven needs Python 3.11 or newer: set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: on Debian, apt-get install python3-venv"; exit 1; }

clean:
	rm -rf $(VENV) .demo
