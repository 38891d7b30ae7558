"""What a dry run tells, and what it can't do."""

from __future__ import annotations

from dynoresilience.config import ScalingConfig
from dynoresilience.model import (
    CapacityUpdate,
    Change,
    Dimension,
    RaisedTable,
    Resource,
    Units,
)
from dynoresilience.scaling.dry_run import Rehearsals, rehearsing
from dynoresilience.scaling.lowerer import Lowerer
from dynoresilience.testing.clock import VirtualClock
from tests.support.fake_control import FakeControl
from tests.support.fake_ledger import FakeLedger
from tests.support.fake_scheduler import FakeScheduler

WRITE = Dimension.WRITE


def raising(after: int, index: str | None = None, before: int = 5) -> CapacityUpdate:
    change = Change(Resource("orders", index), WRITE, before, after)
    return CapacityUpdate({index: Units(5, after)}, (change,))


def test_a_plan_is_news_once_and_again_when_it_has_grown() -> None:
    told = Rehearsals()

    assert not told.know("orders", raising(20))
    assert told.add("orders", raising(20))
    assert not told.add("orders", raising(20))
    assert not told.add("orders", raising(22)), "the demand is measured, and is never quite alike"
    assert told.add("orders", raising(30))
    assert told.know("orders", raising(1000)), "what it may grow to is seen at the next look"


def test_another_number_another_table_and_another_beginning_are_news() -> None:
    told = Rehearsals()
    told.add("orders", raising(20))

    assert told.add("orders", raising(20, "by-customer"))
    assert told.add("carts", raising(20))
    assert told.add("orders", raising(20, before=10))


def test_nothing_goes_out() -> None:
    clock = VirtualClock()
    control, ledger = FakeControl(clock), FakeLedger(clock)
    control.add("orders")
    real = Lowerer(control, "orders", ScalingConfig(), None, ledger, FakeScheduler())  # type: ignore[arg-type]

    dry = rehearsing(real)
    state = dry.control.describe("orders")
    entry = RaisedTable("orders", state.arn, {}, 0.0)

    assert dry.dry_run
    assert dry.scheduler is None
    assert dry.control.update("orders", raising(20))
    assert dry.control.targets("orders", state, ()) == {}
    dry.ledger.write(entry)
    dry.ledger.erase(entry)
    assert dry.ledger.read(state) is None
    assert control.calls.keys() == {"describe", "targets"}
    assert ledger.calls.keys() == {"read"}
