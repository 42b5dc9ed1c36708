"""Build: one static library (the C core with llhttp inside), linked into small Cython extensions."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_clib import build_clib
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tools"))
import llhttp  # noqa: E402

LLHTTP = llhttp.locate()

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"] if os.environ.get("FASTPATH_WERROR") else []
# -ffp-contract=off: ring and schedule doubles must round as Envoy's do.
CORE_FLAGS = ["-std=c11", "-O3", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off"]

core_sources = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "src/libfastpath").glob("*.c"))
core_headers = sorted(
    str(p.relative_to(ROOT)) for d in ("src/libfastpath", "include/fastpath") for p in (ROOT / d).glob("*.h")
)
core_pxds = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "src/fastpath").rglob("*.pxd"))


class BuildCore(build_clib):
    """Compiles llhttp with its own flags: its generated code is not clean under ours."""


class BuildExt(build_ext):
    def run(self) -> None:
        self.run_command("build_clib")
        super().run()


libraries = [
    (
        "llhttp",
        {
            "sources": [str(LLHTTP / "src" / name) for name in ("llhttp.c", "api.c", "http.c")],
            "include_dirs": [str(LLHTTP / "include")],
            "cflags": ["-O3", "-fPIC", "-fvisibility=hidden", "-w"],
        },
    ),
    (
        "fastpath",
        {
            "sources": core_sources,
            "obj_deps": {"": core_headers},
            "include_dirs": ["include", str(LLHTTP / "include")],
            "cflags": CORE_FLAGS + WARNINGS,
        },
    ),
]

extensions = [
    Extension(
        f"fastpath.{path.stem}",
        [str(path.relative_to(ROOT))],
        include_dirs=["include"],
        libraries=["fastpath", "llhttp"],
        depends=core_sources + core_headers + core_pxds,
        extra_compile_args=["-O3", "-fvisibility=hidden"],
    )
    for path in sorted((ROOT / "src/fastpath").glob("_*.pyx"))
]

setup(
    packages=["fastpath", "fastpath.include", "fastpath.libfastpath"],
    package_data={
        "fastpath": ["*.pxd", "*.pyi", "py.typed"],
        "fastpath.include": ["fastpath/*.h"],
        "fastpath.libfastpath": ["*.pxd"],
    },
    libraries=libraries,
    ext_modules=cythonize(extensions, language_level=3, include_path=["src"]) if extensions else [],
    cmdclass={"build_clib": BuildCore, "build_ext": BuildExt},
)
