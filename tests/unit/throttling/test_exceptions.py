"""Which exceptions are a throttle of a data call that somebody may retry."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynoresilience.model import Dimension, Resource, ThrottleSignal
from dynoresilience.throttling.exceptions import least_delay, throttled_error, what_was_short
from dynoresilience.throttling.signals import Throttle

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"


def error(
    code: str = "ProvisionedThroughputExceededException",
    operation: str = "PutItem",
    **members: Any,
) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}, **members}, operation)  # type: ignore[typeddict-item]


def cancelled(*codes: str) -> ClientError:
    reasons = [{"Code": code} for code in codes]
    return error("TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons)


@pytest.mark.parametrize(
    ("found", "throttled"),
    [
        (error(), True),
        (error("ThrottlingException"), True),
        (error("ConditionalCheckFailedException"), False),
        (error("ThrottlingException", "UpdateTable"), False),
        (cancelled("None", "ThrottlingError"), True),
        (cancelled("ConditionalCheckFailed", "ThrottlingError"), False),
        (error(Dynoresilience={"attempts": 6}), False),
        (KeyError("not botocore's"), False),
    ],
)
def test_a_throttle_is_known_alone_and_wrapped(found: Exception, throttled: bool) -> None:
    class Wrapped(Exception):
        """As PynamoDB wraps it."""

        cause = found

    raised_from = ValueError()
    raised_from.__cause__ = found

    for candidate in (found, Wrapped(), raised_from):
        assert throttled_error(candidate) is (found if throttled else None)


def test_a_spent_budget_counts_if_it_is_asked_for() -> None:
    spent = error(Dynoresilience={"attempts": 6})

    assert throttled_error(spent, even_if_spent=True) is spent


def test_an_error_that_retells_another_stands_for_it() -> None:
    """PynamoDB's has neither the reasons nor our report."""
    spent, other = error(Dynoresilience={"attempts": 6}), error(operation="GetItem")
    retold = error()
    retold.__cause__ = spent
    assert throttled_error(retold) is None
    assert throttled_error(retold, even_if_spent=True) is spent

    for another in (other, error("ThrottlingException", Dynoresilience={"attempts": 6})):
        retold.__cause__ = another
        assert throttled_error(retold) is retold


def test_a_circle_of_causes_ends() -> None:
    one, other = ValueError(), ValueError()
    one.__cause__, other.__cause__ = other, one

    assert throttled_error(one) is None


def test_what_was_short_is_of_the_region_and_the_table_asked_for() -> None:
    signal = ThrottleSignal(Resource("orders"), Dimension.WRITE)
    reason = {"reason": "TableWriteProvisionedThroughputExceeded", "resource": ARN}
    named = error(ThrottlingReasons=[reason])

    assert what_was_short(named, None, "eu-west-1") == Throttle((signal,))
    assert what_was_short(named, "orders", "us-east-1") == Throttle(())
    assert what_was_short(error(), "orders", "us-east-1") == Throttle((signal,))
    assert what_was_short(error(), None, "us-east-1") == Throttle(())
    assert what_was_short(error("ValidationException"), "orders", "us-east-1") == Throttle(())


def test_the_least_delay_is_that_of_the_header() -> None:
    headers = {"HTTPHeaders": {"x-amz-retry-after": "1500"}}

    assert least_delay(error(ResponseMetadata=headers)) == 1.5
    assert least_delay(error()) is None
