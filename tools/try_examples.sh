#!/bin/sh
# try_examples.sh PYTHON WHEEL: the examples built and run away from the repository, in an environment with the wheel.
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$tools/make_venv.sh" "$1" "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet "$2[config,aio,cffi]" pytest httpx cython setuptools
mkdir "$scratch/tests"
cp -r "$tools/../examples" "$scratch"
cp -r "$tools/../tests/embed" "$scratch/tests"
cd "$scratch" && venv/bin/python -m pytest -q -p no:cacheprovider tests/embed/test_examples.py
