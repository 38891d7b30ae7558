"""What a `TableSpec` takes, DynamoDB Local takes, as far as it has it."""

from __future__ import annotations

import uuid
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynoresilience.tables import TableSpec
from dynoresilience.tables.seen.answers import found_table
from tests.support.specs import specs

plain_names = st.text(
    st.characters(categories=("L", "N"), include_characters=" .-_#:'"), min_size=1, max_size=60
).filter(lambda name: len(name.encode()) <= 255)
"""An attribute called NUL is an InternalFailure."""


@pytest.mark.slow
@settings(max_examples=25)
@given(spec=specs(longest_key=1, attributes=plain_names))  # it has no longer keys
def test_every_right_spec_can_be_created(spec: TableSpec, dynamodb_local: str) -> None:
    spec = spec.named(f"t-{spec.name}"[:255])  # it has no place for a table "WriteCapacityUnits"
    client = boto3.client(
        "dynamodb",
        endpoint_url=dynamodb_local,
        region_name="eu-west-1",
        aws_access_key_id=uuid.uuid4().hex,
        aws_secret_access_key="secret",
    )

    client.create_table(**_as_it_takes_them(spec.to_boto3()))
    if spec.time_to_live:
        client.update_time_to_live(
            TableName=spec.name,
            TimeToLiveSpecification={"AttributeName": spec.time_to_live, "Enabled": True},
        )

    found = found_table(client.describe_table(TableName=spec.name)["Table"])
    assert found.attributes == spec.attributes
    assert (found.hash_key, found.range_key) == (
        (spec.hash_key,),
        (spec.range_key,) if spec.range_key else (),
    )
    assert {name: set(index.non_key_attributes) for name, index in found.indexes.items()} == {
        name: set(index.non_key_attributes) for name, index in spec.indexes.items()
    }


def _as_it_takes_them(request: dict[str, Any]) -> dict[str, Any]:
    """It wants both maximums or none, and not -1; AWS takes one alone, and that."""
    for of in (request, *request.get("GlobalSecondaryIndexes", ())):
        most = of.get("OnDemandThroughput", {})
        if len(most) < 2 or -1 in most.values():
            of.pop("OnDemandThroughput", None)
    return request
