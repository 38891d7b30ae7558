"""The decrease budget: when DynamoDB accepts the next decrease of a table or index.

4 decreases in a UTC day; beyond that one an hour, if there was none in the past hour. Counted
apart for the table and for each index; read and write lowered in one request count once.
Source: "Service, account, and table quotas", Amazon DynamoDB Developer Guide.
"""

from __future__ import annotations

from dynoresilience.model import ResourceState

FREE_DECREASES_A_DAY = 4
HOUR = 3600.0
DAY = 86400.0
CLOCK_MARGIN = 5.0
"""Seconds by which our clock may run ahead of AWS's: a decrease that waits for an hour or a
day to pass waits that much longer, rather than be refused."""


def next_decrease(state: ResourceState, now: float) -> float:
    """The earliest instant (epoch seconds) at which a decrease is accepted; ``now`` if at once."""
    if state.decreases_today < FREE_DECREASES_A_DAY:
        return now
    # A full count without a time: wait for the day to change.
    last = now if state.last_decrease is None else state.last_decrease
    midnight = last - last % DAY + DAY
    if state.last_decrease is None:
        return midnight + CLOCK_MARGIN
    return max(now, min(last + HOUR, midnight) + CLOCK_MARGIN)
