"""``dynoresilience reap`` as real processes: what it does, what it leaves, and its exit codes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from dynoresilience.aws.table_control import BotoTableControl
from dynoresilience.aws.tag_ledger import TagLedger
from dynoresilience.model import Dimension, Raised, RaisedTable, Units
from dynoresilience.process.clock import SystemClock
from dynoresilience.testing import SimulatorServer
from tests.functional.taking_back.processes import reap, start_reaper, together, until


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(update_seconds=0.5) as running:
        yield running


def raise_(server: SimulatorServer, table: str, due: float = -60.0) -> None:
    """A table and its index at 10 write units, raised from 5; due so many seconds from now."""
    server.create_table(table, write=10, indexes={"by-customer": (5, 10)})
    state = BotoTableControl(server.client()).describe(table)
    number = Raised(base=5, was=5, to=10, at=time.time() - 600)
    raised = {(None, Dimension.WRITE): number, ("by-customer", Dimension.WRITE): number}
    entry = RaisedTable(table, state.arn, raised, time.time() + due, state.table_id)
    assert TagLedger(server.client(), SystemClock()).write(entry)


def units(server: SimulatorServer, table: str) -> tuple[int, int]:
    return server.units(table).write, server.units(table, "by-customer").write


def tags(server: SimulatorServer, table: str) -> set[str]:
    arn = server.client().describe_table(TableName=table)["Table"]["TableArn"]
    answer = server.client().list_tags_of_resource(ResourceArn=arn)
    return {tag["Key"] for tag in answer["Tags"]}


def is_at_base(server: SimulatorServer, table: str) -> bool:
    return units(server, table) == (5, 5) and not tags(server, table)


def test_it_lowers_what_is_due_and_nothing_else(server: SimulatorServer) -> None:
    raise_(server, "due")
    raise_(server, "later", due=600)
    server.create_table("never", write=10)
    ended = reap(server.url)
    assert (ended.returncode, ended.stderr) == (0, "")
    until(lambda: is_at_base(server, "due"), "lowered")
    assert units(server, "later") == (10, 10)
    assert len(tags(server, "later")) == 2
    assert [update.table for update in server.updates] == ["due"]
    assert "later: not due until" in ended.stdout
    assert "never" not in ended.stdout
    assert server.calls["UntagResource"] == 1


def test_a_dry_run_changes_nothing_and_says_what_would_be(server: SimulatorServer) -> None:
    raise_(server, "orders")
    before = server.calls["TagResource"]
    ended = reap(server.url, "--dry-run", "--json")
    assert ended.returncode == 0
    report = json.loads(ended.stdout)
    assert report["dry_run"] is True
    [told] = report["tables"]
    assert told["outcome"] == "lowered"
    assert sorted(told["changes"]) == ["orders write 10 -> 5", "orders/by-customer write 10 -> 5"]
    assert server.updates == ()
    assert server.calls["TagResource"] == before
    assert server.calls["UntagResource"] == 0
    assert len(tags(server, "orders")) == 2


@pytest.mark.parametrize("count", [2, 8])
def test_several_at_once_do_no_harm(server: SimulatorServer, count: int) -> None:
    raise_(server, "orders")
    ended = together([start_reaper(server.url, "--json") for _ in range(count)])
    assert [status for status, _, _ in ended] == [0] * count, ended
    assert {json.loads(out)["looked_at"] for _, out, _ in ended} == {1}
    until(lambda: is_at_base(server, "orders"), "lowered")
    assert len(server.updates) == 1


def test_only_the_tables_that_are_named(server: SimulatorServer) -> None:
    raise_(server, "orders")
    raise_(server, "carts")
    ended = reap(server.url, "--table", "carts")
    assert ended.returncode == 0
    until(lambda: is_at_base(server, "carts"), "lowered")
    assert [update.table for update in server.updates] == ["carts"]
    missing = reap(server.url, "--table", "no-such-table")
    assert missing.returncode == 1
    assert "no-such-table: failed" in missing.stdout


def test_it_fails_where_it_may_not_lower(server: SimulatorServer) -> None:
    raise_(server, "orders")
    server.deny("UpdateTable")
    ended = reap(server.url, "--json")
    assert ended.returncode == 1
    [told] = json.loads(ended.stdout)["tables"]
    assert told["outcome"] == "failed"
    assert "dynamodb:UpdateTable" in told["reason"]
    assert len(tags(server, "orders")) == 2


@pytest.mark.parametrize(
    "operation", ["UpdateTable", "ListTagsOfResource", "DescribeTable", "UntagResource"]
)
def test_one_table_of_two_does_not_hold_the_other_up(
    server: SimulatorServer, operation: str
) -> None:
    raise_(server, "carts")
    raise_(server, "orders")
    server.fail_next(operation, 1, "AccessDeniedException", "denied: carts")
    ended = reap(server.url)
    until(lambda: is_at_base(server, "orders"), "lowered")
    expected = {"UpdateTable": 2, "ListTagsOfResource": 0, "DescribeTable": 0, "UntagResource": 0}
    assert ended.returncode == expected[operation], ended
    if operation != "UntagResource":
        assert units(server, "carts") == (10, 10)
    assert reap(server.url).returncode == 0
    until(lambda: is_at_base(server, "carts"), "the next run makes it good")


@pytest.mark.parametrize("operation", ["ListTagsOfResource", "DescribeTable"])
def test_it_fails_where_it_may_look_at_nothing(server: SimulatorServer, operation: str) -> None:
    raise_(server, "carts")
    raise_(server, "orders")
    server.deny(operation)
    assert reap(server.url).returncode == 1
    assert server.updates == ()


def test_a_ledger_that_can_not_be_read_for_a_moment_is_not_an_empty_one(
    server: SimulatorServer,
) -> None:
    raise_(server, "orders")
    server.fail_next("ListTagsOfResource", 1, "ThrottlingException", "Rate exceeded")
    ended = reap(server.url)
    assert ended.returncode == 0, ended
    until(lambda: is_at_base(server, "orders"), "lowered")


def test_it_fails_where_nothing_answers(server: SimulatorServer) -> None:
    url = server.url
    server.stop()
    ended = reap(url, "--json")
    assert ended.returncode == 1
    assert "error" in json.loads(ended.stdout)
    assert ended.stderr.startswith("dynoresilience reap: ")
    assert "Traceback" not in ended.stderr


def test_it_fails_where_the_tables_can_not_be_listed_to_the_end(server: SimulatorServer) -> None:
    server.deny("ListTables")
    ended = reap(server.url)
    assert ended.returncode == 1
    assert "ListTables" in ended.stderr


def test_what_was_made_anew_under_the_same_name_is_left_alone(server: SimulatorServer) -> None:
    raise_(server, "orders")
    client = server.client()
    client.delete_table(TableName="orders")
    server.create_table("orders", write=10, indexes={"by-customer": (5, 10)})
    assert reap(server.url).returncode == 0
    assert server.units("orders") == Units(5, 10)
    assert server.updates == ()
