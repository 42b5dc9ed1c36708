#!/bin/sh
# make_venv.sh PYTHON DIRECTORY: a virtual environment with pip, also where the system's Python comes without ensurepip.
set -eu
python=$1
directory=$2
if "$python" -c 'import ensurepip' 2>/dev/null; then
  "$python" -m venv "$directory"
else
  "$python" -m venv --without-pip "$directory"
  pip_home=$("$python" -c 'import os, pip; print(os.path.dirname(os.path.dirname(pip.__file__)))')
  PYTHONPATH=$pip_home "$directory/bin/python" -m pip install --quiet --ignore-installed pip
fi
