"""What is taken for the demand at a shortage: of which calls, up to when, and on what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from dynoresilience.capacity.demand import Arrival, Asked, Demand
from dynoresilience.config import ScalingConfig
from dynoresilience.model import (
    Dimension,
    RefusedWrite,
    Resource,
    ResourceState,
    TableState,
    ThrottleSignal,
    Units,
)
from dynoresilience.scaling.outlook import STILL_FREE, outlook_of
from dynoresilience.scaling.shortage import Shortage
from dynoresilience.scaling.table_record import QUIET, TableRecord

READ, WRITE = Dimension.READ, Dimension.WRITE
NOW = 1000.0
TABLE_SHORT = ThrottleSignal(Resource("orders"), WRITE)
INDEX_SHORT = ThrottleSignal(Resource("orders", "by-customer"), WRITE)
TABLE_READS = ThrottleSignal(Resource("orders"), READ)
INDEX_READS = ThrottleSignal(Resource("orders", "by-customer"), READ)
INDEXED = RefusedWrite(frozenset({"id", "customer"}), 1)
BARE = RefusedWrite(frozenset({"id"}), 1)
UNKNOWN = RefusedWrite(None, 1)
STATE = TableState(
    "orders",
    "arn:aws:dynamodb:eu-central-1:123456789012:table/orders",
    ResourceState(Units(5, 5)),
    {
        "by-customer": ResourceState(Units(5, 5), keys=frozenset({"customer"})),
        "by-day": ResourceState(Units(5, 5), keys=frozenset({"day"})),
    },
)


def calls(rate: float, until: float = NOW, seconds: float = 10.0) -> list[Arrival]:
    """Writes of which nobody knows what they write, so many a second, in a loop."""
    count = round(rate * seconds)
    instants = [until - n / rate for n in reversed(range(count))]
    return [Arrival(at, None, WRITE, 1.0, answered=True) for at in instants]


def puts(*attributes: str, count: int = 50, units: float = 1.0) -> list[Arrival]:
    """Of items with these attributes."""
    names = frozenset(attributes)
    return [replace(one, attributes=names, units=units) for one in calls(count / 10)]


def reads(rate: float, index: str | None = None, units: float = 1.0) -> list[Arrival]:
    return [replace(one, index=index, dimension=READ, units=units) for one in calls(rate)]


@pytest.fixture
def record() -> TableRecord:
    found = TableRecord()
    found.state = STATE
    found.short_since = found.last_throttle = NOW
    return found


def demands(
    record: TableRecord,
    arrivals: Iterable[Arrival],
    *signals: ThrottleSignal,
    now: float = NOW,
) -> dict[tuple[str | None, Dimension], Demand]:
    short = Shortage("orders", signals or (TABLE_SHORT,), now, ScalingConfig())
    asked = Asked(tuple(arrivals))
    return dict(outlook_of(record, short, STATE, asked, now).demands)


def test_of_writes_all_count_for_the_table(record: TableRecord) -> None:
    found = demands(record, calls(100))

    assert found.keys() == {(None, WRITE)}
    assert found[None, WRITE].rate == pytest.approx(100, rel=0.01)


def test_of_reads_those_of_the_same_index(record: TableRecord) -> None:
    made = [*reads(20), *reads(7, "by-customer"), *calls(50)]

    assert demands(record, made, TABLE_READS)[None, READ].rate == pytest.approx(20, rel=0.02)
    of_index = demands(record, made, INDEX_READS)
    assert of_index.keys() == {("by-customer", READ)}
    assert of_index["by-customer", READ].rate == pytest.approx(7, rel=0.02)


def test_each_dimension_that_is_short(record: TableRecord) -> None:
    made = sorted([*reads(20), *calls(50)], key=lambda one: one.at)

    found = demands(record, made, TABLE_READS, TABLE_SHORT)

    assert found.keys() == {(None, READ), (None, WRITE)}


def test_nothing_asked_is_nothing_known(record: TableRecord) -> None:
    assert demands(record, [], TABLE_SHORT, INDEX_SHORT, TABLE_READS) == {}


@pytest.mark.parametrize(
    ("refused", "share"),
    [
        ([INDEXED], 1.0),
        ([INDEXED, BARE, BARE, BARE], 0.25),
        ([replace(INDEXED, units=3), BARE], 0.75),
        ([INDEXED, UNKNOWN], 1.0),  # of those that are known
        ([BARE], None),
        ([UNKNOWN], None),
        ([], None),
    ],
)
def test_an_index_gets_the_part_of_the_writes_that_is_in_it(
    record: TableRecord, refused: list[RefusedWrite], share: float | None
) -> None:
    record.writes.extend(refused)

    found = demands(record, calls(100)).get(("by-customer", WRITE))

    if share is None:
        assert found is None
    else:
        assert found is not None
        assert found.rate == pytest.approx(100 * share, rel=0.01)


@pytest.mark.parametrize(
    ("made", "share"),
    [
        (puts("id", "customer"), 1.0),
        (puts("id", "customer", count=25) + puts("id", count=75), 0.25),
        (puts("id", "customer", count=10, units=9.0) + puts("id", count=90), 0.5),
        (puts("id", count=100), None),
        (puts("id", "customer", count=10) + calls(9.0), None),  # mostly updates, say
    ],
)
def test_what_is_known_of_the_calls_themselves_comes_first(
    record: TableRecord, made: list[Arrival], share: float | None
) -> None:
    found = demands(record, sorted(made, key=lambda one: one.at))
    whole, index = found[None, WRITE], found.get(("by-customer", WRITE))

    assert (index and index.rate / whole.rate) == pytest.approx(share)


def test_an_index_of_few_attributes_takes_a_unit_of_a_large_item(record: TableRecord) -> None:
    keys_only = replace(STATE.indexes["by-customer"], whole_items=False)
    state = replace(STATE, indexes={"by-customer": keys_only})
    short = Shortage("orders", (TABLE_SHORT,), NOW, ScalingConfig())

    found = outlook_of(record, short, state, Asked(puts("customer", units=8.0)), NOW).demands

    whole, index = found[None, WRITE], found["by-customer", WRITE]
    assert index.rate == pytest.approx(whole.rate / 8)


def test_of_an_index_of_which_nothing_is_known_nothing_is_taken_for_granted(
    record: TableRecord,
) -> None:
    record.writes.extend([UNKNOWN, BARE])

    assert demands(record, calls(100), INDEX_SHORT).keys() == {(None, WRITE)}


def test_calls_after_those_that_wait_make_no_more_do_not_dilute_it(record: TableRecord) -> None:
    """16 threads wait after a moment; half a minute later the rate is what it was before."""
    before = demands(record, calls(100))[None, WRITE]
    later = demands(record, calls(100), now=NOW + 30)[None, WRITE]

    assert later.rate == pytest.approx(before.rate)


def test_what_is_asked_in_the_moment_after_the_first_refusal_counts(record: TableRecord) -> None:
    made = calls(100, until=NOW + 0.99, seconds=1.0)

    found = demands(record, made, now=NOW + 1.0)[None, WRITE]

    assert found.units == pytest.approx(STILL_FREE / 0.01, abs=1)
    assert found.rate == pytest.approx(100, rel=0.05)


def test_after_a_change_that_did_not_end_it_what_is_asked_since(record: TableRecord) -> None:
    record.changed_at = NOW + 2
    made = [*calls(100), *calls(30, until=NOW + 6, seconds=4)]

    found = demands(record, made, now=NOW + 6)[None, WRITE]

    assert found.held_up
    assert found.seconds == 4
    assert found.rate == pytest.approx(30, rel=0.02)


def test_what_waits_and_the_share_are_those_of_the_queue(record: TableRecord) -> None:
    record.pace((None, WRITE)).waiting = 12.0

    found = demands(record, calls(100))[None, WRITE]

    assert (found.waiting, found.share) == (12.0, 1.0)


def test_growth_is_from_one_shortage_to_the_next(record: TableRecord) -> None:
    assert demands(record, calls(10))[None, WRITE].growth == 0
    later = NOW + 60
    record.short_since = later

    found = demands(record, calls(40, until=later), now=later)[None, WRITE]

    assert found.growth == pytest.approx(0.5, rel=0.02)


def test_looks_at_one_shortage_are_no_growth(record: TableRecord) -> None:
    demands(record, calls(10))
    soon = NOW + QUIET / 2
    record.short_since = soon
    demands(record, calls(40, until=soon), now=soon)

    assert record.rates[None, WRITE] == pytest.approx((NOW, 10), rel=0.02)


def test_what_a_read_takes_is_remembered_for_the_queue(record: TableRecord) -> None:
    demands(record, [*reads(5, units=3.0), *reads(5, "by-customer", 8.0)], TABLE_READS)

    assert record.costs == {(None, READ): 3.0}


def test_how_long_changes_take_and_since_when_there_was_none(record: TableRecord) -> None:
    record.change_seconds, record.changed_at = 2.5, NOW - 40
    short = Shortage("orders", (TABLE_SHORT,), NOW, ScalingConfig())

    found = outlook_of(record, short, STATE, Asked(), NOW)

    assert (found.change_seconds, found.settled) == (2.5, 40)
