# Two commands: `make report` does the main job, `make test` checks it. Both install what is missing.

VENV ?= .venv
OUT ?= reports
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PYTEST = OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest --numprocesses=2 --dist=loadfile

# Never fetch an interpreter: the Python that is here must do (3.11 or newer).
export UV_PYTHON_DOWNLOADS = never

.PHONY: report test test-unit test-lessons bench lint install lock clean help

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

report: install  ## Run all lessons in quick mode and write reports/index.html
	$(VENV)/bin/sharingan report --out $(OUT)

test: install  ## Unit tests, doctests and every lesson: both parts, whatever becomes of the first
	@failed=; for part in test-unit test-lessons; do \
		echo "== $$part"; $(MAKE) --no-print-directory $$part || failed="$$failed $$part"; \
	done; \
	if [ -n "$$failed" ]; then echo "FAILED:$$failed"; exit 1; fi; \
	echo "Passed: test-unit test-lessons"

test-unit: install  ## Unit tests and doctests
	$(PYTEST)

test-lessons: install  ## Every lesson, its stored outputs compared
	$(PYTEST) -p tests.patience --nbval-lax --nbval-current-env notebooks

bench: install  ## Speed beside installable peers, as ratios
	$(UV) pip install --quiet --python $(VENV)/bin/python --constraint requirements.lock \
		--editable '.[test,bench]'
	OMP_NUM_THREADS=1 $(VENV)/bin/python -W ignore::UserWarning -m benchmarks

lint: install  ## Style of code and notebooks
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

install: $(VENV)/.installed  ## Install everything into .venv

$(VENV)/.installed: pyproject.toml requirements.lock | $(UV)
	@echo "Installing into $(VENV): PyTorch and Jupyter are large, this takes a minute or more."
	$(UV) venv --quiet --allow-existing --python '>=3.11' $(VENV)
	$(UV) pip install --python $(VENV)/bin/python --compile-bytecode \
		--constraint requirements.lock --editable '.[test]'
	@touch $@

.uv/bin/uv:
	@echo "uv is not on PATH: installing it into .uv"
	python3 -m pip install --quiet --target .uv uv

lock: | $(UV)  ## Resolve anew the versions that make installs
	$(UV) pip compile pyproject.toml --all-extras --universal --upgrade --no-annotate --no-header \
		--no-emit-index-url --no-emit-find-links --output-file requirements.lock

clean:  ## Remove what make made, but no data and no reports
	rm -rf $(VENV) .uv build dist .pytest_cache .ruff_cache
