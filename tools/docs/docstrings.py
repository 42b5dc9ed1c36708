"""Docstrings for Sphinx: Cython's have no signature that Python can read, so these come from the stubs.

The docstrings of this project are plain text: names between backticks, indented lines that are to stay as they are.
"""

from __future__ import annotations

import ast
import functools
import re
import textwrap
from pathlib import Path

from sphinx.application import Sphinx

PACKAGE = Path(__file__).parents[2] / "src" / "fastpath"
SPECIAL = re.compile(r"([\\*_|])")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", _process_docstring)
    app.connect("autodoc-process-signature", _process_signature)
    return {"parallel_read_safe": True}


def _process_docstring(app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]) -> None:
    # Tuples, enums and builtin bases bring docstrings that are not ours.
    text = "\n".join(lines)
    if what == "module":  # begins at the margin: what Sphinx took for its indentation is the examples'
        text = getattr(item, "__doc__", None) or ""
    if text.startswith(("Alias for field number", "Create and return a new object", "int([x]) -> integer")):
        text = ""
    lines[:] = as_rst(text).splitlines()


def as_rst(text: str) -> str:
    """Prose with its backticks, and what is indented as a literal block."""
    blocks = []
    for block in re.split(r"\n\s*\n", textwrap.dedent(text.expandtabs())):
        prose: list[str] = []
        literal: list[str] = []
        for line in block.splitlines():
            (literal if line.startswith("  ") or literal else prose).append(line)
        if prose:
            blocks.append("\n".join(_prose("\n".join(prose)).splitlines()))
        if literal:
            blocks.append("::\n\n" + textwrap.indent(textwrap.dedent("\n".join(literal)), "   "))
    return "\n\n".join(blocks) + "\n"


def _prose(text: str) -> str:
    # A list's mark at the beginning of a line is text here.
    parts = re.split(r"(`+[^`]+`+)", text)
    for index, part in enumerate(parts):
        if part.startswith("`"):
            parts[index] = "``" + part.strip("`").replace("\n", " ") + "``"
            # Markup ends at a space or punctuation only.
            if index + 1 < len(parts) and re.match(r"\w", parts[index + 1]):
                parts[index + 1] = "\\ " + parts[index + 1]
        else:
            parts[index] = SPECIAL.sub(r"\\\1", part).replace("`", r"\`")
            if re.search(r"[\w\\]$", parts[index]) and index + 1 < len(parts):
                parts[index] += "\\ "
    return re.sub(r"^([-+#]|\d+\.)(?=\s)", r"\\\1", "".join(parts), flags=re.MULTILINE)


def _process_signature(
    app: Sphinx, what: str, name: str, item: object, options: object, signature: str | None, returns: str | None
) -> tuple[str, str | None] | None:
    module = str(getattr(item, "__module__", None) or "")
    qualified = str(getattr(item, "__qualname__", name.rpartition(".")[2]))
    if what == "method" and not module.startswith("fastpath"):
        owner = getattr(item, "__objclass__", None)
        module = str(getattr(owner, "__module__", ""))
    found = _signatures(module).get(qualified)
    if found is None and what == "class":
        for special in ("__init__", "__new__", "__cinit__"):
            if (found := _signatures(module).get(f"{qualified}.{special}")) is not None:
                return found[0], None
    return found


@functools.cache
def _signatures(module: str) -> dict[str, tuple[str, str | None]]:
    """What the stub of an extension module says of its functions; overloads go by their first."""
    stub = PACKAGE / (module.removeprefix("fastpath.") + ".pyi")
    found: dict[str, tuple[str, str | None]] = {}
    if not module.startswith("fastpath.") or not stub.is_file():
        return found

    def collect(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                collect(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.FunctionDef):
                static = any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in node.decorator_list)
                if prefix and not static:
                    arguments = node.args.posonlyargs or node.args.args
                    del arguments[:1]
                returns = ast.unparse(node.returns) if node.returns else None
                found.setdefault(prefix + node.name, (f"({ast.unparse(node.args)})", returns))

    tree = ast.parse(stub.read_text())
    if any(
        isinstance(node, ast.ImportFrom)
        and any(a.name == "Buffer" and not a.asname for a in node.names)
        and node.module == "typing_extensions"
        for node in tree.body
    ):
        # What has the buffer protocol, and not our Buffer, which Sphinx would lead to.
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id == "Buffer":
                node.id = "BytesLike"
    collect(tree.body, "")
    return found
