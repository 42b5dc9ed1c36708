#!/bin/sh
# What the whole of .ci/run needs from the system, installed where it is missing.
set -eu
cd "$(dirname "$0")"
./need.sh gcc gcc libc6-dev
./need.sh g++ g++
./need.sh make make
./need.sh objdump binutils
./need.sh ccache ccache
./need_clang.sh
./need.sh aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross
./need.sh qemu-aarch64 qemu-user
./need.sh pypy3 pypy3 pypy3-dev pypy3-venv
./need.sh pkg-config pkg-config
./need.sh valgrind valgrind
./need.sh dot graphviz
./need.sh curl curl
./need.sh openssl openssl
./find_python.sh >/dev/null 2>&1 || ./need.sh python3-config python3-dev python3-pip
python=$(./find_python.sh)
"$python" -m pip --version >/dev/null 2>&1 || ./need.sh pip3 python3-pip
echo "$("$python" --version), $(gcc --version | head -1), $(clang --version | head -1)"
