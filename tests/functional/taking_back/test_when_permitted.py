"""In virtual time: the first permitted moment of a decrease, and whose capacity it is by then."""

from __future__ import annotations

from typing import Any

import pytest

from dynoresilience import events
from dynoresilience.config import ScalingConfig
from dynoresilience.model import Units
from dynoresilience.reaper import reap
from tests.functional.taking_back.conftest import DELAY, Town, write
from tests.support.simulated_process import SimulatedProcess

BASE = Units(5, 5)
HOUR, NOON = 3600.0, 43200.0
KEY = "dynoresilience:write"


def set_write(town: Town, units: int) -> None:
    """By hand, and in force."""
    read = town.simulator.units("orders").read
    wanted = {"ReadCapacityUnits": read, "WriteCapacityUnits": units}
    town.owner.update_table(TableName="orders", ProvisionedThroughput=wanted)
    town.clock.advance(5)


def spend_decreases(town: Town, count: int = 4) -> None:
    for _ in range(count):
        set_write(town, 6)
        set_write(town, 5)


def decreases(town: Town) -> list[float]:
    """When the table was lowered, seconds since the epoch."""
    return [
        update.utc
        for update in town.simulator.updates
        if None in update.after and update.after[None].write < update.before[None].write
    ]


def raised(town: Town, config: ScalingConfig | None = None) -> tuple[SimulatedProcess, Any]:
    process, client = town.process(config) if config else town.process()
    write(client)
    assert town.simulator.units("orders").write > 5
    return process, client


# The decrease budget


@pytest.mark.parametrize("who", ["its timer", "the reaper"])
def test_the_budget_is_spent_and_an_hour_later_it_comes(town: Town, who: str) -> None:
    spend_decreases(town)
    process, _ = raised(town)
    last = decreases(town)[-1]
    if who == "the reaper":
        process.timer.is_dead = True
        town.clock.advance(DELAY + 5)
        report = reap(town.owner)
        assert [entry.outcome for entry in report.tables] == ["postponed"]
        assert report.exit_code == 0
        assert report.tables[0].until == pytest.approx(last + HOUR, abs=10)
        town.clock.advance(report.tables[0].until - town.clock.now())
        reap(town.owner)
    else:
        town.clock.advance(HOUR + 60)
    assert len(decreases(town)) == 5
    assert 0 <= decreases(town)[-1] - (last + HOUR) < 70
    town.clock.advance(10)
    assert town.units() == (BASE, BASE)
    assert town.tags() == {}


@pytest.mark.parametrize("who", ["its timer", "the reaper"])
def test_after_midnight_there_are_new_ones(town: Town, who: str) -> None:
    town.clock.advance(NOON - 1800)  # half past eleven
    spend_decreases(town)
    process, _ = raised(town)
    midnight = town.clock.now() + 86400 - town.clock.now() % 86400
    if who == "the reaper":
        process.timer.is_dead = True
        town.clock.advance(DELAY + 5)
        until = reap(town.owner).tables[0].until
        assert until == pytest.approx(midnight, abs=10)
        town.clock.advance(until - town.clock.now())
        reap(town.owner)
    else:
        town.clock.advance(HOUR)
    assert len(decreases(town)) == 5
    assert 0 <= decreases(town)[-1] - midnight < 70
    town.clock.advance(10)
    assert town.units() == (BASE, BASE)
    assert town.tags() == {}


def test_a_refused_decrease_that_nobody_counted_comes_too(town: Town) -> None:
    """AWS says no although DescribeTable counts none: it names the moment."""
    process, _ = raised(town)
    town.simulator.fail_next("UpdateTable", 1, "LimitExceededException", REFUSAL)
    town.clock.advance(DELAY + 60)
    [postponed] = [e for e in process.events if isinstance(e, events.ScaleDownPostponed)]
    assert postponed.until > town.clock.now()
    assert town.tags()
    town.clock.advance(postponed.until - town.clock.now() + 10)
    assert town.units() == (BASE, BASE)


REFUSAL = (
    "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC "
    "day. Next decrease can be made at Thursday, January 1, 2026 at 1:00:00 PM Coordinated "
    "Universal Time"
)


# Whose capacity it is


@pytest.mark.parametrize("who", ["its timer", "the reaper"])
def test_the_owners_hundred_is_a_hundred_again(town: Town, who: str) -> None:
    hundred = {"ReadCapacityUnits": 100, "WriteCapacityUnits": 100}
    change = {"IndexName": "by-customer", "ProvisionedThroughput": hundred}
    town.owner.update_table(
        TableName="orders",
        ProvisionedThroughput=hundred,
        GlobalSecondaryIndexUpdates=[{"Update": change}],
    )
    town.clock.advance(10)
    process, client = town.process(ScalingConfig(max_write_capacity=400, scale_down_delay=DELAY))
    write(client, 700)
    assert town.simulator.peak("orders").write > 100
    town.clock.advance(5)
    if who == "the reaper":
        process.timer.is_dead = True
        town.clock.advance(DELAY)
        assert reap(town.owner).exit_code == 0
    town.clock.advance(DELAY + 60)
    assert town.units() == (Units(100, 100), Units(100, 100))
    assert town.tags() == {}


@pytest.mark.parametrize("who", ["its timer", "the reaper"])
@pytest.mark.parametrize("by_hand", [77, 3])
def test_what_was_set_by_hand_stays(town: Town, who: str, by_hand: int) -> None:
    process, _ = raised(town)
    town.clock.advance(5)
    set_write(town, by_hand)
    process.timer.is_dead = who == "the reaper"
    town.clock.advance(DELAY + 60)
    if who == "the reaper":
        assert reap(town.owner).exit_code == 0
    town.clock.advance(70)
    assert town.units() == (Units(5, by_hand), BASE)
    assert town.tags() == {}


def test_our_very_number_set_by_the_owner_after_it_was_taken_back_stays(town: Town) -> None:
    """By the reaper, while the process that raised it was frozen."""
    process, _ = raised(town)
    process.timer.is_frozen = True
    ours = town.simulator.units("orders").write
    town.clock.advance(DELAY + 60)
    assert reap(town.owner).exit_code == 0
    town.clock.advance(10)
    assert town.units() == (BASE, BASE)
    set_write(town, ours)
    town.clock.advance(10)
    process.timer.thaw()
    town.clock.advance(DELAY + 60)
    assert town.units() == (Units(5, ours), BASE)
    assert town.tags() == {}


def test_a_table_that_is_on_demand_by_now_is_let_go(town: Town) -> None:
    process, _ = raised(town)
    process.timer.is_dead = True
    town.clock.advance(5)
    town.owner.update_table(TableName="orders", BillingMode="PAY_PER_REQUEST")
    town.clock.advance(DELAY)
    report = reap(town.owner)
    assert [entry.outcome for entry in report.tables] == ["released"]
    assert report.exit_code == 0
    town.clock.advance(5)
    assert town.tags() == {}
    assert reap(town.owner).tables == []


def test_an_on_demand_maximum_comes_down(town: Town) -> None:
    town.owner.create_table(
        TableName="carts",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        OnDemandThroughput={"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 5},
    )
    config = ScalingConfig(max_write_request_units=40, scale_down_delay=DELAY)
    process, client = town.process(config)
    for number in range(60):
        client.put_item(TableName="carts", Item={"id": {"S": str(number)}})
    process.timer.is_dead = True

    def maximum() -> int:
        table = town.owner.describe_table(TableName="carts")["Table"]
        return int(table["OnDemandThroughput"]["MaxWriteRequestUnits"])

    assert maximum() > 5
    town.clock.advance(DELAY + 5)
    report = reap(town.owner)
    assert [(entry.table, entry.outcome) for entry in report.tables] == [("carts", "lowered")]
    town.clock.advance(5)
    assert maximum() == 5
    assert reap(town.owner).tables == []


# Tags that are not as we have written them


@pytest.mark.parametrize(
    "value",
    [
        "",
        "hands off",
        "base=5 was=5 to=ten",
        "v=2 from:5",
        "base=5",
        "base=5 was=5 to=10 due=x at=y",
    ],
)
def test_a_tag_that_can_not_be_read_stays_and_harms_nobody(town: Town, value: str) -> None:
    arn = town.owner.describe_table(TableName="orders")["Table"]["TableArn"]
    strange = {KEY: value, "dynoresilience:v2:write": "x", "dynoresilience:": "y"}
    town.owner.tag_resource(
        ResourceArn=arn, Tags=[{"Key": key, "Value": text} for key, text in strange.items()]
    )
    town.clock.advance(5)
    assert reap(town.owner).exit_code == 0
    assert town.tags() == strange
    raised(town)
    town.clock.advance(DELAY + 70)
    assert town.units() == (BASE, BASE)
    assert town.tags() == {key: text for key, text in strange.items() if key != KEY}


def test_a_tag_that_somebody_has_spoilt_meanwhile_is_not_deleted(town: Town) -> None:
    raised(town)
    town.clock.advance(5)
    arn = town.owner.describe_table(TableName="orders")["Table"]["TableArn"]
    town.owner.tag_resource(ResourceArn=arn, Tags=[{"Key": KEY, "Value": "ask Jo first"}])
    town.clock.advance(DELAY + 70)
    assert town.units() == (BASE, BASE)  # this process knows what it raised
    assert town.tags() == {KEY: "ask Jo first"}
    assert reap(town.owner).exit_code == 0
    assert town.tags() == {KEY: "ask Jo first"}


@pytest.mark.parametrize("code", ["ValidationException", "LimitExceededException"])
def test_where_there_is_no_room_for_a_tag_it_is_kept_in_memory(town: Town, code: str) -> None:
    """A table has 50 tags at most; which of two errors says so is not documented."""
    message = "The number of tags exceeds the limit of 50"
    town.simulator.fail_next("TagResource", 1_000_000, code, message)
    process, client = town.process()
    write(client, 200)
    assert town.simulator.units("orders").write > 5
    assert len([e for e in process.events if isinstance(e, events.LedgerUnavailable)]) == 1
    town.clock.advance(DELAY + 70)
    assert town.units() == (BASE, BASE)
    assert len([e for e in process.events if isinstance(e, events.LedgerUnavailable)]) == 1


@pytest.mark.parametrize(
    ("failures", "code", "outcome"),
    [
        (1, "ThrottlingException", "busy"),
        (1, "AccessDeniedException", "failed"),
    ],
)
def test_a_ledger_that_fails_amid_the_reapers_work_is_no_empty_one(
    town: Town, failures: int, code: str, outcome: str
) -> None:
    process, _ = raised(town)
    process.timer.is_dead = True
    town.clock.advance(DELAY + 60)
    town.simulator.delay_next("ListTagsOfResource", 1, seconds=0.0)  # the first is answered
    town.simulator.fail_next("ListTagsOfResource", failures, code, "no")
    assert [entry.outcome for entry in reap(town.owner).tables] == [outcome]
    town.simulator.clear_faults()
    reap(town.owner)
    town.clock.advance(5)
    assert town.units() == (BASE, BASE)


# Long names


def test_an_index_with_the_longest_name_comes_down(town: Town) -> None:
    names = ["i" * 255, "i" * 254 + "k"]
    town.simulator.create_table(
        "carts", write=100, indexes={name: (5, 5) for name in names},
        index_keys={names[0]: "customer", names[1]: "day"},
    )  # fmt: skip
    process, client = town.process()
    for number in range(90):
        item = {"id": {"S": str(number)}, "customer": {"S": "c"}, "day": {"S": "monday"}}
        client.put_item(TableName="carts", Item=item)
    process.timer.is_dead = True
    for name in names:
        assert town.simulator.units("carts", name).write > 5
    town.clock.advance(DELAY + 5)
    assert reap(town.owner).exit_code == 0
    town.clock.advance(5)
    for name in names:
        assert town.simulator.units("carts", name) == BASE
    assert reap(town.owner).tables == []


def test_a_table_of_the_same_name_is_another_table(town: Town) -> None:
    raised(town)
    town.clock.advance(5)
    town.owner.delete_table(TableName="orders")
    town.simulator.create_table("orders", write=10, indexes={"by-customer": (10, 10)})
    updates = len(town.simulator.updates)
    town.clock.advance(DELAY + 70)
    assert reap(town.owner).tables == []
    assert len(town.simulator.updates) == updates
    assert town.units() == (Units(5, 10), Units(10, 10))
