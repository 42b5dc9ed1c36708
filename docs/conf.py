"""How the pages become a site: `make docs`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

import fastpath

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools" / "docs"))

project = "fastpath"
author = "The fastpath maintainers"
copyright = author  # noqa: A001
version = release = fastpath.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "docstrings", "headers", "instructions", "pictures"]
# The headers' pages are written when the build begins.
exclude_patterns = ["_build"]
root_doc = "index"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

autodoc_default_options = {"undoc-members": True, "show-inheritance": False}
autodoc_member_order = "groupwise"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
python_display_short_literal_types = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 90
# The event that gives signatures is not heard for builtins otherwise (Sphinx 9.0).
autodoc_use_legacy_class_based = True

suppress_warnings = [
    "ref.python",  # a name that several modules give has several places
]

html_theme = "furo"
html_title = f"fastpath {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "monokai"


def setup(app: Sphinx) -> None:
    app.connect("source-read", _read)


def _read(app: Sphinx, page: str, source: list[str]) -> None:
    """Links to files of the repository that the site has as pages go there; those to its directories are plain text."""
    here = (Path(app.srcdir) / page).parent

    def followed(link: re.Match[str]) -> str:
        target = here / link[2]
        if target.is_dir():
            return link[1]
        included = Path(app.srcdir, "project", f"{target.stem.lower()}.md")
        if target.resolve().parent == ROOT and included.is_file():
            return f"[{link[1]}](/{included.relative_to(app.srcdir)})"
        return link[0]

    source[0] = re.sub(r"\[([^\]]+)\]\((\.\./[^)]+)\)", followed, source[0])
