"""From error responses to signals: every spelling DynamoDB and its emulators use."""

from __future__ import annotations

from typing import Any

import pytest

from dynoresilience.model import Dimension, Resource, ThrottleKind, ThrottleSignal
from dynoresilience.throttling.signals import (
    Throttle,
    read_statement_errors,
    read_throttle,
    regions_of,
    retry_after,
    tables_of,
)

READ, WRITE = Dimension.READ, Dimension.WRITE
ORDERS = Resource("orders")
BY_CUSTOMER = Resource("orders", "by-customer")
ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"
EXCEEDED = "ProvisionedThroughputExceededException"
OF_TABLE = "The level of configured provisioned throughput for the table was exceeded."
OF_INDEX = (
    "The level of configured provisioned throughput for one or more global secondary indexes of "
    "the table was exceeded."
)


def error(code: str, message: str = "", **members: Any) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": message}, **members}


def one(signal: ThrottleSignal | None) -> tuple[ThrottleSignal, ...]:
    assert signal is not None
    return (signal,)


@pytest.mark.parametrize("kind", list(ThrottleKind))
@pytest.mark.parametrize("dimension", [READ, WRITE])
@pytest.mark.parametrize("of_index", [False, True])
def test_all_sixteen_reasons(kind: ThrottleKind, dimension: Dimension, of_index: bool) -> None:
    reason = f"{'Index' if of_index else 'Table'}{dimension.value.title()}{kind.value}"
    resource = ARN + ("/index/by-customer" if of_index else "")
    response = error(EXCEEDED, ThrottlingReasons=[{"reason": reason, "resource": resource}])

    throttle = read_throttle(response, "PutItem", {"TableName": "orders"})

    expected = BY_CUSTOMER if of_index else ORDERS
    assert throttle == Throttle((ThrottleSignal(expected, dimension, kind),))


def test_the_lower_case_member_of_throttling_exception() -> None:
    reasons = [{"reason": "TableWriteKeyRangeThroughputExceeded", "resource": ARN}]
    response = error("ThrottlingException", throttlingReasons=reasons)

    throttle = read_throttle(response, "UpdateItem", {})

    assert throttle == Throttle((ThrottleSignal(ORDERS, WRITE, ThrottleKind.KEY_RANGE),))


def test_a_write_short_on_an_index_and_its_table_gives_both_once() -> None:
    index = {
        "reason": "IndexWriteProvisionedThroughputExceeded",
        "resource": f"{ARN}/index/by-customer",
    }
    table = {"reason": "TableWriteProvisionedThroughputExceeded", "resource": ARN}
    response = error(EXCEEDED, ThrottlingReasons=[index, table, index])

    throttle = read_throttle(response, "PutItem", {"TableName": "orders"})

    assert throttle == Throttle((ThrottleSignal(BY_CUSTOMER, WRITE), ThrottleSignal(ORDERS, WRITE)))


def test_a_table_that_is_addressed_by_arn_stays_so() -> None:
    reasons = [{"reason": "TableReadProvisionedThroughputExceeded", "resource": ARN}]
    response = error(EXCEEDED, ThrottlingReasons=reasons)

    throttle = read_throttle(response, "GetItem", {"TableName": ARN})

    assert throttle == Throttle((ThrottleSignal(Resource(ARN), READ),))


@pytest.mark.parametrize(
    ("reason", "resource", "expected"),
    [
        ("TableWriteProvisionedThroughputExceeded", None, one(ThrottleSignal(ORDERS, WRITE))),
        (
            "IndexWriteProvisionedThroughputExceeded",
            None,
            one(ThrottleSignal(ORDERS, WRITE, any_index=True)),
        ),
        ("SomethingNew", ARN, ()),
        ("TableWriteSomethingNew", ARN, ()),
        (None, ARN, ()),
    ],
)
def test_reasons_that_are_incomplete_or_new(
    reason: str | None, resource: str | None, expected: tuple[ThrottleSignal, ...]
) -> None:
    response = error(EXCEEDED, ThrottlingReasons=[{"reason": reason, "resource": resource}])

    assert read_throttle(response, "PutItem", {"TableName": "orders"}) == Throttle(expected)


def test_a_reason_without_resource_in_a_request_for_two_tables_tells_nothing() -> None:
    response = error(
        EXCEEDED, ThrottlingReasons=[{"reason": "TableWriteProvisionedThroughputExceeded"}]
    )

    throttle = read_throttle(response, "BatchWriteItem", {"RequestItems": {"a": [], "b": []}})

    assert throttle == Throttle(())


@pytest.mark.parametrize(
    ("code", "message", "operation", "request_", "expected"),
    [
        (EXCEEDED, OF_TABLE, "PutItem", {}, ThrottleSignal(ORDERS, WRITE)),
        (EXCEEDED, OF_TABLE, "GetItem", {}, ThrottleSignal(ORDERS, READ)),
        (EXCEEDED, OF_INDEX, "PutItem", {}, ThrottleSignal(ORDERS, WRITE, any_index=True)),
        (
            EXCEEDED,
            OF_INDEX,
            "Query",
            {"IndexName": "by-customer"},
            ThrottleSignal(BY_CUSTOMER, READ),
        ),
        (
            EXCEEDED,
            OF_TABLE,
            "Scan",
            {"IndexName": "by-customer"},
            ThrottleSignal(BY_CUSTOMER, READ),
        ),
        (EXCEEDED, "", "DeleteItem", {}, ThrottleSignal(ORDERS, WRITE)),
        (
            "ThrottlingException",
            "Throughput exceeds the current capacity of your table or index.",
            "Query",
            {},
            ThrottleSignal(ORDERS, READ),
        ),
        (
            "RequestLimitExceeded",
            "Throughput exceeds the current throughput limit for your account.",
            "PutItem",
            {},
            ThrottleSignal(ORDERS, WRITE, ThrottleKind.ACCOUNT),
        ),
    ],
)
def test_without_reasons_the_message_and_the_request_tell(
    code: str, message: str, operation: str, request_: dict[str, Any], expected: ThrottleSignal
) -> None:
    throttle = read_throttle(error(code, message), operation, {"TableName": "orders", **request_})

    assert throttle == Throttle((expected,))


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("ExecuteStatement", {"Statement": "SELECT * FROM orders, customers"}),
        ("ExecuteStatement", {}),
        ("BatchExecuteStatement", {"Statements": []}),
        ("BatchWriteItem", {"RequestItems": {"orders": [], "customers": []}}),
        ("PutItem", {}),
    ],
)
def test_where_nobody_says_what_was_short_it_is_still_a_throttle(
    operation: str, request_: dict[str, Any]
) -> None:
    assert read_throttle(error(EXCEEDED, OF_TABLE), operation, request_) == Throttle(())


def test_a_rate_that_is_not_throughput_is_backed_off_from() -> None:
    """A table's KMS key has a rate of its own: more units would not help."""
    response = error("ThrottlingException", "The KMS request rate was exceeded")

    assert read_throttle(response, "PutItem", {"TableName": "orders"}) == Throttle(())


@pytest.mark.parametrize(
    ("response", "operation"),
    [
        (error("ConditionalCheckFailedException"), "PutItem"),
        (error("ResourceNotFoundException"), "GetItem"),
        (error("InternalServerError"), "GetItem"),
        (error("ThrottlingException", "Rate exceeded"), "DescribeTable"),
        (error("LimitExceededException"), "UpdateTable"),
        ({}, "PutItem"),
        ({"Error": None}, "PutItem"),
    ],
)
def test_what_is_not_a_throttle_of_a_data_call(response: dict[str, Any], operation: str) -> None:
    assert read_throttle(response, operation, {"TableName": "orders"}) is None


PUTS = {"TransactItems": [{"Put": {"TableName": t}} for t in ("orders", "customers", "orders")]}


def cancelled(*codes: str) -> dict[str, Any]:
    return error("TransactionCanceledException", CancellationReasons=[{"Code": c} for c in codes])


def test_a_transaction_cancelled_for_capacity_names_the_tables_that_were_short() -> None:
    response = cancelled("ProvisionedThroughputExceeded", "None", "ProvisionedThroughputExceeded")

    throttle = read_throttle(response, "TransactWriteItems", PUTS)

    assert throttle == Throttle((ThrottleSignal(ORDERS, WRITE),))


def test_transact_gets_are_reads() -> None:
    gets = {"TransactItems": [{"Get": {"TableName": "orders"}}]}

    throttle = read_throttle(cancelled("ProvisionedThroughputExceeded"), "TransactGetItems", gets)

    assert throttle == Throttle((ThrottleSignal(ORDERS, READ),))


@pytest.mark.parametrize(
    "codes",
    [
        ("ProvisionedThroughputExceeded", "ConditionalCheckFailed", "None"),
        ("TransactionConflict", "None", "None"),
        ("None", "None", "None"),
        (),
    ],
)
def test_a_transaction_cancelled_for_anything_else_is_not_ours(codes: tuple[str, ...]) -> None:
    assert read_throttle(cancelled(*codes), "TransactWriteItems", PUTS) is None


def test_a_throttling_error_in_a_transaction_backs_off_without_naming_a_table() -> None:
    assert read_throttle(
        cancelled("None", "ThrottlingError"), "TransactWriteItems", PUTS
    ) == Throttle(())


def test_a_transaction_that_was_short_on_an_index_is_not_short_on_its_table() -> None:
    reasons = [{"Code": "ProvisionedThroughputExceeded", "Message": OF_INDEX}]
    response = error("TransactionCanceledException", CancellationReasons=reasons)

    throttle = read_throttle(response, "TransactWriteItems", PUTS)

    assert throttle == Throttle((ThrottleSignal(ORDERS, WRITE, any_index=True),))


def test_the_regions_of_what_was_short() -> None:
    response = error(
        EXCEEDED, ThrottlingReasons=[{"reason": "x", "resource": ARN}, {"reason": "y"}]
    )

    assert regions_of(response) == {"eu-central-1"}
    assert regions_of(error(EXCEEDED)) == frozenset()


def test_cancellation_codes_in_the_message_alone() -> None:
    message = (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ProvisionedThroughputExceeded, None]"
    )

    throttle = read_throttle(
        error("TransactionCanceledException", message), "TransactWriteItems", PUTS
    )

    assert throttle == Throttle((ThrottleSignal(Resource("customers"), WRITE),))


@pytest.mark.parametrize(
    ("value", "seconds"), [("1500", 1.5), ("0", 0.0), ("-1", None), ("soon", None), (None, None)]
)
def test_the_least_delay_that_an_answer_asks_for(value: str | None, seconds: float | None) -> None:
    assert retry_after({} if value is None else {"x-amz-retry-after": value}) == seconds


def test_a_signal_explains_itself() -> None:
    assert str(ThrottleSignal(ORDERS, WRITE, any_index=True)) == (
        "orders/* write ProvisionedThroughputExceeded"
    )


# -- PartiQL ---------------------------------------------------------------------------------

SELECT = 'SELECT * FROM "orders" WHERE id = ?'
SELECT_BY_CUSTOMER = 'SELECT * FROM "orders"."by-customer" WHERE customer = ?'
INSERT = "INSERT INTO orders VALUE {'id': ?}"
INSERT_CUSTOMER = "INSERT INTO customers VALUE {'id': ?}"
CHECK = "EXISTS(SELECT * FROM customers WHERE id = ? AND open = true)"
UNREADABLE = "UPSERT INTO orders VALUE {'id': ?}"
CUSTOMERS = Resource("customers")


def texts(*statements: str) -> list[dict[str, Any]]:
    return [{"Statement": statement, "Parameters": [{"S": "1"}]} for statement in statements]


@pytest.mark.parametrize(
    ("message", "statement", "expected"),
    [
        (OF_TABLE, SELECT, ThrottleSignal(ORDERS, READ)),
        (OF_TABLE, SELECT_BY_CUSTOMER, ThrottleSignal(BY_CUSTOMER, READ)),
        (OF_INDEX, SELECT_BY_CUSTOMER, ThrottleSignal(BY_CUSTOMER, READ)),
        (OF_TABLE, INSERT, ThrottleSignal(ORDERS, WRITE)),
        (OF_INDEX, INSERT, ThrottleSignal(ORDERS, WRITE, any_index=True)),
        (
            OF_TABLE,
            f"DELETE FROM \"{ARN}\" WHERE id = '1'",
            ThrottleSignal(Resource(ARN), WRITE),
        ),
    ],
)
def test_without_reasons_the_statement_and_the_message_tell(
    message: str, statement: str, expected: ThrottleSignal
) -> None:
    throttle = read_throttle(
        error(EXCEEDED, message), "ExecuteStatement", {"Statement": statement, "Limit": 1}
    )

    assert throttle == Throttle((expected,))


@pytest.mark.parametrize("statement", [SELECT_BY_CUSTOMER, UNREADABLE])
def test_reasons_tell_better_than_the_statement(statement: str) -> None:
    reasons = [{"reason": "TableReadProvisionedThroughputExceeded", "resource": ARN}]
    response = error(EXCEEDED, OF_INDEX, ThrottlingReasons=reasons)

    throttle = read_throttle(response, "ExecuteStatement", {"Statement": statement})

    assert throttle == Throttle((ThrottleSignal(ORDERS, READ),))


def test_a_reason_without_resource_is_that_of_the_statement() -> None:
    reasons = [{"reason": "IndexReadProvisionedThroughputExceeded"}]
    response = error(EXCEEDED, ThrottlingReasons=reasons)

    def read(statement: str) -> Throttle | None:
        return read_throttle(response, "ExecuteStatement", {"Statement": statement})

    assert read(SELECT_BY_CUSTOMER) == Throttle((ThrottleSignal(BY_CUSTOMER, READ),))
    assert read(UNREADABLE) == Throttle(())


@pytest.mark.parametrize(
    ("operation", "member"),
    [("BatchExecuteStatement", "Statements"), ("ExecuteTransaction", "TransactStatements")],
)
@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ((INSERT, INSERT, "DELETE FROM orders WHERE id = ?"), one(ThrottleSignal(ORDERS, WRITE))),
        ((INSERT, INSERT_CUSTOMER), ()),
        ((SELECT, SELECT_BY_CUSTOMER), ()),
        ((SELECT, INSERT), ()),
        ((INSERT, UNREADABLE), ()),
        ((UNREADABLE, UNREADABLE), ()),
    ],
)
def test_statements_that_were_refused_as_a_whole_must_agree(
    operation: str, member: str, statements: tuple[str, ...], expected: tuple[ThrottleSignal, ...]
) -> None:
    throttle = read_throttle(error(EXCEEDED, OF_TABLE), operation, {member: texts(*statements)})

    assert throttle == Throttle(expected)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"Statement": SELECT_BY_CUSTOMER}, ("orders",)),
        ({"Statement": UNREADABLE}, ()),
        (
            {"Statements": texts(INSERT, UNREADABLE, INSERT_CUSTOMER, INSERT)},
            ("orders", "customers"),
        ),
        ({"TransactStatements": texts(INSERT, CHECK)}, ("orders", "customers")),
        ({}, ()),
    ],
)
def test_the_tables_of_statements(request_: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert tables_of(request_) == expected


def test_a_table_that_a_statement_addresses_by_arn_stays_so() -> None:
    reasons = [{"reason": "TableWriteProvisionedThroughputExceeded", "resource": ARN}]
    response = error(EXCEEDED, ThrottlingReasons=reasons)
    request = {"Statements": texts(INSERT.replace("orders", f'"{ARN}"'), INSERT_CUSTOMER)}

    throttle = read_throttle(response, "BatchExecuteStatement", request)

    assert throttle == Throttle((ThrottleSignal(Resource(ARN), WRITE),))


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ((INSERT, INSERT, INSERT_CUSTOMER), one(ThrottleSignal(CUSTOMERS, WRITE))),
        ((INSERT, INSERT, CHECK), one(ThrottleSignal(CUSTOMERS, WRITE))),
        ((SELECT, SELECT, SELECT), one(ThrottleSignal(ORDERS, READ))),
        ((UNREADABLE, INSERT, INSERT_CUSTOMER), one(ThrottleSignal(CUSTOMERS, WRITE))),
        ((INSERT, INSERT, UNREADABLE), ()),
        ((), ()),
    ],
)
def test_a_cancelled_transaction_of_statements_names_those_that_were_short(
    statements: tuple[str, ...], expected: tuple[ThrottleSignal, ...]
) -> None:
    response = cancelled("None", "None", "ProvisionedThroughputExceeded")

    throttle = read_throttle(
        response, "ExecuteTransaction", {"TransactStatements": texts(*statements)}
    )

    assert throttle == Throttle(expected)


def test_a_transaction_of_statements_with_a_failed_condition_is_not_ours() -> None:
    response = cancelled("ProvisionedThroughputExceeded", "ConditionalCheckFailed")
    request = {"TransactStatements": texts(INSERT, CHECK)}

    assert read_throttle(response, "ExecuteTransaction", request) is None


def refused(code: str, message: str = OF_TABLE, table: str | None = "orders") -> dict[str, Any]:
    told = {} if table is None else {"TableName": table}
    return {"Error": {"Code": code, "Message": message}, **told}


SHORT = "ProvisionedThroughputExceeded"


def errors_of(*pairs: tuple[str, dict[str, Any]]) -> tuple[tuple[int, ...], Throttle]:
    answer = {"Responses": [entry for _, entry in pairs]}
    return read_statement_errors(answer, {"Statements": texts(*(text for text, _ in pairs))})


@pytest.mark.parametrize(
    "code",
    [
        "ConditionalCheckFailed",
        "ItemCollectionSizeLimitExceeded",
        "ValidationError",
        "TransactionConflict",
        "InternalServerError",
        "ResourceNotFound",
        "AccessDenied",
        "DuplicateItem",
        None,
    ],
)
def test_statements_that_failed_for_another_reason_are_not_ours(code: str) -> None:
    assert errors_of((INSERT, refused(code)), (INSERT, {})) == ((), Throttle(()))


def test_of_a_batch_the_statements_that_were_short_are_told_by_their_places() -> None:
    found = errors_of(
        (INSERT, {"TableName": "orders"}),
        (INSERT, refused(SHORT)),
        (INSERT_CUSTOMER, refused("DuplicateItem", table="customers")),
        (INSERT_CUSTOMER, refused(SHORT, OF_INDEX, "customers")),
        (INSERT, refused(SHORT)),
    )

    assert found == (
        (1, 3, 4),
        Throttle((ThrottleSignal(ORDERS, WRITE), ThrottleSignal(CUSTOMERS, WRITE, any_index=True))),
    )


@pytest.mark.parametrize(
    ("statement", "entry", "expected"),
    [
        (SELECT, refused(SHORT), one(ThrottleSignal(ORDERS, READ))),
        (SELECT, refused(SHORT, table=None), one(ThrottleSignal(ORDERS, READ))),
        (
            SELECT.replace("orders", ARN),
            refused(SHORT),
            one(ThrottleSignal(Resource(ARN), READ)),
        ),
        (SELECT, refused(SHORT, table=ARN), one(ThrottleSignal(ORDERS, READ))),
        (
            SELECT,
            refused("RequestLimitExceeded", "Throughput exceeds the limit for your account."),
            one(ThrottleSignal(ORDERS, READ, ThrottleKind.ACCOUNT)),
        ),
        (
            SELECT,
            refused("ThrottlingError", "Throughput exceeds the current capacity of your table"),
            one(ThrottleSignal(ORDERS, READ)),
        ),
        (SELECT, refused("ThrottlingError", "The KMS request rate was exceeded"), ()),
        (SELECT, refused(SHORT, table="customers"), ()),
        (UNREADABLE, refused(SHORT), ()),
    ],
)
def test_what_a_refused_statement_of_a_batch_was_short_of(
    statement: str, entry: dict[str, Any], expected: tuple[ThrottleSignal, ...]
) -> None:
    assert errors_of((statement, entry)) == ((0,), Throttle(expected))


def test_an_answer_without_responses_has_no_refused_statements() -> None:
    request = {"Statements": texts(INSERT)}

    assert read_statement_errors({}, request) == ((), Throttle(()))
    assert read_statement_errors({"Responses": [refused(SHORT)] * 2}, request)[0] == (0,)
