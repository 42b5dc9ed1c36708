"""Lists the functions that the C headers declare, and writes macros by which a C test notes which of them it calls.

exported_functions.py --list                  one name a line
exported_functions.py --calls OUTPUT          macros that note each call, to be included after the headers
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

HEADERS = Path(__file__).resolve().parent.parent / "include" / "fastpath"

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
# A declaration at file level: a type, a name, arguments. Members and function pointers lie in braces or have "(*".
FUNCTION = re.compile(r"(?:^|[\s*])(fp_\w+)\s*\(")


def declared(header: str) -> list[str]:
    """The functions that the text of a header declares, in its order."""
    text = DIRECTIVE.sub("", COMMENT.sub(" ", header)).replace('extern "C" {', "")
    while "{" in text:
        text, count = re.subn(r"\{[^{}]*\}", " ", text)
        if not count:
            raise ValueError("braces do not match")
    names = []
    for statement in text.split(";"):
        found = FUNCTION.search(statement)
        if found and not statement.lstrip().startswith("typedef"):
            names.append(found[1])
    return names


def exported() -> list[str]:
    names = [name for path in sorted(HEADERS.glob("*.h")) for name in declared(path.read_text())]
    if len(names) != len(set(names)):
        raise ValueError("a function is declared twice")
    return names


def calls(names: list[str]) -> str:
    lines = [
        "/* Made by tools/exported_functions.py: a call of an exported function, by its name, is noted. */",
        f"#define EXPORTED_COUNT {len(names)}",
        "extern unsigned char exported_called[EXPORTED_COUNT];",
        "extern const char *const exported_names[EXPORTED_COUNT];",
        "#define EXPORTED_NAMES " + ", ".join(f'"{name}"' for name in names),
        *(f"#define {name}(...) (exported_called[{i}] = 1, {name}(__VA_ARGS__))" for i, name in enumerate(names)),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--calls", type=Path, metavar="OUTPUT")
    arguments = parser.parse_args()
    names = exported()
    if arguments.list:
        print("\n".join(names))
    if arguments.calls:
        arguments.calls.parent.mkdir(parents=True, exist_ok=True)
        arguments.calls.write_text(calls(names))
    return 0


if __name__ == "__main__":
    sys.exit(main())
