"""``python -m dynoresilience``: the same program as the console script ``dynoresilience``."""

from __future__ import annotations

import sys

from dynoresilience.cli import main

if __name__ == "__main__":
    sys.exit(main())
