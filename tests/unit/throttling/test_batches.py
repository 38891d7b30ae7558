"""What is left of a batch, and the answers to its requests as one."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.model import Dimension, RefusedWrite, Resource, ThrottleSignal
from dynoresilience.throttling.batches import FULL, LARGE, Batch, Rest, rest_of
from dynoresilience.throttling.signals import Throttle

READ, WRITE = Dimension.READ, Dimension.WRITE


def put(**item: Any) -> dict[str, Any]:
    return {"PutRequest": {"Item": {name: {"S": value} for name, value in item.items()}}}


def delete(key: str) -> dict[str, Any]:
    return {"DeleteRequest": {"Key": {"id": {"S": key}}}}


def test_a_batch_that_is_done_has_no_rest() -> None:
    request = {"RequestItems": {"orders": [put(id="1")]}}

    assert rest_of("BatchWriteItem", request, {"UnprocessedItems": {}}) is None
    assert rest_of("BatchWriteItem", request, {"UnprocessedItems": {"orders": []}}) is None
    assert rest_of("BatchGetItem", request, {"Responses": {}}) is None


@pytest.mark.parametrize("entry", [{}, {"Keys": []}, {"ConsistentRead": True}])
def test_nothing_is_read_again_for_a_table_without_keys(entry: dict[str, Any]) -> None:
    request = {"RequestItems": {"orders": {"Keys": [{"id": {"S": "1"}}]}}}

    assert rest_of("BatchGetItem", request, {"UnprocessedKeys": {"orders": entry}}) is None


def test_writes_that_are_left_are_the_next_request_and_say_what_they_would_touch() -> None:
    writes = [put(id="1", customer="c"), put(id="2", text="x" * 3000), delete("3")]
    request = {"RequestItems": {"orders": writes}, "ReturnConsumedCapacity": "TOTAL"}
    left = {"UnprocessedItems": {"orders": writes[1:]}}

    rest = rest_of("BatchWriteItem", request, left)

    refused = (RefusedWrite(frozenset({"id", "text"}), 3), RefusedWrite(None, 1))
    signal = ThrottleSignal(Resource("orders"), WRITE, told=False, refused=refused)
    assert rest == Rest(
        {"RequestItems": {"orders": writes[1:]}, "ReturnConsumedCapacity": "TOTAL"},
        Throttle((signal,)),
    )


def test_writes_are_left_for_lack_of_capacity_however_many_bytes_they_are() -> None:
    left = {"orders": [put(id="1")]}

    rest = rest_of("BatchWriteItem", {"RequestItems": left}, {"UnprocessedItems": left}, FULL)

    assert rest is not None
    assert rest.throttle is not None


def test_the_size_of_a_write_counts_lists_maps_numbers_and_flags() -> None:
    item = {"id": {"S": "1"}, "m": {"M": {"l": {"L": [{"N": "12"}, {"BOOL": True}]}}}}
    left = {"orders": [{"PutRequest": {"Item": item}}]}

    rest = rest_of("BatchWriteItem", {"RequestItems": left}, {"UnprocessedItems": left})

    assert rest is not None
    assert rest.throttle is not None
    assert rest.throttle.signals[0].refused == (RefusedWrite(frozenset({"id", "m"}), 1),)


def test_the_bytes_in_a_list_count() -> None:
    item = {"l": {"L": [{"S": "x" * 1000}] * 3}}
    left = {"orders": [{"PutRequest": {"Item": item}}]}

    rest = rest_of("BatchWriteItem", {"RequestItems": left}, {"UnprocessedItems": left})

    assert rest is not None
    assert rest.throttle is not None
    assert rest.throttle.signals[0].refused == (RefusedWrite(frozenset({"l"}), 3),)


def test_what_is_asked_beside_the_batch_is_asked_again() -> None:
    total = {"ReturnConsumedCapacity": "TOTAL"}
    keys = {"orders": {"Keys": [{"id": {"S": "1"}}]}}
    texts = statements("SELECT * FROM orders WHERE id = '1'")

    of_keys = rest_of("BatchGetItem", {"RequestItems": keys, **total}, {"UnprocessedKeys": keys})
    of_texts = rest_of("BatchExecuteStatement", {**texts, **total}, {"Responses": [THROTTLED]})

    assert of_keys is not None
    assert of_keys.request == {"RequestItems": keys, **total}
    assert of_texts is not None
    assert of_texts.request == {**texts, **total}


def test_keys_that_are_left_are_read_as_they_were_asked_for() -> None:
    asked = {"Keys": [{"id": {"S": "1"}}, {"id": {"S": "2"}}], "ProjectionExpression": "id"}
    request = {"RequestItems": {"orders": asked, "users": {"Keys": [{"id": {"S": "7"}}]}}}
    left = {"orders": {"Keys": [{"id": {"S": "2"}}]}, "users": {}}

    rest = rest_of("BatchGetItem", request, {"UnprocessedKeys": left})

    next_keys = {"Keys": [{"id": {"S": "2"}}], "ProjectionExpression": "id"}
    signal = ThrottleSignal(Resource("orders"), READ, told=False)
    assert rest == Rest({"RequestItems": {"orders": next_keys}}, Throttle((signal,)))


def test_a_table_that_the_request_spelled_otherwise_is_taken_as_the_answer_has_it() -> None:
    left = {"orders": {"Keys": [{"id": {"S": "2"}}]}}

    rest = rest_of("BatchGetItem", {}, {"UnprocessedKeys": left})

    assert rest is not None
    assert rest.request == {"RequestItems": left}


@pytest.mark.parametrize(
    ("size", "throttled"), [(LARGE - 1, True), (LARGE, False), (FULL - 1, False)]
)
def test_keys_that_a_large_answer_leaves_may_not_have_been_throttled(
    size: int, throttled: bool
) -> None:
    left = {"orders": {"Keys": [{"id": {"S": "2"}}]}}

    rest = rest_of("BatchGetItem", {"RequestItems": left}, {"UnprocessedKeys": left}, size)

    assert rest is not None
    assert (rest.throttle is not None) is throttled


def test_keys_that_a_full_answer_leaves_are_the_callers() -> None:
    left = {"orders": {"Keys": [{"id": {"S": "2"}}]}}

    assert rest_of("BatchGetItem", {}, {"UnprocessedKeys": left}, FULL) is None


def statements(*texts: str) -> dict[str, Any]:
    return {"Statements": [{"Statement": text} for text in texts]}


THROTTLED = {"Error": {"Code": "ProvisionedThroughputExceeded", "Message": "no"}}


def test_statements_that_were_throttled_are_left_and_no_others() -> None:
    insert = "INSERT INTO \"orders\" VALUE {{'id': '{}'}}"
    request = statements(*(insert.format(number) for number in range(3)))
    failed = {"Error": {"Code": "DuplicateItem"}, "TableName": "orders"}
    answer = {"Responses": [{**THROTTLED, "TableName": "orders"}, failed, {"TableName": "orders"}]}

    rest = rest_of("BatchExecuteStatement", request, answer)

    assert rest is not None
    assert rest.request == statements(insert.format(0))
    assert rest.places == (0,)
    assert rest.throttle is not None
    assert {signal.resource.table for signal in rest.throttle.signals} == {"orders"}
    assert rest_of("BatchExecuteStatement", request, {"Responses": [failed]}) is None


def test_answers_to_statements_find_their_places_over_several_rounds() -> None:
    batch = Batch()
    first = {"Responses": [THROTTLED, {"n": 1}, THROTTLED, THROTTLED]}
    batch.fold_into(first)
    batch.go_on_with(Rest({}, None, (0, 2, 3)))
    second: dict[str, Any] = {"Responses": [{"n": 0}, THROTTLED, {"n": 3}]}
    batch.fold_into(second)
    assert second["Responses"] == [{"n": 0}, {"n": 1}, THROTTLED, {"n": 3}]

    batch.go_on_with(Rest({}, None, (1,)))
    third: dict[str, Any] = {"Responses": [{"n": 2}]}
    batch.fold_into(third)

    assert third["Responses"] == [{"n": number} for number in range(4)]


@pytest.mark.parametrize("odd", [{}, {"Responses": None}, {"Responses": []}])
def test_an_answer_without_answers_to_the_statements_leaves_those_before(
    odd: dict[str, Any],
) -> None:
    batch = Batch()
    batch.fold_into({"Responses": [THROTTLED, {"n": 1}]})
    batch.go_on_with(Rest({}, None, (0,)))

    batch.fold_into(odd)

    assert odd["Responses"] == [THROTTLED, {"n": 1}]


def test_capacity_of_statements_stays_with_each_of_them() -> None:
    """The list goes by the statements: BatchExecuteStatement, API reference."""
    batch = Batch()
    one = {"TableName": "orders", "CapacityUnits": 1.0}
    batch.fold_into({"Responses": [THROTTLED, {}, THROTTLED], "ConsumedCapacity": [one] * 3})
    batch.go_on_with(Rest({}, None, (0, 2)))
    answer: dict[str, Any] = {"Responses": [{}, {}], "ConsumedCapacity": [one] * 2}

    batch.fold_into(answer)

    assert [entry["CapacityUnits"] for entry in answer["ConsumedCapacity"]] == [2.0, 1.0, 2.0]


def test_capacity_that_is_told_for_some_statements_is_told_in_full() -> None:
    batch = Batch()
    one = {"TableName": "orders", "CapacityUnits": 1.0}
    batch.fold_into({"Responses": [{}, {}, THROTTLED], "ConsumedCapacity": [one] * 2})
    batch.go_on_with(Rest({}, None, (2,)))
    answer: dict[str, Any] = {"Responses": [{}], "ConsumedCapacity": [one]}

    batch.fold_into(answer)

    assert answer["ConsumedCapacity"] == [one] * 3


def test_capacity_that_only_a_later_answer_tells_in_part_is_told_in_full() -> None:
    batch = Batch()
    one = {"TableName": "orders", "CapacityUnits": 1.0}
    batch.fold_into({"Responses": [THROTTLED] * 2, "ConsumedCapacity": [one] * 2})
    batch.go_on_with(Rest({}, None, (0, 1)))
    answer: dict[str, Any] = {"Responses": [{"n": 0}], "ConsumedCapacity": [one]}

    batch.fold_into(answer)

    assert answer == {"Responses": [{"n": 0}, THROTTLED], "ConsumedCapacity": [one] * 3}


def test_statements_that_were_throttled_for_certain_are_said_to_be() -> None:
    batch = Batch()
    batch.fold_into({"Responses": [THROTTLED]})
    batch.go_on_with(Rest({}, None, (0,)))
    batch.lost_sight()
    batch.fold_into({"Responses": [THROTTLED]})  # the try after that was answered
    batch.go_on_with(Rest({}, None, (0,)))
    error: dict[str, Any] = {}

    batch.stand_in_for(error)

    assert error == {"Responses": [THROTTLED]}


def test_items_of_unknown_outcome_are_still_left() -> None:
    done = {"UnprocessedItems": {"orders": [put(id="1")]}}
    batch = Batch()
    batch.fold_into(dict(done))
    batch.lost_sight()
    error: dict[str, Any] = {}

    batch.stand_in_for(error)

    assert error == done


def test_statements_of_unknown_outcome_are_not_said_to_be_throttled() -> None:
    batch = Batch()
    batch.fold_into({"Responses": [{**THROTTLED, "TableName": "orders"}, {"n": 1}]})
    batch.go_on_with(Rest({}, None, (0,)))
    batch.lost_sight()
    error: dict[str, Any] = {"Error": {"Code": "InternalServerError"}}

    batch.stand_in_for(error)

    assert [entry.get("Error", {}).get("Code") for entry in error["Responses"]] == [
        "InternalServerError",
        None,
    ]
    assert error["Responses"][0]["TableName"] == "orders"


def test_items_of_all_answers_come_together_by_table() -> None:
    batch = Batch()
    batch.fold_into({"Responses": {"orders": [1, 2], "users": [7]}})
    latest: dict[str, Any] = {"Responses": {"orders": [3], "lines": [9]}, "UnprocessedKeys": {}}

    batch.fold_into(latest)

    assert latest == {
        "Responses": {"orders": [1, 2, 3], "users": [7], "lines": [9]},
        "UnprocessedKeys": {},
    }


def test_an_answer_without_the_members_of_the_one_before_keeps_those() -> None:
    batch = Batch()
    before = {
        "Responses": {"orders": [1]},
        "ItemCollectionMetrics": {"orders": [{"ItemCollectionKey": {"id": "1"}}]},
        "ConsumedCapacity": [{"TableName": "orders", "CapacityUnits": 1.0}],
    }
    batch.fold_into(copy.deepcopy(before))
    latest: dict[str, Any] = {}

    batch.fold_into(latest)

    assert latest == before


def test_capacity_is_added_up_by_table_and_index() -> None:
    def consumed(table: float, index: float, units: float) -> dict[str, Any]:
        return {
            "TableName": "orders",
            "CapacityUnits": units,
            "Table": {"CapacityUnits": table},
            "GlobalSecondaryIndexes": {"by-customer": {"CapacityUnits": index}},
        }

    batch = Batch()
    batch.fold_into({"ConsumedCapacity": [consumed(2, 1, 3), {"TableName": "users"}]})
    second = {**consumed(3, 3, 6), "LocalSecondaryIndexes": {"l": {"CapacityUnits": 1.0}}}
    latest: dict[str, Any] = {"ConsumedCapacity": [second, {"TableName": "lines"}]}

    batch.fold_into(latest)

    orders = {**consumed(5, 4, 9), "LocalSecondaryIndexes": {"l": {"CapacityUnits": 1.0}}}
    assert latest["ConsumedCapacity"] == [orders, {"TableName": "users"}, {"TableName": "lines"}]


def test_an_index_that_only_the_first_answer_used_stays_in_the_sum() -> None:
    index = {"GlobalSecondaryIndexes": {"by-customer": {"CapacityUnits": 1.0}}}
    batch = Batch()
    batch.fold_into({"ConsumedCapacity": [{"TableName": "orders", "CapacityUnits": 2.0, **index}]})
    latest: dict[str, Any] = {"ConsumedCapacity": [{"TableName": "orders", "CapacityUnits": 1.0}]}

    batch.fold_into(latest)

    assert latest["ConsumedCapacity"] == [{"TableName": "orders", "CapacityUnits": 3.0, **index}]


def test_an_item_collection_that_was_told_of_twice_is_there_once_with_its_latest_size() -> None:
    def metrics(key: str, size: float) -> dict[str, Any]:
        return {"ItemCollectionKey": {"id": {"S": key}}, "SizeEstimateRangeGB": [size, size + 1]}

    batch = Batch()
    batch.fold_into({"ItemCollectionMetrics": {"orders": [metrics("a", 0), metrics("b", 0)]}})
    latest: dict[str, Any] = {"ItemCollectionMetrics": {"orders": [metrics("b", 1)]}}

    batch.fold_into(latest)

    assert latest == {"ItemCollectionMetrics": {"orders": [metrics("a", 0), metrics("b", 1)]}}


def test_what_is_done_takes_the_place_of_an_error() -> None:
    batch = Batch()
    batch.fold_into({"Responses": {"orders": [1]}, "UnprocessedKeys": {"orders": {"Keys": [2]}}})
    error = {"Error": {"Code": "ProvisionedThroughputExceededException"}}

    batch.stand_in_for(error)

    assert error == {"Responses": {"orders": [1]}, "UnprocessedKeys": {"orders": {"Keys": [2]}}}


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=12),
    st.lists(st.sets(st.integers(0, 11)), max_size=5),
)
def test_whatever_is_left_in_each_round_every_key_is_read_once(
    tables: list[int], rounds: list[set[int]]
) -> None:
    """Keys over several tables, answered a few at a time, as one answer in the end."""
    keys = {
        f"t{table}": {"Keys": [number for number, t in enumerate(tables) if t == table]}
        for table in tables
    }
    request: dict[str, Any] = {"RequestItems": keys}
    batch, answer = Batch(), {}
    for left in [*rounds, set()]:
        asked = request["RequestItems"]
        answer = {
            "Responses": {
                table: [key for key in entry["Keys"] if key not in left]
                for table, entry in asked.items()
            },
            "UnprocessedKeys": {
                table: {"Keys": [key for key in entry["Keys"] if key in left]}
                for table, entry in asked.items()
                if left & set(entry["Keys"])
            },
        }
        rest = rest_of("BatchGetItem", request, answer)
        batch.fold_into(answer)
        if rest is None:
            break
        batch.go_on_with(rest)
        request = rest.request

    assert answer["UnprocessedKeys"] == {}
    assert sorted(key for keys in answer["Responses"].values() for key in keys) == list(
        range(len(tables))
    )
