#!/bin/sh
# make_wheel.sh PYTHON: dist/fastpath-*.whl from the sdist in dist/, with every way to a network closed.
set -eu
set -- "$1" dist/fastpath-*.tar.gz
[ $# = 2 ] || { echo "dist/ does not hold exactly one sdist" >&2; exit 1; }
rm -f dist/fastpath-*.whl
PIP_NO_INDEX=1 http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 \
  "$1" -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist "$2"
