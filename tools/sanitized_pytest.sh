#!/bin/sh
# sanitized_pytest.sh PYTHON SANITIZERS ARGUMENTS...: pytest against a build with these sanitizers, beside the ordinary one.
set -eu
python=$1
sanitizers=$2
shift 2
library=build/lib-$(echo "$sanitizers" | tr , -) # pkg-config takes a comma for the end of a name

FASTPATH_SANITIZE=$sanitizers "$python" setup.py --quiet build --build-lib "$library"

# Programs that tests compile link the sanitized archives.
export CFLAGS="-fsanitize=$sanitizers"
# The sanitizers must be loaded before the interpreter. Leaks are the C tests' business: CPython keeps memory at exit.
LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so) $(gcc -print-file-name=libstdc++.so)" \
  ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=1 \
  UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
  PYTHONMALLOC=malloc PYTHONPATH=$library \
  "$python" -m pytest -q -p no:cacheprovider "$@"
