"""By what means, and within which bounds, a table's raises are taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynoresilience.ports import (
    EventSink,
    ScaleDownLedger,
    ScaleDownScheduler,
    Settings,
    TableControl,
)

if TYPE_CHECKING:
    from dynoresilience.scaling.table_record import TableRecord


@dataclass(frozen=True, slots=True)
class Lowerer:
    """Of one client; in a dry run its means change nothing."""

    control: TableControl
    table: str
    settings: Settings
    sink: EventSink
    ledger: ScaleDownLedger
    scheduler: ScaleDownScheduler | None = None
    dry_run: bool = False

    def quiet_at(self, record: TableRecord) -> float:
        """When the table will have been quiet for long enough, if it is not throttled again."""
        return max(record.last_throttle, record.used_at) + self.settings.scale_down_delay
