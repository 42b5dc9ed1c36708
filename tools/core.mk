# The C core outside of Python: one variant of it as a static library, and the C tests, fuzzers and benchmarks against it.
#
#   make -f tools/core.mk VARIANT=asan test            TESTS=tests/c/test_path.c for one of them
#   make -f tools/core.mk VARIANT=fuzz CC=clang fuzzers
#   make -f tools/core.mk VARIANT=release benchmarks
#
# Variants live in build/core/<variant> and share nothing.
VARIANT ?= asan
LLHTTP ?= build/llhttp
PYTHON ?= python3
OUT := build/core/$(VARIANT)

sanitize := -fno-omit-frame-pointer -fno-sanitize-recover=all
flags.asan := -O1 -g -fsanitize=address,undefined $(sanitize)
flags.tsan := -O1 -g -fsanitize=thread $(sanitize)
flags.portable := $(flags.asan) -DFASTPATH_PORTABLE
# Tracing comparisons costs more than half of the speed, and at the same time reached fewer edges in every fuzzer.
flags.fuzz := -O2 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-coverage=trace-cmp $(sanitize)
flags.release := -O3 -g -DNDEBUG -fPIC
flags.release-clang := $(flags.release)
flags.coverage := -O0 -g --coverage -fprofile-update=atomic
flags.arm64 := -O2 -g
ifeq ($(VARIANT),arm64)
CC := aarch64-linux-gnu-gcc
RUN ?= qemu-aarch64 -L /usr/aarch64-linux-gnu
endif
ifeq ($(origin CC),default)
CC := gcc
endif

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Werror
CFLAGS_ALL := -std=c11 $(flags.$(VARIANT)) -fvisibility=hidden -ffp-contract=off $(CFLAGS)
INCLUDES := -Iinclude -Isrc/libfastpath -Itests/c -I$(LLHTTP)/include
LIBS := -lpthread -lm

CORE := $(wildcard src/libfastpath/*.c)
TESTS ?= $(wildcard tests/c/test_*.c)
FUZZ_SOURCES := $(wildcard fuzz/fuzz_*.c)
BENCHMARKS := $(wildcard benchmarks/c/bench_*.c)
ARCHIVES := $(OUT)/libfastpath.a $(OUT)/libllhttp.a

.PHONY: library tests test fuzzers benchmarks
.SECONDARY:

library: $(ARCHIVES)
tests: $(TESTS:%.c=$(OUT)/%)
fuzzers: $(FUZZ_SOURCES:%.c=$(OUT)/%)
benchmarks: $(BENCHMARKS:%.c=$(OUT)/%)

# Programs run side by side under -j, and --keep-going names all that fail.
test: $(TESTS:%.c=$(OUT)/%.passed)
	@echo "$(words $^) passed on $(VARIANT)"

$(OUT)/%.passed: $(OUT)/% always
	@if ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 timeout 600 $(RUN) $<; \
	then echo "ok     $(VARIANT) $(<F)"; else echo "FAILED $(VARIANT) $(<F)"; exit 1; fi

.PHONY: always

$(OUT)/libfastpath.a: $(CORE:%.c=$(OUT)/%.o)
	@rm -f $@ && ar rcs $@ $^
$(OUT)/libllhttp.a: $(patsubst %,$(OUT)/llhttp/%.o,llhttp api http)
	@rm -f $@ && ar rcs $@ $^

# Generated code, not clean under our warnings.
$(OUT)/llhttp/%.o: $(LLHTTP)/src/%.c tools/core.mk
	@mkdir -p $(@D) && $(CC) $(flags.$(VARIANT)) -w -I$(LLHTTP)/include -c $< -o $@

$(OUT)/%.o: %.c tools/core.mk
	@mkdir -p $(@D) && $(CC) $(CFLAGS_ALL) $(WARNINGS) $(INCLUDES) -MMD -MP -c $< -o $@

$(OUT)/tests/%: $(OUT)/tests/%.o $(ARCHIVES)
	@$(CC) $(CFLAGS_ALL) $(LDFLAGS) $(filter %.o,$^) $(ARCHIVES) $(LIBS) -o $@

# The sweep of failing allocations brings the allocation functions itself, and counts calls through generated macros.
SWEEP := $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/c/sweep_*.c) tests/c/failing_memory.c)
$(OUT)/tests/c/test_allocation_failure: $(SWEEP)
$(SWEEP) $(OUT)/tests/c/test_allocation_failure.o: INCLUDES += -I$(OUT)
$(SWEEP) $(OUT)/tests/c/test_allocation_failure.o: $(OUT)/exported_calls.h
$(OUT)/exported_calls.h: $(wildcard include/fastpath/*.h) tools/exported_functions.py
	@$(PYTHON) tools/exported_functions.py --calls $@

$(OUT)/benchmarks/%: $(OUT)/benchmarks/%.o $(ARCHIVES)
	@$(CC) $(CFLAGS_ALL) $(LDFLAGS) $< $(ARCHIVES) $(LIBS) -o $@
$(OUT)/fuzz/%: $(OUT)/fuzz/%.o $(ARCHIVES)
	@$(CC) $(CFLAGS_ALL) -fsanitize=fuzzer $(LDFLAGS) $< $(ARCHIVES) $(LIBS) -o $@

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
