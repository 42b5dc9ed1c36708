"""The directive `instructions`: rows of benchmarks/instructions.json as a table, so that no page has figures of before.

```{instructions}
head a: a request of 703 bytes
route prefix: one of 10,000 routes
```
"""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx

BASELINE = Path(__file__).parents[2] / "benchmarks" / "instructions.json"


class Instructions(Directive):
    has_content = True  # name of a row, and what it is

    def run(self) -> list[nodes.Node]:
        self.state.document.settings.env.note_dependency(str(BASELINE))
        baseline = json.loads(BASELINE.read_text())
        lines = [f"| {baseline['compiler']}, {baseline['scan']} | instructions |", "|---|---:|"]
        for row in self.content:
            name, _, words = row.partition(": ")
            if name not in baseline["instructions"]:
                raise self.error(f"{BASELINE.name} has no row {name!r}")
            lines.append(f"| {words} | {baseline['instructions'][name]:,.0f} |")
        container = nodes.container()
        self.state.nested_parse(StringList(lines, str(BASELINE)), 0, container)
        return container.children


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("instructions", Instructions)
    return {"parallel_read_safe": True}
