"""One interpreter in a process: others are told so, and nothing breaks."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import fastpath

fastpath.parse_request
inside = '''
import sys
sys.path[:] = {!r}
import fastpath
try:
    fastpath.parse_request
except ImportError as refused:
    print("refused:", refused, flush=True)
'''.format(sys.path)

if sys.version_info >= (3, 13):
    import _interpreters

    print(_interpreters.exec(_interpreters.create("isolated"), inside), flush=True)
else:
    import _xxsubinterpreters

    _xxsubinterpreters.run_string(_xxsubinterpreters.create(), inside)
print(fastpath.parse_request(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n").path)
"""


def test_a_second_interpreter_is_refused_and_the_first_goes_on() -> None:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    refused, *_, last = ran.stdout.splitlines()
    assert refused.startswith("refused:")
    assert "interpreter" in refused
    assert last == "b'/'"
