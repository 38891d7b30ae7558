"""Calls that queue, in virtual time with real boto3 clients: whom they hold up, and whom not."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError
from greenlet import getcurrent

from benchmarks.throttling.world import DATA_SECONDS, World
from dynoresilience import ScalingClient, ScalingConfig
from dynoresilience.capacity.policy import Need
from dynoresilience.engine import Runtime
from dynoresilience.model import Dimension
from tests.support.fleet.hub import Process

EPOCH = 1_700_000_000.0
INDEX = "by-customer"
AT_ONCE = 2 * DATA_SECONDS
"""Seconds that a call takes that waits for nobody."""
DONE = "done"


class Program:
    """One process, with a client of the library; each caller is a task of it.

    ``calls``: of which caller, when it began, when it ended, and how.
    """

    def __init__(self, world: World, seed: int = 0, **settings: Any) -> None:
        self.world, self.hub = world, world.hub
        self.process = Process(world.hub)
        runtime = Runtime(self.process, self.process, random.Random(seed).random)
        self.boto = world.client(max_pool_connections=64)
        config = ScalingConfig(**settings)
        self.ddb = ScalingClient(self.boto, config=config, sinks=[], runtime=runtime)
        self.calls: list[tuple[str, float, float, str]] = []
        self.tasks: dict[str, Any] = {}
        self.first_sent: dict[str, float] = {}
        events = self.boto.meta.events
        events.register("before-send.dynamodb", self._is_sent)

    def caller(self, name: str, call: Callable[[], Any], at: float = 0.0, times: int = 1) -> None:
        """Makes this call so many times, one after the other, from an instant on."""

        def work() -> None:
            self.tasks[name] = getcurrent()
            for _ in range(times):
                begun, how = self.hub.instant, DONE
                self.first_sent.pop(name, None)
                try:
                    call()
                except ClientError as error:
                    how = error.response["Error"]["Code"]
                except KeyboardInterrupt as error:
                    how = type(error).__name__
                self.calls.append((name, begun, self.hub.instant, how))

        self.process.start(work, at=at)

    def put(self, table: str = "orders", customer: str | None = "c-7") -> Any:
        item = {"id": {"S": "order"}}
        if customer is not None:
            item["customer"] = {"S": customer}
        return self.ddb.put_item(TableName=table, Item=item)

    def run(self, until: float) -> None:
        self.hub.run(until=until)

    def of(self, prefix: str) -> list[tuple[str, float, float, str]]:
        return [call for call in self.calls if call[0].startswith(prefix)]

    def longest(self, prefix: str) -> float:
        """Seconds, of the calls of these callers."""
        return max(ended - begun for _, begun, ended, _ in self.of(prefix))

    @property
    def waiting(self) -> float:
        engine = self.ddb._attachment.engine
        assert engine is not None
        records = engine._scaler.records()
        return sum(pace.waiting for record in records for pace in record.paces.values())

    @property
    def resting(self) -> int:
        return self.ddb._attachment.resting

    def _is_sent(self, **_: Any) -> None:
        here = next((name for name, task in self.tasks.items() if task is getcurrent()), None)
        if here is not None:
            self.first_sent.setdefault(here, self.hub.instant)


@pytest.fixture
def world() -> Iterator[World]:
    """A table and a sparse index of 5 write units; nothing is saved up, a change takes 2 s."""
    world = World(1, EPOCH, update_seconds=2.0, burst_seconds=1.0)
    with world.running():
        world.simulator.create_table("orders", write=5, indexes={INDEX: (5, 5)})
        world.simulator.create_table("carts", write=5)
        yield world


def busy(program: Program, callers: int = 16, times: int = 40) -> None:
    """A loop of each, from the beginning on: more than the table takes."""
    for number in range(callers):
        program.caller(f"loop-{number}", program.put, times=times)


def jain(counts: list[int]) -> float:
    """Jain's index of fairness: 1 if all got the same, 1/n if one got it all."""
    return sum(counts) ** 2 / (len(counts) * sum(count * count for count in counts))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_main_job_wastes_few_requests_and_raises_each_number_twice_at_most(
    world: World, seed: int
) -> None:
    program = Program(world, seed, max_write_capacity=200)
    busy(program)
    program.run(60.0)

    assert [how for *_, how in program.of("loop")] == [DONE] * 640
    assert world.requests["items"] <= 1.15 * 640
    for index in (None, INDEX):
        raises = [update for update in world.simulator.updates if index in update.after]
        assert 1 <= len(raises) <= 2
        assert max(update.after[index].write for update in raises) <= 200
    assert (program.waiting, program.resting) == (0, 0)


@pytest.mark.parametrize("seed", [1, 2])
def test_at_the_cap_every_caller_gets_its_share_and_none_starves(world: World, seed: int) -> None:
    program = Program(world, seed, max_write_capacity=5)
    busy(program, callers=16, times=1000)
    program.run(240.0)

    done = program.of("loop")
    assert all(how == DONE for *_, how in done)
    counts = Counter(name for name, *_ in done)
    assert len(counts) == 16
    assert jain(list(counts.values())) > 0.9
    assert program.longest("loop") < 3 * 16 / 5, "three times as long as a turn of all of them"
    assert sum(counts.values()) > 0.9 * 5 * 240
    assert world.requests["items"] <= 1.15 * sum(counts.values())


def test_who_comes_later_queues_behind_those_that_wait(world: World) -> None:
    program = Program(world, max_write_capacity=5)
    busy(program, callers=10, times=100)
    program.caller("late", program.put, at=20.0)
    program.run(30.0)

    ((_, begun, ended, how),) = program.of("late")
    assert how == DONE
    before = [call for call in program.of("loop") if begun <= call[2] < ended]
    assert 5 <= len(before) <= 15, "those that waited went first, and nobody else"
    assert program.first_sent["late"] > begun + 1.0, "and it was not sent in vain meanwhile"


@pytest.mark.parametrize(
    "what",
    ["a read", "a read of the index", "a write to another table", "a description"],
)
def test_who_needs_something_else_is_not_held_back(world: World, what: str) -> None:
    program = Program(world, max_write_capacity=5)
    ddb = program.ddb
    key, names = {"id": {"S": "order"}}, {":c": {"S": "c-7"}}
    of_index = {"IndexName": INDEX, "KeyConditionExpression": "customer = :c"}
    call: dict[str, Callable[[], Any]] = {
        "a read": lambda: ddb.get_item(TableName="orders", Key=key),
        "a read of the index": lambda: ddb.query(
            TableName="orders", ExpressionAttributeValues=names, **of_index
        ),
        "a write to another table": lambda: program.put("carts"),
        "a description": lambda: ddb.describe_table(TableName="orders"),
    }
    busy(program, times=100)
    for second in range(10, 20):
        program.caller(f"other-{second}", call[what], at=float(second))
    program.run(30.0)

    assert [how for *_, how in program.of("other")] == [DONE] * 10
    assert program.longest("other") < 0.05


def test_a_put_that_is_not_in_the_short_index_is_not_held_back(world: World) -> None:
    world.client().update_table(
        TableName="orders",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 100},
    )
    world.hub.at(5.0, lambda: None)
    world.hub.run(until=5.0)
    program = Program(world, max_write_capacity=5)
    for number in range(16):
        program.caller(f"loop-{number}", program.put, at=5.0, times=100)
    for second in range(10, 20):
        program.caller(f"bare-{second}", lambda: program.put(customer=None), at=float(second))
        program.caller(f"late-{second}", program.put, at=float(second))
    program.run(30.0)

    assert [how for *_, how in program.of("bare")] == [DONE] * 10
    assert program.longest("bare") < AT_ONCE
    assert min(ended - begun for _, begun, ended, _ in program.of("late")) > 0.5


def test_no_wait_of_a_call_that_is_held_back_crosses_its_deadline(world: World) -> None:
    program = Program(world, max_write_capacity=5)
    busy(program, times=100)

    def in_a_hurry() -> None:
        with program.ddb.operation(deadline=seconds):
            program.put()

    for number in range(40):
        seconds = 0.5
        program.caller(f"hurry-{number}", in_a_hurry, at=5.0 + 0.37 * number)
    program.run(40.0)

    assert len(program.of("hurry")) == 40
    assert program.longest("hurry") <= 0.5 + AT_ONCE
    assert {how for *_, how in program.of("hurry")} <= {
        DONE,
        "ProvisionedThroughputExceededException",
    }


def test_a_deadline_of_the_configuration_holds_from_the_beginning_of_the_call(
    world: World,
) -> None:
    program = Program(world, max_write_capacity=5, deadline=1.0)
    busy(program, times=30)
    program.run(60.0)

    assert len(program.of("loop")) == 16 * 30
    assert program.longest("loop") <= 1.0 + AT_ONCE


@pytest.mark.parametrize("settings", [{"scaling_enabled": False}, {"fleet_size": 50}, {}])
def test_whether_a_new_call_is_held_back(world: World, settings: dict[str, Any]) -> None:
    program = Program(world, max_write_capacity=5, **settings)
    busy(program, times=100)
    held = []
    for second in range(10, 20):
        program.caller(f"late-{second}", program.put, at=float(second))
        world.hub.run(until=second + 0.2)
        held.append(program.first_sent.get(f"late-{second}", 1e9) - second > AT_ONCE)

    if settings:
        assert not any(held)
    else:
        assert sum(held) >= 8, "but for those that try their luck"


def test_a_client_that_is_closed_while_calls_are_held_back(world: World) -> None:
    """They go on as they would on a plain client, and each of them ends."""
    program = Program(world, max_write_capacity=5)
    busy(program, times=1)
    program.caller("late", program.put, at=0.5)
    program.process.start(program.ddb.close, at=0.6)
    program.run(120.0)

    assert len(program.calls) == 17
    assert program.waiting == 0
    assert program.resting == 0
    program.caller("plain", lambda: program.boto.describe_table(TableName="orders"), at=121.0)
    program.run(122.0)
    assert program.of("plain")[0][3] == DONE


def test_an_interrupt_of_a_call_that_is_held_back_leaves_no_place(world: World) -> None:
    program = Program(world, max_write_capacity=5)
    busy(program, times=6)
    for number in range(4):
        program.caller(f"late-{number}", program.put, at=3.0)
    program.run(3.1)
    before = program.waiting
    for number in range(4):
        program.tasks[f"late-{number}"].throw(KeyboardInterrupt)

    assert [how for *_, how in program.of("late")] == ["KeyboardInterrupt"] * 4
    assert program.waiting == before - 4
    program.run(120.0)
    assert [how for *_, how in program.of("loop")] == [DONE] * 96
    assert (program.waiting, program.resting) == (0, 0)


class Exactly:
    """A policy of the owner's own."""

    def wanted(self, need: Need) -> int:
        return 37 if need.dimension is Dimension.WRITE and need.resource.index is None else 0


def raised(world: World) -> list[dict[str | None, int]]:
    return [
        {index: units.write for index, units in update.after.items()}
        for update in world.simulator.updates
    ]


def test_a_policy_of_ones_own(world: World) -> None:
    program = Program(world, max_write_capacity=200, policy=Exactly())
    for number in range(16):
        program.caller(f"loop-{number}", lambda: program.put(customer=None), times=10)
    program.run(60.0)

    assert raised(world)[0] == {None: 37}
    assert [how for *_, how in program.of("loop")] == [DONE] * 160


class Faulty:
    """What it says, or that it raises, is no use to anybody."""

    def __init__(self, says: Any) -> None:
        self.says = says

    def wanted(self, need: Need) -> Any:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@pytest.mark.parametrize(
    ("says", "most"),
    [
        (float("nan"), 5),
        (float("inf"), 5),
        (-7, 5),
        (0, 5),
        ("many", 5),
        (None, 5),
        (ZeroDivisionError("a bug"), 5),
        (12.2, 13),
        (10**12, 200),
    ],
    ids=str,
)
def test_a_policy_that_returns_nonsense_does_no_harm(
    world: World, says: Any, most: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariants 1 and 4: the caps hold, and calls fare as if nothing could be raised."""
    program = Program(world, max_write_capacity=200, policy=Faulty(says))
    busy(program, callers=4, times=5)
    program.run(200.0)

    assert [how for *_, how in program.of("loop")] == [DONE] * 20
    assert max((units for raise_ in raised(world) for units in raise_.values()), default=5) == most
    assert "a fault of ours" not in caplog.text


def test_a_policy_for_a_block(world: World) -> None:
    program = Program(world, max_write_capacity=200)

    def carefully() -> None:
        with program.ddb.operation(policy="geometric"):
            program.put(customer=None)

    for number in range(16):
        program.caller(f"loop-{number}", carefully, times=4)
    program.run(60.0)

    units = [raise_[None] for raise_ in raised(world)]
    assert units[:2] == [10, 20]
    assert [how for *_, how in program.of("loop")] == [DONE] * 64


def test_the_policy_of_geometric_steps(world: World) -> None:
    program = Program(world, max_write_capacity=200, policy="geometric", scale_up_factor=3)
    with suppress(IndexError):
        busy(program)
    program.run(120.0)

    assert raised(world)[0] in ({None: 15}, {INDEX: 15}, {None: 15, INDEX: 15})
    assert [how for *_, how in program.of("loop")] == [DONE] * 640
