# komparu: the two commands to know are `make demo` and `make test`. Each sets up what it needs.

PYTHON ?= python3
VENV := .venv
BUILD := .build
BIN := $(VENV)/bin
TOOLS := --group test --group certificates --group lint
SOURCES := Cargo.toml Cargo.lock pyproject.toml README.md $(shell find src python -name '*.rs' -o -name '*.py' -o -name '*.pyi' -o -name py.typed)

.PHONY: help demo test test-rust test-python test-free-threaded lint format bench wheel clean prepare

help: ## Show what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 26

demo: $(BUILD)/installed ## Compare real files, and say what was found and how long it took
	@$(BIN)/python demo/demo.py

test: lint test-rust test-python ## Run everything: Rust tests, Python tests, doc examples, types, lints

test-rust: | prepare
	cargo test --quiet

test-python: $(BUILD)/installed
	$(BIN)/python -I -m pytest

# The same tests on a free-threaded Python; name it with PYTHON_FREE_THREADED. Not the lints: not all
# of their tools can be had for it, and neither can what makes the certificates.
PYTHON_FREE_THREADED ?= python3.13t
test-free-threaded: $(BUILD)/ready
	KOMPARU_CERTIFICATES_PYTHON=$(abspath $(BIN))/python $(MAKE) test-python PYTHON=$(PYTHON_FREE_THREADED) VENV=$(BUILD)/free-threaded/venv BUILD=$(BUILD)/free-threaded TOOLS='--group test'

lint: $(BUILD)/installed ## Check style, types and docs
	cargo fmt --check
	cargo clippy --quiet --all-targets -- -D warnings
	cargo clippy --quiet --all-targets --features python -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --quiet --check
	$(BIN)/mypy
	$(BIN)/python -I -m mypy.stubtest komparu._core

format: $(BUILD)/ready ## Bring all code into shape
	cargo fmt
	$(BIN)/ruff check --quiet --fix
	$(BIN)/ruff format --quiet

bench: $(BUILD)/installed ## Measure, side by side with what else one could use
	cargo bench --quiet
	$(BIN)/pip install --quiet --group bench
	$(BIN)/python benches/peers

wheel: $(BUILD)/wheel ## Build the wheel, into .build/wheels
	@ls $(BUILD)/wheels

clean: ## Remove everything that was built
	rm -rf $(BUILD) $(VENV) target

prepare:
	@PYTHON=$(PYTHON) scripts/prepare.sh

$(BUILD)/ready: pyproject.toml scripts/prepare.sh | prepare
	mkdir -p $(BUILD)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --prefer-binary $(TOOLS) 'maturin>=1.9,<2'
	touch $@

# For this machine, with its own libcurl: `linux` leaves the libraries where they are.
$(BUILD)/wheel: $(BUILD)/ready $(SOURCES)
	rm -rf $(BUILD)/wheels
	$(BIN)/maturin build --quiet --release --locked --compatibility linux --interpreter $(BIN)/python --out $(BUILD)/wheels
	touch $@

$(BUILD)/installed: $(BUILD)/wheel
	$(BIN)/python -m pip install --quiet --force-reinstall --no-deps $(BUILD)/wheels/*.whl
	touch $@
