# make verify   set up, run all claims at the quick profile, write the report, print its path
# make test     set up, run all tests
# make setup    set up only
# make lint     set up, check style and types
# make mutants  mutation testing of the closed forms and the criteria (hours); SAMPLE=300 tries so many of the mutants
# make seeds    every claim under 30 root seeds at quick and 5 at standard (an hour or two); goes on where it stopped
# make bench    time everything against its rivals and goals, about 20 minutes, and write docs/performance.md
#               (bench-micro: kernels and training alone; bench-whole: whole runs, of CLAIMS="lemma1 …" if given)
# make bench-pictures  whole runs of Figures 3 and 4 (an hour)
# make clean    remove what was made
#
# PYTHON=python3.12 chooses the interpreter (3.11 or newer). pip obeys its usual variables: PIP_EXTRA_INDEX_URL, for one,
# can name an index with builds of torch for the CPU only, which are much smaller.

PYTHON ?= python3
BIN := .venv/bin

CLAIMS ?=

.PHONY: setup verify test lint mutants seeds bench bench-micro bench-whole bench-pictures clean
.DELETE_ON_ERROR:

verify: .venv/.ready
	$(BIN)/vae-ntk verify

setup: .venv/.ready

test: .venv/.ready
	$(BIN)/python -m pytest -n auto

lint: .venv/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright

mutants: .venv/.ready
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[mutants]'
	$(BIN)/python -m tests.mutants $(if $(SAMPLE),--sample $(SAMPLE))

seeds: .venv/.ready
	$(BIN)/vae-ntk seeds --runs 30 --out claims-out/seeds
	$(BIN)/vae-ntk seeds --runs 5 --profile standard --out claims-out/seeds

bench: bench-micro bench-whole

bench-micro: .venv/.ready .venv-bench/.ready
	$(BIN)/python -m benchmarks micro --peers .venv-bench/bin/python

bench-whole: .venv/.ready
	$(BIN)/python -m benchmarks whole --claims $(CLAIMS)

bench-pictures: .venv/.ready
	$(BIN)/python -m benchmarks pictures

# neural-tangents wants older versions than we do, and has an environment of its own
.venv-bench/.ready: benchmarks/requirements-peers.txt
	test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet -r benchmarks/requirements-peers.txt
	touch $@

.venv/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed: make PYTHON=/path/to/python3' >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev,dask,faces,mnist]'
	touch $@

clean:
	rm -rf .venv .venv-bench .bench claims-out mutants .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
