# Everything runs in a virtual environment of its own, made on first use.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
CODE = accelsim tests benchmarks
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore

N ?= 100000
SEED ?= 0

.PHONY: demo test test-slow fuzz check format bench wheel clean

demo: $(VENV)/.report
	$(BIN)/accelsim demo

test: $(VENV)/.test
	$(BIN)/python -m pytest -m "not slow" -n 2

test-slow: $(VENV)/.test
	$(BIN)/python -m pytest -m slow -n 2 --durations=15

fuzz: $(VENV)/.test
	$(BIN)/python tests/fuzz/run.py -n $(N) --seed $(SEED)

check: $(VENV)/.test
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy

format: $(VENV)/.test
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

bench: $(VENV)/.test
	$(BIN)/python benchmarks/run.py

wheel: $(VENV)/.test
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

$(VENV)/.report: pyproject.toml scripts/make-venv.sh
	PYTHON=$(PYTHON) scripts/make-venv.sh $(VENV)
	$(PIP) -e '.[report]'
	@touch $@

$(VENV)/.test: pyproject.toml scripts/make-venv.sh
	PYTHON=$(PYTHON) scripts/make-venv.sh $(VENV)
	$(PIP) -e '.[test]'
	@touch $@ $(VENV)/.report

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
