# The one door. Needs CPython >= 3.10 with its headers, gcc, make and pip; `make help` lists what there is.
#
#   PYTHON=...        the interpreter to use (default: the newest working one)
#   VENV=...          where the virtual environment is made (default: .venv)
#   FUZZ_SECONDS=...  how long each fuzzer runs, or FUZZ_RUNS=... how many inputs it takes; FUZZ_MAX_LEN=...: their bytes
#   TESTS=...         what pytest is given (default: all)
#   FASTPATH_EXAMPLES=...  the share of random examples that property tests draw (1; less where a run repeats another)
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules
SHELL := /bin/sh
.DELETE_ON_ERROR:

JOBS ?= 2
VENV ?= .venv
PYTHON ?= $(shell tools/find_python.sh)
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
TESTS ?= tests
FUZZ_SECONDS ?= 60
ALL_PYTHONS := 3.10 3.11 3.12 3.13

SOURCES := $(wildcard src/libfastpath/*.[ch] include/fastpath/*.h src/fastpath/*.pyx src/fastpath/*.pxd src/fastpath/*/*.pyx src/fastpath/*/*.pxd) \
	setup.py tools/llhttp.py tools/llhttp.txt tools/ffi_build.py
# Below `make lint`, which is parallel itself, its jobs are shared (a recipe needs a + for that).
CORE_MK = $(MAKE) $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS)) --output-sync=target --keep-going -f tools/core.mk
PYTEST := $(BIN)/python -m pytest -q
# Files in the order of their names: the slow ones (conformance, embed, property) begin, so that no process ends alone. A
# process that crashes is not replaced: pytest-xdist would then wait for ever. A test that hangs says where.
SIDE_BY_SIDE := --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder --max-worker-restart 0 -o faulthandler_timeout=300

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 18

# ---- environment and build

$(STAMPS)/venv:
	@tools/make_venv.sh "$(PYTHON)" $(VENV)
	@mkdir -p $(@D) && touch $@

$(STAMPS)/requirements: pyproject.toml $(STAMPS)/venv
	@$(BIN)/python -m pip install --quiet "setuptools>=77" "cython>=3.1" "cffi>=1.16"
	@touch $@

# Editable, so that only what changed is compiled again.
$(STAMPS)/built: $(SOURCES) $(STAMPS)/requirements
	@test -f $(STAMPS)/installed && ! test pyproject.toml -nt $(STAMPS)/installed \
	  || $(BIN)/python -m pip install --quiet --no-build-isolation --editable ".[aio,cffi,cli]"
	@touch $(STAMPS)/installed
	@FASTPATH_WERROR=$(FASTPATH_WERROR) $(BIN)/python setup.py --quiet build_ext --inplace
	@touch $@

$(STAMPS)/test: pyproject.toml | $(STAMPS)/built
	@$(BIN)/python -m pip install --quiet --no-build-isolation --editable ".[test]"
	@touch $@

$(STAMPS)/lint: requirements/lint.txt $(STAMPS)/venv
	@$(BIN)/python -m pip install --quiet --requirement requirements/lint.txt
	@touch $@

$(STAMPS)/bench: requirements/bench.txt $(STAMPS)/venv
	@$(BIN)/python -m pip install --quiet --requirement requirements/bench.txt
	@touch $@

build/llhttp/LICENSE: tools/llhttp.txt | $(STAMPS)/venv
	@$(BIN)/python tools/llhttp.py >/dev/null

.PHONY: build
build: $(STAMPS)/built ## compile everything and install it into the virtual environment, editable

# ---- see it work

.PHONY: demo
demo: $(STAMPS)/built ## real upstreams, a gateway and a client on loopback: routes, weights, retries
	@$(BIN)/fastpath demo $(DEMO_FLAGS)

# ---- tests

.PHONY: test test-c test-python test-other-pythons test-all
test: test-c test-python ## C tests under ASan and UBSan, then the Python suite

test-c: build/llhttp/LICENSE ## C tests under ASan and UBSan
	@$(CORE_MK) VARIANT=asan test

test-python: $(STAMPS)/built $(STAMPS)/test ## the Python suite
	@tools/need.sh curl curl
	@tools/need.sh openssl openssl
	@$(PYTEST) $(SIDE_BY_SIDE) $(TESTS)

# Every supported interpreter that is found; on a machine that claims them all, a missing one is a failure. They need not
# repeat what does not depend on the interpreter: what Envoy decides, what the pages show, what the command line measures.
# Nor does what random inputs show of the algorithms, so that they draw fewer. Assertions are on.
TOUCHES_PYTHON := tests/unit tests/property tests/embed tests/proxy tests/threads \
	$(addprefix --ignore=tests/unit/,test_documentation.py test_limits_page.py test_readme.py test_cli_bench.py test_bench_report.py \
	test_instruction_counts.py)
test-all: test test-other-pythons ## as test, and what touches the interpreter on CPython 3.10 to 3.13 (FASTPATH_ALL_PYTHONS=1: all must be there)

OTHER_PYTHONS = $(filter-out $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'),$(ALL_PYTHONS))

test-other-pythons:
	@failed=; for version in $(OTHER_PYTHONS); do \
	  if ! python=$$(tools/find_python.sh $$version); then \
	    test -z "$(FASTPATH_ALL_PYTHONS)" && continue; exit 1; fi; \
	  echo "== CPython $$version"; \
	  FASTPATH_DEBUG=1 FASTPATH_EXAMPLES=$${FASTPATH_EXAMPLES:-0.1} $(MAKE) test-python VENV=.venv-$$version PYTHON=$$python \
	    TESTS="$(patsubst tests,$(TOUCHES_PYTHON),$(TESTS))" \
	    || failed="$$failed $$version"; \
	done; test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

.PHONY: test-portable test-arm64
test-portable: build/llhttp/LICENSE ## C tests without vector instructions
	@$(CORE_MK) VARIANT=portable test

test-arm64: build/llhttp/LICENSE ## C tests cross-built for arm64, under qemu
	@tools/need.sh aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross
	@tools/need.sh qemu-aarch64 qemu-user
	@$(CORE_MK) VARIANT=arm64 test

# ---- sanitizers and fuzzers

.PHONY: asan asan-python tsan tsan-updates fuzz fuzz-config differential soak
asan: test-c asan-python ## C tests and the Python suite under AddressSanitizer and UBSan

# Envoys would inherit the sanitizers; the speed under them says nothing.
UNSANITIZED := $(addprefix --ignore=tests/,conformance unit/test_cli_bench.py)
asan-python: $(STAMPS)/built $(STAMPS)/test
	@FASTPATH_EXAMPLES=$${FASTPATH_EXAMPLES:-0.1} tools/sanitized_pytest.sh $(BIN)/python address,undefined $(SIDE_BY_SIDE) $(TESTS) $(UNSANITIZED)

tsan: build/llhttp/LICENSE ## C thread tests under ThreadSanitizer
	@$(CORE_MK) VARIANT=tsan TESTS="$(wildcard tests/c/test_*_threads.c)" test

UPDATE_SECONDS ?= 600
UPDATED := test_cluster_threads test_route_threads
tsan-updates: build/llhttp/LICENSE ## eight pickers, then eight matchers, and a thousand updates per second for UPDATE_SECONDS under ThreadSanitizer
	@$(CORE_MK) VARIANT=tsan TESTS="$(UPDATED:%=tests/c/%.c)" tests
	@set -e; for program in $(UPDATED); do timeout $$(($(UPDATE_SECONDS) * 4)) build/core/tsan/tests/c/$$program $(UPDATE_SECONDS); done

fuzz: build/llhttp/LICENSE ## every fuzzer in fuzz/ (FUZZERS="route head": these) for FUZZ_SECONDS or FUZZ_RUNS, with ASan and UBSan
	@tools/need_clang.sh
	@$(CORE_MK) VARIANT=fuzz CC=clang $(if $(FUZZERS),FUZZ_SOURCES="$(FUZZERS:%=fuzz/fuzz_%.c)") fuzzers
	@$(BIN)/python tools/fuzz.py --seconds $(FUZZ_SECONDS) $(if $(FUZZ_RUNS),--runs $(FUZZ_RUNS)) \
	  $(if $(FUZZ_MAX_LEN),--max-len $(FUZZ_MAX_LEN)) $(FUZZERS)

CONFIG_RUNS ?= 1000000

fuzz-config: $(STAMPS)/built $(STAMPS)/test ## CONFIG_RUNS mutated documents, and as many texts, for the loaders of configurations; VOCABULARY=istio for those alone
	@PYTHONPATH=tests $(BIN)/python -m property.mutated_documents --runs $(CONFIG_RUNS) $(addprefix --vocabulary ,$(VOCABULARY))

HEADS ?= 3000000
DIFFERENTIAL := build/core/release/tests/c/test_head_differential
differential: build/llhttp/LICENSE ## HEADS mutated heads through every scan and llhttp; prints how many took the fast path
	@$(CORE_MK) VARIANT=release $(DIFFERENTIAL)
	@$(DIFFERENTIAL) $(HEADS)

SOAK := build/core/release/tests/soak/soak
.PHONY: smuggling
smuggling: $(STAMPS)/built $(STAMPS)/test ## ambiguous requests through fastpath, llhttp, h11, nginx, HAProxy and Envoy, as a table; also into docs/smuggling.md
	@PATH="$$PATH:/usr/sbin" tools/need.sh nginx nginx-light
	@PATH="$$PATH:/usr/sbin" tools/need.sh haproxy haproxy
	@PATH="$$PATH:/usr/sbin" $(BIN)/python tests/smuggling/side_by_side.py --markdown docs/smuggling.md

SOAK_MESSAGES ?= 10000000
soak: $(STAMPS)/built ## SOAK_MESSAGES through the C core and a tenth as many through Python: memory must not grow
	@$(CORE_MK) VARIANT=release $(SOAK)
	@$(BIN)/python tests/soak/messages.py build/soak_messages
	@$(SOAK) build/soak_messages $(SOAK_MESSAGES)
	@$(BIN)/python tests/soak/soak.py $$(($(SOAK_MESSAGES) / 10))

.PHONY: coverage
coverage: $(STAMPS)/built $(STAMPS)/test build/llhttp/LICENSE ## lines and branches that the tests go through, C and Cython
	@$(BIN)/python -m pip install --quiet --requirement requirements/coverage.txt
	@tools/coverage.sh $(BIN)/python

# ---- benchmarks

# PARTS="c http": only these; COMPARE=earlier.json: what changed since; STRICT=1: a missed must is a failure.
BENCH_REPORT = $(BIN)/python benchmarks/report.py $(if $(COMPARE),--compare "$(COMPARE)") $(if $(STRICT),--strict) \
	$(if $(JSON),--json "$(JSON)") $(PARTS)
.PHONY: bench bench-core
bench: $(STAMPS)/built $(STAMPS)/test $(STAMPS)/bench build/llhttp/LICENSE ## every row with its target, peers in the same run: build/bench/report.json and plots; COMPARE=earlier.json
	@$(CORE_MK) VARIANT=release benchmarks
	@$(BENCH_REPORT)

bench-core: build/llhttp/LICENSE ## what has no target: tables of the C core alone
	@$(CORE_MK) VARIANT=release benchmarks
	@for row in rewrite regex connections lb; do echo "-- $$row"; build/core/release/benchmarks/c/bench_$$row || exit 1; done

INSTRUCTIONS := build/core/release/benchmarks/c/instructions
.PHONY: bench-instructions bench-instructions-accept
bench-instructions: $(STAMPS)/built build/llhttp/LICENSE ## instructions of the hot paths in C, counted by callgrind, against benchmarks/instructions.json
	@tools/need.sh valgrind valgrind
	@$(CORE_MK) VARIANT=release $(INSTRUCTIONS)
	@$(BIN)/python benchmarks/instructions.py $(INSTRUCTIONS_FLAGS)

bench-instructions-accept: ## make what is counted now the baseline
	@$(MAKE) bench-instructions INSTRUCTIONS_FLAGS=--accept

# ---- lint

LINTS := lint-c-format lint-c-warnings lint-ruff lint-cython lint-mypy lint-pyright
.PHONY: lint $(LINTS) format
lint: $(STAMPS)/test $(STAMPS)/lint ## formatting, types, warnings as errors; nothing is changed
	@$(MAKE) -j$(JOBS) --output-sync=target --keep-going $(LINTS)

lint-c-format: $(STAMPS)/lint
	@$(BIN)/clang-format --dry-run -Werror $(C_FILES)

lint-c-warnings: build/llhttp/LICENSE
	@tools/need.sh clang clang
	+@$(CORE_MK) VARIANT=release library
	+@$(CORE_MK) VARIANT=release-clang CC=clang library

lint-ruff: $(STAMPS)/lint
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .

lint-cython: $(STAMPS)/lint
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/cython-lint src/fastpath

lint-mypy: $(STAMPS)/built $(STAMPS)/test $(STAMPS)/lint
	@$(BIN)/mypy

lint-pyright: $(STAMPS)/built $(STAMPS)/test $(STAMPS)/lint
	@$(BIN)/pyright --pythonpath $(BIN)/python

format: $(STAMPS)/lint ## format C and Python in place
	@$(BIN)/clang-format -i $(C_FILES)
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

C_FILES := $(wildcard include/fastpath/*.h src/libfastpath/*.[ch] tests/c/*.[ch] tests/soak/*.c fuzz/*.[ch] benchmarks/c/*.[ch])

# ---- documentation

$(STAMPS)/docs: requirements/docs.txt $(STAMPS)/venv
	@$(BIN)/python -m pip install --quiet --requirement requirements/docs.txt
	@touch $@

.PHONY: docs
docs: $(STAMPS)/built $(STAMPS)/docs ## the site in build/docs; a broken link or a missing reference is an error
	@tools/need.sh dot graphviz
	@$(BIN)/python -m sphinx --builder html --fresh-env --quiet --fail-on-warning --keep-going -d build/doctrees docs build/docs

# ---- distributions

.PHONY: wheel sdist
sdist: $(STAMPS)/requirements ## dist/fastpath-*.tar.gz, which builds without a network
	@$(BIN)/python -m pip install --quiet build
	@rm -f dist/fastpath-*.tar.gz
	@$(BIN)/python -m build --quiet --no-isolation --sdist

wheel: sdist ## dist/fastpath-*.whl, built from the sdist without a network then tried, and the examples with it, in empty environments
	@rm -f dist/fastpath-*.whl
	@tools/build_offline.sh $(BIN)/python build/wheelhouse dist
	@tools/try_install.sh $(BIN)/python dist/fastpath-*.whl
	@tools/try_examples.sh $(BIN)/python dist/fastpath-*.whl

.PHONY: release
release: sdist build/llhttp/LICENSE ## dist/: the sdist and a wheel for each supported CPython, repaired, with a bill of materials, checked and tried
	@$(BIN)/python -m pip install --quiet --requirement requirements/release.txt
	@tools/release.sh $(BIN)/python $(ALL_PYTHONS)

.PHONY: abi
abi: $(STAMPS)/built ## keep the C ABI as it is now in tests/embed/abi.txt; refused when FASTPATH_ABI_VERSION has to grow first
	@$(BIN)/python tools/abi.py --write tests/embed/abi.txt

.PHONY: try-pypy
try-pypy: ## pip install . under PyPy: the cffi door, and an example that goes through it
	@tools/try_pypy.sh

.PHONY: try-install
try-install: $(STAMPS)/venv ## pip install . by itself, in an empty environment
	@tools/try_install.sh $(BIN)/python .

.PHONY: clean
clean: ## remove everything that was made, the virtual environments too
	rm -rf build dist src/*.egg-info src/fastpath/lib .venv .venv-3.* .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find src tests benchmarks tools examples \( -name '*.so' -o -name __pycache__ \) -prune -exec rm -rf {} +
