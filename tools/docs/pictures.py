"""The directive `picture`: a graphviz file as SVG within the page, in the page's own colours, light or dark."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

# graphviz is told these, and the page's style sheet decides what they are.
COLOURS = {"black": "currentColor", "#4a7fb5": "var(--color-brand-primary)", "#808080": "var(--color-foreground-muted)"}


class Picture(Directive):
    required_arguments = 1  # the file, seen from docs/
    final_argument_whitespace = False
    has_content = True  # what it shows, for who does not see it

    def run(self) -> list[nodes.Node]:
        environment = self.state.document.settings.env
        source = Path(environment.srcdir) / self.arguments[0]
        if not self.content:
            raise self.error("say in words what the picture shows")
        environment.note_dependency(str(source))
        words = " ".join(self.content)
        figure = nodes.raw(
            "", f'<figure class="picture">{draw(source, words)}<figcaption>{words}</figcaption></figure>'
        )
        figure["format"] = "html"
        return [figure]


def draw(source: Path, words: str) -> str:
    try:
        done = subprocess.run(["dot", "-Tsvg", source], capture_output=True, text=True, check=True, timeout=60)
    except FileNotFoundError:
        raise ExtensionError("dot is missing; install graphviz") from None
    except subprocess.CalledProcessError as error:
        raise ExtensionError(f"{source}: {error.stderr}") from None
    svg = done.stdout[done.stdout.index("<svg") :]
    svg = re.sub(r"<!--.*?-->|<title>.*?</title>", "", svg, flags=re.DOTALL)
    for drawn, shown in COLOURS.items():
        svg = svg.replace(f'="{drawn}"', f'="{shown}"')
    # Text without a colour is black to graphviz, whatever the page.
    svg = re.sub(r"<text (?![^>]*fill=)", '<text fill="currentColor" ', svg)
    svg = re.sub(r'width="(\d+)pt" height="\d+pt"', r'style="width: \1pt; max-width: 100%; height: auto"', svg, count=1)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{words}" ', 1)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("picture", Picture)
    return {"parallel_read_safe": True}
