"""Bounds for a stretch of the caller's code: a name, a deadline, a configuration.

Held in a context variable, so that threads and asyncio tasks do not see each other's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import NamedTuple

from dynoresilience.config import ScalingConfig


class Scope(NamedTuple):
    """What holds for a call. ``deadline`` is in `Clock.monotonic` seconds.

    ``config``: the client's own, with what this block and those around it set.
    """

    name: str | None = None
    deadline: float | None = None
    config: ScalingConfig | None = None


class _Entry:
    def __init__(self, outer: _Entry | None, owner: object, scope: Scope) -> None:
        self.outer = outer
        self.owner = owner
        self.scope = scope


_innermost: ContextVar[_Entry | None] = ContextVar("dynoresilience_scope", default=None)


@contextmanager
def entered(scope: Scope, owner: object = None) -> Iterator[None]:
    """Let ``scope`` hold for the calls of ``owner`` (None: of everyone) in this block."""
    token = _innermost.set(_Entry(_innermost.get(), owner, scope))
    try:
        yield
    finally:
        _innermost.reset(token)


def within(seconds: float | None, monotonic: Callable[[], float]) -> AbstractContextManager[None]:
    """Let no wait of any client in this block end later than ``seconds`` from now. None: let it."""
    return nullcontext() if seconds is None else entered(Scope(deadline=monotonic() + seconds))


def current(owner: object) -> Scope:
    """What holds for ``owner`` now: the innermost name and configuration, the earliest deadline."""
    name: str | None = None
    deadline: float | None = None
    config: ScalingConfig | None = None
    entry = _innermost.get()
    while entry is not None:
        if entry.owner is None or entry.owner is owner:
            name = name or entry.scope.name
            config = config or entry.scope.config
            deadline = earliest(deadline, entry.scope.deadline)
        entry = entry.outer
    return Scope(name, deadline, config)


def earliest(*deadlines: float | None) -> float | None:
    """The one that binds; None: none of them does."""
    return min((deadline for deadline in deadlines if deadline is not None), default=None)
