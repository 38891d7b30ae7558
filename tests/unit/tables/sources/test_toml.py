"""Specs in TOML files, in our own shape."""

from __future__ import annotations

import pickle
from pathlib import Path
from textwrap import dedent

import pytest

from dynoresilience.tables import SpecError, TableSpec, read_tables
from tests.unit.tables.sources.files import Write, faults_of, write

__all__ = ["write"]

ORDERS = """
    [[tables]]
    name = "orders"
    hash_key = "order_id"
    attributes = { order_id = "S", day = "S", at = "N" }
    billing_mode = "PAY_PER_REQUEST"
    time_to_live = false
    tags = { team = "shop" }

    [[tables.global_secondary_indexes]]
    name = "by-day"
    hash_key = "day"
    range_key = ["at"]
    projection_type = "INCLUDE"
    non_key_attributes = ["total"]
"""
USERS = """
    [[tables]]
    name = "users"
    hash_key = "user_id"
    attributes = { user_id = "S" }
    read_capacity_units = 5
    write_capacity_units = 2
"""


def test_a_table_in_our_own_shape(write: Write) -> None:
    spec = TableSpec.from_toml(write(ORDERS))
    [index] = spec.global_secondary_indexes
    assert (spec.name, spec.hash_key, spec.range_key) == ("orders", "order_id", None)
    assert spec.attributes == {"order_id": "S", "day": "S", "at": "N"}
    assert spec.is_on_demand
    assert spec.time_to_live is False
    assert spec.tags == {"team": "shop"}
    assert (index.hash_key, index.range_key) == (("day",), ("at",))
    assert (index.projection_type, index.non_key_attributes) == ("INCLUDE", ("total",))


def test_several_tables_in_the_order_of_the_file(write: Write) -> None:
    path = write(ORDERS + USERS)
    assert [spec.name for spec in read_tables(path)] == ["orders", "users"]
    assert TableSpec.from_toml(path, "users").read_capacity_units == 5


def test_a_single_table_may_have_its_fields_at_the_top(write: Write) -> None:
    path = write(
        """
        name = "orders"
        hash_key = "order_id"
        billing_mode = "PAY_PER_REQUEST"
        [attributes]
        order_id = "S"
        day = "S"
        [[global_secondary_indexes]]
        name = "by-day"
        hash_key = "day"
        """
    )
    assert list(TableSpec.from_toml(path).indexes) == ["by-day"]


def test_all_faults_of_all_tables_at_once(write: Write) -> None:
    path = write(
        """
        [[tables]]
        name = "orders"
        hash_key = "order_id"
        attributes = { order_id = "string" }
        billing_mode = "PAY_PER_REQUEST"

        [[tables]]
        name = "users"
        hash_key = 7
        attributes = { user_id = "S" }
        read_capacity_units = "5"
        colour = "blue"
        """
    )
    assert set(faults_of(read_tables, path)) >= {
        "tables[orders].attributes[order_id]",
        "tables[users].hash_key",
        "tables[users].read_capacity_units",
        "tables[users].colour",
    }


def test_a_table_without_a_name_is_called_by_its_place(write: Write) -> None:
    path = write('[[tables]]\nhash_key = "id"\nattributes = { id = "S" }')
    assert "tables[0].name" in faults_of(read_tables, path)


def test_no_name_may_be_taken_twice(write: Write) -> None:
    faults = faults_of(read_tables, write(USERS + USERS))
    assert faults == {"tables[users].name": "tables[users] has that name already"}


def test_a_fault_of_another_table_counts_too(write: Write) -> None:
    path = write(USERS + '[[tables]]\nname = "orders"')
    assert any("orders" in fault for fault in faults_of(TableSpec.from_toml, path, "users"))


def test_several_tables_and_no_name(write: Write) -> None:
    faults = faults_of(TableSpec.from_toml, write(ORDERS + USERS))
    assert faults == {
        "name": "there are several tables, name one of orders, users; read_tables reads all"
    }


def test_a_name_that_no_table_has(write: Write) -> None:
    faults = faults_of(TableSpec.from_toml, write(USERS), "orders")
    assert faults == {"name": "there is no such table: users"}


@pytest.mark.parametrize("text", ["", "# nothing\n", "tables = []", "[resources]\ns3 = 1\n"])
def test_a_file_without_a_table(write: Write, text: str) -> None:
    assert "[[tables]]" in faults_of(read_tables, write(text))["tables"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    faults = faults_of(TableSpec.from_toml, tmp_path / "none.toml")
    assert faults == {"path": "can't be read: No such file or directory"}


def test_what_is_no_toml_is_told_with_its_line(write: Write) -> None:
    with pytest.raises(SpecError, match=r"line 2='hash_key =': is no TOML: Invalid value"):
        TableSpec.from_toml(write('name = "orders"\nhash_key = \n'))


def test_what_ends_too_early_has_no_line(write: Write) -> None:
    assert "end of document" in faults_of(read_tables, write("name = [1,"))["path"]


def test_toml_is_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes('name = "Aufträge"'.encode("latin-1"))
    assert "UTF-8" in faults_of(read_tables, path)["path"]


def test_a_mark_at_the_beginning_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "marked.toml"
    path.write_bytes(b"\xef\xbb\xbf" + dedent(USERS).encode())
    assert TableSpec.from_toml(path).name == "users"


def test_a_slip_in_the_brackets_is_all_that_is_told(write: Write) -> None:
    path = write(USERS.replace("[[tables]]", "[[table]]"))
    assert faults_of(read_tables, path) == {"table": "is no table: begin each with [[tables]]"}


def test_one_pair_of_brackets_is_too_few(write: Write) -> None:
    path = write('[tables]\nname = "orders"')
    assert faults_of(read_tables, path) == {"tables": "begin each table with [[tables]]"}


def test_entries_are_tables(write: Write) -> None:
    path = write('tables = ["orders"]')
    assert faults_of(read_tables, path) == {"tables[0]": "begin each table with [[tables]]"}


def test_nothing_else_belongs_beside_our_tables(write: Write) -> None:
    faults = faults_of(read_tables, write('hash_key = "id"\n' + USERS.replace("    ", "")))
    assert faults == {"hash_key": "does not belong here, beside [[tables]]"}


def test_the_error_of_a_file_can_be_pickled(write: Write) -> None:
    with pytest.raises(SpecError) as caught:
        read_tables(write(""))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
