# Everything runs in $(VENV), which is made anew when requirements.lock changes.
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation
PYTHON ?= python3.11 python3.12 python3.13 python3
FITS = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
FOUND = $(shell for p in $(PYTHON); do $$p -c '$(FITS)' 2>/dev/null && echo $$p && break; done)
UV ?= uv
AT_ONCE ?= 2
CONTRACTS = find xsd wsdl -name '*.xsd' -o -name '*.wsdl'

.PHONY: run test trust lint bench docs freeze frozen lock

run: $(READY)  ## the sandbox on http://127.0.0.1:8080, with samples, until Ctrl-C
	$(BIN)/cme-gateway sandbox

test: $(READY)  ## the suite, in as many processes as AT_ONCE says; ARGS are pytest's
	$(BIN)/python -m pytest -n $(AT_ONCE) --dist loadscope $(ARGS)

trust: $(READY)  ## the goals of docs/trust.md with their negative controls; ARGS such as --full, --only R1
	$(BIN)/python -m tests.trust $(ARGS)

lint: $(READY) frozen  ## style, types, floors, dependencies
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry gateway storage --config .deptry.toml

bench: $(READY)  ## how fast, beside a plain program that does less; ARGS are the bench's, such as --quick
	$(BIN)/python -m bench $(ARGS)

docs: $(READY)  ## the pages made from the code
	$(BIN)/python tools/catalogues.py

freeze: frozen  ## record what is published; from then on it never changes
	$(CONTRACTS) | LC_ALL=C sort | xargs sha256sum > published.sha256

frozen:
	@test ! -e published.sha256 || sha256sum --quiet --check published.sha256

lock:  ## resolve the requirements anew, for every Python we run on, with a hash for each file
	$(UV) pip compile --no-config --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate requirements.in requirements-dev.in --output-file requirements.lock

# spyne comes as source, so what builds it goes in first; all of it from the lock.
$(READY): requirements.lock
	@$(if $(FOUND),,echo "cme-gateway needs Python 3.11, 3.12 or 3.13; found none of: $(PYTHON)" >&2; exit 1)
	$(FOUND) -m venv --clear $(VENV)
	awk '/^[^ ]/ {keep = /^(packaging|setuptools|wheel)==/} keep' $< | $(PIP) --require-hashes -r /dev/stdin
	$(PIP) --require-hashes -r $<
	$(PIP) --no-deps -e .
	@touch $@
