"""What may not be asked for, what it costs to ask, and keys that have names."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import boto3
import pytest

from dynoresilience import ScalingClient
from dynoresilience.aws.kms import KmsKeys
from dynoresilience.ports import AccessDenied, ControlPlaneError
from dynoresilience.tables import Label, TableSpec, verify_table
from dynoresilience.testing import SimulatorServer, fresh_start
from dynoresilience.testing.simulation import Simulation
from tests.support import backends
from tests.support.backends import REGION
from tests.support.drifts import by_customer, create, table

SILENT = {
    "tags": "ListTagsOfResource",
    "time_to_live": "DescribeTimeToLive",
    "point_in_time_recovery": "DescribeContinuousBackups",
    "contributor_insights": "DescribeContributorInsights",
}
DECLARED = {
    "tags": {"team": "billing"},
    "time_to_live": "expires",
    "point_in_time_recovery": True,
    "contributor_insights": True,
}


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(update_seconds=0) as server, fresh_start():
        yield server


def test_access_denied_is_never_no_table(server: SimulatorServer) -> None:
    create(server.client(), table())
    server.deny("DescribeTable")
    with pytest.raises(AccessDenied, match="DescribeTable"):
        verify_table(server.client(), table())
    with pytest.raises(AccessDenied, match="DescribeTable"):
        TableSpec.from_table(server.client(), "orders")


@pytest.mark.parametrize("what", SILENT)
def test_a_setting_that_may_not_be_seen_is_a_note_with_the_action(
    server: SimulatorServer, what: str
) -> None:
    spec = table(**DECLARED)
    create(server.client(), spec)
    server.deny(SILENT[what])
    report = verify_table(server.client(), spec)
    assert report.clean
    assert not report.complete
    assert [(note.path, note.label) for note in report.notes] == [(what, Label.NOT_PERMITTED)]
    assert f"allow dynamodb:{SILENT[what]}" in str(report)
    with pytest.raises(AccessDenied, match=SILENT[what]):
        TableSpec.from_table(server.client(), "orders")


def test_no_table_takes_one_request(server: SimulatorServer) -> None:
    report = verify_table(server.client(), table())
    assert report.missing
    assert server.calls == {"DescribeTable": 1}


def test_a_clean_table_takes_five_requests(server: SimulatorServer) -> None:
    create(server.client(), table())
    before = server.calls.copy()
    assert verify_table(server.client(), table()).clean
    assert (server.calls - before).total() == 5


def test_an_index_takes_one_more_only_if_its_insights_are_declared(server: SimulatorServer) -> None:
    spec = table(on_demand=True, global_secondary_indexes=[by_customer(contributor_insights=True)])
    create(server.client(), spec)
    before = server.calls.copy()
    assert verify_table(server.client(), spec).clean
    assert (server.calls - before).total() == 6


@pytest.mark.parametrize(
    "of",
    [
        lambda server: server.client(),
        lambda server: server.resource(),
        lambda server: server.resource().Table("another"),
        lambda server: ScalingClient(server.client()),
    ],
    ids=["client", "resource", "Table", "ScalingClient"],
)
def test_any_kind_of_client_will_do(
    server: SimulatorServer, of: Callable[[Simulation], object]
) -> None:
    create(server.client(), table())
    assert verify_table(of(server), table()).clean


def test_a_table_that_is_being_created_has_no_spec_yet() -> None:
    with SimulatorServer(create_seconds=3600) as server, fresh_start():
        server.client().create_table(**table().to_boto3())
        with pytest.raises(ControlPlaneError, match="orders is CREATING"):
            TableSpec.from_table(server.client(), "orders")


def test_what_is_under_way_is_told(server: SimulatorServer) -> None:
    create(server.client(), table())
    server.set_update_seconds("orders", 3600)
    units = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 5}
    server.client().update_table(TableName="orders", ProvisionedThroughput=units)
    wanted = table(read_capacity_units=7)
    report = verify_table(server.client(), wanted)
    assert report.clean
    assert not report.complete
    assert {note.label for note in report.notes} == {Label.UNDER_WAY}
    assert "status: found UPDATING" in str(report)


@pytest.mark.parametrize("kind", ["alias", "alias ARN", "id", "ARN"])
def test_a_key_may_be_declared_by_any_of_its_names(kind: str) -> None:
    """moto has KMS, and tells of a key what it was told: an ARN here."""
    with backends.moto() as moto, fresh_start():
        kms = boto3.client("kms", region_name=REGION)
        keys = [kms.create_key()["KeyMetadata"] for _ in range(2)]
        kms.create_alias(AliasName="alias/orders", TargetKeyId=keys[0]["KeyId"])
        client = moto.client()
        create(client, table(sse=True, kms_key=keys[0]["Arn"]))
        name = {
            "alias": "alias/orders",
            "alias ARN": keys[0]["Arn"].partition("key/")[0] + "alias/orders",
            "id": keys[0]["KeyId"],
            "ARN": keys[0]["Arn"],
        }[kind]
        spec = table(sse=True, kms_key=name)
        assert str(verify_table(client, spec)) == "orders: as declared"
        if kind == "alias":
            kms.update_alias(AliasName="alias/orders", TargetKeyId=keys[1]["KeyId"])
            assert {each.path for each in told(client, spec)} == {"kms_key"}
            kms.delete_alias(AliasName="alias/orders")
            assert {each.path for each in told(client, spec)} == {"kms_key"}


def test_a_key_that_may_not_be_described_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    with backends.moto() as moto, fresh_start():
        client, spec = moto.client(), table(sse=True, kms_key="alias/orders")
        create(client, table(sse=True, kms_key="arn:aws:kms:us-east-1:123456789012:key/mine"))
        monkeypatch.setattr(KmsKeys, "arn_of", refuse)
        report = verify_table(client, spec)
        assert report.clean
        assert not report.complete


def refuse(self: KmsKeys, alias: str) -> str:
    raise AccessDenied("kms:DescribeKey", "not authorized")


def told(client: object, spec: TableSpec) -> list[object]:
    """moto does not change a key, so that another one may as well be its fault."""
    report = verify_table(client, spec)
    return [*report.differences, *report.notes]


def test_an_alias_where_there_is_no_kms_is_a_note(server: SimulatorServer) -> None:
    create(server.client(), table(sse=True, kms_key="alias/orders"))
    report = verify_table(server.client(), table(sse=True, kms_key="alias/orders"))
    assert report.clean
    assert all(note.label is Label.UNSUPPORTED for note in report.notes)
