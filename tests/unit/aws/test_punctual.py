"""What is sent late is not sent."""

from __future__ import annotations

from typing import Any

import pytest

from dynoresilience.aws.botocore_private import without_retries
from dynoresilience.aws.punctual import AT_ONCE, be_punctual
from dynoresilience.aws.table_control import BotoTableControl
from dynoresilience.aws.tag_ledger import TagLedger
from dynoresilience.model import CapacityUpdate, Dimension, Raised, RaisedTable, Units
from dynoresilience.ports import TooLate
from dynoresilience.testing import SimulatorServer, VirtualClock


@pytest.mark.parametrize("late", [AT_ONCE - 0.1, AT_ONCE + 0.1])
@pytest.mark.parametrize("operation", ["UpdateTable", "TagResource", "UntagResource"])
def test_a_change_that_is_held_up_is_not_sent(operation: str, late: float) -> None:
    clock = VirtualClock()
    with SimulatorServer(clock=clock) as simulator:
        simulator.create_table("orders")
        original = simulator.client()

        def freeze(**_: Any) -> None:
            clock.advance(late)

        twin = without_retries(original)
        be_punctual(twin, clock)
        twin.meta.events.register(f"before-send.dynamodb.{operation}", freeze)
        control, ledger = BotoTableControl(twin), TagLedger(twin, clock)
        state = control.describe("orders")
        number = {(None, Dimension.WRITE): Raised(5, 5, 10, clock.now())}
        entry = RaisedTable("orders", state.arn, number, clock.now() + 600, state.table_id)

        def change() -> object:
            if operation == "UpdateTable":
                return control.update("orders", CapacityUpdate({None: Units(5, 10)}, ()))
            return ledger.write(entry) if operation == "TagResource" else ledger.erase(entry)

        if operation == "UntagResource":
            ledger.write(entry)
        if late < AT_ONCE:
            change()
            assert simulator.calls[operation] == 1
        else:
            with pytest.raises(TooLate):
                change()
            assert simulator.calls[operation] == 0
            twin.meta.events.unregister(f"before-send.dynamodb.{operation}", freeze)
            change()  # the next one is as good as ever
            assert simulator.calls[operation] == 1


def test_a_question_may_take_its_time() -> None:
    clock = VirtualClock()
    with SimulatorServer(clock=clock) as simulator:
        simulator.create_table("orders")
        twin = without_retries(simulator.client())
        be_punctual(twin, clock)
        twin.meta.events.register("before-send.dynamodb", lambda **_: clock.advance(60))
        assert BotoTableControl(twin).describe("orders").table.units == Units(5, 5)
