"""A creator died after CreateTable: whoever comes next finishes, unless it may be meant so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dynoresilience.tables import DriftError, TableSpec
from dynoresilience.tables.ensure.arrival import LAG
from dynoresilience.tables.ensure.mark import KEY
from tests.support.ensuring import FULL, SPEC, World, world

MODES = ["raise", "warn", "repair"]


@pytest.mark.parametrize("on_drift", MODES)
@pytest.mark.parametrize("age", [0.0, 30.0, 86_400.0])
def test_a_creation_is_finished(on_drift: str, age: float) -> None:
    with world(create_seconds=10) as here:
        here.begin(FULL)
        here.clock.advance(age)
        result = here.ensure(FULL, on_drift=on_drift)

        assert result.outcome == "joined"
        assert result.report is not None
        assert result.report.clean
        assert KEY not in tags(here)
        assert here.ensure(FULL).outcome == "verified"


def tags(here: World) -> dict[str, str]:
    arn = here.client.describe_table(TableName="orders")["Table"]["TableArn"]
    found = here.client.list_tags_of_resource(ResourceArn=arn)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


def test_the_mark_of_a_creation_goes_once_it_is_finished() -> None:
    with world(create_seconds=10, tag_seconds=3) as here:
        seen = []
        register = here.client.meta.events.register
        register("before-call.dynamodb.UpdateTimeToLive", lambda **_: seen.append(tags(here)))
        assert here.ensure(FULL).outcome == "created"
        here.clock.advance(3)

        assert [KEY in found for found in seen] == [True]
        assert tags(here) == {"team": "shop"}


def test_what_an_owner_switches_off_a_moment_later_is_drift() -> None:
    with world(ttl_pause_seconds=0) as here:
        here.ensure(FULL)
        off = {"Enabled": False, "AttributeName": "expires"}
        here.client.update_time_to_live(TableName="orders", TimeToLiveSpecification=off)
        with pytest.raises(DriftError, match="time_to_live"):
            here.ensure(FULL)


def test_without_the_right_to_tag_a_table_is_created_all_the_same() -> None:
    timed = TableSpec(**SPEC.declared(), time_to_live="expires")
    with world() as here:
        words = "User: u is not authorized to perform: dynamodb:TagResource on resource: t"
        here.simulator.fail_next("CreateTable", 1, "AccessDeniedException", words)
        assert here.ensure(timed).outcome == "created"
        assert tags(here) == {}


def test_without_the_right_to_untag_the_table_is_ready_all_the_same() -> None:
    with world() as here:
        here.simulator.deny("UntagResource")
        assert here.ensure(FULL).outcome == "created"
        assert KEY in tags(here)
        assert here.ensure(FULL).outcome == "verified"


def test_a_spec_that_leaves_nothing_to_do_is_not_marked() -> None:
    with world() as here:
        here.ensure(SPEC)
        assert here.changes == {"CreateTable": 1}


def test_and_from_wherever_it_was_interrupted() -> None:
    with world() as here:
        here.begin(FULL)
        here.client.update_time_to_live(
            TableName="orders",
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"},
        )
        assert here.ensure(FULL).outcome == "joined"
        assert here.simulator.calls["UpdateTimeToLive"] == 1


def test_a_table_of_somebody_else_without_the_settings_has_drifted() -> None:
    with world() as here:
        here.create(FULL)
        before = here.changes
        with pytest.raises(DriftError) as caught:
            here.ensure(FULL)

        fields = {each.field for each in caught.value.report.differences}
        assert fields == {"time_to_live", "point_in_time_recovery", "contributor_insights"}
        assert here.changes == before


def other_ttl(here: World) -> None:
    ttl = {"Enabled": True, "AttributeName": "until"}
    here.client.update_time_to_live(TableName="orders", TimeToLiveSpecification=ttl)


def other_tags(here: World) -> None:
    arn = here.client.describe_table(TableName="orders")["Table"]["TableArn"]
    here.client.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "depot"}])


def other_period(here: World) -> None:
    here.client.update_continuous_backups(
        TableName="orders",
        PointInTimeRecoverySpecification={
            "PointInTimeRecoveryEnabled": True,
            "RecoveryPeriodInDays": 3,
        },
    )


def test_a_tag_that_was_taken_off_has_been_touched() -> None:
    tagged = TableSpec(**SPEC.declared(), tags={"team": "shop", "stage": "test"})
    with world() as here:
        here.begin(tagged)
        arn = here.client.describe_table(TableName="orders")["Table"]["TableArn"]
        here.client.untag_resource(ResourceArn=arn, TagKeys=["stage"])
        with pytest.raises(DriftError, match=r"tags\[stage\]"):
            here.ensure(tagged)


@pytest.mark.parametrize("touch", [other_ttl, other_tags, other_period])
def test_one_that_was_set_otherwise_has_drifted(touch: Any) -> None:
    with world() as here:
        here.begin(FULL)
        touch(here)
        before = here.changes
        with pytest.raises(DriftError):
            here.ensure(FULL)
        assert here.changes == before


def test_one_that_differs_in_more_is_left_alone() -> None:
    with world() as here:
        here.begin(FULL)
        before = here.changes
        with pytest.raises(DriftError, match="stream_view_type"):
            here.ensure(TableSpec(**FULL.declared(), stream_view_type="KEYS_ONLY"))
        assert here.changes == before


def test_the_creator_and_those_who_joined_finish_together() -> None:
    with world(create_seconds=10, ttl_seconds=2) as here:
        here.create(FULL)

        def faster() -> None:  # between our look at the setting and our change of it
            ttl = {"Enabled": True, "AttributeName": "expires"}
            here.client.update_time_to_live(TableName="orders", TimeToLiveSpecification=ttl)

        done: list[bool] = []

        def before_ours(params: Any, **_: Any) -> None:
            if not done:
                done.append(True)
                faster()

        event = "provide-client-params.dynamodb.UpdateTimeToLive"
        here.client.meta.events.register(event, before_ours)
        assert here.ensure(FULL).outcome == "joined"
        assert here.simulator.calls["UpdateTimeToLive"] == 2  # and ours was refused


def test_a_setting_that_stays_refused_is_told_why() -> None:
    words = "Time to live has been modified multiple times within a fixed interval"
    with world() as here:
        here.simulator.fail_next("UpdateTimeToLive", 10**6, "ValidationException", words)
        with pytest.raises(Exception, match=words):
            here.ensure(FULL)
        assert here.simulator.calls["UpdateTimeToLive"] == 1


def test_a_setting_that_is_accepted_and_forgotten_is_drift() -> None:
    with world() as here:
        accepted = SimpleNamespace(status_code=200), {"ResponseMetadata": {}}
        event = "before-call.dynamodb.UpdateTimeToLive"
        here.client.meta.events.register(event, lambda **_: accepted)
        with pytest.raises(DriftError, match="time_to_live: declared expires, found off"):
            here.ensure(FULL)
        assert LAG <= here.clock.monotonic() < LAG + 15


def test_an_endpoint_without_the_operation_is_no_failure() -> None:
    with world() as here:
        here.simulator.fail_next("UpdateContributorInsights", 9, "UnknownOperationException", "no")
        result = here.ensure(FULL)

        assert result.outcome == "created"
        assert result.report is not None
        assert result.report.clean
        (note,) = result.report.notes
        assert (note.field, str(note.label)) == ("contributor_insights", "unsupported here")


@pytest.mark.parametrize("operation", ["UpdateTimeToLive", "UpdateContinuousBackups"])
@pytest.mark.parametrize("applied", [False, True])
def test_answers_that_are_lost_on_the_way(operation: str, applied: bool) -> None:
    with world() as here:
        here.simulator.drop_next(operation, applied=applied)
        assert here.ensure(FULL).outcome == "created"
        assert here.ensure(FULL).outcome == "verified"
