#!/bin/sh
# need.sh COMMAND PACKAGE...: makes sure that a command exists, installing Debian packages when that is possible.
set -eu
command=$1
shift
command -v "$command" >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing $* for $command" >&2
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -q && apt-get install -q -y --no-install-recommends "$@"; } >&2
fi
command -v "$command" >/dev/null 2>&1 || { echo "$command is missing; install $* (Debian names)" >&2; exit 1; }
