"""The policy as a value: which statements, for which features, and what is refused."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from dynoresilience import ConfigError, ScalingConfig
from dynoresilience.iam import FEATURES, Policy, features_of, policy
from tests.support.iam_policies import ACCOUNT, Asked, actions_of, allows

ROLE = f"arn:aws:iam::{ACCOUNT}:role/dynamodb-lowers"
ORDERS = f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/orders"


def asked(action: str, resource: str = ORDERS, **keys: list[str]) -> Asked:
    return Asked(action, resource, keys)


def test_its_text_is_json_and_so_is_itself() -> None:
    made = policy("orders")

    assert json.loads(str(made)) == made == json.loads(json.dumps(made))
    assert isinstance(made, dict)
    assert isinstance(made, Policy)
    assert copy.deepcopy(made) == made == pickle.loads(pickle.dumps(made))


def test_a_name_is_that_table_in_the_region_and_account_given() -> None:
    made = policy("orders", region="eu-central-1", account=ACCOUNT)

    assert {resource for statement in made["Statement"] for resource in statement["Resource"]} >= {
        ORDERS
    }
    for other in ("orders2", "order", "orders/index/by-customer", "x/orders"):
        assert not allows(made, asked("dynamodb:UpdateTable", ORDERS.replace("orders", other)))
    assert not allows(made, asked("dynamodb:UpdateTable", ORDERS.replace("eu-central-1", "x")))
    assert not allows(made, asked("dynamodb:UpdateTable", ORDERS.replace(ACCOUNT, "1" * 12)))
    assert not allows(made, asked("dynamodb:DeleteTable"))
    assert not allows(made, asked("dynamodb:PutItem"))


def test_without_a_place_it_is_any() -> None:
    made = policy("orders")

    assert allows(made, asked("dynamodb:DescribeTable"))
    assert allows(made, asked("dynamodb:UpdateTable", ORDERS.replace(ACCOUNT, "1" * 12)))
    assert not allows(made, asked("dynamodb:UpdateTable", ORDERS + "2"))


def test_several_tables_by_name_arn_and_pattern() -> None:
    tables = [ORDERS, "carts-*", "carts-*"]
    made = policy(tables, ["scaling", "ledger"], region="us-east-1", partition="aws-cn")

    for statement in made["Statement"]:
        carts = "arn:aws-cn:dynamodb:us-east-1:*:table/carts-*"
        assert statement["Resource"] == [ORDERS, carts]


def test_every_table_is_only_what_is_asked_for_in_so_many_words() -> None:
    assert allows(policy("*"), asked("dynamodb:UpdateTable"))


@pytest.mark.parametrize("features", [[name] for name in FEATURES] + [list(FEATURES)])
def test_a_feature_brings_its_actions_and_no_other(features: list[str]) -> None:
    made = policy("orders", features, scheduler_role=ROLE)

    assert actions_of(made) == {action for name in features for _, action in FEATURES[name]}
    assert all("*" not in action for action in actions_of(made))
    sids = [statement["Sid"] for statement in made["Statement"]]
    assert len(set(sids)) == len(sids)
    for statement in made["Statement"]:
        assert len(set(statement["Action"])) == len(statement["Action"])


def test_only_what_has_no_resource_is_allowed_on_all() -> None:
    made = policy("orders", FEATURES, region="eu-central-1", account=ACCOUNT, scheduler_role=ROLE)
    looks = ("DescribeScalableTargets", "DescribeScalingPolicies")
    on_all = {"dynamodb:ListTables", *(f"application-autoscaling:{look}" for look in looks)}

    for statement in made["Statement"]:
        if "*" in statement["Resource"]:
            assert set(statement["Action"]) <= on_all
            in_region = {"StringEquals": {"aws:RequestedRegion": ["eu-central-1"]}}
            assert statement["Condition"] == in_region


def test_no_features_are_those_of_a_plain_configuration() -> None:
    assert policy("orders") == policy("orders", config=ScalingConfig())
    assert policy("orders") == policy("orders", features_of(ScalingConfig()))


def test_the_features_of_a_configuration_are_what_it_has_switched_on() -> None:
    assert features_of(ScalingConfig()) == ("scaling", "ledger", "autoscaling")
    assert features_of(ScalingConfig(autoscaling="hold"))[-1] == "autoscaling-hold"
    assert features_of(ScalingConfig(ledger="memory")) == ("scaling", "autoscaling")
    assert features_of(ScalingConfig(scaling_enabled=False)) == ()


def test_tags_are_those_of_the_library_where_tables_tell_their_keys() -> None:
    made = policy("orders", "ledger")
    ours, others = ["dynoresilience:write"], ["dynoresilience:write", "owner"]

    for action in ("dynamodb:TagResource", "dynamodb:UntagResource"):
        assert allows(made, asked(action, **{"aws:TagKeys": ours}))
        assert not allows(made, asked(action, **{"aws:TagKeys": others}))
        assert allows(made, asked(action))  # no access control by attributes in this account


def test_a_policy_that_is_changed_does_not_change_the_next_one() -> None:
    before = str(policy("orders", "ledger"))
    changed = policy("orders", "ledger")
    changed["Statement"][1]["Condition"]["ForAllValues:StringLike"]["aws:TagKeys"].clear()

    assert str(policy("orders", "ledger")) == before


def test_a_minimum_is_raised_of_tables_and_indexes_only() -> None:
    made = policy("orders", "autoscaling", region="eu-central-1", account=ACCOUNT)
    service = "application-autoscaling"
    target = f"arn:aws:{service}:eu-central-1:{ACCOUNT}:scalable-target/0ec5"

    def may(namespace: str, dimension: str) -> bool:
        of = {
            f"{service}:service-namespace": [namespace],
            f"{service}:scalable-dimension": [dimension],
        }
        return allows(made, asked(f"{service}:RegisterScalableTarget", target, **of))

    assert may("dynamodb", "dynamodb:table:WriteCapacityUnits")
    assert may("dynamodb", "dynamodb:index:ReadCapacityUnits")
    assert not may("ecs", "ecs:service:DesiredCount")
    assert not may("dynamodb", "ecs:service:DesiredCount")
    assert not allows(made, asked(f"{service}:DeregisterScalableTarget", target))
    held = policy("orders", "autoscaling-hold")
    assert actions_of(held) == actions_of(made) - {f"{service}:RegisterScalableTarget"}


@pytest.mark.parametrize(
    ("tables", "name", "allowed"),
    [
        ("orders", "dynoresilience-orders-0123456789abcdef", True),
        ("orders", "dynoresilience-carts-0123456789abcdef", False),
        ("orders", "someone-elses", False),
        (ORDERS, "dynoresilience-orders-0123456789abcdef", True),
        ("o" * 100, f"dynoresilience-{'o' * 32}-0123456789abcdef", True),
        ("orders-*-eu", "dynoresilience-orders-2026-eu-0123456789abcdef", True),
        ("orders-*-eu", f"dynoresilience-orders-{'2' * 25}-0123456789abcdef", True),
        ("*", "dynoresilience-carts-0123456789abcdef", True),
        ("*", "someone-elses", False),
    ],
)
def test_schedules_are_those_of_the_tables(tables: str, name: str, allowed: bool) -> None:
    made = policy(
        tables, "eventbridge", region="eu-central-1", account=ACCOUNT, scheduler_role=ROLE
    )
    schedule = f"arn:aws:scheduler:eu-central-1:{ACCOUNT}:schedule/default/{name}"

    assert allows(made, asked("scheduler:CreateSchedule", schedule)) is allowed
    for group in ("default", "others"):
        in_group = schedule.replace("default", group)
        of_group = policy(tables, "eventbridge", scheduler_role=ROLE, scheduler_group=group)
        assert allows(of_group, asked("scheduler:DeleteSchedule", in_group)) is allowed
        assert allows(made, asked("scheduler:UpdateSchedule", in_group)) is (
            allowed and group == "default"
        )


def test_the_role_is_passed_to_the_scheduler_alone() -> None:
    made = policy("orders", "eventbridge", scheduler_role=ROLE)

    def may(role: str, service: str) -> bool:
        return allows(made, asked("iam:PassRole", role, **{"iam:PassedToService": [service]}))

    assert may(ROLE, "scheduler.amazonaws.com")
    assert not may(ROLE, "ec2.amazonaws.com")
    assert not may(ROLE + "s", "scheduler.amazonaws.com")


def test_it_knows_the_tags_that_are_written() -> None:
    from dynoresilience.aws.ledger_tags import PREFIX
    from dynoresilience.iam.grants import TAG_PREFIX

    assert TAG_PREFIX == PREFIX


def test_a_feature_beside_a_configuration_is_added() -> None:
    both = policy("orders", ["reaper"], config=ScalingConfig(ledger="memory"))

    assert actions_of(both) == actions_of(policy("orders", ["scaling", "autoscaling", "reaper"]))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"tables": None}, "tables=None must be the name of a table or its ARN"),
        ({"tables": []}, "tables=[] must name at least one"),
        ({"tables": ""}, "tables='' must be the name of a table or its ARN"),
        ({"tables": ["orders", 7]}, "tables=7 must be the name of a table or its ARN"),
        ({"tables": "orders/index/by-customer"}, "without an index"),
        ({"tables": f"{ORDERS}/index/by-customer"}, "without an index"),
        ({"tables": "arn:aws:s3:::orders"}, "tables='arn:aws:s3:::orders' must be"),
        (
            {"tables": "arn:aws:dynamodb:eu-central-1:12:table/orders"},
            "account='12' in tables='arn:aws:dynamodb:eu-central-1:12:table/orders' must be the 12",
        ),
        ({"tables": "two words"}, "tables='two words' must be"),
        ({"features": []}, "features=[] must name at least one"),
        (
            {"features": "scalling"},
            "features='scalling' must be one of scaling, ledger, auto",
        ),
        ({"features": [None]}, "features=None must be one of scaling, ledger, auto"),
        ({"region": "Frankfurt"}, "region='Frankfurt' must be a region such as"),
        ({"region": ""}, "region='' must be a region such as"),
        ({"account": "12345"}, "account='12345' must be the 12 digits"),
        ({"account": 123456789012}, "account=123456789012 must be the 12 digits"),
        ({"partition": "*"}, "partition='*' must be a partition"),
        ({"features": "eventbridge"}, "scheduler_role=None must be the ARN of the IAM role"),
        (
            {"features": "eventbridge", "scheduler_role": "dynamodb-lowers"},
            "scheduler_role='dynamodb-lowers' must be the ARN of the IAM role",
        ),
        (
            {"features": "eventbridge", "scheduler_role": ROLE, "scheduler_group": ""},
            "scheduler_group='' must be the name of a schedule group",
        ),
        (
            {"config": ScalingConfig(scaling_enabled=False)},
            "config.scaling_enabled=False: nothing is switched on",
        ),
    ],
)
def test_what_is_wrong_is_named(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        policy(**{"tables": "orders", **arguments})

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_module_needs_nothing_but_the_standard_library_and_the_configuration() -> None:
    import subprocess
    import sys

    program = """if True:
        import sys
        before = set(sys.modules)
        import dynoresilience.iam
        new = set(sys.modules) - before
        print(*sorted(name for name in new if name.startswith("dynoresilience")))
        print(*sorted({name.partition(".")[0] for name in new} - set(sys.stdlib_module_names)))
    """
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    ours, roots = done.stdout.splitlines()
    assert ours.split() == [
        "dynoresilience",
        "dynoresilience.config",
        "dynoresilience.config.environment",
        "dynoresilience.config.faults",
        "dynoresilience.config.limits",
        "dynoresilience.errors",
        "dynoresilience.iam",
        "dynoresilience.iam.asked",
        "dynoresilience.iam.grants",
    ]
    assert roots == "dynoresilience"
