#!/bin/sh
# build_offline.sh PYTHON WHEELHOUSE DIRECTORY: a wheel of the sdist in dist/, made in an environment of its own out of what
# pyproject.toml asks for. This is fetched into WHEELHOUSE first; the build itself has no way to a network.
set -eu
python=$1
wheelhouse=$2
directory=$3
mkdir -p "$wheelhouse"
"$python" - <<'READ' >"$wheelhouse/needs.txt"
import re
print("\n".join(re.findall(r'"([^"]+)"', re.search(r"^requires = \[(.*)\]$", open("pyproject.toml").read(), re.MULTILINE)[1])))
READ
"$python" -m pip download --quiet --dest "$wheelhouse" --requirement "$wheelhouse/needs.txt"
PIP_NO_INDEX=1 PIP_FIND_LINKS=$wheelhouse http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 \
  "$python" -m pip wheel --quiet --no-deps --wheel-dir "$directory" dist/fastpath-*.tar.gz
