"""One lock for the few things that are made once, which a fork never finds half made.

``os.fork`` copies a lock in the state it has, and only the forking thread goes on in the child:
a lock that another thread holds then stays shut for ever, and so does the import of a module
that another thread has begun. Whoever forks therefore takes this lock first.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

lock = threading.RLock()

_CAN_FORK = hasattr(os, "register_at_fork")  # not on Windows

if _CAN_FORK:
    os.register_at_fork(
        before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
    )


def in_child(action: Callable[[], object]) -> None:
    """Have every forked child do this first. There is no way to take it back."""
    if _CAN_FORK:
        os.register_at_fork(after_in_child=action)
