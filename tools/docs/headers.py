"""Pages out of include/fastpath/*.h: what a header's comments say, beside what they say it of."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

from sphinx.application import Sphinx

INCLUDE = Path(__file__).parents[2] / "include" / "fastpath"
COMMENT = re.compile(r"/\*(.*?)\*/", re.DOTALL)


def pages() -> dict[str, str]:
    """Name of each header's page, and the page."""
    return {header.stem: page(header) for header in sorted(INCLUDE.glob("*.h"))}


def page(header: Path) -> str:
    text = header.read_text()
    opening = COMMENT.match(text)
    if opening is None:
        raise ValueError(f"{header} does not begin with a comment that says what it is about")
    introduction = _lines(opening[1])
    title, _, rest = introduction.partition("\n")
    title = re.sub(r"^fastpath/\w+\.h - ", "", title)
    title = title[:1].upper() + title[1:]
    written = [f"# fastpath/{header.name}", f"{_escaped(title)}\n{_prose(rest)}" if rest else _escaped(title)]
    for comment, declaration in declarations(text[opening.end() :]):
        named = names(declaration)
        if named:
            written.append(f"## {', '.join(f'`{name}`' for name in named[:4])}{' …' if len(named) > 4 else ''}")
        if comment:
            written.append(_prose(comment))
        if declaration:
            written.append(f"```c\n{declaration}\n```")
    return "\n\n".join(written) + "\n"


def declarations(text: str) -> list[tuple[str, str]]:
    """Comments at the left margin, each with what follows up to the next one or an empty line."""
    text = re.sub(r"/\* \[/?cffi\] \*/\n", "\n", text)
    text = re.sub(r"#ifdef __cplusplus\n.*?#endif\n", "\n", text, flags=re.DOTALL)
    text = re.sub(r"^#(?:ifndef|define) FASTPATH_\w+_H$|^#include .*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^#endif(?: */\*.*\*/)?\s*\Z", "", text, flags=re.MULTILINE)
    found = []
    position = 0
    block = re.compile(
        r"(?:/\*(?P<comment>.*?)\*/\n?)?(?P<code>.*?)(?=^/\*|^\s*\n(?=[^ \n])|\Z)", re.DOTALL | re.MULTILINE
    )
    while position < len(text):
        match = block.match(text, position)
        assert match is not None
        code = match["code"].strip("\n")
        comment = _lines(match["comment"] or "")
        if comment or code.strip():
            found.append((comment, code))
        position = max(match.end(), position + 1)
        while position < len(text) and text[position] == "\n":
            position += 1
    return found


def names(declaration: str) -> list[str]:
    """What a declaration declares: functions, types, constants."""
    code = COMMENT.sub("", declaration)
    functions = re.findall(r"^(?!typedef|#)[\w \*]*?\b(fp_\w+)\(", code, re.MULTILINE)
    callbacks = re.findall(r"typedef [\w \*]+\(\*(fp_\w+)\)", code)
    types = re.findall(r"(?:^|\n)\} (fp_\w+);|^typedef (?:struct|enum|union) \w+ (fp_\w+);", code, re.MULTILINE)
    macros = re.findall(r"^#define (\w+)", code, re.MULTILINE)
    return list(dict.fromkeys([*functions, *callbacks, *("".join(each) for each in types), *macros]))


def _lines(comment: str) -> str:
    return textwrap.dedent(
        "\n".join(re.sub(r"^ ?\* ?", "", line).rstrip() for line in comment.strip("*").split("\n"))
    ).strip("\n ")


def _prose(text: str) -> str:
    """Paragraphs as they are; what is laid out by indentation stays so."""
    blocks = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        if re.search(r"^  +\S", block, re.MULTILINE) or "  " in block.strip():
            blocks.append(f"```text\n{block}\n```")
        else:
            blocks.append(_escaped(block))
    return "\n\n".join(blocks)


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_<>\[\]#|$])", r"\\\1", text)


def write(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for stale in directory.glob("*.md"):
        if stale.stem not in wanted:
            stale.unlink()
    for name, text in wanted.items():
        target = directory / f"{name}.md"
        # What is the same keeps its time, so that Sphinx does not read it again.
        if not target.is_file() or target.read_text() != text:
            target.write_text(text)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", lambda app: write(Path(app.srcdir) / "reference" / "c"), priority=1)
    return {"parallel_read_safe": True}


if __name__ == "__main__":
    write(Path(sys.argv[1]))
