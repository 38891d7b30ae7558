"""Raises that come down by a schedule in AWS, in virtual time; processes die in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.exceptions import JsonRESTError
from moto.scheduler.models import EventBridgeSchedulerBackend

from dynoresilience import ScalingClient, ScalingConfig
from dynoresilience.events import (
    ScaleDownDone,
    ScaleDownNotHandedOver,
    ScaleDownReleased,
    ScaleUpHeld,
    ScaleUpRequested,
)
from dynoresilience.model import HoldReason
from dynoresilience.reaper import handler
from dynoresilience.scaling.handover import LOOK_AFTER, SPREAD
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, virtual_time
from tests.functional.conftest import Recorder, create_orders, in_threads, new_client, order
from tests.support.due_schedules import DueSchedules
from tests.support.simulated_process import SimulatedProcess
from tests.support.throttling_server import ThrottlingServer

DELAY = 600.0
ROLE = "arn:aws:iam::123456789012:role/lowers"
REAPER = "arn:aws:lambda:us-east-1:123456789012:function:reaper"
VIA = ScalingConfig(
    max_read_capacity=200,
    max_write_capacity=200,
    scale_down_via="eventbridge",
    scheduler_role_arn=ROLE,
)
BY_REAPER = VIA.replace(reaper_function_arn=REAPER)
BOTH = [pytest.param(VIA, id="UpdateTable"), pytest.param(BY_REAPER, id="reaper")]


class World:
    """One account with a table that is too small, its schedules, and processes that use it."""

    def __init__(self, clock: VirtualClock, sim: SimulatedDynamoDB) -> None:
        self.clock = clock
        self.sim = sim
        self.schedules = DueSchedules(sim, clock, lambda told: handler(told, None))
        self.processes: list[SimulatedProcess] = []

    def process(self, config: ScalingConfig = VIA) -> tuple[SimulatedProcess, Any]:
        """A process, and a client of it."""
        made = SimulatedProcess(self.clock, config, seed=len(self.processes))
        self.processes.append(made)
        client = self.sim.client()
        made.attach(client)
        return made, client

    def writes(self, client: Any, count: int = 60, table: str = "orders") -> None:
        for number in range(count):
            item = {"id": {"S": f"order-{number}"}, "customer": {"S": f"customer-{number}"}}
            client.put_item(TableName=table, Item=item)

    def down(self, table: str = "orders") -> bool:
        return self.numbers(table) == ((7, 5), (5, 5))

    def numbers(self, table: str = "orders") -> tuple[tuple[int, int], tuple[int, int]]:
        """Read and write units of the table and of its index."""
        own, index = self.sim.units(table), self.sim.units(table, "by-customer")
        return (own.read, own.write), (index.read, index.write)

    def tags(self) -> list[Any]:
        client = self.sim.client()
        arn = client.describe_table(TableName="orders")["Table"]["TableArn"]
        found: list[Any] = client.list_tags_of_resource(ResourceArn=arn)["Tags"]
        return found

    def maximum(self, table: str) -> tuple[int | None, int | None]:
        """How many writes a second an on-demand table takes at most, and its index."""
        found = self.sim.client().describe_table(TableName=table)["Table"]
        told = found, found["GlobalSecondaryIndexes"][0]
        own, index = (each.get("OnDemandThroughput", {}) for each in told)
        return own.get("MaxWriteRequestUnits"), index.get("MaxWriteRequestUnits")

    def spend_the_budget(self) -> None:
        """The table's, not the index's."""
        for units in (9, 8, 7, 6, 5):
            asked = {"ReadCapacityUnits": 7, "WriteCapacityUnits": units}
            self.sim.client().update_table(TableName="orders", ProvisionedThroughput=asked)
            self.clock.advance(5.0)

    def decreases(self) -> int:
        return sum(
            any(after.write < update.before[index].write for index, after in update.after.items())
            for update in self.sim.updates
        )

    def refuse(self, monkeypatch: pytest.MonkeyPatch, operation: str, code: str) -> list[str]:
        """EventBridge Scheduler refuses from now on; the requests are in the list."""
        asked = []

        def refuse(self: Any, *args: Any, **kwargs: Any) -> None:
            asked.append(operation)
            raise JsonRESTError(code, f"may not do {operation}")

        monkeypatch.setattr(EventBridgeSchedulerBackend, operation, refuse)
        return asked


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    clock = VirtualClock()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with (
        virtual_time(clock),
        SimulatedDynamoDB(
            clock=clock, update_seconds=2.0, burst_seconds=1.0, tag_seconds=2.0
        ) as sim,
    ):
        sim.create_table("orders", read=7, write=5, indexes={"by-customer": (5, 5)})
        yield World(clock, sim)


def test_a_schedule_lowers_what_a_dead_process_has_raised(world: World) -> None:
    process, client = world.process()
    world.writes(client)
    assert not world.down()
    raised = world.clock.monotonic()
    [schedule] = world.schedules.waiting()
    process.timer.is_dead = True

    world.clock.advance(DELAY + 120)

    assert world.down(), "the reads are 7, as they were"
    assert world.schedules.waiting() == []
    assert world.decreases() == 1
    [done] = world.schedules.done
    assert done.attempts == 1
    assert world.sim.updates[-1].at >= raised + DELAY
    assert schedule["Target"]["RoleArn"] == ROLE
    asked = json.loads(schedule["Target"]["Input"])
    assert asked["ProvisionedThroughput"] == {"ReadCapacityUnits": 7, "WriteCapacityUnits": 5}


def test_a_process_that_lives_finds_the_table_at_base_and_lets_go(world: World) -> None:
    process, client = world.process()
    world.writes(client)

    world.clock.advance(DELAY + LOOK_AFTER)
    assert world.down()
    assert world.schedules.waiting() == []
    assert process.runtime.pending(), "it has not looked yet"
    world.clock.advance(SPREAD)

    assert process.runtime.pending() == ()
    assert world.decreases() == 1
    assert not process.of(ScaleDownDone)
    assert not process.of(ScaleDownReleased)


def test_a_process_whose_schedule_was_deleted_lowers_by_itself(world: World) -> None:
    process, client = world.process()
    world.writes(client)
    world.schedules.delete_all()

    world.clock.advance(DELAY + LOOK_AFTER)
    assert not world.down()
    world.clock.advance(SPREAD + 5)

    assert world.down()
    assert world.decreases() == 1
    assert len(process.of(ScaleDownDone)) == 1
    assert process.runtime.pending() == ()


def test_scale_down_now_removes_the_schedule(world: World) -> None:
    process, client = world.process()
    attachment = process.attach(client)
    world.writes(client)
    world.clock.advance(10.0)
    assert len(world.schedules.waiting()) == 1

    assert attachment.engine is not None
    attachment.engine.scale_down_now(30.0)
    world.clock.advance(5.0)

    assert world.down()
    assert world.schedules.waiting() == []
    world.clock.advance(DELAY + LOOK_AFTER + SPREAD)
    assert world.schedules.done == []
    assert world.decreases() == 1


def test_each_raise_moves_the_one_schedule(world: World) -> None:
    process, client = world.process(VIA.replace(scale_up_factor=1.5))
    world.writes(client)

    assert len(process.of(ScaleUpRequested)) > 2
    [schedule] = world.schedules.waiting()
    asked = json.loads(schedule["Target"]["Input"])
    [index] = asked["GlobalSecondaryIndexUpdates"]
    assert asked["ProvisionedThroughput"]["WriteCapacityUnits"] == 5
    assert index["Update"]["ProvisionedThroughput"]["WriteCapacityUnits"] == 5


def test_later_throttles_move_the_schedule_of_a_table_at_its_cap(world: World) -> None:
    process, client = world.process(VIA.replace(max_write_capacity=10, max_retries=0))
    with suppress(ClientError):
        world.writes(client, 40)
    assert len(process.of(ScaleUpRequested)) > 0
    begun = world.clock.monotonic()
    moves = set()
    while world.clock.monotonic() < begun + 2 * DELAY:
        with suppress(ClientError):  # it has no more than its cap, and is to have it
            world.writes(client, 15)
        world.clock.advance(5.0)
        [schedule] = world.schedules.waiting()
        moves.add(schedule["ScheduleExpression"])
    process.timer.is_dead = True
    last = world.clock.monotonic()

    assert 4 <= len(moves) <= 9, "once in a quarter of the delay at most"
    assert world.decreases() == 0
    world.clock.advance(DELAY + 120)
    assert world.down()
    assert world.decreases() == 1
    assert world.sim.updates[-1].at >= last + 0.75 * DELAY - 5
    assert world.schedules.waiting() == []


def test_of_two_processes_that_raise_there_is_one_schedule_and_one_decrease(world: World) -> None:
    config = VIA.replace(scale_up_factor=1.5)
    one, first = world.process(config)
    other, second = world.process(config)
    for number in range(12):
        world.writes(first, 10 + 3 * number)
        world.writes(second, 10 + 3 * number)
    assert one.of(ScaleUpRequested)
    assert other.of(ScaleUpRequested)

    [schedule] = world.schedules.waiting()
    asked = json.loads(schedule["Target"]["Input"])
    [index] = asked["GlobalSecondaryIndexUpdates"]
    assert asked["ProvisionedThroughput"] == {"ReadCapacityUnits": 7, "WriteCapacityUnits": 5}
    assert index["Update"]["ProvisionedThroughput"]["WriteCapacityUnits"] == 5
    world.clock.advance(DELAY + LOOK_AFTER + SPREAD + 120)

    assert world.down()
    assert world.decreases() == 1
    assert world.schedules.waiting() == []
    for process in (one, other):
        assert process.runtime.pending() == ()
        assert not process.of(ScaleDownDone)


def test_who_takes_over_leaves_the_table_to_the_schedule_of_the_dead(world: World) -> None:
    process, client = world.process(VIA.replace(max_write_capacity=10))
    world.writes(client, 30)
    process.timer.is_dead = True
    world.clock.advance(60.0)
    other, second = world.process(VIA.replace(max_write_capacity=10, max_retries=0))
    with suppress(ClientError):
        world.writes(second, 40)
    assert other.runtime.pending(), "it has found the raise in the tags"

    world.clock.advance(DELAY + LOOK_AFTER + SPREAD + 180)

    assert world.down()
    assert world.decreases() == 1
    assert other.runtime.pending() == ()
    assert world.schedules.waiting() == []
    assert world.tags() == []


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("AccessDeniedException", "not allowed to call scheduler:CreateSchedule"),
        ("ServiceQuotaExceededException", "may not do create_schedule"),
    ],
)
def test_without_a_schedule_the_timer_serves(
    world: World,
    code: str,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = world.refuse(monkeypatch, "create_schedule", code)
    process, client = world.process()

    world.writes(client)
    assert len(process.of(ScaleUpRequested)) > 1
    world.clock.advance(DELAY + 5)

    assert world.down()
    assert world.decreases() == 1
    assert len(asked) == 1, "once, for all raises of this burst"
    [told] = process.of(ScaleDownNotHandedOver)
    assert why in told.reason
    warnings = [entry.getMessage() for entry in caplog.records if entry.levelname == "WARNING"]
    assert [line for line in warnings if "no schedule lowers orders" in line] == [
        f"no schedule lowers orders, but this process does, if it lives: {told.reason}"
    ]


def test_a_table_with_the_longest_name(world: World) -> None:
    name = "t" * 255
    world.sim.create_table(name, read=7, write=5, indexes={"by-customer": (5, 5)})
    process, client = world.process()
    world.writes(client, table=name)
    process.timer.is_dead = True

    world.clock.advance(DELAY + 120)

    assert world.down(name)
    assert world.schedules.waiting() == []


@pytest.mark.parametrize("index_too", [False, True])
def test_the_maximum_of_an_on_demand_table(world: World, index_too: bool) -> None:
    world.sim.create_table("free", on_demand=True, indexes={"by-customer": (1, 1)})
    ask = world.sim.client().update_table
    ask(TableName="free", OnDemandThroughput={"MaxWriteRequestUnits": 2})
    if index_too:
        own = {"IndexName": "by-customer", "OnDemandThroughput": {"MaxWriteRequestUnits": 2}}
        ask(TableName="free", GlobalSecondaryIndexUpdates=[{"Update": own}])
        world.clock.advance(5.0)
    process, client = world.process(VIA.replace(max_write_request_units=40))
    world.writes(client, table="free")
    assert (world.maximum("free")[0] or 0) > 2
    process.timer.is_dead = not index_too

    world.clock.advance(DELAY + 120)
    assert world.maximum("free")[0] == 2, "the table's goes alone, in a request of its own"
    world.clock.advance(LOOK_AFTER + SPREAD)

    assert world.maximum("free") == (2, 2 if index_too else None)
    assert world.schedules.waiting() == []


def test_an_exhausted_decrease_budget(world: World) -> None:
    world.spend_the_budget()
    process, client = world.process()
    world.writes(client)
    process.timer.is_dead = True

    world.clock.advance(DELAY + 120)
    assert not world.down()
    assert world.schedules.waiting(), "it is not done yet"
    world.clock.advance(2 * 3600.0)

    assert world.down()
    [done] = world.schedules.done
    assert "LimitExceededException" in done.refusals[0]
    assert world.schedules.waiting() == []


def test_a_process_and_its_schedule_share_an_exhausted_budget(world: World) -> None:
    world.spend_the_budget()
    before = world.decreases()
    process, client = world.process()
    world.writes(client)

    world.clock.advance(4 * 3600.0)

    assert world.down()
    assert process.runtime.pending() == ()
    per_resource = 2  # the index had room at once, the table an hour later
    assert world.decreases() == before + per_resource
    assert world.schedules.waiting() == []


def test_a_raise_that_is_refused_leaves_no_schedule(world: World) -> None:
    process, client = world.process()
    world.sim.deny("UpdateTable")

    world.writes(client, 8)

    assert HoldReason.NO_PERMISSION in [told.hold.reason for told in process.of(ScaleUpHeld)]
    assert world.schedules.waiting() == []
    assert process.runtime.pending() == ()


def test_a_further_raise_that_is_refused_leaves_the_schedule_of_the_first(world: World) -> None:
    process, client = world.process(VIA.replace(scale_up_factor=1.5))
    world.writes(client, 12)
    assert len(process.of(ScaleUpRequested)) == 1
    world.clock.advance(10.0)
    [first] = world.schedules.waiting()
    world.sim.deny("UpdateTable")
    world.writes(client, 12)

    assert HoldReason.NO_PERMISSION in [told.hold.reason for told in process.of(ScaleUpHeld)]
    [left] = world.schedules.waiting()
    assert left["Target"]["Input"] == first["Target"]["Input"]
    world.sim.allow("UpdateTable")
    process.timer.is_dead = True
    world.clock.advance(DELAY + 180)
    assert world.down()


def test_someone_else_is_raising_and_the_schedule_may_be_theirs(world: World) -> None:
    process, client = world.process()
    world.sim.fail_next("UpdateTable", 1, "ResourceInUseException", "being updated")

    world.writes(client, 8)

    assert len(process.of(ScaleUpRequested)) <= 1
    assert len(world.schedules.waiting()) == 1
    world.clock.advance(DELAY + LOOK_AFTER + SPREAD + 10)
    assert world.down()


@pytest.mark.parametrize("config", BOTH)
def test_a_process_that_lives_and_a_schedule_make_one_decrease(
    world: World, config: ScalingConfig
) -> None:
    process, client = world.process(config)
    world.writes(client)
    world.clock.advance(DELAY + LOOK_AFTER + SPREAD + 10)

    assert world.down()
    assert world.decreases() == 1
    assert process.runtime.pending() == ()
    assert world.tags() == []
    assert world.schedules.waiting() == []


def test_the_reaper_lowers_what_a_dead_process_has_raised(world: World) -> None:
    process, client = world.process(BY_REAPER)
    world.writes(client)
    [schedule] = world.schedules.waiting()
    assert schedule["Target"]["Arn"] == REAPER
    assert world.tags()
    process.timer.is_dead = True

    world.clock.advance(DELAY + 120)

    assert world.down()
    assert world.decreases() == 1
    assert world.tags() == []
    assert world.schedules.waiting() == []
    assert [done.attempts for done in world.schedules.done] == [1]


@pytest.mark.parametrize("config", BOTH)
def test_somebody_sets_the_capacity_by_hand(world: World, config: ScalingConfig) -> None:
    process, client = world.process(config)
    world.writes(client)
    process.timer.is_dead = True
    world.clock.advance(60.0)
    asked = {"ReadCapacityUnits": 20, "WriteCapacityUnits": 190}
    world.sim.client().update_table(TableName="orders", ProvisionedThroughput=asked)

    world.clock.advance(DELAY + 120)

    table, index = world.numbers()
    looks = config is BY_REAPER
    assert table == ((20, 190) if looks else (7, 5)), "UpdateTable can't look before it lowers"
    assert index == (5, 5)


def test_the_reaper_comes_again_when_the_decrease_budget_allows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNAMODB_SCALE_DOWN_VIA", "eventbridge")  # for the function, too
    monkeypatch.setenv("DYNAMODB_SCHEDULER_ROLE_ARN", ROLE)
    monkeypatch.setenv("DYNAMODB_REAPER_FUNCTION_ARN", REAPER)
    world.spend_the_budget()
    process, client = world.process(BY_REAPER)
    world.writes(client)
    process.timer.is_dead = True

    world.clock.advance(DELAY + 120)
    assert not world.down()
    assert world.numbers()[1] == (5, 5), "the index has room in its budget"
    [schedule] = world.schedules.waiting()
    assert schedule["Target"]["Arn"] == REAPER
    world.clock.advance(3600.0)

    assert world.down()
    assert world.tags() == []
    assert world.schedules.waiting() == []


def test_without_tags_a_reaper_is_not_waited_for(world: World) -> None:
    world.sim.deny("TagResource", "ListTagsOfResource", "UntagResource")
    process, client = world.process(BY_REAPER)
    world.writes(client)
    assert world.schedules.waiting() == []
    [told, *_] = process.of(ScaleDownNotHandedOver)
    assert told.reason == "the function would find nothing in the table's tags"

    world.clock.advance(DELAY + 60)

    assert world.down()
    assert process.runtime.pending() == ()


def test_beside_an_emulator_the_timer_serves(
    start: Callable[..., ThrottlingServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SCHEDULER"):
        monkeypatch.delenv(variable, raising=False)
    server, told = start(update_seconds=0.2), Recorder()
    config = VIA.replace(scale_up_factor=40, scale_down_delay=5.0)
    ddb = ScalingClient(new_client(server), config=config, sinks=[told])
    create_orders(ddb)

    assert in_threads(50, lambda n: ddb.put_item(TableName="orders", Item=order(n))) == []
    deadline = ddb._attachment.monotonic() + 30
    while ddb.pending_scale_downs() and ddb._attachment.monotonic() < deadline:
        ddb.describe_table(TableName="orders")

    assert len(told.of(ScaleDownDone)) == 1
    reasons = {event.reason for event in told.of(ScaleDownNotHandedOver)}
    assert reasons == {
        f"no EventBridge Scheduler is known beside {server.url}; set AWS_ENDPOINT_URL_SCHEDULER if "
        "there is one"
    }
