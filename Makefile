# Everything here needs python3 (3.10 or newer), make and a package index, and nothing else.
# The first run makes a virtual environment in this folder; later runs find it and are quick.
#
#   PYTHON=python3.12   the Python that a new virtual environment is made with
#   ARGS="-k caps"      more arguments for the program, pytest or the benchmarks

PYTHON ?= python3
VENV := .venv
EXTRA_INPUTS :=
VERSIONS := 3.10 3.11 3.12 3.13
LOWEST := tests/lowest-versions.txt

PY := $(VENV)/bin/python
# No bytecode in advance: most of what is installed is never imported.
PIP_INSTALL := $(PY) -m pip install --quiet --no-compile --disable-pip-version-check

# A virtual environment holds absolute paths: in a folder that was moved, or with its Python gone, it
# is worth nothing. Without .complete it is made anew.
$(shell for v in .venv .venvs/*; do \
	[ ! -f "$$v/.complete" ] \
	|| { [ -x "$$v/bin/python" ] && [ "$$(cat "$$v/.complete")" = "$$(pwd -P)" ]; } \
	|| rm -f "$$v/.complete" "$$v/.demo" "$$v/.dev"; \
done)

.NOTPARALLEL:
.PHONY: help demo test lint check format bench test-all dynamodb-local conformance-endpoints conformance-clients clean

help:
	@echo "make demo            the main job on an embedded DynamoDB; no AWS account needed"
	@echo "make test            the tests"
	@echo "make check           formatting, lint, types, layers, then the tests"
	@echo "make test-all        the tests on every Python from 3.10 to 3.13 found here, and on the lowest versions"
	@echo "make bench           the benchmarks, and docs/benchmarks.md out of them"
	@echo "make dynamodb-local  DynamoDB Local in memory on a free loopback port, until Ctrl-C"
	@echo "make conformance-endpoints SUITE=path  a public suite, with and without the simulator"
	@echo "make conformance-clients SUITE=path    an emulator's tests, with and without the library"
	@echo "make format          format the code and mend what can be mended"
	@echo "make clean           remove what the others made"

demo: $(VENV)/.demo
	@$(PY) -m dynoresilience demo $(ARGS)

test: $(VENV)/.dev
	@$(PY) -m pytest -n 4 --dist worksteal $(ARGS)

lint: $(VENV)/.dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy --strict src
	$(VENV)/bin/lint-imports --no-logo

check: lint test

format: $(VENV)/.dev
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

bench: $(VENV)/.dev
	@$(PY) benchmarks/run.py $(ARGS)

# Needs a JDK and Maven, and no virtual environment.
dynamodb-local:
	@exec "$(PYTHON)" -m tests.support.dynamodb_local $(ARGS)

# A suite is a checkout of its own, after `npm install`: see CONTRIBUTING.md.
conformance-endpoints: $(VENV)/.dev
	@$(PY) -m tests.conformance.endpoints.compare $(SUITE) $(ARGS)

# The sources of moto, and what its tests need in the virtual environment: see CONTRIBUTING.md.
conformance-clients: $(VENV)/.dev
	@$(PY) -m tests.conformance.clients.compare $(SUITE) $(ARGS)

# $(call install,EXTRA): this project with an extra, in $(VENV). The environment counts as complete
# only between one finished install and the next: whatever was cut short is made anew.
define install
@set -e; \
if [ ! -f $(VENV)/.complete ]; then \
	"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
		found=$$("$(PYTHON)" -V 2>&1) || found="not to be found"; \
		echo "dynoresilience needs Python 3.10 or newer; $(PYTHON) is $$found." >&2; \
		echo "Name another one: make PYTHON=python3.12 $(or $(MAKECMDGOALS),test)" >&2; exit 1; }; \
	echo "Making a virtual environment in $(VENV) ..."; \
	"$(PYTHON)" -m venv --clear $(VENV); \
	$(PIP_INSTALL) --upgrade pip; \
fi; \
rm -f $(VENV)/.complete $(VENV)/.demo $(VENV)/.dev; \
echo "Installing dynoresilience[$(1)] in $(VENV) ..."; \
$(PIP_INSTALL) $(if $(EXTRA_INPUTS),--constraint $(EXTRA_INPUTS)) --editable ".[$(1)]"; \
pwd -P > $(VENV)/.complete
endef

$(VENV)/.demo: pyproject.toml
	$(call install,demo)
	@touch $@

$(VENV)/.dev: pyproject.toml $(EXTRA_INPUTS)
	$(call install,dev)
	@touch $(VENV)/.demo $@

# python3.X from the PATH, else from pyenv; a name that is there but doesn't start is passed over.
test-all:
	@summary=; status=0; ran=; \
	run() { \
		echo; echo "== $$1"; \
		if $(MAKE) --no-print-directory test VENV="$$2" PYTHON="$$py" EXTRA_INPUTS="$$3"; \
		then result=passed; else result=FAILED; status=1; fi; \
		ran=yes; summary="$$summary  $$1: $$result\n"; \
	}; \
	for version in $(VERSIONS); do \
		py=; \
		for candidate in python$$version "$(PYTHON)" "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$version.*/bin/python; do \
			if "$$candidate" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != sys.argv[1])' $$version 2>/dev/null; \
			then py=$$candidate; break; fi; \
		done; \
		if [ -z "$$py" ]; then summary="$$summary  Python $$version: not found\n"; continue; fi; \
		run "Python $$version" ".venvs/$$version" ""; \
		if [ $$version = 3.10 ]; then run "Python $$version, lowest versions" ".venvs/$$version-lowest" "$(LOWEST)"; fi; \
	done; \
	echo; printf "$$summary"; \
	if [ -z "$$ran" ]; then echo "None of Python $(VERSIONS) was found." >&2; exit 1; fi; \
	exit $$status

clean:
	rm -rf .venv .venvs .dynamodb-local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov build dist
	find src tests benchmarks -type d -name __pycache__ -exec rm -rf {} + 2>/dev/null || true
