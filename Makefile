# make only wraps ordinary commands: README.md says which. It needs git, Python 3.11 or newer, and make.
# Another Python: make PYTHON=/path/to/python demo. Some tests only: make test ARGS="-k plan".

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
unexport PYTHONDONTWRITEBYTECODE # images set it, and each of a thousand processes would compile all that it imports
.PHONY: help demo test properties lint format types contracts unused docs check locks bench bench-peers scale reliability simulation clean

PYTHONS := $(if $(PYTHON),$(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

help: ## Say what there is
	@awk -F ': .*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: .venv/.sandbox ## Show the whole story on an embedded Websak, in two minutes
	@$(BIN)/websakctl demo

test: .venv/.test ## Run every test
	$(PYTEST) $(ARGS)

properties: .venv/.test ## Try a thousand examples of every property (an hour)
	PROPERTIES=long $(PYTEST) -o faulthandler_timeout=3600 $$(grep -rlE '^from hypothesis import.* given' tests --include='test_*.py') tests/contract $(ARGS)

lint: .venv/.dev ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/.dev ## Write the code as `make lint` wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: .venv/.dev ## Check types, on Linux, macOS and Windows
	$(BIN)/mypy --platform linux
	$(BIN)/mypy --platform darwin
	$(BIN)/mypy --platform win32

contracts: .venv/.dev ## Check what imports what
	$(BIN)/lint-imports --no-cache

unused: .venv/.dev ## Look for code and dependencies that nobody uses
	$(BIN)/vulture
	$(BIN)/deptry websakctl

docs: .venv/.test ## Write the pages that are made from the code
	$(BIN)/python docs/generate_glossary.py
	$(BIN)/python docs/generate_kinds.py
	$(BIN)/python docs/generate_rules.py
	$(BIN)/websakctl schema --write
	$(BIN)/python docs/generate_api.py
	$(BIN)/python -m websakctl.sandbox.setupapi docs/api/setup.openapi.yaml

check: lint types contracts unused test ## Check all that .ci/run checks

locks: ## Renew locks/: the versions of constraints.txt with their hashes (needs uv)
	@mkdir -p locks
	@uv pip compile pyproject.toml --constraints constraints.txt --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --quiet --output-file locks/pipeline.txt
	@for extra in sandbox fleet postgresql fiks test dev; do \
	  uv pip compile pyproject.toml --extra "$$extra" --constraints constraints.txt --universal --python-version 3.11 \
	    --generate-hashes --no-header --no-annotate --quiet --output-file "locks/$$extra.txt" || exit 1; \
	done

bench: .venv/.test ## Measure every promised ratio, and write docs/benchmarks.md (asserts nothing; read it)
	$(BIN)/python bench/table.py $(ARGS)

bench-peers: .venv/.test ## Plan as much with other tools, where they can be had
	$(BIN)/python bench/peers/compare.py $(ARGS)

scale: .venv/.test ## Measure how cost grows, to 100 000 resources and 40 Websaks, and write docs/scale.md
	$(BIN)/python bench/scale.py --write $(ARGS)

reliability: .venv/.test ## Try every fault and crash point (two hours), and write docs/reliability.md
	$(BIN)/python docs/generate_reliability.py

simulation: .venv/.test ## Play 100 000 histories from their seeds (an hour), and write their part of docs/reliability.md
	$(BIN)/python docs/generate_reliability.py --simulation

clean: ## Take away what was made here, but for .websakctl/ (your journal)
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the virtual environment: one stamp for each set of extras, so that a second run is quick

$(BIN)/python:
	@for python in $(PYTHONS); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    echo "Making .venv with $$("$$python" --version) ..."; \
	    if "$$python" -m venv --clear .venv; then exit 0; fi; \
	    echo "$$python cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; \
	    rm -rf .venv; exit 1; \
	  fi; \
	done; \
	echo "Python 3.11 or newer is needed (looked for: $(PYTHONS)). Name one: make PYTHON=/path/to/python ..." >&2; \
	exit 1

.venv/.%: pyproject.toml constraints.txt | $(BIN)/python
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --upgrade >/dev/null
	@echo "Installing websakctl[$*] into .venv ..."
	@$(INSTALL) -e '.[$*]'
	@touch $@
