"""A plan is carried out: what stops it, what it gets over, and how an interrupted one goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dynoresilience.errors import ConfigError
from dynoresilience.ports import AccessDenied
from dynoresilience.tables import (
    Applied,
    PlanError,
    TablePlan,
    TableSpec,
    apply_plan,
    plan_table,
    verify_table,
)
from dynoresilience.tables.apply.carry_out import BUSY_FOR, LOST_AFTER, NO_EFFECT_AFTER
from tests.support.apply_program import BEFORE, WANTED
from tests.support.drifts import by_customer, table
from tests.support.ensuring import CHANGES, World, world

SLOW: dict[str, Any] = {
    "update_seconds": 3,
    "create_seconds": 10,
    "index_create_seconds": 300,
    "index_delete_seconds": 4,
    "ttl_seconds": 20,
    "ttl_pause_seconds": 15,
    "tag_seconds": 2,
    "insights_seconds": 7,
    "backups_seconds": 4,
    "recovery_seconds": 10,
}


@contextmanager
def a_table(spec: TableSpec = BEFORE, **settings: Any) -> Iterator[World]:
    """One that is as declared, and has been for a day."""
    with world(**{**SLOW, **settings}) as here:
        apply_plan(here.client, plan_table(here.client, spec))
        here.clock.advance(86_400)
        yield here


def carry_out(here: World, plan: TablePlan, **options: Any) -> Applied:
    options.setdefault("allow", plan.needs_allowed)
    return apply_plan(here.client, plan, sinks=[here], **options)


def changes_of(here: World, work: Callable[[], object]) -> dict[str, int]:
    return {name: n for name, n in here.calls_of(work).items() if name in CHANGES}


def stopped(here: World, plan: TablePlan, words: str, **options: Any) -> PlanError:
    with pytest.raises(PlanError, match=words) as caught:
        carry_out(here, plan, **options)
    assert str(caught.value).startswith("orders: ")
    return caught.value


# Before anything is sent


def test_what_needs_to_be_allowed_is_told_all_at_once() -> None:
    with a_table() as here:
        plan = plan_table(here.client, WANTED)

        def refused() -> None:
            error = stopped(here, plan, "nothing was sent", allow=["new_stream"])
            assert "allow=['delete_index', 'disable_recovery', 'new_stream']" in str(error)
            assert "delete index by-customer" in str(error)
            assert "switch point-in-time recovery on, 7 days back" in str(error)
            assert "disable the stream" not in str(error).partition("left:")[0]
            assert error.left == plan.steps

        assert here.calls_of(refused) == {}


def test_what_can_not_be_mended_is_told_before_anything_is_sent() -> None:
    with a_table() as here:
        plan = plan_table(here.client, table(local_secondary_indexes=[], deletion_protection=True))
        refused = lambda: stopped(here, plan, "under another name")  # noqa: E731
        assert here.calls_of(refused) == {}


def test_a_word_that_there_is_not_is_refused() -> None:
    with a_table() as here:
        plan = plan_table(here.client, WANTED)
        with pytest.raises(ConfigError, match=r"'delete_indexes'.* only delete_index, new_stream"):
            carry_out(here, plan, allow=["delete_indexes"])
        with pytest.raises(ConfigError, match="plan_table gave it"):
            carry_out(here, TablePlan("orders", "", plan.steps))


def test_one_word_may_stand_alone() -> None:
    with a_table() as here:
        types = {"id": "S", "day": "N", "total": "N"}
        bare = table(attributes=types, global_secondary_indexes=[])
        plan = plan_table(here.client, bare)
        assert carry_out(here, plan, allow="delete_index").report.clean


def test_a_plan_for_a_table_that_has_changed_since_is_refused() -> None:
    with a_table() as here:
        plan = plan_table(here.client, table(deletion_protection=True, write_capacity_units=7))
        here.client.update_table(
            TableName="orders",
            ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 9},
        )
        refused = lambda: stopped(here, plan, "nothing was sent: the table has changed")  # noqa: E731
        assert changes_of(here, refused) == {}


def test_a_plan_for_a_table_that_was_made_anew_since_is_refused() -> None:
    with a_table(table()) as here:
        plan = plan_table(here.client, table(deletion_protection=True))
        here.client.delete_table(TableName="orders")
        apply_plan(here.client, plan_table(here.client, table()))
        stopped(here, plan, "nothing was sent: the table has changed")


def test_a_plan_is_made_once_a_change_under_way_is_done() -> None:
    with a_table(table(), update_seconds=40) as here:
        here.client.update_table(TableName="orders", BillingMode="PAY_PER_REQUEST")
        with pytest.raises(PlanError, match="after 10 s the table is UPDATING"):
            plan_table(here.client, table(), timeout=10)
        assert [step.what for step in plan_table(here.client, table()).steps] == [
            "switch to provisioned capacity"
        ]


# In the middle


def test_everything_is_changed_in_order() -> None:
    with a_table() as here:
        plan = plan_table(here.client, WANTED)
        result = carry_out(here, plan)

        assert result.steps == plan.steps
        assert result.report.clean
        assert verify_table(here.client, WANTED).clean
        assert plan_table(here.client, WANTED).is_empty
        assert [what for what in here.told if "waiting" not in what] == [
            *(step.what for step in plan.steps),
            "as declared",
        ]
        assert 300 < result.seconds < 450
        assert str(result).startswith("orders: delete index by-customer, to create it in another")


def during(here: World, step: str, job: Callable[[], object]) -> None:
    """Do something right before this step is sent, once."""
    done: list[bool] = []

    def once(params: dict[str, Any], model: Any, **_: Any) -> None:
        if not done and step in here.told and model.name in CHANGES:
            done.append(True)
            job()

    here.client.meta.events.register("provide-client-params.dynamodb", once)


def another_client(here: World) -> Any:
    return here.simulator.client()


def test_a_change_by_somebody_else_is_not_overwritten() -> None:
    spec = table(deletion_protection=True, tags={"team": "billing"}, write_capacity_units=7)
    with a_table() as here:
        plan = plan_table(here.client, spec)
        assert [step.what for step in plan.steps] == [
            "set the capacity: write 5 -> 7",
            "switch deletion protection on",
            "set the tags team",
        ]
        other = another_client(here)

        def retag() -> None:
            arn = other.describe_table(TableName="orders")["Table"]["TableArn"]
            other.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "depot"}])

        during(here, "switch deletion protection on", retag)  # and tags are seen late
        error = stopped(here, plan, r"somebody else has changed it meanwhile: tags\[team\]")
        assert [step.what for step in error.done] == [
            "set the capacity: write 5 -> 7",
            "switch deletion protection on",
        ]
        assert [step.what for step in error.left] == ["set the tags team"]
        found = verify_table(here.client, spec)
        assert [each.found for each in found.differences] == ["depot"]


def test_what_somebody_else_undoes_is_not_done_twice() -> None:
    spec = table(deletion_protection=True, tags={"team": "billing"})
    with a_table() as here:
        other = another_client(here)
        during(
            here,
            "set the tags team",
            lambda: other.update_table(TableName="orders", DeletionProtectionEnabled=False),
        )
        plan = plan_table(here.client, spec)
        stopped(here, plan, "somebody else has changed it meanwhile: deletion_protection")


def test_what_somebody_else_has_done_need_not_be_done() -> None:
    spec = table(deletion_protection=True, tags={"team": "billing"}, write_capacity_units=7)
    with a_table() as here:
        plan = plan_table(here.client, spec)
        other = another_client(here)
        during(
            here,
            "set the capacity: write 5 -> 7",
            lambda: other.update_table(TableName="orders", DeletionProtectionEnabled=True),
        )
        result = carry_out(here, plan)
        assert [step.what for step in result.steps] == [
            "set the capacity: write 5 -> 7",
            "set the tags team",
        ]


def test_what_somebody_else_does_in_the_same_instant_is_done() -> None:
    with a_table(update_seconds=0) as here:
        plan = plan_table(here.client, table(stream_view_type=False))
        other = another_client(here)
        off = {"StreamEnabled": False}
        during(
            here,
            "disable the stream",
            lambda: other.update_table(TableName="orders", StreamSpecification=off),
        )
        assert carry_out(here, plan).steps == plan.steps
        assert here.simulator.calls["UpdateTable"] == 2  # and ours was refused


def test_a_table_that_is_deleted_meanwhile_is_not_created_again() -> None:
    with a_table(table()) as here:
        other = another_client(here)
        during(
            here,
            "set the capacity: write 5 -> 7",
            lambda: other.delete_table(TableName="orders"),
        )
        plan = plan_table(here.client, table(write_capacity_units=7, deletion_protection=True))
        error = stopped(here, plan, "somebody else has changed it meanwhile: table")
        assert not error.done


def second_look(here: World, job: Callable[[], object]) -> None:
    """Do something between the look that leads to a step and the one right before it is sent."""
    looks: list[str] = []

    def count(model: Any, **_: Any) -> None:
        looks.append(model.name)
        if model.name == "DescribeTable" and looks.count("DescribeTable") == 2:
            job()

    here.client.meta.events.register("provide-client-params.dynamodb", count)


def test_what_another_has_just_made_anew_is_not_taken_away() -> None:
    with a_table() as here:
        plan = plan_table(here.client, table(stream_view_type="NEW_IMAGE"))
        other = another_client(here)

        def faster() -> None:
            for stream in (
                {"StreamEnabled": False},
                {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            ):
                other.update_table(TableName="orders", StreamSpecification=stream)
                here.clock.advance(5)

        second_look(here, faster)
        result = carry_out(here, plan)
        assert result.steps == ()
        assert here.simulator.calls["UpdateTable"] == 2


def test_a_look_that_fails_right_before_a_step_puts_it_off() -> None:
    with a_table() as here:
        plan = plan_table(here.client, table(stream_view_type="NEW_IMAGE"))
        second_look(here, lambda: here.simulator.fail_next("DescribeTable"))
        assert carry_out(here, plan).steps == plan.steps


def test_a_look_that_is_denied_right_before_a_step_ends_it() -> None:
    with a_table() as here:
        plan = plan_table(here.client, table(stream_view_type="NEW_IMAGE"))
        second_look(here, lambda: here.simulator.deny("DescribeTable"))
        with pytest.raises(AccessDenied):
            carry_out(here, plan)


def test_a_table_that_is_deleted_while_a_step_takes_effect() -> None:
    with a_table(table()) as here:
        plan = plan_table(here.client, table(deletion_protection=False, write_capacity_units=7))
        other = another_client(here)

        def delete(**_: Any) -> None:
            here.clock.advance(3)
            other.delete_table(TableName="orders")

        here.client.meta.events.register("after-call.dynamodb.UpdateTable", delete)
        error = stopped(here, plan, "somebody else has changed it meanwhile: table")
        assert not error.done


def test_what_waits_for_a_step_that_was_put_off_is_left() -> None:
    with a_table(table()) as here:
        message = "Subscriber limit exceeded: no more of it"
        here.simulator.fail_next("UpdateTable", 1, "LimitExceededException", message)
        spec = table(
            global_secondary_indexes=[
                by_customer(
                    read_capacity_units=5,
                    write_capacity_units=5,
                    projection_type="ALL",
                    non_key_attributes=[],
                    contributor_insights=True,
                )
            ]
        )
        error = stopped(here, plan_table(here.client, spec), message)
        assert not error.done
        assert len(error.left) == 3
        assert carry_out(here, plan_table(here.client, spec)).report.clean


def test_a_table_in_use_is_waited_for() -> None:
    with a_table(update_seconds=40) as here:
        other = another_client(here)
        during(
            here,
            "change the table class to STANDARD_INFREQUENT_ACCESS",
            lambda: other.update_table(
                TableName="orders", StreamSpecification={"StreamEnabled": False}
            ),
        )
        spec = table(table_class="STANDARD_INFREQUENT_ACCESS")
        result = carry_out(here, plan_table(here.client, spec))
        assert 80 < result.seconds < 110
        assert any("ResourceInUseException" in what for what in here.told)


def test_a_table_in_use_of_which_nothing_is_seen_ends_it() -> None:
    with a_table() as here:
        here.simulator.fail_next("UpdateTable", 1000, code="ResourceInUseException")
        plan = plan_table(here.client, table(deletion_protection=True))
        began = here.clock.monotonic()
        stopped(here, plan, "in use, and nothing is seen of it")
        assert BUSY_FOR <= here.clock.monotonic() - began < BUSY_FOR + 15


@pytest.mark.parametrize("code", ["ThrottlingException", "LimitExceededException"])
def test_the_rate_of_the_control_plane_is_kept_to(code: str) -> None:
    message = "The rate of control plane requests made by this account is too high"
    with a_table() as here:
        here.simulator.fail_next("UpdateTable", 3, code=code, message=message)
        plan = plan_table(here.client, table(deletion_protection=True))
        assert changes_of(here, lambda: carry_out(here, plan)) == {"UpdateTable": 4}


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("operation", ["UpdateTable", "TagResource", "UpdateContinuousBackups"])
def test_without_an_answer_it_is_looked_whether_it_took_effect(
    operation: str, applied: bool
) -> None:
    spec = table(deletion_protection=True, tags={"team": "billing"}, point_in_time_recovery=False)
    with a_table() as here:
        plan = plan_table(here.client, spec)
        here.simulator.drop_next(operation, applied=applied)
        sent = {"UpdateTable": 1, "TagResource": 1, "UpdateContinuousBackups": 1}
        sent[operation] += not applied
        results: list[Applied] = []
        assert changes_of(here, lambda: results.append(carry_out(here, plan))) == sent
        (result,) = results
        assert result.steps == plan.steps
        assert (result.seconds >= LOST_AFTER) is not applied


def test_a_look_that_fails_is_tried_again() -> None:
    with a_table() as here:
        plan = plan_table(here.client, table(deletion_protection=True))
        here.simulator.fail_next("DescribeTable", 3)
        here.simulator.drop_next("DescribeTimeToLive", 2)
        assert carry_out(here, plan).report.clean


def test_what_is_denied_is_named() -> None:
    with a_table() as here:
        plan = plan_table(here.client, table(deletion_protection=True, tags={"team": "billing"}))
        here.simulator.deny("TagResource")
        error = stopped(here, plan, "set the tags team: allow dynamodb:TagResource")
        assert [step.what for step in error.done] == ["switch deletion protection on"]
        here.simulator.allow("TagResource")
        here.simulator.deny("DescribeTable")
        with pytest.raises(AccessDenied):
            carry_out(here, plan)


def test_what_is_accepted_and_forgotten_ends_in_an_error() -> None:
    with a_table() as here:
        plan = plan_table(here.client, table(deletion_protection=True))
        other = another_client(here)

        def forget(**_: Any) -> None:
            other.update_table(TableName="orders", DeletionProtectionEnabled=False)

        here.client.meta.events.register("after-call.dynamodb.UpdateTable", forget)
        began = here.clock.monotonic()
        error = stopped(here, plan, "deletion protection on: it was accepted and has no effect")
        assert NO_EFFECT_AFTER <= here.clock.monotonic() - began < NO_EFFECT_AFTER + 15
        assert error.left == plan.steps


def test_a_request_that_would_leave_too_late_is_not_sent() -> None:
    with a_table() as here:
        plan = plan_table(here.client, table(deletion_protection=True))
        late: list[bool] = []

        def dawdle(**_: Any) -> None:
            if not late:
                late.append(True)
                here.clock.advance(2)

        here.client.meta.events.register("request-created.dynamodb.UpdateTable", dawdle)
        assert changes_of(here, lambda: carry_out(here, plan)) == {"UpdateTable": 1}
        assert late


def test_in_time_or_not_and_then_the_rest() -> None:
    spec = table(
        attributes={"id": "S", "day": "N", "customer": "S", "total": "N", "state": "S"},
        global_secondary_indexes=[
            by_customer(read_capacity_units=5, write_capacity_units=5),
            {
                "name": "by-state",
                "hash_key": "state",
                "read_capacity_units": 5,
                "write_capacity_units": 5,
            },
        ],
        tags={"team": "billing"},
        deletion_protection=True,
    )
    with a_table() as here:
        error = stopped(
            here,
            plan_table(here.client, spec),
            "after 100 s still waiting: index by-state is CREATING; that goes on without us",
            timeout=100,
        )
        assert [step.what for step in error.done] == [
            "switch deletion protection on",
            "create index by-state",
            "set the tags team",  # it does not wait for the index
        ]
        assert error.left == ()
        rest = plan_table(here.client, spec)
        assert rest.is_empty
        assert carry_out(here, rest).seconds > 190  # the index is waited for all the same


def test_the_time_to_live_once_an_hour_and_the_rest_first() -> None:
    spec = table(time_to_live="until", deletion_protection=True, point_in_time_recovery=False)
    with a_table(ttl_pause_seconds=3600) as here:
        error = stopped(here, plan_table(here.client, spec), "once an hour: run it again after")
        assert [step.what for step in error.done] == [
            "switch deletion protection on",
            "switch point-in-time recovery off",
            "switch the time to live by expires off",
        ]
        assert [step.what for step in error.left] == ["switch the time to live by until on"]
        here.clock.advance(3600)
        assert carry_out(here, plan_table(here.client, spec)).report.clean


def test_a_decrease_that_is_not_to_be_had_today_and_the_rest_first() -> None:
    with a_table(table(write_capacity_units=20)) as here:
        for units in (19, 18, 17, 16):
            here.client.update_table(
                TableName="orders",
                ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": units},
            )
            here.clock.advance(10)
        spec = table(deletion_protection=True)
        plan = plan_table(here.client, spec)
        error = stopped(here, plan, "decreases are spent; run it again after 20..-..-..T")
        assert [step.what for step in error.done] == ["switch deletion protection on"]
        here.clock.advance(3600)
        assert carry_out(here, plan_table(here.client, spec)).report.clean


def test_a_switch_that_is_refused_ends_it() -> None:
    with a_table(table()) as here:
        message = "Subscriber limit exceeded: switched too often"
        here.simulator.fail_next("UpdateTable", 1, code="LimitExceededException", message=message)
        plan = plan_table(here.client, table(on_demand=True, tags={"team": "billing"}))
        error = stopped(here, plan, message)
        assert not error.done


def test_a_request_that_is_wrong_ends_it() -> None:
    with a_table(table()) as here:
        here.simulator.fail_next("UpdateTable", 1, code="ValidationException", message="no way")
        plan = plan_table(here.client, table(on_demand=True, tags={"team": "billing"}))
        stopped(here, plan, "switch to on-demand: it is refused: .*no way")


def test_what_an_endpoint_does_not_know_ends_it() -> None:
    with a_table(table()) as here:
        code = "UnknownOperationException"
        here.simulator.fail_next("UpdateContributorInsights", 1, code=code, message="what?")
        plan = plan_table(here.client, table(contributor_insights=True))
        stopped(here, plan, "it is not supported here")


# A table that is not there


def test_a_table_that_is_not_there_is_created_and_seen_to() -> None:
    with world(**SLOW, describe_lag_seconds=4) as here:
        plan = plan_table(here.client, WANTED)
        result = carry_out(here, plan)
        assert result.steps == plan.steps
        assert here.simulator.calls["CreateTable"] == 1
        assert verify_table(here.client, WANTED).clean


def test_a_creation_by_somebody_else_is_joined() -> None:
    with world(**SLOW, describe_lag_seconds=4) as here:
        plan = plan_table(here.client, WANTED)
        another_client(here).create_table(**WANTED.to_boto3())
        result = carry_out(here, plan)
        assert result.steps[0].operation == "UpdateContinuousBackups"


# Interrupted


class Killed(BaseException):
    """As if the process were gone."""


@pytest.mark.parametrize("event", ["provide-client-params", "after-call"])
def test_interrupted_anywhere_the_next_run_finishes_it(event: str) -> None:
    kills = 0
    with a_table() as here:
        client, changes = another_client(here), [0]

        def kill(model: Any, http_response: Any = None, **_: Any) -> None:
            was_refused = http_response is not None and http_response.status_code != 200
            if model.name in CHANGES and not was_refused:
                changes[0] -= 1
                if changes[0] == 0:
                    raise Killed

        client.meta.events.register(f"{event}.dynamodb", kill)
        while True:
            changes[0] = 1 if event == "after-call" else 2  # so that each run does one of them
            plan = plan_table(client, WANTED)
            try:
                result = apply_plan(client, plan, allow=plan.needs_allowed)
            except Killed:
                kills += 1
                continue
            break
        assert kills > 10
        assert len(result.steps) <= 1
        assert verify_table(here.client, WANTED).clean
        assert plan_table(here.client, WANTED).is_empty


def test_no_step_is_begun_after_the_deadline() -> None:
    """Frozen in the middle of the look; or whoever waited has been interrupted."""
    with a_table() as here:
        plan = plan_table(here.client, WANTED)
        before = here.changes
        event = "after-call.dynamodb.DescribeTimeToLive"
        here.client.meta.events.register_first(event, lambda **_: here.clock.advance(100))
        stopped(here, plan, "still waiting", timeout=50)
        assert here.changes == before
