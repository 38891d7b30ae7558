"""What is shown: values that a trial hands to a `View`, whatever that makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from dynoresilience.cli.demo.outcome import Outcome
from dynoresilience.model import Resource

History = Sequence[tuple[float, int]]
"""Units that were in force, each with the second from which on. The first is there at second 0."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A trial as it stands, ``seconds`` after its burst began.

    ``written`` and ``failed`` count writes out of ``total``, ``throttles`` refused attempts.
    ``units``: write units of the table and of its indexes; ``cap``: the most that they may have.
    ``lasted``: the seconds that the burst took, None while it runs.
    """

    seconds: float
    total: int
    written: int
    failed: int
    throttles: int
    update_calls: int
    units: Mapping[Resource, History]
    cap: int
    lasted: float | None = None


class View(Protocol):
    """Shows two trials as they run, then the two side by side. Called by one thread."""

    def __enter__(self) -> View: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def introduce(self, lines: Sequence[str]) -> None:
        """What the demo is about to do."""

    def begin(self, title: str, detail: str) -> None:
        """A trial starts."""

    def note(self, seconds: float, text: str) -> None:
        """Something happened, ``seconds`` after the burst began."""

    def show(self, snapshot: Snapshot) -> None:
        """How the trial stands; called several times a second, and once at its end."""

    def close(self, outcomes: Sequence[Outcome]) -> None:
        """All trials are over."""
