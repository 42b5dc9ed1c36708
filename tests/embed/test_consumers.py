"""What a project that builds on fastpath does: compile against its headers and declarations, link its archives."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import fastpath

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
