"""What the simulation knows of a table beside its units, which the control plane has."""

from __future__ import annotations

from dataclasses import dataclass, field

from dynoresilience.testing.capacity.table_schema import TableSchema
from dynoresilience.testing.control.lifecycle import Lifecycle
from dynoresilience.testing.control.on_demand_maximum import Maximum
from dynoresilience.testing.control.time_to_live import TimeToLive
from dynoresilience.testing.replies import Body


@dataclass(slots=True)
class KnownTable:
    """One table. Backends forget some of this, or never knew it.

    Args:
        schema: its keys and indexes, as the backend described them last.
        life: its states.
        ttl: its time to live; None: not asked for yet.
        last_on_demand: when it became on-demand the last time, epoch seconds; None: it never was.
        table_class: if it was ever set to another than the default.
        maximum: on-demand maximum of the table (None) and its indexes.
        tags_locked_until: when the last change of its tags is done.
        tags_before: the tags that are shown until then.
    """

    schema: TableSchema
    life: Lifecycle
    ttl: TimeToLive | None = None
    last_on_demand: float | None = None
    table_class: Body | None = None
    maximum: dict[str | None, Maximum] = field(default_factory=dict)
    tags_locked_until: float = 0.0
    tags_before: Body = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.schema.name
