"""Two locks for the few things that are made once, which a fork never finds half made.

``os.fork`` copies a lock in the state it has, and only the forking thread goes on in the child:
a lock that another thread holds then stays shut for ever, and so does the import of a module
that another thread has begun. Whoever forks therefore takes these locks first.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

imports = threading.RLock()
"""Held while modules are loaded late. Nothing else is taken under it but the locks of imports."""

lock = threading.RLock()
"""Held while something is put in its place; never while anything is loaded or waited for."""

_CAN_FORK = hasattr(os, "register_at_fork")  # not on Windows


def _take() -> None:
    imports.acquire()
    lock.acquire()


def _give_back() -> None:
    lock.release()
    imports.release()


if _CAN_FORK:
    os.register_at_fork(before=_take, after_in_parent=_give_back, after_in_child=_give_back)


def in_child(action: Callable[[], object]) -> None:
    """Have every forked child do this first. There is no way to take it back."""
    if _CAN_FORK:
        os.register_at_fork(after_in_child=action)
