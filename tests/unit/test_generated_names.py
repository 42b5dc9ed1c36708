"""The table of well-known field names is what its script makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_of_field_names_is_fresh() -> None:
    subprocess.run([sys.executable, str(ROOT / "tools" / "http_names.py"), "--check"], check=True)


def test_a_stale_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "src" / "libfastpath").mkdir(parents=True)
    script = tmp_path / "tools" / "http_names.py"
    script.write_text((ROOT / "tools" / "http_names.py").read_text())
    (tmp_path / "src" / "libfastpath" / "http_names_table.h").write_text("stale\n")
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "stale" in done.stderr
