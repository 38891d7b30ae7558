"""``python -m dynoresilience.testing``."""

import sys

from dynoresilience.testing.server.command import main

sys.exit(main())
