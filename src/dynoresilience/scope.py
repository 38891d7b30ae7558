"""Bounds for a stretch of the caller's code: a name, a deadline, a configuration.

Held in a context variable, so that threads and asyncio tasks do not see each other's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from dynoresilience.config import ScalingConfig


class Scope(NamedTuple):
    """What holds for a call. ``deadline`` is in `Clock.monotonic` seconds."""

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
            if entry.scope.deadline is not None:
                earlier = deadline is None or entry.scope.deadline < deadline
                deadline = entry.scope.deadline if earlier else deadline
        entry = entry.outer
    return Scope(name, deadline, config)
