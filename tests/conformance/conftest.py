"""The oracles run where their packages do."""

import platform
import sys
from pathlib import Path

if sys.platform != "linux" or platform.machine() != "x86_64":
    collect_ignore = [path.name for path in Path(__file__).parent.glob("test_*.py")]
