# Two commands do everything from a fresh clone: make demo, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCALSTACK := $(VENV)/localstack/.ready
RIVAL := $(VENV)/scikit-learn-lambda/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench coverage lock clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## Train, prove, publish, and ask both clouds' real runtimes the same rows
	@$(BIN)/python -m examples.demo

test: $(READY) $(LOCALSTACK) lint ## Check style and types, then run every test
	@$(BIN)/python -m pytest

lint: $(READY) ## Check style (ruff) and types (mypy, strict)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(READY) ## Rewrite the code in the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY) $(LOCALSTACK) $(RIVAL) ## Measure cold and warm starts beside the plain way (minutes)
	@$(BIN)/python -m benchmarks.lambda_handler
	@$(BIN)/python -m benchmarks.from_s3

coverage: $(READY) ## Pack every estimator of scikit-learn and write docs/estimators.md (minutes)
	@$(BIN)/python -m benchmarks.estimators

lock: $(READY) ## Pin every dependency anew, with hashes
	@$(BIN)/uv pip compile --quiet $(LOCK) --extra dev pyproject.toml -o requirements.txt
	@for function in aws_lambda container gcp_function; do \
	  $(BIN)/uv pip compile --quiet $(LOCK) -c requirements.txt \
	    functions/$$function/requirements.in -o functions/$$function/requirements.txt; done
	@# newer releases of what LocalStack uses (cbor2, pyOpenSSL) break this version of it
	@$(BIN)/uv pip compile --quiet $(LOCK) --exclude-newer 2026-01-10T00:00:00Z \
	  tools/localstack.in -o tools/localstack.txt

LOCK := --universal --fork-strategy fewest --generate-hashes --no-annotate --no-header \
  --python-version 3.11 --upgrade

clean: ## Remove the virtual environment and everything built
	rm -rf $(VENV) build dist

$(READY): requirements.txt pyproject.toml tools/lambda-emulator.txt tools/fetch_lambda_emulator.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "spyhop needs Python 3.11 or newer; name one: make PYTHON=python3.12 …")'
	@echo "Setting up $(VENV) (once, a minute or two) …"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python tools/fetch_lambda_emulator.py tools/lambda-emulator.txt $(BIN)
	@touch $@

# Its own environment, for its pins are not ours; inside ours, so that it is found and removed with it.
$(LOCALSTACK): tools/localstack.txt $(READY)
	@echo "Setting up LocalStack, the tests' S3 (once, less than a minute) …"
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/localstack.txt
	@touch $@

$(RIVAL): benchmarks/scikit-learn-lambda.txt $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --upgrade --target $(@D) -r benchmarks/scikit-learn-lambda.txt
	@touch $@
