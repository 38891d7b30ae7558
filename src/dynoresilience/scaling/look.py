"""Whether what was seen of a table may still be acted upon.

A request for capacity has no condition: whoever was held up, or frozen, between the look and the
request would undo what others did meanwhile.
"""

from __future__ import annotations

from dynoresilience.model import TableState
from dynoresilience.ports import Clock, TableControl

FRESH_FOR = 1.0
"""Seconds, from the question on, for which DescribeTable's answer is acted upon unasked."""
LONGEST_ANSWER = 10.0
"""Seconds that an answer takes at most: the control plane's client waits 5 s to connect, and 5 s
for the answer. One that took longer lay in the socket of a process that was frozen."""


def is_still(
    state: TableState, looked_at: float, control: TableControl, table: str, clock: Clock
) -> bool:
    """Whether the table is as it was found, ``looked_at`` being when that was asked for.

    If that is some time ago it is asked for again.
    """
    now = clock.monotonic()
    if now - looked_at < FRESH_FOR:
        return True
    return control.describe(table) == state and clock.monotonic() - now < LONGEST_ANSWER
