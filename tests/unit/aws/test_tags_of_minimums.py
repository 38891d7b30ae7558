"""The ledger's text tells the minimum of a scalable target from units."""

from __future__ import annotations

from dynoresilience.aws.ledger_tags import from_tags, to_tags
from dynoresilience.model import Dimension, Raised, RaisedTable, ResourceState, TableState, Units

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
NOW = 1_780_000_000.0
STATE = TableState("orders", ARN, ResourceState(Units(5, 5)), table_id="1")
KEY = (None, Dimension.WRITE)


def entry(minimum: bool) -> RaisedTable:
    raised = {KEY: Raised(5, 5, 10, at=NOW, minimum=minimum)}
    return RaisedTable("orders", ARN, raised, NOW + 600, "1")


def test_a_minimum_is_read_as_it_was_written() -> None:
    for minimum in (True, False):
        assert from_tags(to_tags(entry(minimum)), STATE) == entry(minimum)
    (value,) = to_tags(entry(True)).values()
    assert value.endswith(" of=minimum")


def test_the_later_note_of_a_number_takes_the_place_of_the_earlier() -> None:
    """Of units and minimum alike: it is one tag."""
    assert to_tags(entry(True)).keys() == to_tags(entry(False)).keys()


def test_what_a_later_version_may_write_is_left_alone() -> None:
    ((key, value),) = to_tags(entry(True)).items()

    assert from_tags({key: value.replace("of=minimum", "of=something")}, STATE) is None
