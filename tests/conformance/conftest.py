"""The oracles run where their packages do."""

import platform
import sys

if sys.platform != "linux" or platform.machine() != "x86_64":
    collect_ignore = ["test_envoy_example.py", "test_envoy_paths.py", "test_regex_re2.py", "test_unicode_tables.py"]
