"""``dynoresilience iam``."""

from __future__ import annotations

import json

import pytest

from dynoresilience.cli import main
from dynoresilience.iam import policy

ACCOUNT = "123456789012"
ROLE = f"arn:aws-cn:iam::{ACCOUNT}:role/dynamodb-lowers"


def test_it_prints_the_policy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["iam", "--table", "orders"]) == 0

    said = capsys.readouterr()
    assert json.loads(said.out) == policy("orders")
    assert said.err == ""


def test_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = "iam --table orders --table carts-* --feature scaling --feature eventbridge"
    where = f"--region eu-central-1 --account {ACCOUNT} --partition aws-cn"
    schedules = f"--scheduler-role {ROLE} --scheduler-group lowering"
    assert main([*arguments.split(), *where.split(), *schedules.split()]) == 0

    assert json.loads(capsys.readouterr().out) == policy(
        ["orders", "carts-*"],
        ["scaling", "eventbridge"],
        region="eu-central-1",
        account=ACCOUNT,
        partition="aws-cn",
        scheduler_role=ROLE,
        scheduler_group="lowering",
    )


def test_a_wrong_value_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["iam", "--table", "orders", "--feature", "scalling"]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("dynoresilience iam: features='scalling' must be one of scaling")
    assert said.err.count("\n") == 1


def test_without_a_table_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["iam"]) == 2

    assert "--table" in capsys.readouterr().err
