"""A process that uses the library on the simulator, and what always holds for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from dynoresilience import scope
from dynoresilience.aws.resources import table_resource
from dynoresilience.config import ScalingConfig
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, virtual_time
from tests.support.answers import CANCELLED, DROPPED, THROTTLES
from tests.support.item_book import ItemBook
from tests.support.log_lines import LogLines
from tests.support.simulated_process import SimulatedProcess
from tests.support.witness import KEYS, Witness
from tests.support.witnessed_call import broken

SECRET = "s3cret"
DAY = 86_400.0
COUNTER = {"id": {"S": f"{SECRET}-counter"}}

DEADLINES = st.sampled_from([None, None, 0.0, 2.1, 3.0, 20.0])
"""Seconds; a change of the table takes 2, and whoever waits is woken up to 0.4 later."""

CONFIG = ScalingConfig(
    policy="geometric",  # so that a stranger's numbers are never the same as ours by chance
    max_read_capacity=10,
    max_write_capacity=24,
    max_retries=4,
    scale_down_delay=600.0,
    scale_up_timeout=30.0,
)
"""Caps that a few calls reach."""


class LibraryMachine(RuleBasedStateMachine):
    """Without rules; each kind of them is a class of its own, on top of this one."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock()
        self.open = ExitStack()
        self.open.enter_context(virtual_time(self.clock))  # botocore's own pauses, too
        self.simulator = SimulatedDynamoDB(
            clock=self.clock,
            burst_seconds=2.0,
            start_full=False,
            update_seconds=2.0,
            index_update_seconds=4.0,
        )
        self.open.enter_context(self.simulator)
        units = {"by-customer": (7, 11)}
        self.simulator.create_table("orders", read=3, write=5, indexes=units)
        self.stranger = self.simulator.client(config=Config(retries={"total_max_attempts": 1}))
        modes = [Config(retries={"mode": mode}) for mode in ("standard", "legacy")]
        self.own = [self.simulator.client(config=mode) for mode in modes]
        self.witness = Witness(self.simulator, self.clock, CONFIG)
        self.log = LogLines(logging.getLogger("dynoresilience"))
        self.open.callback(self.log.close)
        self.items = ItemBook()
        self.count = self.acknowledged = self.perhaps = 0
        self.start_process()

    def start_process(self) -> None:
        self.process = SimulatedProcess(self.clock, CONFIG, self.count)
        self.clients = [(client, self.process.attach(client)) for client in self.own]
        self.table = table_resource(self.own[0], "orders")
        begin = "before-parameter-build.dynamodb.BatchWriteItem"
        self.table.meta.client.meta.events.register(begin, lambda **_: self._next_call())
        self.witness.begin(self.process)

    # What is called

    def new_id(self) -> str:
        self.count += 1
        return f"{SECRET}-{self.count}"

    def send(
        self, which: int, deadline: float | None, call: Callable[[Any], Any]
    ) -> dict[str, Any] | None:
        """The answer to one call through the library; None if it ended in an exception."""
        client, attachment = self.clients[which]
        answer = None
        with self.witnessed(deadline, attachment):
            answer = call(client)
        return answer

    @contextmanager
    def witnessed(
        self, deadline: float | None, attachment: Any, *, several: bool = False
    ) -> Iterator[None]:
        """A call through the library, or those of a batch writer, held against what it may do.

        Which of ``several`` an exception comes from is not known.
        """
        self._began, self.witness.attempts = self.clock.monotonic(), []
        self._until = None if deadline is None else self._began + deadline
        code = ""
        try:
            with scope.entered(scope.Scope("work", self._until), attachment):
                yield
        except ClientError as error:
            code = error.response["Error"]["Code"]
            told = error.response if code in (*THROTTLES, CANCELLED) else {}
            report = told["Dynoresilience"] if code in THROTTLES else told.get("Dynoresilience")
            if SECRET in f"{report} {getattr(error, '__notes__', '')}":
                self.witness.problems.append(f"invariant 10: {report}")
        except BotoCoreError:
            code = DROPPED
        self._check_call(None if several else code)

    def had_no_answer(self) -> bool:
        """Whether an attempt of the latest call may have been carried out all the same."""
        return any(attempt.code == DROPPED for attempt in self.witness.attempts)

    def _next_call(self) -> None:
        """A batch writer makes another call."""
        if self.witness.attempts:
            self._check_call(None)
        self._began, self.witness.attempts = self.clock.monotonic(), []

    def _check_call(self, code: str | None) -> None:
        ended = self.clock.monotonic()
        found = broken(self.witness, CONFIG, self._began, ended, self._until, code)
        self.witness.problems.extend(found)

    # What always holds

    @invariant()
    def nothing_happened_that_must_not(self) -> None:
        assert not self.witness.problems, self.witness.problems

    @invariant()
    def no_event_and_no_log_line_tells_of_items(self) -> None:
        """Invariant 10. And none tells of a fault of ours: those leave the call to botocore."""
        lines = self.log.taken()
        assert SECRET not in str(self.process.events)
        assert SECRET not in lines
        assert "a fault of ours" not in lines
        self.process.events.clear()

    @invariant()
    def what_is_above_its_owners_value_is_in_the_ledger(self) -> None:
        """Invariant 8."""
        known = {(e.resource.index, e.dimension) for e in self.process.runtime.pending()}
        for key in KEYS:
            assert self.witness.reserved(key) <= self.witness.owner[key] or key in known, key

    def teardown(self) -> None:
        """Two quiet days later all is as its owner left it, and every write is there once."""
        try:
            self.simulator.allow()
            self.simulator.clear_faults()
            self.clock.advance(2 * DAY)
            self.nothing_happened_that_must_not()
            assert {key: self.witness.reserved(key) for key in KEYS} == self.witness.owner
            assert self.process.runtime.pending() == ()
            pages = self.stranger.get_paginator("scan").paginate(TableName="orders")
            found = {item["id"]["S"]: item for page in pages for item in page["Items"]}
            counter = found.pop(COUNTER["id"]["S"], {"n": {"N": "0"}})
            assert 0 <= int(counter["n"]["N"]) - self.acknowledged <= self.perhaps
            assert not self.items.wrong(found), self.items.wrong(found)
        finally:
            self.open.close()
