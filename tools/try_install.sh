#!/bin/sh
# try_install.sh PYTHON WHAT: installs a wheel or a source directory into an empty environment, and tries it there.
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$tools/make_venv.sh" "$1" "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet "$2" cffi
cp "$tools/installed_smoke.py" "$scratch"
cd "$scratch" && venv/bin/python installed_smoke.py
