"""Imports go one way: the C core, its bindings, composition, the asyncio edge, the proxy, the command line."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import fastpath

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "src" / "fastpath"

# A module may import what stands in a line above its own, and modules of its own line where that line says so.
LAYERS = [
    ("libfastpath", "include", "_ffi"),
    ("errors", "forking", "models", "wire_format"),
    ("_*", "ffi"),
    ("config",),
    ("orca", "substitution"),
    ("balancing", "policies"),
    ("actions",),
    ("health",),
    ("http", "routing", "clusters", "connections"),
    ("aio", "following"),
    ("discovery", "health_runner", "metrics", "watching"),
    ("proxy",),
    ("simulation",),
    ("benchmarking",),
    (
        "cli",
        "cli_balance",
        "cli_bench",
        "cli_gateway",
        "cli_route_tests",
        "cli_routes",
        "cli_scope",
        "console",
        "demo",
        "__main__",
    ),
]
WITHIN_A_LAYER = {"_*", "config", "http", "proxy", "cli"}
# These know less than their place would allow: parts, or single modules.
ONLY = {
    "errors": set(),
    "forking": set(),
    "models": set(),
    "config": {"errors", "models", "config", "fastpath._regex"},
    "_*": {"libfastpath", "errors", "models", "_*"},
}

PYX_IMPORT = re.compile(r"^\s*(?:from\s+(\.?[\w.]+)\s+c?import\s+([\w, *]+)|c?import\s+([\w.]+))", re.MULTILINE)


def part(module: str) -> str:
    """The name that LAYERS knows a module by: `fastpath._http` is `_*`, `fastpath.config.envoy` is `config`."""
    name = module.split(".")[1]
    return "_*" if name.startswith("_") and name not in ("_ffi", "__main__") else name


def level(name: str) -> int:
    for index, layer in enumerate(LAYERS):
        if name in layer:
            return index
    raise AssertionError(f"fastpath.{name} has no place in LAYERS")


def module_name(path: Path) -> str:
    names = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(("fastpath", *(name for name in names if name != "__init__")))


def imports(path: Path) -> set[str]:
    """Every module of fastpath that a source file imports, relative imports made absolute."""
    text = path.read_text()
    found: set[str] = set()
    if path.suffix in (".pyx", ".pxd"):
        for source, names, plain in PYX_IMPORT.findall(text):
            if source == "fastpath":
                found |= {f"fastpath.{name.split()[0]}" for name in names.split(",")}
            found.add(source or plain)
    else:
        package = module_name(path).split(".")
        if path.stem != "__init__":
            package.pop()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
                source = ".".join(filter(None, (base, node.module)))
                found |= {f"fastpath.{alias.name}" for alias in node.names} if source == "fastpath" else {source}
    return {name for name in found if name.startswith("fastpath.")}


def public_names() -> set[str]:
    return {f"fastpath.{name}" for name in (*fastpath.__all__, "__version__")}


SOURCES = sorted(
    path
    for pattern in ("*.py", "*.pyx", "*.pxd", "*.pyi")
    for path in PACKAGE.rglob(pattern)
    if path.parent != PACKAGE or path.stem != "__init__"
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    importer = part(module_name(path))
    for module in imports(path):
        if module in public_names():
            # The public names come from everywhere below the edge.
            assert level(importer) >= level("aio"), f"{path.name} imports {module} from the package itself"
            continue
        imported = part(module)
        if imported == importer:
            continue
        where = f"{path.relative_to(PACKAGE)} imports {module}"
        if importer in ONLY:
            assert {imported, module} & ONLY[importer], where
        same_layer = level(imported) == level(importer) and bool(WITHIN_A_LAYER & set(LAYERS[level(importer)]))
        assert level(imported) < level(importer) or same_layer, where


def test_core_knows_no_python() -> None:
    files = [*(ROOT / "src/libfastpath").glob("*.[ch]"), *(ROOT / "include").rglob("*.h")]
    assert files
    assert [path.name for path in files if "Python.h" in path.read_text()] == []


def test_only_the_judge_includes_llhttp() -> None:
    files = [*(ROOT / "src/libfastpath").glob("*.[ch]"), *(ROOT / "include").rglob("*.h")]
    including = {path.name for path in files if re.search(r'#include [<"]llhttp', path.read_text())}
    assert including <= {"http_parse.c"}
