"""A table that is restored from a backup has old items, and none of its settings: it is no creation
that somebody left unfinished.
"""

from __future__ import annotations

from typing import Any

import pytest

from dynoresilience.tables import DriftError, TableSpec
from tests.support.ensuring import SPEC, World, world

EXPIRING = TableSpec(**SPEC.declared(), time_to_live="expires")


def restore(here: World, seconds: float) -> None:
    """Of an operator who wants the items back that were lost."""
    client = here.simulator.client()
    here.ensure(EXPIRING.named("before"))
    backup = client.create_backup(TableName="before", BackupName="yesterday")["BackupDetails"]
    client.restore_table_from_backup(TargetTableName="orders", BackupArn=backup["BackupArn"])
    done = here.clock.monotonic() + seconds

    def creating(parsed: Any, **_: Any) -> None:
        table = parsed.get("Table", {})
        if table.get("TableName") == "orders" and here.clock.monotonic() < done:
            table["TableStatus"] = "CREATING"

    here.client.meta.events.register("after-call.dynamodb.DescribeTable", creating)


@pytest.mark.parametrize("seconds", [0, 60])
def test_items_of_a_table_that_was_restored_do_not_expire_by_themselves(seconds: float) -> None:
    with world() as here:
        restore(here, seconds)
        before = here.changes
        with pytest.raises(DriftError, match="time_to_live: declared expires, found off"):
            here.ensure(EXPIRING)

        assert here.clock.monotonic() >= seconds
        assert here.changes == before
