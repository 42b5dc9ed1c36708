#!/bin/sh
# coverage.sh PYTHON: lines and branches that the tests go through, in C (C tests and Python suite together) and lines of
# Cython. Fails when a test does, or when fewer are reached than below.
set -eu
c_lines=95 c_branches=90 cython_lines=95
python=$1
core=build/core/coverage
bindings=build/temp-$("$python" -c 'import sys; print(sys.implementation.cache_tag)')-coverage
library=build/lib-coverage
out=build/coverage
rm -rf "$out"
mkdir -p "$out"
find "$core" "$bindings" -name '*.gcda' -delete 2>/dev/null || true

status=0
make --keep-going -j2 -f tools/core.mk VARIANT=coverage test || status=$?
FASTPATH_COVERAGE=1 "$python" setup.py --quiet build --build-lib "$library"
# What is asked of Envoy goes through nothing that the rest does not go through. What counts exports more than the library
# does, and its speed says nothing. Programs that tests compile link archives that count.
count() {
  CFLAGS=--coverage PYTHONPATH=$PWD/$library FASTPATH_EXAMPLES=${FASTPATH_EXAMPLES:-0.2} \
    "$python" -m pytest -q -p no:cacheprovider --ignore=tests/unit/test_cli_bench.py -k "not entry_point" "$@"
}
# Two at a time; not as processes of pytest-xdist, which ends them before gcov has written what it counted.
count tests/unit >"$out/unit.txt" 2>&1 &
count tests --ignore=tests/unit --ignore=tests/conformance || status=$?
wait $! || status=$?
cat "$out/unit.txt"

"$python" tools/cython_coverage.py "$bindings" "$cython_lines" >"$out/cython.txt" || status=$?
# Threads may make gcc count a branch below zero.
"$python" -m gcovr --root . --filter src/libfastpath/ "$core" "$bindings/src/libfastpath" \
  --gcov-ignore-parse-errors=negative_hits.warn_once_per_file --exclude-throw-branches \
  --fail-under-line "$c_lines" --fail-under-branch "$c_branches" \
  --txt "$out/c.txt" --html-details "$out/c.html" --print-summary || status=$?
cat "$out/cython.txt"
echo "by file: $out/c.txt, $out/c.html, $out/cython.txt"
exit "$status"
