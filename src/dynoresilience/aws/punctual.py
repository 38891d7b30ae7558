"""A change of a table or of its tags is sent at once, or not at all.

None of them has a condition. What was decided upon a look would undo what others did if it left
much later: from a process that was frozen meanwhile, or that had to wait for new credentials.
"""

from __future__ import annotations

import threading
from typing import Any

from dynoresilience.ports import Clock, TooLate

AT_ONCE = 1.0
"""Seconds that a request may take to be made and signed."""
_CHANGES = frozenset({"TagResource", "UntagResource", "UpdateTable"})


def be_punctual(client: Any, clock: Clock) -> None:
    """Have the changes that this client sends end in `TooLate` where they would leave late."""
    begun = threading.local()

    def begin(model: Any, **_: Any) -> None:
        begun.at = clock.monotonic() if model.name in _CHANGES else None

    def check(**_: Any) -> None:
        at = getattr(begun, "at", None)
        if at is not None and clock.monotonic() - at > AT_ONCE:
            raise TooLate("it was not sent: it is too long ago that the table was looked at")

    client.meta.events.register_first("provide-client-params.dynamodb", begin)
    client.meta.events.register_last("before-send", check)  # after the owner's own handlers
