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

END_OF_HOUR = 300.0
"""Seconds before the end of an hour at which a decrease that was left for it is asked for: it has
to be in force by then, and others measured changes of several minutes."""


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


def pays_off_at(state: ResourceState, raised_at: float, due: float, now: float) -> float:
    """When to lower what was ``due`` then, and may be lowered; ``now``: at once.

    Capacity is billed by the hour: lowering it in the middle of one saves nothing in that hour.
    Once a decrease is among the last of the day, what counts is that none is missing when the next
    hour begins. So it is left for the end of the hour if the table is likely to be short again
    before, which is told by the time from the latest decrease to ``raised_at``, when it was raised
    again. It is never left for a later hour.
    """
    lowered = state.last_decrease
    if lowered is None or raised_at < lowered or lowered // DAY != now // DAY:
        return now
    if state.decreases_today < FREE_DECREASES_A_DAY - 1:
        return now
    if state.decreases_today >= FREE_DECREASES_A_DAY:
        due = max(due, lowered + HOUR + CLOCK_MARGIN)
    end = due - due % HOUR + HOUR - END_OF_HOUR
    return max(now, end) if raised_at - lowered < end - due else now
