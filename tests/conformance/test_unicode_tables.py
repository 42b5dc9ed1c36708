"""What regular expressions know of Unicode is what RE2 knows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools" / "unicode_tables.py"


def test_the_tables_are_what_re2_says() -> None:
    subprocess.run([sys.executable, str(TOOL), "--check"], check=True)


def test_a_stale_table_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "tools" / TOOL.name
    script.parent.mkdir()
    script.write_text(TOOL.read_text())
    (tmp_path / "src" / "libfastpath").mkdir(parents=True)
    (tmp_path / "src" / "libfastpath" / "regex_unicode_table.h").write_text("stale\n")
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "stale" in done.stderr
