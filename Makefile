# The two commands are `make demo` and `make test`; all that they need goes into this folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := deploy/requirements.lock
SOAK_S ?= 600
# What a run of the tests records of itself; it stays in this folder (docs/local-store.md#test-runs).
TIMINGS = -p vox_telemetry_client.pytest_timings --vox-timings-repository vox-telemetry \
  --vox-timings-db .own-timings/metrics.sqlite3
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help setup demo test check own-timings bench soak failover pictures docs vectors views lock wheel sbom audit release clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 13

setup: $(VENV)/.installed ## make the virtual environment from the lock file

$(VENV)/.installed: pyproject.toml $(LOCK)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python %d.%d found, 3.11 or newer needed: make PYTHON=python3.12" % sys.version_info[:2])'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

demo: setup ## one batch of real events, from a file to rows in Postgres
	$(BIN)/python deploy/demo/run.py

test: setup ## every test against real parts, with branch coverage
	sh tests/system-packages.sh
	rm -rf .coverage .coverage.* .own-timings
	$(BIN)/coverage run -m pytest -q -n auto --maxprocesses 4 --dist worksteal $(TIMINGS)
	$(BIN)/coverage combine --quiet

.coverage:
	$(MAKE) test

check: setup .coverage ## lint, types, arrows, guards, coverage of the last test run
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m vox_telemetry_spec.guards data-ssot-guards
	$(BIN)/python -m vox_telemetry_spec.guards command-compliance
	$(BIN)/coverage report --fail-under=95

own-timings: setup ## upload the timings of the last test run to a sink of their own, and show them
	PYTHONPATH=deploy/demo $(BIN)/python deploy/own-timings/run.py

bench: setup ## how fast it is, as ratios to what the machine can do
	PYTHONPATH=tests $(BIN)/python benchmarks/run.py

soak: setup ## ten minutes of load while the database is restarted (SOAK_S=60 for one), with a container
	PYTHONPATH=tests $(BIN)/python benchmarks/soak.py --seconds $(SOAK_S)

failover: setup ## two minutes of load while a Patroni leader is killed (takes Debian's etcd-server)
	PYTHONPATH=tests $(BIN)/python deploy/patroni/try.py

docs: setup ## write generated tables, registries, OpenAPI and the page of commands anew
	$(BIN)/python -m vox_telemetry_spec.guards command-compliance --write
	$(BIN)/python -m vox_telemetry_spec.guards data-ssot-guards --write
	$(BIN)/python deploy/release/licences.py --write

pictures: setup ## take the pictures in docs/images anew, in a real browser with made-up data
	$(BIN)/python -m pytest tests -q -k pictures --pictures docs/images
	PYTHONPATH=tests $(BIN)/python docs/pictures_console.py

vectors: setup ## write the contract's test vectors anew
	$(BIN)/python spec/make_vectors.py

views: setup ## print the views that the contracts ask for, for schema.sql and a migration
	$(BIN)/python -m vox_telemetry_sink.sql.views

lock: setup ## resolve the lock files again after a change of dependencies
	$(COMPILE) --all-extras --group dev pyproject.toml -o $(LOCK)
	$(COMPILE) --extra sink pyproject.toml -o deploy/requirements-sink.lock
	$(COMPILE) --group build -o deploy/requirements-build.lock

wheel: setup ## build wheel and source archive of HEAD twice, compare, keep them in dist
	$(BIN)/python deploy/release/wheel.py

sbom: wheel ## write bills of materials (CycloneDX) of what the wheel installs, into dist
	$(BIN)/python deploy/release/sbom.py dist/*.whl --epoch-s $$(git show --no-patch --format=%ct HEAD)

audit: setup ## ask a database of vulnerabilities about the lock; "Error 4" means that it gave no answer
	$(BIN)/python deploy/release/audit.py

release: ## an empty dist, then all that a release publishes, with SHA256SUMS
	rm -rf dist
	$(MAKE) sbom
	$(BIN)/python deploy/release/sums.py

clean: ## remove what the targets above made
	rm -rf $(VENV) .demo .own-timings .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache
