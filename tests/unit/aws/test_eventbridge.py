"""Schedules in moto's EventBridge Scheduler, with botocore's own checks of each request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from moto import mock_aws

from dynoresilience import ScalingConfig
from dynoresilience.aws.eventbridge import EventBridgeScheduler, schedule_name
from dynoresilience.model import (
    CapacityUpdate,
    Change,
    Dimension,
    Raised,
    RaisedTable,
    Resource,
    Units,
)
from dynoresilience.ports import AccessDenied, ControlPlaneError, NotThere, OutcomeUnknown

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lowers"
REAPER = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:reaper"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:not-lowered"
VIA = ScalingConfig(scale_down_via="eventbridge", scheduler_role_arn=ROLE)
DUE = datetime(2026, 11, 21, 9, 10, 0, 1, tzinfo=timezone.utc).timestamp()
LOWER = CapacityUpdate(
    {None: Units(7, 5), "by-customer": Units(3, 5)},
    (
        Change(Resource("orders"), Dimension.WRITE, 10, 5),
        Change(Resource("orders", "by-customer"), Dimension.WRITE, 20, 5),
    ),
)


def entry(table: str = "orders", arn: str | None = None) -> RaisedTable:
    raised = {(None, Dimension.WRITE): Raised(5, 5, 10)}
    arn = arn or f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{table}"
    return RaisedTable(table, arn, raised, DUE)


@dataclass
class Sent:
    """What was asked of EventBridge Scheduler, and answers to give in its place."""

    calls: list[tuple[str, dict[str, Any]]]
    answers: dict[str, list[Any]]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("dynamodb", region_name="us-east-1")


@pytest.fixture
def scheduler(dynamodb: Any) -> EventBridgeScheduler:
    return EventBridgeScheduler(dynamodb)


@pytest.fixture
def sent(scheduler: EventBridgeScheduler) -> Sent:
    seen = Sent([], {})
    events = scheduler._client().meta.events

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        seen.calls.append((model.name, params))  # botocore adds the token to it
        answers = seen.answers.get(model.name)
        if answers:
            answer = answers.pop(0)
            if isinstance(answer, str):
                code = {"Code": answer, "Message": f"{answer} on schedule"}
                answer = ClientError({"Error": code}, model.name)
            if answer is not None:
                raise answer

    events.register("before-parameter-build.scheduler", note)
    return seen


def schedules(group: str = "default") -> list[Any]:
    client = boto3.client("scheduler", region_name="us-east-1")
    found = client.list_schedules(GroupName=group)["Schedules"]
    return [client.get_schedule(GroupName=group, Name=each["Name"]) for each in found]


def test_a_schedule_that_lowers_by_itself(scheduler: EventBridgeScheduler) -> None:
    at = scheduler.put(entry(), LOWER, DUE, VIA)

    [found] = schedules()
    assert found["ScheduleExpression"] == "at(2026-11-21T09:11:00)", "never before it is due"
    assert at == datetime(2026, 11, 21, 9, 11, tzinfo=timezone.utc).timestamp()
    assert found["ScheduleExpressionTimezone"] == "UTC"
    assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert found["ActionAfterCompletion"] == "DELETE"
    assert found["Description"] == "Lowers orders write 10 -> 5, orders/by-customer write 20 -> 5"
    target = found["Target"]
    assert target["Arn"] == "arn:aws:scheduler:::aws-sdk:dynamodb:updateTable"
    assert target["RoleArn"] == ROLE
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400}
    assert "DeadLetterConfig" not in target
    assert json.loads(target["Input"]) == {
        "TableName": "orders",
        "ProvisionedThroughput": {"ReadCapacityUnits": 7, "WriteCapacityUnits": 5},
        "GlobalSecondaryIndexUpdates": [
            {
                "Update": {
                    "IndexName": "by-customer",
                    "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 5},
                }
            }
        ],
    }


def test_a_whole_minute_stays(scheduler: EventBridgeScheduler) -> None:
    whole = datetime(2026, 11, 21, 9, 10, tzinfo=timezone.utc).timestamp()

    assert scheduler.put(entry(), LOWER, whole, VIA) == whole
    assert schedules()[0]["ScheduleExpression"] == "at(2026-11-21T09:10:00)"


def test_a_schedule_that_invokes_the_reaper(scheduler: EventBridgeScheduler) -> None:
    boto3.client("scheduler", region_name="us-east-1").create_schedule_group(Name="mine")
    config = VIA.replace(
        reaper_function_arn=REAPER, scheduler_group="mine", scheduler_dead_letter_arn=QUEUE
    )

    scheduler.put(entry(), LOWER, DUE, config)

    assert schedules() == []
    [found] = schedules("mine")
    assert found["Target"]["Arn"] == REAPER
    assert json.loads(found["Target"]["Input"]) == {"tables": ["orders"]}
    assert found["Target"]["DeadLetterConfig"] == {"Arn": QUEUE}
    scheduler.remove(entry(), config)
    assert schedules("mine") == []


def test_the_reaper_finds_out_by_itself_what_to_lower(scheduler: EventBridgeScheduler) -> None:
    scheduler.put(entry(), None, DUE, VIA.replace(reaper_function_arn=REAPER))

    [found] = schedules()
    assert found["Description"] == "Lowers orders"
    assert json.loads(found["Target"]["Input"]) == {"tables": ["orders"]}


def test_an_on_demand_maximum(scheduler: EventBridgeScheduler) -> None:
    scheduler.put(entry(), CapacityUpdate({None: Units(0, 5)}, (), on_demand=True), DUE, VIA)

    assert json.loads(schedules()[0]["Target"]["Input"]) == {
        "TableName": "orders",
        "OnDemandThroughput": {"MaxWriteRequestUnits": 5},
    }


def test_the_partition_is_that_of_the_client(dynamodb: Any) -> None:
    china = EventBridgeScheduler(boto3.client("dynamodb", region_name="cn-north-1"))

    china.put(entry(), LOWER, DUE, VIA)

    client = boto3.client("scheduler", region_name="cn-north-1")
    found = client.get_schedule(Name=schedule_name(entry()))
    assert found["Target"]["Arn"] == "arn:aws-cn:scheduler:::aws-sdk:dynamodb:updateTable"


def test_it_is_made_with_one_request_and_moved_with_one(
    scheduler: EventBridgeScheduler, sent: Sent
) -> None:
    scheduler.put(entry(), LOWER, DUE, VIA)
    scheduler.put(entry(), LOWER, DUE + 600, VIA)

    assert sent.names == ["CreateSchedule", "UpdateSchedule"]
    [found] = schedules()
    assert found["ScheduleExpression"] == "at(2026-11-21T09:21:00)"
    (_, created), (_, moved) = sent.calls
    assert moved["ActionAfterCompletion"] == "DELETE", "what an update leaves out is reset"
    tokens = {created["ClientToken"], moved["ClientToken"]}
    assert len(tokens) == 2, "a token that was used makes the next request a repetition"


def test_another_process_moves_the_same_schedule(
    scheduler: EventBridgeScheduler, sent: Sent, dynamodb: Any
) -> None:
    EventBridgeScheduler(dynamodb).put(entry(), LOWER, DUE, VIA)

    scheduler.put(entry(), LOWER, DUE + 60, VIA)
    assert sent.names == ["CreateSchedule", "UpdateSchedule"]
    [found] = schedules()
    assert found["ScheduleExpression"] == "at(2026-11-21T09:12:00)"

    EventBridgeScheduler(dynamodb).remove(entry(), VIA)
    scheduler.put(entry(), LOWER, DUE + 120, VIA)
    assert sent.names[2:] == ["UpdateSchedule", "CreateSchedule"]
    [found] = schedules()
    assert found["ScheduleExpression"] == "at(2026-11-21T09:13:00)"


def test_made_and_removed_by_others_between_our_requests(
    scheduler: EventBridgeScheduler, sent: Sent
) -> None:
    sent.answers["CreateSchedule"] = ["ConflictException"]  # then it is gone again

    scheduler.put(entry(), LOWER, DUE, VIA)

    assert sent.names == ["CreateSchedule", "UpdateSchedule", "CreateSchedule"]
    assert len(schedules()) == 1


def test_it_ends_after_three_requests(scheduler: EventBridgeScheduler, sent: Sent) -> None:
    gone = "ResourceNotFoundException"  # as of a schedule group that is not there
    sent.answers = {"CreateSchedule": [gone, gone], "UpdateSchedule": [gone]}

    with pytest.raises(ControlPlaneError, match="ResourceNotFoundException on schedule"):
        scheduler.put(entry(), LOWER, DUE, VIA)

    assert sent.names == ["CreateSchedule", "UpdateSchedule", "CreateSchedule"]


def test_removed_twice_is_no_error(scheduler: EventBridgeScheduler, sent: Sent) -> None:
    scheduler.put(entry(), LOWER, DUE, VIA)
    scheduler.remove(entry(), VIA)
    scheduler.remove(entry(), VIA)

    assert schedules() == []
    scheduler.put(entry(), LOWER, DUE, VIA)
    assert sent.names[-1] == "CreateSchedule"


def test_what_is_denied_is_named(scheduler: EventBridgeScheduler, sent: Sent) -> None:
    denied = {"Code": "AccessDeniedException", "Message": "may not perform: iam:PassRole on it"}
    sent.answers["CreateSchedule"] = [
        "AccessDeniedException",
        ClientError({"Error": denied}, "CreateSchedule"),
    ]
    sent.answers["DeleteSchedule"] = ["AccessDeniedException"]

    for action in ("scheduler:CreateSchedule", "iam:PassRole"):
        with pytest.raises(AccessDenied) as caught:
            scheduler.put(entry(), LOWER, DUE, VIA)
        assert caught.value.action == action
    with pytest.raises(AccessDenied) as caught:
        scheduler.remove(entry(), VIA)
    assert caught.value.action == "scheduler:DeleteSchedule"
    assert len(sent.calls) == 3, "one attempt each"


def test_no_answer_and_other_refusals(scheduler: EventBridgeScheduler, sent: Sent) -> None:
    fault: Any = {"Error": {"Code": "Fault"}, "ResponseMetadata": {"HTTPStatusCode": 500}}
    sent.answers["CreateSchedule"] = [
        ConnectTimeoutError(endpoint_url="https://scheduler"),
        ClientError(fault, "CreateSchedule"),
        "ServiceQuotaExceededException",
    ]

    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            scheduler.put(entry(), LOWER, DUE, VIA)
    with pytest.raises(ControlPlaneError, match="ServiceQuotaExceeded"):
        scheduler.put(entry(), LOWER, DUE, VIA)
    assert len(sent.calls) == 3


def test_beside_an_emulator_there_is_none(dynamodb: Any) -> None:
    local = boto3.client("dynamodb", region_name="us-east-1", endpoint_url="http://127.0.0.1:9")

    with pytest.raises(NotThere) as caught:
        EventBridgeScheduler(local).put(entry(), LOWER, DUE, VIA)

    assert "beside http://127.0.0.1:9; set AWS_ENDPOINT_URL_SCHEDULER if" in str(caught.value)


def test_a_client_that_cannot_be_made(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")

    with pytest.raises(NotThere, match="no client of EventBridge Scheduler could be made"):
        EventBridgeScheduler(dynamodb).put(entry(), LOWER, DUE, VIA)


def test_nothing_is_made_before_the_first_schedule(dynamodb: Any) -> None:
    assert EventBridgeScheduler(dynamodb)._made is None


@pytest.mark.parametrize("table", ["abc", "Orders_2026.eu-west", "t" * 255])
def test_the_name_is_valid_for_every_table(scheduler: EventBridgeScheduler, table: str) -> None:
    name = schedule_name(entry(table))

    assert re.fullmatch(r"[0-9a-zA-Z-_.]{1,64}", name)
    assert name.startswith(f"dynoresilience-{table[:32]}-")
    scheduler.put(entry(table), LOWER, DUE, VIA)
    assert [found["Name"] for found in schedules()] == [name]


def test_names_of_tables_alike_differ_and_the_arn_is_the_name() -> None:
    arn = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"
    names = {schedule_name(entry("t" * 254 + last)) for last in "ab"}
    names |= {schedule_name(entry("orders")), schedule_name(entry(arn, arn))}

    assert len(names) == 3
