"""What the simulation knows of a table beside its units, which the control plane has."""

from __future__ import annotations

from dataclasses import dataclass, field

from dynoresilience.testing.capacity.table_schema import TableSchema
from dynoresilience.testing.control.contributor_insights import Insights
from dynoresilience.testing.control.encryption import Encryption
from dynoresilience.testing.control.lifecycle import Lifecycle
from dynoresilience.testing.control.on_demand_maximum import Maximum
from dynoresilience.testing.control.point_in_time import PointInTimeRecovery
from dynoresilience.testing.control.table_class import TableClass
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
        table_id: another one for each table of this name.
        created: when, epoch seconds; None: the backend knows, or nobody does.
        types: of the attributes that it ever defined.
        encryption: whose key it is encrypted with.
        table_class: its class.
        insights: Contributor Insights of the table (None) and its indexes, where ever asked for.
        recovery: its point-in-time recovery; None: not asked for yet.
        maximum: on-demand maximum of the table (None) and its indexes.
        tags_locked_until: when the last change of its tags is done.
        tags_before: the tags that are shown until then.
    """

    schema: TableSchema
    life: Lifecycle
    ttl: TimeToLive | None = None
    last_on_demand: float | None = None
    table_id: str = ""
    created: float | None = None
    types: dict[str, str] = field(default_factory=dict)
    encryption: Encryption = field(default_factory=Encryption)
    table_class: TableClass = field(default_factory=TableClass)
    insights: dict[str | None, Insights] = field(default_factory=dict)
    recovery: PointInTimeRecovery | None = None
    maximum: dict[str | None, Maximum] = field(default_factory=dict)
    tags_locked_until: float = 0.0
    tags_before: Body = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.schema.name
