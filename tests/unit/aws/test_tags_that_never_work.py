"""Where tags have never worked, raises do not wait for them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynoresilience.aws.tag_ledger import TagLedger
from dynoresilience.model import ResourceState, TableState, Units
from dynoresilience.ports import LedgerUnavailable, OutcomeUnknown
from dynoresilience.testing import VirtualClock

STATE = TableState(
    "orders", "arn:aws:dynamodb:us-east-1:1:table/orders", ResourceState(Units(5, 5))
)


class Endpoint:
    """Answers ListTagsOfResource with what it is told; an empty answer has no tags."""

    def __init__(self, *answers: tuple[str, int] | None) -> None:
        self._answers = list(answers)

    def list_tags_of_resource(self, **_: Any) -> dict[str, Any]:
        answer = self._answers.pop(0)
        if answer is None:
            return {}
        code, status = answer
        response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise ClientError(response, "ListTagsOfResource")

    tag_resource = untag_resource = list_tags_of_resource


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "UnknownOperationException"])
def test_a_refusal_counts_at_once(code: str) -> None:
    ledger = TagLedger(Endpoint((code, 400)), VirtualClock())

    with pytest.raises(LedgerUnavailable):
        ledger.read(STATE)
    assert ledger.read(STATE) is None, "and it is not asked again"


def test_a_fault_counts_the_second_time() -> None:
    ledger = TagLedger(Endpoint(*[("InternalServerError", 500)] * 2), VirtualClock())

    with pytest.raises(OutcomeUnknown):
        ledger.read(STATE)
    with pytest.raises(LedgerUnavailable):
        ledger.read(STATE)
    assert ledger.read(STATE) is None


def test_where_they_have_worked_a_raise_waits_for_them() -> None:
    ledger = TagLedger(Endpoint(None, *[("InternalServerError", 500)] * 2), VirtualClock())

    assert ledger.read(STATE) is None
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            ledger.read(STATE)
