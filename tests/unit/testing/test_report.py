"""The report of a simulation, as text."""

from __future__ import annotations

from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, capacity_report


def test_all_that_happened() -> None:
    clock = VirtualClock(start=1000.0)
    with SimulatedDynamoDB(clock=clock, start_full=False) as simulator:
        assert capacity_report(simulator).splitlines() == [
            "region us-east-1, 0.0 s since the start",
            "read/write units in force:",
            "  no tables",
            "UpdateTable:",
            "  none",
            "throttled:",
            "  none",
            "calls:",
            "  none",
        ]
        simulator.create_table("orders", write=1, indexes={"by-customer": (1, 1)})
        simulator.create_table("free", on_demand=True)
        client = simulator.client(region_name="eu-west-1")
        client.list_tables()
        clock.advance(1.0)
        for units in range(2, 20):
            simulator.client().update_table(
                TableName="orders",
                ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": units},
            )
            clock.advance(2.0)
        simulator.client().update_table(
            TableName="orders",
            GlobalSecondaryIndexUpdates=[
                {
                    "Update": {
                        "IndexName": "by-customer",
                        "ProvisionedThroughput": {"ReadCapacityUnits": 9, "WriteCapacityUnits": 1},
                    }
                }
            ],
        )
        simulator.fail_next("PutItem", 1, "ThrottlingException", "slow down")
        report = capacity_report(simulator)
    lines = report.splitlines()
    assert lines[:4] == [
        "region us-east-1, 37.0 s since the start",
        "other regions were called too: eu-west-1",
        "read/write units in force:",
        "  free                on-demand at 0.0 s",
    ]
    assert lines[4].startswith(
        "  orders              5/1 at 0.0 s -> (7 more) -> 5/9 at 17.0 s -> "
    )
    assert lines[4].endswith(" -> 5/18 at 35.0 s -> 5/19 at 37.0 s")
    assert lines[5] == "  orders/by-customer  1/1 at 0.0 s"
    assert "  1.0 s orders: table 5/1 to 5/2" in lines
    assert "  37.0 s orders: by-customer 1/1 to 9/1" in lines
    assert "  (7 more)" in lines
    assert "  CreateTable 2, ListTables 1, UpdateTable 19" in lines
    assert len(lines) < 25
