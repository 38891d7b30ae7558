"""`ensure_table` in virtual time: created, joined, verified, and in time or not."""

from __future__ import annotations

import pickle
from typing import Any

import boto3
import pytest

from dynoresilience.errors import ConfigError, CredentialsError, NotAttachableError
from dynoresilience.ports import AccessDenied, OutcomeUnknown, ServiceLimit
from dynoresilience.tables import (
    DriftError,
    EnsureTimeout,
    TableSpec,
    TableUnusable,
    ensure_table,
    verify_table,
)
from dynoresilience.tables.ensure.arrival import LAG, NO_ANSWER
from dynoresilience.testing import SimulatedDynamoDB
from tests.support.ensuring import FULL, SPEC, World, world


def test_a_table_is_created_with_all_that_is_declared() -> None:
    slow = {"create_seconds": 12, "ttl_seconds": 5, "insights_seconds": 5, "backups_seconds": 4}
    with world(**slow, recovery_seconds=60) as here:
        result = here.ensure(FULL)

        assert (result.outcome, result.table, result.error) == ("created", "orders", None)
        assert result.report is not None
        assert result.report.clean
        assert result.report.complete
        assert here.simulator.calls["CreateTable"] == here.simulator.calls["UpdateTimeToLive"] == 1
        assert "TagResource" not in here.simulator.calls  # they were in CreateTable
        said = [what for what in here.told if not what.startswith("waiting: another try")]
        assert said == [
            "creating",
            "waiting: the table is CREATING",
            "waiting: the table is CREATING; index by-day is CREATING",
            "switch the time to live by expires on",
            "switch point-in-time recovery on, 7 days back",
            "switch contributor insights on",
            "created",
        ]


def test_the_usual_start_costs_one_request_and_one_for_each_setting_apart() -> None:
    with world() as here:
        here.ensure(SPEC)
        here.ensure(FULL.named("full"))

        assert here.calls_of(lambda: here.ensure(SPEC)) == {"DescribeTable": 1}
        assert here.calls_of(lambda: here.ensure(FULL.named("full"))) == {
            "DescribeTable": 1,
            "DescribeTimeToLive": 1,
            "ListTagsOfResource": 1,
            "DescribeContinuousBackups": 1,
            "DescribeContributorInsights": 1,
        }


def test_ten_times_in_a_row_it_is_created_once() -> None:
    with world(create_seconds=10) as here:
        outcomes = [here.ensure(FULL).outcome for _ in range(10)]

        assert outcomes == ["created"] + ["verified"] * 9
        assert here.changes == {
            "CreateTable": 1,
            "UpdateTimeToLive": 1,
            "UpdateContinuousBackups": 1,
            "UpdateContributorInsights": 1,
            "UntagResource": 1,
        }


def test_not_found_just_after_its_creation_it_is_waited_for() -> None:
    with world(create_seconds=2, describe_lag_seconds=LAG - 5) as here:
        assert here.ensure(FULL).created
        assert here.simulator.calls["CreateTable"] == 1


def test_somebody_else_was_faster_between_the_look_and_the_creation() -> None:
    with world(describe_lag_seconds=3) as here:
        here.create()  # which DescribeTable does not find yet

        assert here.ensure().outcome == "joined"
        assert here.clock.monotonic() >= 3
        assert here.simulator.calls["CreateTable"] >= 2


def test_a_creation_under_way_is_joined() -> None:
    with world(create_seconds=10) as here:
        here.create()
        result = here.ensure()

        assert result.outcome == "joined"
        assert not result.created
        assert 10 <= here.clock.monotonic() < 20
        assert here.changes == {"CreateTable": 1}


def test_a_table_that_is_being_deleted_is_waited_out_and_created_anew() -> None:
    with world(delete_seconds=30, create_seconds=5) as here:
        here.create()
        here.clock.advance(5)
        here.client.delete_table(TableName="orders")
        result = here.ensure()

        assert result.outcome == "created"
        assert 35 <= here.clock.monotonic() < 65
        assert here.told[0] == "waiting: the table is DELETING"


@pytest.mark.parametrize("applied", [False, True])
def test_the_answer_of_the_creation_is_lost(applied: bool) -> None:
    with world(create_seconds=5) as here:
        here.simulator.drop_next("CreateTable", applied=applied)
        result = here.ensure()

        assert result.outcome == ("joined" if applied else "created")
        assert result.report is not None
        assert result.report.clean


def test_what_fails_in_passing_is_tried_again() -> None:
    with world(create_seconds=5) as here:
        for operation in ("DescribeTable", "CreateTable", "UpdateTimeToLive", "DescribeTimeToLive"):
            here.simulator.fail_next(operation, 2)
        here.simulator.fail_next("UpdateContinuousBackups", 2, "ThrottlingException", "slow down")

        assert here.ensure(FULL).outcome == "created"
        assert here.ensure(FULL).outcome == "verified"


def test_the_rate_of_the_control_plane_is_kept_to() -> None:
    with world(control_plane_rate=1) as here:
        for number in range(4):
            here.ensure(FULL.named(f"table-{number}"))

        assert here.clock.monotonic() >= 4 * 4 - 1 - 1  # four changes each, one at the start


def test_too_many_tables_under_creation_are_waited_for() -> None:
    with world(create_seconds=20, concurrent_changes=1) as here:
        here.create(SPEC.named("another"))

        assert here.ensure().outcome == "created"
        assert 40 <= here.clock.monotonic() < 75


def test_no_time_is_left_for_the_table() -> None:
    with world(create_seconds=60) as here:
        with pytest.raises(EnsureTimeout, match=r"index by-day is CREATING.* run it again to join"):
            here.ensure(timeout=30)

        assert here.clock.monotonic() == pytest.approx(30)
        assert here.ensure().outcome == "joined"
        assert here.simulator.calls["CreateTable"] == 1


def test_with_no_time_at_all_it_looks_once_and_creates() -> None:
    with world(create_seconds=60) as here:
        with pytest.raises(EnsureTimeout) as caught:
            here.ensure(timeout=0)

        assert here.clock.monotonic() == 0
        assert here.changes == {"CreateTable": 1}
        copy = pickle.loads(pickle.dumps(caught.value))
        assert (str(copy), copy.table) == (str(caught.value), "orders")


def test_an_index_that_is_added_by_somebody_is_waited_for() -> None:
    with world(index_create_seconds=600) as here:
        bare = {"attributes": {"id": "S"}, "global_secondary_indexes": ()}
        here.create(TableSpec(**{**SPEC.declared(), **bare}))
        here.client.update_table(
            TableName="orders",
            AttributeDefinitions=SPEC.to_boto3()["AttributeDefinitions"],
            GlobalSecondaryIndexUpdates=[
                {"Create": SPEC.to_boto3()["GlobalSecondaryIndexes"][0]},
            ],
        )
        with pytest.raises(EnsureTimeout, match="index by-day is CREATING"):
            here.ensure(timeout=100)

        assert here.ensure().outcome == "verified"
        assert here.clock.monotonic() >= 600


PROVISIONED = TableSpec(
    name="orders",
    attributes={"id": "S"},
    hash_key="id",
    read_capacity_units=5,
    write_capacity_units=5,
)


def provision(here: World, units: int) -> None:
    here.client.update_table(
        TableName="orders",
        ProvisionedThroughput={"ReadCapacityUnits": units, "WriteCapacityUnits": units},
    )


def test_what_is_being_changed_to_what_is_declared_is_waited_for() -> None:
    with world(update_seconds=30) as here:
        here.create(PROVISIONED)
        provision(here, 8)
        wanted = TableSpec(
            **{**PROVISIONED.declared(), "read_capacity_units": 8, "write_capacity_units": 8}
        )

        assert here.ensure(wanted).outcome == "verified"
        assert 30 <= here.clock.monotonic() < 45


def test_what_is_as_declared_is_not_waited_for() -> None:
    with world(update_seconds=30) as here:
        here.create(PROVISIONED)
        provision(here, 8)

        assert here.ensure(PROVISIONED).outcome == "verified"
        assert here.clock.monotonic() == 0


def test_what_differs_for_good_is_told_without_a_wait() -> None:
    with world(update_seconds=30) as here:
        here.create(PROVISIONED)
        provision(here, 8)
        eight = {"read_capacity_units": 8, "write_capacity_units": 8}
        wanted = TableSpec(**{**PROVISIONED.declared(), **eight, "stream_view_type": "KEYS_ONLY"})

        with pytest.raises(DriftError, match="stream_view_type"):
            here.ensure(wanted)
        assert here.clock.monotonic() == 0


def test_a_table_that_differs_raises_by_default_and_is_left_alone() -> None:
    with world() as here:
        here.create(PROVISIONED)
        before = here.changes
        with pytest.raises(DriftError) as caught:
            here.ensure()

        assert {each.field for each in caught.value.report.differences} >= {"billing_mode"}
        assert here.changes == before


def test_a_table_that_differs_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with world() as here:
        here.create(PROVISIONED)
        before = here.changes
        result = ensure_table(here.client, SPEC, on_drift="warn")

        assert result.outcome == "drifted"
        assert result.report is not None
        (warning,) = (each for each in caplog.records if each.levelname == "WARNING")
        assert warning.getMessage() == str(result.report)
        assert here.changes == before


def test_a_table_that_is_deleted_while_it_is_waited_for() -> None:
    with world(delete_seconds=60, backups_seconds=100) as here:
        here.later(50, lambda: here.client.delete_table(TableName="orders"))
        with pytest.raises(TableUnusable, match="is being deleted by somebody else"):
            here.ensure(FULL)

        assert 50 <= here.clock.monotonic() < 65


def test_looks_that_miss_a_table_now_and_then_do_not_mean_that_it_is_gone() -> None:
    with world(create_seconds=90) as here:
        missed = ("DescribeTable", 1, "ResourceNotFoundException", "Table: orders not found")
        for instant in (5, 20, 35, 50, 65, 80):
            here.later(instant, lambda: here.simulator.fail_next(*missed))
        assert here.ensure().outcome == "created"
        assert here.simulator.calls["CreateTable"] == 1


@pytest.mark.parametrize("seconds", [5.0, 900.0])
def test_a_deletion_that_is_still_to_be_seen_after_the_creation(seconds: float) -> None:
    with world() as here:

        def late(parsed: Any, **_: Any) -> None:
            if here.clock.monotonic() < seconds and "Table" in parsed:
                parsed["Table"]["TableStatus"] = "DELETING"

        here.client.meta.events.register("after-call.dynamodb.DescribeTable", late)
        if seconds < LAG:
            assert here.ensure().outcome == "created"
        else:
            with pytest.raises(TableUnusable, match="deleted it meanwhile"):
                here.ensure()
        assert here.clock.monotonic() < LAG + 15
        assert here.simulator.calls["CreateTable"] == 1


def test_a_table_that_is_gone_before_it_is_seen() -> None:
    with world(create_seconds=2, describe_lag_seconds=3) as here:
        here.later(2.5, lambda: here.client.delete_table(TableName="orders"))
        with pytest.raises(TableUnusable, match=r"is not found since .* somebody has deleted it"):
            here.ensure()

        assert LAG <= here.clock.monotonic() < LAG + 15
        assert here.changes == {"CreateTable": 1, "DeleteTable": 1}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", "let DynamoDB use the table's KMS key again"),
        ("ARCHIVED", "restore it from the backup"),
        ("ARCHIVING", "restore it from the backup"),
        ("REPLICATION_NOT_AUTHORIZED", "lacks a permission"),
    ],
)
def test_a_state_that_does_not_end_is_not_waited_for(status: str, words: str) -> None:
    with world() as here:
        here.create()
        here.client.meta.events.register(
            "after-call.dynamodb.DescribeTable",
            lambda parsed, **_: parsed["Table"].update(TableStatus=status),
        )
        with pytest.raises(TableUnusable, match=f"orders.* {status}.*{words}"):
            here.ensure()
        assert here.clock.monotonic() == 0


def test_denied_is_not_missing() -> None:
    with world() as here:
        here.simulator.deny("DescribeTable")
        with pytest.raises(AccessDenied, match="DescribeTable") as caught:
            here.ensure()

        assert caught.value.action == "dynamodb:DescribeTable"
        assert here.simulator.calls == {"DescribeTable": 1}


@pytest.mark.parametrize("operation", ["CreateTable", "UpdateTimeToLive", "UpdateTable"])
def test_a_denied_change_names_its_action(operation: str) -> None:
    with world() as here:
        here.simulator.deny(operation)
        if operation == "UpdateTable":  # is not needed
            assert here.ensure(FULL).outcome == "created"
            return
        with pytest.raises(AccessDenied, match=operation) as caught:
            here.ensure(FULL)

        assert caught.value.action == f"dynamodb:{operation}"
        assert here.clock.monotonic() < 1
        here.simulator.allow()
        assert here.ensure(FULL).outcome == ("created" if operation == "CreateTable" else "joined")


def test_a_creation_with_tags_may_lack_the_right_to_tag() -> None:
    words = "User: arn:aws:iam::1:user/a is not authorized to perform: dynamodb:TagResource on"
    with world() as here:
        here.simulator.fail_next("CreateTable", 1, "AccessDeniedException", words)
        with pytest.raises(AccessDenied) as caught:
            here.ensure(FULL)
        assert caught.value.action == "dynamodb:TagResource"


def test_what_may_not_be_read_is_a_note() -> None:
    with world() as here:
        here.ensure(FULL)
        here.simulator.deny("DescribeTimeToLive")
        result = here.ensure(FULL)

        assert result.outcome == "verified"
        assert result.report is not None
        assert not result.report.complete


def test_a_quota_ends_it_at_once() -> None:
    with world(table_max_units=10) as here:
        wanted = TableSpec(**{**PROVISIONED.declared(), "read_capacity_units": 11})
        with pytest.raises(ServiceLimit):
            here.ensure(wanted)
        assert here.clock.monotonic() == 0


def test_an_endpoint_that_does_not_answer_is_given_up() -> None:
    with world() as here:
        here.simulator.drop_next("DescribeTable", 10**6, connected=False)
        with pytest.raises(OutcomeUnknown):
            here.ensure()
        assert NO_ANSWER <= here.clock.monotonic() < NO_ANSWER + 15


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ExpiredTokenException", "expired"),
        ("UnrecognizedClientException", "invalid"),
        ("InvalidSignatureException", "invalid"),
    ],
)
def test_wrong_credentials_end_it_at_once(code: str, kind: str) -> None:
    with world() as here:
        here.simulator.fail_next("DescribeTable", 10**6, code, "The security token is wrong")
        with pytest.raises(CredentialsError) as caught:
            here.ensure()
        assert caught.value.kind == kind
        assert here.clock.monotonic() == 0


def test_no_credentials_end_it_at_once() -> None:
    nowhere = {"endpoint_url": "http://127.0.0.1:1", "region_name": "us-east-1"}
    ddb = boto3.Session().client("dynamodb", **nowhere)
    with pytest.raises(CredentialsError, match="AWS_PROFILE"):
        ensure_table(ddb, SPEC)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"on_drift": "fix"}, "on_drift='fix' must be one of raise, warn, repair"),
    ({"timeout": -1}, "timeout=-1 must be a number of seconds, 0 or more"),
    ({"timeout": None}, "timeout=None must be"),
    ({"timeout": True}, "timeout=True must be"),
    ({"timeout": float("nan")}, "timeout=nan must be"),
    ({"allow": ["delete_table"]}, "allow='delete_table': there is no such word, only delete_index"),
    ({"allow": 1}, "allow=1: there is no such word"),
    ({"allow": [None]}, "allow=None: there is no such word"),
    ({"spec": {"TableName": "orders"}}, "spec=dict must be a TableSpec"),
    ({"spec": "orders"}, "spec=str must be a TableSpec"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG, ids=lambda value: str(value)[:30])
def test_wrong_arguments_are_refused_before_any_call(arguments: dict[str, Any], words: str) -> None:
    with SimulatedDynamoDB() as simulator:
        given = {"spec": SPEC, **arguments}
        with pytest.raises(ConfigError) as caught:
            ensure_table(simulator.client(), **given)

        assert words in str(caught.value)
        assert not simulator.calls


def test_all_wrong_arguments_are_told_at_once() -> None:
    with pytest.raises(ConfigError, match=r"ensure_table: spec=.*; on_drift=.*; timeout="):
        ensure_table(None, None, on_drift="", timeout="1")  # type: ignore[arg-type]


def test_what_is_no_client_is_refused() -> None:
    with pytest.raises(NotAttachableError):
        ensure_table(object(), SPEC)


@pytest.mark.parametrize(
    "operation",
    ["DescribeTimeToLive", "DescribeContinuousBackups", "DescribeContributorInsights"],
)
def test_what_may_not_be_read_is_switched_on_after_the_creation_all_the_same(
    operation: str,
) -> None:
    with world(backups_seconds=5, recovery_seconds=60) as here:
        here.simulator.deny(operation)
        result = here.ensure(FULL)

        assert result.outcome == "created"
        assert result.report is not None
        assert not result.report.complete
        here.simulator.allow()
        assert verify_table(here.client, FULL).clean
        assert here.changes["UpdateTimeToLive"] == 1
        assert here.changes["UpdateContributorInsights"] == 1


def test_what_may_neither_be_read_nor_switched_on_names_its_action() -> None:
    with world() as here:
        here.simulator.deny("DescribeContinuousBackups", "UpdateContinuousBackups")
        with pytest.raises(AccessDenied) as caught:
            here.ensure(FULL)
        assert caught.value.action == "dynamodb:UpdateContinuousBackups"
