# make verify   set up, run all claims at the quick profile, write the report, print its path
# make test     set up, run all tests
# make setup    set up only
# make lint     set up, check style and types
# make clean    remove what was made
#
# PYTHON=python3.12 chooses the interpreter (3.11 or newer). pip obeys its usual variables: PIP_EXTRA_INDEX_URL, for one,
# can name an index with builds of torch for the CPU only, which are much smaller.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup verify test lint clean
.DELETE_ON_ERROR:

verify: .venv/.ready
	$(BIN)/vae-ntk verify

setup: .venv/.ready

test: .venv/.ready
	$(BIN)/python -m pytest

lint: .venv/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright

.venv/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed: make PYTHON=/path/to/python3' >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev,faces,mnist]'
	touch $@

clean:
	rm -rf .venv claims-out .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
