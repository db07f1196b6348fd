# The two commands a stranger needs: `make demo` and `make test`. Everything lives in .venv; nothing is installed elsewhere.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ROWS ?= 10000
export PYTHONDONTWRITEBYTECODE =

.PHONY: help setup demo test test-all lint format bench docs lock clean

help:
	@echo "make demo      start a server with a fresh home and have a data factory train, evaluate, deploy and ask the diabetes model on it (DATA=folder ROWS=n)"
	@echo "make test      all tests but the long ones; make test-all for those too"
	@echo "make lint      ruff, mypy --strict, import contracts"
	@echo "make bench     measure beside peers, print the table"
	@echo "make docs      run the tests with the official clients and write docs/parity.md from what they showed; docs/components.md from the library"
	@echo "make lock      resolve the dependencies anew into requirements-lock.txt"

setup: $(READY)

$(READY): requirements-lock.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Azurine needs Python 3.11 or newer; none was found on the PATH (set PYTHON=/path/to/python)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (once) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check "$$(sed -n 's/^\(uv==[^ ]*\).*/\1/p' requirements-lock.txt)"
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes --compile-bytecode -r requirements-lock.txt
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: setup
	@$(BIN)/python examples/diabetes/demo.py $(if $(DATA),--data "$(DATA)") --rows $(ROWS)

test: setup
	@$(BIN)/python -m pytest -q -n 2 -m "not long" tests library

test-all: setup
	@$(BIN)/python -m pytest -q -n 2 tests library

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: setup
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

bench: setup
	@$(BIN)/python benchmarks/run.py

docs: setup
	@status=0; PYTHONPATH=tests $(BIN)/python -m pytest -q -n 2 -m "not long" -p witness --witness docs/parity.json tests/clients tests/stories || status=$$?; \
	$(BIN)/python docs/components.py && $(BIN)/python docs/parity.py && exit $$status

lock:
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install -q uv; }
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra dev pyproject.toml -o requirements-lock.txt

clean:
	rm -rf $(VENV) .demo
