"""On-demand tables with a maximum, in virtual time: raised if allowed, reported if not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynoresilience import IndexLimits, ScalingClient, ScalingConfig, TableLimits
from dynoresilience.events import HotKeyRange, Retrying, ScaleDownDone, ScaleDownReleased
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, virtual_time
from tests.functional.conftest import Recorder
from tests.support.backends import ThrottleNext

READ, WRITE = "MaxReadRequestUnits", "MaxWriteRequestUnits"
DELAY = 600.0
CAPS = ScalingConfig(policy="geometric", max_read_request_units=80, max_write_request_units=40)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def sim(clock: VirtualClock) -> Iterator[SimulatedDynamoDB]:
    """With a table ``free``, on-demand, at most 2 writes a second, and an index without a limit."""
    with SimulatedDynamoDB(clock=clock, update_seconds=2.0, burst_seconds=1.0) as simulator:
        simulator.create_table("free", on_demand=True, indexes={"by-customer": (1, 1)})
        set_maximum(simulator, {WRITE: 2})
        with virtual_time(clock):
            yield simulator


def set_maximum(
    sim: SimulatedDynamoDB, maximum: dict[str, int], index: str | None = None, **more: Any
) -> None:
    """By somebody else."""
    request: dict[str, Any] = {"OnDemandThroughput": maximum}
    if index is not None:
        request = {"GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": index, **request}}]}
    sim.client().update_table(TableName="free", **request, **more)
    if index is not None:
        sim.clock.advance(2.0)  # type: ignore[attr-defined]


def maximum(sim: SimulatedDynamoDB, index: str | None = None) -> Any:
    table: Any = sim.client().describe_table(TableName="free")["Table"]
    for entry in table["GlobalSecondaryIndexes"]:
        if entry["IndexName"] == index:
            table = entry
    return table.get("OnDemandThroughput")


def resilient(
    sim: SimulatedDynamoDB, config: ScalingConfig = CAPS
) -> tuple[ScalingClient, Recorder]:
    told = Recorder()
    return ScalingClient(sim.client(), config=config, sinks=[told]), told


def put(ddb: Any, number: int) -> None:
    item = {"id": {"S": f"order-{number}"}, "customer": {"S": f"customer-{number}"}}
    ddb.put_item(TableName="free", Item=item)


def test_a_maximum_is_raised_under_its_cap_and_lowered_after_the_delay(
    sim: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    ddb, told = resilient(sim)

    for number in range(200):
        put(ddb, number)

    assert maximum(sim) == {WRITE: 40}, "as far as the cap, and none for reads"
    assert [str(entry) for entry in ddb.pending_scale_downs()] == [
        "free write on-demand maximum 40 -> 2"
    ]
    clock.advance(DELAY + 10)
    assert maximum(sim) == {WRITE: 2}
    assert len(told.of(ScaleDownDone)) == 1
    assert ddb.pending_scale_downs() == ()


def test_the_call_goes_on_as_soon_as_the_maximum_is_in_force(
    sim: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    ddb, _ = resilient(sim, CAPS.replace(scale_up_factor=10, initial_retry_delay=30.0))
    begun = clock.monotonic()

    for number in range(3):  # two go through at once
        put(ddb, number)

    assert maximum(sim) == {WRITE: 20}
    assert 0 < clock.monotonic() - begun < 1.0, "nobody slept out a delay of up to 30 s"


def test_an_index_is_raised_by_itself(sim: SimulatedDynamoDB, clock: VirtualClock) -> None:
    set_maximum(sim, {READ: 7, WRITE: 3}, "by-customer")
    set_maximum(sim, {WRITE: -1})
    ddb, _ = resilient(sim)

    for number in range(20):
        put(ddb, number)

    raised = maximum(sim, "by-customer")
    assert raised[READ] == 7
    assert 3 < raised[WRITE] <= 40
    assert maximum(sim) is None
    clock.advance(DELAY + 10)
    assert maximum(sim, "by-customer") == {READ: 7, WRITE: 3}


def test_table_and_index_go_up_one_after_the_other_and_down_at_once(
    sim: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    set_maximum(sim, {WRITE: 2}, "by-customer")
    ddb, _ = resilient(sim)

    for number in range(60):
        put(ddb, number)

    assert maximum(sim)[WRITE] > 2
    assert maximum(sim, "by-customer")[WRITE] > 2
    clock.advance(5)
    lowered = {(change.resource.index, change.after) for change in ddb.scale_down_now()}
    assert lowered == {(None, 2), ("by-customer", 2)}
    assert (maximum(sim), maximum(sim, "by-customer")) == ({WRITE: 2}, {WRITE: 2})
    assert ddb.pending_scale_downs() == ()


@pytest.mark.parametrize(
    "config",
    [
        ScalingConfig(),
        ScalingConfig(max_read_request_units=80),
        CAPS.replace(scaling_enabled=False),
        CAPS.replace(tables={"free": TableLimits(max_write_request_units=2)}),
    ],
    ids=["never-allowed", "reads-only", "disabled", "at-cap"],
)
def test_what_is_not_allowed_is_backed_off_from(
    sim: SimulatedDynamoDB, config: ScalingConfig
) -> None:
    ddb, told = resilient(sim, config)

    for number in range(10):
        put(ddb, number)

    assert maximum(sim) == {WRITE: 2}
    assert told.of(Retrying)
    assert sim.calls["UpdateTable"] == 1, "the test's own"
    allowed = config.max_write_request_units is not None and config.scaling_enabled
    assert bool(sim.calls["DescribeTable"] > 1) is allowed, "nothing to see where all is forbidden"


def test_it_is_reported_with_one_warning_and_by_the_exception(
    sim: SimulatedDynamoDB, caplog: pytest.LogCaptureFixture
) -> None:
    ddb = ScalingClient(sim.client(), config=ScalingConfig(max_retries=2))
    sim.throttle_next("PutItem", 3, "TableWriteMaxOnDemandThroughputExceeded")

    with caplog.at_level(logging.WARNING, "dynoresilience"), pytest.raises(ClientError) as caught:
        put(ddb, 1)
    for number in range(10):
        put(ddb, number)

    report: Any = caught.value.response
    assert report["Dynoresilience"]["attempts"] == 3
    assert report["Dynoresilience"]["hold_reasons"] == ["on-demand maximum"]
    (warning,) = caplog.messages
    assert "free write not raised: on-demand maximum" in warning
    assert "max_write_request_units" in warning


def test_an_index_may_have_leave_of_its_own(sim: SimulatedDynamoDB) -> None:
    set_maximum(sim, {WRITE: 2}, "by-customer")
    limits = TableLimits(indexes={"by-customer": IndexLimits(max_write_request_units=9)})
    ddb, _ = resilient(sim, ScalingConfig(max_retries=9, tables={"free": limits}))

    for number in range(30):
        put(ddb, number)

    assert maximum(sim) == {WRITE: 2}
    assert maximum(sim, "by-customer")[WRITE] <= 9


def test_a_table_that_became_provisioned_is_left_alone(
    sim: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    ddb, told = resilient(sim)
    for number in range(10):
        put(ddb, number)
    assert ddb.pending_scale_downs()
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 500}
    index = {"IndexName": "by-customer", "ProvisionedThroughput": units}
    sim.client().update_table(
        TableName="free",
        BillingMode="PROVISIONED",
        ProvisionedThroughput=units,
        GlobalSecondaryIndexUpdates=[{"Update": index}],
    )
    updates = sim.calls["UpdateTable"]

    clock.advance(DELAY + 10)

    assert sim.calls["UpdateTable"] == updates
    assert [gone.reason for gone in told.of(ScaleDownReleased)] == ["provisioned now"]
    assert ddb.pending_scale_downs() == ()
    assert sim.units("free").write == 500


def test_a_provisioned_table_that_became_on_demand_keeps_its_maximum(
    sim: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    sim.create_table("orders", write=2)
    ddb, told = resilient(sim)
    for number in range(10):
        ddb.put_item(TableName="orders", Item={"id": {"S": str(number)}})
    raised = sim.units("orders").write
    assert raised > 2
    clock.advance(5)
    sim.client().update_table(
        TableName="orders",
        BillingMode="PAY_PER_REQUEST",
        OnDemandThroughput={WRITE: raised},  # the number that we set, but not ours
    )
    updates = sim.calls["UpdateTable"]

    clock.advance(DELAY + 10)

    assert sim.calls["UpdateTable"] == updates
    assert [gone.reason for gone in told.of(ScaleDownReleased)] == ["on-demand now"]


@pytest.mark.parametrize(
    "reason",
    ["TableWriteKeyRangeThroughputExceeded", "TableWriteAccountLimitExceeded"],
)
@pytest.mark.parametrize("table", ["free", "orders"])
def test_hot_key_ranges_and_account_limits_never_raise(
    sim: SimulatedDynamoDB, reason: str, table: str
) -> None:
    sim.create_table("orders", write=2)
    ddb, told = resilient(sim)
    sim.throttle_next("PutItem", 3, reason)
    updates, looks = sim.calls["UpdateTable"], sim.calls["DescribeTable"]
    is_hot = "KeyRange" in reason

    ddb.put_item(TableName=table, Item={"id": {"S": "1"}})

    assert sum(sim.throttle_reasons.values()) == 3
    assert sim.calls["UpdateTable"] == updates
    assert sim.calls["DescribeTable"] == looks + is_hot  # once, for what the key is called
    assert len(told.of(HotKeyRange)) == (3 if is_hot else 0)


@pytest.mark.parametrize("other", ["KeyRangeThroughputExceeded", "AccountLimitExceeded"])
@pytest.mark.parametrize("last", [True, False], ids=["last", "first"])
def test_of_mixed_reasons_only_the_maximum_is_raised(
    sim: SimulatedDynamoDB, other: str, last: bool
) -> None:
    set_maximum(sim, {WRITE: 3}, "by-customer")
    arn = sim.client().describe_table(TableName="free")["Table"]["TableArn"]
    ddb, _ = resilient(sim)
    reasons = [
        ("TableWriteMaxOnDemandThroughputExceeded", arn),
        (f"IndexWrite{other}", f"{arn}/index/by-customer"),
    ]
    ThrottleNext(ddb, "PutItem", 1, *(reasons if last else reversed(reasons)))

    put(ddb, 1)

    assert maximum(sim) == {WRITE: 4}
    assert maximum(sim, "by-customer") == {WRITE: 3}


def test_without_reasons_it_is_not_known_to_be_the_maximum(sim: SimulatedDynamoDB) -> None:
    ddb, told = resilient(sim)
    ThrottleNext(ddb, "PutItem", 2)

    put(ddb, 1)

    assert len(told.of(Retrying)) == 2
    assert maximum(sim) == {WRITE: 2}
