"""Tags that can be read and not written, and a lock that never ends."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynoresilience.aws.tag_ledger import TagLedger
from dynoresilience.model import Dimension, Raised, RaisedTable, ResourceState, TableState, Units
from dynoresilience.ports import LedgerUnavailable, TableBusy
from dynoresilience.testing import VirtualClock

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
STATE = TableState("orders", ARN, ResourceState(Units(5, 5)))
ENTRY = RaisedTable("orders", ARN, {(None, Dimension.WRITE): Raised(5, 5, 10)}, due=1e9)


class Tags:
    """A client for the tags of one table; ``refusals``: an error's code for each operation."""

    def __init__(self, **refusals: str) -> None:
        self.refusals = refusals
        self.tags: list[dict[str, str]] = []

    def list_tags_of_resource(self, **_: str) -> dict[str, Any]:
        self._check("ListTagsOfResource")
        return {"Tags": self.tags}

    def tag_resource(self, *, Tags: list[dict[str, str]], **_: str) -> dict[str, Any]:
        self._check("TagResource")
        self.tags += Tags
        return {}

    def untag_resource(self, **_: Any) -> dict[str, Any]:
        self._check("UntagResource")
        self.tags.clear()
        return {}

    def _check(self, operation: str) -> None:
        code = self.refusals.get(operation)
        if code is not None:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


def test_a_table_whose_tags_never_can_be_written_is_raised_all_the_same() -> None:
    clock = VirtualClock()
    ledger = TagLedger(Tags(TagResource="LimitExceededException"), clock)
    outcomes = []

    for _ in range(60):
        clock.advance(1)
        ledger.read(STATE)
        try:
            outcomes.append(str(ledger.write(ENTRY)))
        except (TableBusy, LedgerUnavailable) as error:
            outcomes.append(type(error).__name__)

    assert outcomes[:20] == ["TableBusy"] * 20
    assert outcomes[20:25].count("LedgerUnavailable") == 1
    assert set(outcomes[25:]) == {"False"}


def test_who_comes_too_late_now_and_then_goes_on_writing() -> None:
    """Others were quicker: their change of the tags locks them."""
    clock, tags = VirtualClock(), Tags()
    ledger = TagLedger(tags, clock)

    for _ in range(10):
        clock.advance(25)
        tags.refusals = {"TagResource": "LimitExceededException"}
        with pytest.raises(TableBusy):
            ledger.write(ENTRY)

    tags.refusals = {}
    assert ledger.write(ENTRY)


def test_what_may_not_be_written_is_read_all_the_same() -> None:
    tags = Tags()
    assert TagLedger(tags, VirtualClock()).write(ENTRY)
    tags.refusals = {"TagResource": "AccessDeniedException"}
    ledger = TagLedger(tags, VirtualClock())
    with pytest.raises(LedgerUnavailable, match="TagResource"):
        ledger.write(ENTRY)

    found = ledger.read(STATE)

    assert found is not None
    assert found.raised == ENTRY.raised
    assert not ledger.write(ENTRY)


@pytest.mark.parametrize("operation", ["read", "write", "erase"])
def test_what_can_not_be_read_is_not_written_either(operation: str) -> None:
    """It could be another process's note that is overwritten."""
    clock, tags = VirtualClock(), Tags(ListTagsOfResource="AccessDeniedException")
    ledger = TagLedger(tags, clock)
    with pytest.raises(LedgerUnavailable, match="ListTagsOfResource"):
        ledger.read(STATE)

    assert not getattr(ledger, operation)(STATE if operation == "read" else ENTRY)
    assert tags.tags == []
