"""What is written as TOML is read back as it was, and is laid out as a person would."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.tables import TableSpec, read_tables
from dynoresilience.tables.sources.toml import write
from tests.support.specs import specs


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("written") / "tables.toml"


@given(specs())
def test_one_table(file: Path, spec: TableSpec) -> None:
    file.write_text(spec.to_toml(), encoding="utf-8")
    assert TableSpec.from_toml(file) == spec


@given(st.lists(specs(), min_size=1, max_size=4, unique_by=lambda spec: spec.name))
def test_several_tables(file: Path, several: list[TableSpec]) -> None:
    file.write_text(write(several), encoding="utf-8")
    assert list(read_tables(file)) == several


def test_the_layout() -> None:
    spec = TableSpec(
        attributes={"order_id": "S", "day": "S", "at": "N"},
        name="orders",
        hash_key="order_id",
        read_capacity_units=5,
        write_capacity_units=5,
        time_to_live=False,
        tags={"team": "shop", "cost centre": "7 + 8"},
        global_secondary_indexes=[
            {
                "name": "by-day",
                "hash_key": "day",
                "range_key": ["at", "order_id"],
                "read_capacity_units": 5,
                "write_capacity_units": 5,
            }
        ],
    )
    assert spec.to_toml() == dedent(
        """\
        [[tables]]
        name = "orders"
        hash_key = "order_id"
        attributes = { order_id = "S", day = "S", at = "N" }
        billing_mode = "PROVISIONED"
        read_capacity_units = 5
        write_capacity_units = 5
        time_to_live = false
        tags = { team = "shop", "cost centre" = "7 + 8" }

        [[tables.global_secondary_indexes]]
        name = "by-day"
        hash_key = "day"
        range_key = ["at", "order_id"]
        read_capacity_units = 5
        write_capacity_units = 5
        """
    )


def test_what_is_too_wide_for_a_line_gets_one_for_each(file: Path) -> None:
    tags = {f"tag-{number}": "a value of some length" for number in range(4)}
    spec = TableSpec(
        name="orders",
        hash_key="id",
        attributes={"id": "S"},
        billing_mode="PAY_PER_REQUEST",
        tags=tags,
        global_secondary_indexes=[{"name": "same", "hash_key": "id"}],
    )
    text = spec.to_toml()
    assert '\n[tables.tags]\ntag-0 = "a value of some length"\n' in text
    file.write_text(text, encoding="utf-8")
    assert TableSpec.from_toml(file) == spec


@pytest.mark.parametrize("text", ["\x7f\x00\x1f\t\n", "😀 ü \\ \"'", "]]\n[[tables]]"])
def test_any_text_is_escaped(file: Path, text: str) -> None:
    spec = TableSpec(
        name="orders",
        hash_key=text,
        attributes={text: "S"},
        billing_mode="PAY_PER_REQUEST",
    )
    file.write_text(spec.to_toml(), encoding="utf-8", newline="")
    assert TableSpec.from_toml(file) == spec
