"""Who the credentials are: by moto's STS, beside emulators, and where something is wrong."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.httpsession import URLLib3Session

from dynoresilience import CredentialsError, ScalingClient
from dynoresilience.errors import ConfigError, NotAttachableError
from dynoresilience.tables import Identity, check_region, whoami
from dynoresilience.testing import SimulatedDynamoDB, SimulatorServer
from tests.support import backends
from tests.support.sts_server import StsServer

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "a-token-of-ours"
AWS = "https://dynamodb.eu-central-1.amazonaws.com"


def new_client(**options: Any) -> Any:
    given = {
        "region_name": "eu-central-1",
        "aws_access_key_id": KEY,
        "aws_secret_access_key": SECRET,
        **options,
    }
    return boto3.Session().client("dynamodb", **given)


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[StsServer]:
    """In the place of AWS's STS, for clients of AWS's DynamoDB."""
    with StsServer() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
        yield server


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A process whose boto3 has no default session yet."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return monkeypatch


def test_an_account_of_moto() -> None:
    with backends.moto() as backend:
        for target in (
            backend.client(),
            backend.resource(),
            backend.resource().Table("orders"),
            ScalingClient(backend.client()),
        ):
            found = whoami(target, expected_region="us-east-1", expected_account="123456789012")

            assert found.account == "123456789012"
            assert found.arn is not None
            assert found.arn.startswith("arn:aws:sts::123456789012:")
            assert found.user_id
            assert found.region == "us-east-1"
            assert found.endpoint == "https://dynamodb.us-east-1.amazonaws.com"


def test_an_account_of_the_simulator_in_the_process() -> None:
    with SimulatedDynamoDB() as simulator:
        assert whoami(simulator.client()).account == "123456789012"


@pytest.fixture(params=["simulator", "dynamodb-local"])
def emulator(request: pytest.FixtureRequest) -> Iterator[Any]:
    options = {"aws_access_key_id": "TESTWHOAMI"}
    if request.param == "simulator":
        with SimulatorServer() as server:
            yield new_client(endpoint_url=server.url, **options)
    else:
        yield new_client(endpoint_url=request.getfixturevalue("dynamodb_local"), **options)


def test_beside_an_emulator_nobody_is_asked(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(URLLib3Session, "send", lambda _, request: sent.append(request))
    url = emulator.meta.endpoint_url

    found = whoami(emulator, expected_region="eu-central-1")

    assert found == Identity(None, None, None, "eu-central-1", url)
    assert str(found) == f"no AWS account: {url} is not AWS's (region eu-central-1)"
    with pytest.raises(CredentialsError, match="is not AWS's, so these are not") as caught:
        whoami(emulator, expected_account="123456789012")
    assert caught.value.kind == "account"
    assert "endpoint_url" in caught.value.remedy
    assert sent == []


def test_one_request_with_the_clients_own_credentials(sts: StsServer) -> None:
    found = whoami(new_client())

    assert found == Identity(sts.account, sts.arn, "AIDEXAMPLE", "eu-central-1", AWS)
    assert str(found) == f"account {sts.account} as {sts.arn}, eu-central-1 ({AWS})"
    [(body, authorization)] = sts.requests
    assert "Action=GetCallerIdentity" in body
    assert f"Credential={KEY}/" in authorization
    assert "/eu-central-1/sts/" in authorization


def test_a_client_of_the_environment(sts: StsServer, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ACCESS_KEY_ID", KEY)
    environment.setenv("AWS_SECRET_ACCESS_KEY", SECRET)

    assert whoami(region="eu-west-1").region == "eu-west-1"
    environment.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    assert whoami().region == "eu-north-1"


@pytest.mark.parametrize(
    ("status", "code", "kind", "told"),
    [
        (403, "ExpiredToken", "expired", "the credentials from explicit have expired: get new"),
        (400, "ExpiredTokenException", "expired", "have expired"),
        (403, "InvalidClientTokenId", "invalid", "AWS does not know the access key"),
        (400, "UnrecognizedClientException", "invalid", "AWS does not know the access key"),
        (403, "SignatureDoesNotMatch", "invalid", "AWS_SECRET_ACCESS_KEY"),
        (403, "AccessDenied", "denied", "may not do GetCallerIdentity"),
        (403, "RegionDisabledException", "region", "switched off"),
        (500, "InternalFailure", "unreachable", "failed with InternalFailure"),
        (400, "Strange", "unknown", "ended in Strange"),
    ],
)
def test_a_refusal_tells_its_remedy_and_no_secret(
    status: int, code: str, kind: str, told: str, sts: StsServer
) -> None:
    sts.refuse(status, code, "you sent {authorization}")

    with pytest.raises(CredentialsError, match=told) as caught:
        whoami(new_client(aws_session_token=TOKEN))

    assert caught.value.kind == kind
    assert caught.value.remedy in str(caught.value)
    assert len(sts.requests) == 1
    assert caught.value.__context__ is None
    shown = "".join(traceback.format_exception(caught.value))
    assert not any(word in shown for word in (KEY, SECRET, TOKEN, "AWS4-HMAC"))


def test_a_clock_that_is_wrong(sts: StsServer) -> None:
    sts.refuse(403, "SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier")
    with pytest.raises(CredentialsError, match="NTP") as caught:
        whoami(new_client())
    assert caught.value.kind == "clock"


def kind_of(*arguments: Any, **options: Any) -> str:
    with pytest.raises(CredentialsError) as caught:
        whoami(*arguments, **options)
    return caught.value.kind


def test_no_credentials(sts: StsServer, environment: pytest.MonkeyPatch) -> None:
    assert kind_of(region="eu-central-1") == "missing"
    environment.setenv("AWS_ACCESS_KEY_ID", KEY)
    assert kind_of(region="eu-central-1") == "missing"
    assert sts.requests == []


def test_no_region(sts: StsServer, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ACCESS_KEY_ID", KEY)
    environment.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert kind_of() == "region"
    assert kind_of(region="eu central") == "region"
    assert sts.requests == []


def test_no_such_profile(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_PROFILE", "gone")
    assert kind_of(region="eu-central-1") == "missing"


def test_a_login_that_was_never_made(
    sts: StsServer, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("HOME", str(tmp_path))
    config = tmp_path / "config"
    config.write_text(
        "[profile work]\nsso_session = work\nsso_account_id = 123456789012\nsso_role_name = dev\n"
        "[sso-session work]\nsso_region = eu-central-1\nsso_start_url = http://127.0.0.1:9/start\n"
    )
    environment.setenv("AWS_CONFIG_FILE", str(config))
    environment.setenv("AWS_PROFILE", "work")

    assert kind_of(region="eu-central-1") == "expired"
    assert sts.requests == []


def test_a_program_that_fails_to_give_credentials(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\ncredential_process = sh -c 'echo my-secret >&2; exit 1'\n")
    environment.setenv("AWS_CONFIG_FILE", str(config))

    with pytest.raises(CredentialsError, match="could not be fetched") as caught:
        whoami(region="eu-central-1")
    assert "my-secret" not in "".join(traceback.format_exception(caught.value))


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        assert kind_of(new_client()) == "unreachable"


def test_another_region_is_refused_before_anything_is_sent(sts: StsServer) -> None:
    client = new_client()

    check_region(client, "eu-central-1")
    for refuse in (
        lambda: check_region(client, "eu-west-1"),
        lambda: whoami(client, expected_region="eu-west-1"),
    ):
        with pytest.raises(CredentialsError, match="'eu-central-1' and not 'eu-west-1'") as caught:
            refuse()
        assert caught.value.kind == "region"
        assert "region_name='eu-west-1'" in caught.value.remedy
    assert sts.requests == []


def test_another_account_is_refused(sts: StsServer) -> None:
    with pytest.raises(CredentialsError, match=f"of account {sts.account}.*and not of 2109") as (
        caught
    ):
        whoami(new_client(), expected_account="210987654321")
    assert caught.value.kind == "account"
    assert "AWS_PROFILE" in caught.value.remedy


@pytest.mark.parametrize("number", [123456789012, "12345", "12345678901x", ""])
def test_what_is_no_account(number: Any) -> None:
    with pytest.raises(ConfigError, match="must be a text of 12 digits"):
        whoami(new_client(), expected_account=number)


def test_arguments_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match="give expected_region="):
        whoami(new_client(), region="eu-central-1")
    for call in (lambda: whoami("orders"), lambda: check_region("orders", "eu-west-1")):
        with pytest.raises(NotAttachableError):
            call()
