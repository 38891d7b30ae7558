"""The fields of a spec, out of what was found."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.model import Dimension, Raised
from dynoresilience.tables import TableSpec
from dynoresilience.tables.drift import compare
from dynoresilience.tables.live import fields_of
from dynoresilience.tables.seen.found import FoundTable
from dynoresilience.tables.seen.look import look
from tests.support.as_aws import KEYS, AsAws
from tests.support.drifts import table
from tests.support.specs import specs


def found(spec: TableSpec, random: Random | None = None) -> FoundTable:
    seen = look(AsAws(spec, random or Random(0)), spec.name)
    assert seen is not None
    return seen


@given(specs(), st.randoms(use_true_random=False))
def test_a_table_is_as_the_spec_that_is_read_from_it(spec: TableSpec, random: Random) -> None:
    """And its spec says all that the other one said, but for what is off, or AWS's to decide."""
    seen = found(spec, random)
    read = TableSpec(**fields_of(seen, {}))
    report = compare(read, seen)
    assert report.clean
    assert report.notes == ()
    before, after = said(spec), said(read)
    if "kms_key" in before:  # as an ARN
        del before["kms_key"], after["kms_key"]
    elif spec.sse:  # that it is AWS's own, only KMS could tell
        del after["kms_key"]
    assert after == before


def said(of: Any) -> dict[str, Any]:
    """What is on, in any order, without warm throughput."""
    told: dict[str, Any] = {}
    for name in type(of).model_fields:
        value = getattr(of, name)
        if name.endswith("_secondary_indexes"):
            told[name] = {index.name: said(index) for index in value}
        elif name.startswith("warm_") or value in (None, False, -1, "STANDARD", (), {}):
            continue
        elif name == "contributor_insights":
            told[name] = "ACCESSED_AND_THROTTLED_KEYS" if value is True else value
        elif name == "non_key_attributes":
            told[name] = set(value)
        elif (name, value) != ("recovery_period_days", 35):
            told[name] = value
    return told


def test_what_is_raised_reads_as_its_base() -> None:
    up = {
        (None, Dimension.WRITE): Raised(base=2, was=5, to=5),
        ("by-customer", Dimension.READ): Raised(base=3, was=5, to=5),
    }
    read = TableSpec(**fields_of(found(table()), up))
    assert (read.read_capacity_units, read.write_capacity_units) == (5, 2)
    assert read.global_secondary_indexes[0].read_capacity_units == 3


def test_aws_s_own_key_is_not_named() -> None:
    seen = found(table(sse=True, kms_key=f"{KEYS}own"))
    assert TableSpec(**fields_of(seen, {}, f"{KEYS}own")).kms_key is None
    assert TableSpec(**fields_of(seen, {}, f"{KEYS}other")).kms_key == f"{KEYS}own"


def test_leftovers_are_left_out() -> None:
    seen = found(table())
    gone = {name: replace(each, status="DELETING") for name, each in seen.indexes.items()}
    fields = fields_of(replace(seen, indexes=gone, attributes={**seen.attributes, "x": "S"}), {})
    assert "global_secondary_indexes" not in fields
    assert set(fields["attributes"]) == {"id", "day"}
