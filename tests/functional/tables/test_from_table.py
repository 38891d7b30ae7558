"""The spec of a live table: what was created reads back, on every endpoint that keeps it."""

from __future__ import annotations

from typing import Any

import pytest

from dynoresilience.errors import ConfigError
from dynoresilience.ports import TableNotFound
from dynoresilience.tables import TableSpec, verify_table
from dynoresilience.testing import SimulatedDynamoDB
from tests.support.backends import Backend
from tests.support.drifts import FORGETS, by_customer, by_total, create, table

IA = "STANDARD_INFREQUENT_ACCESS"
KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-4111-8111-111111111111"
SETTINGS = {
    "stream_view_type": "NEW_IMAGE",
    "time_to_live": "expires",
    "tags": {"team": "billing"},
    "point_in_time_recovery": True,
    "recovery_period_days": 7,
    "deletion_protection": True,
    "table_class": IA,
    "sse": True,
    "kms_key": KEY,
    "contributor_insights": "THROTTLED_KEYS",
}
MAXIMA = {"max_read_request_units": 100, "max_write_request_units": 50}
SPECS = {
    "least": TableSpec(
        name="orders",
        attributes={"id": "S"},
        hash_key="id",
        billing_mode="PAY_PER_REQUEST",
    ),
    "provisioned": table(),
    "everything": table(
        **SETTINGS, local_secondary_indexes=[by_total(projection_type="KEYS_ONLY")]
    ),
    "everything on demand": table(
        on_demand=True,
        **SETTINGS,
        **MAXIMA,
        global_secondary_indexes=[by_customer(**MAXIMA, contributor_insights=True)],
    ),
    "declared off": table(
        stream_view_type=False,
        time_to_live=False,
        tags={},
        point_in_time_recovery=False,
        deletion_protection=False,
        table_class="STANDARD",
        sse=False,
        contributor_insights=False,
    ),
}


def normal(spec: TableSpec, forgets: frozenset[str]) -> dict[str, Any]:
    """Without what is off, or at its default, or forgotten; lists of names in order."""
    fields = {
        name: value
        for name, value in spec.declared().items()
        if value and value != "STANDARD" and name not in forgets
    }
    for kind in ("global_secondary_indexes", "local_secondary_indexes"):
        indexes = [
            {
                name: sorted(value) if name == "non_key_attributes" else value
                for name, value in index.items()
                if name not in forgets
            }
            for index in fields.pop(kind, ())
        ]
        fields[kind] = sorted(indexes, key=lambda index: str(index["name"]))
    return fields


@pytest.mark.parametrize("name", SPECS)
def test_what_was_created_reads_back(backend: Backend, name: str) -> None:
    client, spec, forgets = backend.client(), SPECS[name], FORGETS[backend.name]
    create(client, spec, forgets)
    read = TableSpec.from_table(client, "orders")
    assert normal(read, forgets) == normal(spec, forgets)
    assert str(verify_table(client, read)) == "orders: as declared"


def test_a_boto3_table_knows_its_name(backend: Backend) -> None:
    create(backend.client(), SPECS["least"], frozenset())
    assert TableSpec.from_table(backend.resource().Table("orders")).name == "orders"


@pytest.mark.parametrize("name", [None, 5])
def test_a_client_needs_a_name(name: Any) -> None:
    with SimulatedDynamoDB() as simulator:
        with pytest.raises(ConfigError, match=f"name={name} must be the name of a table"):
            TableSpec.from_table(simulator.client(), name)
        assert not simulator.calls


def test_a_table_that_is_not_there_is_said_to_be_nowhere(backend: Backend) -> None:
    with pytest.raises(TableNotFound, match="there is no table orders in us-east-1, at http"):
        TableSpec.from_table(backend.client(), "orders")
