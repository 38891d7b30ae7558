"""What is ordered, and in which order it is met."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.model import Dimension, ThrottleKind
from dynoresilience.testing.replies import Refused, Reply
from dynoresilience.testing.service.fault_kinds import (
    BATCHES,
    Corrupt,
    Delay,
    Drop,
    Dropped,
    Lose,
    Partial,
    Throttle,
    Truncate,
    failing,
    throttling,
)
from dynoresilience.testing.service.faults import FaultPlan
from dynoresilience.testing.service.freezer import Freezer
from dynoresilience.testing.service.random_faults import KINDS, USUAL, RandomFaults

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
REPLY = Reply.of({"Item": {"id": {"S": "1"}}})


def met(plan: FaultPlan, operation: str, count: int) -> list[str | None]:
    faults = (plan.meet(operation, ARN) for _ in range(count))
    return [None if fault is None else fault.kind for fault in faults]


def test_faults_are_met_in_the_order_of_the_orders() -> None:
    plan = FaultPlan()
    plan.order("PutItem", 2, Drop())
    plan.order("PutItem", 1, Delay(1.0))
    plan.order("GetItem", 1, Truncate())
    assert met(plan, "PutItem", 4) == ["drop", "drop", "delay", None]
    assert met(plan, "GetItem", 2) == ["truncate", None]


def test_orders_may_come_while_others_are_looked_through() -> None:
    plan = FaultPlan()
    one_more = threading.Thread(target=plan.order, args=("*", 1, Lose()))

    class OrdersOneMore(Drop):
        def suits(self, operation: str) -> bool:
            if one_more.ident is None:
                one_more.start()
            one_more.join(0.1)  # it may have to wait for us
            return False

    plan.order("*", 1, OrdersOneMore())
    plan.order("*", 1, Delay(1.0))
    assert met(plan, "PutItem", 1) == ["delay"]
    one_more.join(5.0)
    assert met(plan, "PutItem", 1) == ["lose"]


def test_what_is_ordered_by_name_comes_before_what_is_for_any() -> None:
    plan = FaultPlan()
    plan.random = RandomFaults(1, rate=1.0, operations=None, kinds=["lose"])
    plan.order("*", 2, Corrupt())
    plan.order("PutItem", 1, Drop())
    assert met(plan, "PutItem", 2) == ["drop", "corrupt"]
    assert met(plan, "GetItem", 2) == ["corrupt", "lose"]


def test_a_fault_for_any_waits_for_an_operation_that_it_suits() -> None:
    plan = FaultPlan()
    plan.order("*", 1, Partial(1))
    plan.order("*", 1, Throttle())
    plan.order("*", 1, Drop())
    assert met(plan, "DescribeTable", 2) == ["drop", None]
    assert met(plan, "PutItem", 2) == ["throttle", None]
    assert met(plan, "BatchGetItem", 2) == ["partial", None]


def test_no_times_is_never() -> None:
    plan = FaultPlan()
    plan.order("PutItem", 0, Drop())
    assert met(plan, "PutItem", 1) == [None]


def test_a_fault_is_not_ordered_where_it_can_not_happen() -> None:
    plan = FaultPlan()
    with pytest.raises(ValueError, match=r"PutItem can't meet a 'partial'.*BatchWriteItem"):
        plan.order("PutItem", 1, Partial(1))
    with pytest.raises(ValueError, match="DescribeTable can't meet a 'throttle'"):
        plan.order("DescribeTable", 1, Throttle())


@pytest.mark.parametrize("denied", ["PutItem", "*"])
def test_a_denied_operation_uses_up_no_order(denied: str) -> None:
    plan = FaultPlan()
    plan.order("PutItem", 1, Drop())
    plan.deny(denied)
    with pytest.raises(Refused, match="not authorized to perform: dynamodb:PutItem"):
        plan.meet("PutItem", ARN)
    plan.allow()
    assert met(plan, "PutItem", 1) == ["drop"]


def test_any_operation_is_any_of_one_service() -> None:
    plan, service = FaultPlan(), "application-autoscaling"
    for name in ("*", f"{service}:*"):
        plan.order(name, 1, Drop() if name == "*" else Lose())
    assert plan.meet("RegisterScalableTarget", "*", service) == Lose()
    assert plan.meet("RegisterScalableTarget", "*", service) is None
    assert met(plan, "PutItem", 2) == ["drop", None]
    plan.deny("*")
    assert plan.meet("RegisterScalableTarget", "*", service) is None
    plan.deny(f"{service}:*")
    with pytest.raises(Refused, match=f"perform: {service}:RegisterScalableTarget"):
        plan.meet("RegisterScalableTarget", "*", service)


def test_what_faults_do_before_the_operation() -> None:
    with pytest.raises(Dropped) as dropped:
        Drop(connected=False).before()
    assert not dropped.value.connected
    for code, status in (("InternalServerError", 500), ("ServiceUnavailable", 503), ("Other", 400)):
        with pytest.raises(Refused, match="why") as refused:
            failing(code, "why").before()
        assert (refused.value.code, refused.value.status) == (code, status)
    assert failing("Other", "why", 418).status == 418
    for harmless in (Lose(), Delay(1.0), Truncate(), Corrupt(), Throttle(), Partial(1)):
        harmless.before()


def test_what_faults_do_to_the_answer() -> None:
    assert REPLY.checksum != Corrupt().after(REPLY).checksum
    assert Corrupt().after(REPLY).sent == REPLY.raw
    stump = Truncate().after(REPLY)
    assert REPLY.raw.startswith(stump.sent)
    assert 0 < len(stump.sent) < len(REPLY.raw)
    assert stump.checksum == REPLY.checksum
    assert Delay(2.5).after(REPLY).delivery.seconds == 2.5
    with pytest.raises(Dropped) as dropped:
        Lose().after(REPLY)
    assert dropped.value.connected


@pytest.mark.parametrize("kind", ThrottleKind)
@pytest.mark.parametrize("dimension", Dimension)
@pytest.mark.parametrize("index", [None, "by-customer"])
def test_a_throttle_by_its_full_reason(
    kind: ThrottleKind, dimension: Dimension, index: str | None
) -> None:
    what = "Table" if index is None else "Index"
    reason = f"{what}{dimension.value.capitalize()}{kind.value}"
    assert throttling(reason, index, None) == Throttle(kind, index, dimension)
    assert throttling(kind.value, index, dimension.value) == Throttle(kind, index, dimension)


def test_a_throttle_takes_the_dimension_of_the_operation() -> None:
    throttle = throttling("KeyRangeThroughputExceeded", None, None)
    assert throttle.dimension_of("Query") is Dimension.READ
    assert throttle.dimension_of("UpdateItem") is Dimension.WRITE


@pytest.mark.parametrize(
    ("reason", "index", "dimension", "why"),
    [
        ("NoSuchReason", None, None, "reason must be one of ProvisionedThroughputExceeded, "),
        ("", None, None, "reason must be one of"),
        ("TableReadAccountLimitExceeded", None, "write", "contradicts dimension 'write'"),
        ("TableReadAccountLimitExceeded", "by-x", None, "contradicts index 'by-x'"),
        ("IndexReadAccountLimitExceeded", None, None, "contradicts index None"),
        ("AccountLimitExceeded", None, "sideways", "sideways"),
    ],
)
def test_reasons_that_contradict(
    reason: str, index: str | None, dimension: str | None, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        throttling(reason, index, dimension)


# Chance

OPERATIONS = st.sampled_from(["PutItem", "GetItem", "BatchWriteItem", "DescribeTable"])


def kinds_met(plan: RandomFaults, operations: list[str]) -> list[Any]:
    return [plan.meet(operation) for operation in operations]


@given(seed=st.integers() | st.text(), rate=st.floats(0, 1), calls=st.lists(OPERATIONS))
def test_the_same_seed_and_calls_meet_the_same_faults(
    seed: object, rate: float, calls: list[str]
) -> None:
    first, second = (RandomFaults(seed, rate=rate, operations=None, kinds=KINDS) for _ in range(2))
    assert kinds_met(first, calls) == kinds_met(second, calls)


@given(calls=st.lists(OPERATIONS, max_size=60))
def test_an_operation_meets_the_same_whatever_others_do(calls: list[str]) -> None:
    mixed = RandomFaults(7, rate=0.5, operations=None, kinds=KINDS)
    alone = RandomFaults(7, rate=0.5, operations=None, kinds=KINDS)
    met_among_others = [
        fault
        for operation, fault in zip(calls, kinds_met(mixed, calls), strict=True)
        if operation == "PutItem"
    ]
    assert met_among_others == kinds_met(alone, ["PutItem"] * calls.count("PutItem"))


def test_all_kinds_come_up_at_about_their_rate() -> None:
    plan = RandomFaults("seed", rate=0.25, operations=None, kinds=KINDS)
    found = [fault.kind for fault in kinds_met(plan, ["BatchWriteItem"] * 4000) if fault]
    assert 900 < len(found) < 1100
    assert set(found) == set(KINDS)


def test_seeds_differ() -> None:
    plans = [RandomFaults(seed, rate=0.5, operations=None, kinds=KINDS) for seed in (1, 2)]
    histories = [kinds_met(plan, ["PutItem"] * 50) for plan in plans]
    assert histories[0] != histories[1]


def test_only_what_suits_the_operation_happens() -> None:
    plan = RandomFaults(3, rate=1.0, operations=None, kinds=["partial", "throttle"])
    assert kinds_met(plan, ["DescribeTable"] * 20) == [None] * 20
    assert {fault.kind for fault in kinds_met(plan, ["PutItem"] * 20)} == {"throttle"}
    both = {fault.kind for fault in kinds_met(plan, [*BATCHES] * 20)}
    assert both == {"partial", "throttle"}


def test_only_the_operations_that_were_named() -> None:
    plan = RandomFaults(3, rate=1.0, operations=["PutItem"], kinds=USUAL)
    assert kinds_met(plan, ["GetItem"] * 20) == [None] * 20
    assert None not in kinds_met(plan, ["PutItem"] * 20)


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan"), True, "1"])
def test_a_rate_that_is_none(rate: Any) -> None:
    with pytest.raises(ValueError, match="rate must be a number from 0 to 1"):
        RandomFaults(1, rate=rate, operations=None, kinds=KINDS)


@pytest.mark.parametrize("kinds", [["explode"], [], "drop"])
def test_kinds_that_are_none(kinds: Any) -> None:
    with pytest.raises(ValueError, match="kinds must be some of error, drop, lose"):
        RandomFaults(1, rate=0.1, operations=None, kinds=kinds)


# Standstill


def test_what_is_left_for_later_is_done_at_the_thaw() -> None:
    done: list[int] = []
    freezer = Freezer()
    freezer.later(lambda: done.append(1))
    assert done == [1]
    freezer.freeze()
    assert freezer.frozen
    freezer.later(lambda: done.append(2))
    freezer.later(lambda: done.append(3))
    assert done == [1]
    freezer.thaw()
    assert not freezer.frozen
    assert done == [1, 2, 3]
    freezer.thaw()
    assert done == [1, 2, 3]


def test_nothing_is_done_once_nobody_is_served() -> None:
    done: list[int] = []
    freezer = Freezer()
    freezer.freeze()
    freezer.later(lambda: done.append(1))
    freezer.release()
    freezer.thaw()
    assert done == []
