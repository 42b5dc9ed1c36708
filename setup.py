"""Build: one static library (the C core), llhttp beside it, both linked into Cython extensions and the cffi module.

Switches, all from the environment:
  FASTPATH_SANITIZE=address,undefined | thread   compile and link with these sanitizers
  FASTPATH_DEBUG=1       no optimisation, assertions and symbols on
  FASTPATH_COVERAGE=1    count lines with gcov, in C and, through marks in what Cython makes, in Cython
  FASTPATH_WERROR=1      warnings are errors
  FASTPATH_PORTABLE=1    plain C11 only, no vector instructions
  FASTPATH_LLHTTP_DIR, FASTPATH_LLHTTP_SYSTEM    where llhttp comes from, see tools/llhttp.py
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_clib import build_clib
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist
from setuptools.modified import newer_group

if sys.implementation.name == "cpython" and sys.version_info < (3, 10):
    # Below it, only PyPy, which has the cffi module: that is why the metadata say 3.9.
    raise SystemExit("fastpath needs CPython 3.10 or newer")

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tools"))
import llhttp  # noqa: E402


def switch(name: str) -> str:
    value = os.environ.get(f"FASTPATH_{name}", "")
    return "" if value == "0" else value


def sources(directory: str, pattern: str) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / directory).rglob(pattern))


SANITIZE, DEBUG, COVERAGE = switch("SANITIZE"), switch("DEBUG"), switch("COVERAGE")
WERROR, PORTABLE = switch("WERROR"), switch("PORTABLE")
VARIANT = [SANITIZE.replace(",", "-"), DEBUG and "debug", COVERAGE and "coverage", PORTABLE and "portable"]
VARIANT.append(switch("LLHTTP_SYSTEM") and "system")
# Objects of different interpreters and switches never meet, and an editable install reuses those of the build before.
BUILD_TEMP = str(Path("build", "-".join(["temp", sys.implementation.cache_tag, *filter(None, VARIANT)])))

instrument = [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer"] if SANITIZE else []
instrument += ["--coverage", "-fprofile-update=atomic"] if COVERAGE else []
optimise = ["-O0", "-g", "-UNDEBUG"] if DEBUG or COVERAGE else ["-O1", "-g"] if SANITIZE else ["-O3", "-g0"]
common = [*optimise, *instrument, "-fPIC", "-fvisibility=hidden"]
# What Cython makes takes gcc four times as long to optimise under sanitizers, and is hardly faster then.
unoptimised = ["-O0", "-g1"] if SANITIZE else []
# -ffp-contract=off: ring and schedule doubles must round the same on every machine.
core_flags = [*common, "-std=c11", "-ffp-contract=off", "-Wall", "-Wextra", "-Wconversion", "-Wshadow"]
binding_flags = [*common, *unoptimised, "-Wall", *(["-DCYTHON_TRACE=1"] if COVERAGE else [])]
if PORTABLE:
    core_flags.append("-DFASTPATH_PORTABLE")
if WERROR:
    core_flags.append("-Werror")
    binding_flags.append("-Werror")

JOBS = os.cpu_count() or 1

parser = llhttp.locate()
core = sources("src/libfastpath", "*.c")
headers = sources("src/libfastpath", "*.h") + sources("include/fastpath", "*.h")


class Incremental:
    """Compiles only what is older than its source or a header: distutils compiles all of a target or nothing."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.build_temp = BUILD_TEMP

    def compile_incrementally(self) -> None:
        compile_one = self.compiler._compile

        def compile_if_older(target: str, source: str, *rest: object) -> None:
            if newer_group([source, *headers], target):
                compile_one(target, source, *rest)

        self.compiler._compile = compile_if_older


class BuildCore(Incremental, build_clib):
    def finalize_options(self) -> None:
        super().finalize_options()
        self.build_clib = BUILD_TEMP

    def build_libraries(self, libraries: list[tuple[str, dict[str, list[str]]]]) -> None:
        self.compile_incrementally()
        compile_all = self.compiler.compile

        def compile_in_parallel(sources: list[str], **options: object) -> list[str]:
            with ThreadPoolExecutor(JOBS) as pool:
                objects = list(pool.map(lambda source: compile_all([source], **options), sources))
            return [name for names in objects for name in names]

        self.compiler.compile = compile_in_parallel
        super().build_libraries(libraries)


class BuildExtensions(Incremental, build_ext):
    def run(self) -> None:
        self.run_command("build_clib")
        # Variants leave their modules in the same place: those of another one are linked again.
        linked = Path("build", f"linked-{sys.implementation.cache_tag}")
        self.force = self.force or not linked.is_file() or linked.read_text() != BUILD_TEMP
        super().run()
        linked.write_text(BUILD_TEMP)
        # For programs that link the core themselves: fastpath.get_library_dir().
        shipped = Path(self.get_ext_fullpath("fastpath._ffi")).parent / "lib"
        shipped.mkdir(parents=True, exist_ok=True)
        for name, _ in libraries:
            shutil.copyfile(f"{BUILD_TEMP}/lib{name}.a", shipped / f"lib{name}.a")
        # In an editable install the headers are where the repository keeps them.
        headers = Path(ROOT, "include") if self.inplace else "${pcfiledir}/../../include"
        (shipped / "pkgconfig").mkdir(exist_ok=True)
        (shipped / "pkgconfig" / "fastpath.pc").write_text(package_description(headers))

    def build_extensions(self) -> None:
        self.compile_incrementally()
        generate_c(self.extensions)
        self.parallel = JOBS
        super().build_extensions()


def package_description(headers: Path | str) -> str:
    """What pkg-config reads: the archives are found from where it lies itself."""
    llhttp_names = ["llhttp"] if parser.sources else parser.libraries
    others = " ".join(f"-l{name}" for name in [*llhttp_names, "m", "pthread"])
    return f"""\
Name: fastpath
Description: The core of an L7 data plane
Version: {package_version()}
Cflags: -I{headers}
Libs: -L${{pcfiledir}}/.. -lfastpath {others}
"""


def package_version() -> str:
    text = (ROOT / "include" / "fastpath" / "base.h").read_text()
    return ".".join(re.findall(r"#define FASTPATH_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", text))


def generate_c(extensions: list[Extension]) -> None:
    """Puts C in the place of each source: from a .pyx through Cython, from tools/ffi_build.py through cffi."""
    import ffi_build

    directory = "build/generated-coverage" if COVERAGE else "build/generated"
    ffi, *cython = extensions
    ffi.sources = [f"{directory}/_ffi.c"]
    ffi_build.emit(ffi.sources[0])
    if cython:
        from Cython.Build import cythonize

        directives = {"language_level": 3, "linetrace": bool(COVERAGE)}
        options = {"include_path": ["src"], "build_dir": directory, "compiler_directives": directives, "quiet": True}
        for extension, generated in zip(cython, cythonize(cython, nthreads=JOBS, **options), strict=True):
            extension.sources = generated.sources


class Sdist(sdist):
    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Puts llhttp's sources in, so that the sdist builds without a network."""
        super().make_release_tree(base_dir, files)
        bundled = llhttp.fetched_or_bundled()
        for name in llhttp.FILES:
            target = Path(base_dir, "third_party", "llhttp", name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(bundled / name, target)


libraries = [
    (
        "fastpath",
        {
            "sources": core,
            "obj_deps": {"": headers},
            "include_dirs": ["include", *parser.include_dirs],
            "cflags": core_flags,
        },
    )
]
if parser.sources:
    # Generated code, not clean under our warnings.
    flags = {"sources": parser.sources, "include_dirs": parser.include_dirs, "cflags": [*common, "-w"]}
    libraries.append(("llhttp", flags))

link = {
    "include_dirs": ["include"],
    "libraries": [] if parser.sources else parser.libraries,
    "library_dirs": parser.library_dirs,
    # build_ext links the archives by itself; named here they make a changed one link its users again.
    "extra_objects": [f"{BUILD_TEMP}/lib{name}.a" for name, _ in libraries],
    "depends": core + headers,
    "extra_compile_args": binding_flags,
    "extra_link_args": instrument,
}
extensions = [Extension("fastpath._ffi", ["tools/ffi_build.py"], **link)]
if sys.implementation.name == "cpython":
    # Plain Python is compiled too where a .pxd says what its attributes are.
    declared = [str(Path(source).with_suffix(".py")) for source in sources("src/fastpath", "[a-z]*.pxd")]
    for source in [*sources("src/fastpath", "_*.pyx"), *filter(os.path.isfile, declared)]:
        name = ".".join(Path(source).with_suffix("").parts[1:])
        extensions.append(Extension(name, [source], **link))

setup(
    packages=[*find_packages("src"), "fastpath.examples", "fastpath.include"],
    libraries=libraries,
    ext_modules=extensions,
    cmdclass={"build_clib": BuildCore, "build_ext": BuildExtensions, "sdist": Sdist},
)
