"""Specs in TOML files, as infrastructure files spell them."""

from __future__ import annotations

import pytest

from dynoresilience.tables import TableSpec, read_tables
from tests.unit.tables.sources.files import Write, faults_of, write

__all__ = ["write"]

SESSIONS = """
    provider = "aws"
    region = "us-east-1"

    [[resources.s3]]
    name = "uploads"

    [[resources.dynamodb]]
    name = "sessions"
    billing_mode = "PAY_PER_REQUEST"
    hash_key_name = "session_id"
    hash_key_type = "S"
    range_key_name = "at"
    range_key_type = "N"
    read_capacity_units = 0
    write_capacity_units = 0
    enable_streams = true
    stream_view_type = "NEW_IMAGE"
    enable_ttl = true
    ttl_attribute_name = "expires_at"

    [[resources.dynamodb.global_secondary_indexes]]
    name = "by-user"
    hash_key_name = "user_id"
    hash_key_type = "S"
    read_capacity_units = 0
    write_capacity_units = 0

    [resources.dynamodb.tags]
    Environment = "production"
"""


def one(write: Write, *lines: str) -> TableSpec:
    return TableSpec.from_toml(table(write, *lines))


def table(write: Write, *lines: str) -> object:
    head = ['name = "orders"', 'hash_key_name = "id"', 'billing_mode = "PAY_PER_REQUEST"']
    return write("\n".join(["[[resources.dynamodb]]", *head, *lines]))


def test_a_table_as_infrastructure_files_have_it(write: Write) -> None:
    assert TableSpec.from_toml(write(SESSIONS)) == TableSpec(
        name="sessions",
        hash_key="session_id",
        range_key="at",
        attributes={"session_id": "S", "at": "N", "user_id": "S"},
        billing_mode="PAY_PER_REQUEST",
        stream_view_type="NEW_IMAGE",
        time_to_live="expires_at",
        tags={"Environment": "production"},
        global_secondary_indexes=[{"name": "by-user", "hash_key": "user_id"}],
    )


def test_what_is_switched_off_is_declared_off(write: Write) -> None:
    spec = one(
        write,
        'hash_key_type = "S"',
        "enable_streams = false",
        'stream_view_type = "NEW_IMAGE"',
        "enable_ttl = false",
    )
    assert spec.stream_view_type is False
    assert spec.time_to_live is False


def test_what_is_not_mentioned_is_not_declared(write: Write) -> None:
    spec = one(write, 'hash_key_type = "S"')
    assert (spec.stream_view_type, spec.time_to_live, spec.tags) == (None, None, None)


def test_a_view_type_without_a_switch_is_a_stream(write: Write) -> None:
    spec = one(write, 'hash_key_type = "S"', 'stream_view_type = "KEYS_ONLY"')
    assert spec.stream_view_type == "KEYS_ONLY"


@pytest.mark.parametrize(
    "attributes",
    [
        'attributes = [{ name = "id", type = "S" }]',
        'attributes = { id = "S" }',
        '[[resources.dynamodb.attribute]]\nname = "id"\ntype = "S"',
    ],
)
def test_types_may_stand_together(write: Write, attributes: str) -> None:
    assert one(write, attributes).attributes == {"id": "S"}


@pytest.mark.parametrize(
    "attributes",
    [
        '[{ name = "id" }]',
        '["id"]',
        '"id"',
        '[{ name = "id", type = "S" }, { name = "id", type = "S" }]',
        '[{ name = 5, type = "S" }]',
    ],
)
def test_types_in_a_way_that_is_not_known(write: Write, attributes: str) -> None:
    path = table(write, f"attributes = {attributes}")
    assert set(faults_of(read_tables, path)) == {"resources.dynamodb[orders].attributes"}


def test_other_spellings(write: Write) -> None:
    path = write(
        """
        [[resources.dynamodb]]
        table_name = "orders"
        partition_key = "id"
        sort_key = "at"
        attribute = [{ name = "id", type = "S" }, { name = "at", type = "N" }]
        read_capacity = 5
        write_capacity = 6
        stream_enabled = true
        stream_view_type = "OLD_IMAGE"
        ttl_enabled = true
        ttl_attribute = "gone_at"
        point_in_time_recovery_enabled = true
        deletion_protection_enabled = true
        server_side_encryption_enabled = true
        kms_key_arn = "alias/orders"
        [[resources.dynamodb.gsi]]
        index_name = "turned"
        hash_key = "at"
        range_key = "id"
        projection = "KEYS_ONLY"
        read_capacity = 1
        write_capacity = 2
        [[resources.dynamodb.lsi]]
        name = "local"
        sort_key_name = "at"
        """
    )
    spec = TableSpec.from_toml(path)
    turned, local = spec.global_secondary_indexes[0], spec.local_secondary_indexes[0]
    assert (spec.name, spec.hash_key, spec.range_key) == ("orders", "id", "at")
    assert (spec.read_capacity_units, spec.write_capacity_units) == (5, 6)
    assert (spec.stream_view_type, spec.time_to_live) == ("OLD_IMAGE", "gone_at")
    assert (spec.point_in_time_recovery, spec.deletion_protection) == (True, True)
    assert (spec.sse, spec.kms_key) == (True, "alias/orders")
    assert (turned.name, turned.hash_key, turned.range_key) == ("turned", ("at",), ("id",))
    assert (turned.projection_type, turned.write_capacity_units) == ("KEYS_ONLY", 2)
    assert (local.name, local.range_key) == ("local", "at")


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        (['hash_key_type = "S"', 'hash_key = "id"'], "hash_key"),
        (['hash_key_type = "S"', "enable_streams = true"], "enable_streams"),
        (['hash_key_type = "S"', "enable_ttl = true"], "enable_ttl"),
        (['hash_key_type = "S"', 'enable_ttl = "yes"'], "enable_ttl"),
        (['hash_key_type = "S"', 'range_key_type = "S"'], "range_key_type"),
        (['hash_key_type = "N"', 'attributes = { id = "S" }'], "hash_key_type"),
        (['hash_key_type = "S"', 'colour = "blue"'], "colour"),
        (['hash_key_type = "S"', "gsi = 5"], "global_secondary_indexes"),
        (['hash_key_type = "S"', "read_capacity_units = false"], "read_capacity_units"),
    ],
)
def test_what_is_refused(write: Write, lines: list[str], field: str) -> None:
    faults = faults_of(read_tables, table(write, *lines))
    assert list(faults) == [f"resources.dynamodb[orders].{field}"]


@pytest.mark.parametrize(
    ("line", "field"), [('hash_key = "day"', "hash_key"), ('hash_key_type = "N"', "hash_key_type")]
)
def test_indexes_are_looked_at_too(write: Write, line: str, field: str) -> None:
    index = ["[[resources.dynamodb.gsi]]", 'name = "by-id"', 'hash_key_name = "id"', line]
    faults = faults_of(read_tables, table(write, 'hash_key_type = "S"', *index))
    assert list(faults) == [f"resources.dynamodb[orders].global_secondary_indexes[by-id].{field}"]


def test_both_shapes_in_one_file(write: Write) -> None:
    ours = """
    [[tables]]
    name = "orders"
    hash_key = "id"
    attributes = { id = "S" }
    billing_mode = "PAY_PER_REQUEST"
    """
    specs = read_tables(write(SESSIONS + ours))
    assert [spec.name for spec in specs] == ["orders", "sessions"]


def test_one_pair_of_brackets_is_too_few(write: Write) -> None:
    faults = faults_of(read_tables, write('[resources.dynamodb]\nname = "orders"'))
    assert faults == {"resources.dynamodb": "begin each table with [[resources.dynamodb]]"}
