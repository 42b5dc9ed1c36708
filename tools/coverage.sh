#!/bin/sh
# coverage.sh PYTHON: lines and branches that the tests go through, in C (C tests and Python suite together) and Cython.
set -eu
python=$1
core=build/core/coverage
bindings=build/temp-$("$python" -c 'import sys; print(sys.implementation.cache_tag)')-coverage
library=build/lib-coverage
out=build/coverage
rm -rf "$out"
mkdir -p "$out"
find "$core" "$bindings" -name '*.gcda' -delete 2>/dev/null || true

make --keep-going -j2 -f tools/core.mk VARIANT=coverage test
FASTPATH_COVERAGE=1 "$python" setup.py --quiet build --build-lib "$library"
# What is asked of Envoy goes through nothing that the rest does not go through. A traced line may give up the GIL, where
# the ordinary build holds it: tests with threads (that of the Cython example too) have no meaning here and may wait for
# each other, nor has what modules export. Programs that tests compile link archives that count.
count() {
  CFLAGS=--coverage PYTHONPATH=$PWD/$library "$python" -m coverage run -m pytest -q -p no:cacheprovider \
    -k "not thread and not cython_package and not entry_point" "$@"
}
# Two at a time; not as processes of pytest-xdist, which ends them before gcov has written what it counted.
status=0
count tests/unit >"$out/unit.txt" 2>&1 &
count tests --ignore=tests/unit --ignore=tests/conformance --ignore=tests/threads || status=$?
wait $! || status=$?
cat "$out/unit.txt"
"$python" -m coverage combine --quiet
"$python" -m coverage report

# Threads may make gcc count a branch below zero.
"$python" -m gcovr --root . --filter src/libfastpath/ "$core" "$bindings" \
  --gcov-ignore-parse-errors=negative_hits.warn_once_per_file --exclude-throw-branches \
  --txt "$out/c.txt" --html-details "$out/c.html" --print-summary
echo "by file: $out/c.txt, $out/c.html"
exit "$status"
