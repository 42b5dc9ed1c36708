"""What a project that builds on fastpath does: compile against its headers and declarations, link its archives."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import fastpath

ROOT = Path(__file__).resolve().parent.parent.parent
LINK = [f"-L{fastpath.get_library_dir()}", "-lfastpath", "-lllhttp", "-lm", "-lpthread"]

C_PROGRAM = r"""
#include <fastpath/fastpath.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  fp_http_field fields[16];
  fp_http_head head = {.fields = fields, .field_capacity = 16};
  fp_error error;
  const uint8_t *data = (const uint8_t *)argv[argc - 1];
  if (fp_http_parse_request(data, strlen(argv[argc - 1]), NULL, &head, &error) != FASTPATH_OK) {
    printf("%s\n", fp_status_name(error.code));
    return 1;
  }
  printf("%.*s %.*s\n", (int)head.authority_len, data + head.authority_off, (int)head.path_len, data + head.path_off);
  return 0;
}
"""

CYTHON_MODULE = """
from fastpath._status cimport check
from fastpath.libfastpath.base cimport FASTPATH_ERR_CONFIG_WEIGHT, FASTPATH_OK, fp_error, fp_status, fp_status_name

def name(int status):
    return fp_status_name(<fp_status>status)

def refuse(int status):
    check(<fp_status>status, NULL)

REFUSED = FASTPATH_ERR_CONFIG_WEIGHT
"""

SETUP = """
import fastpath
from pathlib import Path
from Cython.Build import cythonize
from setuptools import Extension, setup

extension = Extension(
    "consumer",
    ["consumer.pyx"],
    include_dirs=[fastpath.get_include()],
    library_dirs=[fastpath.get_library_dir()],
    libraries=["fastpath", "llhttp"],
)
setup(name="consumer", ext_modules=cythonize(extension, include_path=[str(Path(fastpath.__file__).parent.parent)]))
"""

USE = """
import consumer, fastpath
assert consumer.name(0) == b"ok", consumer.name(0)
try:
    consumer.refuse(consumer.REFUSED)
except fastpath.ConfigError as error:
    print(error.code)
"""


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_c_program(tmp_path: Path) -> None:
    (tmp_path / "consumer.c").write_text(C_PROGRAM)
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{fastpath.get_include()}"]
    flags += shlex.split(os.environ.get("CFLAGS", ""))
    built = run("gcc", *flags, "consumer.c", *LINK, "-o", "consumer", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    accepted = run("./consumer", "GET /cart?x=1 HTTP/1.1\r\nHost: shop.example\r\n\r\n", cwd=tmp_path)
    assert (accepted.returncode, accepted.stdout) == (0, "shop.example /cart\n")
    refused = run("./consumer", "GET /cart HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "http_content_length\n")


def test_cython_module(tmp_path: Path) -> None:
    (tmp_path / "consumer.pyx").write_text(CYTHON_MODULE)
    (tmp_path / "setup.py").write_text(SETUP)
    built = run(sys.executable, "setup.py", "--quiet", "build_ext", "--inplace", cwd=tmp_path)
    assert built.returncode == 0, built.stdout + built.stderr
    used = run(sys.executable, "-c", USE, cwd=tmp_path)
    assert (used.returncode, used.stdout) == (0, "config_weight\n"), used.stderr


def compile_example(name: str, output: str, *flags: str, cwd: Path) -> None:
    strict = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", f"-I{fastpath.get_include()}"]
    strict += shlex.split(os.environ.get("CFLAGS", ""))
    built = run("gcc", *strict, *flags, ROOT / "examples" / name, *LINK, "-o", output, cwd=cwd)
    assert built.returncode == 0, built.stderr


def test_one_call_from_c(tmp_path: Path) -> None:
    compile_example("one_call.c", "one_call", cwd=tmp_path)

    def answer(data: str) -> tuple[int, str]:
        done = subprocess.run(["./one_call"], input=data, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return done.returncode, done.stdout

    head = "GET /cart/1 HTTP/1.1\r\nHost: shop.example\r\n\r\n"
    assert answer(head) == (0, "route 0, host 10.0.0.1:8080\n")
    assert answer(head.replace("/cart/1", "/health")) == (0, "route 1 answers\n")
    assert answer(head.replace("/cart/1", "/else")) == (0, "no route\n")
    assert answer(head[:-1]) == (2, "incomplete\n")
    code, text = answer(head.replace("Host:", "Host :"))
    assert (code, text[:4]) == (1, "400 ")


def test_policies_in_python_and_in_c(tmp_path: Path) -> None:
    compile_example("native_policy.c", "native_policy.so", "-shared", "-fPIC", cwd=tmp_path)
    used = run(sys.executable, ROOT / "examples" / "custom_policy.py", tmp_path / "native_policy.so", cwd=tmp_path)
    assert (used.returncode, used.stderr) == (0, "")
    python, native, refused = used.stdout.splitlines()
    assert python == "python [(8001, 25), (8002, 25), (8003, 25), (8004, 25)]"
    assert native == "native [(8001, 2), (8002, 2), (8003, 2), (8004, 2)]"
    assert refused == "cluster 'shop' has no host to offer"
