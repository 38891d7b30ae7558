"""Clients of other services: this one's account, region and patience, and where they lead."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config

from dynoresilience.aws import botocore_private as private
from dynoresilience.aws.siblings import is_aws, sibling

SERVICES = ["scheduler", "application-autoscaling"]


@pytest.fixture(autouse=True)
def no_endpoint_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL_SCHEDULER", raising=False)


def client(region: str = "eu-central-1", **options: Any) -> Any:
    return boto3.client(
        "dynamodb",
        region_name=region,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        **options,
    )


@pytest.mark.parametrize("service", SERVICES)
def test_it_has_the_same_credentials_and_tries_once(service: str) -> None:
    proxies = {"https": "http://proxy.example:3128"}
    original = client(
        verify="own-authority.pem", config=Config(proxies=proxies, user_agent_extra="orders/1")
    )

    made = sibling(original, service)

    assert made.meta.endpoint_url == f"https://{service}.eu-central-1.amazonaws.com"
    assert made._request_signer._credentials is original._request_signer._credentials
    assert made.meta.config.retries["total_max_attempts"] == 1
    assert made.meta.config.proxies == proxies
    assert made.meta.config.user_agent_extra == "orders/1"
    session = made._endpoint.http_session
    assert session._verify == "own-authority.pem"
    timeout = session._timeout
    assert (timeout.connect_timeout, timeout.read_timeout) == (private.CONTROL_TIMEOUT,) * 2


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("cn-north-1", "scheduler.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "scheduler.us-gov-west-1.amazonaws.com"),
        ("us-iso-east-1", "scheduler.us-iso-east-1.c2s.ic.gov"),
    ],
)
def test_it_stays_in_the_partition(region: str, host: str) -> None:
    made = sibling(client(region), "scheduler")

    assert made.meta.endpoint_url == f"https://{host}"


def test_beside_an_emulator_there_is_none_unless_the_environment_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emulator = client(endpoint_url="http://127.0.0.1:8000")

    assert sibling(emulator, "scheduler") is None
    monkeypatch.setenv("AWS_ENDPOINT_URL_SCHEDULER", "http://127.0.0.1:8002")
    assert sibling(emulator, "scheduler").meta.endpoint_url == "http://127.0.0.1:8002"
    assert sibling(emulator, "application-autoscaling") is None
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    made = sibling(emulator, "application-autoscaling")
    assert made.meta.endpoint_url == "http://127.0.0.1:4566"


def test_one_that_cannot_be_made_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    original = client()
    assert sibling(original, "no-such-service") is None
    monkeypatch.setenv("AWS_PROFILE", "gone")
    assert sibling(original, "scheduler") is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://dynamodb.eu-central-1.amazonaws.com", True),
        ("https://vpce-0a1-b2.dynamodb.us-east-1.vpce.amazonaws.com", True),
        ("https://dynamodb.us-east-1.api.aws", True),
        ("https://dynamodb.cn-north-1.amazonaws.com.cn", True),
        ("http://localhost:8000", False),
        ("http://127.0.0.1:8000", False),
        ("https://amazonaws.com.example.net", False),
        ("https://notamazonaws.com", False),
        ("", False),
    ],
)
def test_what_is_aws(url: str, expected: bool) -> None:
    assert is_aws(url) is expected
