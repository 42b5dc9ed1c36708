#!/bin/sh
# try_pypy.sh: pip install . under Debian's PyPy, which makes the cffi door, and a program that goes through it.
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
"$tools/need.sh" pypy3 pypy3 pypy3-dev pypy3-venv
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
pypy3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet "$tools/.."
cp "$tools/../examples/cffi/decide.py" "$scratch"
cd "$scratch"

expect() { # expect OUTPUT HEAD
  answer=$(printf "$2" | venv/bin/python decide.py || true)
  [ "$answer" = "$1" ] || { printf 'expected %s, got %s\n' "$1" "$answer" >&2; exit 1; }
}
expect 'shop 10.0.0.1:8080' 'GET /shop/cart HTTP/1.1\r\nHost: a.example\r\n\r\n'
expect 404 'GET /shopping HTTP/1.1\r\nHost: a.example\r\n\r\n'

venv/bin/python - <<'EOF'
import sys

import fastpath

try:
    fastpath.parse_request
except ImportError as refused:
    assert "fastpath.ffi" in str(refused), refused
else:
    raise AssertionError("there are Cython modules")
print("fastpath", fastpath.__version__, "decides on", sys.version.split("\n")[-1])
EOF
