"""`python -m fastpath`."""

import sys

from .cli import main

sys.exit(main())
