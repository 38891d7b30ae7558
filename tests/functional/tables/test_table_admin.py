"""The port to the tables, on real clients: what its errors mean, on every endpoint."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from dynoresilience.aws.kms import KmsKeys
from dynoresilience.aws.table_admin import BotoTableAdmin
from dynoresilience.ports import AccessDenied, OutcomeUnknown, TableBusy, TableNotFound
from dynoresilience.ports.tables import NotSupported, Refused
from dynoresilience.testing import SimulatorServer
from tests.support.backends import Backend
from tests.support.drifts import FORGETS, LOST_BY_THIS_MOTO, create, table

PLAIN = {"TableName": "orders"}
DESCRIBES = ["DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups"]


@pytest.fixture
def admin(backend: Backend) -> BotoTableAdmin:
    return BotoTableAdmin(backend.client())


@pytest.mark.parametrize("operation", DESCRIBES)
def test_no_such_table(admin: BotoTableAdmin, operation: str) -> None:
    with pytest.raises((TableNotFound, NotSupported)) as caught:
        admin.ask(operation, PLAIN)
    assert operation != "DescribeTable" or caught.type is TableNotFound


def test_what_the_endpoint_forgets_is_known_after_the_first_answer(
    admin: BotoTableAdmin, backend: Backend
) -> None:
    """Of the rest that it can't keep, it says so itself when it is asked."""
    client = backend.client()
    create(client, table())
    described = admin.ask("DescribeTable", PLAIN)
    assert "ResponseMetadata" not in described
    arn = described["Table"]["TableArn"]
    unsupported = set()
    for what, operation, request in (
        ("tags", "ListTagsOfResource", {"ResourceArn": arn}),
        ("point_in_time_recovery", "DescribeContinuousBackups", PLAIN),
        ("recovery_period_days", "DescribeContinuousBackups", PLAIN),
        ("contributor_insights", "DescribeContributorInsights", PLAIN),
    ):
        try:
            admin.ask(operation, request)
        except NotSupported:
            unsupported.add(what)
    lost = LOST_BY_THIS_MOTO if backend.name == "moto" else set()
    assert (admin.cannot_keep | unsupported) - lost == FORGETS[backend.name] - lost


def test_a_wrong_request_is_refused(admin: BotoTableAdmin) -> None:
    request = table().to_boto3()
    request["KeySchema"][0]["AttributeName"] = "undefined"
    with pytest.raises(Refused):
        admin.ask("CreateTable", request)


def test_a_second_table_of_a_name_is_busy(admin: BotoTableAdmin, backend: Backend) -> None:
    create(backend.client(), table())
    with pytest.raises(TableBusy):
        admin.ask("CreateTable", table().to_boto3())


def test_a_parameter_or_operation_that_botocore_does_not_know(admin: BotoTableAdmin) -> None:
    with pytest.raises(NotSupported, match="newer boto3"):
        admin.ask("DescribeTable", {**PLAIN, "Depth": 3})
    with pytest.raises(NotSupported, match="upgrade boto3"):
        admin.ask("DescribeEverything", PLAIN)


def test_denied_and_unreachable() -> None:
    settings: Any = {"config": Config(retries={"total_max_attempts": 1})}
    with SimulatorServer() as server:
        admin = BotoTableAdmin(server.client(**settings))
        server.deny("DescribeTimeToLive")
        with pytest.raises(AccessDenied) as caught:
            admin.ask("DescribeTimeToLive", PLAIN)
        assert caught.value.action == "dynamodb:DescribeTimeToLive"
        assert admin.endpoint == server.url
        assert admin.region == "us-east-1"
    with pytest.raises(OutcomeUnknown):
        admin.ask("DescribeTable", PLAIN)


def test_a_server_of_moto_fails_at_what_it_does_not_have() -> None:
    """It needs packages that this project does not; its answer is as it gave it (moto 5.2.5)."""

    class Client:
        def describe_contributor_insights(self, **_: str) -> Any:
            answer = {
                "Error": {"Code": "500", "Message": "<!doctype html>"},
                "ResponseMetadata": {
                    "HTTPStatusCode": 500,
                    "HTTPHeaders": {"server": "Werkzeug/3.1.9 Python/3.11.7"},
                },
            }
            raise ClientError(answer, "DescribeContributorInsights")

    with pytest.raises(NotSupported, match="moto's server has no DescribeContributorInsights"):
        BotoTableAdmin(Client()).ask("DescribeContributorInsights", PLAIN)


def test_no_kms_where_the_tables_are_not_aws_s() -> None:
    with SimulatorServer() as server, pytest.raises(NotSupported, match="no KMS"):
        KmsKeys.beside(server.client()).arn_of("alias/orders")


def test_kms_may_refuse_or_be_out_of_reach() -> None:
    class Kms:
        def __init__(self, error: Exception) -> None:
            self.error = error

        def describe_key(self, **_: str) -> Any:
            raise self.error

    denied = ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeKey")
    for error, meaning in (
        (denied, AccessDenied),
        (NotImplementedError("no"), NotSupported),
        (OSError("no"), OutcomeUnknown),
    ):
        with pytest.raises(meaning):
            KmsKeys(lambda error=error: Kms(error)).arn_of("alias/orders")
