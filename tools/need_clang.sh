#!/bin/sh
# Makes sure that clang is there, and its fuzzing and sanitizer runtimes, which Debian packages apart from it.
set -eu
tools=$(dirname "$0")
"$tools/need.sh" clang clang
runtime=$(clang -print-file-name="libclang_rt.fuzzer-$(clang -dumpmachine | cut -d- -f1).a")
test -e "$runtime" || "$tools/install_packages.sh" "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
