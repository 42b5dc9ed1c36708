#!/bin/sh
# make_wheel.sh PYTHON: dist/fastpath-*.whl from the sdist in dist/, then a smoke test of it in an empty environment.
set -eu
python=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

set -- dist/fastpath-*.tar.gz
[ $# = 1 ] || { echo "dist/ holds $# sdists: $*" >&2; exit 1; }
rm -f dist/fastpath-*.whl
"$python" -m pip wheel --quiet --no-deps --wheel-dir dist "$1"

"$(dirname "$0")/make_venv.sh" "$python" "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet dist/fastpath-*.whl cffi
cp tools/wheel_smoke.py "$scratch"
cd "$scratch" && venv/bin/python wheel_smoke.py
