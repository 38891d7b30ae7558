"""The library against the simulator, whatever happens and in whatever order, in virtual time.

Hypothesis drives a process with two real boto3 clients, strangers at the same table, failures of
the service, of permissions, of sinks and of the process itself. Where each invariant is checked:

- 1, 2, 3, 7, 8, 9: at each UpdateTable, just before it is answered (`Witness`); 8 after each step,
  too: what is above its owner's value is in the ledger.
- 4, 5, 6, 11: at the end of each call, on its attempts (`broken`); 6 on the answer to each batch
  and at the end of all, too: every item is where its writer was told, and a counter has counted
  what was acknowledged, and nothing else.
- 10: after each step, on events and log lines; at the end of each call, on its report.

At the end two quiet days pass, and all is as its owner left it. `HYPOTHESIS_PROFILE=long` runs
1,000 examples of 50 steps.
"""

from __future__ import annotations

import os

from hypothesis import settings

from dynoresilience.model import Dimension, Units
from tests.support.batch_calls import BatchCalls
from tests.support.library_machine import CONFIG
from tests.support.mishaps import Mishaps
from tests.support.single_calls import SingleCalls
from tests.support.statement_calls import StatementCalls

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


class LibraryOnSimulator(SingleCalls, BatchCalls, StatementCalls, Mishaps):
    """All rules together."""


TestLibraryOnSimulator = LibraryOnSimulator.TestCase
TestLibraryOnSimulator.settings = settings(
    settings.get_profile("short"),
    max_examples=1000 if LONG else 25,
    stateful_step_count=50 if LONG else 30,
    derandomize=not LONG,  # the same examples each time; the long profile looks for new ones
)


def test_the_units_of_the_model_are_those_of_the_table() -> None:
    """So that the machine above starts from what it thinks it does."""
    machine = LibraryOnSimulator()
    try:
        assert machine.witness.state(None).units == Units(3, 5)
        assert machine.witness.state("by-customer").units == Units(7, 11)
    finally:
        machine.teardown()


def test_a_table_that_is_said_to_be_in_use_is_taken_for_changing() -> None:
    """DynamoDB has no such answer to DescribeTable; whoever has it is believed, once."""
    machine = LibraryOnSimulator()
    try:
        machine.a_stranger_sets_capacity((None, Dimension.WRITE), 40, is_ours=False, is_short=False)
        machine.clock.advance(700.0)
        machine.simulator.throttle_next("PutItem", 30)
        machine.simulator.fail_next("DescribeTable", 2, "ResourceInUseException", "in use")
        machine.puts(times=1, which=0, indexed=False, deadline=None)
        assert len(machine.witness.attempts) == CONFIG.max_retries + 2
    finally:
        machine.teardown()


def test_a_table_that_shows_less_than_just_before_is_doubted_and_the_call_goes_on() -> None:
    """Also while it is changing: whose change that is, nobody can tell from an old description."""
    machine = LibraryOnSimulator()
    reads = None, Dimension.READ
    try:
        machine.batch_inserts(size=5, which=0, faults="", deadline=None)
        machine.clock.advance(2.5)  # our own change is in force
        machine.a_stranger_sets_capacity(reads, 1, is_ours=False, is_short=False)
        machine.a_stranger_sets_capacity(reads, 1, is_ours=True, is_short=False)
        machine.queries(times=8, which=0, index=None, deadline=None)
        assert "lags behind" in str(machine.process.events)
        machine.process.events.clear()
    finally:
        machine.teardown()
