"""Telling of a hot key range: which key it was, without telling the key."""

from __future__ import annotations

import json
from collections.abc import Mapping

from dynoresilience.events import HotKeyRange
from dynoresilience.model import ThrottleSignal
from dynoresilience.ports import Clock, Settings, TableControl
from dynoresilience.throttling.hot_key import fingerprint, partition_key
from dynoresilience.throttling.signals import Throttle

LONGEST_LOOK = 10.0
"""Seconds that a DescribeTable takes at most: both timeouts of the control plane's client."""
LOOK_AGAIN = 300.0
"""Seconds until a table is looked at again that could not be described."""

_Names = Mapping[str | None, tuple[str, ...]]
"""The attributes of the partition key of a table (None) and of its indexes."""


class HotKeys:
    """Finds the partition key of a request that hit a partition's limit. Thread-safe.

    What the key of a table is called is asked once, at its first hot key range.
    """

    def __init__(self, control: TableControl, clock: Clock, salt: bytes) -> None:
        self._control = control
        self._clock = clock
        self._salt = salt
        self._names: dict[str, _Names] = {}
        self._again_at: dict[str, float] = {}

    def event(
        self,
        throttle: Throttle,
        signal: ThrottleSignal,
        settings: Settings,
        deadline: float | None,
    ) -> HotKeyRange:
        """What to tell of ``signal``. The key is left out where it is not known."""
        resource = signal.resource
        names = self._names_of(resource.table, settings, deadline).get(resource.index, ())
        try:
            key = partition_key(throttle.request, resource.table, names)
        except Exception:  # a request of a shape that we don't know; its call goes on
            key = {}
        return HotKeyRange(
            resource.table,
            resource,
            signal.dimension,
            fingerprint(key, resource.table, self._salt) if key else None,
            json.dumps(key, sort_keys=True) if key and settings.show_hot_keys else None,
        )

    def _names_of(self, table: str, settings: Settings, deadline: float | None) -> _Names:
        """Empty while it is not known; whoever comes while another looks does not wait."""
        found = self._names.get(table)
        now = self._clock.monotonic()
        if found is not None or now < self._again_at.get(table, now):
            return found or {}
        if not (settings.scaling_enabled or settings.show_hot_keys):
            return {}  # then the owner may not want the table to be looked at
        if deadline is not None and deadline - now < LONGEST_LOOK:
            return {}
        self._again_at[table] = now + LOOK_AGAIN
        try:
            state = self._control.describe(table)
        except Exception:  # whatever it is, the call goes on
            return {}
        own = state.table.partition_key
        names: dict[str | None, tuple[str, ...]] = {None: own}
        names.update(dict.fromkeys(state.local_indexes, own))
        names.update((name, index.partition_key) for name, index in state.indexes.items())
        self._names[table] = names
        return names
