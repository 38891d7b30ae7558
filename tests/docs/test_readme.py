"""The README's blocks on a table run against a DynamoDB that enforces capacity; its facts hold."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import yaml  # which moto brings

from dynoresilience import reaper
from dynoresilience.aws.every_session import hooks_for_new_sessions
from dynoresilience.cli import main
from dynoresilience.config import ScalingConfig
from dynoresilience.iam import FEATURES, policy
from dynoresilience.testing import SimulatedDynamoDB
from tests.docs.pages import ROOT, Page

PAGE = Page("README.md")
README = PAGE.text


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedDynamoDB]:
    """What the blocks assume: credentials, a region, and a table ``orders`` that is too small."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    simulator = SimulatedDynamoDB(update_seconds=0.1, start_full=False, burst_seconds=1)
    with simulator:
        simulator.create_table("orders", write=20, indexes={"by-customer": (5, 20)})
        yield simulator
    hooks_for_new_sessions(None)


@pytest.mark.parametrize("code", PAGE.code("runs", "orders"))
def test_blocks_on_a_table(code: str, orders: SimulatedDynamoDB) -> None:
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)

    if "handler" in names:
        context = SimpleNamespace(get_remaining_time_in_millis=lambda: 30_000)
        assert names["handler"]({"id": "order-1"}, context) == {"statusCode": 200}
    assert orders.calls


def test_the_table_of_settings_is_complete_and_true() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (?:`(\w+)`)?[^|]*\| ([^|]*) \|", README, re.MULTILINE)
    documented = {name: (variable, default.strip()) for name, variable, default in rows[1:]}
    words = {"None": "as it was", "True": "true", "False": "false", "{}": "none"}
    words |= dict.fromkeys(
        (
            "deadline",
            "max_hourly_cost",
            "max_unit_hours_per_day",
            "prices",
            "max_read_request_units",
            "max_write_request_units",
            "scheduler_role_arn",
            "reaper_function_arn",
            "scheduler_dead_letter_arn",
        ),
        "none",
    )

    assert set(documented) == set(ScalingConfig.__dataclass_fields__)
    for name, (variable, default) in documented.items():
        value = str(getattr(ScalingConfig(), name))
        assert default == words.get(name, words.get(value, value))
        if variable:
            with pytest.raises(ValueError, match=variable):
                ScalingConfig.from_env({variable: "nonsense"})


def test_the_policy_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    [shown] = PAGE.code("prints", "iam")
    command, _, printed = shown.partition("\n")

    assert command.startswith("$ python -m dynoresilience iam ")
    assert main(command.split()[4:]) == 0
    assert capsys.readouterr().out == printed


def test_every_permission_is_in_the_table() -> None:
    [section] = re.findall(r"^## Permissions\n(.*?)^## ", README, re.MULTILINE | re.DOTALL)
    rows = dict(re.findall(r'^\| `"([\w-]+)"` \|(.*)$', section, re.MULTILINE))

    assert set(rows) == set(FEATURES)
    told: dict[str, set[str]] = {}
    for name, row in rows.items():  # a row may refer to one above it
        told[name] = set(re.findall(r"`([\w-]+:\w+)`", row))
        for other in re.findall(r'all of `"([\w-]+)"`', row):
            told[name] |= told[other]
    for name in set(FEATURES) - {"reaper"}:
        assert told[name] == {action for _, action in FEATURES[name]}


def test_the_template_runs_the_reaper_on_a_schedule_with_the_policy_that_it_needs() -> None:
    [text] = PAGE.code("shows", "template.yaml")
    [function] = yaml.safe_load(text)["Resources"].values()
    properties = function["Properties"]

    module, _, name = properties["Handler"].rpartition(".")
    assert getattr(importlib.import_module(module), name) is reaper.handler
    assert properties["Policies"] == [policy("*", "reaper")]
    [command] = re.findall(r"# python -m dynoresilience (.*)", text)
    assert command == "iam --feature reaper --table '*'"
    [event] = properties["Events"].values()
    assert event["Type"] == "Schedule"
    assert re.fullmatch(r"rate\(\d+ minutes\)", event["Properties"]["Schedule"])


def test_every_link_leads_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
