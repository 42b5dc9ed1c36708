#!/bin/sh
# install_packages.sh PACKAGE...: installs Debian packages where that is possible, and says what to install where not.
set -eu
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "missing; install $* (Debian names)" >&2
  exit 1
fi
echo "installing $*" >&2
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -q && apt-get install -q -y --no-install-recommends "$@"; } >&2
