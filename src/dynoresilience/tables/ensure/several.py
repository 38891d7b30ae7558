"""`ensure_tables`: several tables at once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Sequence
from typing import Any

from dynoresilience.attachment import client_behind
from dynoresilience.errors import ConfigError
from dynoresilience.ports import EventSink
from dynoresilience.tables.access import Access
from dynoresilience.tables.ensure import TIMEOUT, ensure
from dynoresilience.tables.ensured import Ensured, EnsureError, EnsureTimeout
from dynoresilience.tables.patience import Patience
from dynoresilience.tables.report import DriftError
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.wanted import OnDrift, Wanted, wanted

WORKERS = 10
"""Tables at once, by default. DynamoDB takes about one CreateTable a second, and six at first."""
_BREATH = 0.5
"""Seconds after which the main thread sees a Ctrl-C where a join can't be interrupted (Windows)."""


def ensure_tables(
    client: Any,
    specs: Sequence[TableSpec],
    *,
    on_drift: OnDrift = "raise",
    timeout: float = TIMEOUT,
    allow: Collection[str] = (),
    stop_at_first_failure: bool = True,
    max_workers: int = WORKERS,
    sinks: Sequence[EventSink] | None = None,
) -> tuple[Ensured, ...]:
    """`ensure_table` for several tables in parallel, begun in the order given.

    Args:
        client: a boto3 DynamoDB client, resource or Table, or a ScalingClient.
        specs: what the tables should be.
        on_drift: as of `ensure_table`.
        timeout: seconds for all of them together.
        allow: as of `ensure_table`.
        stop_at_first_failure: once a table has failed no other is begun, and those that are being
            waited for are waited for no more; what is under way goes on without us, and the next
            run joins it. False: all are seen to, and results may have the outcome "failed".
        max_workers: tables at once; each has a thread, and connections, of its own.
        sinks: where events go. None: to the ``dynoresilience`` logger.

    Returns:
        A result for each spec, in their order.

    Raises:
        ConfigError: an argument is wrong, or a table is declared twice. No call has been made.
        NotAttachableError: ``client`` is not of DynamoDB.
        EnsureError: a table has failed, with ``stop_at_first_failure``; it carries all results.
    """
    decision = wanted("ensure_tables", specs, on_drift=on_drift, timeout=timeout, allow=allow)
    if not isinstance(max_workers, int) or isinstance(max_workers, bool) or max_workers < 1:
        raise ConfigError(f"ensure_tables: max_workers={max_workers!r} must be 1 or more")
    work = _Work(client_behind(client), specs, decision, timeout, stop_at_first_failure, sinks)
    results = work.run(min(max_workers, len(specs)))
    failed = [result.error for result in results if result.outcome == "failed"]
    if failed and stop_at_first_failure:
        raise EnsureError(results) from failed[0]
    return results


class _Work:
    def __init__(
        self,
        client: Any,
        specs: Sequence[TableSpec],
        decision: Wanted,
        timeout: float,
        stop_at_first_failure: bool,
        sinks: Sequence[EventSink] | None,
    ) -> None:
        self._client = client
        self._sinks = sinks
        self._decision = decision
        self._stops = stop_at_first_failure
        self._stop = threading.Event()
        access = Access.of(client, sinks)
        self._whole = Patience(access.clock, access.chance, timeout)
        self._left = deque(enumerate(specs))
        self._results = [Ensured(spec.name, "skipped") for spec in specs]
        self._fault: BaseException | None = None

    def run(self, workers: int) -> tuple[Ensured, ...]:
        # Daemons: whoever interrupts the program does not wait for a table.
        threads = [threading.Thread(target=self._take_turns, daemon=True) for _ in range(workers)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(_BREATH)
        except BaseException:
            self._stop.set()
            raise
        if self._fault is not None:
            raise self._fault
        return tuple(self._results)

    def _take_turns(self) -> None:
        try:
            access = Access.of(self._client, self._sinks)  # its connections are for a thread or two
            while not self._stop.is_set():
                try:
                    number, spec = self._left.popleft()
                except IndexError:
                    return
                self._results[number] = result = self._one(access, spec)
                if result.outcome == "failed" and self._stops:
                    self._stop.set()
        except BaseException as fault:  # a bug: the caller hears of it
            self._fault = fault
            self._stop.set()

    def _one(self, access: Access, spec: TableSpec) -> Ensured:
        patience = Patience(access.clock, access.chance, self._whole.left, self._stop)
        began = access.clock.monotonic()
        try:
            return ensure(access, spec, self._decision, patience)
        except Exception as error:
            stopped = isinstance(error, EnsureTimeout) and self._stop.is_set()
            report = error.report if isinstance(error, DriftError) else None
            seconds = access.clock.monotonic() - began
            return Ensured(spec.name, "stopped" if stopped else "failed", report, seconds, error)
