"""Events in the log: levels, fields, and each warning once."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from dynoresilience import events
from dynoresilience.model import (
    Change,
    Dimension,
    Hold,
    HoldReason,
    PendingScaleDown,
    Resource,
)
from dynoresilience.process.log_sink import REPEAT_AFTER, LoggingSink, SafeSinks, sentence
from dynoresilience.testing.clock import VirtualClock

WRITE = Dimension.WRITE
ORDERS = Resource("orders")
UP = (Change(ORDERS, WRITE, 5, 10),)
DOWN = (Change(ORDERS, WRITE, 10, 5),)
PENDING = (PendingScaleDown(ORDERS, WRITE, 10, 5, 0.0),)
PRICED = PendingScaleDown(ORDERS, WRITE, 10, 5, 0.0, hourly_cost=0.00325)
DUE = 1_767_268_800.0

EVENTS: list[tuple[events.Event, int, str]] = [
    (
        events.Throttled("orders", ORDERS, WRITE, "ProvisionedThroughputExceeded", "PutItem", 1),
        logging.DEBUG,
        "orders write throttled PutItem (attempt 1): ProvisionedThroughputExceeded",
    ),
    (events.HotKeyRange("orders", ORDERS, WRITE), logging.WARNING, "spread the keys"),
    (events.ScaleUpRequested("orders", UP), logging.INFO, "raising orders write 5 -> 10"),
    (
        events.ScaleUpRequested("orders", UP, 0.1234),
        logging.INFO,
        "raising orders write 5 -> 10, about $0.12 an hour above base",
    ),
    (
        events.ScaleUpPlanned("orders", UP, 0.1234),
        logging.INFO,
        "would raise orders write 5 -> 10, about $0.12 an hour above base (dry run: nothing was",
    ),
    (
        events.ScaleUpPlanned("orders", UP),
        logging.INFO,
        "would raise orders write 5 -> 10 (dry run: nothing was changed)",
    ),
    (
        events.ScaleUpHeld("orders", Hold(HoldReason.SPEND_LIMIT, ORDERS, WRITE, "too much")),
        logging.WARNING,
        "orders write not raised: spend limit: too much; raise max_hourly_cost / max_unit_hours",
    ),
    (
        events.ScaleUpHeld("orders", Hold(HoldReason.DRY_RUN, ORDERS, WRITE)),
        logging.DEBUG,
        "orders write not raised: dry run",
    ),
    (
        events.ScaleUpForeseen("orders", UP, DUE),
        logging.INFO,
        "orders was short at this time of the day: raised before 2026-01-01T12:00:00+00:00",
    ),
    (
        events.ScaleUpFinished("orders", UP, 2.0),
        logging.INFO,
        "raised orders write 5 -> 10 in 2.0 s",
    ),
    (
        events.ScaleUpHeld("orders", Hold(HoldReason.AT_CAP, ORDERS, WRITE, "50 units, cap 50")),
        logging.WARNING,
        "orders write not raised: at cap: 50 units, cap 50; raise the cap",
    ),
    (
        events.ScaleUpHeld("orders", Hold(HoldReason.ON_DEMAND_MAXIMUM, ORDERS, WRITE)),
        logging.WARNING,
        "orders write not raised: on-demand maximum; it is raised only up to max_read_request",
    ),
    (
        events.ScaleUpRequested("orders", (Change(ORDERS, WRITE, 5, 10, on_demand=True),)),
        logging.INFO,
        "raising orders write on-demand maximum 5 -> 10",
    ),
    (
        events.ScaleUpHeld("orders", Hold(HoldReason.UPDATING, ORDERS, WRITE)),
        logging.DEBUG,
        "orders write not raised: updating",
    ),
    (
        events.ScaleUpHeld("orders", Hold(HoldReason.AUTO_SCALING, ORDERS, WRITE)),
        logging.WARNING,
        "orders write not raised: under auto scaling; raise the maximum or minimum of its target",
    ),
    (
        events.ScaleUpHeld("orders", Hold(HoldReason.REPLICATED, ORDERS, WRITE, "in eu-west-1")),
        logging.WARNING,
        "orders write not raised: replicated writes: in eu-west-1; its writes are raised in all "
        "regions, and so only with raise_replicated_writes=True",
    ),
    (
        events.ScaleUpRequested("orders", (Change(ORDERS, WRITE, 5, 10, minimum=True),)),
        logging.INFO,
        "raising orders write minimum 5 -> 10",
    ),
    (
        events.TargetsUnseen("orders", "not allowed to call application-autoscaling:X"),
        logging.WARNING,
        "not allowed to call application-autoscaling:X: whether orders is under Application Auto "
        "Scaling is not known",
    ),
    (events.Retrying("orders", "PutItem", 1, 0.5), logging.DEBUG, "PutItem is tried again within"),
    (
        events.GaveUp("orders", "PutItem", 6, 20.5, "retries used up"),
        logging.INFO,
        "PutItem on orders gave up after 6 attempts and 20.5 s: retries used up",
    ),
    (
        events.ScaleDownScheduled("orders", PENDING, DUE),
        logging.INFO,
        "orders write 10 -> 5 due 2026-01-01T12:00:00+00:00",
    ),
    (
        events.ScaleDownScheduled("orders", (*PENDING, PRICED, PRICED), DUE),
        logging.INFO,
        "due 2026-01-01T12:00:00+00:00, about $0.0065 an hour until then",
    ),
    (events.ScaleDownDone("orders", DOWN), logging.INFO, "lowering orders write 10 -> 5"),
    (
        events.ScaleDownDone("orders", DOWN, 0.00325),
        logging.INFO,
        "lowering orders write 10 -> 5, about $0.0032 an hour less",
    ),
    (
        events.ScaleDownPlanned("orders", DOWN),
        logging.INFO,
        "would lower orders write 10 -> 5 (dry run: nothing was changed)",
    ),
    (
        events.ScaleDownNotHandedOver("orders", "not allowed to call scheduler:CreateSchedule"),
        logging.WARNING,
        "no schedule lowers orders, but this process does, if it lives: not allowed to call sched",
    ),
    (
        events.ScaleDownPostponed("orders", "the decrease budget is spent", DUE),
        logging.WARNING,
        "orders stays raised until 2026-01-01T12:00:00+00:00: the decrease budget is spent",
    ),
    (
        events.LedgerUnavailable("orders", "not allowed to call dynamodb:TagResource"),
        logging.WARNING,
        "orders: what is raised is known to this process alone, as it can't be written in the "
        "table's tags: not allowed to call dynamodb:TagResource; allow "
        'dynamodb:ListTagsOfResource, TagResource and UntagResource, or set ledger="memory"',
    ),
    (
        events.ScaleDownReleased("orders", ORDERS, WRITE, "the table is gone"),
        logging.INFO,
        "orders write is left alone: the table is gone",
    ),
    (
        events.TableProgress("orders", "waiting: index by-day is CREATING", 4.21),
        logging.INFO,
        "orders: waiting: index by-day is CREATING (after 4.2 s)",
    ),
    (
        events.TableDrifted("orders", "orders: 1 difference\n  warning: time_to_live: ..."),
        logging.WARNING,
        "orders: 1 difference\n  warning: time_to_live: ...",
    ),
]


def test_every_event_is_in_the_list() -> None:
    kinds = {kind for kind in vars(events).values() if isinstance(kind, type)}
    known = {kind for kind in kinds if issubclass(kind, events.Event)} - {events.Event}

    assert {type(event) for event, _, _ in EVENTS} == known


@pytest.mark.parametrize(("event", "level", "words"), EVENTS, ids=lambda v: type(v).__name__)
def test_level_words_and_fields(
    event: events.Event, level: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="dynoresilience"):
        LoggingSink(VirtualClock()).emit(event)

    (record,) = caplog.records
    assert record.levelno == level
    assert words in record.getMessage()
    plain: dict[str, Any] = vars(record)["dynoresilience"]
    assert plain["event"] == type(event).__name__
    assert plain["table"] == "orders"
    assert json.loads(json.dumps(plain)) == plain


def test_a_warning_is_said_once_for_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()
    sink = LoggingSink(clock)
    at_cap = events.ScaleUpHeld("orders", Hold(HoldReason.AT_CAP, ORDERS, WRITE))
    index = Resource("orders", "by-customer")
    other = events.ScaleUpHeld("orders", Hold(HoldReason.AT_CAP, index, WRITE))

    with caplog.at_level(logging.WARNING, logger="dynoresilience"):
        for event in (at_cap, at_cap, other, at_cap):
            sink.emit(event)
        assert len(caplog.records) == 2
        clock.advance(REPEAT_AFTER)
        sink.emit(at_cap)

    assert len(caplog.records) == 3


def test_a_missing_permission_is_one_warning_for_a_table(caplog: pytest.LogCaptureFixture) -> None:
    sink = LoggingSink(VirtualClock())

    with caplog.at_level(logging.WARNING, logger="dynoresilience"):
        for resource in (ORDERS, Resource("orders", "by-customer")):
            for dimension in Dimension:
                hold = Hold(HoldReason.NO_PERMISSION, resource, dimension, "not allowed to call X")
                sink.emit(events.ScaleUpHeld("orders", hold))

    assert len(caplog.records) == 1


def test_an_event_of_a_later_version_is_logged_as_it_is() -> None:
    assert sentence(events.Event("orders")) == "Event(table='orders')"


def test_a_failing_sink_does_not_keep_the_event_from_the_others() -> None:
    heard: list[events.Event] = []

    class Broken:
        def emit(self, event: events.Event) -> None:
            raise RuntimeError

    class Good:
        def emit(self, event: events.Event) -> None:
            heard.append(event)

    SafeSinks([Broken(), Good()]).emit(events.Event("orders"))

    assert len(heard) == 1


def test_a_sink_is_not_told_of_what_it_causes_itself() -> None:
    heard: list[events.Event] = []

    class WritesToDynamoDB:
        def emit(self, event: events.Event) -> None:
            heard.append(event)
            sinks.emit(events.Event("its own"))

    sinks = SafeSinks([WritesToDynamoDB()])
    sinks.emit(events.Event("orders"))
    sinks.emit(events.Event("customers"))

    assert [event.table for event in heard] == ["orders", "customers"]
