from typing import Any

import pytest

from dynoresilience.model import Units
from dynoresilience.testing.control.throughput import (
    besides_throughput,
    check_create,
    check_index_creates,
    check_range,
    check_switch,
    wanted_by_create,
    wanted_by_update,
)
from tests.unit.testing.control.refusals import INVALID, code, refusal

REGION = "eu-west-1"
FIVE = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}}
ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}
UPDATES, INDEXES = "GlobalSecondaryIndexUpdates", "GlobalSecondaryIndexes"
BY_DAY = {"IndexName": "by-day"}


def update_of_index(**more: Any) -> dict[str, Any]:
    return {UPDATES: [{"Update": {**BY_DAY, **more}}]}


def test_what_requests_ask_for() -> None:
    both = {None: Units(5, 6), "by-day": Units(5, 6)}
    assert wanted_by_create({**FIVE, INDEXES: [{**BY_DAY, **FIVE}]}) == both
    assert wanted_by_update({**FIVE, **update_of_index(**FIVE)}) == both
    assert wanted_by_create({INDEXES: [BY_DAY]}) == wanted_by_update(update_of_index()) == {}
    assert wanted_by_update({UPDATES: [{"Create": {**BY_DAY, **FIVE}}]}) == {}


MAXIMUM = {"OnDemandThroughput": {"MaxReadRequestUnits": 5}}
CREATE = {"Create": {**BY_DAY, **FIVE}}


@pytest.mark.parametrize(
    ("body", "rest"),
    [
        (FIVE, None),
        (update_of_index(**FIVE), None),
        ({**FIVE, **update_of_index(**FIVE), "TableName": "t"}, None),
        ({**FIVE, "TableClass": "STANDARD"}, {"TableClass": "STANDARD"}),
        (update_of_index(**FIVE, **MAXIMUM), update_of_index(**MAXIMUM)),
        (update_of_index(**MAXIMUM), update_of_index(**MAXIMUM)),
        ({UPDATES: [CREATE]}, {UPDATES: [CREATE]}),
        ({UPDATES: [{"Update": {**BY_DAY, **FIVE}}, CREATE]}, {UPDATES: [CREATE]}),
    ],
)
def test_what_is_left_for_the_backend(body: dict[str, Any], rest: dict[str, Any] | None) -> None:
    assert besides_throughput(body) == rest


@pytest.mark.parametrize(
    ("units", "found"),
    [
        (Units(1, 1), ""),
        (Units(40, 40), ""),
        (Units(0, 1), "ValidationException"),
        (Units(1, 0), "ValidationException"),
        (Units(41, 1), "LimitExceededException"),
        (Units(1, 41), "LimitExceededException"),
    ],
)
@pytest.mark.parametrize("index", [None, "by-day"])
def test_the_range_of_units(index: str | None, units: Units, found: str) -> None:
    assert code(lambda: check_range({index: units}, REGION, 40)) == found


NEITHER = "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when"
OF_INDEX = f"{INVALID}ProvisionedThroughput must be specified for index: by-day"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (ON_DEMAND, ""),
        ({"BillingMode": "PROVISIONED", **FIVE, **update_of_index(**FIVE)}, ""),
        ({**ON_DEMAND, **FIVE}, f"{INVALID}{NEITHER} BillingMode is PAY_PER_REQUEST"),
        (
            {**ON_DEMAND, **update_of_index(**FIVE)},
            f"{INVALID}The only Updates for index: by-day when TableThroughputMode is "
            "PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput",
        ),
        (
            {"BillingMode": "PROVISIONED", **update_of_index(**FIVE)},
            f"{INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED",
        ),
        ({"BillingMode": "PROVISIONED", **FIVE}, OF_INDEX),
    ],
)
def test_a_switch_carries_just_the_capacity_that_it_needs(
    body: dict[str, Any], message: str
) -> None:
    def check() -> None:
        check_switch(body, [None, "by-day"], REGION)

    if message:
        assert refusal(check) == ("ValidationException", message)
    else:
        check()


def test_a_switch_stays_within_the_quota() -> None:
    body = {"BillingMode": "PROVISIONED", **FIVE}
    assert code(lambda: check_switch(body, [None], REGION, 5)) == "LimitExceededException"
    assert code(lambda: check_switch(body, [None], REGION, 6)) == ""


@pytest.mark.parametrize(
    ("is_on_demand", "has_units", "found"),
    [
        (True, False, ""),
        (False, True, ""),
        (True, True, "ValidationException"),
        (False, False, "ValidationException"),
    ],
)
def test_a_new_index_has_capacity_just_where_its_table_has(
    is_on_demand: bool, has_units: bool, found: str
) -> None:
    index = {**BY_DAY, **(FIVE if has_units else {})}
    added = {UPDATES: [{"Create": index}]}
    table = {**(ON_DEMAND if is_on_demand else FIVE), INDEXES: [index]}
    assert code(lambda: check_index_creates(added, is_on_demand, REGION)) == found
    assert code(lambda: check_create(table, REGION)) == found
    assert code(lambda: check_create({**ON_DEMAND, **FIVE}, REGION)) == "ValidationException"
