# Everything stands on `make setup`, which does nothing when nothing changed.
PYTHON ?=
export PYTHON
ESCC_VENV ?= .venv
export ESCC_VENV
BIN := $(ESCC_VENV)/bin
JOBS ?= 2

.PHONY: run test quick faults check setup lock deb try-deb words clean

run: setup ## open the window on the demo study
	$(BIN)/escc demo --project demo

test: check ## every check and every test
	$(BIN)/pytest -n $(JOBS) --dist worksteal

quick: check ## every check and the tests that take seconds
	$(BIN)/pytest -n $(JOBS) -m "not slow"

faults: setup ## the tests of disasters, with 1,000 random scenes for the fast engine instead of 40
	ESCC_EXAMPLES=1000 $(BIN)/pytest -n $(JOBS) --dist worksteal tests/faults

check: setup ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

setup: ## .venv from the hashed locks, with the package built into it
	@bash installer/setup.sh

lock: ## write the locks anew from requirements/*.in (needs uv)
	bash installer/lock.sh

deb: setup ## the program packed into dist/*.deb, with the list of its parts
	@bash installer/deb.sh

try-deb: ## install dist/*.deb, use it as a user would, remove it again (as root)
	@bash installer/try_deb.sh

words: ## gather the program's texts for translators
	$(BIN)/python installer/words.py

clean: ## remove what setup and builds made
	rm -rf $(ESCC_VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
