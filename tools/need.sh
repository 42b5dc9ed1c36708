#!/bin/sh
# need.sh COMMAND PACKAGE...: makes sure that a command exists.
set -eu
command=$1
shift
command -v "$command" >/dev/null 2>&1 || "$(dirname "$0")/install_packages.sh" "$@"
command -v "$command" >/dev/null 2>&1 || { echo "$command is missing although $* are installed" >&2; exit 1; }
