#!/bin/sh
# Prints the first CPython >= 3.10 that runs and can compile extension modules. With versions as arguments ("3.12"),
# prints an interpreter for each, and fails when one is missing.
set -eu

works() { # Version managers put commands on PATH that exist and then refuse to run.
  "$1" - "${2:-}" 2>/dev/null <<'EOF'
import os, sys, sysconfig
version = "%d.%d" % sys.version_info[:2]
wanted = sys.argv[1] or version
header = os.path.join(sysconfig.get_paths()["include"], "Python.h")
sys.exit(not (sys.implementation.name == "cpython" and sys.version_info >= (3, 10)
              and version == wanted and os.path.exists(header)))
EOF
}

find_version() {
  for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1."*/bin/python "$HOME/.local/bin/python$1" \
    "/opt/python/$1/bin/python$1" "/usr/local/bin/python$1" "/usr/bin/python$1"; do
    if command -v "$candidate" >/dev/null 2>&1 && works "$candidate" "$1"; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

if [ $# -gt 0 ]; then
  for version in "$@"; do
    find_version "$version" || { echo "no working CPython $version" >&2; exit 1; }
  done
  exit 0
fi

for candidate in python3.13 python3.12 python3.11 python3.10 python3; do
  if works "$candidate"; then
    command -v "$candidate"
    exit 0
  fi
done
for version in 3.13 3.12 3.11 3.10; do
  find_version "$version" && exit 0
done
echo "no CPython >= 3.10 with its headers (Python.h) found; on Debian: apt-get install python3-dev" >&2
exit 1
